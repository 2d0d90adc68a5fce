/** How an asset moves with bitcoin: β such that its return is β × BTC's, in stressed (tail) hours.
 *  Pure numbers with their origin. An asset that is not here has no beta: unknown, never 0.
 *  Pegged assets have β 0 by construction: a broken peg is outside these numbers. */
import { z } from 'zod'

export const betaSchema = z
  .object({
    value: z.number(),
    source: z.string(),
    /** ISO date of the last observation. */
    asOf: z.string(),
  })
  .readonly()

export const betasSchema = z.record(z.string(), betaSchema).readonly()
export type Betas = z.infer<typeof betasSchema>

const tailHours = 'regression on tail hours of hourly candles, 2024-04 to 2026-04'
const pegged = 'pegged to the US dollar'

/** Upper ends of the measured ranges: the move that hurts is the larger one. */
export const defaultBetas: Betas = {
  BTC: { value: 1, source: 'by definition', asOf: '2026-04-01' },
  ETH: { value: 1.25, source: `${tailHours}, range 1.12 to 1.25`, asOf: '2026-04-01' },
  SOL: { value: 1.34, source: tailHours, asOf: '2026-04-01' },
  USD: { value: 0, source: 'by definition', asOf: '2026-04-01' },
  USDC: { value: 0, source: pegged, asOf: '2026-04-01' },
  USDT: { value: 0, source: pegged, asOf: '2026-04-01' },
  FDUSD: { value: 0, source: pegged, asOf: '2026-04-01' },
}

/** β of an asset, or undefined when nobody measured it. Own keys only, so that 'constructor' has none. */
export function betaOf(table: Betas, asset: string): number | undefined {
  return Object.hasOwn(table, asset) ? table[asset]?.value : undefined
}
