/** What counts as input at all: ranges, sound tiers, and the refusal that names field and value. */
import type { AccountSnapshot, Position } from '../collateral/snapshot.ts'
import type { Refusal } from '../errors/refusal.ts'

export type InputRefusal = Refusal<'MARGIN_INPUT_INVALID'>

export function invalid(field: string, value: string, reason: string): InputRefusal {
  return { code: 'MARGIN_INPUT_INVALID', data: { field, value, reason } }
}

/** Outside these ranges a figure is a parser's mistake, not a market; inside them the arithmetic stays finite. */
interface Range {
  readonly least: number
  readonly most: number
}
export const sizeRange: Range = { least: 1e-12, most: 1e15 }
/** What a position may be worth, in its quote currency. */
export const notionalRange: Range = { least: 0, most: 1e15 }
export const priceRange: Range = { least: 1e-12, most: 1e12 }
export const walletRange: Range = { least: -1e18, most: 1e18 }
const tierRange: Range = { least: 0, most: 1e18 }
export const intervalRange: Range = { least: 0.1, most: 744 }
export const rateRange: Range = { least: -1, most: 1 }

export function within(value: number, { least, most }: Range): boolean {
  return value >= least && value <= most
}

/** First floor 0, floors ascending, rates and deductions never falling. */
export function soundTiers({ tiers }: Position): boolean {
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
export function ascending(floors: readonly number[]): boolean {
  return floors.every((floor, i) =>
    i === 0 ? floor === 0 : within(floor, tierRange) && floor > (floors[i - 1] ?? 0),
  )
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
