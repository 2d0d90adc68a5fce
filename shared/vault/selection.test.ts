import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { branchAndBound } from './branchAndBound.ts'
import { largestPositions } from './largest.ts'
import { randomBelow, shuffled } from './random.ts'
import { type SelectionRequest, selectCoins, settleSelection } from './selection.ts'
import { INPUT_WEIGHT, estimateVirtualSize, feeAtRate } from './weight.ts'

interface TestCoin {
  readonly value: bigint
  readonly name: number
}

/** Deterministic bytes, so that a failing case can be replayed. */
function seeded(seed: number): { bytes(length: number): Uint8Array } {
  let state = seed >>> 0
  return {
    bytes: (length) =>
      Uint8Array.from({ length }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        return state >>> 24
      }),
  }
}

function coinsOf(values: readonly number[]): readonly TestCoin[] {
  return values.map((value, name) => ({ value: BigInt(value), name }))
}

function request(
  values: readonly number[],
  target: number,
  change: Partial<SelectionRequest<TestCoin>> = {},
): SelectionRequest<TestCoin> {
  return {
    coins: coinsOf(values),
    scriptType: 'p2wpkh',
    target: BigInt(target),
    recipientKinds: ['p2wpkh'],
    feeRateSatPerVb: 10,
    longTermFeeRateSatPerVb: 10,
    maxInputs: 60,
    random: seeded(1),
    ...change,
  }
}

describe('a selection', () => {
  const cases = fc.record({
    values: fc.array(fc.integer({ min: 300, max: 5_000_000 }), { minLength: 1, maxLength: 40 }),
    share: fc.double({ min: 0.001, max: 1.05, noNaN: true }),
    rate: fc.double({ min: 1, max: 120, noNaN: true }),
    maxInputs: fc.integer({ min: 1, max: 40 }),
    scriptType: fc.constantFrom('p2wpkh', 'p2sh-p2wpkh', 'p2tr', 'p2pkh'),
    seed: fc.integer(),
  })

  it('pays target, fee and change exactly, or is refused only when nothing could pay', () => {
    fc.assert(
      fc.property(cases, ({ values, share, rate, maxInputs, scriptType, seed }) => {
        const target = Math.max(1, Math.floor(values.reduce((a, b) => a + b, 0) * share))
        const asked = request(values, target, {
          feeRateSatPerVb: rate,
          maxInputs,
          scriptType,
          random: seeded(seed),
        })
        const chosen = selectCoins(asked)
        if (!chosen.ok) {
          const inputFee = (INPUT_WEIGHT[scriptType] / 4) * rate
          const best = coinsOf(values)
            .filter((coin) => Number(coin.value) > inputFee)
            .sort((a, b) => Number(b.value - a.value))
            .slice(0, maxInputs)
          expect(settleSelection(asked, best)).toBeUndefined()
          return
        }
        const { inputs, change, fee, virtualSize } = chosen.value
        const paidIn = inputs.reduce((sum, coin) => sum + coin.value, 0n)
        expect(paidIn).toBe(asked.target + fee + (change ?? 0n))
        expect(new Set(inputs.map((coin) => coin.name)).size).toBe(inputs.length)
        expect(inputs.length).toBeLessThanOrEqual(maxInputs)
        expect(fee).toBeGreaterThanOrEqual(feeAtRate(virtualSize, rate))
        if (change !== null) expect(fee).toBe(feeAtRate(virtualSize, rate))
        if (change !== null) expect(change).toBeGreaterThanOrEqual(294n)
      }),
      { numRuns: 2_000 },
    )
  })

  it('is never more wasteful than largest-first', () => {
    fc.assert(
      fc.property(cases, ({ values, share, rate, seed }) => {
        const target = Math.max(1, Math.floor(values.reduce((a, b) => a + b, 0) * share * 0.5))
        const asked = request(values, target, { feeRateSatPerVb: rate, random: seeded(seed) })
        const chosen = selectCoins(asked)
        if (!chosen.ok) return
        const sorted = [...asked.coins].sort((a, b) => Number(b.value - a.value))
        for (let count = 1; count <= sorted.length; count++) {
          const plain = settleSelection(asked, sorted.slice(0, count))
          if (plain === undefined) continue
          expect(chosen.value.waste).toBeLessThanOrEqual(plain.waste)
          break
        }
      }),
      { numRuns: 500 },
    )
  })

  it('prefers two coins that fit exactly to one with change', () => {
    const fee = Number(feeAtRate(estimateVirtualSize('p2wpkh', 2, ['p2wpkh']), 10))
    const chosen = selectCoins(request([900_000, 31_000, 70_000 + fee, 12_345], 101_000))
    if (!chosen.ok) throw new Error(chosen.refusal.code)
    expect(chosen.value.inputs.map((coin) => coin.value).sort()).toEqual(
      [31_000n, BigInt(70_000 + fee)].sort(),
    )
    expect(chosen.value.change).toBeNull()
  })

  it('leaves coins alone that cost more than they bring', () => {
    const asked = request([100_000, 600, 600, 600], 50_000, { longTermFeeRateSatPerVb: 100 })
    const chosen = selectCoins(asked)
    if (!chosen.ok) throw new Error(chosen.refusal.code)
    expect(chosen.value.inputs.map((coin) => coin.value)).toEqual([100_000n])
  })

  it('keeps the cap on inputs even when fees are low and more would waste less', () => {
    const values = Array.from({ length: 200 }, () => 10_000)
    const chosen = selectCoins(request(values, 150_000, { feeRateSatPerVb: 1, maxInputs: 30 }))
    if (!chosen.ok) throw new Error(chosen.refusal.code)
    expect(chosen.value.inputs.length).toBeLessThanOrEqual(30)
  })

  it('says how much there was and how much was needed', () => {
    expect(selectCoins(request([50_000, 20_000], 100_000))).toEqual({
      ok: false,
      refusal: {
        code: 'FUNDS_INSUFFICIENT',
        // 100,000 + 10 sat/vB × (two inputs of 68 and 41.5 of the rest) + 1 for rounding
        data: { needed: '0.00101776', available: '0.00070000', asset: 'BTC' },
      },
    })
  })
})

describe('branch and bound', () => {
  it('finds the least excess that brute force finds, on small sets', () => {
    const values = fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 3_000 }), (unsorted, target) => {
        const sorted = [...unsorted].sort((a, b) => b - a)
        const found = branchAndBound({
          effectiveValues: Float64Array.from(sorted),
          inputWastes: new Float64Array(sorted.length),
          target,
          tolerance: 20,
          maxInputs: 10,
          maxTries: 1_000_000,
        })
        let best = Number.POSITIVE_INFINITY
        for (let mask = 1; mask < 2 ** sorted.length; mask++) {
          const sum = sorted.reduce((total, value, i) => total + (mask & (1 << i) ? value : 0), 0)
          if (sum >= target && sum <= target + 20) best = Math.min(best, sum - target)
        }
        const excess =
          found === undefined
            ? Number.POSITIVE_INFINITY
            : found.reduce((sum, at) => sum + (sorted[at] ?? 0), 0) - target
        expect(excess).toBe(best)
      }),
      { numRuns: 1_000 },
    )
  })

  it('gives up after its tries', () => {
    const found = branchAndBound({
      effectiveValues: Float64Array.from({ length: 60 }, (_, i) => 2 ** 40 + 2 ** (i % 30))
        .sort()
        .reverse(),
      inputWastes: new Float64Array(60).fill(1),
      target: 2 ** 42 + 3,
      tolerance: 0,
      maxInputs: 60,
      maxTries: 10_000,
    })
    expect(found).toBeUndefined()
  })
})

describe('random choices', () => {
  it('are uniform enough and within the bound', () => {
    const random = seeded(3)
    const counts = [0, 0, 0, 0, 0, 0, 0]
    for (let i = 0; i < 70_000; i++) {
      const drawn = randomBelow(random, 7)
      counts[drawn] = (counts[drawn] ?? 0) + 1
    }
    expect(counts).toHaveLength(7)
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500)
  })

  it('reject what would bias', () => {
    const draws = [Uint8Array.of(0xff, 0xff, 0xff, 0xff), Uint8Array.of(0, 0, 0, 5)]
    expect(randomBelow({ bytes: () => draws.shift() ?? new Uint8Array(4) }, 3)).toBe(2)
  })

  it('shuffle keeps every item', () => {
    const list = Array.from({ length: 50 }, (_, i) => i)
    const mixed = shuffled(list, seeded(9))
    expect([...mixed].sort((a, b) => a - b)).toEqual(list)
    expect(mixed).not.toEqual(list)
  })
})

describe('the largest of many', () => {
  it('are those that sorting finds, in falling order', () => {
    const values = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 300 })
    fc.assert(
      fc.property(values, fc.integer({ min: 0, max: 310 }), (list, count) => {
        const positions = largestPositions(Float64Array.from(list), count)
        expect(new Set(positions).size).toBe(positions.length)
        expect([...positions].map((at) => list[at])).toEqual(
          [...list].sort((a, b) => b - a).slice(0, count),
        )
      }),
      { numRuns: 1_000 },
    )
  })

  it('pay from ten thousand coins as from ten', () => {
    const values = Array.from({ length: 10_000 }, (_, i) => 10_000 + ((i * 7_919) % 90_001))
    const asked = request(values, 1_234_567, { feeRateSatPerVb: 50 })
    const chosen = selectCoins(asked)
    if (!chosen.ok) throw new Error(chosen.refusal.code)
    const paidIn = chosen.value.inputs.reduce((sum, coin) => sum + coin.value, 0n)
    expect(paidIn).toBe(asked.target + chosen.value.fee + (chosen.value.change ?? 0n))
  })
})
