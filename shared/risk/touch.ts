/** The chance that the market comes as far as the breach within a time: a range across models, never one number.
 *  Models: geometric Brownian motion at the volatility of thirty days and at the exponentially weighted one. They
 *  are too thin in the tails, so the counted base rate floors the upper end; without one there is no range.
 *  The touch is the account's own: the first breach along the way that is nearest. Fractions. */
import { baseRateOf } from '../market/baseRates.ts'
import type { AssetVolatility } from '../market/volatility.ts'
import type { Distance, Touch } from './report.ts'

/** Null for a breach that is not one asset's price away, and where volatility or base rate is unknown. */
export function touchWithinDay(
  distance: Distance,
  measured: readonly AssetVolatility[] | undefined,
): Touch | null {
  if (distance.kind !== 'finite' || measured === undefined) return null
  const along = distance.along ?? { kind: 'joint' }
  if (along.kind === 'ratio') return null
  const asset = along.kind === 'joint' ? 'BTC' : along.asset
  const found = measured.find((candidate) => candidate.asset === asset)
  const { shock } = distance
  const baseRate = baseRateOf(asset, shock < 0 ? 'down' : 'up', Math.abs(shock))
  if (found === undefined || baseRate === undefined) return null
  if (found.sigma30d === null || found.sigmaEwma === null) return null
  const models = [
    { name: 'gbm30d', value: touchProbability(shock, found.sigma30d, 1) },
    { name: 'gbmEwma', value: touchProbability(shock, found.sigmaEwma, 1) },
  ]
  const values = models.map(({ value }) => value)
  return {
    asset,
    low: Math.min(...values),
    high: Math.max(...values, baseRate),
    middle: Math.sqrt(values.reduce((product, value) => product * value, 1)),
    models: [...models, { name: 'baseRate', value: baseRate }],
  }
}

/**
 * Chance that a driftless geometric Brownian motion touches `shock` within `days`.
 * @param shock  −0.1 = a fall of 10 %; above −1
 * @param sigma  standard deviation of daily returns
 */
export function touchProbability(shock: number, sigma: number, days: number): number {
  if (shock === 0) return 1
  if (!(sigma > 0) || !(days > 0) || shock <= -1) return 0
  const b = Math.log1p(shock)
  const spread = sigma * Math.sqrt(days)
  const half = (sigma * sigma * days) / 2
  // Reflection with drift −σ²/2: its weight e^{2mb/σ²} is e^{−b}. A rise is the mirrored fall.
  const direction = b < 0 ? 1 : -1
  const first = normal((direction * (b + half)) / spread)
  const second = Math.exp(-b) * normal((direction * (b - half)) / spread)
  return Math.min(1, Math.max(0, first + second))
}

/** Standard normal distribution, relative error under 1.2e-7 also far out in the tail. */
function normal(x: number): number {
  return complementaryError(-x / Math.SQRT2) / 2
}

/** Chebyshev fit of erfc (Press et al., Numerical Recipes §6.2). */
function complementaryError(x: number): number {
  const t = 1 / (1 + Math.abs(x) / 2)
  const series = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398,
    1.48851587, -0.82215223, 0.17087277,
  ]
  const sum = series.reduceRight((total, coefficient) => total * t + coefficient, 0)
  const value = t * Math.exp(-x * x + sum)
  return x >= 0 ? value : 2 - value
}
