import { expect, test } from 'vitest'
import { accountSnapshotSchema } from '../../shared/collateral/snapshot.ts'
import { defaultBetas } from '../../shared/market/betas.ts'
import { correlationOf } from '../../shared/market/correlation.ts'
import { defaultLiquidity } from '../../shared/market/liquidity.ts'
import { assess } from '../../shared/risk/assess.ts'
import { defaultPolicy } from '../../shared/risk/defaultPolicy.ts'
import type { Measure } from '../../shared/risk/report.ts'
import { type Assessed, noKnobs, whatIf } from './whatIf.ts'
import { clipCurve } from './slackOption.ts'

const asOf = 1_790_000_000_000
const snapshot = accountSnapshotSchema.parse({
  accountId: 'a',
  venue: 'hyperliquid',
  label: 'Hyperliquid',
  asOf,
  source: 'clearinghouseState',
  marginMode: 'single-asset',
  positionMode: 'one-way',
  collaterals: [
    {
      asset: 'USDC',
      wallet: '20000',
      priceUsd: '1',
      haircuts: [{ floor: 0, weight: 1 }],
      withdrawable: '8000',
    },
  ],
  positions: [
    {
      symbol: 'ETH',
      base: 'ETH',
      settle: 'USDC',
      contractType: 'linear',
      side: 'long',
      leg: 'both',
      size: '10',
      entry: '3000',
      mark: '3000',
      marginMode: 'cross',
      isolatedWallet: null,
      leverage: '10',
      tiers: [{ floor: 0, rate: 0.02, deduction: 0 }],
      liquidationFeeRate: 0,
      maintenance: null,
      unrealised: null,
      reportedLiquidation: null,
      tickSize: '0.1',
      funding: { rate: '0.0001', intervalHours: 8 },
    },
  ],
  orderMargin: '0',
  reported: { equity: '20000', maintenance: '600', withdrawable: '8000' },
  gaps: [],
})

const known = (measure: Measure | undefined) =>
  measure?.kind === 'known' ? measure.value : Number.NaN

const facts = {
  now: asOf,
  betas: { ...defaultBetas, ETH: { value: 1.4, source: 'the test', asOf: '2026-04-01' } },
  liquidity: { ...defaultLiquidity, ETH: { dailyVolumeUsd: 1e8, dailyVolatility: 0.06 } },
  correlations: {
    assets: ['BTC', 'ETH'],
    matrix: [
      [1, 0.8],
      [0.8, 1],
    ],
    samples: 700,
  },
}
const measured = [
  { asset: 'BTC', sigma: 0.02, atr: 0.03 },
  { asset: 'ETH', sigma: 0.04, atr: null },
].map((of) => ({
  ...of,
  source: 'the test',
  asOf,
  samples: 700,
  missingHours: 0,
  sigma30d: of.sigma,
  sigmaEwma: of.sigma,
  missing: [],
}))

function assessedWith(of: typeof snapshot): Assessed {
  const report = assess(of, {
    policy: defaultPolicy,
    ...facts,
    correlation: (a, b) => correlationOf(facts.correlations, a, b),
    volatility: { BTC: 0.02, ETH: 0.04 },
    averageTrueRange: { BTC: 0.03 },
    measured,
  })
  return { snapshot: of, report, facts }
}

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
