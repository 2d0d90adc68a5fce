/** What the policy wants an account to hold: the largest need over all its scenarios, pool by pool. USD, f64.
 *  Excess is what policy, open orders, transfers under way, the venue's floor and the venue's own withdrawal
 *  rule all leave, rounded down to cents. Anything missing makes the figures unknown. */
import { closePosition } from '../collateral/closePosition.ts'
import type { AccountSnapshot } from '../collateral/snapshot.ts'
import { type Pool, type ReadBefore, readMarginAccount } from '../margin/account.ts'
import { itemMaintenance, itemSlack } from '../margin/pool.ts'
import { type AssessOptions, factsOf } from './options.ts'
import type { Policy, Scenario } from './policy.ts'
import { type MarginFacts, type PoolMargin, poolMargins } from './poolMargin.ts'
import { knownMeasure, type Measure, type ScenarioResult, unknownMeasure } from './report.ts'
import { accountScenarios } from './scenarios.ts'
import { orderMarginUsd, withdrawableUsd } from './withdrawable.ts'

export interface Requirement {
  readonly equity: Measure
  readonly required: Measure
  readonly excess: Measure
  readonly shortfall: Measure
  readonly binding: string | null
  readonly scenarios: readonly ScenarioResult[]
  readonly extremes: readonly ScenarioResult[]
}

/** Outcome of one scenario, pool by pool in the order of the pools with positions. */
interface Outcome {
  readonly scenario: Scenario
  readonly margins: readonly PoolMargin[]
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

/** @param read  the positions of `pools` as they were read */
export function requirementOf(
  snapshot: AccountSnapshot,
  pools: readonly Pool[],
  options: AssessOptions,
  read: ReadBefore,
): Requirement {
  const facts = factsOf(snapshot, options)
  const held = pools.filter((pool) => pool.positions.length > 0)
  const scenarios = scenariosFor(snapshot, options.policy)
  const outcomes = outcomesOf({ snapshot, held, read }, scenarios, facts)
  const counted = outcomes.filter(({ scenario }) => scenario.shownOnly !== true)
  const shown = {
    scenarios: counted.map(scenarioResult),
    extremes: outcomes.filter(({ scenario }) => scenario.shownOnly === true).map(scenarioResult),
  }
  const gaps = pools.flatMap((pool) => pool.missing)
  const unknown = [...gaps, ...counted.flatMap(({ margins }) => margins.flatMap(missingOf))]
  const equity =
    gaps.length > 0
      ? unknownMeasure(gaps)
      : knownMeasure(pools.reduce((sum, pool) => sum + poolNow(pool).equity, 0))
  if (unknown.length > 0 || equity.kind === 'unknown') {
    const none = unknownMeasure(unknown)
    return { equity, required: none, excess: none, shortfall: none, binding: null, ...shown }
  }
  const need = needOf(held, counted, facts)
  const idle = pools
    .filter((pool) => pool.positions.length === 0)
    .reduce((sum, pool) => sum + Math.max(0, poolNow(pool).equity), 0)
  const orders = orderMarginUsd(snapshot) ?? 0
  const floor = held.length > 0 ? options.policy.floorUsd : 0
  const required = Math.max(need.required + orders, floor)
  // A shortfall elsewhere in the account is covered from here before anything leaves.
  const above = Math.min(need.removable + idle - need.shortfall - orders, equity.value - required)
  const ceiling = withdrawableUsd(snapshot, equity.value)
  const leaves = Math.min(above - Math.max(0, options.inFlightUsd ?? 0), ceiling ?? 0)
  return {
    equity,
    required: knownMeasure(required),
    shortfall: knownMeasure(need.shortfall),
    excess:
      ceiling === undefined
        ? unknownMeasure(['withdrawable'])
        : knownMeasure(Math.max(0, floorToCents(leaves))),
    binding: need.binding,
    ...shown,
  }
}

interface Account {
  readonly snapshot: AccountSnapshot
  readonly held: readonly Pool[]
  readonly read: ReadBefore
}

function outcomesOf(
  { snapshot, held, read }: Account,
  scenarios: readonly Scenario[],
  facts: MarginFacts,
): readonly Outcome[] {
  const whole = held.map((pool) => marginsOf(pool, facts))
  const closed = new Map<string, readonly MarginUnder[]>()
  const without = (closes: string) => {
    const known = closed.get(closes)
    if (known !== undefined) return known
    const left = closePosition(snapshot, closes)
    const pools = left === undefined ? [] : readMarginAccount(left, read).pools
    const made = held.map(({ id }): MarginUnder => {
      const pool = pools.find((candidate) => candidate.id === id)
      if (pool !== undefined) return marginsOf(pool, facts)
      return () => ({ kind: 'unknown', missing: [`closes.${closes}`] })
    })
    closed.set(closes, made)
    return made
  }
  return scenarios.map((scenario) => {
    const under = scenario.closes === undefined ? whole : without(scenario.closes)
    return { scenario, margins: under.map((marginUnder) => marginUnder(scenario)) }
  })
}

type MarginUnder = (scenario: Scenario) => PoolMargin

function marginsOf(pool: Pool, facts: MarginFacts): MarginUnder {
  if (pool.missing.length === 0) return poolMargins(pool, facts)
  return () => ({ kind: 'unknown', missing: pool.missing })
}

interface Need {
  readonly required: number
  readonly shortfall: number
  /** Above the need in cross pools; what an isolated position has too much of stays with it. */
  readonly removable: number
  readonly binding: string | null
}

function needOf(held: readonly Pool[], counted: readonly Outcome[], facts: MarginFacts): Need {
  let required = 0
  let shortfall = 0
  let removable = 0
  let binding: string | null = null
  let tightest = Infinity
  held.forEach((pool, p) => {
    const now = poolNow(pool)
    let least = Infinity
    for (const { scenario, margins } of counted) {
      const margin = margins[p]
      if (margin?.kind !== 'known') continue
      least = Math.min(least, margin.usd)
      if (margin.usd >= tightest) continue
      tightest = margin.usd
      binding = scenario.id
    }
    // Without any scenario the pool must at least hold its maintenance and the buffer.
    if (least === Infinity) least = now.equity - now.maintenance * (1 + facts.bufferOfMaintenance)
    required += Math.max(0, now.equity - least)
    shortfall += Math.max(0, -least)
    if (pool.kind === 'cross') removable += Math.max(0, least)
  })
  return { required, shortfall, removable, binding }
}

function scenarioResult({ scenario, margins }: Outcome): ScenarioResult {
  const missing = [...new Set(margins.flatMap(missingOf))]
  const least = Math.min(
    ...margins.map((margin) => (margin.kind === 'known' ? margin.usd : Infinity)),
  )
  const joint = scenario.kind === 'joint' && Object.keys(scenario.assets).length === 0
  return {
    id: scenario.id,
    name: scenario.name,
    shock: joint ? scenario.btc : null,
    // One pool that fails is a failure whatever is unknown about the others.
    outcome: least < 0 ? 'fails' : missing.length > 0 ? 'unknown' : 'passes',
    slackUsd:
      missing.length > 0 ? unknownMeasure(missing) : knownMeasure(least === Infinity ? 0 : least),
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
  if (scenario.closes !== undefined)
    return { position: scenario.closes.replace(/:both$/, '').replace(':', ' '), move: scenario.btc }
  return { move: scenario.btc }
}

function missingOf(margin: PoolMargin): readonly string[] {
  return margin.kind === 'unknown' ? margin.missing : []
}

function floorToCents(usd: number): number {
  return Math.floor(usd * 100) / 100
}
