import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { branchAndBound } from './branchAndBound.ts'
import { coinGrinder } from './coinGrinder.ts'
import { gatherLargest, sortDescending } from './largest.ts'
import { pairSearch } from './pairSearch.ts'
import { inBlocks, randomBelow, shuffled } from './random.ts'
import type { AccountScriptType } from './script.ts'
import { type SelectionRequest, selectCoins, settleSelection } from './selection.ts'
import {
  ACCOUNT_OUTPUT_KIND,
  DUST_LIMIT,
  INPUT_WEIGHT,
  estimateVirtualSize,
  feeAtRate,
} from './weight.ts'

interface TestCoin {
  readonly value: bigint
  readonly type: AccountScriptType
  readonly name: number
}

const TYPES = ['p2wpkh', 'p2tr', 'p2sh-p2wpkh', 'p2pkh'] as const

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
  return values.map((value, name) => ({
    value: BigInt(value),
    name,
    type: TYPES[name % TYPES.length] ?? 'p2wpkh',
  }))
}

function request(
  values: readonly number[],
  target: number,
  change: Partial<SelectionRequest<TestCoin>> = {},
): SelectionRequest<TestCoin> {
  return {
    coins: coinsOf(values),
    scriptTypeOf: () => 'p2wpkh',
    changeType: 'p2wpkh',
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
          scriptTypeOf: () => scriptType,
          changeType: scriptType,
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
    const fee = Number(feeAtRate(estimateVirtualSize(['p2wpkh', 'p2wpkh'], ['p2wpkh']), 10))
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

describe('a selection among coins of mixed script types', () => {
  const cases = fc.record({
    values: fc.array(fc.integer({ min: 300, max: 2_000_000 }), { minLength: 1, maxLength: 30 }),
    share: fc.double({ min: 0.01, max: 0.9, noNaN: true }),
    rate: fc.double({ min: 1, max: 120, noNaN: true }),
    maxInputs: fc.integer({ min: 1, max: 30 }),
    changeType: fc.constantFrom(...TYPES),
    seed: fc.integer(),
  })

  it('pays target, fee and change exactly, each input by its own weight', () => {
    fc.assert(
      fc.property(cases, ({ values, share, rate, maxInputs, changeType, seed }) => {
        const asked = request(
          values,
          Math.max(1, Math.floor(values.reduce((a, b) => a + b, 0) * share)),
          {
            scriptTypeOf: (coin) => coin.type,
            changeType,
            feeRateSatPerVb: rate,
            maxInputs,
            random: seeded(seed),
          },
        )
        const chosen = selectCoins(asked)
        if (!chosen.ok) return
        const { inputs, change, fee, virtualSize } = chosen.value
        const kind = ACCOUNT_OUTPUT_KIND[changeType]
        expect(inputs.length).toBeLessThanOrEqual(maxInputs)
        expect(inputs.reduce((sum, coin) => sum + coin.value, 0n)).toBe(
          asked.target + fee + (change ?? 0n),
        )
        expect(virtualSize).toBe(
          estimateVirtualSize(
            inputs.map(({ type }) => type),
            change === null ? ['p2wpkh'] : ['p2wpkh', kind],
          ),
        )
        expect(fee).toBeGreaterThanOrEqual(feeAtRate(virtualSize, rate))
        if (change !== null) expect(change).toBeGreaterThanOrEqual(DUST_LIMIT[kind])
      }),
      { numRuns: 1_000 },
    )
  })

  it('in dear times the lighter of two equal coins pays', () => {
    const coins: readonly TestCoin[] = [
      { value: 500_000n, name: 0, type: 'p2pkh' },
      { value: 500_000n, name: 1, type: 'p2tr' },
      { value: 500_000n, name: 2, type: 'p2sh-p2wpkh' },
    ]
    const chosen = selectCoins(
      request([], 200_000, { coins, scriptTypeOf: ({ type }) => type, feeRateSatPerVb: 80 }),
    )
    if (!chosen.ok) throw new Error(chosen.refusal.code)
    expect(chosen.value.inputs.map(({ type }) => type)).toEqual(['p2tr'])
  })

  it('a bare key hash beside a segwit input counts for one weight unit more', () => {
    const both = estimateVirtualSize(['p2pkh', 'p2pkh', 'p2pkh', 'p2wpkh'], ['p2wpkh'])
    const weight = 3 * (INPUT_WEIGHT.p2pkh + 1) + INPUT_WEIGHT.p2wpkh + 4 * 31 + 4 * 10 + 2
    expect(both).toBe(Math.ceil(weight / 4))
  })
})

describe('while spending is cheap', () => {
  const values = Array.from({ length: 80 }, (_, i) => (i < 40 ? 5_000_000 : 20_000) + 97 * i)

  it('small coins come along', () => {
    const chosen = selectCoins(request(values, 3_000_000, { feeRateSatPerVb: 2 }))
    if (!chosen.ok) throw new Error(chosen.refusal.code)
    expect(chosen.value.inputs).toHaveLength(10)
    expect(chosen.value.waste).toBeLessThan(0)
  })

  it('and stay where they are when it is dear', () => {
    const chosen = selectCoins(request(values, 3_000_000, { feeRateSatPerVb: 30 }))
    if (!chosen.ok) throw new Error(chosen.refusal.code)
    expect(chosen.value.inputs).toHaveLength(1)
  })
})

describe('CoinGrinder', () => {
  it('finds the least weight that brute force finds, and of that the least sum', () => {
    const coin = fc.record({
      value: fc.integer({ min: 1, max: 300 }),
      weight: fc.constantFrom(230, 272, 364, 592),
    })
    fc.assert(
      fc.property(
        fc.array(coin, { minLength: 1, maxLength: 10 }),
        fc.integer({ min: 1, max: 1_500 }),
        fc.integer({ min: 1, max: 10 }),
        (unsorted, target, maxInputs) => {
          const coins = [...unsorted].sort((a, b) => b.value - a.value || a.weight - b.weight)
          const found = coinGrinder({
            effectiveValues: Float64Array.from(coins, ({ value }) => value),
            weights: Float64Array.from(coins, ({ weight }) => weight),
            target,
            maxInputs,
            maxTries: 1_000_000,
          })
          const measure = (set: readonly (typeof coins)[number][]) => ({
            weight: set.reduce((sum, { weight }) => sum + weight, 0),
            value: set.reduce((sum, { value }) => sum + value, 0),
          })
          let best: { readonly weight: number; readonly value: number } | undefined
          for (let mask = 1; mask < 2 ** coins.length; mask++) {
            const set = coins.filter((_, i) => (mask & (1 << i)) !== 0)
            const now = measure(set)
            if (set.length > maxInputs || now.value < target) continue
            if (
              best === undefined ||
              now.weight < best.weight ||
              (now.weight === best.weight && now.value < best.value)
            )
              best = now
          }
          expect(found && measure(found.flatMap((at) => coins[at] ?? []))).toEqual(best)
        },
      ),
      { numRuns: 1_000 },
    )
  })
})

describe('the pair search', () => {
  it('finds the two coins that come closest above the target', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 2, maxLength: 40 }),
        fc.integer({ min: 1, max: 1_000 }),
        (unsorted, target) => {
          const sorted = [...unsorted].sort((a, b) => b - a)
          const found = pairSearch({
            effectiveValues: Float64Array.from(sorted),
            target,
            tolerance: 50,
            beside: 0,
            from: 0,
            to: sorted.length,
            attempts: 1,
            random: seeded(1),
          })
          const sums = sorted
            .flatMap((a, i) => sorted.slice(i + 1).map((b) => a + b - target))
            .filter((excess) => excess >= 0 && excess < 50)
          const excess = found?.reduce((sum, at) => sum + (sorted[at] ?? 0), -target)
          expect(excess).toBe(sums.length === 0 ? undefined : Math.min(...sums))
        },
      ),
      { numRuns: 500 },
    )
  })

  it('never takes a coin twice', () => {
    const found = pairSearch({
      effectiveValues: Float64Array.from({ length: 30 }, (_, i) => 900 - 7 * i),
      target: 4_500,
      tolerance: 500,
      beside: 4,
      from: 0,
      to: 30,
      attempts: 20,
      random: seeded(5),
    })
    expect(found).toHaveLength(6)
    expect(new Set(found).size).toBe(6)
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

  it('read in blocks are the same bytes in order', () => {
    const plain = seeded(4)
    const blocks = inBlocks(seeded(4), 64)
    for (let i = 0; i < 40; i++) expect(randomBelow(blocks, 97)).toBe(randomBelow(plain, 97))
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
        const keys = Float64Array.from(list)
        const all = Uint32Array.from(list, (_, at) => at)
        gatherLargest(all, keys, count)
        expect(new Set(all).size).toBe(list.length)
        const positions = all.slice(0, count)
        sortDescending(positions, keys)
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
