import { expect, test } from 'vitest'
import type { AccountSnapshot } from '../../shared/collateral/snapshot.ts'
import { ok, refuse } from '../../shared/errors/refusal.ts'
import { defaultPolicy } from '../../shared/risk/defaultPolicy.ts'
import type { Quote } from '../../shared/market/quote.ts'
import type { Decimal } from '../../shared/units/decimal.ts'
import type { VenuePort, VenueResult } from './ports.ts'
import { createPortfolio } from './portfolio.ts'

/** Sleeps until it is closed: only what a test asks for is read. */
const clock = {
  now: () => 1_000,
  sleep: (_: number, signal?: AbortSignal) =>
    signal?.aborted === true
      ? Promise.resolve()
      : new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve())),
}

const snapshotOf = (label: string) =>
  ({
    accountId: 'x',
    label,
    venue: 'binance-usdm',
    positions: [],
    collaterals: [],
  }) as Partial<AccountSnapshot> as AccountSnapshot

/** A venue that answers what a test is about and has no candles. */
function venueWith(answers: Partial<VenuePort>): VenuePort {
  const venue: Partial<VenuePort> = {
    accountId: 'x',
    readQuotes: () => Promise.resolve(ok([])),
    readCandles: () =>
      Promise.resolve(refuse('VENUE_UNSUPPORTED', { venue: 'x', action: 'candles' })),
    close: () => Promise.resolve(),
    ...answers,
  }
  return venue as VenuePort
}

test('a slow answer never replaces the answer to a later question', async () => {
  const answers: ((read: VenueResult<AccountSnapshot>) => void)[] = []
  const venue = venueWith({
    readAccount: () => new Promise((resolve) => answers.push(resolve)),
  })
  const portfolio = createPortfolio({
    venues: [venue],
    clock,
    policy: () => defaultPolicy,
    onChange: () => undefined,
    log: () => undefined,
  })
  const refreshed = portfolio.refresh('x')
  await new Promise((resolve) => setTimeout(resolve, 0))
  answers[1]?.(ok(snapshotOf('later question')))
  await refreshed
  answers[0]?.(ok(snapshotOf('earlier question')))
  await new Promise((resolve) => setTimeout(resolve, 0))
  expect(portfolio.account('x')?.snapshot?.label).toBe('later question')
  await portfolio.close()
})

test('a quote dated in the future does not stand against one of now', async () => {
  let quote: Quote = { asset: 'BTC', usd: '1' as Decimal, source: 'test', asOf: 9_000_000 }
  const venue = venueWith({
    readQuotes: () => Promise.resolve(ok([quote])),
    readAccount: () => Promise.resolve(ok(snapshotOf('any'))),
  })
  const portfolio = createPortfolio({
    venues: [venue],
    clock,
    policy: () => defaultPolicy,
    onChange: () => undefined,
    log: () => undefined,
  })
  await portfolio.refresh()
  quote = { ...quote, usd: '100000' as Decimal, asOf: 1_000 }
  await portfolio.refresh()
  expect(portfolio.quote('BTC')?.usd).toBe('100000')
  await portfolio.close()
})

test('each venue’s own quote stands beside the others’, and goes with its account', async () => {
  const venueOf = (accountId: string, usd: string, asOf: number) => {
    const venue: Partial<VenuePort> = {
      accountId,
      readQuotes: () =>
        Promise.resolve(ok([{ asset: 'BTC', usd: usd as Decimal, source: accountId, asOf }])),
      readAccount: () => Promise.resolve(ok(snapshotOf('any'))),
      close: () => Promise.resolve(),
    }
    return venue as VenuePort
  }
  const portfolio = createPortfolio({
    venues: [venueOf('a', '100000', 900), venueOf('b', '50000', 1_000), venueOf('c', '1', 9_000)],
    clock,
    policy: () => defaultPolicy,
    onChange: () => undefined,
    log: () => undefined,
  })
  await portfolio.refresh()
  expect(portfolio.quotesOf('BTC').map(({ usd }) => usd)).toEqual(['100000', '50000', '1'])
  expect(portfolio.quotes()).toHaveLength(1)
  expect(portfolio.quote('BTC')?.source).toBe('b')
  await portfolio.remove('b')
  expect(portfolio.quotesOf('BTC').map(({ source }) => source)).toEqual(['a', 'c'])
  await portfolio.close()
})

test('an adapter that breaks is logged, and asked again', async () => {
  const log: string[] = []
  let asked = 0
  const venue = venueWith({
    readAccount() {
      asked += 1
      return asked === 1
        ? Promise.reject(new Error('broken invariant'))
        : Promise.resolve(ok(snapshotOf('second')))
    },
  })
  const portfolio = createPortfolio({
    venues: [venue],
    clock: { now: () => 1_000, sleep: () => new Promise((resolve) => setTimeout(resolve, 1)) },
    policy: () => defaultPolicy,
    onChange: () => undefined,
    log: (line) => log.push(line),
  })
  await new Promise((resolve) => setTimeout(resolve, 50))
  expect(portfolio.account('x')?.snapshot?.label).toBe('second')
  expect(log.join()).toContain('broken invariant')
  await portfolio.close()
})
