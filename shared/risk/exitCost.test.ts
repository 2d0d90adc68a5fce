import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Book } from '../market/book.ts'
import { type Exit, exitCostUsd, fundingCostUsd } from './exitCost.ts'

const liquidity = { dailyVolumeUsd: 1e9, dailyVolatility: 0.03 }
const book: Book = {
  bids: [
    { price: 99, size: 10 },
    { price: 98, size: 10 },
  ],
  asks: [
    { price: 101, size: 10 },
    { price: 103, size: 10 },
  ],
}
const exit: Exit = {
  notionalUsd: 1e6,
  sign: 1,
  feeRate: 0.0005,
  liquidity,
  depth: 1,
  book: undefined,
}

describe('the cost to get out', () => {
  it('follows the square-root law with the fee on top', () => {
    // ⅔ × 3 % × √(1e6/1e9) of a million, and 500 of fee
    expect(exitCostUsd(exit)).toBeCloseTo(1e6 * (2 / 3) * 0.03 * Math.sqrt(1e-3) + 500, 6)
  })

  it('walks the book where that costs more', () => {
    // 1,000 at 1 % and 500 at 2 % under the middle of 100
    const cost = exitCostUsd({ ...exit, notionalUsd: 1_500, feeRate: 0, book })
    expect(cost).toBeCloseTo(10 + 10, 9)
    const short = exitCostUsd({ ...exit, notionalUsd: 1_500, feeRate: 0, book, sign: -1 })
    expect(short).toBeCloseTo(10 + 15, 9)
  })

  it('thins the book with the depth that is left', () => {
    const cost = exitCostUsd({ ...exit, notionalUsd: 600, feeRate: 0, book, depth: 0.5 })
    expect(cost).toBeCloseTo(500 * 0.01 + 100 * 0.02, 9)
  })

  it('never costs more than everything and the fee', () => {
    expect(exitCostUsd({ ...exit, notionalUsd: 1e15, depth: 0 })).toBeCloseTo(1e15 * 1.0005, 0)
  })

  it('grows with size and with withdrawn depth', () => {
    const amounts = fc.double({ min: 1, max: 1e9, noNaN: true })
    const depths = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(amounts, amounts, depths, depths, fc.boolean(), (a, b, c, d, seen) => {
        const shown = seen ? book : undefined
        const cost = (notionalUsd: number, depth: number) =>
          exitCostUsd({ ...exit, notionalUsd, depth, book: shown })
        const [small, large] = [Math.min(a, b), Math.max(a, b)]
        const [thin, deep] = [Math.min(c, d), Math.max(c, d)]
        expect(cost(small, deep)).toBeLessThanOrEqual(cost(large, deep) * (1 + 1e-12))
        expect(cost(large, deep)).toBeLessThanOrEqual(cost(large, thin) * (1 + 1e-12))
      }),
      { numRuns: 10_000 },
    )
  })
})

describe('funding', () => {
  it('is paid by longs at a positive rate, for a day, by the symbol’s own interval', () => {
    expect(fundingCostUsd(10_000, 1, { rate: 0.0001, intervalHours: 8 })).toBeCloseTo(3, 9)
    expect(fundingCostUsd(10_000, 1, { rate: 0.0001, intervalHours: 1 })).toBeCloseTo(24, 9)
    expect(fundingCostUsd(10_000, -1, { rate: 0.0001, intervalHours: 8 })).toBe(0)
    expect(fundingCostUsd(10_000, -1, { rate: -0.0001, intervalHours: 8 })).toBeCloseTo(3, 9)
  })

  it('is assumed to be paid where the venue did not say', () => {
    expect(fundingCostUsd(10_000, 1, null)).toBeCloseTo(9, 9)
    expect(fundingCostUsd(10_000, -1, null)).toBeCloseTo(9, 9)
  })
})
