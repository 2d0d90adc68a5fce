/** The trigger against a walk: for random accounts of every venue the price is moved in coarse steps, then tick by
 *  tick, with arithmetic of this file's own (exchange units, no items, no breakpoints), until equity is no more than
 *  maintenance. 200 accounts a venue, 2,000 under BULKHEAD_DEEP. */
import { describe, expect, it } from 'vitest'
import { account, cash, decimal, position } from '../collateral/snapshot.fixture.ts'
import { type MaintenanceTier, type VenueId, venueIds } from '../collateral/snapshot.ts'
import { readMarginAccount } from './account.ts'
import { triggerOf } from './trigger.ts'
import { hyperliquidTiers } from './venues/hyperliquid.ts'
import { ruleOf } from './venues/table.ts'

const accountsPerVenue = process.env['BULKHEAD_DEEP'] === '1' ? 2_000 : 200

interface Leg {
  readonly symbol: string
  readonly side: 'long' | 'short'
  readonly size: number
  readonly entry: number
  readonly mark: number
  readonly tiers: readonly MaintenanceTier[]
  readonly fee: number
}

interface Case {
  readonly venue: VenueId
  readonly inverse: boolean
  readonly isolated: boolean
  readonly wallet: number
  /** The first symbol's legs come first; its price is walked. */
  readonly legs: readonly Leg[]
  readonly tick: number
}

/** mulberry32: the same accounts on every machine. */
function randomOf(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Venues whose tiers carry no deduction. */
const jumping: readonly VenueId[] = ['htx', 'coinex', 'okx', 'dydx']

function tiersOf(venue: VenueId, random: () => number, unit: number): readonly MaintenanceTier[] {
  const first = 0.003 + random() * 0.01
  const floors = [0, 0.5, 2, 10].map((multiple) => multiple * unit)
  if (venue === 'hyperliquid')
    return hyperliquidTiers(
      floors.map((lowerBound, i) => ({ lowerBound, maxLeverage: [40, 25, 10, 5][i] ?? 3 })),
    )
  const withDeduction = !jumping.includes(venue)
  let deduction = 0
  return floors.map((floor, i) => {
    const rate = first * 2 ** i
    if (withDeduction && i > 0) deduction += floor * (rate - rate / 2)
    return { floor, rate, deduction }
  })
}

const inverseVenues: readonly VenueId[] = [
  'binance-coinm',
  'okx',
  'bybit',
  'kucoin',
  'gate',
  'bitget',
  'htx',
  'coinex',
]

function randomCase(venue: VenueId, random: () => number): Case {
  const inverse = venue === 'binance-coinm' || (inverseVenues.includes(venue) && random() < 0.4)
  const isolated = random() < 0.4
  const mark = Number((10 ** (1 + random() * 4)).toPrecision(6))
  const fee = ruleOf(venue).liquidationFeeRate('long', 10)
  const leg = (symbol: string, price: number, side: 'long' | 'short'): Leg => {
    const notional = 1_000 + random() * 60_000
    const size = inverse ? Math.round(notional) : Number((notional / price).toPrecision(8))
    const unit = inverse ? 20_000 / price : 20_000
    const entry = Number((price * (0.9 + random() * 0.2)).toPrecision(7))
    return { symbol, side, size, entry, mark: price, tiers: tiersOf(venue, random, unit), fee }
  }
  const side = random() < 0.5 ? 'long' : 'short'
  const legs = [leg('MOVES', mark, side)]
  // Hedge mode: the other side of the same symbol, well smaller, so that the walk is one way.
  if (!isolated && random() < 0.2) {
    const other = leg('MOVES', mark, side === 'long' ? 'short' : 'long')
    const size = (legs[0]?.size ?? 0) * random() * 0.5
    legs.push({ ...other, size: inverse ? Math.round(size) || 1 : Number(size.toPrecision(8)) })
  }
  if (!isolated)
    for (let i = 0; random() < 0.5 && i < 3; i++) {
      const price = inverse ? mark * (0.99 + random() * 0.02) : 10 ** (random() * 4)
      const at = Number(price.toPrecision(7))
      legs.push(leg(`STAYS${i}`, at, random() < 0.5 ? 'long' : 'short'))
    }
  const wallet = (5_000 + random() * 60_000) / (inverse ? mark : 1)
  return {
    venue,
    inverse,
    isolated,
    wallet: Number(wallet.toPrecision(9)),
    legs,
    tick: mark / 20_000,
  }
}

/** Equity minus maintenance in the settle asset when the first symbol trades at `price`. */
function marginLeft(given: Case, price: number): number {
  let left = given.wallet
  for (const leg of given.legs) {
    const p = leg.symbol === 'MOVES' ? price : leg.mark
    const s = leg.side === 'long' ? 1 : -1
    const notional = given.inverse ? leg.size / p : leg.size * p
    left += given.inverse ? s * leg.size * (1 / leg.entry - 1 / p) : s * leg.size * (p - leg.entry)
    let tier = leg.tiers[0]
    for (const candidate of leg.tiers) if (notional >= candidate.floor) tier = candidate
    if (tier !== undefined) left -= notional * (tier.rate + leg.fee) - tier.deduction
  }
  return left
}

/** First tick at which nothing is left, from the mark in the direction that hurts; undefined when none up to five times the mark. */
function walk(given: Case): number | undefined {
  const [first] = given.legs
  if (first === undefined) return undefined
  const direction = first.side === 'long' ? -1 : 1
  // Where maintenance jumps, a dip may be narrower than a coarse step: those venues are walked by the tick.
  const coarse = (jumping.includes(given.venue) ? 1 : 100) * given.tick
  let price = first.mark
  while (price > 0 && price <= 5 * first.mark) {
    const next = price + direction * coarse
    if (next <= 0 || marginLeft(given, next) <= 0) break
    price = next
  }
  for (let n = 0; n <= 100; n++) {
    const at = price + direction * n * given.tick
    if (at <= 0 || at > 5 * first.mark) return undefined
    if (marginLeft(given, at) <= 0) return at
  }
  return undefined
}

function engineTrigger(given: Case): number | undefined {
  const settle = given.inverse ? 'COIN' : 'USDT'
  const [first] = given.legs
  const snapshot = account({
    venue: given.venue,
    positionMode: 'hedge',
    collaterals: [
      cash(0, {
        asset: settle,
        wallet: decimal(given.isolated ? 0 : given.wallet),
        priceUsd: given.inverse ? decimal(first?.mark ?? 1) : decimal('1'),
      }),
    ],
    positions: given.legs.map((leg) =>
      position({
        symbol: leg.symbol,
        base: given.inverse ? 'COIN' : leg.symbol,
        settle,
        contractType: given.inverse ? 'inverse' : 'linear',
        side: leg.side,
        leg: leg.side,
        size: decimal(leg.size),
        entry: decimal(leg.entry),
        mark: decimal(leg.mark),
        tiers: leg.tiers,
        liquidationFeeRate: leg.fee,
        marginMode: given.isolated ? 'isolated' : 'cross',
        isolatedWallet: given.isolated ? decimal(given.wallet) : null,
      }),
    ),
  })
  const pool = readMarginAccount(snapshot).pools.find(({ positions }) => positions.length > 0)
  expect(pool?.missing).toEqual([])
  const trigger = triggerOf(pool?.items ?? [], 'MOVES')
  return trigger.kind === 'price' ? trigger.price : undefined
}

describe.each(venueIds)('%s', (venue) => {
  it(`agrees with the walk within a tick on ${accountsPerVenue} random accounts`, () => {
    const random = randomOf(venue.length * 7_919 + venue.charCodeAt(0))
    let compared = 0
    for (let n = 0; compared < accountsPerVenue && n < accountsPerVenue * 20; n++) {
      const given = randomCase(venue, random)
      const mark = given.legs[0]?.mark ?? 0
      if (marginLeft(given, mark) <= 0) continue
      compared++
      const walked = walk(given)
      const solved = engineTrigger(given)
      const side = given.legs[0]?.side
      // The engine also looks the other way and farther than the walk; what the walk could not see is none.
      const inReach =
        solved !== undefined &&
        (side === 'long'
          ? solved < mark && solved > given.tick
          : solved > mark && solved <= 5 * mark)
      const seen = inReach ? solved : undefined
      const near = walked === undefined ? undefined : Math.abs((seen ?? Infinity) - walked)
      const agrees =
        walked === undefined ? seen === undefined : (near ?? Infinity) <= given.tick * 1.0001
      expect(agrees ? 'agrees' : JSON.stringify({ walked, solved, given })).toBe('agrees')
    }
    expect(compared).toBe(accountsPerVenue)
  }, 300_000)
})
