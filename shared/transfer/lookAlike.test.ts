import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { looksAlike, suspect } from './lookAlike.ts'

const friend = '0xAb5801a7D398351b8bE11C439e05C5B3259aeC9B'
const poisoned = '0xAb58000000000000000000000000000000000C9B'.replace(/0{4}C9B$/, '0000eC9B')
const stranger = '0x1111111111111111111111111111111111111111'
const usdc = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
const fake = '0xA0b8000000000000000000000000000000000048'

describe('a row of a history', () => {
  test.each([
    ['of a friend', friend, 5n, usdc, null],
    ['of a friend in another case', friend.toLowerCase(), 5n, usdc.toLowerCase(), null],
    ['of a stranger', stranger, 5n, null, null],
    ['of somebody who looks like a friend', poisoned, 5n, usdc, 'look-alike'],
    ['of a look-alike, whatever else it is', poisoned, 0n, fake, 'look-alike'],
    ['of nothing', stranger, 0n, usdc, 'nothing-moved'],
    ['of nothing in our name to a friend', friend, 0n, usdc, 'nothing-moved'],
    ['of a token that calls itself one', stranger, 5n, fake, 'unknown-token'],
  ])('%s', (_, counterparty, units, contract, kind) => {
    expect(suspect({ counterparty, units, contract }, [friend], [usdc])?.kind ?? null).toBe(kind)
  })

  test('names whom it looks like', () => {
    expect(
      suspect({ counterparty: poisoned, units: 1n, contract: null }, [stranger, friend], []),
    ).toEqual({ kind: 'look-alike', address: friend })
  })

  test('any middle between the same ends looks alike, and never the address itself', () => {
    const nibbles = fc.string({
      unit: fc.constantFrom(...'0123456789abcdef'),
      minLength: 32,
      maxLength: 32,
    })
    fc.assert(
      fc.property(nibbles, (middle) => {
        const other = `0x${friend.slice(2, 6)}${middle}${friend.slice(-4)}`
        return looksAlike(other, friend) === (other.toLowerCase() !== friend.toLowerCase())
      }),
    )
  })
})
