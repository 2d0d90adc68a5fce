import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { baseRateOf } from '../market/baseRates.ts'
import type { AssetVolatility } from '../market/volatility.ts'
import { touchProbability, touchWithinDay } from './touch.ts'

function measured(
  asset: string,
  sigma30d: number | null,
  sigmaEwma: number | null,
): AssetVolatility {
  return {
    asset,
    source: 'test',
    asOf: 1,
    samples: 720,
    missingHours: 0,
    sigma: sigma30d,
    sigma30d,
    sigmaEwma,
    atr: null,
    missing: [],
  }
}

const fall = (shock: number) =>
  ({ kind: 'finite', shock, along: { kind: 'joint' }, prices: [], sigmas: null }) as const

describe('the chance of touch', () => {
  it('agrees with bridge-corrected paths', () => {
    let state = 7
    const uniform = () => {
      state = (state * 48_271) % 2_147_483_647
      return state / 2_147_483_647
    }
    const gauss = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    for (const [shock, sigma] of [
      [-0.05, 0.03],
      [0.06, 0.04],
      [-0.1, 0.06],
    ] as const) {
      const b = Math.log1p(shock)
      const steps = 12
      const dt = 1 / steps
      let touched = 0
      const paths = 40_000
      for (let path = 0; path < paths; path++) {
        let x = 0
        let survives = 1
        for (let step = 0; step < steps; step++) {
          const y = x - (sigma * sigma * dt) / 2 + sigma * Math.sqrt(dt) * gauss()
          const crossed = (x - b) * (y - b) <= 0
          survives *= crossed ? 0 : 1 - Math.exp((-2 * (x - b) * (y - b)) / (sigma * sigma * dt))
          x = y
        }
        touched += 1 - survives
      }
      expect(touchProbability(shock, sigma, 1)).toBeCloseTo(touched / paths, 2)
    }
  })

  it('falls with distance, and grows with volatility and time', () => {
    const shocks = fc.double({ min: -0.9, max: 3, noNaN: true })
    const sigmas = fc.double({ min: 0.005, max: 0.3, noNaN: true })
    fc.assert(
      fc.property(
        shocks,
        sigmas,
        fc.double({ min: 0.1, max: 30, noNaN: true }),
        (shock, sigma, days) => {
          const p = touchProbability(shock, sigma, days)
          expect(p).toBeGreaterThanOrEqual(0)
          expect(p).toBeLessThanOrEqual(1)
          expect(touchProbability(shock * 0.9, sigma, days)).toBeGreaterThanOrEqual(p - 1e-7)
          expect(touchProbability(shock, sigma, days * 1.1)).toBeGreaterThanOrEqual(p - 1e-7)
        },
      ),
      { numRuns: 10_000 },
    )
  })

  it('is a range across models whose upper end the base rate floors', () => {
    const touch = touchWithinDay(fall(-0.1), [measured('BTC', 0.02, 0.03)])
    if (touch === null) throw new Error('no touch')
    expect(touch.low).toBeCloseTo(touchProbability(-0.1, 0.02, 1), 12)
    expect(touch.high).toBe(0.0062)
    expect(touch.middle).toBeGreaterThan(touch.low)
    expect(touch.middle).toBeLessThan(touch.high)
    const wild = touchWithinDay(fall(-0.1), [measured('BTC', 0.02, 0.2)])
    expect(wild?.high).toBeCloseTo(touchProbability(-0.1, 0.2, 1), 12)
  })

  it('is unknown without volatility, without a base rate, and along a ratio', () => {
    expect(touchWithinDay(fall(-0.1), undefined)).toBeNull()
    expect(touchWithinDay(fall(-0.1), [measured('BTC', 0.02, null)])).toBeNull()
    const single = { ...fall(-0.1), along: { kind: 'single', asset: 'SOL' } } as const
    expect(touchWithinDay(single, [measured('SOL', 0.05, 0.05)])).toBeNull()
    const ratio = { ...fall(-0.1), along: { kind: 'ratio', asset: 'ETH', against: 'BTC' } } as const
    expect(touchWithinDay(ratio, [measured('BTC', 0.02, 0.02)])).toBeNull()
    expect(
      touchWithinDay({ kind: 'none', searchedTo: -1 }, [measured('BTC', 0.02, 0.02)]),
    ).toBeNull()
  })
})

describe('base rates', () => {
  it('fall with distance, never to zero', () => {
    for (const asset of ['BTC', 'ETH'])
      for (const direction of ['down', 'up'] as const) {
        let before = 1
        for (let distance = 0; distance < 0.9; distance += 0.001) {
          const rate = baseRateOf(asset, direction, distance) ?? Number.NaN
          expect(rate).toBeLessThanOrEqual(before)
          expect(rate).toBeGreaterThanOrEqual(3 / 624)
          before = rate
        }
      }
  })

  it('are unknown for what was not counted', () => {
    expect(baseRateOf('SOL', 'down', 0.1)).toBeUndefined()
    expect(baseRateOf('constructor', 'down', 0.1)).toBeUndefined()
  })
})
