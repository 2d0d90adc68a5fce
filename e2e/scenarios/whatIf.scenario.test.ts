import { afterAll, beforeAll, expect, test } from 'vitest'
import { assessedOf, noKnobs, whatIf } from '../../renderer/risk/whatIf.ts'
import { openScene, type Scene, until } from './demoHost.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

test('what Bulkhead cannot carry out is suggested to be done by hand, and only that', async () => {
  const suggestions = await until(async () => {
    const read = await scene.client.call('portfolio.read', {})
    return read.ok && read.value.suggestions.length > 0 ? read.value.suggestions : undefined
  }, 'a suggestion')
  for (const { venue, by } of suggestions)
    expect(by).toBe(venue === 'hyperliquid' ? 'hand' : 'bulkhead')
}, 60_000)

test('a what-if with nothing turned is the host’s own report, volatilities and correlations included', async () => {
  const view = await until(async () => {
    const read = await scene.client.call('portfolio.read', {})
    const measured = (of: { readonly facts: { readonly correlations: unknown } | null }) =>
      of.facts?.correlations !== null && of.facts !== null
    return read.ok && read.value.accounts.every(measured) ? read.value : undefined
  }, 'the candles of every account')
  expect(view.accounts.length).toBeGreaterThan(1)
  for (const account of view.accounts) {
    const assessed = assessedOf(account)
    if (assessed === null) throw new Error('an assessed account expected')
    // The host alone simulates the chance of a touch for the whole account.
    const { accountTouch: _, ...report } = assessed.report
    expect(whatIf(assessed, view.policy, noKnobs)).toEqual(report)
    expect(whatIf(assessed, view.policy, { ...noKnobs, shock: -0.05 })).not.toEqual(report)
  }
}, 90_000)
