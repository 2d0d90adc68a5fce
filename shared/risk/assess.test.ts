import { describe, expect, it } from 'vitest'
import {
  account,
  cash,
  decimal,
  ethPosition,
  fixtureInstant,
  position,
} from '../collateral/snapshot.fixture.ts'
import type { AccountSnapshot } from '../collateral/snapshot.ts'
import { defaultBetas } from '../market/betas.ts'
import { assess, type AssessOptions } from './assess.ts'
import { defaultPolicy } from './defaultPolicy.ts'
import { type Distance, type Measure, riskReportSchema } from './report.ts'

const options: AssessOptions = { policy: defaultPolicy, betas: defaultBetas, now: fixtureInstant }

function valueOf(measure: Measure): number {
  if (measure.kind !== 'known') throw new Error(`unknown: ${measure.missing.join()}`)
  return measure.value
}

function finite(distance: Distance) {
  if (distance.kind !== 'finite') throw new Error(`not finite: ${JSON.stringify(distance)}`)
  return distance
}

/** Puts our own trigger in the venue's mouth, so that the account counts as verified. */
function verified(snapshot: AccountSnapshot): AccountSnapshot {
  const { positions } = assess(snapshot, options)
  return {
    ...snapshot,
    positions: snapshot.positions.map((held, i) => {
      const displayed = positions[i]?.displayed
      const price = displayed?.kind === 'known' ? displayed.value : undefined
      return { ...held, reportedLiquidation: price === undefined ? null : decimal(price) }
    }),
  }
}

const demo = account({
  positions: [position({ size: decimal('1.2') }), ethPosition()],
})

describe('assess', () => {
  it('finds a small loan against much cash sizeably in excess', () => {
    const report = assess(verified(demo), options)
    expect(report.state).toBe('complete')
    expect(valueOf(report.excessUsd)).toBeGreaterThan(60_000)
    expect(valueOf(report.requiredUsd)).toBeGreaterThan(20_000)
    expect(valueOf(report.shortfallUsd)).toBe(0)
    expect(report.tenPercent).toBe('passes')
    expect(riskReportSchema.parse(report)).toEqual(report)
  })

  it('takes equity, maintenance and slack from tiers and marks', () => {
    const report = assess(demo, options)
    expect(valueOf(report.equityUsd)).toBeCloseTo(120_000, 6)
    // 110,400 × 0.5 % − 50 + 31,600 × 0.5 %
    expect(valueOf(report.maintenanceUsd)).toBeCloseTo(502 + 158, 6)
    expect(valueOf(report.slackUsd)).toBeCloseTo(120_000 - 660, 6)
  })

  it('finds the joint fall that breaches, with the price of each instrument there', () => {
    const report = assess(
      account({ collaterals: [cash(20_000)], positions: demo.positions }),
      options,
    )
    const down = finite(report.distanceDown)
    expect(down.along).toEqual({ kind: 'joint' })
    // By hand: at x the loss is 110,400·x + 31,600·1.25·x; maintenance falls with the notional.
    const x = -down.shock
    const btc = 110_400 * (1 - x)
    const eth = 31_600 * (1 - 1.25 * x)
    const equity = 20_000 - 110_400 * x - 31_600 * 1.25 * x
    expect(equity).toBeCloseTo(btc * 0.005 - 50 + eth * 0.005, 6)
    expect(down.prices[0]).toEqual({ symbol: 'BTCUSDC', price: 92_000 * (1 - x) })
    expect(report.distanceUp.kind).toBe('none')
  })

  it('shows a net short account a finite distance upwards and a requirement', () => {
    const short = account({ positions: [position({ side: 'short' })] })
    const report = assess(short, options)
    expect(report.distanceDown.kind).toBe('none')
    expect(finite(report.distanceUp).shock).toBeGreaterThan(1)
    expect(valueOf(report.requiredUsd)).toBeGreaterThan(9_200)
  })

  it('shows a beta-neutral long ETH, short BTC account a finite distance and a requirement', () => {
    const neutral = account({
      collaterals: [cash(30_000)],
      positions: [
        ethPosition({ size: decimal(40), entry: decimal(2_000), mark: decimal(2_000) }),
        position({ side: 'short', entry: decimal(100_000), mark: decimal(100_000) }),
      ],
    })
    const report = assess(neutral, options)
    expect(finite(report.distanceDown).along?.kind).not.toBe('joint')
    expect(finite(report.distanceUp).along?.kind).not.toBe('joint')
    expect(Math.abs(finite(report.distanceUp).shock)).toBeLessThan(0.5)
    expect(valueOf(report.requiredUsd)).toBeGreaterThan(8_000)
  })

  it('names a missing beta instead of taking it for zero', () => {
    const report = assess(
      account({ positions: [position({ symbol: 'XYZUSDC', base: 'XYZ' })] }),
      options,
    )
    expect(report.state).toBe('partial')
    expect(report.missing).toContain('beta.XYZ')
    expect(report.distanceDown).toEqual({ kind: 'unknown', missing: ['beta.XYZ'] })
    expect(report.excessUsd.kind).toBe('unknown')
    expect(report.tenPercent).toBe('unknown')
    // What needs no beta is still there.
    expect(report.positions[0]?.trigger?.kind).toBeUndefined()
    expect(valueOf(report.equityUsd)).toBe(120_000)
  })

  it('is stale when older than the policy allows, and when from the future', () => {
    const late = { ...options, now: fixtureInstant + defaultPolicy.staleAfterMs + 1 }
    expect(assess(verified(demo), late).state).toBe('stale')
    const early = { ...options, now: fixtureInstant - defaultPolicy.staleAfterMs - 1 }
    expect(assess(verified(demo), early).state).toBe('stale')
  })

  it('is unverified when the reported price differs from ours', () => {
    const true_ = verified(account({ collaterals: [cash(20_000)], positions: [position()] }))
    expect(assess(true_, options).state).toBe('complete')
    const [held] = true_.positions
    if (held === undefined) throw new Error('no position')
    const off = decimal(Number(held.reportedLiquidation) + 1)
    const report = assess({ ...true_, positions: [{ ...held, reportedLiquidation: off }] }, options)
    expect(report.state).toBe('unverified')
    expect(report.positions[0]?.verification.kind).toBe('differs')
  })

  it('is unverified in portfolio mode, with nothing computed', () => {
    const report = assess({ ...demo, marginMode: 'portfolio' }, options)
    expect(report.distanceDown.kind).toBe('unknown')
    expect(report.excessUsd.kind).toBe('unknown')
  })

  it('never lets out more than the venue does, less resting orders', () => {
    const capped = account({
      ...demo,
      collaterals: [cash(120_000, { withdrawable: decimal('1234.567') })],
    })
    expect(valueOf(assess(capped, options).excessUsd)).toBe(1_234.56)
    const free = valueOf(assess(demo, options).excessUsd)
    const resting = assess({ ...demo, orderMargin: decimal(5_000) }, options)
    expect(valueOf(resting.excessUsd)).toBeCloseTo(free - 5_000, 1)
  })

  it('does not know the excess when the venue says nothing of what may leave', () => {
    const silent = account({ ...demo, collaterals: [cash(120_000, { withdrawable: null })] })
    const report = assess(silent, options)
    expect(report.excessUsd).toEqual({ kind: 'unknown', missing: ['withdrawable'] })
    expect(report.state).toBe('partial')
  })

  it('counts an isolated position as a pool of its own', () => {
    const isolated = account({
      positions: [
        position({ marginMode: 'isolated', isolatedWallet: decimal(4_000), size: decimal('0.5') }),
      ],
    })
    const report = assess(isolated, options)
    const down = finite(report.distanceDown)
    // (entry·q − W)/(q·(1 − rate)), notional under 50,000
    expect(down.prices[0]?.price).toBeCloseTo((92_000 * 0.5 - 4_000) / (0.5 * (1 - 0.004)), 6)
    expect(report.tenPercent).toBe('fails')
    expect(valueOf(report.shortfallUsd)).toBeGreaterThan(0)
    expect(valueOf(report.equityUsd)).toBe(124_000)
  })

  it('keeps the rest of an account when one isolated position is malformed', () => {
    const report = assess(
      account({
        positions: [
          ...demo.positions,
          position({
            symbol: 'SOLUSDC',
            base: 'SOL',
            marginMode: 'isolated',
            isolatedWallet: decimal(10),
            mark: decimal(0),
          }),
        ],
      }),
      options,
    )
    expect(report.state).toBe('partial')
    expect(report.missing).toContain('positions.SOLUSDC:both.mark')
    expect(report.pools?.[0]?.distanceDown.kind).toBe('finite')
    expect(report.positions[2]?.trigger?.kind).toBe('unknown')
  })

  it('reports a breached account as breached', () => {
    const report = assess(account({ collaterals: [cash(100)], positions: [position()] }), options)
    expect(report.distanceDown.kind).toBe('breached')
    expect(report.tenPercent).toBe('fails')
    expect(valueOf(report.excessUsd)).toBe(0)
    expect(valueOf(report.shortfallUsd)).toBeGreaterThan(9_000)
  })

  it('has a curve that crosses zero at the joint distance', () => {
    const report = assess(
      account({ collaterals: [cash(20_000)], positions: demo.positions }),
      options,
    )
    const shock = finite(report.distanceDown).shock
    const before = report.slackCurve.filter(
      (point) => point.shock > shock + 1e-9 && point.shock <= 0,
    )
    expect(before.every((point) => point.slackUsd > 0)).toBe(true)
    const at = report.slackCurve.find((point) => Math.abs(point.shock - shock) < 1e-9)
    expect(at?.slackUsd).toBeCloseTo(0, 5)
    const ascending = report.slackCurve.every(
      (point, i) => i === 0 || point.shock > (report.slackCurve[i - 1]?.shock ?? 0),
    )
    expect(ascending).toBe(true)
  })
})
