/** A position of a snapshot as an item, every figure checked; and what an isolated one holds of its own. */
import type { AccountSnapshot, Position } from '../collateral/snapshot.ts'
import {
  type InputRefusal,
  intervalRange,
  invalid,
  notionalRange,
  positionKey,
  priceRange,
  rateRange,
  sizeRange,
  soundTiers,
  usdPerUnit,
  walletRange,
  within,
} from './inputs.ts'
import { collateralItem, type Item, inverseItem, linearItem, type PoolInput } from './pool.ts'

export interface PositionRead {
  /** Undefined when something is missing or refused; `problems` then says what. */
  readonly item: Item | undefined
  /** Unrealised profit of a linear position in its settle asset; 0 for an inverse one. */
  readonly profit: number
  readonly problems: readonly string[]
}

/** `before`: problems of the account that already make this position unknown. */
export function readPosition(
  snapshot: AccountSnapshot,
  position: Position,
  refusals: InputRefusal[],
  before: readonly string[],
): PositionRead {
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
  const notional = position.contractType === 'linear' ? size * mark : size
  const sane = within(size, sizeRange) && !(notional > notionalRange.most)
  check('size', position.size, sane, 'out of range')
  if (position.tiers.length === 0) problems.push(`${field}.tiers`)
  else if (!soundTiers(position))
    check('tiers', JSON.stringify(position.tiers), false, 'crossed or malformed')
  // A contract that pays in one coin and moves with another is not inverse.
  const coin = position.contractType === 'linear' || position.base === position.settle
  check('settle', position.settle, coin, 'not the coin of an inverse contract')
  const fee = position.liquidationFeeRate
  check('liquidationFeeRate', `${fee}`, fee >= 0 && fee < 1, 'not a fraction')
  const { funding } = position
  if (funding !== null) {
    check('funding', funding.rate, within(Number(funding.rate), rateRange), 'not a rate')
    const { intervalHours } = funding
    check('funding', `${intervalHours}`, within(intervalHours, intervalRange), 'not an interval')
  }
  const usdPerSettle = usdPerUnit(snapshot, position.settle)
  if (usdPerSettle === undefined) problems.push(priceOf(snapshot, position.settle))
  if (problems.length > 0 || usdPerSettle === undefined)
    return { item: undefined, profit: 0, problems }
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
  return position.contractType === 'linear'
    ? { item: linearItem(input), profit: input.sign * (mark - entry) * size, problems }
    : { item: inverseItem(input), profit: 0, problems }
}

/** The item, or the name of the field that is missing or refused. */
export function isolatedWallet(
  snapshot: AccountSnapshot,
  position: Position,
  refusals: InputRefusal[],
): Item | string {
  const field = `positions.${positionKey(position)}.isolatedWallet`
  if (position.isolatedWallet === null) return field
  const price = usdPerUnit(snapshot, position.settle)
  if (price === undefined) return priceOf(snapshot, position.settle)
  const units = Number(position.isolatedWallet)
  if (!within(units, walletRange)) {
    refusals.push(invalid(field, position.isolatedWallet, 'out of range'))
    return field
  }
  return collateralItem(position.settle, units, price)
}

/** What is absent when a settle asset has no price: the price, or the asset altogether. */
function priceOf(snapshot: AccountSnapshot, settle: string): string {
  const listed = snapshot.collaterals.some(({ asset }) => asset === settle)
  return listed ? `collaterals.${settle}.priceUsd` : `collaterals.${settle}`
}
