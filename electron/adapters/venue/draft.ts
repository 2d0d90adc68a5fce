/** From a venue's fields to a Position, the same way for every venue: what the risk rests on must be
 *  there, or the position is left out and the gaps say so. The rest may be unknown, and is said too. */
import type {
  Collateral,
  Gap,
  MaintenanceTier,
  Position,
  VenueId,
} from '../../../shared/collateral/snapshot.ts'
import { ruleOf } from '../../../shared/margin/venues/table.ts'
import { type Decimal, decimalFromBig } from '../../../shared/units/decimal.ts'
import Big from 'big.js'
import {
  type Fields,
  isZero,
  magnitude,
  minus,
  nameOf,
  parseExact,
  parseList,
  parseRow,
  quoteValue,
  readFields,
} from './fields.ts'
import { readRows } from './snapshot.ts'

/** A position as far as it could be read; null for what could not. */
export interface PositionDraft {
  readonly fields: Fields
  readonly symbol: string
  readonly base: string | null
  readonly settle: string | null
  readonly contractType: Position['contractType'] | null
  readonly side: Position['side'] | null
  readonly leg: Position['leg'] | null
  /** Base units for linear, USD for inverse; the sign is dropped. */
  readonly size: Decimal | null
  readonly entry: Decimal | null
  readonly mark: Decimal | null
  readonly marginMode: Position['marginMode'] | null
  /** The venue's own word for the mode, for the gap where it is none that we know. */
  readonly marginModeSaid: unknown
  /** Without profit and loss; read only when isolated. */
  readonly isolatedWallet: Decimal | null
  readonly leverage: Decimal | null
  readonly tiers: readonly MaintenanceTier[]
  readonly maintenance: Decimal | null
  readonly unrealised: Decimal | null
  readonly liquidation: Decimal | null
  readonly tickSize: Decimal | null
  readonly funding: Position['funding']
}

/** The position, or null when one of its vital parts is null or not positive; each is reported. */
export function finishPosition(venue: VenueId, draft: PositionDraft): Position | null {
  const { fields, base, settle, contractType, side, leg, size, entry, mark, marginMode } = draft
  const isolatedWallet = marginMode === 'isolated' ? draft.isolatedWallet : null
  const vital = { base, settle, contractType, side, leg, size, entry, mark, marginMode }
  for (const [name, value] of Object.entries(vital)) {
    if (value !== null) continue
    const said = name === 'marginMode' ? draft.marginModeSaid : undefined
    fields.report(name, said === undefined ? 'missing' : 'malformed', said)
  }
  if (base === null || settle === null || contractType === null) return null
  if (side === null || leg === null) return null
  if (size === null || entry === null || mark === null || marginMode === null) return null
  if (marginMode === 'isolated' && isolatedWallet === null) {
    fields.report('isolatedWallet', 'missing')
    return null
  }
  const positive = { entry, mark, size: magnitude(size) }
  for (const [name, value] of Object.entries(positive)) {
    if (Number(value) > 0) continue
    fields.report(name, 'malformed', value)
    return null
  }
  if (draft.tickSize === null) fields.report('tickSize', 'missing')
  if (draft.funding === null) fields.report('funding', 'missing')
  const { liquidation, leverage } = draft
  return {
    symbol: draft.symbol,
    base,
    settle,
    contractType,
    side,
    leg,
    size: magnitude(size),
    entry,
    mark,
    marginMode,
    isolatedWallet,
    leverage,
    tiers: [...draft.tiers],
    liquidationFeeRate: ruleOf(venue).liquidationFeeRate(
      side,
      leverage === null ? null : Number(leverage),
    ),
    maintenance: draft.maintenance,
    unrealised: draft.unrealised,
    reportedLiquidation: liquidation === null || Number(liquidation) <= 0 ? null : liquidation,
    tickSize: draft.tickSize,
    funding: draft.funding,
  }
}

/** One tier as read; undefined parts make the table unusable. */
export interface TierDraft {
  readonly floor: Decimal | undefined
  readonly rate: Decimal | undefined
  /** '0' where the venue's tiers carry none. */
  readonly deduction: Decimal | undefined
  /** Multiplies the floor: contract value × price where tiers are counted in contracts. */
  readonly scale?: number
}

/** Tiers of a venue that says how far each reaches, not where it begins. */
export function fromCaps(
  rows: readonly (Omit<TierDraft, 'floor'> & { readonly cap: Decimal | undefined })[],
): readonly TierDraft[] {
  const ascending = rows.toSorted(
    (a, b) => Number(a.cap ?? Number.NaN) - Number(b.cap ?? Number.NaN),
  )
  return ascending.map(({ cap: _, ...tier }, index) => ({
    ...tier,
    floor: index === 0 ? parseExact('0') : ascending[index - 1]?.cap,
  }))
}

/** Ascending tiers from floor 0; empty with a gap when missing, crossed or out of range. */
export function finishTiers(
  rows: readonly TierDraft[],
  symbol: string,
  gaps: Gap[],
): MaintenanceTier[] {
  const field = `tiers.${symbol}`
  if (rows.length === 0) {
    gaps.push({ field, problem: 'missing', value: null })
    return []
  }
  const tiers: MaintenanceTier[] = []
  for (const { floor, rate, deduction, scale } of rows) {
    tiers.push({
      floor: Number(floor ?? Number.NaN) * (scale ?? 1),
      rate: Number(rate ?? Number.NaN),
      deduction: Number(deduction ?? Number.NaN),
    })
  }
  tiers.sort((a, b) => a.floor - b.floor)
  const scaled = rows.every(({ scale }) => scale === undefined || scale > 0)
  const sound = tiers.every(
    ({ floor, rate, deduction }, index) =>
      scaled &&
      Number.isFinite(floor) &&
      Number.isFinite(deduction) &&
      rate > 0 &&
      rate < 1 &&
      (index === 0 ? floor === 0 : floor > (tiers[index - 1]?.floor ?? Number.NaN)),
  )
  if (sound) return tiers
  gaps.push({ field, problem: 'malformed', value: quoteValue(rows) })
  return []
}

/** Value ÷ units, to 12 decimals: the price a venue used when it gives only both sides. Null at zero. */
export function priceFrom(value: unknown, units: unknown): Decimal | null {
  const worth = parseExact(value)
  const count = parseExact(units)
  if (worth === undefined || count === undefined || isZero(count)) return null
  const price = new Big(worth).div(count).round(12)
  return price.gt(0) ? (parseExact(decimalFromBig(price)) ?? null) : null
}

/** The wallet left for cross positions: less what the isolated positions of that asset hold. */
export function crossWallet(
  wallet: Decimal,
  asset: string,
  positions: readonly Position[],
): Decimal {
  let left = wallet
  for (const { settle, isolatedWallet } of positions) {
    if (settle === asset && isolatedWallet !== null) left = minus(left, isolatedWallet)
  }
  return left
}

/** Counts one for one: in single-asset pools an asset backs its own contracts. */
export const oneForOne: Collateral['haircuts'] = [{ floor: 0, weight: 1 }]

/** 'XBT' is BTC by another name. */
export function commonName(asset: string): string {
  return asset === 'XBT' ? 'BTC' : asset
}

/** The sum, or null when one is unknown. */
export function sumOrNull(values: readonly (Decimal | null)[]): Decimal | null {
  let total = new Big(0)
  for (const value of values) {
    if (value === null) return null
    total = total.plus(value)
  }
  return decimalFromBig(total)
}

/** '0' when every figure is a known zero, whatever its asset; otherwise null, as assets do not add up. */
export function zeroOrNull(values: readonly (Decimal | null)[]): Decimal | null {
  return values.every((value) => value !== null && isZero(value)) ? sumOrNull([]) : null
}

/** What is switched off as collateral counts nothing; a debt in it counts in full all the same. */
export const notCounted: Collateral['haircuts'] = [{ floor: 0, weight: 0 }]

/**
 * A venue's collateral table: units of the asset from `floor` up count at `weight`.
 * Ascending from floor 0; empty with a gap when missing, crossed or no fractions.
 * @param names  what the venue calls the two
 */
export function finishHaircuts(
  table: unknown,
  names: { readonly floor: string; readonly weight: string },
  fields: Fields,
): Collateral['haircuts'] {
  const rows = parseList(table) ?? []
  const steps = rows
    .map((item) => {
      const figure = (name: string) => Number(parseExact(parseRow(item)?.[name]) ?? Number.NaN)
      return { floor: figure(names.floor), weight: figure(names.weight) }
    })
    .sort((a, b) => a.floor - b.floor)
  const sound = steps.every(
    ({ floor, weight }, index) =>
      weight >= 0 &&
      weight <= 1 &&
      (index === 0 ? floor === 0 : floor > (steps[index - 1]?.floor ?? Number.NaN)),
  )
  if (steps.length > 0 && sound) return steps
  if (steps.length === 0) fields.report('haircuts', 'missing')
  else fields.report('haircuts', 'malformed', rows)
  return []
}

/** What a venue says of one balance; null where it could not be read. */
export interface BalanceDraft {
  /** Without profit and loss; what isolated positions hold is still in it. */
  readonly total: Decimal | null
  readonly orders: Decimal | null
  readonly withdrawable: Decimal | null
}

/**
 * Balances of a venue that says no price of them: each backs its own contracts one for one.
 * @param key  the field that names the asset
 */
export function readBalances(
  rows: readonly unknown[],
  key: string,
  positions: readonly Position[],
  gaps: Gap[],
  read: (fields: Fields) => BalanceDraft,
): { readonly collaterals: readonly Collateral[]; readonly orderMargin: Decimal | null } {
  const held: (Decimal | null)[] = []
  const collaterals = readRows(
    rows,
    'assets',
    (row) => nameOf(row[key]),
    (row) => {
      const asset = commonName(nameOf(row[key]).toUpperCase())
      const fields = readFields(row, `assets.${asset}`, gaps)
      const { total, orders, withdrawable } = read(fields)
      held.push(orders)
      if (total === null) return null
      if (!isZero(total)) fields.report('priceUsd', 'missing')
      const wallet = crossWallet(total, asset, positions)
      return { asset, wallet, priceUsd: null, haircuts: oneForOne, withdrawable }
    },
    gaps,
  )
  return { collaterals, orderMargin: zeroOrNull(held) }
}
