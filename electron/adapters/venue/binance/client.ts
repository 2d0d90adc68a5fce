/** The one place that takes Binance out of ccxt. The path into the package is deliberate: its exports
 *  offer only the whole (75 MB resident); this loads one venue, from source and bundled alike. */
import binanceusdm from '../../../../node_modules/ccxt/js/src/binanceusdm.js'

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
