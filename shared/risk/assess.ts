/** AccountSnapshot → RiskReport. Pure: time, policy, betas and market facts are given. f64, USD, fractions.
 *  Anything that cannot be computed is unknown with its reasons; the rest of the account still shows.
 *  Excess is what the policy, open orders, transfers under way, the venue's floor and the venue's own
 *  withdrawal rule all leave, rounded down to cents. */
import type { AccountSnapshot } from '../collateral/snapshot.ts'
import { makeSolver } from '../margin/breach.ts'
import { itemMaintenance, itemSlack } from '../margin/pool.ts'
import { type Pool, readMarginAccount, usdPerUnit } from '../margin/account.ts'
import { ruleOf } from '../margin/venues/table.ts'
import type { Betas } from '../market/betas.ts'
import { defaultLiquidity, type LiquidityTable } from '../market/liquidity.ts'
import { distanceOf, jointVelocities, nearerDistance, type Volatility } from './distance.ts'
import type { Policy, Scenario } from './policy.ts'
import { type MarginFacts, type PoolMargin, poolMarginUnder } from './poolMargin.ts'
import type { Distance, Measure, PoolRisk, RiskReport, ScenarioResult } from './report.ts'
import { accountScenarios, ruleScenarios } from './scenarios.ts'
import { slackCurve } from './slackCurve.ts'
import { positionRisk } from './verifyPosition.ts'

export interface AssessOptions {
  readonly policy: Policy
  readonly betas: Betas
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Daily volatility by asset, as a fraction; distances in σ are null where absent. */
  readonly volatility?: Volatility
  readonly liquidity?: LiquidityTable
  /** USD already on its way out of this account that the snapshot still shows. */
  readonly inFlightUsd?: number
}

/**
 * Says how far one account is from liquidation, what it must hold, and what may leave.
 * @returns a report for any parsed snapshot; its `state` says whether it may be acted on
 */
export function assess(snapshot: AccountSnapshot, options: AssessOptions): RiskReport {
  const { policy, now } = options
  const rule = ruleOf(snapshot.venue)
  const { pools, refusals } = readMarginAccount(snapshot)
  const solve = makeSolver()
  const held = pools.filter((pool) => pool.positions.length > 0)
  const poolRisks = held.map((pool) => poolRisk(pool, options, solve))
  const positions = held.flatMap((pool) =>
    pool.positions.map((position) => positionRisk(pool, position, rule, solve)),
  )
  const need = requirement(snapshot, pools, options)
  const distanceDown = nearest(
    poolRisks.map((pool) => pool.distanceDown),
    -1,
  )
  const distanceUp = nearest(
    poolRisks.map((pool) => pool.distanceUp),
    1,
  )
  const missing = [
    ...new Set([
      ...snapshot.gaps.map((gap) => gap.field),
      ...refusals.map((refusal) => refusal.data.field),
      ...missingOf(poolRisks.flatMap((pool) => [pool.distanceDown, pool.distanceUp])),
      ...missingOf([need.equity, need.required, need.excess]),
    ]),
  ]
  const unverified = positions.some(
    ({ verification }) => verification.kind === 'differs' || verification.kind === 'unverified',
  )
  return {
    accountId: snapshot.accountId,
    venue: snapshot.venue,
    label: snapshot.label,
    asOf: snapshot.asOf,
    state: isStale(snapshot, policy, now)
      ? 'stale'
      : missing.length > 0
        ? 'partial'
        : unverified
          ? 'unverified'
          : 'complete',
    missing,
    equityUsd: need.equity,
    maintenanceUsd: sumMeasures(poolRisks.map((pool) => pool.maintenanceUsd)),
    slackUsd: poolRisks.length === 0 ? need.equity : leastMeasure(poolRisks.map((p) => p.slackUsd)),
    pools: poolRisks,
    distanceDown,
    distanceUp,
    tenPercent: tenPercent(held, factsOf(snapshot, options)),
    positions,
    scenarios: need.scenarios,
    extremes: need.extremes,
    requiredUsd: need.required,
    excessUsd: need.excess,
    shortfallUsd: need.shortfall,
    bindingScenario: need.binding,
    slackCurve: curveOf(held, options.betas),
    notes: notesOf(snapshot),
  }
}

/** Older than the policy allows, or from a future that no clock skew explains. */
export function isStale(snapshot: AccountSnapshot, policy: Policy, now: number): boolean {
  return Math.abs(now - snapshot.asOf) > policy.staleAfterMs
}

export function factsOf(snapshot: AccountSnapshot, options: AssessOptions): MarginFacts {
  return {
    betas: options.betas,
    liquidity: options.liquidity ?? defaultLiquidity,
    takerFeeRate: ruleOf(snapshot.venue).takerFeeRate,
    bufferOfMaintenance: options.policy.bufferOfMaintenance,
  }
}

/** All moves an account is held against: the policy's, then those made for its own instruments. */
export function scenariosFor(snapshot: AccountSnapshot, policy: Policy): readonly Scenario[] {
  return [...policy.scenarios, ...accountScenarios(snapshot)]
}

/** Equity and maintenance of one pool at current prices, USD. */
export function poolNow(pool: Pool): { readonly equity: number; readonly maintenance: number } {
  let slack = 0
  let maintenance = 0
  for (const item of pool.items) {
    slack += itemSlack(item, item.price)
    maintenance += itemMaintenance(item, item.price)
  }
  return { equity: slack + maintenance, maintenance }
}

function poolRisk(
  pool: Pool,
  options: AssessOptions,
  solve: ReturnType<typeof makeSolver>,
): PoolRisk {
  const { equity, maintenance } = poolNow(pool)
  const measure = (value: number): Measure =>
    pool.missing.length === 0
      ? { kind: 'known', value: plain(value) }
      : { kind: 'unknown', missing: pool.missing }
  const distance = (direction: 1 | -1) =>
    distanceOf(pool, direction, options.betas, options.volatility ?? {}, solve)
  return {
    id: pool.id,
    kind: pool.kind,
    settle: pool.settle,
    equityUsd: measure(equity),
    maintenanceUsd: measure(maintenance),
    slackUsd: measure(equity - maintenance),
    distanceDown: distance(-1),
    distanceUp: distance(1),
  }
}

interface Requirement {
  readonly equity: Measure
  readonly required: Measure
  readonly excess: Measure
  readonly shortfall: Measure
  readonly binding: string | null
  readonly scenarios: readonly ScenarioResult[]
  readonly extremes: readonly ScenarioResult[]
}

function requirement(
  snapshot: AccountSnapshot,
  pools: readonly Pool[],
  options: AssessOptions,
): Requirement {
  const facts = factsOf(snapshot, options)
  const scenarios = scenariosFor(snapshot, options.policy)
  const held = pools.filter((pool) => pool.positions.length > 0)
  const gaps = [...new Set(pools.flatMap((pool) => pool.missing))]
  const results = scenarios.map((scenario) => {
    const margins = held.map(
      (pool): PoolMargin =>
        pool.missing.length > 0
          ? { kind: 'unknown', missing: pool.missing }
          : poolMarginUnder(pool, scenario, facts),
    )
    return { scenario, margins }
  })
  const counted = results.filter(({ scenario }) => scenario.shownOnly !== true)
  const shownOnly = results.filter(({ scenario }) => scenario.shownOnly === true)
  const outcomes = {
    scenarios: counted.map(({ scenario, margins }) => scenarioResult(scenario, margins)),
    extremes: shownOnly.map(({ scenario, margins }) => scenarioResult(scenario, margins)),
  }
  const unknown = [
    ...new Set([
      ...gaps,
      ...counted.flatMap(({ margins }) =>
        margins.flatMap((margin) => (margin.kind === 'unknown' ? margin.missing : [])),
      ),
    ]),
  ]
  const equity: Measure =
    gaps.length > 0
      ? { kind: 'unknown', missing: gaps }
      : known(pools.reduce((sum, pool) => sum + poolNow(pool).equity, 0))
  if (unknown.length > 0 || equity.kind === 'unknown') {
    const none: Measure = { kind: 'unknown', missing: unknown }
    return {
      equity,
      required: none,
      excess: none,
      shortfall: none,
      binding: null,
      ...outcomes,
    }
  }
  let required = 0
  let shortfall = 0
  let removable = 0
  let binding: string | null = null
  let tightest = Infinity
  held.forEach((pool, p) => {
    let least = Infinity
    for (const { scenario, margins } of counted) {
      const margin = margins[p]
      if (margin?.kind !== 'known') continue
      least = Math.min(least, margin.usd)
      if (margin.usd < tightest) {
        tightest = margin.usd
        binding = scenario.id
      }
    }
    const now = poolNow(pool)
    // Without any scenario the pool must at least hold its maintenance and the buffer.
    if (least === Infinity) least = now.equity - now.maintenance * (1 + facts.bufferOfMaintenance)
    required += Math.max(0, now.equity - least)
    shortfall += Math.max(0, -least)
    // What an isolated position has too much of stays with it until the user takes it out there.
    if (pool.kind === 'cross') removable += Math.max(0, least)
  })
  for (const pool of pools)
    if (pool.positions.length === 0) removable += Math.max(0, poolNow(pool).equity)
  const orderMargin = orderMarginUsd(snapshot) ?? 0
  required += orderMargin
  if (held.length > 0) required = Math.max(required, options.policy.floorUsd)
  const ceiling = withdrawableUsd(snapshot, equity.value)
  const under = options.inFlightUsd ?? 0
  // A shortfall elsewhere in the account is covered from here before anything leaves.
  const above =
    Math.min(removable - shortfall - orderMargin, equity.value - required) - Math.max(0, under)
  return {
    equity,
    required: known(required),
    shortfall: known(shortfall),
    binding,
    ...outcomes,
    excess:
      ceiling === undefined
        ? { kind: 'unknown', missing: ['withdrawable'] }
        : known(Math.max(0, floorToCents(Math.min(above, ceiling)))),
  }
}

/** Margin of resting orders in USD; undefined when the venue did not say (its own withdrawable then holds it back). */
function orderMarginUsd(snapshot: AccountSnapshot): number | undefined {
  if (snapshot.orderMargin === null) return undefined
  const settles = [...new Set(snapshot.positions.map((position) => position.settle))]
  const one = settles[0]
  const price =
    snapshot.marginMode === 'single-asset' && settles.length === 1 && one !== undefined
      ? (usdPerUnit(snapshot, one) ?? 1)
      : 1
  return Math.max(0, Number(snapshot.orderMargin) * price)
}

/** What the venue would let out now: its own figures and, where it publishes one, its rule. */
function withdrawableUsd(snapshot: AccountSnapshot, equity: number): number | undefined {
  const perAsset = snapshot.collaterals.map((collateral) => {
    if (Number(collateral.wallet) === 0) return 0
    const price = usdPerUnit(snapshot, collateral.asset)
    if (collateral.withdrawable === null || price === undefined) return undefined
    return Math.max(0, Number(collateral.withdrawable)) * price
  })
  const said = perAsset.filter((usd) => usd !== undefined)
  const total =
    snapshot.reported.withdrawable === null
      ? undefined
      : Math.max(0, Number(snapshot.reported.withdrawable))
  // An asset without a figure of its own cannot be counted on, unless there is a total.
  const sum = said.length === 0 && perAsset.length > 0 ? undefined : said.reduce((a, b) => a + b, 0)
  const ceiling =
    sum === undefined
      ? total
      : total === undefined || said.length < perAsset.length
        ? sum
        : Math.min(sum, total)
  if (ceiling === undefined) return undefined
  const locked = ruleOf(snapshot.venue).locked(snapshot, (asset) => usdPerUnit(snapshot, asset))
  if (Number.isNaN(locked)) return ceiling
  return Math.min(ceiling, Math.max(0, equity - locked))
}

function scenarioResult(scenario: Scenario, margins: readonly PoolMargin[]): ScenarioResult {
  const missing = [
    ...new Set(margins.flatMap((margin) => (margin.kind === 'unknown' ? margin.missing : []))),
  ]
  const usd = margins.map((margin) => (margin.kind === 'known' ? margin.usd : 0))
  const least = usd.length === 0 ? 0 : Math.min(...usd)
  const fails = least < 0
  const joint = scenario.kind === 'joint' && Object.keys(scenario.assets).length === 0
  return {
    id: scenario.id,
    name: scenario.name,
    shock: joint ? scenario.btc : null,
    // One pool that fails is a failure whatever is unknown about the others.
    outcome: fails ? 'fails' : missing.length > 0 ? 'unknown' : 'passes',
    slackUsd: missing.length > 0 ? { kind: 'unknown', missing } : known(least),
    missing,
    values: valuesOf(scenario),
  }
}

function valuesOf(scenario: Scenario): Record<string, string | number> {
  const [asset, against] = Object.keys(scenario.assets)
  if (scenario.kind === 'single' && asset !== undefined)
    return { asset, move: scenario.assets[asset] ?? 0 }
  if (scenario.kind === 'ratio' && asset !== undefined && against !== undefined)
    return { asset, against, move: Number(scenario.id.split(':')[2]) }
  return { move: scenario.btc }
}

function tenPercent(held: readonly Pool[], facts: MarginFacts): RiskReport['tenPercent'] {
  const margins = held.flatMap((pool) =>
    ruleScenarios.map(
      (scenario): PoolMargin =>
        pool.missing.length > 0
          ? { kind: 'unknown', missing: pool.missing }
          : poolMarginUnder(pool, scenario, facts),
    ),
  )
  if (margins.some((margin) => margin.kind === 'known' && margin.usd < 0)) return 'fails'
  return margins.some((margin) => margin.kind === 'unknown') ? 'unknown' : 'passes'
}

function curveOf(held: readonly Pool[], betas: Betas): RiskReport['slackCurve'] {
  const curves = held.map((pool) => ({ items: pool.items, ...jointVelocities(pool, betas) }))
  if (held.some((pool) => pool.missing.length > 0)) return []
  if (curves.some((curve) => curve.missing.length > 0)) return []
  return slackCurve(curves)
}

function notesOf(snapshot: AccountSnapshot): readonly string[] {
  const rule = ruleOf(snapshot.venue)
  const modes = new Set(
    snapshot.positions.map((position) => `${position.marginMode} ${position.contractType}`),
  )
  const unchecked = [...modes].some((mode) => !rule.checked.includes(mode))
  const hedged = snapshot.positions.some((position) => position.leg !== 'both')
  return [
    ...(unchecked || hedged ? ['note.notCheckedAgainstVenue'] : []),
    ...(snapshot.positions.some((position) => position.funding === null)
      ? ['note.fundingAssumed']
      : []),
  ]
}

function nearest(distances: readonly Distance[], direction: 1 | -1): Distance {
  return distances.reduce(nearerDistance, {
    kind: 'none',
    searchedTo: direction === -1 ? -1 : 1_000,
  })
}

function missingOf(values: readonly (Distance | Measure)[]): readonly string[] {
  return values.flatMap((value) => (value.kind === 'unknown' ? value.missing : []))
}

function sumMeasures(measures: readonly Measure[]): Measure {
  const missing = missingOf(measures)
  if (missing.length > 0) return { kind: 'unknown', missing: [...new Set(missing)] }
  return known(measures.reduce((sum, m) => sum + (m.kind === 'known' ? m.value : 0), 0))
}

function leastMeasure(measures: readonly Measure[]): Measure {
  const missing = missingOf(measures)
  if (missing.length > 0) return { kind: 'unknown', missing: [...new Set(missing)] }
  return known(Math.min(...measures.map((m) => (m.kind === 'known' ? m.value : 0))))
}

function known(value: number): Measure {
  return { kind: 'known', value: plain(value) }
}

/** −0 reads as a loss of nothing: plain zero instead. */
function plain(value: number): number {
  return value === 0 ? 0 : value
}

function floorToCents(usd: number): number {
  return Math.floor(usd * 100) / 100
}
