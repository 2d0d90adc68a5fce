/** Recorded margin cases put back between the answers they came with: the record's own row stays as the venue sent it;
 *  what stood in other answers (balance, contract, tiers) is made from the case's inputs, in the shapes of each
 *  venue's documentation. Tests only; the records themselves are not part of the project. */
import { z } from 'zod'
import type { AccountSnapshot } from '../../../shared/collateral/snapshot.ts'
import { recordedInputsSchema } from '../../../shared/margin/recorded.ts'
import { parseBinanceCoinmAccount } from './binance-coinm/parse.ts'
import { parseBinanceAccount } from './binance/parseAccount.ts'
import { parseBitgetAccount } from './bitget/parse.ts'
import { parseBybitAccount } from './bybit/parse.ts'
import { parseCoinexAccount } from './coinex/parse.ts'
import { parseDydxAccount } from './dydx/parse.ts'
import { parseGateAccount } from './gate/parse.ts'
import { parseHtxAccount } from './htx/parse.ts'
import { parseHyperliquidAccount } from './hyperliquid/parseAccount.ts'
import { parseKucoinAccount } from './kucoin/parse.ts'
import { parseOkxAccount } from './okx/parse.ts'
import type { Parsed } from './parsed.ts'

export const recordedRowSchema = z.object({
  id: z.string(),
  exchange: z.string(),
  marginMode: z.string(),
  contractType: z.string(),
  rule: z.string(),
  inputs: recordedInputsSchema.optional(),
  reportedLiq: z.number().nullable(),
  tick: z.number().optional(),
  tolerance: z.number().optional(),
  httpResponse: z.record(z.string(), z.unknown()),
})
export type RecordedRow = z.infer<typeof recordedRowSchema>

type Row = RecordedRow['httpResponse']
type Inputs = NonNullable<RecordedRow['inputs']>

export const at = 1_800_000_000_000
const identity = { accountId: 'a', label: 'A' }
const received = { at, skewMs: 0 }

/** No exponents and no binary tail: 0.0085 − 0.0005 is 0.008. */
const text = (value: number | null | undefined): string =>
  Number((value ?? 0).toPrecision(15)).toFixed(18)
const tierRate = (inputs: Inputs, fee: number) => text((inputs.r ?? 0.004) - fee)

/** USDⓈ-M, developers.binance.com: account v3, positionRisk, leverageBracket, assetIndex, exchangeInfo. */
export function binanceUsdm(
  row: Row,
  inputs: Inputs,
  many: 'single-asset' | 'multi-asset',
): Parsed<AccountSnapshot> {
  const symbol = row['symbol']
  const wallet = text(row['marginType'] === 'isolated' ? 0 : inputs.W)
  const totals = {
    marginBalance: wallet,
    maintMargin: '0',
    openOrderInitialMargin: '0',
    maxWithdrawAmount: '0',
    totalMarginBalance: wallet,
    totalMaintMargin: '0',
    totalOpenOrderInitialMargin: '0',
  }
  const bracket = { notionalFloor: 0, maintMarginRatio: inputs.r, cum: inputs.cum ?? 0 }
  return parseBinanceAccount(
    identity,
    {
      account: {
        ...totals,
        assets: [{ asset: 'USDT', walletBalance: wallet, crossWalletBalance: wallet, ...totals }],
      },
      positionRisk: [row],
      accountConfig: {
        multiAssetsMargin: many === 'multi-asset',
        dualSidePosition: row['positionSide'] !== 'BOTH',
      },
      symbolConfig: [{ symbol, marginType: row['marginType'] ?? 'CROSSED', leverage: 20 }],
      leverageBracket: [{ symbol, brackets: [bracket] }],
      premiumIndex: [{ symbol, lastFundingRate: '0.0001', indexPrice: '1', time: at }],
      assetIndex: [{ symbol: 'USDTUSD', index: '1', bidBuffer: '0', time: at }],
      fundingInfo: [],
      exchangeInfo: {
        symbols: [
          {
            symbol,
            baseAsset: 'BTC',
            marginAsset: 'USDT',
            filters: [{ filterType: 'PRICE_FILTER', tickSize: '0.01' }],
          },
        ],
      },
    },
    at,
    0,
  )
}

/** COIN-M, developers.binance.com: account, positionRisk, leverageBracket v2, exchangeInfo. */
export function binanceCoinm(row: Row, assets: readonly unknown[]): Parsed<AccountSnapshot> {
  const symbol = row['symbol']
  return parseBinanceCoinmAccount(
    identity,
    {
      account: { assets },
      positionRisk: [row],
      positionMode: { dualSidePosition: false },
      leverageBracket: [{ symbol, brackets: [{ qtyFloor: 0, maintMarginRatio: 0.004, cum: 0 }] }],
      premiumIndex: [{ symbol, indexPrice: '38100', lastFundingRate: '0.0001', time: at }],
      exchangeInfo: {
        symbols: [
          {
            symbol,
            contractSize: 100,
            baseAsset: 'BTC',
            filters: [{ filterType: 'PRICE_FILTER', tickSize: '0.1' }],
          },
        ],
      },
    },
    received,
  )
}

export interface OkxContract {
  readonly ctVal: string
  readonly ctType: 'linear' | 'inverse'
  readonly settleCcy: string
}

/** www.okx.com/docs-v5: account/balance, positions, config; public/instruments, position-tiers, mark-price. */
export function okx(row: Row, inputs: Inputs, contract: OkxContract): Parsed<AccountSnapshot> {
  const { instId, mgnMode } = row
  const wallet = text(mgnMode === 'isolated' ? 0 : inputs.W)
  const price = contract.ctType === 'inverse' ? (inputs.entry ?? 0) : 1
  return parseOkxAccount(
    identity,
    {
      balance: {
        data: [
          {
            uTime: `${at}`,
            details: [
              {
                ccy: contract.settleCcy,
                cashBal: wallet,
                eq: '1',
                eqUsd: text(price),
                ordFrozen: '0',
              },
            ],
          },
        ],
      },
      positions: { data: [row] },
      config: { data: [{ acctLv: '2', posMode: 'long_short_mode' }] },
      instruments: { data: [{ instId, instFamily: 'FAMILY', tickSz: '0.01', ...contract }] },
      positionTiers: {
        data: [{ instFamily: 'FAMILY', minSz: '0', mmr: tierRate(inputs, 0.0005) }],
      },
      markPrice: { data: [{ instId, markPx: text(inputs.entry) }] },
      fundingRate: { data: [] },
      maxWithdrawal: { data: [] },
    },
    received,
  )
}

export interface BybitWallet {
  readonly mode: 'ISOLATED_MARGIN' | 'REGULAR_MARGIN'
  readonly coins: readonly unknown[]
  readonly mark: string
  readonly rate: string
}

/** bybit-exchange.github.io/docs/v5: account/wallet-balance, account/info, position/list, market/risk-limit. */
export function bybit(row: Row, wallet: BybitWallet): Parsed<AccountSnapshot> {
  const { symbol } = row
  return parseBybitAccount(
    identity,
    {
      wallet: { time: at, result: { list: [{ totalEquity: '', coin: wallet.coins }] } },
      positions: [{ time: at, result: { list: [row] } }],
      accountInfo: { result: { marginMode: wallet.mode } },
      instruments: {
        result: {
          list: [
            {
              symbol,
              contractType: 'LinearPerpetual',
              baseCoin: `${symbol}`.replace('USDT', ''),
              settleCoin: 'USDT',
              fundingInterval: 480,
              priceFilter: { tickSize: '0.01' },
            },
          ],
        },
      },
      riskLimits: {
        result: {
          list: [
            {
              symbol,
              riskLimitValue: '200000',
              maintenanceMargin: wallet.rate,
              mmDeduction: '0',
            },
          ],
        },
      },
      tickers: { result: { list: [{ symbol, markPrice: wallet.mark, fundingRate: '0.0001' }] } },
    },
    received,
  )
}

/** www.kucoin.com/docs-new: account-overview, positions, contracts/active, contracts/risk-limit. */
export function kucoin(row: Row, multiplier: number): Parsed<AccountSnapshot> {
  const { symbol } = row
  return parseKucoinAccount(
    identity,
    {
      overviews: [{ data: { currency: 'USDT', marginBalance: row['posMargin'], orderMargin: 0 } }],
      positions: { data: [row] },
      contracts: { data: [{ symbol, baseCurrency: 'ETH', multiplier, tickSize: 0.05 }] },
      riskLimits: { data: [{ symbol, minRiskLimit: 0, maintainMargin: row['maintMarginReq'] }] },
    },
    received,
  )
}

export interface PerpAccount {
  readonly accountValue: number
  readonly crossMaintenance: number
  readonly mark: number
  /** By the market's meta where the row does not carry it. */
  readonly maxLeverage: number
}

/** hyperliquid.gitbook.io, info endpoint: clearinghouseState, metaAndAssetCtxs. */
export function hyperliquid(row: Row, given: PerpAccount): Parsed<AccountSnapshot> {
  const summary = { accountValue: text(given.accountValue) }
  const maxLeverage = Number(row['maxLeverage'] ?? given.maxLeverage)
  return parseHyperliquidAccount(
    identity,
    {
      clearinghouseState: {
        assetPositions: [{ type: 'oneWay', position: row }],
        crossMaintenanceMarginUsed: text(given.crossMaintenance),
        crossMarginSummary: summary,
        marginSummary: summary,
        time: at,
        withdrawable: '0',
      },
      metaAndAssetCtxs: [
        { universe: [{ name: row['coin'], szDecimals: 2, maxLeverage }], marginTables: [] },
        [{ markPx: text(given.mark), funding: '0.0000125' }],
      ],
      frontendOpenOrders: [],
    },
    at,
    0,
  )
}

/** docs.dydx.xyz, indexer: subaccount, perpetualMarkets. The vectors give quote balance, size and fraction. */
export function dydx(
  quote: number,
  size: number,
  price: number,
  fraction: number,
): Parsed<AccountSnapshot> {
  const short = size < 0
  return parseDydxAccount(
    identity,
    {
      subaccount: {
        subaccount: {
          equity: text(quote + size * price),
          freeCollateral: '0',
          openPerpetualPositions: {
            'ETH-USD': {
              market: 'ETH-USD',
              side: short ? 'SHORT' : 'LONG',
              size: text(size),
              entryPrice: text(price),
              unrealizedPnl: '0',
            },
          },
          assetPositions: { USDC: { size: text(quote), side: 'LONG' } },
        },
      },
      perpetualMarkets: {
        markets: {
          'ETH-USD': {
            oraclePrice: text(price),
            maintenanceMarginFraction: text(fraction),
            nextFundingRate: '0',
            tickSize: '0.01',
          },
        },
      },
    },
    received,
  )
}

/** www.gate.com/docs/developers/apiv4: futures accounts, positions, contracts, risk_limit_tiers. */
export function gate(row: Row, inputs: Inputs): Parsed<AccountSnapshot> {
  const name = `${row['contract']}`
  return parseGateAccount(
    identity,
    {
      accounts: [
        {
          currency: 'BTC',
          total: row['margin'],
          unrealised_pnl: '0',
          order_margin: '0',
          available: '0',
        },
      ],
      positions: [row],
      contracts: [{ name, type: 'inverse', quanto_multiplier: '0', order_price_round: '0.01' }],
      riskLimitTiers: {
        [name]: [{ risk_limit: '1000', maintenance_rate: tierRate(inputs, 0.00075) }],
      },
    },
    received,
  )
}

/** www.bitget.com/api-doc/contract v2: account/accounts, all-position, contracts, query-position-lever. */
export function bitget(row: Row, equity: number): Parsed<AccountSnapshot> {
  const symbol = row['symbol']
  return parseBitgetAccount(
    identity,
    {
      accounts: {
        data: [
          {
            marginCoin: 'USDT',
            accountEquity: text(equity),
            unrealizedPL: row['unrealizedPL'],
            locked: '0',
            maxTransferOut: '0',
            assetMode: 'single',
          },
        ],
      },
      positions: { requestTime: at, data: [row] },
      contracts: {
        data: [
          {
            symbol,
            baseCoin: 'BTC',
            quoteCoin: 'USDT',
            pricePlace: '1',
            priceEndStep: '1',
            fundInterval: '8',
          },
        ],
      },
      tiers: { data: [{ symbol, startUnit: '0', keepMarginRate: row['keepMarginRate'] }] },
      tickers: { data: [{ symbol, fundingRate: '0.0001' }] },
    },
    received,
  )
}

/** www.htx.com/en-us/opend/newApiPages, v5: account/balance, position/opens, contract_info, adjustfactor. */
export function htx(row: Row, equity: string, adjustFactor: unknown): Parsed<AccountSnapshot> {
  const { contract_code, margin_mode, lever_rate } = row
  return parseHtxAccount(
    identity,
    {
      balance: {
        ts: at,
        data: {
          equity,
          details: [
            {
              currency: 'USDT',
              equity,
              profit_unreal: '0',
              initial_margin: '0',
              withdraw_available: '0',
            },
          ],
        },
      },
      positions: { ts: at, data: [row] },
      contracts: { data: [{ contract_code, contract_size: 0.001, price_tick: 0.1 }] },
      adjustFactors: {
        data: [
          {
            contract_code,
            margin_mode,
            list: [
              {
                lever_rate,
                ladders: [{ min_size: 0, adjust_factor: adjustFactor }],
              },
            ],
          },
        ],
      },
      assetMode: { data: { asset_mode: 0 } },
      fundingRates: { data: [] },
    },
    received,
  )
}

/** docs.coinex.com/api/v2: assets/futures/balance, pending-position, market, position-level, ticker. */
export function coinex(row: Row, inputs: Inputs): Parsed<AccountSnapshot> {
  const { market } = row
  return parseCoinexAccount(
    identity,
    {
      balance: {
        data: [
          {
            ccy: 'USDT',
            available: '0',
            frozen: '0',
            margin: row['margin_avbl'],
            transferrable: '0',
          },
        ],
      },
      positions: { data: [row] },
      markets: {
        data: [
          {
            market,
            contract_type: 'linear',
            base_ccy: 'BTC',
            quote_ccy: 'USDT',
            tick_size: '0.01',
          },
        ],
      },
      levels: {
        data: [{ market, level: [{ amount: '10', maintenance_margin_rate: tierRate(inputs, 0) }] }],
      },
      tickers: { data: [{ market, mark_price: text(inputs.entry) }] },
      fundingRates: { data: [] },
    },
    received,
  )
}
