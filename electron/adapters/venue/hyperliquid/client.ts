/** The one place that takes Hyperliquid out of ccxt; see binance/client.ts for why by this path. */
import hyperliquid from '../../../../node_modules/ccxt/js/src/hyperliquid.js'

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
