/** Distance in standard deviations: slack over one day's σ of the pool's value, G/√(δᵀΣδ), of the tightest pool.
 *  δ in USD by asset. Null without the volatility of every asset held and the correlation of every pair. */
import type { Pool } from '../margin/account.ts'
import { itemSlack, segmentAt } from '../margin/pool.ts'
import { type AssessOptions, dailyFigure } from './options.ts'

export function slackInSigmas(held: readonly Pool[], options: AssessOptions): number | null {
  let nearest: number | null = null
  for (const pool of held) {
    const sigmas = poolInSigmas(pool, options)
    if (sigmas === null) return null
    nearest = nearest === null ? sigmas : Math.min(nearest, sigmas)
  }
  return nearest
}

function poolInSigmas(pool: Pool, options: AssessOptions): number | null {
  if (pool.missing.length > 0) return null
  const deltas = new Map<string, number>()
  let slack = 0
  for (const item of pool.items) {
    slack += itemSlack(item, item.price)
    const delta = (item.b[segmentAt(item.starts, item.price)] ?? 0) * item.price
    // What is pegged does not move; anything else must have a measured volatility.
    if (options.betas[item.asset]?.value !== 0)
      deltas.set(item.asset, (deltas.get(item.asset) ?? 0) + delta)
  }
  let variance = 0
  for (const [a, deltaA] of deltas)
    for (const [b, deltaB] of deltas) {
      const sigmaA = dailyFigure(options.volatility, a)
      const sigmaB = dailyFigure(options.volatility, b)
      const rho = a === b ? 1 : options.correlation?.(a, b)
      if (sigmaA === null || sigmaB === null || rho === undefined) return null
      variance += deltaA * sigmaA * deltaB * sigmaB * rho
    }
  return variance > 0 ? slack / Math.sqrt(variance) : null
}
