/** AccountSnapshot → RiskReport. Pure: time, policy, betas and market facts are given. f64, USD, fractions.
 *  Anything that cannot be computed is unknown with its reasons; the rest of the account still shows. */
import type { AccountSnapshot, Position } from '../collateral/snapshot.ts'
import { type Pool, type ReadBefore, readMarginAccount } from '../margin/account.ts'
import { makeSolver, type Solver } from '../margin/breach.ts'
import { readUnpricedPools } from '../margin/unpriced.ts'
import { ruleOf } from '../margin/venues/table.ts'
import type { Betas } from '../market/betas.ts'
import { distancesOf, highestRise, jointVelocities, nearerDistance } from './distance.ts'
import { type AssessOptions, factsOf } from './options.ts'
import type { Policy } from './policy.ts'
import { type MarginFacts, type PoolMargin, poolMarginUnder } from './poolMargin.ts'
import {
  type Distance,
  knownMeasure,
  type Measure,
  type PoolRisk,
  type RiskReport,
  unknownMeasure,
  type Verification,
} from './report.ts'
import { exitCosts } from './exitCosts.ts'
import { poolNow, requirementOf } from './requirement.ts'
import { ruleScenarios } from './scenarios.ts'
import { slackCurve } from './slackCurve.ts'
import { slackInSigmas } from './slackInSigmas.ts'
import { verifyEquity } from './verifyEquity.ts'
import { notionalOf, positionRisk } from './verifyPosition.ts'

/**
 * Says how far one account is from liquidation, what it must hold, and what may leave.
 * @returns a report for any parsed snapshot; its `state` says whether it may be acted on
 */
export function assess(snapshot: AccountSnapshot, options: AssessOptions): RiskReport {
  const rule = ruleOf(snapshot.venue)
  const read: ReadBefore = new Map()
  const { pools, refusals } = readMarginAccount(snapshot, read)
  const solve = makeSolver()
  const held = pools.filter((pool) => pool.positions.length > 0)
  const poolRisks = held.map((pool) => poolRisk(pool, options, solve))
  const unpriced = readUnpricedPools(snapshot)
  const positions = held.flatMap((pool) =>
    pool.positions.map((position) => ({
      ...positionRisk(unpriced.get(pool.id) ?? pool, position, rule, solve),
      notionalUsd: notionalOf(pool, position),
    })),
  )
  const need = requirementOf(snapshot, pools, options, read)
  const distanceDown = nearest(
    poolRisks.map((pool) => pool.distanceDown),
    -1,
  )
  const distanceUp = nearest(
    poolRisks.map((pool) => pool.distanceUp),
    highestRise,
  )
  const equityVerification = verifyEquity(snapshot, need.equity)
  const distances = poolRisks.flatMap((pool) => [pool.distanceDown, pool.distanceUp])
  const missing = [
    ...new Set([
      ...snapshot.gaps.map((gap) => gap.field),
      ...refusals.map((refusal) => refusal.data.field),
      ...missingOf([...distances, need.equity, need.required, need.excess]),
    ]),
  ]
  return {
    accountId: snapshot.accountId,
    venue: snapshot.venue,
    label: snapshot.label,
    asOf: snapshot.asOf,
    state: stateOf(isStale(snapshot, options.policy, options.now), missing, [
      ...(equityVerification === undefined ? [] : [equityVerification]),
      ...positions.map(({ verification }) => verification),
    ]),
    missing,
    refusals,
    equityUsd: need.equity,
    maintenanceUsd: combine(
      poolRisks.map((pool) => pool.maintenanceUsd),
      sum,
    ),
    slackUsd:
      poolRisks.length === 0
        ? need.equity
        : combine(
            poolRisks.map((p) => p.slackUsd),
            least,
          ),
    slackInSigmas: slackInSigmas(held, options),
    ...(options.measured === undefined ? {} : { volatility: options.measured }),
    pools: poolRisks,
    distanceDown,
    distanceUp,
    tenPercent: tenPercent(held, factsOf(snapshot, options)),
    positions,
    ...(equityVerification === undefined ? {} : { equityVerification }),
    exitCosts: exitCosts(held, factsOf(snapshot, options)),
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
function isStale(snapshot: AccountSnapshot, policy: Policy, now: number): boolean {
  return Math.abs(now - snapshot.asOf) > policy.staleAfterMs
}

function stateOf(
  stale: boolean,
  missing: readonly string[],
  verifications: readonly Verification[],
): RiskReport['state'] {
  if (stale) return 'stale'
  if (missing.length > 0) return 'partial'
  const unverified = verifications.some(({ kind }) => kind === 'differs' || kind === 'unverified')
  return unverified ? 'unverified' : 'complete'
}

function poolRisk(pool: Pool, options: AssessOptions, solve: Solver): PoolRisk {
  const { equity, maintenance } = poolNow(pool)
  const { down, up } = distancesOf(pool, options, solve)
  const measure = (value: number): Measure =>
    pool.missing.length === 0 ? knownMeasure(value) : unknownMeasure(pool.missing)
  return {
    id: pool.id,
    kind: pool.kind,
    settle: pool.settle,
    equityUsd: measure(equity),
    maintenanceUsd: measure(maintenance),
    slackUsd: measure(equity - maintenance),
    distanceDown: down,
    distanceUp: up,
  }
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
  if (held.some((pool) => pool.missing.length > 0)) return []
  const curves = held.map((pool) => ({ items: pool.items, ...jointVelocities(pool, betas) }))
  return curves.some((curve) => curve.missing.length > 0) ? [] : slackCurve(curves)
}

function notesOf(snapshot: AccountSnapshot): readonly string[] {
  const rule = ruleOf(snapshot.venue)
  const modeOf = (own: Position['marginMode']) =>
    own === 'isolated' || snapshot.marginMode === 'single-asset' ? own : snapshot.marginMode
  const unchecked = snapshot.positions.some(
    ({ marginMode, contractType, leg }) =>
      leg !== 'both' || !rule.checked.includes(`${modeOf(marginMode)} ${contractType}`),
  )
  const assumed = snapshot.positions.some((position) => position.funding === null)
  return [
    ...(unchecked ? ['note.notCheckedAgainstVenue'] : []),
    ...(assumed ? ['note.fundingAssumed'] : []),
  ]
}

function nearest(distances: readonly Distance[], searchedTo: number): Distance {
  return distances.reduce(nearerDistance, { kind: 'none', searchedTo })
}

function missingOf(values: readonly (Distance | Measure)[]): readonly string[] {
  return values.flatMap((value) => (value.kind === 'unknown' ? value.missing : []))
}

function combine(measures: readonly Measure[], by: (values: readonly number[]) => number): Measure {
  const missing = missingOf(measures)
  if (missing.length > 0) return unknownMeasure(missing)
  return knownMeasure(by(measures.flatMap((m) => (m.kind === 'known' ? [m.value] : []))))
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function least(values: readonly number[]): number {
  return Math.min(...values)
}
