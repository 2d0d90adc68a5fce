import { describe, expect, it } from 'vitest'
import { baseRateOf } from './baseRates.ts'

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
