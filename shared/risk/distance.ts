/** How far the market may go before a pool has no slack: along betas, each asset alone, each hedge pair's ratio.
 *  The nearest counts: one joint factor makes a hedged book look infinitely safe. Fractions, signed. */
import type { Pool } from '../margin/account.ts'
import type { Solver } from '../margin/breach.ts'
import { itemSlack, needsStillSettle } from '../margin/pool.ts'
import { type Betas, betaOf } from '../market/betas.ts'
import { type AssessOptions, type DailyFigures, dailyFigure } from './options.ts'
import type { Along, Distance } from './report.ts'
import { hedgePairs } from './scenarios.ts'

/** A rise is searched up to this multiple of itself; a fall to zero. */
export const highestRise = 1_000

type Finite = Extract<Distance, { kind: 'finite' }>

interface Way {
  readonly along: Along
  readonly velocities: Float64Array
}

type DistanceOptions = Pick<
  AssessOptions,
  'betas' | 'volatility' | 'averageTrueRange' | 'correlation'
>

/** Distance of one pool, down and up; unknown names the missing betas or the pool's own gaps. */
export function distancesOf(
  pool: Pool,
  options: DistanceOptions,
  solve: Solver,
): { readonly down: Distance; readonly up: Distance } {
  const both = (distance: Distance) => ({ down: distance, up: distance })
  if (pool.missing.length > 0) return both({ kind: 'unknown', missing: pool.missing })
  // What is breached now needs no beta to say so.
  const slack = pool.items.reduce((sum, item) => sum + itemSlack(item, item.price), 0)
  if (slack <= 0) return both({ kind: 'breached' })
  const { ways, missing } = waysOf(pool, options.betas)
  if (missing.length > 0) return both({ kind: 'unknown', missing })
  return {
    down: distanceAlong(pool, ways, -1, options, solve),
    up: distanceAlong(pool, ways, 1, options, solve),
  }
}

function distanceAlong(
  pool: Pool,
  ways: readonly Way[],
  direction: 1 | -1,
  options: DistanceOptions,
  solve: Solver,
): Distance {
  let nearest: { readonly way: Way; readonly shock: number; readonly moved: number } | undefined
  for (const way of ways) {
    const parameter = solve(pool.items, way.velocities, direction, limitOf(way.along, direction))
    if (parameter === 0) return { kind: 'breached' }
    if (parameter === undefined) continue
    const moved = direction * parameter
    const shock = shockOf(way.along, moved)
    // A hair nearer is the same distance: the joint move, tried first, is the plainer way to say it.
    if (nearest !== undefined && Math.abs(shock) >= Math.abs(nearest.shock) * (1 - 1e-9)) continue
    nearest = { way, shock, moved }
  }
  if (nearest === undefined)
    return { kind: 'none', searchedTo: direction === -1 ? -1 : highestRise }
  const { way, shock, moved } = nearest
  return {
    kind: 'finite',
    shock,
    along: way.along,
    prices: breachPrices(pool, way.velocities, moved),
    sigmas: inSigmas(way.along, shock, options),
    atrs: inDays(way.along, shock, options.averageTrueRange),
  }
}

/** The nearer of two distances in one direction; what is unknown wins, since it may be nearer still. */
export function nearerDistance(a: Distance, b: Distance): Distance {
  if (a.kind === 'breached' || b.kind === 'breached') return { kind: 'breached' }
  if (a.kind === 'unknown' && b.kind === 'unknown')
    return { kind: 'unknown', missing: [...new Set([...a.missing, ...b.missing])] }
  if (a.kind === 'unknown') return a
  if (b.kind === 'unknown') return b
  if (a.kind === 'none') return b
  if (b.kind === 'none') return a
  return Math.abs(b.shock) < Math.abs(a.shock) ? b : a
}

/** Velocity of each item when everything follows BTC by its beta. */
export function jointVelocities(
  pool: Pool,
  betas: Betas,
): { readonly velocities: Float64Array; readonly missing: readonly string[] } {
  const missing = new Set<string>()
  const velocities = Float64Array.from(pool.items, (item) => {
    const beta = betaOf(betas, item.asset)
    if (beta === undefined) missing.add(`beta.${item.asset}`)
    if (needsStillSettle(item) && betaOf(betas, item.settle) !== 0)
      missing.add(`settle.${item.settle}`)
    return beta ?? 0
  })
  return { velocities, missing: [...missing] }
}

function waysOf(
  pool: Pool,
  betas: Betas,
): { readonly ways: readonly Way[]; readonly missing: readonly string[] } {
  const { items } = pool
  const joint = jointVelocities(pool, betas)
  const ways: Way[] = [{ along: { kind: 'joint' }, velocities: joint.velocities }]
  const velocitiesOf = (velocity: (asset: string) => number) => {
    const velocities = new Float64Array(items.length)
    items.forEach(({ asset }, i) => (velocities[i] = velocity(asset)))
    return velocities
  }
  for (const asset of new Set(pool.positions.map(({ base }) => base)))
    ways.push({
      along: { kind: 'single', asset },
      velocities: velocitiesOf((of) => (of === asset ? 1 : 0)),
    })
  for (const [asset, against] of hedgePairs(pool.positions))
    ways.push({
      along: { kind: 'ratio', asset, against },
      velocities: velocitiesOf((of) => (of === asset ? 0.5 : of === against ? -0.5 : 0)),
    })
  return { ways, missing: joint.missing }
}

/** |parameter| beyond which a price would be negative, or a rise is no longer searched. */
function limitOf(along: Along, direction: 1 | -1): number {
  if (along.kind === 'ratio') return 2 - 1e-9
  return direction === -1 ? 1 : highestRise
}

/** Of a ratio the change of the ratio itself: (1 + x/2)/(1 − x/2) − 1. */
function shockOf(along: Along, parameter: number): number {
  return along.kind === 'ratio' ? parameter / (1 - parameter / 2) : parameter
}

function breachPrices(pool: Pool, velocities: Float64Array, parameter: number): Finite['prices'] {
  const prices: { readonly symbol: string; readonly price: number }[] = []
  pool.items.forEach((item, i) => {
    if (item.kind !== 'position' || prices.some(({ symbol }) => symbol === item.symbol)) return
    const price = item.price * Math.max(0, 1 + (velocities[i] ?? 0) * parameter)
    prices.push({ symbol: item.symbol, price })
  })
  return prices
}

/** A shock in daily standard deviations of what moves; of a ratio by both volatilities and their correlation. */
function inSigmas(
  along: Along,
  shock: number,
  options: Pick<AssessOptions, 'volatility' | 'correlation'>,
): number | null {
  if (along.kind !== 'ratio') return inDays(along, shock, options.volatility)
  const a = dailyFigure(options.volatility, along.asset)
  const b = dailyFigure(options.volatility, along.against)
  const rho = options.correlation?.(along.asset, along.against)
  if (a === null || b === null || rho === undefined) return null
  const variance = a * a + b * b - 2 * rho * a * b
  return variance > 0 ? Math.abs(shock) / Math.sqrt(variance) : null
}

/** A shock in daily moves of what moves; the true range of a ratio is not measured. */
function inDays(along: Along, shock: number, figures: DailyFigures | undefined): number | null {
  if (along.kind === 'ratio') return null
  const daily = dailyFigure(figures, along.kind === 'joint' ? 'BTC' : along.asset)
  return daily === null ? null : Math.abs(shock) / daily
}
