import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Clock, VenuePort } from '../../host/ports.ts'
import { HOUR_MS } from '../../../shared/units/time.ts'
import { type DemoVenues, startDemoVenues } from '../../simulators/venue/demo.ts'
import type { Fault, Faults } from '../../simulators/venue/faults.ts'
import { createBinanceUsdm } from './binance/binance.ts'
import { createHyperliquid } from './hyperliquid/hyperliquid.ts'

const clock: Clock = { now: Date.now, sleep: () => Promise.resolve() }
const signal = () => AbortSignal.timeout(15_000)
let venues: DemoVenues
let ports: Record<'binance' | 'hyperliquid', VenuePort>

beforeEach(async () => {
  venues = await startDemoVenues({
    deposits: { bitcoin: '', evm: '' },
    usdcContract: '',
    onWithdrawal: async () => '',
  })
  ports = {
    binance: createBinanceUsdm({
      accountId: 'b1',
      label: 'Binance',
      credentials: venues.binance.readOnlyCredentials,
      origins: { every: venues.binance.origin },
      clock,
      timeoutMs: 1_000,
    }),
    hyperliquid: createHyperliquid({
      accountId: 'h1',
      label: 'Hyperliquid',
      user: venues.hyperliquid.user,
      origins: { every: venues.hyperliquid.origin },
      clock,
      timeoutMs: 1_000,
    }),
  }
})

afterEach(async () => {
  await Promise.all(Object.values(ports).map((port) => port.close()))
  await venues.close()
})

const value = <T>(result: { ok: true; value: T } | { ok: false; refusal: unknown }): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}
const refusal = (result: { ok: boolean; refusal?: { code: string; data: object } }) => {
  if (result.ok) throw new Error('was not refused')
  return result.refusal
}

/** How each venue spells the same candle. */
const wires = [
  { venue: 'binance', endpoint: '/fapi/v1/klines', time: '0', high: '2', close: '4' },
  { venue: 'hyperliquid', endpoint: 'candleSnapshot', time: 't', high: 'h', close: 'c' },
] as const

describe.each(wires)('candles of $venue', ({ venue, endpoint, time, high, close }) => {
  const faultsOf = (): Faults => venues[venue].faults
  const fault = (what: Fault, times = 1) => faultsOf().add({ endpoint, fault: what, times })
  const read = (asset = 'ETH', limit = 48) => ports[venue].readCandles(asset, limit, signal())

  it('are the newest closed hours, oldest first, at the market’s prices', async () => {
    const series = value(await read())
    expect(series.candles).toHaveLength(48)
    expect(series.missingHours).toBe(0)
    expect(series.asset).toBe('ETH')
    const expected = venues.path.hourlyCandles('ETH', 49, Date.now()).slice(0, -1)
    expect(series.candles).toEqual(
      expected.map(({ at, open, high: top, low, close: last }) => ({
        openTime: at,
        open: Number(open),
        high: Number(top),
        low: Number(low),
        close: Number(last),
      })),
    )
    const newest = series.candles.at(-1)?.openTime ?? 0
    expect(newest + HOUR_MS).toBeLessThanOrEqual(Date.now())
    expect(newest + 2 * HOUR_MS).toBeGreaterThan(Date.now())
  })

  it('take one request an asset once the venue’s market is known', async () => {
    value(await read())
    const asked = venues[venue].seen.length
    value(await read('BTC'))
    expect(venues[venue].seen).toHaveLength(asked + 1)
  })

  it('are told apart by asset, and refused for what the venue does not trade', async () => {
    const [btc, eth] = [value(await read('BTC')), value(await read('ETH'))]
    expect(btc.candles.at(-1)?.close).toBeGreaterThan(10 * (eth.candles.at(-1)?.close ?? 0))
    expect(btc.source).toMatch(/BTC/)
    expect(refusal(await read('DOGE'))?.code).toBe('VENUE_UNSUPPORTED')
  })

  it('with hours left out are kept, and the hours counted', async () => {
    fault({ kind: 'omit', path: '10' })
    fault({ kind: 'omit', path: '20' })
    const series = value(await read())
    expect(series.missingHours).toBe(2)
    const hours = series.candles.map(({ openTime }) => openTime)
    expect(new Set(hours).size).toBe(hours.length)
    const span = ((hours.at(-1) ?? 0) - (hours[0] ?? 0)) / HOUR_MS + 1
    expect(span - hours.length).toBe(2)
  })

  it('do not include hours after the venue’s own clock', async () => {
    fault({ kind: 'clock-skew', ms: -2 * HOUR_MS }, 1_000)
    const series = value(await read())
    const newest = series.candles.at(-1)?.openTime ?? 0
    expect(newest + HOUR_MS).toBeLessThanOrEqual(Date.now() - 2 * HOUR_MS + 1_000)
  })

  const malformed: readonly [string, Fault][] = [
    ['a price that is no number', { kind: 'set', path: `5.${close}`, value: 'NaN' }],
    ['a price of zero', { kind: 'set', path: `5.${close}`, value: '0' }],
    ['a missing price', { kind: 'set', path: `5.${close}`, value: null }],
    ['a high under the close', { kind: 'set', path: `5.${high}`, value: '1' }],
    ['a time that is no hour', { kind: 'set', path: `5.${time}`, value: 1_700_000_000_001 }],
    ['hours out of order', { kind: 'set', path: `5.${time}`, value: 3_600_000 }],
    [
      'an hour of the future',
      { kind: 'set', path: `48.${time}`, value: 4_000_000_000_000 - (4_000_000_000_000 % HOUR_MS) },
    ],
    ['an object in its place', { kind: 'replace', body: { candles: [] } }],
    ['an element that is no candle', { kind: 'set', path: '3', value: 'x' }],
    ['cut JSON', { kind: 'malformed-json' }],
  ]
  it.each(malformed)('are malformed as a whole with %s', async (_, what) => {
    fault(what)
    expect(refusal(await read())?.code).toBe('VENUE_ANSWER_MALFORMED')
    expect(value(await read()).candles).toHaveLength(48)
  })

  it('are refused by the wire’s own faults', async () => {
    fault({ kind: 'http', status: 500 })
    expect(refusal(await read())).toMatchObject({ code: 'VENUE_UNREACHABLE' })
    fault({ kind: 'http', status: 429 })
    expect(refusal(await read())).toMatchObject({ code: 'VENUE_RATE_LIMITED' })
    fault({ kind: 'hang' })
    expect(refusal(await read())).toMatchObject({ data: { reason: 'timeout' } })
  })

  it('of a young market are few, and none is made up', async () => {
    fault({ kind: 'replace', body: [] })
    expect(value(await read())).toMatchObject({ candles: [], missingHours: 0 })
  })
})

it('a Binance whose list of contracts fails is unreachable, not without the market', async () => {
  venues.binance.faults.add({
    endpoint: '/fapi/v1/exchangeInfo',
    fault: { kind: 'http', status: 500 },
    times: 1,
  })
  const { binance } = ports
  expect(refusal(await binance.readCandles('BTC', 5, signal()))?.code).toBe('VENUE_UNREACHABLE')
  expect(value(await binance.readCandles('BTC', 5, signal())).candles).toHaveLength(5)
})
