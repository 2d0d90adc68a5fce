/** How often a price came this far within 24 hours, counted over every hourly start. Fractions.
 *  Counted on hourly spot candles, 2024-04-16 to 2025-12-31 UTC (14,975 starts, 624 days). Few episodes lie
 *  behind the far ends (BTC −10 %: seven), and rates move from year to year: an upper end, not a forecast. */

export interface BaseRates {
  /** Distances, ascending, as fractions of the price. */
  readonly distances: readonly number[]
  readonly down: readonly number[]
  readonly up: readonly number[]
  /** Days without overlap behind the counts. */
  readonly days: number
}

const distances = [0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.12, 0.15, 0.2, 0.25]

export const baseRates: Readonly<Record<string, BaseRates>> = {
  BTC: {
    distances,
    down: [0.577, 0.332, 0.186, 0.101, 0.0613, 0.0379, 0.0131, 0.0062, 0.0035, 0.0024, 0, 0],
    up: [0.594, 0.326, 0.183, 0.097, 0.0516, 0.0289, 0.0098, 0.0031, 0.0003, 0, 0, 0],
    days: 624,
  },
  ETH: {
    distances,
    down: [0.718, 0.487, 0.334, 0.233, 0.156, 0.104, 0.05, 0.0248, 0.014, 0.0082, 0.0048, 0.0025],
    up: [0.716, 0.488, 0.323, 0.205, 0.13, 0.0846, 0.0401, 0.0198, 0.0124, 0.0054, 0.0025, 0.0005],
    days: 624,
  },
}

/** Rate of coming `distance` far, read between the counted ones; what never happened is bounded by the rule of
 *  three (95 %), not zero. Undefined for an asset that was not counted. */
export function baseRateOf(
  asset: string,
  direction: 'down' | 'up',
  distance: number,
): number | undefined {
  const rates = Object.hasOwn(baseRates, asset) ? baseRates[asset] : undefined
  if (rates === undefined) return undefined
  const counted = [1, ...rates[direction]]
  const at = [0, ...rates.distances]
  const next = at.findIndex((known) => known >= distance)
  const seen = next === -1 ? 0 : between(at, counted, next, distance)
  return Math.max(seen, 3 / rates.days)
}

function between(
  at: readonly number[],
  counted: readonly number[],
  next: number,
  distance: number,
): number {
  const before = Math.max(0, next - 1)
  const [x0, x1] = [at[before] ?? 0, at[next] ?? 0]
  const [y0, y1] = [counted[before] ?? 1, counted[next] ?? 0]
  return x1 === x0 ? y1 : y0 + ((y1 - y0) * (distance - x0)) / (x1 - x0)
}
