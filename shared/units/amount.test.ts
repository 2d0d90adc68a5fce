import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  amount,
  amountFromDecimal,
  amountFromNumberDown,
  amountToDecimal,
  amountToNumber,
  BTC,
  compareAmounts,
  ETH,
  subtractAmounts,
  USDC,
} from './amount.ts'

const asset = fc.constantFrom(BTC, ETH, USDC, { symbol: 'UNIT', decimals: 0 })
const units = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n })

describe('decimal text', () => {
  test('reads back exactly what was written', () => {
    fc.assert(
      fc.property(asset, units, (kind, count) => {
        const value = amount(kind, count)
        expect(amountFromDecimal(kind, amountToDecimal(value), 'exact')).toEqual(value)
      }),
      { numRuns: 10_000 },
    )
  })

  test.each([
    ['0.00000001', 1n],
    ['21000000', 2_100_000_000_000_000n],
    ['-0.5', -50_000_000n],
    ['00.10', 10_000_000n],
  ])('%s BTC is %s satoshi', (text, expected) => {
    expect(amountFromDecimal(BTC, text, 'exact')?.units).toBe(expected)
  })

  test('digits below one unit are refused exactly, or dropped toward zero', () => {
    expect(amountFromDecimal(BTC, '0.000000019', 'exact')).toBeUndefined()
    expect(amountFromDecimal(BTC, '0.000000019', 'down')?.units).toBe(1n)
    expect(amountFromDecimal(BTC, '-0.000000019', 'down')?.units).toBe(-1n)
    expect(amountFromDecimal(BTC, '0.000000010', 'exact')?.units).toBe(1n)
  })

  test.each(['', '1e3', 'NaN', 'Infinity', '1.', '.5', '+1', '1,5', ' 1', '0x10', '1_000'])(
    '%j is not an amount',
    (text) => {
      expect(amountFromDecimal(BTC, text, 'down')).toBeUndefined()
    },
  )
})

describe('from risk arithmetic', () => {
  test('never more than the number itself', () => {
    fc.assert(
      fc.property(asset, fc.double({ min: 0, max: 1e15, noNaN: true }), (kind, value) => {
        const down = amountFromNumberDown(kind, value)
        // Compared as exact rationals: a double is a binary fraction.
        const [whole = '0', fraction = ''] = value.toFixed(60).split('.')
        const exact = BigInt(whole + fraction)
        expect(down.units * 10n ** BigInt(60 - kind.decimals) <= exact).toBe(true)
      }),
      { numRuns: 10_000 },
    )
  })

  test.each([
    { name: 'a hair under one', value: 1 - 2 ** -53, expected: 999_999n },
    { name: '0.3, whose double lies under it', value: 0.3, expected: 299_999n },
    { name: 'a half, which a double holds exactly', value: 0.5, expected: 500_000n },
  ])('$name rounds down', ({ value, expected }) => {
    expect(amountFromNumberDown(USDC, value).units).toBe(expected)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, -1, -1e-12])('refuses %s', (value) => {
    expect(() => amountFromNumberDown(BTC, value)).toThrow(RangeError)
  })

  test('values beyond what a fixed notation prints are still whole units', () => {
    expect(amountFromNumberDown(BTC, 1e21).units).toBe(10n ** 29n)
  })
})

test('assets do not mix', () => {
  expect(() => subtractAmounts(amount(BTC, 1n), amount(ETH, 1n))).toThrow(TypeError)
  expect(() => compareAmounts(amount(USDC, 1n), { ...amount(USDC, 1n), decimals: 8 })).toThrow(
    TypeError,
  )
})

test('comparison agrees with subtraction', () => {
  fc.assert(
    fc.property(units, units, (a, b) => {
      const difference = subtractAmounts(amount(BTC, a), amount(BTC, b)).units
      expect(compareAmounts(amount(BTC, a), amount(BTC, b))).toBe(
        difference < 0n ? -1 : difference > 0n ? 1 : 0,
      )
    }),
  )
})

test('zero is never negative', () => {
  expect(amountToDecimal(amount(BTC, 0n))).toBe('0.00000000')
  expect(Object.is(amountToNumber(amount(BTC, 0n)), 0)).toBe(true)
})
