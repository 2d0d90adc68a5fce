/** Probability that an account is liquidated within a day: the first G ≤ 0 of any pool along joint paths. ESTIMATED:
 *  a range over models, never one number. Closed-form GBM with 30-day and EWMA σ along the likeliest way to the breach;
 *  block bootstrap and filtered historical paths by the hour, with a bridge between the hours. The account's own record
 *  (share of past days that would have ended it) raises the upper end only. Pure: randomness is given. */
import type { Pool } from '../margin/account.ts'
import { itemSlack, needsStillSettle, segmentAt } from '../margin/pool.ts'
import { baseRateOf } from '../market/baseRates.ts'
import type { CandleSeries } from '../market/candle.ts'
import { type AssetVolatility, hourlyReturns } from '../market/volatility.ts'
import { barrierTouch } from './barrier.ts'
import type { Distance } from './report.ts'
import type { AccountTouch } from './touch.ts'

export interface AccountTouchInput {
  readonly pools: readonly Pool[]
  /** Assets whose price does not move, or only by a scenario of its own. */
  readonly isPegged: (asset: string) => boolean
  readonly series: readonly CandleSeries[]
  readonly measured: readonly AssetVolatility[]
  readonly correlation: (a: string, b: string) => number | undefined
  /** Uniform in [0, 1). */
  readonly random: () => number
  readonly now: number
  readonly paths?: number
}

const horizonHours = 24
const blockHours = 8
/** Fewer common hours than ten days' make no paths. */
const leastHours = 10 * 24
/** Of an account with up to a dozen items; larger ones get fewer, so that the time stays bounded. */
const mostPaths = 600
const fewestPaths = 150
/** Standard deviations searched along the likeliest way; beyond it lies less than 1e-32. */
const farthest = 12

/** Moving assets in a fixed order; hourly log returns by asset, centred; pools by the index of what moves them. */
interface Scene {
  readonly assets: readonly string[]
  readonly hours: readonly Float64Array[]
  readonly pools: readonly ScenePool[]
}

interface ScenePool {
  readonly items: Pool['items']
  /** Index into `assets` of each item, −1 for what does not move. */
  readonly movers: Int32Array
}

/** Unknown as soon as one held asset lacks candles, volatility or correlation. */
export function accountTouchWithinDay(input: AccountTouchInput): AccountTouch {
  const held = input.pools.filter((pool) => pool.positions.length > 0)
  // A profit made in something that moves is not a sum of prices (as for distances).
  const unsettled = held.flatMap((pool) =>
    pool.items
      .filter((item) => needsStillSettle(item) && !input.isPegged(item.settle))
      .map(({ settle }) => `settle.${settle}`),
  )
  const gaps = [...held.flatMap((pool) => pool.missing), ...unsettled]
  if (gaps.length > 0) return unknown(gaps)
  const moving = held.flatMap((pool) => pool.items.map(({ asset }) => asset))
  const assets = [...new Set(moving)].filter((asset) => !input.isPegged(asset)).toSorted()
  const lacking = assets.flatMap((asset) => {
    const of = input.measured.find((measured) => measured.asset === asset)
    return of?.sigma === null || of === undefined ? (of?.missing ?? ['candles.absent']) : []
  })
  if (lacking.length > 0) return unknown(lacking)
  const hours = commonReturns(assets, input.series)
  if (assets.length > 0 && hours.length < leastHours) return unknown(['candles.few'])
  const slow = covarianceOf(assets, input, (of) => of.sigma30d)
  const fast = covarianceOf(assets, input, (of) => of.sigmaEwma)
  if (slow === null || fast === null) return unknown(['correlation'])
  const scene: Scene = {
    assets,
    hours: centred(hours, assets.length),
    pools: held.map((pool) => ({
      items: pool.items,
      movers: Int32Array.from(pool.items, ({ asset }) => assets.indexOf(asset)),
    })),
  }
  return assets.length === 0 ? still(scene, input) : rangeOf(scene, slow, fast, input)
}

/** Thirty days know few bad ones: how often in the counted years the price alone came as far as the nearest breaches
 *  raises the upper end, only that. A breach that is not one asset's price away has no such count. */
export function raisedBy(touch: AccountTouch, nearest: readonly Distance[]): AccountTouch {
  if (touch.kind === 'unknown') return touch
  const rates = nearest.flatMap((distance) => {
    if (distance.kind !== 'finite' || distance.along?.kind === 'ratio') return []
    const asset = distance.along?.kind === 'single' ? distance.along.asset : 'BTC'
    const direction = distance.shock < 0 ? 'down' : 'up'
    return baseRateOf(asset, direction, Math.abs(distance.shock)) ?? []
  })
  if (rates.length === 0) return touch
  const baseRate = Math.max(...rates)
  return { ...touch, baseRate, high: Math.max(touch.high, baseRate) }
}

function unknown(missing: readonly string[]): AccountTouch {
  return { kind: 'unknown', missing: [...new Set(missing)] }
}

/** Nothing moves: breached now or not at all. */
function still(scene: Scene, input: AccountTouchInput): AccountTouch {
  const p = scene.pools.some((pool) => slackOf(pool, new Float64Array(0)) <= 0) ? 1 : 0
  return {
    kind: 'known',
    ...{ low: p, high: p, middle: p, models: [], samples: 0, paths: 0, asOf: input.now },
    record: { p, starts: 0, episodes: 0 },
    baseRate: null,
  }
}

function rangeOf(
  scene: Scene,
  slow: readonly Float64Array[],
  fast: readonly Float64Array[],
  input: AccountTouchInput,
): AccountTouch {
  const items = scene.pools.reduce((sum, pool) => sum + pool.items.length, 0)
  const affordable = Math.floor((mostPaths * 12) / Math.max(1, items))
  const paths = input.paths ?? Math.min(mostPaths, Math.max(fewestPaths, affordable))
  const filtered = { ...scene, hours: rescaled(scene.hours, fast) }
  const models = [
    { name: 'gbm-30d' as const, p: closedForm(scene, slow) },
    { name: 'gbm-ewma' as const, p: closedForm(scene, fast) },
    { name: 'bootstrap' as const, p: simulate(scene, slow, paths, input.random) },
    { name: 'filtered' as const, p: simulate(filtered, fast, paths, input.random) },
  ]
  const record = recordOf(scene)
  const all = models.map(({ p }) => p)
  return {
    kind: 'known',
    low: Math.min(...all),
    high: Math.max(...all, record.p),
    middle: Math.min(1, Math.exp(all.reduce((sum, p) => sum + Math.log(p), 0) / all.length)),
    models,
    record,
    baseRate: null,
    samples: scene.hours.length,
    paths,
    asOf: input.now,
  }
}

/** One row an hour that all assets share, oldest first. */
function commonReturns(
  assets: readonly string[],
  series: readonly CandleSeries[],
): readonly Float64Array[] {
  const columns = assets.map((asset) => {
    const candles = series.find((of) => of.asset === asset)?.candles ?? []
    return new Map(hourlyReturns(candles).map(({ closeTime, value }) => [closeTime, value]))
  })
  return [...(columns[0]?.keys() ?? [])]
    .filter((at) => columns.every((column) => column.has(at)))
    .map((at) => Float64Array.from(columns, (column) => column.get(at) ?? 0))
}

/** Without the trend of these weeks, which says nothing of tomorrow. */
function centred(hours: readonly Float64Array[], count: number): readonly Float64Array[] {
  const means = Array.from(
    { length: count },
    (_, j) => hours.reduce((sum, row) => sum + (row[j] ?? 0), 0) / Math.max(1, hours.length),
  )
  return hours.map((row) => row.map((value, j) => value - (means[j] ?? 0)))
}

/** Filtered: each hour over the volatility of its own time, times that of now. */
function rescaled(
  hours: readonly Float64Array[],
  now: readonly Float64Array[],
): readonly Float64Array[] {
  const keep = 2 ** (-1 / 24)
  const count = now.length
  const variances = Float64Array.from(
    { length: count },
    (_, j) => hours.reduce((sum, row) => sum + (row[j] ?? 0) ** 2, 0) / Math.max(1, hours.length),
  )
  return hours.map((row) => {
    const scaled = row.map((value, j) => {
      const today = Math.sqrt((now[j]?.[j] ?? 0) / horizonHours)
      return (value / Math.sqrt(variances[j] ?? 1)) * today
    })
    // The hour itself counts for the hours after it only.
    row.forEach((value, j) => {
      variances[j] = keep * (variances[j] ?? 0) + (1 - keep) * value * value
    })
    return scaled
  })
}

function covarianceOf(
  assets: readonly string[],
  input: AccountTouchInput,
  sigmaOf: (of: AssetVolatility) => number | null,
): readonly Float64Array[] | null {
  const sigmas = assets.map((asset) => {
    const of = input.measured.find((measured) => measured.asset === asset)
    return of === undefined ? null : sigmaOf(of)
  })
  const rows: Float64Array[] = []
  for (const [i, a] of assets.entries()) {
    const row = new Float64Array(assets.length)
    for (const [j, b] of assets.entries()) {
      const rho = i === j ? 1 : input.correlation(a, b)
      const [sigmaA, sigmaB] = [sigmas[i], sigmas[j]]
      if (rho === undefined || sigmaA == null || sigmaB == null) return null
      row[j] = rho * sigmaA * sigmaB
    }
    rows.push(row)
  }
  return rows
}

/** Slack after these log moves. */
function slackOf(pool: ScenePool, moves: Float64Array): number {
  let slack = 0
  for (let i = 0; i < pool.items.length; i++) {
    const item = pool.items[i]
    if (item === undefined) continue
    const mover = pool.movers[i] ?? -1
    slack += itemSlack(item, mover < 0 ? item.price : item.price * Math.exp(moves[mover] ?? 0))
  }
  return slack
}

/** USD per unit of log return, by asset. */
function deltasOf(pool: ScenePool, count: number): Float64Array {
  const deltas = new Float64Array(count)
  pool.items.forEach((item, i) => {
    const mover = pool.movers[i] ?? -1
    if (mover < 0) return
    const slope = item.b[segmentAt(item.starts, item.price)] ?? 0
    deltas[mover] = (deltas[mover] ?? 0) + slope * item.price
  })
  return deltas
}

function times(matrix: readonly Float64Array[], vector: Float64Array): Float64Array {
  return Float64Array.from(matrix, (row) => dot(row, vector))
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0)
  return sum
}

/** Both ways along Σδ, the likeliest way to a loss; pools added up, which is at most too careful. */
function closedForm(scene: Scene, covariance: readonly Float64Array[]): number {
  let total = 0
  for (const pool of scene.pools) {
    const deltas = deltasOf(pool, scene.assets.length)
    const spread = times(covariance, deltas)
    const sigma = Math.sqrt(Math.max(0, dot(deltas, spread)))
    if (slackOf(pool, new Float64Array(scene.assets.length)) <= 0) return 1
    if (!(sigma > 0)) continue
    const way = spread.map((value) => value / sigma)
    // Log prices drift by −σ²/2 a day: no drift of the price itself.
    const drift =
      scene.assets.reduce((sum, _, j) => sum - (deltas[j] ?? 0) * (covariance[j]?.[j] ?? 0), 0) /
      (2 * sigma)
    total += barrierTouch(firstBreach(pool, way, -1), drift)
    total += barrierTouch(firstBreach(pool, way, 1), -drift)
  }
  return Math.min(1, total)
}

/** Standard deviations along `way` to the first G ≤ 0; Infinity where none is near. */
function firstBreach(pool: ScenePool, way: Float64Array, direction: 1 | -1): number {
  const step = 0.02
  const moves = new Float64Array(way.length)
  const at = (x: number) => {
    for (let j = 0; j < way.length; j++) moves[j] = direction * x * (way[j] ?? 0)
    return slackOf(pool, moves)
  }
  let before = at(0)
  for (let x = step; x <= farthest; x += step) {
    const after = at(x)
    if (after <= 0) return x - step + (step * before) / (before - after)
    before = after
  }
  return Infinity
}

/** Blocks of hours in random order. Between hours the slack is a bridge: 1 − e^{−2·G₀·G₁/σ²}. */
function simulate(
  scene: Scene,
  covariance: readonly Float64Array[],
  paths: number,
  random: () => number,
): number {
  const { hours, assets, pools } = scene
  const variances = pools.map((pool) => {
    const deltas = deltasOf(pool, assets.length)
    return dot(deltas, times(covariance, deltas)) / horizonHours
  })
  const moves = new Float64Array(assets.length)
  const start = pools.map((pool) => slackOf(pool, moves))
  if (start.some((slack) => slack <= 0)) return 1
  let total = 0
  for (let path = 0; path < paths; path++) {
    moves.fill(0)
    const slack = Float64Array.from(start)
    let survives = 1
    let from = 0
    for (let hour = 0; hour < horizonHours && survives > 0; hour++) {
      if (hour % blockHours === 0) from = Math.floor(random() * (hours.length - blockHours + 1))
      const row = hours[from + (hour % blockHours)]
      if (row !== undefined)
        for (let j = 0; j < moves.length; j++) moves[j] = (moves[j] ?? 0) + (row[j] ?? 0)
      for (const [k, pool] of pools.entries()) {
        const after = slackOf(pool, moves)
        survives *= bridgeSurvival(slack[k] ?? 0, after, variances[k] ?? 0)
        slack[k] = after
      }
    }
    total += 1 - survives
  }
  return Math.min(1, Math.max(0, total / paths))
}

function bridgeSurvival(before: number, after: number, variance: number): number {
  if (after <= 0) return 0
  return variance > 0 ? -Math.expm1((-2 * before * after) / variance) : 1
}

/** Every past day by the hour, as it happened, on the account as it is now; hourly closes only. */
function recordOf(scene: Scene): {
  readonly p: number
  readonly starts: number
  readonly episodes: number
} {
  const { hours, assets, pools } = scene
  const starts = Math.max(0, hours.length - horizonHours + 1)
  let breached = 0
  let episodes = 0
  let last = -Infinity
  const moves = new Float64Array(assets.length)
  for (let start = 0; start < starts; start++) {
    moves.fill(0)
    for (let hour = 0; hour < horizonHours; hour++) {
      const row = hours[start + hour]
      if (row !== undefined)
        for (let j = 0; j < moves.length; j++) moves[j] = (moves[j] ?? 0) + (row[j] ?? 0)
      if (pools.some((pool) => slackOf(pool, moves) <= 0)) {
        breached += 1
        if (start - last >= horizonHours) episodes += 1
        last = start
        break
      }
    }
  }
  return { p: starts === 0 ? 0 : breached / starts, starts, episodes }
}
