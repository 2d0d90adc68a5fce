/** What a day of trading absorbs, for the cost to get out. USD and fractions.
 *  ESTIMATED: orders of magnitude for the largest venue, on the low side so that costs come out high.
 *  Daily volatility 2024-04 to 2025-12 was 2.4 % (BTC) and 3.9 % (ETH); figures here are above it.
 *  An asset that is not here has an unknown cost to get out. */
import { z } from 'zod'

export const liquiditySchema = z
  .object({
    /** USD traded a day on one venue. */
    dailyVolumeUsd: z.number(),
    /** Standard deviation of daily returns. */
    dailyVolatility: z.number(),
  })
  .readonly()
export type Liquidity = z.infer<typeof liquiditySchema>

export const liquidityTableSchema = z.record(z.string(), liquiditySchema).readonly()
export type LiquidityTable = z.infer<typeof liquidityTableSchema>

export const defaultLiquidity: LiquidityTable = {
  BTC: { dailyVolumeUsd: 5e9, dailyVolatility: 0.03 },
  ETH: { dailyVolumeUsd: 3e9, dailyVolatility: 0.045 },
  SOL: { dailyVolumeUsd: 1e9, dailyVolatility: 0.05 },
}

export function liquidityOf(table: LiquidityTable, asset: string): Liquidity | undefined {
  return Object.hasOwn(table, asset) ? table[asset] : undefined
}
