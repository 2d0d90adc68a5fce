import { describe, expect, it } from 'vitest'
import { account, ethPosition, position } from '../../shared/collateral/snapshot.fixture.ts'
import type { CandleSeries } from '../../shared/market/candle.ts'
import { HOUR_MS, MINUTE_MS } from '../../shared/units/time.ts'
import type { VenuePort, VenueResult } from './ports.ts'
import { createVolatilityBook } from './volatility.ts'

const start = Date.UTC(2026, 0, 1)

/** Thirty days in which every hour moves by `move`, up and down in turn. */
function moving(asset: string, move: number, end: number): CandleSeries {
  const first = Math.floor(end / HOUR_MS) * HOUR_MS - 721 * HOUR_MS
  const candles = Array.from({ length: 721 }, (_, hour) => {
    const [open, close] = hour % 2 === 0 ? [100, 100 * Math.exp(move)] : [100 * Math.exp(move), 100]
    const openTime = first + hour * HOUR_MS
    return { openTime, open, high: Math.max(open, close), low: Math.min(open, close), close }
  })
  return { asset, source: 'Test', candles, missingHours: 0 }
}

function scene(answer?: (asset: string) => VenueResult<CandleSeries>) {
  let now = start
  const asked: string[] = []
  let changes = 0
  const log: string[] = []
  const book = createVolatilityBook({
    log: (line) => log.push(line),
    clock: { now: () => now, sleep: () => Promise.resolve() },
    timeoutMs: 1_000,
    onChange: () => {
      changes += 1
    },
  })
  const port: Pick<VenuePort, 'venue' | 'readCandles'> = {
    venue: 'binance-usdm',
    readCandles: async (asset) => {
      asked.push(asset)
      return (
        answer?.(asset) ?? { ok: true, value: moving(asset, asset === 'BTC' ? 0.01 : 0.02, now) }
      )
    },
  }
  const snapshot = account({ positions: [position(), ethPosition()] })
  const refresh = async () => {
    book.refresh(port, snapshot, new AbortController().signal)
    await book.settled()
  }
  const pass = (ms: number) => {
    now += ms
  }
  return { book, port, snapshot, refresh, pass, asked, log, changes: () => changes }
}

describe('what the host knows of volatility', () => {
  it('is unknown with a reason before the first answer', () => {
    const { book, snapshot } = scene()
    const facts = book.facts(snapshot)
    expect(facts.volatility).toEqual({})
    expect(facts.averageTrueRange).toEqual({})
    expect(facts.correlation('BTC', 'ETH')).toBeUndefined()
    expect(facts.measured.map(({ asset, missing }) => [asset, missing])).toEqual([
      ['BTC', ['candles.absent']],
      ['ETH', ['candles.absent']],
    ])
  })

  it('comes from one request an asset and hour, however often and for however many accounts', async () => {
    const { book, port, snapshot, refresh, pass, asked, changes } = scene()
    await refresh()
    expect(asked).toEqual(['BTC', 'ETH'])
    const facts = book.facts(snapshot)
    expect(facts.volatility['BTC']).toBeCloseTo(0.01 * Math.sqrt(24), 9)
    expect(facts.volatility['ETH']).toBeCloseTo(0.02 * Math.sqrt(24), 9)
    expect(facts.averageTrueRange['BTC']).toBeGreaterThan(0)
    expect(facts.correlation('ETH', 'BTC')).toBeCloseTo(1, 9)
    expect(facts.measured[0]).toMatchObject({ source: 'Test', asOf: start, samples: 720 })
    expect(changes()).toBe(1)
    await refresh()
    const other = { ...snapshot, accountId: 'a2' }
    book.refresh(port, other, new AbortController().signal)
    pass(HOUR_MS - 1)
    await refresh()
    expect(asked).toHaveLength(2)
    pass(1)
    await refresh()
    expect(asked).toEqual(['BTC', 'ETH', 'BTC', 'ETH'])
  })

  it('does not ask twice while an answer is on its way', async () => {
    const { book, port, snapshot, asked } = scene()
    const { signal } = new AbortController()
    book.refresh(port, snapshot, signal)
    book.refresh(port, { ...snapshot, accountId: 'a2' }, signal)
    await book.settled()
    expect(asked).toEqual(['BTC', 'ETH'])
  })

  it('says why when the venue fails, and asks again after a minute or as long as the venue wants', async () => {
    let limited = false
    const { book, snapshot, refresh, pass, asked } = scene(() =>
      limited
        ? {
            ok: false,
            refusal: {
              code: 'VENUE_RATE_LIMITED',
              data: { venue: 'v', retryAfterMs: 5 * MINUTE_MS },
            },
          }
        : {
            ok: false,
            refusal: { code: 'VENUE_UNREACHABLE', data: { venue: 'v', reason: 'timeout' } },
          },
    )
    await refresh()
    expect(book.facts(snapshot).measured[0]?.missing).toEqual(['candles.VENUE_UNREACHABLE'])
    await refresh()
    expect(asked).toHaveLength(2)
    limited = true
    pass(MINUTE_MS)
    await refresh()
    expect(asked).toHaveLength(4)
    pass(MINUTE_MS)
    await refresh()
    expect(asked).toHaveLength(4)
    pass(4 * MINUTE_MS)
    await refresh()
    expect(asked).toHaveLength(6)
  })

  it('logs an adapter that breaks, goes on with the next asset, and asks again after a minute', async () => {
    const { book, snapshot, refresh, pass, asked, log } = scene((asset) => {
      if (asset === 'BTC' && asked.length < 3) throw new Error('broken invariant')
      return { ok: true, value: moving(asset, 0.01, start) }
    })
    await refresh()
    expect(log).toEqual([expect.stringMatching(/BTC at binance-usdm broke: Error: broken/)])
    expect(book.facts(snapshot).measured[0]?.missing).toEqual(['candles.broken'])
    expect(book.facts(snapshot).volatility['ETH']).toBeGreaterThan(0)
    await refresh()
    expect(asked).toEqual(['BTC', 'ETH'])
    pass(MINUTE_MS)
    await refresh()
    expect(book.facts(snapshot).volatility['BTC']).toBeGreaterThan(0)
  })

  it('outlives a failing hour and becomes unknown after three', async () => {
    let fails = false
    const { book, snapshot, refresh, pass } = scene((asset) =>
      fails
        ? {
            ok: false,
            refusal: { code: 'VENUE_UNREACHABLE', data: { venue: 'v', reason: 'timeout' } },
          }
        : { ok: true, value: moving(asset, 0.01, start) },
    )
    await refresh()
    fails = true
    pass(2 * HOUR_MS)
    await refresh()
    expect(book.facts(snapshot).volatility['BTC']).toBeGreaterThan(0)
    pass(HOUR_MS + 1)
    await refresh()
    const facts = book.facts(snapshot)
    expect(facts.volatility).toEqual({})
    expect(facts.correlation('BTC', 'ETH')).toBeUndefined()
    expect(facts.measured[0]).toMatchObject({ asOf: start, missing: ['candles.stale'] })
  })

  it('keeps venues apart, and stops with the account that asked', async () => {
    const { book, port, snapshot, asked } = scene()
    const gone = new AbortController()
    gone.abort()
    book.refresh(port, snapshot, gone.signal)
    await book.settled()
    expect(asked).toEqual([])
    book.refresh(port, snapshot, new AbortController().signal)
    await book.settled()
    const elsewhere = { ...snapshot, venue: 'hyperliquid' as const }
    expect(book.facts(elsewhere).volatility).toEqual({})
  })
})
