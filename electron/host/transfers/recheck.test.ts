import { expect, test } from 'vitest'
import { ok } from '../../../shared/errors/refusal.ts'
import { defaultPolicy } from '../../../shared/risk/defaultPolicy.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import type { TransferPlan } from '../../../shared/transfer/plan.ts'
import { amount, USDC } from '../../../shared/units/amount.ts'
import type { Decimal } from '../../../shared/units/decimal.ts'
import type { Portfolio } from '../portfolio.ts'
import {
  type RecheckContext,
  checkAge,
  checkAgreed,
  checkPrices,
  movedBps,
  recheckPayment,
  recheckPlan,
} from './recheck.ts'

const hour = 3_600_000
const now = 10 * hour
const quote = { asset: 'BTC', usd: '100000' as Decimal, source: 'test', asOf: now }

const plan: TransferPlan = {
  id: 't1',
  purpose: 'withdraw',
  createdAt: now,
  expiresAt: now + 60_000,
  amount: amount(USDC, 1n),
  networkFee: amount(USDC, 0n),
  recipient: { address: 'a', label: '', origin: 'new' },
  vaultAccount: 'vault',
  accountId: null,
  before: null,
  after: null,
  prices: [quote],
  priceLimitBps: 50,
  execution: {
    kind: 'evm',
    chainId: 1,
    type: 2,
    from: 'f',
    path: 'm',
    nonce: 0,
    to: 't',
    value: 1n,
    data: '',
    gasLimit: 1n,
    maxFeePerGas: 1n,
    maxPriorityFeePerGas: 1n,
    token: null,
  },
}

function priced(usd: string, asOf: number): Portfolio {
  const own = { ...quote, usd: usd as Decimal, asOf }
  const portfolio: Pick<Portfolio, 'quote' | 'quotesOf'> = {
    quote: () => own,
    quotesOf: () => [own],
  }
  return portfolio as Portfolio
}

test.each([
  { name: 'right away', at: now, ok: true },
  { name: 'one millisecond before it ends', at: now + 59_999, ok: true },
  { name: 'at its end', at: now + 60_000, ok: false },
  { name: 'a moment before it was made, by a clock being corrected', at: now - 1_000, ok: true },
  { name: 'an hour before it was made: the clock went back', at: now - hour, ok: false },
])('a plan is valid $name: $ok', ({ at, ok }) => {
  expect(checkAge(plan, defaultPolicy, at).ok).toBe(ok)
})

test('a coin that was to be signed for at another amount stops the plan before all else', async () => {
  const spends = (id: string, value: bigint): TransferPlan => ({
    ...plan,
    id,
    execution: {
      kind: 'bitcoin',
      inputs: [{ txid: 'ab', vout: 0, value }],
    } as unknown as TransferPlan['execution'],
  })
  const asked = {
    id: 'before',
    plan: spends('before', 9n),
    steps: [{ kind: 'sign', state: 'failed', at: 0, reference: null }],
  } as unknown as Transfer
  const context = { transfers: () => [asked] } as unknown as RecheckContext
  expect(await recheckPlan(spends('now', 8n), context)).toMatchObject({
    code: 'COIN_AMOUNT_CHANGED',
    data: { coin: 'ab:0', before: '0.00000009', now: '0.00000008', with: 'before' },
  })
})

test('a policy tightened after the plan was made holds for it too', () => {
  expect(checkAge(plan, { ...defaultPolicy, planLifetimeMs: 1_000 }, now + 1_000).ok).toBe(false)
  const tight = { ...defaultPolicy, priceLimitBps: 10 }
  expect(checkPrices(plan, priced('100200', now), defaultPolicy, now).ok).toBe(true)
  expect(checkPrices(plan, priced('100200', now), tight, now).ok).toBe(false)
})

test.each([
  { name: 'the same price', usd: '100000', asOf: now, code: undefined },
  { name: 'half a per cent', usd: '100500', asOf: now, code: undefined },
  { name: 'a little more', usd: '100501', asOf: now, code: 'PLAN_PRICES_MOVED' },
  { name: 'zero', usd: '0', asOf: now, code: 'PLAN_PRICES_MOVED' },
  { name: 'below zero', usd: '-100000', asOf: now, code: 'PLAN_PRICES_MOVED' },
  { name: 'an old price', usd: '100000', asOf: now - hour, code: 'SNAPSHOT_STALE' },
  { name: 'a price of the future', usd: '100000', asOf: now + hour, code: 'SNAPSHOT_STALE' },
])('prices under an approval: $name', ({ usd, asOf, code }) => {
  const checked = checkPrices(plan, priced(usd, asOf), defaultPolicy, now)
  expect(checked.ok ? undefined : checked.refusal.code).toBe(code)
})

/** A second venue says `second`, from the second question on `later`. */
function twoVenues(second: string, later: string): Portfolio {
  let prices = [quote.usd, second]
  const portfolio: Pick<Portfolio, 'quote' | 'quotesOf' | 'refresh'> = {
    quote: () => ({ ...quote, usd: prices[1] as Decimal, source: 'second' }),
    quotesOf: (asset) =>
      asset === 'BTC'
        ? prices.map((usd, index) => ({
            ...quote,
            usd: usd as Decimal,
            source: index === 0 ? 'test' : 'second',
          }))
        : [],
    refresh() {
      prices = [quote.usd, later]
      return Promise.resolve(ok(2))
    },
  }
  return portfolio as Portfolio
}

test.each([
  { name: 'alike', second: '101000', later: '101000', code: undefined },
  { name: 'apart', second: '95000', later: '95000', code: 'PRICES_DISAGREE' },
  { name: 'apart until both are asked again', second: '95000', later: '100000', code: undefined },
])('two venues’ prices under a plan: $name', async ({ second, later, code }) => {
  const checked = await checkAgreed(
    plan,
    twoVenues(second, later),
    () => 1_000,
    () => now,
  )
  expect(checked.ok ? undefined : checked.refusal.code).toBe(code)
})

test('another venue’s price a little off has not moved', () => {
  expect(checkPrices(plan, twoVenues('102000', ''), defaultPolicy, now).ok).toBe(true)
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, 0, -1])(
  'a price of %d has moved without bound',
  (usd) => {
    expect(movedBps(100, usd)).toBe(Number.POSITIVE_INFINITY)
    expect(movedBps(usd, 100)).toBe(Number.POSITIVE_INFINITY)
  },
)

/** 600 USDC to the same new address over another chain, neither's coin nor nonce the other's. */
const other: Partial<Transfer> = {
  id: 't2',
  state: 'signing',
  createdAt: now,
  plan: {
    ...plan,
    id: 't2',
    amount: amount(USDC, 600_000_000n),
    execution: { ...plan.execution, kind: 'evm', chainId: 10 } as TransferPlan['execution'],
  },
}

test.each([
  { name: 'to a new address', change: {}, allowed: false },
  {
    name: 'to ourselves',
    change: { recipient: { ...plan.recipient, origin: 'vault' } },
    allowed: true,
  },
  {
    name: 'to an account that was there from the start',
    change: { accountId: 'given', recipient: { ...plan.recipient, origin: 'venue-deposit' } },
    allowed: true,
  },
  {
    name: 'to an account connected at the window’s word',
    change: { accountId: 'x', recipient: { ...plan.recipient, origin: 'venue-deposit' } },
    allowed: false,
  },
] as const)('600 beside 600 already approved, $name: $allowed', ({ change, allowed }) => {
  const portfolio: Pick<Portfolio, 'quotesOf'> = {
    quotesOf: (asset) => [{ ...quote, asset, usd: '1' as Decimal }],
  }
  const context = {
    portfolio: portfolio as Portfolio,
    policy: () => defaultPolicy,
    now: () => now,
    transfers: () => [other as Transfer],
    isGiven: (accountId: string) => accountId === 'given',
  }
  const mine = { ...plan, amount: amount(USDC, 600_000_000n), ...change }
  expect(recheckPayment(mine, context).ok).toBe(allowed)
  expect(recheckPayment(mine, { ...context, transfers: () => [] }).ok).toBe(true)
})
