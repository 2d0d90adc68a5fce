import { expect, test } from 'vitest'
import { createIntl } from 'react-intl'
import {
  nearestLiquidation,
  countScenarios,
  sumMeasures,
  usdOf,
  accountsWithoutDistance,
} from '../data/portfolio.ts'
import { portfolioFixture } from '../fixtures/portfolio.ts'
import { createFormat } from '../format/format.ts'
import { catalogues } from '../language/messages.ts'
import { makeText } from '../language/text.ts'
import { refusalSamples } from '../fixtures/refusals.ts'
import { venueSource } from '../shell/StatusBar.tsx'
import { labelRows, railBars, railMarks } from './rail.ts'
import { tankOf, tankScale } from './tank.ts'

const now = 1_790_000_000_000
const full = portfolioFixture('full', now)
const partial = portfolioFixture('partial', now)
const speech = makeText(createIntl({ locale: 'en', messages: catalogues.en }))
const format = createFormat('en', false, speech.t)

test('the nearest liquidation is the smallest of both directions over all accounts', () => {
  const nearest = nearestLiquidation(full.accounts)
  expect(nearest?.account.accountId).toBe('hl-1')
  expect(nearest?.distance).toMatchObject({ kind: 'finite', shock: 0.0941 })
})

test('an account of which nobody can say is counted as blind, not as safe', () => {
  expect(accountsWithoutDistance(partial.accounts).map(({ accountId }) => accountId)).toEqual([
    'okx-1',
  ])
  expect(nearestLiquidation(portfolioFixture('error', now).accounts)).toBeNull()
  expect(accountsWithoutDistance(portfolioFixture('error', now).accounts)).toHaveLength(1)
})

test('unknown scenarios are neither passed nor failed', () => {
  const counts = countScenarios(partial.accounts)
  expect(counts.unknown).toBe(11)
  expect(counts.passed + counts.failed).toBe(22)
})

test('one unknown makes a sum unknown', () => {
  expect(
    sumMeasures([
      { kind: 'known', value: 1 },
      { kind: 'unknown', missing: ['tiers'] },
    ]),
  ).toEqual({ kind: 'unknown', missing: ['tiers'] })
})

test('an amount without a price has no USD value', () => {
  expect(usdOf({ asset: 'PAXG', decimals: 18, units: 1n }, full.quotes)).toBeNull()
})

test('an unknown account has no level in its tank', () => {
  const scale = tankScale(partial.accounts.map(({ report }) => report))
  const unknown = partial.accounts.find(({ accountId }) => accountId === 'okx-1')
  expect(tankOf(unknown?.report ?? null, scale)).toMatchObject({ kind: 'unknown' })
  expect(tankOf(null, scale)).toMatchObject({ kind: 'unknown' })
})

test('an account under its requirement is short, and no level leaves the tank', () => {
  const scale = tankScale(full.accounts.map(({ report }) => report))
  const short = tankOf(full.accounts[1]?.report ?? null, scale)
  expect(short).toMatchObject({ kind: 'known', short: true, excess: 0 })
  for (const { report } of full.accounts) {
    const tank = tankOf(report, scale)
    if (tank.kind !== 'known') throw new Error('known expected')
    for (const level of [tank.equity, tank.required, tank.excess]) {
      expect(level).toBeGreaterThanOrEqual(0)
      expect(level).toBeLessThanOrEqual(1)
    }
  }
})

test('rail ends: capped where liquidated, open where not, never capped where unknown', () => {
  const [binance, , okx] = railBars(partial)
  expect(binance).toMatchObject({ down: { kind: 'at', near: false }, up: { kind: 'beyond' } })
  expect(okx).toMatchObject({ down: { kind: 'unknown' }, up: { kind: 'unknown' } })
  expect(railMarks(full).map(({ shock }) => shock)).toEqual(
    [...railMarks(full).map(({ shock }) => shock)].sort((a, b) => a - b),
  )
})

test('labels that would run into each other take other rows', () => {
  expect(
    labelRows([
      { x: 0, width: 50 },
      { x: 30, width: 50 },
      { x: 100, width: 50 },
      { x: 35, width: 50 },
    ]),
  ).toEqual([0, 1, 0, 2])
})

test.each([
  ['fresh', now - 2_000, null, 'good'],
  ['failing but fresh', now - 2_000, refusalSamples[0] ?? null, 'warn'],
  ['too old', now - 500_000, null, 'breach'],
  ['never answered', null, null, 'off'],
  ['never answered and failing', null, refusalSamples[0] ?? null, 'breach'],
] as const)('a source that is %s is graded', (_what, asOf, refusal, grade) => {
  const source = venueSource(
    {
      accountId: 'a',
      venue: 'okx',
      label: 'OKX',
      asOf,
      staleAfterMs: 120_000,
      clockSkewMs: null,
      refusal,
    },
    now,
    format,
    speech,
  )
  expect(source.grade).toBe(grade)
})
