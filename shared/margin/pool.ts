/** One pool of margin as arithmetic sees it: a sum of items, each piecewise linear in its own price.
 *  f64, USD. A position's slack (profit minus maintenance) and a coin held as collateral have the same
 *  shape `a + b·p` between tier boundaries, so linear, inverse, tiered and borrowed items need one solver.
 *  Inverse contracts are linear in USD: Q·(p/entry − 1) − (Q·rate − deduction·p). */
import type { MaintenanceTier } from '../collateral/snapshot.ts'

/** `a[i] + b[i]·p` from price `starts[i]` up; `starts[0]` is 0. `maintenanceA/B` are already inside a and b. */
export interface Item {
  readonly kind: 'position' | 'collateral'
  /** The venue's symbol of a position, the asset of a collateral. */
  readonly symbol: string
  /** The asset whose price moves it. */
  readonly asset: string
  /** What its profit is made in; itself for a collateral. */
  readonly settle: string
  /** Current price, quote per base unit (USD for a collateral). */
  readonly price: number
  readonly starts: Float64Array
  readonly a: Float64Array
  readonly b: Float64Array
  readonly maintenanceA: Float64Array
  readonly maintenanceB: Float64Array
  /** USD of notional = notionalA + notionalB·p. */
  readonly notionalA: number
  readonly notionalB: number
  /** USD per unit of the asset in which profit is made, now; the price itself for a collateral. */
  readonly usdPerSettle: number
  /** Positive for exposure that loses when the price falls. */
  readonly sign: 1 | -1
  /** Rate per interval as a fraction; null where the venue did not say, and for collateral. */
  readonly funding: Funding | null
}

export interface Funding {
  readonly rate: number
  readonly intervalHours: number
}

export interface PoolInput {
  readonly symbol: string
  readonly asset: string
  readonly settle: string
  readonly price: number
  readonly entry: number
  readonly size: number
  readonly sign: 1 | -1
  readonly tiers: readonly MaintenanceTier[]
  /** Added to every tier's rate. */
  readonly feeRate: number
  /** USD per unit of the settle asset, for linear contracts. */
  readonly usdPerSettle: number
  readonly funding: Funding | null
}

/** A linear position: size in base units, profit in the settle asset. Tiers ascending, first floor 0. */
export function linearItem(input: PoolInput): Item {
  const { size, sign, entry, usdPerSettle: k, tiers, feeRate } = input
  const count = tiers.length
  const item = emptyItem(input, count, 0, k * size)
  tiers.forEach((tier, i) => {
    item.starts[i] = tier.floor / size
    item.maintenanceA[i] = -k * tier.deduction
    item.maintenanceB[i] = k * size * (tier.rate + feeRate)
    item.a[i] = -k * sign * size * entry + k * tier.deduction
    item.b[i] = k * size * (sign - (tier.rate + feeRate))
  })
  return item
}

/** An inverse position: size in USD, profit in the coin whose price this is. Tier floors in coin.
 *  Coins are valued at the index, profit is made on the mark: `usdPerSettle / price` is the basis between them. */
export function inverseItem(input: PoolInput): Item {
  const { size, sign, entry, tiers, feeRate } = input
  const count = tiers.length
  const k = input.usdPerSettle / input.price
  const item = emptyItem(input, count, k * size, 0)
  // A falling price makes the coin notional grow: the highest tier comes first.
  tiers.forEach((tier, index) => {
    const i = count - 1 - index
    const next = tiers[index + 1]
    item.starts[i] = next === undefined ? 0 : size / next.floor
    item.maintenanceA[i] = k * size * (tier.rate + feeRate)
    item.maintenanceB[i] = -k * tier.deduction
    item.a[i] = -k * size * (sign + tier.rate + feeRate)
    item.b[i] = k * ((sign * size) / entry + tier.deduction)
  })
  return item
}

/** Collateral worth `effectiveUnits` (after haircut) × price; negative when borrowed. */
export function collateralItem(asset: string, effectiveUnits: number, price: number): Item {
  const zero = new Float64Array(1)
  return {
    kind: 'collateral',
    symbol: asset,
    asset,
    settle: asset,
    price,
    starts: zero,
    a: zero,
    b: Float64Array.of(effectiveUnits),
    maintenanceA: zero,
    maintenanceB: zero,
    notionalA: 0,
    notionalB: 0,
    usdPerSettle: price,
    sign: effectiveUnits < 0 ? -1 : 1,
    funding: null,
  }
}

function emptyItem(input: PoolInput, count: number, notionalA: number, notionalB: number): Item {
  return {
    kind: 'position',
    symbol: input.symbol,
    asset: input.asset,
    settle: input.settle,
    price: input.price,
    starts: new Float64Array(count),
    a: new Float64Array(count),
    b: new Float64Array(count),
    maintenanceA: new Float64Array(count),
    maintenanceB: new Float64Array(count),
    notionalA,
    notionalB,
    usdPerSettle: input.usdPerSettle,
    sign: input.sign,
    funding: input.funding,
  }
}

/** The same position with its profit counted elsewhere (see `equityItem`): maintenance only. */
export function withoutProfit(item: Item): Item {
  return {
    ...item,
    a: item.maintenanceA.map((value) => -value),
    b: item.maintenanceB.map((value) => -value),
  }
}

/** The same position with its profit counted at a collateral weight; maintenance in full. */
export function weighted(item: Item, weight: number): Item {
  const weigh = (value: number, maintenance: number) => weight * (value + maintenance) - maintenance
  return {
    ...item,
    a: item.a.map((value, i) => weigh(value, item.maintenanceA[i] ?? 0)),
    b: item.b.map((value, i) => weigh(value, item.maintenanceB[i] ?? 0)),
  }
}

/** Index of the segment that holds `price`. */
export function segmentAt(starts: Float64Array, price: number): number {
  let i = starts.length - 1
  while (i > 0 && (starts[i] ?? 0) > price) i--
  return i
}

/** Slack of one item at a price, USD. */
export function itemSlack(item: Item, price: number): number {
  const i = segmentAt(item.starts, price)
  return (item.a[i] ?? 0) + (item.b[i] ?? 0) * price
}

/** Maintenance margin of one item at a price, USD. */
export function itemMaintenance(item: Item, price: number): number {
  const i = segmentAt(item.starts, price)
  return (item.maintenanceA[i] ?? 0) + (item.maintenanceB[i] ?? 0) * price
}

/** A linear position's profit is a multiple of its settle asset, which must stand still for the sum to be linear. */
export function needsStillSettle(item: Item): boolean {
  return item.kind === 'position' && item.notionalB !== 0
}

export function itemNotional(item: Item, price: number): number {
  return item.notionalA + item.notionalB * price
}
