/** One small account a venue, in the shapes its documentation gives, and what the parser makes of it. Tests only. */
import type { AccountSnapshot, VenueId } from '../../../shared/collateral/snapshot.ts'
import { parseBinanceCoinmAccount } from './binance-coinm/parse.ts'
import { parseBitgetAccount } from './bitget/parse.ts'
import { parseBybitAccount } from './bybit/parse.ts'
import { parseCoinexAccount } from './coinex/parse.ts'
import { parseDydxAccount } from './dydx/parse.ts'
import { parseGateAccount } from './gate/parse.ts'
import { parseHtxAccount } from './htx/parse.ts'
import { parseKucoinAccount } from './kucoin/parse.ts'
import { parseOkxAccount } from './okx/parse.ts'
import type { Parsed } from './parsed.ts'

const identity = { accountId: 'a', label: 'A' }
export const received = { at: 1_800_000_010_000, skewMs: 0 }
const venueTime = 1_800_000_000_000

export interface Venue {
  readonly venue: VenueId
  readonly answers: Readonly<Record<string, unknown>>
  readonly parse: (answers: Record<string, unknown>) => Parsed<AccountSnapshot>
  /** What the venue cannot say of itself, so that a gap is always there. */
  readonly known: readonly string[]
  readonly collateral: object
  readonly position: object
  readonly snapshot: object
}

export const furtherVenues: readonly Venue[] = [
  {
    venue: 'binance-coinm',
    answers: {
      account: {
        assets: [
          {
            asset: 'BTC',
            walletBalance: '1.5',
            crossWalletBalance: '1.49',
            openOrderInitialMargin: '0',
            maxWithdrawAmount: '1.2',
          },
        ],
      },
      positionRisk: [
        {
          symbol: 'BTCUSD_PERP',
          positionAmt: '-2',
          entryPrice: '37643.10000021',
          markPrice: '38103.05510455',
          unRealizedProfit: '-0.00006413',
          liquidationPrice: '55119.97445760',
          leverage: '2',
          marginType: 'isolated',
          isolatedWallet: '0.01',
          positionSide: 'SHORT',
        },
      ],
      positionMode: { dualSidePosition: true },
      leverageBracket: [
        {
          symbol: 'BTCUSD_PERP',
          brackets: [
            { qtyFloor: 0, maintMarginRatio: 0.004, cum: 0 },
            { qtylFloor: 5, maintMarginRatio: 0.005, cum: 0.005 },
          ],
        },
      ],
      premiumIndex: [
        {
          symbol: 'BTCUSD_PERP',
          indexPrice: '38100',
          lastFundingRate: '0.0001',
          time: venueTime,
        },
      ],
      exchangeInfo: {
        symbols: [
          {
            symbol: 'BTCUSD_PERP',
            contractSize: 100,
            baseAsset: 'BTC',
            filters: [{ filterType: 'PRICE_FILTER', tickSize: '0.1' }],
          },
        ],
      },
    },
    parse: (answers) =>
      parseBinanceCoinmAccount(
        identity,
        {
          account: answers['account'],
          positionRisk: answers['positionRisk'],
          positionMode: answers['positionMode'],
          leverageBracket: answers['leverageBracket'],
          premiumIndex: answers['premiumIndex'],
          exchangeInfo: answers['exchangeInfo'],
        },
        received,
      ),
    known: [],
    collateral: { asset: 'BTC', wallet: '1.49', priceUsd: '38100', withdrawable: '1.2' },
    position: {
      contractType: 'inverse',
      base: 'BTC',
      settle: 'BTC',
      side: 'short',
      leg: 'short',
      size: '200',
      isolatedWallet: '0.01',
      reportedLiquidation: '55119.97445760',
      tiers: [
        { floor: 0, rate: 0.004, deduction: 0 },
        { floor: 5, rate: 0.005, deduction: 0.005 },
      ],
    },
    snapshot: { asOf: venueTime, positionMode: 'hedge', orderMargin: '0' },
  },
  {
    venue: 'okx',
    answers: {
      balance: {
        code: '0',
        data: [
          {
            uTime: String(venueTime),
            totalEq: '2000',
            adjEq: '',
            mmr: '',
            details: [
              {
                ccy: 'ETH',
                cashBal: '0.5',
                eq: '0.4',
                eqUsd: '1000',
                ordFrozen: '0',
                interest: '0',
              },
            ],
          },
        ],
      },
      positions: {
        code: '0',
        data: [
          {
            instId: 'ETH-USD-SWAP',
            instType: 'SWAP',
            posSide: 'net',
            pos: '-3',
            avgPx: '2566.31',
            markPx: '2500',
            ccy: 'ETH',
            mgnMode: 'isolated',
            margin: '0.0003896645377994',
            lever: '10',
            mmr: '0.00003',
            upl: '0.00001',
            liqPx: '2700.5',
          },
        ],
      },
      config: { code: '0', data: [{ acctLv: '2', posMode: 'net_mode' }] },
      instruments: {
        data: [
          {
            instId: 'ETH-USD-SWAP',
            instFamily: 'ETH-USD',
            ctType: 'inverse',
            ctVal: '10',
            ctMult: '1',
            tickSz: '0.01',
          },
        ],
      },
      positionTiers: {
        data: [
          { instFamily: 'ETH-USD', minSz: '0', mmr: '0.004' },
          { instFamily: 'ETH-USD', minSz: '1000', mmr: '0.006' },
          { instFamily: 'BTC-USD', minSz: '0', mmr: '0.003' },
        ],
      },
      markPrice: { data: [] },
      fundingRate: {
        data: [
          {
            instId: 'ETH-USD-SWAP',
            fundingRate: '0.0001',
            fundingTime: '1800000000000',
            nextFundingTime: '1800028800000',
          },
        ],
      },
      maxWithdrawal: { data: [{ ccy: 'ETH', maxWd: '0.3' }] },
    },
    parse: (answers) =>
      parseOkxAccount(
        identity,
        {
          balance: answers['balance'],
          positions: answers['positions'],
          config: answers['config'],
          instruments: answers['instruments'],
          positionTiers: answers['positionTiers'],
          markPrice: answers['markPrice'],
          fundingRate: answers['fundingRate'],
          maxWithdrawal: answers['maxWithdrawal'],
          ...(answers['discountRates'] !== undefined && {
            discountRates: answers['discountRates'],
          }),
        },
        received,
      ),
    known: [],
    collateral: { asset: 'ETH', wallet: '0.5', priceUsd: '2500', withdrawable: '0.3' },
    position: {
      contractType: 'inverse',
      side: 'short',
      leg: 'both',
      size: '30',
      isolatedWallet: '0.0003896645377994',
      liquidationFeeRate: 0.0005,
      // 1,000 contracts of 10 USD at 2,500
      tiers: [
        { floor: 0, rate: 0.004, deduction: 0 },
        { floor: 4, rate: 0.006, deduction: 0 },
      ],
      funding: { rate: '0.0001', intervalHours: 8 },
    },
    snapshot: { asOf: venueTime, marginMode: 'single-asset', positionMode: 'one-way' },
  },
  {
    venue: 'bybit',
    answers: {
      wallet: {
        time: venueTime,
        result: {
          list: [
            {
              totalEquity: '1000',
              totalMaintenanceMargin: '3.1',
              coin: [
                {
                  coin: 'USDT',
                  walletBalance: '990',
                  equity: '1000',
                  usdValue: '999',
                  totalOrderIM: '0',
                  availableToWithdraw: '',
                },
              ],
            },
          ],
        },
      },
      positions: [
        {
          time: venueTime - 500,
          result: {
            list: [
              {
                symbol: 'XRPUSDT',
                positionIdx: 2,
                side: 'Sell',
                size: '100',
                avgPrice: '0.3615',
                markPrice: '0.3432',
                tradeMode: 0,
                leverage: '10',
                positionMM: '0.381021',
                unrealisedPnl: '1.83',
                liqPrice: '',
                positionBalance: '4',
              },
            ],
          },
        },
        { time: venueTime, result: { list: [] } },
      ],
      accountInfo: { result: { marginMode: 'ISOLATED_MARGIN' } },
      instruments: {
        result: {
          list: [
            {
              symbol: 'XRPUSDT',
              contractType: 'LinearPerpetual',
              baseCoin: 'XRP',
              settleCoin: 'USDT',
              fundingInterval: 480,
              priceFilter: { tickSize: '0.0001' },
            },
          ],
        },
      },
      riskLimits: {
        result: {
          list: [
            {
              symbol: 'XRPUSDT',
              riskLimitValue: '400000',
              maintenanceMargin: '0.015',
              mmDeduction: '1000',
            },
            {
              symbol: 'XRPUSDT',
              riskLimitValue: '200000',
              maintenanceMargin: '0.01',
              mmDeduction: '',
            },
          ],
        },
      },
      tickers: { result: { list: [{ symbol: 'XRPUSDT', fundingRate: '-0.0002' }] } },
    },
    parse: (answers) =>
      parseBybitAccount(
        identity,
        {
          wallet: answers['wallet'],
          positions: answers['positions'],
          accountInfo: answers['accountInfo'],
          instruments: answers['instruments'],
          riskLimits: answers['riskLimits'],
          tickers: answers['tickers'],
          ...(answers['collateralRatios'] !== undefined && {
            collateralRatios: answers['collateralRatios'],
          }),
        },
        received,
      ),
    known: [],
    collateral: { asset: 'USDT', wallet: '986', priceUsd: '0.999', withdrawable: null },
    position: {
      side: 'short',
      leg: 'short',
      size: '100',
      marginMode: 'isolated',
      isolatedWallet: '4',
      reportedLiquidation: null,
      maintenance: '0.381021',
      tiers: [
        { floor: 0, rate: 0.01, deduction: 0 },
        { floor: 200_000, rate: 0.015, deduction: 1_000 },
      ],
      funding: { rate: '-0.0002', intervalHours: 8 },
    },
    snapshot: { asOf: venueTime - 500, positionMode: 'hedge' },
  },
  {
    venue: 'kucoin',
    answers: {
      overviews: [
        {
          data: {
            currency: 'USDT',
            accountEquity: 101,
            marginBalance: 100,
            orderMargin: 0,
            availableBalance: 90,
            maxWithdrawAmount: 88.5,
          },
        },
      ],
      positions: {
        data: [
          {
            symbol: 'XBTUSDTM',
            currentQty: -2,
            crossMode: false,
            avgEntryPrice: 60_000.5,
            markPrice: 61_000,
            settleCurrency: 'USDT',
            isInverse: false,
            posMargin: 3.68897586,
            posMaint: 0.50637594,
            maintMargin: 4.54717586,
            realLeverage: 18.61,
            unrealisedPnl: -0.8582,
            liquidationPrice: 0,
            currentTimestamp: venueTime,
          },
        ],
      },
      contracts: {
        data: [
          {
            symbol: 'XBTUSDTM',
            baseCurrency: 'XBT',
            multiplier: 0.001,
            tickSize: 0.1,
            fundingFeeRate: 0.0001,
            fundingRateGranularity: 28_800_000,
          },
        ],
      },
      riskLimits: {
        data: [
          { symbol: 'XBTUSDTM', minRiskLimit: 0, maintainMargin: 0.004 },
          { symbol: 'XBTUSDTM', minRiskLimit: 250_000, maintainMargin: 0.005 },
        ],
      },
    },
    parse: (answers) =>
      parseKucoinAccount(
        identity,
        {
          overviews: answers['overviews'],
          positions: answers['positions'],
          contracts: answers['contracts'],
          riskLimits: answers['riskLimits'],
        },
        received,
      ),
    known: ['assets.USDT.priceUsd'],
    collateral: { asset: 'USDT', wallet: '96.31102414', withdrawable: '88.5' },
    position: {
      base: 'BTC',
      settle: 'USDT',
      side: 'short',
      size: '0.002',
      entry: '60000.5',
      isolatedWallet: '3.68897586',
      maintenance: '0.50637594',
      reportedLiquidation: null,
      funding: { rate: '0.0001', intervalHours: 8 },
    },
    snapshot: { asOf: venueTime, orderMargin: '0', reported: { equity: '101' } },
  },
  {
    venue: 'dydx',
    answers: {
      subaccount: {
        subaccount: {
          equity: '1500',
          freeCollateral: '1200.5',
          openPerpetualPositions: {
            'BTC-USD': {
              market: 'BTC-USD',
              side: 'SHORT',
              size: '-0.05',
              entryPrice: '112196.87848803433219017636',
              unrealizedPnl: '17.002285719484425404321566048',
            },
          },
          assetPositions: { USDC: { size: '7000', side: 'LONG' } },
        },
      },
      perpetualMarkets: {
        markets: {
          'BTC-USD': {
            oraclePrice: '110000.5',
            maintenanceMarginFraction: '0.03',
            nextFundingRate: '0.00001',
            tickSize: '1',
          },
        },
      },
    },
    parse: (answers) =>
      parseDydxAccount(
        identity,
        { subaccount: answers['subaccount'], perpetualMarkets: answers['perpetualMarkets'] },
        received,
      ),
    known: [],
    // 7,000 − 0.05 · 112,196.878…
    collateral: { asset: 'USDC', wallet: '1390.156075598283390491', withdrawable: '1200.5' },
    position: {
      side: 'short',
      size: '0.05',
      mark: '110000.5',
      maintenance: null,
      reportedLiquidation: null,
      tiers: [{ floor: 0, rate: 0.03, deduction: 0 }],
    },
    snapshot: { asOf: received.at, orderMargin: null, reported: { equity: '1500' } },
  },
  {
    venue: 'gate',
    answers: {
      accounts: [
        {
          currency: 'USDT',
          total: '200',
          unrealised_pnl: '-1.5',
          order_margin: '0',
          available: '150',
          in_dual_mode: false,
        },
      ],
      positions: [
        {
          contract: 'BTC_USDT',
          mode: 'single',
          size: 25,
          leverage: '10',
          margin: '11.5',
          entry_price: '46030.3',
          mark_price: '46051.6',
          unrealised_pnl: '0.05',
          maintenance_margin: '0.46',
          liq_price: '42000',
        },
      ],
      contracts: [
        {
          name: 'BTC_USDT',
          type: 'direct',
          quanto_multiplier: '0.0001',
          order_price_round: '0.1',
          funding_rate: '0.002053',
          funding_interval: 28_800,
        },
      ],
      riskLimitTiers: {
        BTC_USDT: [
          { risk_limit: '1000000', maintenance_rate: '0.004' },
          { risk_limit: '2000000', maintenance_rate: '0.006', deduction: '2000' },
        ],
      },
    },
    parse: (answers) =>
      parseGateAccount(
        identity,
        {
          accounts: answers['accounts'],
          positions: answers['positions'],
          contracts: answers['contracts'],
          riskLimitTiers: answers['riskLimitTiers'],
        },
        received,
      ),
    known: ['assets.USDT.priceUsd'],
    collateral: { asset: 'USDT', wallet: '188.5', withdrawable: '150' },
    position: {
      side: 'long',
      size: '0.0025',
      marginMode: 'isolated',
      isolatedWallet: '11.5',
      leverage: '10',
      liquidationFeeRate: 0.00075,
      tiers: [
        { floor: 0, rate: 0.004, deduction: 0 },
        { floor: 1_000_000, rate: 0.006, deduction: 2_000 },
      ],
    },
    snapshot: { positionMode: 'one-way', orderMargin: '0', reported: { equity: '198.5' } },
  },
  {
    venue: 'bitget',
    answers: {
      accounts: {
        requestTime: venueTime,
        data: [
          {
            marginCoin: 'USDT',
            accountEquity: '100.03',
            unrealizedPL: '0.03',
            locked: '0',
            maxTransferOut: '95',
            assetMode: 'single',
          },
        ],
      },
      positions: {
        requestTime: venueTime,
        data: [
          {
            marginCoin: 'USDT',
            symbol: 'BTCUSDT',
            holdSide: 'long',
            marginSize: '3.73555',
            total: '0.002',
            leverage: '20',
            openPriceAvg: '37355.5',
            marginMode: 'crossed',
            posMode: 'hedge_mode',
            unrealizedPL: '0.03',
            liquidationPrice: '31725.023602417',
            markPrice: '37370.5',
          },
        ],
      },
      contracts: {
        data: [
          {
            symbol: 'BTCUSDT',
            baseCoin: 'BTC',
            quoteCoin: 'USDT',
            pricePlace: '1',
            priceEndStep: '5',
            fundInterval: '8',
          },
        ],
      },
      tiers: {
        data: [
          { symbol: 'BTCUSDT', startUnit: '0', keepMarginRate: '0.004' },
          { symbol: 'BTCUSDT', startUnit: '150000', keepMarginRate: '0.005' },
        ],
      },
      tickers: { data: [{ symbol: 'BTCUSDT', fundingRate: '0.00005' }] },
    },
    parse: (answers) =>
      parseBitgetAccount(
        identity,
        {
          accounts: answers['accounts'],
          positions: answers['positions'],
          contracts: answers['contracts'],
          tiers: answers['tiers'],
          tickers: answers['tickers'],
        },
        received,
      ),
    known: ['assets.USDT.priceUsd'],
    collateral: { asset: 'USDT', wallet: '100', withdrawable: '95' },
    position: {
      base: 'BTC',
      side: 'long',
      leg: 'long',
      size: '0.002',
      marginMode: 'cross',
      isolatedWallet: null,
      tickSize: '0.5',
      liquidationFeeRate: 0.0006,
      reportedLiquidation: '31725.023602417',
    },
    snapshot: { asOf: venueTime, positionMode: 'hedge', marginMode: 'single-asset' },
  },
  {
    venue: 'htx',
    answers: {
      balance: {
        ts: venueTime,
        data: {
          equity: '174.2',
          maintenance_margin: '0.21',
          details: [
            {
              currency: 'USDT',
              equity: '174.2',
              profit_unreal: '-0.039',
              initial_margin: '3.158275',
              withdraw_available: '170',
            },
          ],
        },
      },
      positions: {
        ts: venueTime,
        data: [
          {
            contract_code: 'BTC-USDT',
            position_side: 'both',
            direction: 'buy',
            margin_mode: 'cross',
            open_avg_price: '63204.5',
            volume: '3',
            lever_rate: 20,
            liquidation_price: '-110163.844268282697306843',
            maintenance_margin: '0.2147627',
            profit_unreal: '-0.039',
            mark_price: '63165.5',
            margin_currency: 'USDT',
          },
        ],
      },
      contracts: { data: [{ contract_code: 'BTC-USDT', contract_size: 0.001, price_tick: 0.1 }] },
      adjustFactors: {
        data: [
          {
            contract_code: 'BTC-USDT',
            margin_mode: 'cross',
            list: [
              {
                lever_rate: 20,
                ladders: [
                  { min_size: 0, adjust_factor: 0.1 },
                  { min_size: 1_000, adjust_factor: 0.15 },
                ],
              },
            ],
          },
        ],
      },
      assetMode: { data: { asset_mode: 0 } },
      fundingRates: { data: [{ contract_code: 'BTC-USDT', funding_rate: '0.0001' }] },
    },
    parse: (answers) =>
      parseHtxAccount(
        identity,
        {
          balance: answers['balance'],
          positions: answers['positions'],
          contracts: answers['contracts'],
          adjustFactors: answers['adjustFactors'],
          assetMode: answers['assetMode'],
          fundingRates: answers['fundingRates'],
        },
        received,
      ),
    known: ['assets.USDT.priceUsd'],
    collateral: { asset: 'USDT', wallet: '174.239', withdrawable: '170' },
    position: {
      base: 'BTC',
      settle: 'USDT',
      side: 'long',
      size: '0.003',
      reportedLiquidation: null,
      maintenance: '0.2147627',
      tiers: [
        { floor: 0, rate: 0.005, deduction: 0 },
        { floor: 63_165.5, rate: 0.0075, deduction: 0 },
      ],
    },
    snapshot: { asOf: venueTime, positionMode: 'one-way', reported: { equity: '174.2' } },
  },
  {
    venue: 'coinex',
    answers: {
      balance: {
        data: [
          { ccy: 'USDT', available: '90', frozen: '0', margin: '5.034928', transferrable: '89' },
        ],
      },
      positions: {
        data: [
          {
            market: 'BTCUSDT',
            side: 'long',
            margin_mode: 'isolated',
            open_interest: '0.0001',
            avg_entry_price: '61047.84',
            unrealized_pnl: '0',
            leverage: '3',
            margin_avbl: '3.034928',
            maintenance_margin_value: '0.0305',
            liq_price: '30852.824120603014',
          },
        ],
      },
      markets: {
        data: [
          {
            market: 'BTCUSDT',
            contract_type: 'linear',
            base_ccy: 'BTC',
            quote_ccy: 'USDT',
            tick_size: '0.01',
          },
        ],
      },
      levels: {
        data: [
          {
            market: 'BTCUSDT',
            level: [
              { amount: '10', maintenance_margin_rate: '0.005' },
              { amount: '20', maintenance_margin_rate: '0.01' },
            ],
          },
        ],
      },
      tickers: { data: [{ market: 'BTCUSDT', mark_price: '61000' }] },
      fundingRates: { data: [{ market: 'BTCUSDT', latest_funding_rate: '0.0001' }] },
    },
    parse: (answers) =>
      parseCoinexAccount(
        identity,
        {
          balance: answers['balance'],
          positions: answers['positions'],
          markets: answers['markets'],
          levels: answers['levels'],
          tickers: answers['tickers'],
          fundingRates: answers['fundingRates'],
        },
        received,
      ),
    known: ['assets.USDT.priceUsd'],
    collateral: { asset: 'USDT', wallet: '92', withdrawable: '89' },
    position: {
      side: 'long',
      size: '0.0001',
      mark: '61000',
      isolatedWallet: '3.034928',
      reportedLiquidation: '30852.824120603014',
      tiers: [
        { floor: 0, rate: 0.005, deduction: 0 },
        { floor: 610_000, rate: 0.01, deduction: 0 },
      ],
    },
    snapshot: { asOf: received.at, orderMargin: '0' },
  },
]
