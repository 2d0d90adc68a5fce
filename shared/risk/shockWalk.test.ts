/** The joint distance against a walk of the shock, on random multi-asset accounts: coins with tiered haircuts that fall
 *  with the market, borrowed dollars, linear and inverse positions, tiers with and without deduction. Arithmetic of this
 *  file's own, asset by asset. 400 accounts, 4,000 under BULKHEAD_DEEP. */
import { describe, expect, it } from 'vitest'
import { account, cash, decimal, position } from '../collateral/snapshot.fixture.ts'
import type { HaircutTier, MaintenanceTier } from '../collateral/snapshot.ts'
import { readMarginAccount } from '../margin/account.ts'
import { makeSolver } from '../margin/breach.ts'

const accounts = process.env['BULKHEAD_DEEP'] === '1' ? 4_000 : 400
const beta = { BTC: 1, ETH: 1.2, USDT: 0 } as const
const index = { BTC: 90_000, ETH: 3_000, USDT: 1 } as const
type Coin = 'BTC' | 'ETH'

interface Leg {
  readonly base: Coin
  readonly inverse: boolean
  readonly sign: 1 | -1
  readonly size: number
  readonly entry: number
  readonly mark: number
  readonly tiers: readonly MaintenanceTier[]
}

interface Case {
  readonly wallets: { readonly [A in keyof typeof index]: number }
  readonly haircuts: readonly HaircutTier[]
  readonly legs: readonly Leg[]
}

function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

function randomCase(random: () => number): Case {
  const rate = 0.004 + random() * 0.006
  const deducts = random() < 0.7
  const tiersIn = (unit: number): readonly MaintenanceTier[] => [
    { floor: 0, rate, deduction: 0 },
    { floor: unit, rate: 2 * rate, deduction: deducts ? unit * rate : 0 },
    { floor: 4 * unit, rate: 4 * rate, deduction: deducts ? unit * rate + 8 * unit * rate : 0 },
  ]
  const legs = Array.from({ length: 1 + Math.floor(random() * 5) }, (): Leg => {
    const base = random() < 0.5 ? 'BTC' : 'ETH'
    const inverse = random() < 0.4
    const mark = Number((index[base] * (0.998 + random() * 0.004)).toFixed(4))
    const notional = 5_000 + random() * 80_000
    return {
      base,
      inverse,
      sign: random() < 0.6 ? 1 : -1,
      size: inverse ? Math.round(notional) : Number((notional / mark).toFixed(8)),
      entry: Number((mark * (0.9 + random() * 0.2)).toFixed(4)),
      mark,
      tiers: tiersIn(inverse ? 20_000 / mark : 20_000),
    }
  })
  const units = (usd: number, coin: Coin) => Number((usd / index[coin]).toFixed(8))
  return {
    wallets: {
      BTC: units(random() * 100_000 - 10_000, 'BTC'),
      ETH: units(random() * 60_000 - 10_000, 'ETH'),
      USDT: Number((random() * 100_000 - 30_000).toFixed(2)),
    },
    haircuts: [
      { floor: 0, weight: 0.95 },
      { floor: 0.2, weight: 0.9 },
      { floor: 0.8, weight: 0.7 },
    ],
    legs,
  }
}

function counted(units: number, tiers: readonly HaircutTier[]): number {
  if (units <= 0) return units
  let sum = 0
  for (let i = 0; i < tiers.length; i++) {
    const tier = tiers[i]
    if (tier === undefined || units <= tier.floor) break
    sum += (Math.min(units, tiers[i + 1]?.floor ?? Infinity) - tier.floor) * tier.weight
  }
  return sum
}

/** USD left when everything has moved by its beta × `shock`. */
function left(given: Case, shock: number): number {
  const factor = (asset: keyof typeof beta) => Math.max(1e-12, 1 + beta[asset] * shock)
  const units: Record<keyof typeof index, number> = { ...given.wallets }
  let maintenance = 0
  for (const leg of given.legs) {
    const p = leg.mark * factor(leg.base)
    const settle = leg.inverse ? leg.base : 'USDT'
    units[settle] += leg.inverse
      ? leg.sign * leg.size * (1 / leg.entry - 1 / p)
      : leg.sign * leg.size * (p - leg.entry)
    const notional = leg.inverse ? leg.size / p : leg.size * p
    const tier = leg.tiers.findLast(({ floor }) => notional >= floor) ?? leg.tiers[0]
    if (tier === undefined) continue
    const owed = notional * tier.rate - tier.deduction
    maintenance += owed * index[settle] * factor(settle)
  }
  const usd = (asset: keyof typeof index, weighed: number) => weighed * index[asset] * factor(asset)
  return (
    usd('BTC', counted(units.BTC, given.haircuts)) +
    usd('ETH', counted(units.ETH, given.haircuts)) +
    units.USDT -
    maintenance
  )
}

function poolOf(given: Case) {
  const coin = (asset: Coin) =>
    cash(0, {
      asset,
      wallet: decimal(given.wallets[asset].toFixed(8)),
      priceUsd: decimal(index[asset]),
      haircuts: given.haircuts,
    })
  const snapshot = account({
    venue: 'okx',
    marginMode: 'multi-asset',
    collaterals: [
      coin('BTC'),
      coin('ETH'),
      cash(0, { asset: 'USDT', wallet: decimal(given.wallets.USDT.toFixed(2)) }),
    ],
    positions: given.legs.map((leg, i) =>
      position({
        symbol: `P${i}`,
        base: leg.base,
        settle: leg.inverse ? leg.base : 'USDT',
        contractType: leg.inverse ? 'inverse' : 'linear',
        side: leg.sign === 1 ? 'long' : 'short',
        size: decimal(leg.size),
        entry: decimal(leg.entry),
        mark: decimal(leg.mark),
        tiers: leg.tiers,
        liquidationFeeRate: 0,
      }),
    ),
  })
  const [pool] = readMarginAccount(snapshot).pools
  if (pool === undefined) throw new Error('no pool')
  expect(pool.missing).toEqual([])
  return pool
}

describe('the joint distance of a multi-asset account', () => {
  it(`agrees with a walk on ${accounts} random accounts`, () => {
    const random = randomOf(20_251_010)
    const solve = makeSolver()
    const step = 1e-4
    let compared = 0
    let found = 0
    while (compared < accounts) {
      const given = randomCase(random)
      const pool = poolOf(given)
      const now = left(given, 0)
      const velocities = Float64Array.from(pool.items, ({ asset }) =>
        asset === 'BTC' || asset === 'ETH' ? beta[asset] : 0,
      )
      if (now <= 0) {
        expect(solve(pool.items, velocities, -1, 1)).toBe(0)
        continue
      }
      compared++
      for (const [direction, limit] of [
        [-1, 0.8],
        [1, 2],
      ] as const) {
        let walked: number | undefined
        for (let n = 0; n * step <= limit && walked === undefined; n++)
          if (left(given, direction * n * step) <= 0) walked = n * step
        const solved = solve(pool.items, velocities, direction, limit)
        if (walked !== undefined) found++
        // A dip narrower than a step escapes the walk, never the solver; then a breach must be there.
        const agrees =
          walked === undefined || (solved !== undefined && solved < walked - step)
            ? solved === undefined || left(given, direction * (solved + 1e-9)) <= 1e-3
            : solved !== undefined && solved <= walked + 1e-9
        expect(agrees ? 'agrees' : JSON.stringify({ direction, walked, solved, given })).toBe(
          'agrees',
        )
      }
    }
    expect(found).toBeGreaterThan(accounts / 2)
  }, 300_000)
})
