import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { account, cash, decimal, ethPosition, position } from '../collateral/snapshot.fixture.ts'
import type { AccountSnapshot } from '../collateral/snapshot.ts'
import { readMarginAccount } from '../margin/account.ts'
import type { Candle, CandleSeries } from '../market/candle.ts'
import { correlationOf, measureCorrelations } from '../market/correlation.ts'
import { measureVolatility } from '../market/volatility.ts'
import { HOUR_MS } from '../units/time.ts'
import { barrierTouch } from './barrier.ts'
import type { Along, Distance } from './report.ts'
import { raisedBy, accountTouchWithinDay } from './accountTouch.ts'
import { type AccountTouch, accountTouchSchema } from './touch.ts'
import { createUniform } from './uniform.ts'

const start = Date.UTC(2026, 0, 1)

/** Thirty days of Gaussian hours, `common` of them shared; the same seed, the same market. */
function market(sigmas: Readonly<Record<string, number>>, common = 0.8, seed = 1): CandleSeries[] {
  const uniform = createUniform(seed)
  const gaussian = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
  const assets = Object.entries(sigmas)
  const closes = assets.map(() => 100)
  const candles = assets.map((): Candle[] => [])
  for (let hour = 0; hour <= 720; hour++) {
    const shared = gaussian()
    assets.forEach(([, sigma], j) => {
      const noise = Math.sqrt(common) * shared + Math.sqrt(1 - common) * gaussian()
      const open = closes[j] ?? 0
      const close = open * Math.exp((sigma / Math.sqrt(24)) * noise)
      closes[j] = close
      const [high, low] = [Math.max(open, close), Math.min(open, close)]
      candles[j]?.push({ openTime: start + hour * HOUR_MS, open, high, low, close })
    })
  }
  return assets.map(([asset], j) => ({
    asset,
    source: 'test',
    candles: candles[j] ?? [],
    missingHours: 0,
  }))
}

function touchOf(
  snapshot: AccountSnapshot,
  series: readonly CandleSeries[],
  paths: number | null = 300,
): AccountTouch {
  const table = measureCorrelations(series)
  return accountTouchWithinDay({
    pools: readMarginAccount(snapshot).pools,
    isPegged: (asset) => asset === 'USDC',
    series,
    measured: series.map(measureVolatility),
    correlation: (a, b) => correlationOf(table, a, b),
    random: createUniform(7),
    now: start,
    ...(paths === null ? {} : { paths }),
  })
}

function known(touch: AccountTouch) {
  if (touch.kind !== 'known') throw new Error(touch.missing.join())
  return touch
}

/** One bitcoin at 92,000 against this much cash. */
const long = (usd: number) => account({ collaterals: [cash(usd)], positions: [position()] })
const quiet = market({ BTC: 0.03, ETH: 0.04 })

describe('an account’s own breach', () => {
  it('is a range over four models that holds its middle', () => {
    const touch = known(touchOf(long(6_000), quiet))
    expect(accountTouchSchema.safeParse(touch).success).toBe(true)
    expect(touch.models.map(({ name }) => name)).toEqual([
      'gbm-30d',
      'gbm-ewma',
      'bootstrap',
      'filtered',
    ])
    expect(touch.low).toBeLessThanOrEqual(touch.middle)
    expect(touch.middle).toBeLessThanOrEqual(touch.high)
    expect(touch).toMatchObject({ samples: 720, paths: 300, asOf: start })
    expect(touch.record.starts).toBe(697)
  })

  it.each([
    // 6,000 + (p − 92,000) − (0.5 % p − 50) = 0, and the same upwards.
    ['long', (92_000 - 6_000 - 50) / (1 - 0.005)],
    ['short', (92_000 + 6_000 + 50) / (1 + 0.005)],
  ] as const)('of one %s position is the formula at its own trigger', (side, trigger) => {
    const snapshot = account({ collaterals: [cash(6_000)], positions: [position({ side })] })
    const touch = known(touchOf(snapshot, quiet, 10))
    const btc = quiet[0]
    const sigma = btc === undefined ? null : measureVolatility(btc).sigma30d
    const b = Math.abs(Math.log(trigger / 92_000))
    const drift = (side === 'long' ? -1 : 1) * ((sigma ?? 0) / 2)
    expect((touch.models[0]?.p ?? 0) / barrierTouch(b / (sigma ?? 1), drift)).toBeCloseTo(1, 4)
  })

  it('by paths agrees with the formula where the formula holds: Gaussian hours', () => {
    const series = market({ BTC: 0.03 }, 0.8, 3)
    const touch = known(touchOf(long(4_000), series, 4_000))
    const [formula, , bootstrap] = touch.models.map(({ p }) => p)
    expect(formula).toBeGreaterThan(0.1)
    // Without the bridge the paths would count a fifth too few.
    expect((bootstrap ?? 0) / (formula ?? 1)).toBeGreaterThan(0.9)
    expect((bootstrap ?? 0) / (formula ?? 1)).toBeLessThan(1.1)
  })

  it('falls with more cash and rises with σ, in every model', () => {
    const cashes = fc.double({ min: 1_000, max: 40_000, noNaN: true })
    fc.assert(
      fc.property(cashes, cashes, fc.double({ min: 1, max: 3, noNaN: true }), (x, y, k) => {
        const [poor, rich] = [Math.min(x, y), Math.max(x, y)]
        const series = market({ BTC: 0.03 })
        const wilder = market({ BTC: 0.03 * k })
        const [near, far] = [known(touchOf(long(poor), series)), known(touchOf(long(rich), series))]
        const wild = known(touchOf(long(rich), wilder))
        far.models.forEach(({ p }, i) => {
          expect(p).toBeLessThanOrEqual((near.models[i]?.p ?? 0) + 1e-9)
          // The centre of log returns shifts by σ²/2: a hair, not a trend.
          expect(p).toBeLessThanOrEqual((wild.models[i]?.p ?? 0) + 1e-3)
          expect(p).toBeGreaterThanOrEqual(0)
          expect(p).toBeLessThanOrEqual(1)
        })
        expect(far.record.p).toBeLessThanOrEqual(near.record.p)
        expect(far.high).toBeGreaterThanOrEqual(far.record.p)
      }),
      { numRuns: 40 },
    )
  })

  it('sees the squeeze of a short and the calm of a hedge', () => {
    const short = account({
      collaterals: [cash(6_000)],
      positions: [position({ side: 'short' })],
    })
    expect(known(touchOf(short, quiet)).high).toBeGreaterThan(0.01)
    const bare = account({
      collaterals: [cash(6_000)],
      positions: [position(), ethPosition({ size: decimal(20) })],
    })
    const hedged = account({
      collaterals: [cash(6_000)],
      positions: [position(), ethPosition({ side: 'short', size: decimal(20) })],
    })
    expect(known(touchOf(hedged, quiet)).high).toBeLessThan(known(touchOf(bare, quiet)).low)
  })

  it('is certain once breached, and impossible without anything that moves', () => {
    expect(known(touchOf(long(100), quiet))).toMatchObject({ low: 1, high: 1, middle: 1 })
    expect(known(touchOf(account(), quiet))).toMatchObject({ low: 0, high: 0 })
  })

  it('is raised at its upper end, and there only, by the counted base rate of a nearest breach', () => {
    const touch = known(touchOf(long(20_000), quiet))
    const to = (shock: number, along: Along = { kind: 'joint' }): Distance => ({
      ...{ kind: 'finite', shock, along, prices: [], sigmas: null },
    })
    const none: Distance = { kind: 'none', searchedTo: 1_000 }
    // BTC fell by 10 % within 0.62 % of the days, and rose by 12 % within 0.03 %: the rule of three says 3/624.
    expect(raisedBy(touch, [to(-0.1), none])).toEqual({ ...touch, baseRate: 0.0062, high: 0.0062 })
    expect(raisedBy(touch, [none, to(0.12)])).toMatchObject({ baseRate: 3 / 624 })
    expect(raisedBy(touch, [to(-0.2, { kind: 'single', asset: 'ETH' }), to(0.2)])).toMatchObject({
      baseRate: 3 / 624,
    })
    const near = known(touchOf(long(3_000), quiet))
    expect(raisedBy(near, [to(-0.1)])).toEqual({ ...near, baseRate: 0.0062 })
  })

  it('is not raised where nobody counted: other assets, ratios, no breach, unknown', () => {
    const touch = known(touchOf(long(20_000), quiet))
    const finite = { kind: 'finite', shock: -0.1, prices: [], sigmas: null } as const
    const ways: readonly Distance[] = [
      { ...finite, along: { kind: 'single', asset: 'SOL' } },
      { ...finite, along: { kind: 'ratio', asset: 'ETH', against: 'BTC' } },
      { kind: 'none', searchedTo: -1 },
      { kind: 'breached' },
      { kind: 'unknown', missing: ['x'] },
    ]
    expect(raisedBy(touch, ways)).toBe(touch)
    const unknown = { kind: 'unknown', missing: ['candles.absent'] } as const
    expect(raisedBy(unknown, [finite])).toBe(unknown)
  })

  it('is the same for the same draws', () => {
    expect(touchOf(long(6_000), quiet)).toEqual(touchOf(long(6_000), quiet))
  })

  it('is unknown without candles, correlation or prices of something held', () => {
    const missing = (touch: AccountTouch) => (touch.kind === 'unknown' ? touch.missing : [])
    const both = account({ collaterals: [cash(6_000)], positions: [position(), ethPosition()] })
    expect(missing(touchOf(both, market({ BTC: 0.03 })))).toEqual(['candles.absent'])
    const short = quiet.map((of) => ({ ...of, candles: of.candles.slice(-300) }))
    expect(missing(touchOf(both, short))).toEqual(['candles.few'])
    const broken = long(6_000)
    const gap = { ...broken, positions: [position({ tiers: [] })] }
    expect(missing(touchOf(gap, quiet)).length).toBeGreaterThan(0)
  })

  it('takes little time for an account of eight positions', () => {
    const names = ['BTC', 'ETH', 'C', 'D', 'E', 'F', 'G', 'H']
    const series = market(Object.fromEntries(names.map((name) => [name, 0.04])))
    const snapshot = account({
      collaterals: [cash(60_000)],
      positions: names.map((base) => position({ base, symbol: `${base}USDC` })),
    })
    const times = [1, 2, 3, 4, 5].map(() => {
      const before = performance.now()
      expect(known(touchOf(snapshot, series, null)).paths).toBe(600)
      return performance.now() - before
    })
    // 50 ms is the promise; a busy machine gets some room.
    expect(Math.min(...times)).toBeLessThan(100)
  })
})
