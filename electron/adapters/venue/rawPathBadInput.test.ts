/** Bad input through the raw path of every venue: a gap or a typed refusal names field and value, the rest of the
 *  account still shows, marked partial. Each account holds a sound position and a second one, which goes bad. */
import { describe, expect, it } from 'vitest'
import type { AccountSnapshot, VenueId } from '../../../shared/collateral/snapshot.ts'
import { defaultBetas } from '../../../shared/market/betas.ts'
import { assess } from '../../../shared/risk/assess.ts'
import { defaultPolicy } from '../../../shared/risk/defaultPolicy.ts'
import type { RiskReport } from '../../../shared/risk/report.ts'
import { parseBinanceAccount } from './binance/parseAccount.ts'
import { furtherVenues } from './furtherVenues.fixture.ts'
import { parseHyperliquidAccount } from './hyperliquid/parseAccount.ts'
import { allFinite } from './mutations.fixture.ts'
import type { Parsed } from './parsed.ts'

const at = 1_800_000_000_000
const identity = { accountId: 'a', label: 'A' }

type Answers = Readonly<Record<string, unknown>>
type Row = Readonly<Record<string, unknown>>

/** One place of an answer: rows of the second position there get `set`, or go. */
interface Edit {
  readonly answer: string
  readonly set?: Row
  readonly remove?: true
}

interface Door {
  readonly venue: VenueId
  /** In the names of everything that belongs to the second position, and to nothing else. */
  readonly token: string
  readonly answers: Answers
  readonly parse: (answers: Answers) => Parsed<AccountSnapshot>
  readonly positions: string
  readonly size: string
  readonly mode: Edit | null
  readonly mark: readonly [answer: string, field: string]
  readonly market: string
  readonly tiers: string
  /** The second position's tier table, its floors crossed. */
  readonly crossed: Row
  /** The position list with the second one twice, where it is not a plain list of rows. */
  readonly twice?: unknown
}

const isRow = (value: unknown): value is Row =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const saysToken = (row: Row, token: string) =>
  Object.values(row).some((value) => typeof value === 'string' && value.includes(token))

/** Adds a copy of every row that names `from`, under `to`. */
function withSecond(value: unknown, from: string, to: string): unknown {
  const renamed = (part: unknown): unknown => JSON.parse(JSON.stringify(part).replaceAll(from, to))
  if (Array.isArray(value))
    return value.flatMap((item: unknown) =>
      isRow(item) && saysToken(item, from) ? [item, renamed(item)] : [withSecond(item, from, to)],
    )
  if (!isRow(value)) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) =>
      key.includes(from)
        ? [
            [key, child],
            [key.replaceAll(from, to), renamed(child)],
          ]
        : [[key, withSecond(child, from, to)]],
    ),
  )
}

function edited(value: unknown, token: string, edit: Edit): unknown {
  const { set, remove } = edit
  const change = (row: Row) => (remove === true ? [] : [{ ...row, ...set }])
  if (Array.isArray(value))
    return value.flatMap((item: unknown) =>
      isRow(item) && saysToken(item, token) ? change(item) : [edited(item, token, edit)],
    )
  if (!isRow(value)) return value
  if (saysToken(value, token)) return { ...value, ...set }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, child]) => {
      if (!key.includes(token)) return [[key, edited(child, token, edit)]]
      if (remove === true) return []
      return [[key, isRow(child) ? { ...child, ...set } : (set?.['rows'] ?? child)]]
    }),
  )
}

const apply = (door: Door, edit: Edit): Answers => ({
  ...door.answers,
  [edit.answer]: edited(door.answers[edit.answer], door.token, edit),
})

// ── eleven doors ──────────────────────────────────────────────────────────────

const perpRow = (coin: string) => ({
  type: 'oneWay',
  position: {
    coin,
    entryPx: '100',
    leverage: { rawUsd: '-80', type: 'isolated', value: 5 },
    liquidationPx: '82',
    marginUsed: '20',
    szi: '1',
    unrealizedPnl: '0',
  },
})

const perpState = (coins: readonly string[]) => ({
  assetPositions: coins.map(perpRow),
  crossMaintenanceMarginUsed: '0',
  crossMarginSummary: { accountValue: '100' },
  marginSummary: { accountValue: '140' },
  time: at,
  withdrawable: '100',
})

const binanceRow = (symbol: string) => ({
  symbol,
  positionSide: 'BOTH',
  positionAmt: '1',
  entryPrice: '100',
  markPrice: '100',
  unRealizedProfit: '0',
  liquidationPrice: '82',
  isolatedMargin: '20',
  isolatedWallet: '20',
  maintMargin: '0.4',
  marginAsset: 'USDT',
})
const two = ['BTCUSDT', 'SECUSDT']

const own: readonly Door[] = [
  {
    venue: 'binance-usdm',
    token: 'SEC',
    answers: {
      account: {
        assets: [
          {
            asset: 'USDT',
            walletBalance: '140',
            crossWalletBalance: '100',
            marginBalance: '140',
            maintMargin: '0.8',
            openOrderInitialMargin: '0',
            maxWithdrawAmount: '100',
          },
        ],
        positions: [],
      },
      positionRisk: two.map(binanceRow),
      accountConfig: { multiAssetsMargin: false, dualSidePosition: false },
      symbolConfig: two.map((symbol) => ({ symbol, marginType: 'ISOLATED', leverage: 5 })),
      leverageBracket: two.map((symbol) => ({
        symbol,
        brackets: [
          { notionalFloor: 0, maintMarginRatio: 0.004, cum: 0 },
          { notionalFloor: 5_000, maintMarginRatio: 0.01, cum: 30 },
        ],
      })),
      premiumIndex: two.map((symbol) => ({
        symbol,
        lastFundingRate: '0.0001',
        indexPrice: '100',
        time: at,
      })),
      assetIndex: [{ symbol: 'USDTUSD', index: '1', bidBuffer: '0', time: at }],
      fundingInfo: [],
      exchangeInfo: {
        symbols: two.map((symbol) => ({
          symbol,
          baseAsset: symbol.replace('USDT', ''),
          filters: [{ filterType: 'PRICE_FILTER', tickSize: '0.01' }],
        })),
      },
    },
    parse: (answers) =>
      parseBinanceAccount(
        identity,
        {
          account: answers['account'],
          positionRisk: answers['positionRisk'],
          accountConfig: answers['accountConfig'],
          symbolConfig: answers['symbolConfig'],
          leverageBracket: answers['leverageBracket'],
          premiumIndex: answers['premiumIndex'],
          assetIndex: answers['assetIndex'],
          fundingInfo: answers['fundingInfo'],
          exchangeInfo: answers['exchangeInfo'],
        },
        at,
        0,
      ),
    positions: 'positionRisk',
    size: 'positionAmt',
    mode: { answer: 'symbolConfig', set: { marginType: 'QUANTUM' } },
    mark: ['positionRisk', 'markPrice'],
    market: 'exchangeInfo',
    tiers: 'leverageBracket',
    crossed: {
      brackets: [
        { notionalFloor: 0, maintMarginRatio: 0.004, cum: 0 },
        { notionalFloor: 0, maintMarginRatio: 0.01, cum: 30 },
      ],
    },
  },
]

const perpetuals: Door = {
  venue: 'hyperliquid',
  token: 'SEC',
  answers: {
    clearinghouseState: perpState(['BTC', 'SEC']),
    metaAndAssetCtxs: [
      {
        universe: ['BTC', 'SEC'].map((name) => ({ name, szDecimals: 2, maxLeverage: 25 })),
        marginTables: [[55, { marginTiers: [{ lowerBound: '5', maxLeverage: 25 }] }]],
      },
      ['BTC', 'SEC'].map((marked) => ({ marked, markPx: '100', funding: '0.00001' })),
    ],
    frontendOpenOrders: [],
  },
  parse: (answers) =>
    parseHyperliquidAccount(
      identity,
      {
        clearinghouseState: answers['clearinghouseState'],
        metaAndAssetCtxs: answers['metaAndAssetCtxs'],
        frontendOpenOrders: answers['frontendOpenOrders'],
      },
      at,
      0,
    ),
  positions: 'clearinghouseState',
  size: 'szi',
  mode: {
    answer: 'clearinghouseState',
    set: { leverage: { rawUsd: '-80', type: 'quantum', value: 5 } },
  },
  mark: ['metaAndAssetCtxs', 'markPx'],
  market: 'metaAndAssetCtxs',
  tiers: 'metaAndAssetCtxs',
  crossed: { marginTableId: 55 },
  twice: perpState(['BTC', 'SEC', 'SEC']),
}

interface Way {
  readonly from: string
  readonly to: string
  readonly positions: string
  readonly size: string
  readonly mode: Edit | null
  readonly mark: readonly [string, string]
  readonly market: string
  readonly tiers: string
  readonly crossed: Row
}

const ways: { readonly [V in VenueId]?: Way } = {
  'binance-coinm': {
    from: 'BTC',
    to: 'SEC',
    positions: 'positionRisk',
    size: 'positionAmt',
    mode: { answer: 'positionRisk', set: { marginType: 'quantum' } },
    mark: ['positionRisk', 'markPrice'],
    market: 'exchangeInfo',
    tiers: 'leverageBracket',
    crossed: {
      brackets: [
        { qtyFloor: 0, maintMarginRatio: 0.004, cum: 0 },
        { qtyFloor: 0, maintMarginRatio: 0.005, cum: 0.005 },
      ],
    },
  },
  okx: {
    from: 'ETH',
    to: 'SEC',
    positions: 'positions',
    size: 'pos',
    mode: { answer: 'positions', set: { mgnMode: 'quantum' } },
    mark: ['positions', 'markPx'],
    market: 'instruments',
    tiers: 'positionTiers',
    crossed: { minSz: '5' },
  },
  bybit: {
    from: 'XRP',
    to: 'SEC',
    positions: 'positions',
    size: 'size',
    mode: { answer: 'positions', set: { tradeMode: 9 } },
    mark: ['positions', 'markPrice'],
    market: 'instruments',
    tiers: 'riskLimits',
    crossed: { riskLimitValue: '0' },
  },
  kucoin: {
    from: 'XBT',
    to: 'SEC',
    positions: 'positions',
    size: 'currentQty',
    mode: { answer: 'positions', set: { marginMode: 'QUANTUM' } },
    mark: ['positions', 'markPrice'],
    market: 'contracts',
    tiers: 'riskLimits',
    crossed: { minRiskLimit: 7 },
  },
  dydx: {
    from: 'BTC',
    to: 'SEC',
    positions: 'subaccount',
    size: 'size',
    // The venue has one mode a subaccount.
    mode: null,
    mark: ['perpetualMarkets', 'oraclePrice'],
    market: 'perpetualMarkets',
    tiers: 'perpetualMarkets',
    crossed: { maintenanceMarginFraction: '1.5' },
  },
  gate: {
    from: 'BTC',
    to: 'SEC',
    positions: 'positions',
    size: 'size',
    // The mode follows from the leverage: 0 is cross.
    mode: { answer: 'positions', set: { leverage: 'quantum' } },
    mark: ['positions', 'mark_price'],
    market: 'contracts',
    tiers: 'riskLimitTiers',
    crossed: {
      rows: [
        { risk_limit: '0', maintenance_rate: '0.004' },
        { risk_limit: '0', maintenance_rate: '0.006' },
      ],
    },
  },
  bitget: {
    from: 'BTC',
    to: 'SEC',
    positions: 'positions',
    size: 'total',
    mode: { answer: 'positions', set: { marginMode: 'quantum' } },
    mark: ['positions', 'markPrice'],
    market: 'contracts',
    tiers: 'tiers',
    crossed: { startUnit: '7' },
  },
  htx: {
    from: 'BTC',
    to: 'SEC',
    positions: 'positions',
    size: 'volume',
    mode: { answer: 'positions', set: { margin_mode: 'quantum' } },
    mark: ['positions', 'mark_price'],
    market: 'contracts',
    tiers: 'adjustFactors',
    crossed: { list: [{ lever_rate: 20, ladders: [{ min_size: 5, adjust_factor: 0.1 }] }] },
  },
  coinex: {
    from: 'BTC',
    to: 'SEC',
    positions: 'positions',
    size: 'open_interest',
    mode: { answer: 'positions', set: { margin_mode: 'quantum' } },
    mark: ['tickers', 'mark_price'],
    market: 'markets',
    tiers: 'levels',
    crossed: {
      level: [
        { amount: '0', maintenance_margin_rate: '0.005' },
        { amount: '0', maintenance_margin_rate: '0.01' },
      ],
    },
  },
}

const further: readonly Door[] = furtherVenues.flatMap(({ venue, answers, parse }) => {
  const way = ways[venue]
  if (way === undefined) return []
  const both = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [name, withSecond(answer, way.from, way.to)]),
  )
  return [
    { ...way, venue, token: way.to, answers: both, parse: (given: Answers) => parse({ ...given }) },
  ]
})

const doors: readonly Door[] = [...own, perpetuals, ...further]

// ── what every venue must do ──────────────────────────────────────────────────

const snapshotOf = (parsed: Parsed<AccountSnapshot>): AccountSnapshot => {
  if (parsed.kind === 'malformed') throw new Error(`${parsed.field}: ${parsed.value}`)
  return parsed.value
}

const report = (snapshot: AccountSnapshot): RiskReport =>
  assess(snapshot, { policy: defaultPolicy, betas: defaultBetas, now: snapshot.asOf })

interface Named {
  readonly field: string
  readonly value: string | null
}

/** Gaps and refusals that speak of the second position. */
function named(snapshot: AccountSnapshot, token: string): readonly Named[] {
  const refused = (report(snapshot).refusals ?? []).map(({ data }) => data)
  return [...snapshot.gaps, ...refused]
    .filter(({ field }) => field.includes(token))
    .map(({ field, value }) => ({ field, value }))
}

/** The sound position still shows, the account is partial, nothing is NaN, and no excess is claimed. */
function expectPartial(door: Door, snapshot: AccountSnapshot) {
  const said = report(snapshot)
  expect(snapshot.positions.filter(({ symbol }) => !symbol.includes(door.token))).toHaveLength(1)
  const [sound] = said.positions.filter(({ symbol }) => !symbol.includes(door.token))
  expect(sound?.notionalUsd).toBeDefined()
  const pool = said.pools?.find(({ id }) => id.includes(sound?.symbol ?? '-'))
  // In a pool of its own its price is still known; what it shares with the bad one is not.
  if (pool !== undefined) expect(sound?.displayed?.kind ?? 'known').toBe('known')
  else expect(sound?.trigger?.kind).toBe('unknown')
  expect(said.state).toBe('partial')
  expect(said.excessUsd.kind).toBe('unknown')
  const { gaps: _, ...figures } = snapshot
  expect(allFinite(figures)).toBe(true)
  expect(allFinite(said)).toBe(true)
}

describe.each(doors)('$venue', (door) => {
  it('reads both positions while they are sound', () => {
    const snapshot = snapshotOf(door.parse(door.answers))
    expect(snapshot.positions).toHaveLength(2)
    expect(named(snapshot, door.token).filter(({ field }) => !/priceUsd/.test(field))).toEqual([])
  })

  it('refuses an unknown margin mode by name', () => {
    if (door.mode === null) {
      // Its answers say no mode at all: there is none that could be unknown.
      expect(door.venue).toBe('dydx')
      return
    }
    const snapshot = snapshotOf(door.parse(apply(door, door.mode)))
    const [word] = Object.values(door.mode.set ?? {})
    const value = isRow(word) ? JSON.stringify(word) : String(word)
    expect(snapshot.positions).toHaveLength(1)
    expect(named(snapshot, door.token).map((each) => each.value)).toContain(value)
    expectPartial(door, snapshot)
  })

  it('names tiers that are missing, and those that cross', () => {
    // Where the market carries the tier there is no table to miss.
    if (door.tiers !== door.market) {
      const bare = snapshotOf(door.parse(apply(door, { answer: door.tiers, remove: true })))
      expect(named(bare, door.token).map(({ field }) => field)).toContainEqual(
        expect.stringMatching(/^tiers\./),
      )
      expectPartial(door, bare)
    }
    const edit = { answer: door.tiers, set: door.crossed }
    const crossed = snapshotOf(door.parse(apply(door, edit)))
    const said = named(crossed, door.token).find(({ field }) => field.startsWith('tiers.'))
    expect(said?.value).toEqual(expect.stringMatching(/./))
    expectPartial(door, crossed)
  })

  it.each(['0', '-1'])('names the mark %s', (value) => {
    const [answer, field] = door.mark
    const snapshot = snapshotOf(door.parse(apply(door, { answer, set: { [field]: value } })))
    expect(snapshot.positions).toHaveLength(1)
    expect(named(snapshot, door.token)).toContainEqual(
      expect.objectContaining({ field: expect.stringMatching(/mark/i), value }),
    )
    expectPartial(door, snapshot)
  })

  it('names a position that has no market', () => {
    const snapshot = snapshotOf(door.parse(apply(door, { answer: door.market, remove: true })))
    expect(named(snapshot, door.token).length).toBeGreaterThan(0)
    expectPartial(door, snapshot)
  })

  it('counts a position that comes twice once, and says so', () => {
    // Where positions are keyed by market, JSON itself has each once.
    if (door.venue === 'dydx') return
    const twice = door.twice ?? withSecond(door.answers[door.positions], door.token, door.token)
    const snapshot = snapshotOf(door.parse({ ...door.answers, [door.positions]: twice }))
    expect(snapshot.positions).toHaveLength(2)
    expect(snapshot.gaps).toContainEqual(
      expect.objectContaining({
        field: expect.stringContaining(door.token),
        problem: 'duplicate',
        value: expect.stringContaining(door.token),
      }),
    )
    expect(report(snapshot).state).toBe('partial')
  })

  it.each(['1000000000000000000', '0.000000000000000001'])('names the size %s', (size) => {
    // Its shorts carry a negative size.
    const signed = door.venue === 'dydx' ? `-${size}` : size
    const edit = { answer: door.positions, set: { [door.size]: signed } }
    const snapshot = snapshotOf(door.parse(apply(door, edit)))
    const said = named(snapshot, door.token).filter(({ field }) => /[sS]ize|Amt|szi/.test(field))
    expect(said.some(({ value }) => value !== null && /^-?[\d.]+$/.test(value))).toBe(true)
    expectPartial(door, snapshot)
  })
})
