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
import { assess } from './assess.ts'
import { defaultPolicy } from './defaultPolicy.ts'
import type { AssessOptions } from './options.ts'
import type { Policy } from './policy.ts'

/** One fall of 10 %, no buffer, no floor: figures that can be worked by hand. */
const policy: Policy = {
  ...defaultPolicy,
  scenarios: defaultPolicy.scenarios.filter(({ id }) => id === 'ten-down'),
  bufferOfMaintenance: 0,
  floorUsd: 0,
}
const options: AssessOptions = { policy, betas: defaultBetas, now: fixtureInstant }

function figures(snapshot: AccountSnapshot, over: Partial<AssessOptions> = {}) {
  const report = assess(snapshot, { ...options, ...over })
  const value = (name: 'requiredUsd' | 'excessUsd' | 'shortfallUsd' | 'equityUsd') =>
    report[name].kind === 'known' ? report[name].value : undefined
  return {
    required: value('requiredUsd') ?? Number.NaN,
    excess: value('excessUsd') ?? Number.NaN,
    shortfall: value('shortfallUsd') ?? Number.NaN,
    report,
  }
}

/** One bitcoin at 92,000, paying no funding; at −10 %: 9,200 lost, 82,800 left to maintain and to get out of. */
const one = position({ funding: { rate: decimal(0), intervalHours: 8 } })
const impact = 82_800 * (2 / 3) * 0.03 * Math.sqrt(82_800 / (5e9 * 0.67))
const need = 9_200 + (82_800 * 0.005 - 50) + impact + 82_800 * 0.0005

describe('required and excess', () => {
  it('are the loss, the maintenance and the cost to get out of the worst scenario', () => {
    const { required, excess, shortfall } = figures(account({ positions: [one] }))
    expect(required).toBeCloseTo(need, 6)
    expect(excess).toBe(Math.floor((120_000 - need) * 100) / 100)
    expect(shortfall).toBe(0)
  })

  it('add the buffer on the maintenance there', () => {
    const { required } = figures(account({ positions: [one] }), {
      policy: { ...policy, bufferOfMaintenance: 2 },
    })
    expect(required).toBeCloseTo(need + 2 * (82_800 * 0.005 - 50), 6)
  })

  it('charge funding that is paid, for a day', () => {
    const paying = position({ funding: { rate: decimal('0.001'), intervalHours: 8 } })
    const { required } = figures(account({ positions: [paying] }))
    expect(required).toBeCloseTo(need + 82_800 * 0.003, 6)
  })

  it('keep resting orders, what is under way, and the floor', () => {
    const plain = figures(account({ positions: [one] })).excess
    const orders = figures(account({ positions: [one], orderMargin: decimal(1_000) }))
    expect(orders.excess).toBeCloseTo(plain - 1_000, 2)
    const leaving = figures(account({ positions: [one] }), { inFlightUsd: 2_000 })
    expect(leaving.excess).toBeCloseTo(plain - 2_000, 2)
    const floor = figures(account({ positions: [one] }), {
      policy: { ...policy, floorUsd: 50_000 },
    })
    expect(floor.required).toBe(50_000)
    expect(floor.excess).toBe(70_000)
  })

  it('cover a shortfall in one pool from another before anything leaves', () => {
    const two = account({
      collaterals: [cash(30_000), cash(5_000, { asset: 'USDT' })],
      positions: [{ ...one, symbol: 'BTCUSDT', settle: 'USDT' }],
    })
    const { excess, shortfall } = figures(two)
    expect(shortfall).toBeCloseTo(need - 5_000, 6)
    expect(excess).toBeCloseTo(30_000 - (need - 5_000), 1)
  })

  it('do not count on what an isolated position has too much of', () => {
    const isolated = account({
      collaterals: [cash(1_000)],
      positions: [{ ...one, marginMode: 'isolated', isolatedWallet: decimal(60_000) }],
    })
    expect(figures(isolated).excess).toBe(1_000)
    // Not even where the venue's own figure would allow it, nor to cover a shortfall in a cross pool.
    const generous = { ...isolated, collaterals: [cash(1_000, { withdrawable: decimal(50_000) })] }
    expect(figures(generous).excess).toBe(1_000)
    const short = account({
      collaterals: [cash(30_000), cash(5_000, { asset: 'USDT' })],
      positions: [
        { ...one, symbol: 'BTCUSDT', settle: 'USDT' },
        { ...one, symbol: 'BTCUSDC', marginMode: 'isolated', isolatedWallet: decimal(60_000) },
      ],
    })
    expect(figures(short).excess).toBeCloseTo(30_000 - (need - 5_000), 1)
  })

  it('leave nothing out of an account whose other pool cannot be read', () => {
    const broken = account({
      positions: [
        one,
        ethPosition({ marginMode: 'isolated', isolatedWallet: decimal(10), tiers: [] }),
      ],
    })
    const { report } = figures(broken)
    expect(report.excessUsd.kind).toBe('unknown')
    expect(report.distanceDown.kind).toBe('unknown')
    expect(report.pools?.[0]?.distanceDown.kind).toBe('none')
    const crossBroken = account({
      positions: [
        ethPosition({ tiers: [] }),
        { ...one, marginMode: 'isolated', isolatedWallet: decimal(10_000) },
      ],
    })
    const other = figures(crossBroken).report
    expect(other.pools?.map(({ distanceDown }) => distanceDown.kind)).toEqual(['unknown', 'finite'])
    expect(other.distanceDown.kind).toBe('unknown')
  })

  it('count everything where there is no position', () => {
    const idle = figures(
      account({ collaterals: [cash(500), cash(0.5, { asset: 'BTC', priceUsd: decimal(90_000) })] }),
    )
    expect(idle.required).toBe(0)
    expect(idle.excess).toBe(45_500)
    expect(idle.report.distanceDown.kind).toBe('none')
  })

  it('hold back what Hyperliquid’s transfer rule locks', () => {
    const held = account({
      venue: 'hyperliquid',
      positions: [{ ...one, leverage: decimal(20) }],
    })
    // 10 % of 92,000 is more than a twentieth of it
    const { excess } = figures({ ...held, collaterals: [cash(20_000)] })
    const cheaper = need - 82_800 * 0.00005
    expect(excess).toBeCloseTo(Math.min(20_000 - cheaper, 20_000 - 9_200), 1)
    const wide = figures({ ...held, positions: [{ ...one, leverage: decimal(2) }] })
    expect(wide.excess).toBe(120_000 - 46_000)
  })
})
