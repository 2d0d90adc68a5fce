import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { accountSnapshotSchema, type AccountSnapshot } from '../../../shared/collateral/snapshot.ts'
import { USDC } from '../../../shared/units/amount.ts'
import { parseBinanceAccount, type BinanceAnswers } from './binance/parseAccount.ts'
import { parseQuotes } from './binance/parseQuotes.ts'
import {
  parseDeposit,
  parseDepositAddress,
  parseDepositAddressList,
  parseInternalMoves,
  parseNetworks,
  parsePermissions,
  parseSpotBalance,
  parseUtcText,
  parseWithdrawal,
} from './binance/parseWallet.ts'
import { parseExact, parseInstant } from './fields.ts'
import { type HyperliquidAnswers, parseHyperliquidAccount } from './hyperliquid/parseAccount.ts'
import { parseMarkQuotes } from './hyperliquid/parseQuotes.ts'
import { allFinite, mutationsOf } from './mutations.fixture.ts'
import type { Parsed } from './parsed.ts'

const identity = { accountId: 'a', label: 'A' }
const folder =
  process.env['BULKHEAD_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const recordedFile = join(folder, 'venue-responses.json')
const hasRecorded = existsSync(recordedFile)

const binanceAnswers: BinanceAnswers = {
  account: {
    totalOpenOrderInitialMargin: '0',
    totalMarginBalance: '81.2',
    totalMaintMargin: '2.4',
    maxWithdrawAmount: '10',
    assets: [
      {
        asset: 'USDT',
        walletBalance: '72.72317863',
        crossWalletBalance: '72.72317863',
        marginBalance: '83.90238613',
        maintMargin: '11.95476475',
        openOrderInitialMargin: '0.00000000',
        maxWithdrawAmount: '11.39916777',
      },
    ],
    positions: [{ symbol: 'WLDUSDT', positionSide: 'BOTH', positionAmt: '5' }],
  },
  positionRisk: [
    {
      symbol: 'WLDUSDT',
      positionSide: 'BOTH',
      positionAmt: '5',
      entryPrice: '2.3483',
      markPrice: '2.39560000',
      unRealizedProfit: '0.23650000',
      liquidationPrice: '0',
      isolatedMargin: '0',
      notional: '11.97800000',
      isolatedWallet: '0',
      maintMargin: '0.07186800',
      marginAsset: 'USDT',
      updateTime: 1_722_062_678_998,
    },
    {
      symbol: 'BTCUSDT',
      positionSide: 'SHORT',
      positionAmt: '-0.020',
      entryPrice: '66000',
      markPrice: '67000',
      unRealizedProfit: '-20',
      liquidationPrice: '70000.1',
      isolatedMargin: '120',
      isolatedWallet: '140',
      maintMargin: '5.36',
      marginAsset: 'USDT',
    },
  ],
  accountConfig: { multiAssetsMargin: false, dualSidePosition: true },
  symbolConfig: [
    { symbol: 'WLDUSDT', marginType: 'CROSSED', leverage: 5 },
    { symbol: 'BTCUSDT', marginType: 'ISOLATED', leverage: 10 },
  ],
  leverageBracket: [
    {
      symbol: 'WLDUSDT',
      brackets: [
        { notionalFloor: 0, maintMarginRatio: 0.006, cum: 0 },
        { notionalFloor: 5_000, maintMarginRatio: 0.01, cum: 20 },
      ],
    },
    { symbol: 'BTCUSDT', brackets: [{ notionalFloor: 0, maintMarginRatio: 0.004, cum: 0 }] },
  ],
  premiumIndex: [
    { symbol: 'WLDUSDT', lastFundingRate: '0.0001', indexPrice: '2.39', time: 1_722_062_679_000 },
    { symbol: 'BTCUSDT', lastFundingRate: '-1e-5', indexPrice: '67000', time: 1_722_062_680_000 },
  ],
  assetIndex: [{ symbol: 'USDTUSD', index: '0.9991', bidBuffer: '0.001', time: 1_722_062_679_000 }],
  fundingInfo: [{ symbol: 'WLDUSDT', fundingIntervalHours: 4 }],
  exchangeInfo: {
    symbols: [
      {
        symbol: 'WLDUSDT',
        baseAsset: 'WLD',
        filters: [{ filterType: 'PRICE_FILTER', tickSize: '0.0001' }],
      },
      {
        symbol: 'BTCUSDT',
        baseAsset: 'BTC',
        filters: [{ filterType: 'PRICE_FILTER', tickSize: '0.10' }],
      },
    ],
  },
}

const hyperliquidAnswers: HyperliquidAnswers = {
  clearinghouseState: {
    assetPositions: [
      {
        type: 'oneWay',
        position: {
          coin: 'ETH',
          entryPx: '2213.9',
          leverage: { rawUsd: '-475.23904', type: 'isolated', value: 20 },
          liquidationPx: '2125.00856238',
          marginUsed: '24.88097',
          positionValue: '500.12001',
          szi: '0.2259',
          unrealizedPnl: '0.5',
        },
      },
      {
        type: 'oneWay',
        position: {
          coin: 'SOL',
          entryPx: '138.76',
          leverage: { type: 'cross', value: '20' },
          liquidationPx: '22881.19788911',
          marginUsed: '3.449',
          szi: '-0.5',
          unrealizedPnl: '0.4',
        },
      },
    ],
    crossMaintenanceMarginUsed: '38.8818',
    crossMarginSummary: { accountValue: '11524.216934' },
    marginSummary: { accountValue: '11549.097904' },
    time: 1_704_261_007_014,
    withdrawable: '11000.0',
  },
  metaAndAssetCtxs: [
    {
      universe: [
        { name: 'ETH', szDecimals: 4, maxLeverage: 25, marginTableId: 55 },
        { name: 'SOL', szDecimals: 2, maxLeverage: 20, marginTableId: 20 },
      ],
      marginTables: [
        [
          55,
          {
            marginTiers: [
              { lowerBound: '0.0', maxLeverage: 25 },
              { lowerBound: '100000000.0', maxLeverage: 15 },
            ],
          },
        ],
      ],
    },
    [
      { markPx: '2213.9', funding: '0.0000125' },
      { markPx: '137.96', funding: '-0.00001' },
    ],
  ],
  frontendOpenOrders: [],
}

const snapshotOf = (parsed: Parsed<AccountSnapshot>): AccountSnapshot => {
  if (parsed.kind === 'malformed') throw new Error(`${parsed.field}: ${parsed.value}`)
  return parsed.value
}

describe('hand-made answers', () => {
  it('reads hedge mode, isolated margin and adjusted funding of Binance', () => {
    const snapshot = snapshotOf(
      parseBinanceAccount(identity, binanceAnswers, 1_722_062_681_000, 1_000),
    )
    expect(snapshot.gaps).toEqual([])
    // The oldest price, on our clock.
    expect(snapshot.asOf).toBe(1_722_062_678_000)
    expect(snapshot.positionMode).toBe('hedge')
    expect(snapshot.positions).toMatchObject([
      {
        symbol: 'WLDUSDT',
        side: 'long',
        leg: 'both',
        reportedLiquidation: null,
        funding: { rate: '0.0001', intervalHours: 4 },
      },
      {
        symbol: 'BTCUSDT',
        base: 'BTC',
        side: 'short',
        leg: 'short',
        size: '0.02',
        marginMode: 'isolated',
        isolatedWallet: '140',
        funding: { rate: '-0.00001', intervalHours: 8 },
      },
    ])
  })

  it('takes haircuts and totals from the account in multi-assets mode', () => {
    const answers = {
      ...binanceAnswers,
      accountConfig: { multiAssetsMargin: true, dualSidePosition: false },
    }
    const snapshot = snapshotOf(parseBinanceAccount(identity, answers, 1_722_062_681_000, 0))
    expect(snapshot.marginMode).toBe('multi-asset')
    expect(snapshot.collaterals[0]?.haircuts).toEqual([{ floor: 0, weight: 0.999 }])
    expect(snapshot.reported).toEqual({
      equity: '81.2',
      maintenance: '2.4',
      withdrawable: '10',
    })
  })

  it('claims no total where several settle assets have their own pools', () => {
    const account = {
      ...(typeof binanceAnswers.account === 'object' ? binanceAnswers.account : {}),
      assets: [
        { asset: 'USDT', walletBalance: '1', crossWalletBalance: '1', maxWithdrawAmount: '1' },
        { asset: 'USDC', walletBalance: '2', crossWalletBalance: '2', maxWithdrawAmount: '2' },
      ],
    }
    const snapshot = snapshotOf(parseBinanceAccount(identity, { ...binanceAnswers, account }, 1, 0))
    expect(snapshot.reported).toEqual({ equity: null, maintenance: null, withdrawable: null })
    expect(snapshot.orderMargin).toBeNull()
  })

  it('counts duplicated pools of one asset once and says so', () => {
    const row = {
      asset: 'USDT',
      walletBalance: '1',
      crossWalletBalance: '1',
      maxWithdrawAmount: '1',
    }
    const account = { assets: [row, row], positions: [] }
    const snapshot = snapshotOf(parseBinanceAccount(identity, { ...binanceAnswers, account }, 1, 0))
    expect(snapshot.collaterals).toHaveLength(1)
    expect(snapshot.gaps).toContainEqual(
      expect.objectContaining({ field: 'assets.USDT', problem: 'duplicate' }),
    )
  })

  it('reads Hyperliquid cross and isolated positions and both kinds of margin table', () => {
    const snapshot = snapshotOf(
      parseHyperliquidAccount(identity, hyperliquidAnswers, 1_704_261_009_000, 0),
    )
    expect(snapshot.gaps).toEqual([])
    expect(snapshot.asOf).toBe(1_704_261_007_014)
    expect(snapshot.collaterals[0]?.wallet).toBe('11523.816934')
    expect(snapshot.positions[0]).toMatchObject({ isolatedWallet: '24.88097', tickSize: '0.1' })
    expect(snapshot.positions[1]?.tiers).toEqual([{ floor: 0, rate: 0.025, deduction: 0 }])
  })
})

describe('exact numbers', () => {
  it.each([
    ['1E-8', '0.00000001'],
    ['-0.000', '0.000'],
    ['12.3400', '12.3400'],
    [0.004, '0.004'],
    [1e-7, '0.0000001'],
    [-0, '0'],
    ['99999999999999999999', '99999999999999999999'],
  ])('%s reads as %s', (raw, text) => {
    expect(parseExact(raw)).toBe(text)
  })
  it.each([
    '',
    'NaN',
    'Infinity',
    '100000000000000000000',
    1e21,
    1e-60,
    '1,000',
    '0x10',
    ' 1',
    '1e999',
    null,
    true,
    Number.NaN,
    {},
    [1],
  ])('%s is no number', (raw) => {
    expect(parseExact(raw)).toBeUndefined()
  })
  it('reads instants from digits and refuses what is none', () => {
    expect(parseInstant('1722062678998')).toBe(1_722_062_678_998)
    expect([0, -1, 1.5, '', '12a', null].map(parseInstant)).toEqual([
      null,
      null,
      null,
      null,
      null,
      null,
    ])
    expect(parseUtcText('2019-10-12 11:12:02')).toBe(Date.UTC(2019, 9, 12, 11, 12, 2))
    expect(parseUtcText('2019-13-12 11:12:02')).toBeNull()
  })
})

// ── any JSON, mutated out of real shapes ──────────────────────────────────────

const sound = (parsed: Parsed<AccountSnapshot>): boolean => {
  if (parsed.kind === 'malformed') return parsed.field !== ''
  const { gaps: _gaps, ...figures } = parsed.value
  return accountSnapshotSchema.safeParse(parsed.value).success && allFinite(figures)
}

describe('properties', () => {
  const runs = { numRuns: 10_000 }

  it.each(['valueOf', 'constructor', '__proto__'])(
    'a leg named %s is malformed',
    (positionSide) => {
      const rows: unknown = binanceAnswers.positionRisk
      const positionRisk = (Array.isArray(rows) ? rows : []).map((row) => ({
        ...row,
        positionSide,
      }))
      expect(positionRisk.length).toBeGreaterThan(0)
      const parsed = parseBinanceAccount(identity, { ...binanceAnswers, positionRisk }, 0, 0)
      expect(sound(parsed)).toBe(true)
    },
  )

  it('no JSON makes the Binance account parser throw, give NaN or leave its schema', () => {
    fc.assert(
      fc.property(mutationsOf(binanceAnswers), fc.integer(), (answers, skew) => {
        if (typeof answers !== 'object' || answers === null) return
        const whole = { ...binanceAnswers, ...answers }
        expect(sound(parseBinanceAccount(identity, whole, 1_722_062_681_000, skew))).toBe(true)
      }),
      runs,
    )
  })

  it('no JSON makes the Hyperliquid account parser throw, give NaN or leave its schema', () => {
    fc.assert(
      fc.property(mutationsOf(hyperliquidAnswers), fc.integer(), (answers, skew) => {
        if (typeof answers !== 'object' || answers === null) return
        const whole = { ...hyperliquidAnswers, ...answers }
        expect(sound(parseHyperliquidAccount(identity, whole, 1_722_062_681_000, skew))).toBe(true)
      }),
      runs,
    )
  })

  it('no JSON makes a wallet parser throw', () => {
    const wanted = { asset: 'USDC', decimals: 6, units: 5_000_000n }
    const withdrawal = {
      id: 'b6ae',
      status: 6,
      withdrawOrderId: 'w1',
      txId: '0xab',
      applyTime: '2019-10-12 11:12:02',
      completeTime: '2019-10-12 11:13:02',
    }
    const network = {
      network: 'ETH',
      withdrawFee: '1',
      withdrawMin: '5',
      withdrawMax: '100',
      withdrawIntegerMultiple: '1E-8',
      withdrawEnable: true,
      depositEnable: true,
      minConfirm: 6,
    }
    const shapes: readonly [unknown, (answer: unknown) => Parsed<unknown>][] = [
      [[withdrawal, { ...withdrawal, withdrawOrderId: 'w2' }], (a) => parseWithdrawal(a, 'w1')],
      [
        [{ txId: '0xAB', status: 1, insertTime: 1_722_062_678_998 }],
        (a) => parseDeposit(a, '0xab'),
      ],
      [[{ coin: 'USDC', networkList: [network] }], (a) => parseNetworks(a, USDC, { ETH: 'evm:1' })],
      [{ balances: [{ asset: 'USDC', free: '12.5' }] }, (a) => parseSpotBalance(a, USDC)],
      [{ enableReading: true, enableWithdrawals: false }, parsePermissions],
      [{ coin: 'USDC', address: '0x1', tag: '' }, (a) => parseDepositAddress(a, 'ETH')],
      [[{ address: '0x1', isDefault: 1 }], (a) => parseDepositAddressList(a, 'ETH')],
      [
        {
          total: 1,
          rows: [{ asset: 'USDC', amount: '5', tranId: 1, status: 'CONFIRMED', timestamp: 9 }],
        },
        (a) => parseInternalMoves(a, wanted),
      ],
      [
        binanceAnswers.assetIndex,
        (a) =>
          parseQuotes(
            ['USDT', 'BTC'],
            { assetIndex: a, premiumIndex: binanceAnswers.premiumIndex },
            0,
          ),
      ],
      [hyperliquidAnswers.metaAndAssetCtxs, (a) => parseMarkQuotes(['ETH'], a, 5)],
    ]
    for (const [shape, parse] of shapes) {
      expect(parse(shape).kind).toBe('parsed')
      fc.assert(
        fc.property(mutationsOf(shape), (answer) => {
          const parsed = parse(answer)
          return parsed.kind === 'parsed' ? allFinite(parsed.value) : parsed.field !== ''
        }),
        { numRuns: 500 },
      )
    }
  })
})

// ── what the venues really sent ───────────────────────────────────────────────

interface Recorded {
  readonly exchange: string
  readonly method: string
  readonly label: string
  readonly httpResponse: unknown
}

const isRecorded = (value: unknown): value is Recorded =>
  typeof value === 'object' && value !== null && 'exchange' in value && 'httpResponse' in value

function readRecorded(): readonly Recorded[] {
  const rows: unknown = JSON.parse(readFileSync(recordedFile, 'utf8'))
  return Array.isArray(rows) ? rows.filter(isRecorded) : []
}

if (!hasRecorded) console.warn('skipped: recorded venue responses (no ../shared/data)')

describe.skipIf(!hasRecorded)('recorded responses', () => {
  const find = (exchange: string, method: string, label = ''): unknown => {
    const row = readRecorded().find(
      (each) => each.exchange === exchange && each.method === method && each.label.includes(label),
    )
    if (row === undefined) throw new Error(`not recorded: ${exchange} ${method} ${label}`)
    return row.httpResponse
  }
  const nothing: BinanceAnswers = {
    account: undefined,
    positionRisk: undefined,
    accountConfig: { multiAssetsMargin: false, dualSidePosition: false },
    symbolConfig: undefined,
    leverageBracket: undefined,
    premiumIndex: undefined,
    assetIndex: undefined,
    fundingInfo: undefined,
    exchangeInfo: undefined,
  }

  it('reads the Binance v3 account and position risk with their exact digits', () => {
    const answers = {
      ...nothing,
      account: find('binance', 'fetchBalance', 'fapiPrivateV3GetAccount'),
      positionRisk: find('binance', 'fetchPositionsRisk'),
      leverageBracket: find('binance', 'fetchLeverageTiers', 'usdm'),
    }
    const snapshot = snapshotOf(parseBinanceAccount(identity, answers, 1_722_062_681_000, 0))
    expect(snapshot.collaterals).toMatchObject([
      { asset: 'BNB', wallet: '0.01000000', withdrawable: '0.01000000', priceUsd: null },
    ])
    expect(snapshot.positions[0]).toMatchObject({
      symbol: 'WLDUSDT',
      base: 'WLD',
      settle: 'USDT',
      side: 'long',
      size: '5',
      entry: '2.3483',
      mark: '2.39560000',
      marginMode: 'cross',
      maintenance: '0.07186800',
      reportedLiquidation: null,
      leverage: null,
      tiers: [],
    })
    expect(snapshot.gaps.length).toBeGreaterThan(3)
  })

  it('skips the empty rows of the older position risk', () => {
    const answers = {
      ...nothing,
      account: { assets: [] },
      positionRisk: find('binance', 'fetchPositionsRisk', 'One-way'),
    }
    const snapshot = snapshotOf(parseBinanceAccount(identity, answers, 5, 0))
    expect(snapshot.positions).toEqual([])
  })

  it('reads withdrawals, addresses and spot balances of Binance', () => {
    const spot = find('binance', 'fetchBalance', 'spot')
    expect(parseSpotBalance(spot, { symbol: 'BTC', decimals: 8 })).toMatchObject({
      value: { units: 219_821n },
    })
    const address = find('binance', 'parseDepositAddress')
    expect(parseDepositAddress(address, 'XRP')).toMatchObject({
      value: { address: 'rEb8TK3gBgk5auZkwc6sHnwrGVJH8DuaLh', tag: '108618262' },
    })
    const networks = find('binance', 'fetchDepositWithdrawFees')
    const parsed = parseNetworks(networks, { symbol: 'BAT', decimals: 18 }, { BNB: 'bnb' })
    expect(parsed).toMatchObject({
      value: [{ network: 'BNB', chain: 'bnb', fee: { units: 270_000_000_000_000_000n } }],
    })
  })

  it('reads the Hyperliquid isolated position with its exact digits', () => {
    const answers = {
      clearinghouseState: find('hyperliquid', 'fetchPositions'),
      metaAndAssetCtxs: [
        { universe: [{ name: 'ETH', szDecimals: 4, maxLeverage: 50 }], marginTables: [] },
        [{ markPx: '2213.9', funding: '0.0000125' }],
      ],
      frontendOpenOrders: [],
    }
    const snapshot = snapshotOf(parseHyperliquidAccount(identity, answers, 1_704_261_009_000, 0))
    expect(snapshot.gaps).toEqual([])
    expect(snapshot.asOf).toBe(1_704_261_007_014)
    expect(snapshot.collaterals[0]).toMatchObject({ wallet: '100', withdrawable: '100.0' })
    expect(snapshot.positions[0]).toMatchObject({
      size: '0.2259',
      isolatedWallet: '24.88097',
      reportedLiquidation: '2125.00856238',
      tiers: [{ floor: 0, rate: 0.01, deduction: 0 }],
    })
  })

  it('takes every recorded answer of every venue without throwing', () => {
    const rows = readRecorded()
    expect(rows.length).toBeGreaterThan(600)
    const unsound = rows.filter(({ httpResponse: answer }) => {
      const binance = { ...binanceAnswers, account: answer, positionRisk: answer }
      const hyperliquid = { ...hyperliquidAnswers, clearinghouseState: answer }
      return (
        !sound(parseBinanceAccount(identity, binance, 5, 0)) ||
        !sound(parseBinanceAccount(identity, { ...binanceAnswers, positionRisk: answer }, 5, 0)) ||
        !sound(parseHyperliquidAccount(identity, hyperliquid, 5, 0))
      )
    })
    expect(unsound).toEqual([])
  })
})
