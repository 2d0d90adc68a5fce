import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY_MS, HOUR_MS } from '../units/time.ts'
import { type Candle, type CandleSeries, checkCandles } from './candle.ts'
import { measureCorrelations } from './correlation.ts'
import {
  agedVolatility,
  assetVolatilitySchema,
  averageTrueRange,
  candlesStaleAfterMs,
  hourlyReturns,
  measureVolatility,
  volatilityHours,
} from './volatility.ts'

const start = Date.UTC(2026, 0, 1)

/** Candles along these log returns, from 100; wicks of `wick` beyond the body. */
function walk(returns: readonly number[], wick = 0): readonly Candle[] {
  let close = 100
  return [0, ...returns].map((change, hour) => {
    const open = close
    close = open * Math.exp(change)
    return {
      openTime: start + hour * HOUR_MS,
      open,
      high: Math.max(open, close) * (1 + wick),
      low: Math.min(open, close) / (1 + wick),
      close,
    }
  })
}

function series(candles: readonly Candle[], asset = 'BTC'): CandleSeries {
  return { asset, source: 'test', candles, missingHours: 0 }
}

const hours = volatilityHours - 1
const alternating = (size: number) =>
  Array.from({ length: hours }, (_, i) => (i % 2 ? -size : size))
const returnsArbitrary = fc.array(fc.double({ min: -0.05, max: 0.05, noNaN: true }), {
  minLength: hours,
  maxLength: hours,
})

describe('daily σ', () => {
  it('of an hour that always moves 1 % is √24 %, by both weights', () => {
    const measured = measureVolatility(series(walk(alternating(0.01))))
    expect(measured.sigma30d).toBeCloseTo(0.01 * Math.sqrt(24), 12)
    expect(measured.sigmaEwma).toBeCloseTo(0.01 * Math.sqrt(24), 12)
    expect(measured).toMatchObject({ samples: 720, missing: [], source: 'test', missingHours: 0 })
    expect(measured.asOf).toBe(start + volatilityHours * HOUR_MS)
  })

  it('gives the last 24 hours half of EWMA’s weight', () => {
    // Still for 29 days, then 1 % an hour: what remains of the weight is 2^(−30).
    const returns = [...Array<number>(hours - 24).fill(0), ...alternating(0.01).slice(0, 24)]
    const measured = measureVolatility(series(walk(returns)))
    expect(measured.sigmaEwma).toBeCloseTo(Math.sqrt(24 * 0.0001 * 0.5), 9)
    expect(measured.sigma30d).toBeCloseTo(Math.sqrt(24 * 0.0001 * (24 / 720)), 12)
    expect(measured.sigma).toBe(measured.sigmaEwma)
  })

  it('says the larger of the two, so that a quiet day after a wild month does not calm it', () => {
    const returns = [...alternating(0.02).slice(0, hours - 48), ...Array<number>(48).fill(0)]
    const measured = measureVolatility(series(walk(returns)))
    expect(measured.sigma).toBe(measured.sigma30d)
    expect(measured.sigma30d).toBeGreaterThan(measured.sigmaEwma ?? 1)
  })

  it('scales with the returns, and not with the price', () => {
    fc.assert(
      fc.property(returnsArbitrary, fc.double({ min: 0.1, max: 2, noNaN: true }), (returns, k) => {
        const base = measureVolatility(series(walk(returns)))
        const scaled = measureVolatility(series(walk(returns.map((r) => r * k))))
        for (const name of ['sigma', 'sigma30d', 'sigmaEwma'] as const)
          if (base[name] !== null && scaled[name] !== null)
            expect(scaled[name] / (base[name] * k)).toBeCloseTo(1, 6)
        const dearer = walk(returns, 0.001).map((c) => ({
          openTime: c.openTime,
          open: c.open * 1000,
          high: c.high * 1000,
          low: c.low * 1000,
          close: c.close * 1000,
        }))
        const cheap = measureVolatility(series(walk(returns, 0.001)))
        const dear = measureVolatility(series(dearer))
        expect((dear.atr ?? 1) / (cheap.atr ?? 1)).toBeCloseTo(1, 9)
      }),
      { numRuns: 30 },
    )
  })

  it('is a valid report for any walk, and every figure is positive or absent with a reason', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -0.2, max: 0.2, noNaN: true }), { maxLength: 760 }),
        (returns) => {
          const measured = measureVolatility(series(walk(returns, 0.001)))
          expect(assetVolatilitySchema.safeParse(measured).success).toBe(true)
          if (measured.sigma === null) expect(measured.missing).not.toEqual([])
          if (measured.atr !== null) expect(measured.atr).toBeGreaterThan(0)
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('unknown rather than a default', () => {
  it('with fewer than twenty days of hours', () => {
    const few = measureVolatility(series(walk(alternating(0.01).slice(0, 479))))
    expect(few).toMatchObject({ sigma: null, atr: null, samples: 479, missing: ['candles.few'] })
    const enough = measureVolatility(series(walk(alternating(0.01).slice(0, 480))))
    expect(enough.sigma).not.toBeNull()
    expect(measureVolatility(series([]))).toMatchObject({ asOf: null, missing: ['candles.few'] })
  })

  it('with a price that never moved', () => {
    const still = measureVolatility(series(walk(Array<number>(hours).fill(0))))
    expect(still).toMatchObject({ sigma: null, atr: null, missing: ['candles.still'] })
  })

  it('once the newest candle is too old, or of the future', () => {
    const measured = measureVolatility(series(walk(alternating(0.01), 0.001)))
    const closed = measured.asOf ?? 0
    expect(agedVolatility(measured, closed + candlesStaleAfterMs)).toBe(measured)
    for (const now of [closed + candlesStaleAfterMs + 1, closed - candlesStaleAfterMs - 1])
      expect(agedVolatility(measured, now)).toMatchObject({
        sigma: null,
        sigma30d: null,
        sigmaEwma: null,
        atr: null,
        asOf: closed,
        missing: ['candles.stale'],
      })
  })

  it('makes no return across a gap', () => {
    const candles = walk([0.01, 0.5, 0.01]).filter((_, hour) => hour !== 2)
    expect(hourlyReturns(candles).map(({ value }) => value)).toEqual([expect.closeTo(0.01, 12)])
  })
})

describe('average true range', () => {
  /** Whole days, flat at `close` but for one hour each that touches high and low. */
  const days = (rows: readonly (readonly [high: number, low: number, close: number])[]) =>
    rows.flatMap(([high, low, close], day) =>
      Array.from(
        { length: 24 },
        (_, hour): Candle => ({
          openTime: start + day * DAY_MS + hour * HOUR_MS,
          open: close,
          high: hour === 5 ? high : close,
          low: hour === 5 ? low : close,
          close,
        }),
      ),
    )

  it('counts a gap over night: fifteen days worked by hand', () => {
    // Thirteen ranges of 4; on the last day 110 to 108 after a close of 100: true range 10.
    const rows = [
      ...Array.from({ length: 14 }, () => [102, 98, 100] as const),
      [110, 108, 109] as const,
    ]
    expect(averageTrueRange(days(rows))).toBeCloseTo((13 * 4 + 10) / 14, 12)
    expect(averageTrueRange(days(rows.slice(1)))).toBeNull()
  })

  it('leaves out days that are not whole, and those after them', () => {
    const rows = Array.from({ length: 17 }, () => [102, 98, 100] as const)
    const candles = days(rows)
    expect(averageTrueRange(candles.filter((_, i) => i !== 3 * 24 + 5))).toBeCloseTo(4, 12)
    const torn = candles.filter((_, i) => i !== 3 * 24 + 5 && i !== 6 * 24 + 5)
    expect(averageTrueRange(torn)).toBeNull()
  })
})

describe('correlation', () => {
  it('is symmetric, positive semidefinite, and one on the diagonal', () => {
    fc.assert(
      fc.property(
        fc.array(returnsArbitrary, { minLength: 2, maxLength: 4 }),
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
        (columns, weights) => {
          const table = measureCorrelations(columns.map((r, i) => series(walk(r), `A${i}`)))
          if (table === null) return
          let form = 0
          table.matrix.forEach((row, i) =>
            row.forEach((rho, j) => {
              expect(rho).toBe(table.matrix[j]?.[i])
              expect(Math.abs(rho)).toBeLessThanOrEqual(1 + 1e-12)
              form += rho * (weights[i] ?? 0) * (weights[j] ?? 0)
            }),
          )
          expect(form).toBeGreaterThanOrEqual(-1e-9)
        },
      ),
      { numRuns: 30 },
    )
  })

  it('is one with itself, minus one with its mirror, and none with what shares too few hours', () => {
    const returns = alternating(0.01)
    const mirror = returns.map((r) => -r)
    const table = measureCorrelations([
      series(walk(returns), 'A'),
      series(walk(returns.map((r) => 3 * r)), 'B'),
      series(walk(mirror), 'C'),
    ])
    expect(table?.samples).toBe(720)
    expect(table?.matrix[0]?.[1]).toBeCloseTo(1, 12)
    expect(table?.matrix[0]?.[2]).toBeCloseTo(-1, 12)
    const late = walk(returns).map((c) => ({ ...c, openTime: c.openTime + 490 * HOUR_MS }))
    expect(measureCorrelations([series(walk(returns)), series(late)])).toBeNull()
    expect(measureCorrelations([])).toBeNull()
  })
})

describe('checking candles', () => {
  const now = start + 10.5 * HOUR_MS
  const ten = walk(Array<number>(9).fill(0.01))

  it('drops the running hour and counts absent ones', () => {
    const running = { ...ten[9], openTime: start + 10 * HOUR_MS }
    const rows = [
      ...ten.filter((_, i) => i !== 4),
      { open: 1, high: 1, low: 1, close: 1, ...running },
    ]
    const checked = checkCandles(rows, now, 100)
    if (checked.kind !== 'closed') throw new Error(checked.reason)
    expect(checked.candles).toHaveLength(9)
    expect(checked.missingHours).toBe(1)
    const newest = checkCandles(rows, now, 3)
    expect(newest.kind === 'closed' && newest.candles.length).toBe(3)
    expect(newest.kind === 'closed' && newest.missingHours).toBe(0)
  })
})
