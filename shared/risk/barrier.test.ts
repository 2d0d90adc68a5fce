import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { barrierTouch, normalBelow } from './barrier.ts'
import { createUniform } from './uniform.ts'

describe('closed forms of the touch of a barrier', () => {
  it.each([
    [0, 0.5],
    [-1, 0.15865525393145707],
    [-1.959963984540054, 0.025],
    [-3, 0.0013498980316300946],
    [-6, 9.865876450376981e-10],
    [1, 0.8413447460685429],
  ])('Φ(%f) is %f', (x, expected) => {
    expect(normalBelow(x) / expected).toBeCloseTo(1, 9)
  })

  it('touches twice as often as it ends there, without drift', () => {
    expect(barrierTouch(2, 0)).toBeCloseTo(2 * normalBelow(-2), 15)
    expect(barrierTouch(0, 0)).toBe(1)
    expect(barrierTouch(Infinity, 0)).toBe(0)
  })

  it('agrees with the formula of one price: b = ln(L/S), m = −σ²/2', () => {
    // One coin, no maintenance tiers to cross on the way: L by hand from the account's own numbers.
    const [sigma, fall] = [0.04, 0.07]
    const [b, m] = [Math.log(1 - fall), -(sigma * sigma) / 2]
    const formula =
      normalBelow((b - m) / sigma) +
      Math.exp((2 * m * b) / (sigma * sigma)) * normalBelow((b + m) / sigma)
    expect(barrierTouch(-b / sigma, m / sigma)).toBeCloseTo(formula, 14)
  })

  it('agrees with bridge-corrected paths', () => {
    const uniform = createUniform(11)
    const gauss = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    for (const [distance, drift] of [
      [1.7, -0.015],
      [1.5, 0.02],
      [2.2, -0.03],
    ] as const) {
      const [steps, paths] = [12, 20_000]
      const dt = 1 / steps
      let touched = 0
      for (let path = 0; path < paths; path++) {
        let left: number = distance
        let survives = 1
        for (let step = 0; step < steps; step++) {
          const next = left + drift * dt + Math.sqrt(dt) * gauss()
          survives *= next <= 0 ? 0 : 1 - Math.exp((-2 * left * next) / dt)
          left = next
        }
        touched += 1 - survives
      }
      expect(barrierTouch(distance, drift)).toBeCloseTo(touched / paths, 2)
    }
  })

  it('falls with distance, and stays a probability', () => {
    const span = fc.double({ min: 0, max: 12, noNaN: true })
    fc.assert(
      fc.property(span, span, fc.double({ min: -0.2, max: 0.2, noNaN: true }), (x, y, drift) => {
        const [near, far] = [
          barrierTouch(Math.min(x, y), drift),
          barrierTouch(Math.max(x, y), drift),
        ]
        expect(far).toBeLessThanOrEqual(near + 1e-12)
        expect(far).toBeGreaterThanOrEqual(0)
        expect(near).toBeLessThanOrEqual(1)
      }),
      { numRuns: 10_000 },
    )
  })
})
