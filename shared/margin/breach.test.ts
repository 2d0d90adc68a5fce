import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { makeSolver, slackAt } from './breach.ts'
import { collateralItem, inverseItem, type Item, linearItem } from './pool.ts'

const tiers = [
  { floor: 0, rate: 0.004, deduction: 0 },
  { floor: 50_000, rate: 0.005, deduction: 50 },
  { floor: 250_000, rate: 0.01, deduction: 1_300 },
]
/** The same without deductions: maintenance jumps at each floor. */
const jumping = tiers.map((tier) => ({ ...tier, deduction: 0 }))
const coinTiers = [
  { floor: 0, rate: 0.004, deduction: 0 },
  { floor: 5, rate: 0.005, deduction: 0.005 },
]

const real = (min: number, max: number) =>
  fc.double({ min, max, noNaN: true, noDefaultInfinity: true })

const linear = fc
  .record({
    price: real(1, 100_000),
    notional: real(10, 500_000),
    entryRatio: real(0.5, 2),
    long: fc.boolean(),
    jumps: fc.boolean(),
  })
  .map(({ price, notional, entryRatio, long, jumps }) =>
    linearItem({
      symbol: 'L',
      asset: 'L',
      settle: 'USDC',
      price,
      entry: price * entryRatio,
      size: notional / price,
      sign: long ? 1 : -1,
      tiers: jumps ? jumping : tiers,
      feeRate: 0,
      usdPerSettle: 1,
      funding: null,
    }),
  )

const inverse = fc
  .record({ price: real(1_000, 100_000), size: real(10, 500_000), long: fc.boolean() })
  .map(({ price, size, long }) =>
    inverseItem({
      symbol: 'I',
      asset: 'I',
      settle: 'I',
      price,
      entry: price,
      size,
      sign: long ? 1 : -1,
      tiers: coinTiers,
      feeRate: 0.0005,
      usdPerSettle: price,
      funding: null,
    }),
  )

const books = fc.record({
  items: fc
    .tuple(
      fc.array(fc.oneof({ weight: 4, arbitrary: linear }, inverse), { minLength: 1, maxLength: 8 }),
      real(0, 1_000_000),
      real(-2, 10),
    )
    .map(([positions, cash, coins]): Item[] => [
      ...positions,
      collateralItem('USDC', cash, 1),
      collateralItem('BTC', coins, 60_000),
    ]),
  betas: fc.array(real(-1, 3), { minLength: 10, maxLength: 10 }),
  direction: fc.constantFrom<1 | -1>(1, -1),
})

const runs = 10_000
const solve = makeSolver()

describe('the first breach', () => {
  it('has slack before it, and none at or right after it', () => {
    fc.assert(
      fc.property(books, ({ items, betas, direction }) => {
        const velocities = Float64Array.from(items, (_, i) => betas[i] ?? 0)
        const limit = direction === -1 ? 1 : 10
        const found = solve(items, velocities, direction, limit)
        const end = found ?? limit
        const scale = items.reduce(
          (sum, item, i) =>
            sum + 1 + Math.abs(slackAt([item], Float64Array.of(velocities[i] ?? 0), 0)),
          0,
        )
        const before = found === 0 ? [] : Array.from({ length: 40 }, (_, k) => (end * k) / 40)
        const slacks = before.map((x) => slackAt(items, velocities, direction * x))
        expect(Math.min(...slacks, Infinity)).toBeGreaterThan(-1e-9 * scale)
        const past = direction * (end + 1e-9 * (1 + end))
        const after = found === undefined ? -Infinity : slackAt(items, velocities, past)
        expect(after).toBeLessThan(1e-6 * scale)
      }),
      { numRuns: runs },
    )
  }, 120_000)

  it('is where a fine scan finds it', () => {
    fc.assert(
      fc.property(books, ({ items, betas, direction }) => {
        const velocities = Float64Array.from(items, (_, i) => betas[i] ?? 0)
        const found = solve(items, velocities, direction, 1)
        const steps = 400
        let scanned: number | undefined
        for (let k = 0; k <= steps && scanned === undefined; k++)
          if (slackAt(items, velocities, (direction * k) / steps) <= 0) scanned = k / steps
        // The scan may step over a dip that the walk sees; it must never see a breach earlier.
        expect(found ?? Infinity).toBeLessThanOrEqual((scanned ?? Infinity) + 1e-9)
      }),
      { numRuns: runs },
    )
  }, 120_000)
})

describe('a jump of maintenance', () => {
  // Long 1 at 100, rate 1 % under 150 of notional and 60 % above, no deduction; 10 of cash.
  const item = linearItem({
    symbol: 'J',
    asset: 'J',
    settle: 'USDC',
    price: 100,
    entry: 100,
    size: 1,
    sign: 1,
    tiers: [
      { floor: 0, rate: 0.01, deduction: 0 },
      { floor: 150, rate: 0.6, deduction: 0 },
    ],
    feeRate: 0,
    usdPerSettle: 1,
    funding: null,
  })

  it('breaches exactly at the boundary, even where profit outruns maintenance after it', () => {
    const items = [item, collateralItem('USDC', 10, 1)]
    expect(solve(items, Float64Array.of(1, 0), 1, 10)).toBeCloseTo(0.5, 12)
  })

  it('passes when the slack at the boundary is more than the jump', () => {
    const items = [item, collateralItem('USDC', 60, 1)]
    expect(solve(items, Float64Array.of(1, 0), 1, 10)).toBeUndefined()
  })
})

describe('a hedged book', () => {
  it('breaks in the middle of a range whose ends are safe', () => {
    // Long A (β 2) against short B (β 1): the long is wiped out first, then the short only gains.
    const leg = (asset: string, sign: 1 | -1) =>
      linearItem({
        symbol: asset,
        settle: 'USDC',
        asset,
        price: 100,
        entry: 100,
        size: 1,
        sign,
        tiers: [{ floor: 0, rate: 0.01, deduction: 0 }],
        feeRate: 0,
        usdPerSettle: 1,
        funding: null,
      })
    const items = [leg('A', 1), leg('B', -1), collateralItem('USDC', 40, 1)]
    const velocities = Float64Array.of(2, 1, 0)
    // 40 − 200x + 100x − 2 + 3x = 0
    expect(solve(items, velocities, -1, 1)).toBeCloseTo(38 / 97, 12)
    expect(slackAt(items, velocities, -1)).toBeGreaterThan(0)
  })
})
