import { expect, test } from 'vitest'
import { accountSnapshotSchema } from '../../shared/collateral/snapshot.ts'
import { defaultBetas } from '../../shared/market/betas.ts'
import { assess } from '../../shared/risk/assess.ts'
import { defaultPolicy } from '../../shared/risk/defaultPolicy.ts'
import type { Measure } from '../../shared/risk/report.ts'
import { noKnobs, whatIf } from './whatIf.ts'
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

test('with no knob turned the answer is the engine’s own', () => {
  const own = assess(snapshot, { policy: defaultPolicy, betas: defaultBetas, now: asOf })
  const same = whatIf(snapshot, defaultPolicy, noKnobs)
  expect(same?.distanceDown).toEqual(own.distanceDown)
  expect(same?.requiredUsd).toEqual(own.requiredUsd)
})

test('a fall brings a long nearer by what the fall took', () => {
  const fallen = whatIf(snapshot, defaultPolicy, { ...noKnobs, shock: -0.1 })
  // ETH falls by 1.25 × 10 %: 10 × 375 USD lost.
  expect(known(fallen?.equityUsd)).toBeCloseTo(16_250, 6)
})

test('what is withdrawn leaves the equity and shortens the distance', () => {
  const before = whatIf(snapshot, defaultPolicy, noKnobs)
  const after = whatIf(snapshot, defaultPolicy, { ...noKnobs, withdrawUsd: 5_000 })
  expect(known(after?.equityUsd)).toBeCloseTo(15_000, 6)
  const shock = (report: typeof before) =>
    report?.distanceDown.kind === 'finite' ? Math.abs(report.distanceDown.shock) : Number.NaN
  expect(shock(after)).toBeLessThan(shock(before))
})

test('an instrument without a beta cannot be answered, and is not taken as still', () => {
  const [position] = snapshot.positions
  if (position === undefined) throw new Error('a position expected')
  const odd = { ...snapshot, positions: [{ ...position, base: 'DOGEX' }] }
  expect(whatIf(odd, defaultPolicy, { ...noKnobs, shock: -0.1 })).toBeNull()
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
