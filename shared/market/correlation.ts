/** Correlation of hourly log returns over the hours that all assets share, so that the matrix is positive
 *  semidefinite (pairwise hours would not give one). No drift, equal weights. Pure; f64. */
import { z } from 'zod'
import type { CandleSeries } from './candle.ts'
import { hourlyReturns } from './volatility.ts'

/** Fewer common hours than ten days' say too little of a pair. */
const leastCommonHours = 10 * 24

export const correlationsSchema = z
  .object({
    assets: z.array(z.string()).readonly(),
    /** Row and column in the order of `assets`; symmetric, ones on the diagonal. */
    matrix: z.array(z.array(z.number()).readonly()).readonly(),
    /** Hours they share. */
    samples: z.int().nonnegative(),
  })
  .readonly()
export type Correlations = z.infer<typeof correlationsSchema>

/** Null with too few common hours, or where a price never moved. */
export function measureCorrelations(series: readonly CandleSeries[]): Correlations | null {
  const returns = series.map(
    ({ candles }) => new Map(hourlyReturns(candles).map((r) => [r.closeTime, r.value])),
  )
  const common = [...(returns[0]?.keys() ?? [])].filter((at) => returns.every((r) => r.has(at)))
  if (common.length < leastCommonHours) return null
  const columns = returns.map((r) => common.map((at) => r.get(at) ?? 0))
  const norms = columns.map((column) => Math.sqrt(dot(column, column)))
  if (norms.some((norm) => !(norm > 0))) return null
  const matrix = columns.map((a, i) =>
    columns.map((b, j) => (i === j ? 1 : dot(a, b) / ((norms[i] ?? 1) * (norms[j] ?? 1)))),
  )
  return { assets: series.map(({ asset }) => asset), matrix, samples: common.length }
}

/** ρ of two assets, or undefined where nobody measured it. */
export function correlationOf(
  table: Correlations | null,
  a: string,
  b: string,
): number | undefined {
  if (table === null) return undefined
  return table.matrix[table.assets.indexOf(a)]?.[table.assets.indexOf(b)]
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((total, value, i) => total + value * (b[i] ?? 0), 0)
}
