import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { catalogues } from '../language/messages.ts'
import { createIntl } from 'react-intl'
import { makeText } from '../language/text.ts'
import { groupsOfFour, visibleText } from './addresses.ts'
import { chainName } from './chains.ts'
import { createFormat } from './format.ts'
import {
  decimalText,
  percentText,
  plainNumber,
  priceText,
  readLocalDecimal,
  shockText,
  shortenDecimal,
  usdText,
} from './numbers.ts'

const nb = '\u00a0'

test.each([
  ['en', '1234567.8900', 0, '1,234,567.89'],
  ['en', '0.05000000', 8, '0.05000000'],
  ['en', '-12.50', 0, '−12.5'],
  ['en', '-0.000', 0, '0'],
  ['de', '1234567.5', 0, '1.234.567,5'],
  [
    'en',
    '123456789012345678901234567890.123456789012345678',
    0,
    '123,456,789,012,345,678,901,234,567,890.123456789012345678',
  ],
])('%s writes %s keeping %i decimals as %s', (locale, text, keep, expected) => {
  expect(decimalText(locale, text, keep)).toBe(expected)
})

test('exact text keeps every digit it was given', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 40n }),
      fc.integer({ min: 0, max: 18 }),
      (units, decimals) => {
        const digits = units.toString().padStart(decimals + 1, '0')
        const text =
          decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
        const back = decimalText('en', text, decimals).replaceAll(',', '')
        expect(back).toBe(text)
      },
    ),
  )
})

test.each([
  [-0.16987, '−16.9 %'],
  [0.1419, '+14.1 %'],
  [-0.0999, '−9.9 %'],
  [0.1, '+10.0 %'],
  [0, '0.0 %'],
  [-0.00004, '0.0 %'],
])('a shock of %d reads %s: cut toward zero, never rounded to safety', (shock, expected) => {
  expect(shockText('en', shock)).toBe(expected.replace(' ', nb))
})

test.each([
  [194870.4, '194,870'],
  [999.5, '999.50'],
  [0, '0'],
  [-42.126, '−42.13'],
])('%d USD reads %s', (value, expected) => {
  expect(usdText('en', value)).toBe(expected)
})

test.each([
  [91240.13, '91,240.1'],
  [3164.225, '3,164.23'],
  [1.0002, '1.0002'],
  [0.00001234, '0.00001234'],
  [0, '0'],
])('a price of %d reads %s', (value, expected) => {
  expect(priceText('en', value)).toBe(expected)
})

test('a percentage and its sign share one line', () => {
  expect(percentText('zh-CN', 0.124, 1)).toBe(`12.4${nb}%`)
})

test('negative zero is zero', () => {
  expect(plainNumber('en', -0, 0, 2)).toBe('0')
  expect(plainNumber('en', -0.001, 0, 2)).toBe('0')
})

test('a glance cuts, it never rounds up', () => {
  expect(shortenDecimal('0.99999999', 6)).toBe('0.999999')
})

describe('what a person types', () => {
  test.each([
    ['en', '1,234.5', '1234.5'],
    ['en', '1 234.5', '1234.5'],
    ['en', '007', '7'],
    ['de', '1.234,5', '1234.5'],
    ['zh-CN', '0.05', '0.05'],
  ])('in %s %s is %s', (locale, typed, expected) => {
    expect(readLocalDecimal(locale, typed)).toBe(expected)
  })

  test.each(['', '0', '0.00', '-1', '1e5', '1,23', '1.2.3', '12,34,567', 'abc', '.5', '1.', '١٢'])(
    'refuses %j in English',
    (typed) => {
      expect(readLocalDecimal('en', typed)).toBeUndefined()
    },
  )

  test('German decimals are not taken for English groups', () => {
    expect(readLocalDecimal('en', '1,5')).toBeUndefined()
    expect(readLocalDecimal('de', '1,5')).toBe('1.5')
  })
})

test('addresses fall into groups of four and lose nothing', () => {
  fc.assert(
    fc.property(
      fc.string(),
      (text) => groupsOfFour(text).join('') === text.toWellFormed() || text !== text.toWellFormed(),
    ),
  )
  expect(groupsOfFour('0x9858EfFD')).toEqual(['0x98', '58Ef', 'FD'])
})

test('characters that would turn or hide text become visible', () => {
  expect(visibleText('OKX\u202e\u200b main')).toBe('OKX▯▯ main')
})

test('chains have names, unknown ones keep their id', () => {
  expect(chainName('bitcoin')).toBe('Bitcoin')
  expect(chainName('evm:42161')).toBe('Arbitrum')
  expect(chainName('evm:999')).toBe('EVM 999')
})

describe('discreet mode', () => {
  const intl = createIntl({ locale: 'en', messages: catalogues.en })
  const format = createFormat('en', true, makeText(intl).t)
  test('hides amounts, sizes and USD, and keeps what gives none away', () => {
    const btc = { asset: 'BTC', decimals: 8, units: 5_000_000n }
    for (const text of [
      format.usd(1234),
      format.usdBare(1234),
      format.usdAxis(1234),
      format.amount(btc),
      format.amountExact(btc),
      format.quantity('12.5', 'ETH'),
      format.quantityExact('12.5', 'ETH'),
    ])
      expect(text).not.toMatch(/\d/)
    expect(format.price(91240)).toBe('91,240')
    expect(format.shock(-0.1)).toBe(`−10.0${nb}%`)
    expect(format.duration(4_000)).toBe('4 s')
  })
})
