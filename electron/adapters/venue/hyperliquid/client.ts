/** The one place that takes Hyperliquid out of ccxt: the build gives 'ccxt' as the named venues only. */
import { hyperliquid } from 'ccxt'

export type HyperliquidClient = InstanceType<typeof hyperliquid>

export function createHyperliquidClient(user: string): HyperliquidClient {
  return new hyperliquid({
    walletAddress: user,
    number: String,
    enableRateLimit: true,
    userAgent: 'Bulkhead',
    rollingWindowSize: 60_000,
    rateLimiterAlgorithm: 'rollingWindow',
  })
}
