import { expect, test } from 'vitest'
import { defaultPolicy } from '../../../shared/risk/defaultPolicy.ts'
import { ETH, USDC, amount } from '../../../shared/units/amount.ts'
import { parseDecimal } from '../../../shared/units/decimal.ts'
import { evmFeeCaps } from './evmFees.ts'

const POL = { symbol: 'POL', decimals: 18 }
const policy = { ...defaultPolicy, feeCapGwei: 100 }
const gwei = 10n ** 9n
const prices: Readonly<Record<string, string>> = { ETH: '2000', POL: '0.5', USDC: '1' }

function caps(coin: typeof ETH, known: readonly string[]) {
  return evmFeeCaps({
    policy,
    gasLimit: 21_000n,
    coin,
    moved: amount(USDC, 10_000_000n),
    freshQuote(asset) {
      const usd = known.includes(asset) ? parseDecimal(prices[asset] ?? '') : undefined
      return usd === undefined ? undefined : { asset, usd, source: 'test', asOf: 0 }
    },
  })
}

test('on a chain of ether the policy’s gwei are gwei', () => {
  expect(caps(ETH, ['ETH', 'USDC'])).toMatchObject({
    absoluteWei: 21_000n * 100n * gwei,
    movedWei: 5_000_000n * gwei,
  })
})

test('of a coin worth a four-thousandth there may be four thousand times as many', () => {
  expect(caps(POL, ['ETH', 'POL', 'USDC'])).toMatchObject({
    absoluteWei: 21_000n * 100n * gwei * 4_000n,
    movedWei: 20n * 10n ** 18n,
  })
})

test('without both prices the cap is not raised, and without the coin’s nothing is said of its share', () => {
  expect(caps(POL, ['POL', 'USDC']).absoluteWei).toBe(21_000n * 100n * gwei)
  expect(caps(POL, ['ETH', 'USDC'])).toMatchObject({
    absoluteWei: 21_000n * 100n * gwei,
    movedWei: null,
  })
})
