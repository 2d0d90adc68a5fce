import { expect, test } from 'vitest'
import type { Decimal } from '../../shared/units/decimal.ts'
import { checkAgreement, freshOf, highestOf } from './quotes.ts'

const quotesOf = (...prices: readonly string[]) =>
  prices.map((usd, index) => ({
    asset: 'BTC',
    usd: usd as Decimal,
    source: `venue ${index}`,
    asOf: 1_000,
  }))

test.each([
  { name: 'one alone', prices: ['100000'], ok: true },
  { name: 'three per cent apart', prices: ['100000', '103000'], ok: true },
  { name: 'a little more', prices: ['103001', '100000'], ok: false },
  { name: 'two that agree and a third', prices: ['100000', '100010', '50000'], ok: false },
  { name: 'zero beside a price', prices: ['100000', '0'], ok: false },
  { name: 'nonsense beside a price', prices: ['100000', 'x'], ok: false },
  { name: 'none', prices: [], ok: true },
])('venues’ prices of one asset: $name', ({ prices, ok }) => {
  expect(checkAgreement(quotesOf(...prices)).ok).toBe(ok)
})

test('a disagreement names both ends', () => {
  expect(checkAgreement(quotesOf('100000', '90000', '95000'))).toEqual({
    ok: false,
    refusal: {
      code: 'PRICES_DISAGREE',
      data: {
        asset: 'BTC',
        low: '90000',
        lowSource: 'venue 1',
        high: '100000',
        highSource: 'venue 0',
      },
    },
  })
})

test('the highest quote that is a price', () => {
  expect(highestOf(quotesOf('0', '90000', '100000', 'x'))?.usd).toBe('100000')
  expect(highestOf(quotesOf('0', 'x'))).toBeUndefined()
})

test('a quote is as fresh as its distance from now, either way', () => {
  const quotes = quotesOf('1')
  expect(freshOf(quotes, 3_000, 2_000)).toHaveLength(1)
  expect(freshOf(quotes, 3_001, 2_000)).toHaveLength(0)
  expect(freshOf(quotes, -1_001, 2_000)).toHaveLength(0)
})
