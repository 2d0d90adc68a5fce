import { expect, test } from 'vitest'
import { defaultPolicy } from '../../../shared/risk/defaultPolicy.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import type { EvmTransactionPlan, TransferPlan } from '../../../shared/transfer/plan.ts'
import { amount, amountFromDecimal, BTC, USDC } from '../../../shared/units/amount.ts'
import type { Decimal } from '../../../shared/units/decimal.ts'
import { HOUR_MS } from '../../../shared/units/time.ts'
import { looksAlike } from '../../../shared/transfer/lookAlike.ts'
import { checkFirstPayment, checkLookAlike, checkPayment } from './recipients.ts'

const policy = { ...defaultPolicy, firstPaymentCapUsd: 1_000, coolOffHours: 24 }
const quote = { asset: 'BTC', usd: '100000' as Decimal, source: 'test', asOf: 0 }
const address = 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu'

function btc(text: string) {
  const value = amountFromDecimal(BTC, text, 'exact')
  if (value === undefined) throw new Error(text)
  return value
}

test.each([
  { name: 'up to the cap', asked: '0.01', ok: true },
  { name: 'one satoshi over the cap', asked: '0.01000001', ok: false },
])('a first payment $name', ({ asked, ok }) => {
  const checked = checkFirstPayment({
    address,
    asked: btc(asked),
    quote,
    known: [],
    paidUsd: 0,
    policy,
    now: 0,
  })
  expect(checked.ok).toBe(ok)
  if (!checked.ok) {
    expect(checked.refusal).toEqual({
      code: 'FIRST_PAYMENT_OVER_CAP',
      data: { asked, cap: '0.01000000', asset: 'BTC', address },
    })
  }
})

test('without a price a new recipient gets nothing', () => {
  const checked = checkFirstPayment({
    address,
    asked: btc('0.00001'),
    quote: undefined,
    known: [],
    paidUsd: 0,
    policy,
    now: 0,
  })
  expect(checked).toMatchObject({ ok: false, refusal: { data: { cap: '0' } } })
})

test('the cap holds until the cool-off after the first confirmed payment has ended', () => {
  const known = [{ chain: 'bitcoin', address, label: '', firstConfirmedAt: 1_000 }]
  const ask = (now: number) =>
    checkFirstPayment({ address, asked: btc('1'), quote, known, paidUsd: 0, policy, now }).ok
  expect(ask(1_000 + 24 * HOUR_MS - 1)).toBe(false)
  expect(ask(1_000 + 24 * HOUR_MS)).toBe(true)
})

const usdc = amount(USDC, 400_000_000n)

function payment(change: Partial<Transfer>, nonce: number, moved = usdc): Transfer {
  const execution: Partial<EvmTransactionPlan> = { kind: 'evm', chainId: 1, from: 'f', nonce }
  const plan: Partial<TransferPlan> = {
    id: `t${nonce}`,
    amount: moved,
    recipient: { address, label: '', origin: 'new' },
    prices: [],
    execution: execution as EvmTransactionPlan,
  }
  const transfer: Partial<Transfer> = {
    id: `t${nonce}`,
    plan: plan as TransferPlan,
    state: 'sent',
    signed: null,
    createdAt: 0,
    updatedAt: 0,
  }
  return { ...transfer, ...change } as Transfer
}

const quoteOf = (asset: string) => ({
  ...quote,
  asset,
  ...(asset === 'USDC' ? { usd: '1' as Decimal } : {}),
})
const signed = { rawHex: '', txid: 'x' }

test.each([
  { name: 'one that is done', transfers: [payment({ state: 'done' }, 0)], left: '0.00600000' },
  { name: 'one under way', transfers: [payment({ state: 'signing' }, 0)], left: '0.00600000' },
  {
    name: 'one nobody knows of',
    transfers: [payment({ state: 'unknown' }, 0)],
    left: '0.00600000',
  },
  {
    name: 'two, in other assets',
    transfers: [payment({}, 0), payment({}, 1, btc('0.004'))],
    left: '0.00200000',
  },
  {
    name: 'a signed one that was given up',
    transfers: [payment({ state: 'refused', signed }, 0)],
    left: '0.00600000',
  },
  {
    name: 'one and what took its place, once',
    transfers: [payment({ state: 'refused', signed }, 0), payment({ state: 'done' }, 0)],
    left: '0.00600000',
  },
  {
    name: 'a mere plan: nothing',
    transfers: [payment({ state: 'planned' }, 0)],
    left: '0.01000000',
  },
  {
    name: 'a refused one: nothing',
    transfers: [payment({ state: 'refused' }, 0)],
    left: '0.01000000',
  },
  {
    name: 'more than all of it',
    transfers: [0, 1, 2].map((nonce) => payment({}, nonce)),
    left: '0.00000000',
  },
])('payments to a new address count together: $name', ({ transfers, left }) => {
  const asked = { id: null, chain: 'evm:1', address, asked: btc('1'), claims: [] }
  expect(checkPayment(asked, { transfers, quoteOf, policy, now: 1 })).toMatchObject({
    refusal: { code: 'FIRST_PAYMENT_OVER_CAP', data: { cap: left } },
  })
})

test('an address that is trusted on one chain starts anew on another', () => {
  const transfers = [payment({ state: 'done' }, 0)]
  const now = 1 + policy.coolOffHours * HOUR_MS
  const ask = (chain: string, text: string) =>
    checkPayment(
      { id: null, chain, address, asked: btc(text), claims: [] },
      { transfers, quoteOf, policy, now },
    )
  expect(ask('evm:1', '1')).toEqual({ ok: true, value: 'known' })
  expect(ask('evm:137', '1')).toMatchObject({
    refusal: { code: 'FIRST_PAYMENT_OVER_CAP', data: { cap: '0.01000000' } },
  })
  expect(ask('evm:137', '0.01')).toEqual({ ok: true, value: 'new' })
})

test('a payment is not counted against itself', () => {
  const transfers = [payment({ state: 'signing' }, 0)]
  const own = { id: 't0', chain: 'evm:1', address, asked: btc('0.01'), claims: [] }
  expect(checkPayment(own, { transfers, quoteOf, policy, now: 1 }).ok).toBe(true)
})

test('what was paid without a price leaves nothing', () => {
  const only = (asset: string) => (asset === 'BTC' ? quote : undefined)
  const asked = { id: null, chain: 'evm:1', address, asked: btc('0.0001'), claims: [] }
  const context = { transfers: [payment({}, 0)], quoteOf: only, policy, now: 1 }
  expect(checkPayment(asked, context)).toMatchObject({ ok: false })
})

test.each([
  [
    '0xAbCd000000000000000000000000000000001234',
    '0xabcdffffffffffffffffffffffffffffffff1234',
    true,
  ],
  [
    '0xAbCd000000000000000000000000000000001234',
    '0xabcd000000000000000000000000000000001234',
    false,
  ],
  [
    '0xAbCd000000000000000000000000000000001234',
    '0xabcdffffffffffffffffffffffffffffffff1235',
    false,
  ],
  [
    'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu',
    'bc1qcr8tzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz06fyu',
    true,
  ],
])('%s and %s look alike: %s', (a, b, alike) => {
  expect(looksAlike(a, b)).toBe(alike)
})

test('a recipient that looks like a known address and is another is refused with both', () => {
  const friend = '0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B'
  const twin = `0xab58${'0'.repeat(32)}ec9b`
  expect(checkLookAlike(friend, [friend])).toEqual({ ok: true, value: undefined })
  expect(checkLookAlike(twin, [friend])).toMatchObject({
    refusal: {
      code: 'ADDRESS_INVALID',
      data: { address: twin, reason: `looks like ${friend} and is another address` },
    },
  })
})
