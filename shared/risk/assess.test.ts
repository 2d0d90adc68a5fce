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

  it('is unverified when its equity is not the venue’s, though no price says so', () => {
    const total = (equity: number) =>
      assess(
        { ...verified(demo), reported: { ...demo.reported, equity: decimal(equity) } },
        options,
      )
    expect(total(120_000).state).toBe('complete')
    expect(total(120_000).equityVerification?.kind).toBe('matches')
    expect(total(12_000).state).toBe('unverified')
    expect(total(12_000).equityVerification?.kind).toBe('differs')
  })

  it('checks a price of liquidation without knowing what the settle asset is worth in dollars', () => {
    const priced = account({ collaterals: [cash(20_000)], positions: [position()] })
    const [held] = verified(priced).positions
    if (held === undefined) throw new Error('no position')
    const unpriced = account({ collaterals: [cash(20_000, { priceUsd: null })], positions: [held] })
    const report = assess(unpriced, options)
    expect(report.positions[0]?.verification.kind).toBe('matches')
    expect(report.positions[0]?.displayed).toEqual(assess(priced, options).positions[0]?.displayed)
    // Nothing in dollars came with it.
    expect(report.state).toBe('partial')
    expect(report.equityUsd).toEqual({ kind: 'unknown', missing: ['collaterals.USDC.priceUsd'] })
    expect(report.positions[0]?.notionalUsd.kind).toBe('unknown')
    expect(report.excessUsd.kind).toBe('unknown')
  })

  it('knows nothing of a cross pool while a held position could not be read', () => {
    const unread = {
      field: 'positions.ETHUSDC.markPrice',
      problem: 'malformed',
      value: '-1',
    } as const
    const isolated = position({
      symbol: 'I',
      marginMode: 'isolated',
      isolatedWallet: decimal(9_000),
    })
    const report = assess(account({ positions: [position(), isolated], gaps: [unread] }), options)
    expect(report.state).toBe('partial')
    expect(report.distanceDown).toEqual({ kind: 'unknown', missing: [unread.field] })
    expect(report.excessUsd.kind).toBe('unknown')
    expect(report.positions.map(({ trigger }) => trigger?.kind)).toEqual(['unknown', 'known'])
    // A gap in a position that is there leaves the pool known.
    const own = { ...unread, field: 'positions.BTCUSDC.funding' }
    expect(assess(account({ positions: [position()], gaps: [own] }), options).slackUsd.kind).toBe(
      'known',
    )
  })

  it('takes a collateral weight that could not be read for unknown, not for one', () => {
    const gap = { field: 'assets.USDC.haircuts', problem: 'missing', value: null } as const
    const many = account({ marginMode: 'multi-asset', positions: [position()] })
    expect(assess(many, options).equityUsd.kind).toBe('known')
    expect(assess({ ...many, gaps: [gap] }, options).equityUsd).toEqual({
      kind: 'unknown',
      missing: ['collaterals.USDC.haircuts'],
    })
  })

  it('labels modes that no recorded position checked: hedge, a pool of many assets, portfolio', () => {
    const notesIn = (over: Partial<AccountSnapshot>) => assess(account(over), options).notes ?? []
    const label = 'note.notCheckedAgainstVenue'
    const held = [position()]
    expect(notesIn({ positions: held })).not.toContain(label)
    expect(notesIn({ positions: held, marginMode: 'multi-asset' })).not.toContain(label)
    expect(notesIn({ positions: [position({ leg: 'long' })] })).toContain(label)
    expect(notesIn({ positions: held, marginMode: 'portfolio' })).toContain(label)
    expect(notesIn({ venue: 'okx', positions: held })).not.toContain(label)
    expect(notesIn({ venue: 'okx', positions: held, marginMode: 'multi-asset' })).toContain(label)
    expect(notesIn({ venue: 'bybit', positions: held })).toContain(label)
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

  it('needs no beta to see that an account is breached now', () => {
    const broke = account({
      collaterals: [cash(10)],
      positions: [position({ symbol: 'XYZUSDC', base: 'XYZ' })],
    })
    expect(assess(broke, options).distanceDown.kind).toBe('breached')
    expect(assess(broke, options).state).toBe('partial')
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

  it('holds a hedged account to what is left when a leg is closed by auto-deleveraging', () => {
    const hedged = account({
      positionMode: 'hedge',
      collaterals: [cash(20_000)],
      positions: [
        position({ leg: 'long', size: decimal(2) }),
        position({ leg: 'short', side: 'short', size: decimal(2) }),
      ],
    })
    const report = assess(hedged, options)
    const closed = report.scenarios.find(({ id }) => id === 'adl:BTCUSDC:short:-0.1')
    expect(closed?.values).toEqual({ position: 'BTCUSDC short', move: -0.1 })
    // Two bitcoin long, 10 % down: 18,400 of 20,000, and maintenance with its buffer on top.
    expect(closed?.outcome).toBe('fails')
    expect(report.bindingScenario).toMatch(/^adl:/)
    expect(valueOf(report.requiredUsd)).toBeGreaterThan(18_400)
  })

  it('puts the cross balance at risk for an isolated position that draws on it', () => {
    const isolated = position({
      marginMode: 'isolated',
      isolatedWallet: decimal(9_200),
      autoAddMargin: true,
    })
    const drawing = assess(account({ collaterals: [cash(9_200)], positions: [isolated] }), options)
    const apart = assess(
      account({ collaterals: [cash(9_200)], positions: [{ ...isolated, autoAddMargin: false }] }),
      options,
    )
    expect(drawing.pools?.map(({ id }) => id)).toEqual(['cross:USDC'])
    expect(finite(drawing.distanceDown).shock).toBeLessThan(finite(apart.distanceDown).shock)
    // The venue shows the position as if it stood alone.
    expect(drawing.positions[0]?.displayed).toEqual(apart.positions[0]?.displayed)
    expect(drawing.positions[0]?.trigger).not.toEqual(apart.positions[0]?.trigger)
  })

  it('weighs tiered collateral, counts a debt in full, and follows a falling coin', () => {
    const coins = cash(0, {
      asset: 'BTC',
      wallet: decimal(2),
      priceUsd: decimal(92_000),
      haircuts: [
        { floor: 0, weight: 0.95 },
        { floor: 1, weight: 0.9 },
      ],
    })
    const debt = cash(-50_000, { asset: 'USDT' })
    const report = assess(
      account({
        marginMode: 'multi-asset',
        collaterals: [coins, debt],
        positions: [position({ settle: 'USDT', size: decimal('0.5') })],
      }),
      options,
    )
    expect(valueOf(report.equityUsd)).toBeCloseTo(1.85 * 92_000 - 50_000, 6)
    // 1.85 coins and half a bitcoin fall together: 120,200 − 216,200·x − (46,000·(1 − x))·0.4 % = 0
    const x = -finite(report.distanceDown).shock
    expect(120_200 - 216_200 * x - 46_000 * (1 - x) * 0.004).toBeCloseTo(0, 6)
  })

  it('tells distances in days where volatilities are given, and the account’s slack in σ', () => {
    const report = assess(account({ collaterals: [cash(20_000)], positions: demo.positions }), {
      ...options,
      volatility: { BTC: 0.03, ETH: 0.045 },
      averageTrueRange: { BTC: 0.04 },
      correlation: () => 0.8,
    })
    const down = finite(report.distanceDown)
    expect(down.sigmas).toBeCloseTo(-down.shock / 0.03, 12)
    expect(down.atrs).toBeCloseTo(-down.shock / 0.04, 12)
    const [btc, eth] = [110_400 * 0.995 * 0.03, 31_600 * 0.995 * 0.045]
    const sigma = Math.sqrt(btc ** 2 + eth ** 2 + 2 * 0.8 * btc * eth)
    expect(report.slackInSigmas).toBeCloseTo((20_000 - 660) / sigma, 9)
    expect(assess(demo, options).slackInSigmas).toBeNull()
  })
})

describe('a ratio in σ', () => {
  const hedged = account({
    collaterals: [cash(8_000)],
    positions: [
      position({ size: decimal(1) }),
      ethPosition({ side: 'short', size: decimal('29.1') }),
    ],
  })
  const facts = {
    ...options,
    volatility: { BTC: 0.03, ETH: 0.045 },
    averageTrueRange: { BTC: 0.04 },
  }

  it('is told by both volatilities and their correlation, and unknown without it', () => {
    const down = finite(assess(hedged, { ...facts, correlation: () => 0.8 }).distanceDown)
    expect(down.along?.kind).toBe('ratio')
    const sigma = Math.sqrt(0.03 ** 2 + 0.045 ** 2 - 2 * 0.8 * 0.03 * 0.045)
    expect(down.sigmas).toBeCloseTo(-down.shock / sigma, 12)
    expect(down.atrs).toBeNull()
    expect(finite(assess(hedged, facts).distanceDown).sigmas).toBeNull()
  })
})

describe('bad input', () => {
  it.each([
    ['zero mark', { mark: decimal(0) }, 'mark'],
    ['negative mark', { mark: decimal(-1) }, 'mark'],
    ['zero entry', { entry: decimal(0) }, 'entry'],
    ['a size of 1e18', { size: decimal('1000000000000000000') }, 'size'],
    ['a size of 1e-18', { size: decimal('0.000000000000000001') }, 'size'],
    ['a negative size', { size: decimal(-1) }, 'size'],
    [
      'crossed tiers',
      {
        tiers: [
          { floor: 0, rate: 0.01, deduction: 0 },
          { floor: 0, rate: 0.02, deduction: 0 },
        ],
      },
      'tiers',
    ],
    [
      'falling rates',
      {
        tiers: [
          { floor: 0, rate: 0.02, deduction: 0 },
          { floor: 9, rate: 0.01, deduction: 0 },
        ],
      },
      'tiers',
    ],
    ['tiers not from zero', { tiers: [{ floor: 1, rate: 0.02, deduction: 0 }] }, 'tiers'],
    [
      'a rate that is not a number',
      { tiers: [{ floor: 0, rate: Number.NaN, deduction: 0 }] },
      'tiers',
    ],
    ['a fee of 100 %', { liquidationFeeRate: 1 }, 'liquidationFeeRate'],
  ])('%s is refused by field and value, and the other pool still shows', (_, change, field) => {
    const report = assess(
      account({
        positions: [
          position({ marginMode: 'isolated', isolatedWallet: decimal(4_000), ...change }),
          ethPosition(),
        ],
      }),
      options,
    )
    expect(report.state).toBe('partial')
    expect(report.refusals?.map(({ code, data }) => [code, data.field])).toEqual([
      ['MARGIN_INPUT_INVALID', `positions.BTCUSDC:both.${field}`],
    ])
    expect(report.pools?.map(({ slackUsd }) => slackUsd.kind)).toEqual(['known', 'unknown'])
    expect(report.excessUsd.kind).toBe('unknown')
  })

  it('names missing tiers without calling them refused', () => {
    const report = assess(account({ positions: [position({ tiers: [] })] }), options)
    expect(report.missing).toContain('positions.BTCUSDC:both.tiers')
    expect(report.refusals).toEqual([])
  })

  it('refuses a position that is listed twice', () => {
    const report = assess(account({ positions: [position(), position()] }), options)
    expect(report.refusals?.[0]?.data.field).toBe('positions.BTCUSDC:both')
    expect(report.distanceDown.kind).toBe('unknown')
  })

  it('takes a symbol held cross and isolated at once for two positions', () => {
    const both = [position(), position({ marginMode: 'isolated', isolatedWallet: decimal(10_000) })]
    const report = assess(account({ positions: both }), options)
    expect(report.refusals).toEqual([])
    expect(report.pools?.map(({ distanceDown }) => distanceDown.kind)).toEqual(['none', 'finite'])
  })

  it('refuses a collateral that is listed twice', () => {
    const report = assess(account({ collaterals: [cash(10), cash(10)] }), options)
    expect(report.refusals?.[0]?.data.field).toBe('collaterals.USDC')
    expect(report.equityUsd.kind).toBe('unknown')
  })

  it('refuses an inverse contract that pays in another coin than it moves with', () => {
    const odd = position({ contractType: 'inverse', settle: 'USDC' })
    const report = assess(account({ positions: [odd] }), options)
    expect(report.refusals?.[0]?.data.field).toBe('positions.BTCUSDC:both.settle')
  })

  it('does not know a linear contract whose settle asset moves', () => {
    const odd = position({ symbol: 'ETHBTC', base: 'ETH', settle: 'BTC' })
    const coins = cash(2, { asset: 'BTC', priceUsd: decimal(92_000) })
    const report = assess(account({ collaterals: [coins], positions: [odd] }), options)
    expect(report.missing).toContain('settle.BTC')
  })

  it('refuses a margin mode that the venue does not have', () => {
    const report = assess(
      account({ venue: 'gate', marginMode: 'multi-asset', positions: [position()] }),
      options,
    )
    expect(report.refusals?.[0]?.data).toMatchObject({ field: 'marginMode', value: 'multi-asset' })
  })

  it('knows nothing of a pool whose settle asset has no price', () => {
    const report = assess(
      account({ collaterals: [cash(10, { priceUsd: null })], positions: [position()] }),
      options,
    )
    expect(report.missing).toContain('collaterals.USDC.priceUsd')
    expect(report.equityUsd.kind).toBe('unknown')
  })
})
