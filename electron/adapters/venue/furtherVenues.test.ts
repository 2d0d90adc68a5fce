import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AccountSnapshot,
  accountSnapshotSchema,
  type VenueId,
} from '../../../shared/collateral/snapshot.ts'
import { furtherVenues as venues } from './furtherVenues.fixture.ts'
import { allFinite, everywhere, mutationsOf } from './mutations.fixture.ts'
import type { Parsed } from './parsed.ts'

const snapshotOf = (parsed: Parsed<AccountSnapshot>): AccountSnapshot => {
  if (parsed.kind === 'malformed') throw new Error(`${parsed.field}: ${parsed.value}`)
  return parsed.value
}

const sound = (parsed: Parsed<AccountSnapshot>): boolean => {
  if (parsed.kind === 'malformed') return parsed.field !== ''
  const { gaps: _gaps, ...figures } = parsed.value
  return accountSnapshotSchema.safeParse(parsed.value).success && allFinite(figures)
}

describe.each(venues)('$venue', ({ venue, answers, parse, known, ...expected }) => {
  it('reads wallet, position and times with their exact digits', () => {
    const snapshot = snapshotOf(parse(answers))
    expect(snapshot.venue).toBe(venue)
    expect(snapshot.gaps.map(({ field }) => field)).toEqual(known)
    expect(snapshot.collaterals).toMatchObject([expected.collateral])
    expect(snapshot.positions).toMatchObject([expected.position])
    expect(snapshot).toMatchObject(expected.snapshot)
    expect(accountSnapshotSchema.safeParse(snapshot).success).toBe(true)
  })

  it('names each answer that failed, and refuses when nothing can be said without it', () => {
    for (const name of Object.keys(answers)) {
      const parsed = parse({ ...answers, [name]: undefined })
      const said =
        parsed.kind === 'malformed'
          ? parsed.field.startsWith(name)
          : parsed.value.gaps.some(({ field, problem }) => field === name && problem === 'failed')
      expect([name, said]).toEqual([name, true])
    }
  })

  it.each(['constructor', 'valueOf', '__proto__'])(
    'no field is read as what objects know by %s',
    (name) => {
      for (const mutated of everywhere(answers, name)) {
        if (typeof mutated !== 'object' || mutated === null) continue
        expect(sound(parse({ ...answers, ...mutated }))).toBe(true)
      }
    },
  )

  it('no JSON makes it throw, give NaN or leave the schema', () => {
    fc.assert(
      fc.property(mutationsOf(answers), (mutated) => {
        if (typeof mutated !== 'object' || mutated === null) return
        expect(sound(parse({ ...answers, ...mutated }))).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('collateral tables of pools of many assets', () => {
  const tables: readonly {
    readonly venue: VenueId
    readonly mode: Readonly<Record<string, unknown>>
    readonly table: (second: string) => Readonly<Record<string, unknown>>
    readonly off: Readonly<Record<string, unknown>>
  }[] = [
    {
      // GET /api/v5/public/discount-rate-interest-free-quota
      venue: 'okx',
      mode: { config: { data: [{ acctLv: '3', posMode: 'net_mode' }] } },
      table: (second) => ({
        discountRates: {
          data: [
            {
              ccy: 'ETH',
              details: [
                { tier: '2', minAmt: second, maxAmt: '', discountRate: '0.975' },
                { tier: '1', minAmt: '0', maxAmt: second, discountRate: '0.98' },
              ],
            },
          ],
        },
      }),
      off: {
        balance: {
          data: [{ details: [{ ccy: 'ETH', cashBal: '1', collateralEnabled: false }] }],
        },
      },
    },
    {
      // GET /v5/spot-margin-trade/collateral
      venue: 'bybit',
      mode: { accountInfo: { result: { marginMode: 'REGULAR_MARGIN' } } },
      table: (second) => ({
        collateralRatios: {
          result: {
            list: [
              {
                currency: 'USDT',
                collateralRatioList: [
                  { minQty: '0', maxQty: second, collateralRatio: '0.98' },
                  { minQty: second, maxQty: '', collateralRatio: '0.975' },
                ],
              },
            ],
          },
        },
      }),
      off: {
        wallet: {
          result: {
            list: [{ coin: [{ coin: 'USDT', walletBalance: '1', collateralSwitch: false }] }],
          },
        },
      },
    },
  ]

  it.each(tables)('$venue: read from its table, named when absent or crossed', (each) => {
    const row = venues.find(({ venue }) => venue === each.venue)
    if (row === undefined) throw new Error(each.venue)
    const read = (more: Readonly<Record<string, unknown>>) =>
      snapshotOf(row.parse({ ...row.answers, ...each.mode, ...more }))
    const problems = (snapshot: AccountSnapshot) =>
      snapshot.gaps.filter(({ field }) => field.endsWith('.haircuts')).map(({ problem }) => problem)
    const sound = read(each.table('20'))
    expect(sound.collaterals[0]?.haircuts).toEqual([
      { floor: 0, weight: 0.98 },
      { floor: 20, weight: 0.975 },
    ])
    expect(problems(sound)).toEqual([])
    expect(read({}).collaterals[0]?.haircuts).toEqual([])
    expect(problems(read({}))).toEqual(['missing'])
    expect(problems(read(each.table('0')))).toEqual(['malformed'])
    expect(read({ ...each.table('20'), ...each.off }).collaterals[0]?.haircuts).toEqual([
      { floor: 0, weight: 0 },
    ])
  })
})

describe('bad rows', () => {
  const readGate = (position: Readonly<Record<string, unknown>>, copies = 1): AccountSnapshot => {
    const gate = venues.find(({ venue }) => venue === 'gate')
    if (gate === undefined) throw new Error('gate')
    const row = {
      contract: 'BTC_USDT',
      mode: 'single',
      size: 25,
      leverage: '0',
      entry_price: '46030.3',
      mark_price: '46051.6',
      unrealised_pnl: '0.05',
      ...position,
    }
    return snapshotOf(gate.parse({ ...gate.answers, positions: Array(copies).fill(row) }))
  }

  it('counts a position that comes twice once, and says so', () => {
    const snapshot = readGate({}, 2)
    expect(snapshot.positions).toHaveLength(1)
    expect(snapshot.gaps).toContainEqual(
      expect.objectContaining({ field: 'positions.BTC_USDT/single', problem: 'duplicate' }),
    )
  })

  it.each([
    ['mark_price', '-1', 'mark'],
    ['mark_price', '0', 'mark'],
    ['entry_price', '0', 'entry'],
  ])('leaves a position out whose %s is %s', (field, bad, named) => {
    const snapshot = readGate({ [field]: bad })
    expect(snapshot.positions).toEqual([])
    expect(snapshot.gaps).toContainEqual(
      expect.objectContaining({ field: `positions.BTC_USDT.${named}`, problem: 'malformed' }),
    )
  })
})

// ── what the venues really sent ───────────────────────────────────────────────

const folder =
  process.env['BULKHEAD_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const recordedFile = join(folder, 'venue-responses.json')
const hasRecorded = existsSync(recordedFile)
if (!hasRecorded) console.warn('skipped: recorded venue responses (no ../shared/data)')

interface Recorded {
  readonly exchange: string
  readonly method: string
  readonly label: string
  readonly httpResponse: unknown
}

const isRecorded = (value: unknown): value is Recorded =>
  typeof value === 'object' && value !== null && 'exchange' in value && 'httpResponse' in value

describe.skipIf(!hasRecorded)('recorded responses', () => {
  const rows = (): readonly Recorded[] => {
    const parsed: unknown = JSON.parse(readFileSync(recordedFile, 'utf8'))
    return Array.isArray(parsed) ? parsed.filter(isRecorded) : []
  }
  const find = (exchange: string, method: string, label = ''): unknown => {
    const row = rows().find(
      (each) => each.exchange === exchange && each.method === method && each.label.includes(label),
    )
    if (row === undefined) throw new Error(`not recorded: ${exchange} ${method} ${label}`)
    return row.httpResponse
  }
  const read = (venue: VenueId, change: Record<string, unknown>): AccountSnapshot => {
    const row = venues.find((each) => each.venue === venue)
    if (row === undefined) throw new Error(venue)
    return snapshotOf(row.parse({ ...row.answers, ...change }))
  }

  it('OKX: balance and position of 2021', () => {
    const snapshot = read('okx', {
      balance: find('okx', 'fetchBalance'),
      positions: find('okx', 'fetchPositions'),
      instruments: {
        data: [{ instId: 'ETH-USD-210430', instFamily: 'ETH-USD', ctType: 'inverse', ctVal: '10' }],
      },
      markPrice: { data: [{ instId: 'ETH-USD-210430', markPx: '2566.22' }] },
    })
    expect(snapshot.asOf).toBe(1_621_556_553_510)
    expect(snapshot.collaterals[0]).toMatchObject({ asset: 'USDT', wallet: '28.21006347' })
    expect(snapshot.positions[0]).toMatchObject({
      side: 'long',
      leg: 'long',
      size: '10',
      entry: '2566.31',
      isolatedWallet: '0.0003896645377994',
      reportedLiquidation: '2352.8496681818233',
      maintenance: '0.0000311811092368',
    })
  })

  it('Bybit: unified wallet and linear position', () => {
    const snapshot = read('bybit', {
      wallet: find('bybit', 'fetchBalance', 'spot & swap'),
      positions: [find('bybit', 'fetchPosition')],
      accountInfo: { result: { marginMode: 'REGULAR_MARGIN' } },
    })
    expect(snapshot.marginMode).toBe('multi-asset')
    expect(snapshot.collaterals[0]).toMatchObject({ wallet: '0.805994', withdrawable: '0.805994' })
    expect(snapshot.reported).toMatchObject({
      equity: '18070.32797922',
      maintenance: '0.38106773',
    })
    expect(snapshot.positions[0]).toMatchObject({
      symbol: 'XRPUSDT',
      marginMode: 'cross',
      size: '100',
      entry: '0.3615',
      reportedLiquidation: '0.0001',
      maintenance: '0.381021',
    })
  })

  it('KuCoin: isolated position, its empty neighbour left out', () => {
    const contracts = {
      data: [{ symbol: 'ETHUSDTM', baseCurrency: 'ETH', multiplier: 0.01, tickSize: 0.01 }],
    }
    const change = { positions: find('kucoin', 'fetchPositions'), contracts }
    expect(read('kucoin', change).positions[0]).toMatchObject({
      size: '0.02',
      entry: '4182.1',
      isolatedWallet: '3.68897586',
      maintenance: '0.50637594',
      reportedLiquidation: '4023',
    })
  })

  it('dYdX: a hedged subaccount whose equity the wallet explains', () => {
    const market = (oraclePrice: string) => ({
      oraclePrice,
      maintenanceMarginFraction: '0.03',
      nextFundingRate: '0',
      tickSize: '1',
    })
    const snapshot = read('dydx', {
      subaccount: find('dydx', 'fetchBalance'),
      perpetualMarkets: {
        markets: { 'ETH-USD': market('3850'), 'BTC-USD': market('108086.8') },
      },
    })
    expect(snapshot.positions.map(({ symbol, side }) => [symbol, side])).toEqual([
      ['ETH-USD', 'long'],
      ['BTC-USD', 'short'],
    ])
    const wallet = Number(snapshot.collaterals[0]?.wallet)
    const profit = snapshot.positions.reduce((sum, each) => sum + Number(each.unrealised), 0)
    expect(wallet + profit).toBeCloseTo(Number(snapshot.reported.equity), 5)
  })

  it('Gate: cross position and account', () => {
    const snapshot = read('gate', {
      accounts: [find('gate', 'fetchBalance', 'Perpetual Swap')],
      positions: find('gate', 'fetchPositions', 'swap'),
    })
    expect(snapshot.collaterals[0]?.wallet).toBe('12.51345151332')
    expect(snapshot.positions[0]).toMatchObject({
      marginMode: 'cross',
      size: '0.0001',
      mark: '46028.28',
      reportedLiquidation: null,
    })
  })

  it('Bitget: cross position in hedge mode', () => {
    const snapshot = read('bitget', {
      accounts: find('bitget', 'fetchBalance', 'swap'),
      positions: find('bitget', 'fetchPositions', 'AllPosition'),
      tiers: find('bitget', 'fetchMarketLeverageTiers', 'swap'),
    })
    expect(snapshot.positions[0]).toMatchObject({
      size: '0.002',
      reportedLiquidation: '31725.023602417',
      tiers: [{ floor: 0, rate: 0.004, deduction: 0 }],
    })
  })

  it('HTX: v5 position whose negative liquidation price is none', () => {
    const snapshot = read('htx', {
      balance: find('htx', 'fetchBalance', 'linear swap'),
      positions: find('htx', 'fetchPositions'),
    })
    expect(snapshot.collaterals[0]?.wallet).toBe('174.216697577770536136')
    expect(snapshot.positions[0]).toMatchObject({
      leg: 'long',
      size: '0.001',
      entry: '63204.5',
      reportedLiquidation: null,
    })
  })

  it('CoinEx: cross position without a liquidation price', () => {
    const snapshot = read('coinex', { positions: find('coinex', 'fetchPositions') })
    expect(snapshot.positions[0]).toMatchObject({
      marginMode: 'cross',
      size: '0.0001',
      entry: '62336.8',
      maintenance: '0.03118094',
      reportedLiquidation: null,
    })
  })

  it('Binance COIN-M: isolated long of two contracts', () => {
    const snapshot = read('binance-coinm', {
      positionRisk: [find('binance', 'parsePositionRisk', 'coinm')],
    })
    expect(snapshot.positions[0]).toMatchObject({
      side: 'long',
      leg: 'both',
      size: '200',
      entry: '37643.10000021',
      isolatedWallet: '0.00268058',
      reportedLiquidation: '25119.97445760',
    })
  })

  it('takes every recorded answer in every place without throwing', () => {
    const recorded = rows().map(({ httpResponse }) => httpResponse)
    const failing: string[] = []
    for (const { venue, answers, parse } of venues) {
      for (const name of Object.keys(answers)) {
        for (const [index, answer] of recorded.entries()) {
          if (!sound(parse({ ...answers, [name]: answer })))
            failing.push(`${venue}.${name}.${index}`)
        }
      }
    }
    expect(recorded.length).toBeGreaterThan(600)
    expect(failing).toEqual([])
  })
})
