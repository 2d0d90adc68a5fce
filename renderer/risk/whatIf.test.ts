import { expect, test } from 'vitest'
import { defaultBetas } from '../../shared/market/betas.ts'
import { defaultPolicy } from '../../shared/risk/defaultPolicy.ts'
import type { Measure } from '../../shared/risk/report.ts'
import { assessedWith, facts, snapshot } from './assessed.fixture.ts'
import { clipCurve, frameOf } from './slackFrame.ts'
import { noKnobs, whatIf } from './whatIf.ts'

const known = (measure: Measure | undefined) =>
  measure?.kind === 'known' ? measure.value : Number.NaN

const assessed = assessedWith(snapshot)

test('with no knob turned the answer is the report itself, on the facts that were sent with it', () => {
  expect(whatIf(assessed, defaultPolicy, noKnobs)).toEqual(assessed.report)
  const elsewhere = { ...assessed, facts: { ...facts, betas: defaultBetas } }
  expect(whatIf(elsewhere, defaultPolicy, noKnobs)).not.toEqual(assessed.report)
})

test('a frozen venue lets nothing out, even when asked to', () => {
  const frozen = whatIf(assessed, defaultPolicy, {
    ...noKnobs,
    venue: 'frozen',
    withdrawUsd: 1_000,
  })
  expect(known(frozen?.excessUsd)).toBe(0)
  expect(known(frozen?.equityUsd)).toBe(known(assessed.report.equityUsd))
})

test('a haircut weighs collateral less', () => {
  const multi = assessedWith({ ...snapshot, marginMode: 'multi-asset' })
  const cut = whatIf(multi, defaultPolicy, { ...noKnobs, haircut: 0.25 })
  expect(known(cut?.equityUsd)).toBeCloseTo(15_000, 6)
})

test('a fall brings a long nearer by what the fall took', () => {
  const fallen = whatIf(assessed, defaultPolicy, { ...noKnobs, shock: -0.1 })
  // ETH falls by 1.4 × 10 %: 10 × 420 USD lost.
  expect(known(fallen?.equityUsd)).toBeCloseTo(15_800, 6)
})

test('what is withdrawn leaves the equity and shortens the distance', () => {
  const before = whatIf(assessed, defaultPolicy, noKnobs)
  const after = whatIf(assessed, defaultPolicy, { ...noKnobs, withdrawUsd: 5_000 })
  expect(known(after?.equityUsd)).toBeCloseTo(15_000, 6)
  const shock = (report: typeof before) =>
    report?.distanceDown.kind === 'finite' ? Math.abs(report.distanceDown.shock) : Number.NaN
  expect(shock(after)).toBeLessThan(shock(before))
})

test('an instrument without a beta cannot be answered, and is not taken as still', () => {
  const [position] = snapshot.positions
  if (position === undefined) throw new Error('a position expected')
  const odd = { ...snapshot, positions: [{ ...position, base: 'DOGEX' }] }
  expect(
    whatIf({ ...assessed, snapshot: odd }, defaultPolicy, { ...noKnobs, shock: -0.1 }),
  ).toBeNull()
})

test('a curve is clipped with its ends on the line', () => {
  const curve = [
    { shock: -1, slackUsd: -100 },
    { shock: 0, slackUsd: 0 },
    { shock: 1, slackUsd: 300 },
  ]
  expect(clipCurve(curve, -0.5, 0.5)).toEqual([
    { shock: -0.5, slackUsd: -50 },
    { shock: 0, slackUsd: 0 },
    { shock: 0.5, slackUsd: 150 },
  ])
})

test('the axes are round numbers around every curve and zero', () => {
  const low = [
    { shock: -1, slackUsd: -900 },
    { shock: 1, slackUsd: 300 },
  ]
  const high = [
    { shock: -1, slackUsd: 100 },
    { shock: 1, slackUsd: 1_430 },
  ]
  expect(frameOf([low], -1, 1)).toEqual({ from: -1, to: 1, least: -1_000, most: 500, step: 500 })
  expect(frameOf([low, high], -1, 1)).toMatchObject({ least: -1_000, most: 2_000, step: 1_000 })
  expect(frameOf([high, []], -1, 1)).toMatchObject({ least: 0, most: 1_500, step: 500 })
  expect(frameOf([[]], -1, 1)).toMatchObject({ least: 0, most: 0.5, step: 0.5 })
})
