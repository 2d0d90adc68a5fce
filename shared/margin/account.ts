/** AccountSnapshot → pools of margin for arithmetic. Decimal text becomes f64 here and nowhere else in shared/margin.
 *  single-asset: one cross pool per settle asset; multi-asset: one cross pool in USD; each isolated position a pool.
 *  Bad input is refused by field and value and makes its own pool unknown; the other pools stay. */
import type { AccountSnapshot, Collateral, Position } from '../collateral/snapshot.ts'
import type { Refusal } from '../errors/refusal.ts'
import { effectiveUnits, equityItem, marginalWeight } from './haircut.ts'
import {
  collateralItem,
  type Item,
  inverseItem,
  linearItem,
  type PoolInput,
  weighted,
  withoutProfit,
} from './pool.ts'
import { ruleOf } from './venues/table.ts'

type InputRefusal = Refusal<'MARGIN_INPUT_INVALID'>

export interface Pool {
  /** 'cross:USDC', 'cross:USD' (multi-asset) or 'isolated:BTCUSDT:both'. */
  readonly id: string
  readonly kind: 'cross' | 'isolated'
  /** The asset to add or take away here; 'USD' in multi-asset mode. */
  readonly settle: string
  readonly items: readonly Item[]
  /** The positions of this pool, whether they could be read or not. */
  readonly positions: readonly Position[]
  /** Why nothing can be said about this pool; empty when all is known. */
  readonly missing: readonly string[]
}

export interface MarginAccount {
  readonly pools: readonly Pool[]
  readonly refusals: readonly InputRefusal[]
}

/** Outside these ranges a figure is a parser's mistake, not a market; inside them the arithmetic stays finite. */
interface Range {
  readonly least: number
  readonly most: number
}
const sizeRange: Range = { least: 1e-12, most: 1e15 }
const priceRange: Range = { least: 1e-12, most: 1e12 }
const walletRange: Range = { least: -1e18, most: 1e18 }
const tierRange: Range = { least: 0, most: 1e18 }
const intervalRange: Range = { least: 0.1, most: 744 }
const rateRange: Range = { least: -1, most: 1 }

function within(value: number, { least, most }: Range): boolean {
  return value >= least && value <= most
}

/** Reads the snapshot into pools; pure, never throws on any parsed snapshot. */
export function readMarginAccount(snapshot: AccountSnapshot): MarginAccount {
  const refusals: InputRefusal[] = []
  const pools: Pool[] = []
  const account = accountProblems(snapshot, refusals)
  const duplicates = duplicatePositions(snapshot, refusals)
  // A position that draws on the cross balance before it dies puts that balance at risk: one pool.
  const draws = (position: Position) =>
    position.marginMode === 'cross' || position.autoAddMargin === true
  const cross = snapshot.positions.filter(draws)
  const isolated = snapshot.positions.filter((position) => !draws(position))
  const read = (position: Position) => {
    const problems = [...account]
    if (duplicates.has(positionKey(position))) problems.push(`positions.${positionKey(position)}`)
    return readPosition(snapshot, position, refusals, problems)
  }
  for (const group of crossGroups(snapshot, cross)) {
    const missing: string[] = []
    const positions: Held[] = []
    if (group.positions.length > 0 && group.collaterals.length === 0)
      missing.push(`collaterals.${group.settle}`)
    for (const position of group.positions) {
      const { item, problems } = read(position)
      missing.push(...problems)
      if (item !== undefined) positions.push({ position, item })
    }
    const collaterals: Item[] = []
    for (const position of group.positions.filter(({ marginMode }) => marginMode === 'isolated')) {
      const wallet = isolatedWallet(snapshot, position, refusals)
      if (typeof wallet === 'string') missing.push(wallet)
      else collaterals.push(wallet)
    }
    const weights = new Map<string, number>()
    for (const collateral of group.collaterals) {
      const inverse = positions.filter(
        ({ position }) =>
          position.contractType === 'inverse' && position.settle === collateral.asset,
      )
      const item = readCollateral(snapshot, collateral, inverse, refusals)
      if (typeof item === 'string') missing.push(item)
      else collaterals.push(item)
      weights.set(collateral.asset, profitWeight(snapshot, collateral, positions))
    }
    const items = [...collaterals, ...positions.map((held) => countedOnce(snapshot, held, weights))]
    pools.push({ ...group, id: `cross:${group.settle}`, kind: 'cross', items, missing })
  }
  for (const position of isolated) {
    const { item, problems } = read(position)
    const wallet = isolatedWallet(snapshot, position, refusals)
    const missing = typeof wallet === 'string' ? [...problems, wallet] : problems
    const items = [...(typeof wallet === 'string' ? [] : [wallet]), ...(item ? [item] : [])]
    const id = `isolated:${positionKey(position)}`
    pools.push({
      id,
      kind: 'isolated',
      settle: position.settle,
      items,
      positions: [position],
      missing,
    })
  }
  return { pools, refusals }
}

export function positionKey(position: Position): string {
  return `${position.symbol}:${position.leg}`
}

/** USD per unit of an asset by the venue's own index; undefined when it did not say. */
export function usdPerUnit(snapshot: AccountSnapshot, asset: string): number | undefined {
  if (asset === 'USD') return 1
  const found = snapshot.collaterals.find((collateral) => collateral.asset === asset)
  const said = found?.priceUsd ?? null
  if (said === null) return undefined
  const price = Number(said)
  return within(price, priceRange) ? price : undefined
}

interface CrossGroup {
  readonly settle: string
  readonly collaterals: readonly Collateral[]
  readonly positions: readonly Position[]
}

function crossGroups(snapshot: AccountSnapshot, cross: readonly Position[]): CrossGroup[] {
  if (snapshot.marginMode !== 'single-asset')
    return [{ settle: 'USD', collaterals: snapshot.collaterals, positions: cross }]
  const settles = new Set([
    ...snapshot.collaterals.map((collateral) => collateral.asset),
    ...cross.map((position) => position.settle),
  ])
  return [...settles].map((settle) => ({
    settle,
    collaterals: snapshot.collaterals.filter((collateral) => collateral.asset === settle),
    positions: cross.filter((position) => position.settle === settle),
  }))
}

function accountProblems(snapshot: AccountSnapshot, refusals: InputRefusal[]): string[] {
  const rule = ruleOf(snapshot.venue)
  if (snapshot.marginMode === 'portfolio') return ['portfolioMargin']
  if (!rule.supports.includes(snapshot.marginMode)) {
    refusals.push(invalid('marginMode', snapshot.marginMode, 'not supported for this venue'))
    return ['marginMode']
  }
  return []
}

function duplicatePositions(snapshot: AccountSnapshot, refusals: InputRefusal[]): Set<string> {
  const seen = new Set<string>()
  const twice = new Set<string>()
  for (const position of snapshot.positions) {
    const key = positionKey(position)
    if (seen.has(key) && !twice.has(key)) {
      twice.add(key)
      refusals.push(invalid(`positions.${key}`, key, 'listed more than once'))
    }
    seen.add(key)
  }
  return twice
}

interface Held {
  readonly position: Position
  readonly item: Item
}

/** In one pool of many assets a coin's profit is weighed with the coin (inside its collateral item), and profit
 *  in another settle asset at that asset's weight now. With one asset a pool, profit counts in full. */
function countedOnce(
  snapshot: AccountSnapshot,
  { position, item }: Held,
  weights: ReadonlyMap<string, number>,
): Item {
  if (snapshot.marginMode !== 'multi-asset') return item
  if (position.contractType === 'inverse') return withoutProfit(item)
  const weight = weights.get(position.settle) ?? 1
  return weight === 1 ? item : weighted(item, weight)
}

function profitWeight(
  snapshot: AccountSnapshot,
  collateral: Collateral,
  held: readonly Held[],
): number {
  if (snapshot.marginMode !== 'multi-asset') return 1
  const profit = held
    .filter(({ position }) => position.settle === collateral.asset)
    .reduce((sum, { position }) => sum + linearProfit(position), 0)
  return marginalWeight(Number(collateral.wallet) + profit, collateral.haircuts)
}

function linearProfit(position: Position): number {
  if (position.contractType !== 'linear') return 0
  const move = Number(position.mark) - Number(position.entry)
  return (position.side === 'long' ? move : -move) * Number(position.size)
}

function readCollateral(
  snapshot: AccountSnapshot,
  collateral: Collateral,
  inverse: readonly Held[],
  refusals: InputRefusal[],
): Item | string {
  const field = `collaterals.${collateral.asset}`
  const units = Number(collateral.wallet)
  const { haircuts } = collateral
  const manyAssets = snapshot.marginMode === 'multi-asset'
  const sound =
    ascending(haircuts.map((tier) => tier.floor)) &&
    haircuts.every(({ weight }) => weight >= 0 && weight <= 1)
  if (manyAssets && !sound) {
    refusals.push(
      invalid(`${field}.haircuts`, JSON.stringify(haircuts), 'floors must ascend from 0'),
    )
    return `${field}.haircuts`
  }
  // Nothing of an asset needs no price.
  if (units === 0 && inverse.length === 0) return collateralItem(collateral.asset, 0, 1)
  const price = collateral.asset === 'USD' ? 1 : Number(collateral.priceUsd ?? Number.NaN)
  if (collateral.priceUsd === null && collateral.asset !== 'USD') return `${field}.priceUsd`
  if (!within(price, priceRange)) {
    refusals.push(invalid(`${field}.priceUsd`, `${collateral.priceUsd}`, 'not a price'))
    return `${field}.priceUsd`
  }
  if (!within(units, walletRange)) {
    refusals.push(invalid(`${field}.wallet`, collateral.wallet, 'out of range'))
    return `${field}.wallet`
  }
  if (!manyAssets) return collateralItem(collateral.asset, units, price)
  if (inverse.length === 0)
    return collateralItem(collateral.asset, effectiveUnits(units, haircuts), price)
  return equityItem(
    collateral.asset,
    units,
    price,
    haircuts,
    inverse.map(({ position }) => ({
      size: Number(position.size),
      sign: position.side === 'long' ? 1 : -1,
      entry: Number(position.entry),
      mark: Number(position.mark),
    })),
  )
}

function isolatedWallet(
  snapshot: AccountSnapshot,
  position: Position,
  refusals: InputRefusal[],
): Item | string {
  const field = `positions.${positionKey(position)}.isolatedWallet`
  if (position.isolatedWallet === null) return field
  const price = usdPerUnit(snapshot, position.settle)
  if (price === undefined) return `collaterals.${position.settle}.priceUsd`
  const units = Number(position.isolatedWallet)
  if (!within(units, walletRange)) {
    refusals.push(invalid(field, position.isolatedWallet, 'out of range'))
    return field
  }
  return collateralItem(position.settle, units, price)
}

function readPosition(
  snapshot: AccountSnapshot,
  position: Position,
  refusals: InputRefusal[],
  before: readonly string[],
): { readonly item: Item | undefined; readonly problems: readonly string[] } {
  const field = `positions.${positionKey(position)}`
  const problems = [...before]
  const size = Number(position.size)
  const entry = Number(position.entry)
  const mark = Number(position.mark)
  const check = (name: string, value: string, holds: boolean, reason: string) => {
    if (holds) return
    refusals.push(invalid(`${field}.${name}`, value, reason))
    problems.push(`${field}.${name}`)
  }
  check('mark', position.mark, within(mark, priceRange), 'not a price')
  check('entry', position.entry, within(entry, priceRange), 'not a price')
  check('size', position.size, within(size, sizeRange), 'out of range')
  if (position.tiers.length === 0) problems.push(`${field}.tiers`)
  else if (!soundTiers(position))
    check('tiers', JSON.stringify(position.tiers), false, 'crossed or malformed')
  const fee = position.liquidationFeeRate
  check('liquidationFeeRate', `${fee}`, fee >= 0 && fee < 1, 'not a fraction')
  const { funding } = position
  if (funding !== null) {
    check('funding', funding.rate, within(Number(funding.rate), rateRange), 'not a rate')
    const { intervalHours } = funding
    check('funding', `${intervalHours}`, within(intervalHours, intervalRange), 'not an interval')
  }
  const usdPerSettle = usdPerUnit(snapshot, position.settle)
  if (usdPerSettle === undefined) problems.push(`collaterals.${position.settle}.priceUsd`)
  if (problems.length > 0 || usdPerSettle === undefined) return { item: undefined, problems }
  const input: PoolInput = {
    symbol: position.symbol,
    asset: position.base,
    settle: position.settle,
    price: mark,
    entry,
    size,
    sign: position.side === 'long' ? 1 : -1,
    tiers: position.tiers,
    feeRate: fee,
    usdPerSettle,
    funding:
      position.funding === null
        ? null
        : {
            rate: Number(position.funding.rate),
            intervalHours: position.funding.intervalHours,
          },
  }
  return {
    item: position.contractType === 'linear' ? linearItem(input) : inverseItem(input),
    problems,
  }
}

/** First floor 0, floors ascending, rates and deductions never falling. */
function soundTiers({ tiers }: Position): boolean {
  let before = { floor: -1, rate: 0, deduction: 0 }
  for (const tier of tiers) {
    const ascends = before.floor === -1 ? tier.floor === 0 : tier.floor > before.floor
    const rises = tier.rate >= before.rate && tier.deduction >= before.deduction
    const inRange = within(tier.floor, tierRange) && within(tier.deduction, tierRange)
    if (!ascends || !rises || !inRange || !(tier.rate < 1)) return false
    before = tier
  }
  return true
}

/** Empty, or strictly ascending from exactly 0. */
function ascending(floors: readonly number[]): boolean {
  return floors.every((floor, i) =>
    i === 0 ? floor === 0 : within(floor, tierRange) && floor > (floors[i - 1] ?? 0),
  )
}

function invalid(field: string, value: string, reason: string): InputRefusal {
  return { code: 'MARGIN_INPUT_INVALID', data: { field, value, reason } }
}
