import { expect, it } from 'vitest'
import { account, cash, decimal, position } from '../../shared/collateral/snapshot.fixture.ts'
import type { CandleSeries } from '../../shared/market/candle.ts'
import { measureVolatility } from '../../shared/market/volatility.ts'
import { createUniform } from '../../shared/risk/uniform.ts'
import { HOUR_MS, MINUTE_MS } from '../../shared/units/time.ts'
import { createTouchBook } from './accountTouch.ts'

const start = Date.UTC(2026, 0, 1)

function randomWalk(): CandleSeries {
  const uniform = createUniform(1)
  let close = 100
  const candles = Array.from({ length: 721 }, (_, hour) => {
    const open = close
    close = open * Math.exp((uniform() - 0.5) * 0.02)
    const openTime = start - (721 - hour) * HOUR_MS
    return { openTime, open, high: Math.max(open, close), low: Math.min(open, close), close }
  })
  return { asset: 'BTC', source: 'Test', candles, missingHours: 0 }
}

function scene() {
  let now = start
  let asked = 0
  let series: readonly CandleSeries[] = []
  const book = createTouchBook({
    clock: { now: () => now, sleep: () => Promise.resolve() },
    volatility: {
      facts: () => {
        asked += 1
        const measured = series.map(measureVolatility)
        return {
          volatility: {},
          averageTrueRange: {},
          correlation: () => 1,
          correlations: null,
          measured,
        }
      },
      candles: () => series,
    },
  })
  return {
    book,
    asked: () => asked,
    pass: (ms: number) => {
      now += ms
    },
    arrive: () => {
      series = [randomWalk()]
    },
  }
}

const snapshot = account({ collaterals: [cash(4_000)], positions: [position()] })

it('estimates as soon as candles are there, then once a minute, however often it is polled', () => {
  const { book, asked, pass, arrive } = scene()
  expect(book.touch(snapshot)).toEqual({ kind: 'unknown', missing: ['touch.absent'] })
  book.refresh(snapshot)
  expect(book.touch(snapshot)).toEqual({ kind: 'unknown', missing: ['candles.absent'] })
  arrive()
  book.refresh(snapshot)
  const first = book.touch(snapshot)
  expect(first).toMatchObject({ kind: 'known', asOf: start, samples: 720 })
  for (let poll = 0; poll < 19; poll++) {
    pass(3_000)
    book.refresh(snapshot)
    expect(book.touch(snapshot)).toBe(first)
  }
  expect(asked()).toBe(2)
  pass(3_000)
  book.refresh(snapshot)
  expect(asked()).toBe(3)
  // The same account in the same market: the same draws, the same figure.
  expect(book.touch(snapshot)).toEqual({ ...first, asOf: start + MINUTE_MS })
})

it('does not pass the estimate of one holding off as that of another', () => {
  const { book, arrive } = scene()
  arrive()
  book.refresh(snapshot)
  const larger = { ...snapshot, positions: [position({ size: decimal(2) })] }
  expect(book.touch(larger)).toEqual({ kind: 'unknown', missing: ['touch.changed'] })
  expect(book.touch({ ...snapshot, collaterals: [cash(1)] }).kind).toBe('unknown')
  expect(book.touch(snapshot).kind).toBe('known')
  book.forget(snapshot.accountId)
  expect(book.touch(snapshot).kind).toBe('unknown')
})
