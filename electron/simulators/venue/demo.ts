/** Starts the demo's venues: Binance and Hyperliquid over one market, one control, one close.
 *  The story: Binance holds far more than it needs; Hyperliquid is net short ETH and a squeeze of
 *  about 14 % ends it. The world hands in the deposit addresses and pays withdrawals out. */
import { randomBytes } from 'node:crypto'
import {
  type BinanceAccount,
  createBinanceAccount,
  type PayOut,
  type SimHolding,
} from './binance/account.ts'
import { listCoins } from './binance/instruments.ts'
import { startBinanceServer } from './binance/server.ts'
import { type ControlEndpoint, startControl } from './control.ts'
import { createFaults, type Faults } from './faults.ts'
import {
  createHyperliquidAccount,
  type HyperliquidAccount,
  type PerpHolding,
} from './hyperliquid/account.ts'
import { startHyperliquidServer } from './hyperliquid/server.ts'
import { createPricePath, type PricePath } from './pricePath.ts'

export interface DemoVenueOptions {
  /** Addresses of the demo's chains that the simulated Binance gives out for deposits. */
  readonly deposits: { readonly bitcoin: string; readonly evm: string }
  /** USDC on the demo's chain. */
  readonly usdcContract: string
  /** Pays out on the demo's chain; resolves to the transaction id. Amounts are decimal text. */
  readonly onWithdrawal: (payOut: PayOut) => Promise<string>
  readonly seed?: number
  /** Milliseconds between price steps; the market stands still when absent. */
  readonly stepEveryMs?: number
  /** From an accepted withdrawal to its payment. */
  readonly processingMs?: number
  readonly now?: () => number
  readonly prices?: Readonly<Record<string, string>>
  readonly binance?: {
    readonly futures?: Readonly<Record<string, string>>
    readonly holdings?: readonly SimHolding[]
    readonly spot?: Readonly<Record<string, string>>
  }
  readonly hyperliquid?: {
    readonly crossWallet?: string
    readonly holdings?: readonly PerpHolding[]
  }
}

export interface DemoVenues {
  readonly path: PricePath
  readonly binance: {
    readonly origin: string
    readonly label: string
    /** May read, trade, transfer inside and withdraw. */
    readonly credentials: { readonly apiKey: string; readonly secret: string }
    readonly readOnlyCredentials: { readonly apiKey: string; readonly secret: string }
    readonly account: BinanceAccount
    readonly faults: Faults
    /** Requests so far, 'METHOD path'. */
    readonly seen: readonly string[]
    /** Tells the venue of a transaction to one of its deposit addresses; call again as it confirms. */
    creditDeposit(deposit: {
      readonly asset: string
      readonly network: string
      readonly txid: string
      readonly amount: string
      readonly confirmations: number
    }): void
  }
  readonly hyperliquid: {
    readonly origin: string
    readonly label: string
    readonly user: string
    readonly account: HyperliquidAccount
    readonly faults: Faults
    readonly seen: readonly string[]
  }
  readonly control: ControlEndpoint
  close(): Promise<void>
}

export const demoPrices = { BTC: '92000.0', ETH: '3160.00', SOL: '140.00' } as const

const binanceHoldings: readonly SimHolding[] = [
  { symbol: 'BTCUSDC', amount: '2.600', entry: '90480.5', leverage: 10 },
  { symbol: 'ETHUSDC', amount: '28.500', entry: '3092.40', leverage: 10 },
]

const hyperliquidHoldings: readonly PerpHolding[] = [
  { coin: 'ETH', size: '-42.5', entry: '3104.2', leverage: 10 },
  { coin: 'BTC', size: '0.25', entry: '91250.0', leverage: 10 },
]

const secretText = (): string => randomBytes(32).toString('hex')

export async function startDemoVenues(options: DemoVenueOptions): Promise<DemoVenues> {
  const now = options.now ?? Date.now
  const path = createPricePath({ seed: options.seed ?? 7, prices: options.prices ?? demoPrices })
  const coins = listCoins(options.usdcContract)
  const credentials = { apiKey: secretText(), secret: secretText() }
  const readOnlyCredentials = { apiKey: secretText(), secret: secretText() }
  const rights = { withdraw: true, universalTransfer: true, trade: true, ipRestricted: true }
  const noRights = { withdraw: false, universalTransfer: false, trade: false, ipRestricted: false }
  const binanceFaults = createFaults()
  const binanceAccount = createBinanceAccount({
    path,
    faults: binanceFaults,
    now,
    coins,
    futures: options.binance?.futures ?? { USDC: '114385.40000000' },
    holdings: options.binance?.holdings ?? binanceHoldings,
    spot: options.binance?.spot ?? { USDC: '250.00000000', BTC: '0.01500000', ETH: '0.10000000' },
    processingMs: options.processingMs ?? 1500,
    onWithdrawal: options.onWithdrawal,
  })
  const binance = await startBinanceServer({
    faults: binanceFaults,
    path,
    account: binanceAccount,
    coins,
    now,
    keys: [
      { ...credentials, ...rights },
      { ...readOnlyCredentials, ...noRights },
    ],
    depositAddresses: {
      'BTC/BTC': options.deposits.bitcoin,
      'ETH/ETH': options.deposits.evm,
      'USDC/ETH': options.deposits.evm,
      'ETH/ARBITRUM': options.deposits.evm,
      'USDC/ARBITRUM': options.deposits.evm,
    },
  })
  const user = `0x${randomBytes(20).toString('hex')}`
  const hyperliquidFaults = createFaults()
  const hyperliquidAccount = createHyperliquidAccount({
    path,
    now,
    crossWallet: options.hyperliquid?.crossWallet ?? '21900.000000',
    holdings: options.hyperliquid?.holdings ?? hyperliquidHoldings,
    spotUsdc: '120.5',
  })
  const hyperliquid = await startHyperliquidServer({
    faults: hyperliquidFaults,
    path,
    account: hyperliquidAccount,
    user,
    now,
  })
  const control = await startControl({
    path,
    faults: { binance: binanceFaults, hyperliquid: hyperliquidFaults },
  })
  const stop = options.stepEveryMs === undefined ? () => {} : path.start(options.stepEveryMs)
  return {
    path,
    binance: {
      origin: binance.origin,
      label: 'Binance USD-M',
      credentials,
      readOnlyCredentials,
      account: binanceAccount,
      faults: binanceFaults,
      seen: binance.seen,
      creditDeposit: binanceAccount.creditDeposit,
    },
    hyperliquid: {
      origin: hyperliquid.origin,
      label: 'Hyperliquid',
      user,
      account: hyperliquidAccount,
      faults: hyperliquidFaults,
      seen: hyperliquid.seen,
    },
    control,
    close: async () => {
      stop()
      await Promise.all([binance.close(), hyperliquid.close(), control.close()])
      await binanceAccount.settled()
    },
  }
}
