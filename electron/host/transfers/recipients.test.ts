import { expect, test } from 'vitest'
import { defaultPolicy } from '../../../shared/risk/defaultPolicy.ts'
import { amountFromDecimal, BTC } from '../../../shared/units/amount.ts'
import type { Decimal } from '../../../shared/units/decimal.ts'
import { HOUR_MS } from '../../../shared/units/time.ts'
import { checkFirstPayment, looksAlike } from './recipients.ts'

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
    policy,
    now: 0,
  })
  expect(checked).toMatchObject({ ok: false, refusal: { data: { cap: '0' } } })
})

test('the cap holds until the cool-off after the first confirmed payment has ended', () => {
  const known = [{ address, label: '', firstConfirmedAt: 1_000 }]
  const ask = (now: number) =>
    checkFirstPayment({ address, asked: btc('1'), quote, known, policy, now }).ok
  expect(ask(1_000 + 24 * HOUR_MS - 1)).toBe(false)
  expect(ask(1_000 + 24 * HOUR_MS)).toBe(true)
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
