import { describe, expect, it } from 'vitest'
import { defaultPolicy } from './defaultPolicy.ts'
import { loosensPolicy, policyChanges } from './loosens.ts'
import type { Policy } from './policy.ts'

const [first, ...rest] = defaultPolicy.scenarios
if (first === undefined) throw new Error('no scenario')

describe('loosensPolicy', () => {
  it.each<[string, Partial<Policy>]>([
    ['a smaller buffer', { bufferOfMaintenance: 0.5 }],
    ['a lower floor', { floorUsd: 0 }],
    ['older snapshots', { staleAfterMs: defaultPolicy.staleAfterMs + 1 }],
    ['a shorter cool-off', { coolOffHours: 1 }],
    ['a higher fee cap', { feeCapSatPerVb: 1_000 }],
    ['a larger first payment', { firstPaymentCapUsd: 1e9 }],
    ['a scenario removed', { scenarios: rest }],
    ['a scenario softened', { scenarios: [{ ...first, btc: -0.05 }, ...rest] }],
    ['a scenario with more depth', { scenarios: [{ ...first, depth: 1 }, ...rest] }],
    ['a scenario shown only', { scenarios: [{ ...first, shownOnly: true }, ...rest] }],
    ['a scenario listed twice', { scenarios: [first, { ...first, btc: 0 }, ...rest] }],
    ['not a number', { floorUsd: Number.NaN }],
  ])('sees %s as looser', (_, change) => {
    expect(loosensPolicy(defaultPolicy, { ...defaultPolicy, ...change })).toBe(true)
  })

  it.each<[string, Partial<Policy>]>([
    ['nothing changed', {}],
    ['a larger buffer', { bufferOfMaintenance: 2 }],
    ['a scenario added', { scenarios: [...defaultPolicy.scenarios, { ...first, id: 'own' }] }],
    ['a tighter price limit', { priceLimitBps: 10 }],
  ])('sees %s as no looser', (_, change) => {
    expect(loosensPolicy(defaultPolicy, { ...defaultPolicy, ...change })).toBe(false)
  })
})

describe('policyChanges', () => {
  it('says every difference, and nothing of what stays', () => {
    const softened = { ...first, btc: -0.05 }
    const after = { ...defaultPolicy, floorUsd: 0, coolOffHours: 1, scenarios: [softened, ...rest] }
    const changes = policyChanges(defaultPolicy, after)
    expect(changes.slice(0, 2)).toEqual(['floorUsd: 1000 → 0', 'coolOffHours: 24 → 1'])
    expect(changes.slice(2).map((line) => line.slice(0, 3))).toEqual(['− {', '+ {'])
    expect(changes[3]).toContain('"btc":-0.05')
    expect(policyChanges(defaultPolicy, defaultPolicy)).toEqual([])
  })
})
