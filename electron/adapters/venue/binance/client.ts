/** The one place that takes Binance out of ccxt: the build gives 'ccxt' as the named venues only. */
import { binanceusdm } from 'ccxt'

export type BinanceClient = InstanceType<typeof binanceusdm>

export interface BinanceCredentials {
  readonly apiKey: string
  readonly secret: string
}

export function createBinanceClient(credentials: BinanceCredentials): BinanceClient {
  return new binanceusdm({
    apiKey: credentials.apiKey,
    secret: credentials.secret,
    number: String,
    enableRateLimit: true,
    userAgent: 'Bulkhead',
    rollingWindowSize: 60_000,
    rateLimiterAlgorithm: 'rollingWindow',
    options: { recvWindow: 10_000 },
  })
}
