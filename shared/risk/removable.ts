/** How much of one asset may leave an account so that every counted scenario still passes. Units of the asset, f64,
 *  rounded down by the caller. 0 when unknown: what cannot be computed does not leave. */
import { closePosition } from '../collateral/closePosition.ts'
import type { AccountSnapshot, Collateral } from '../collateral/snapshot.ts'
import { type Pool, readMarginAccount } from '../margin/account.ts'
import { type AssessOptions, factsOf } from './options.ts'
import { moveOf, poolMarginUnder } from './poolMargin.ts'
import { scenariosFor } from './requirement.ts'

/** Least amount by which a limit is undercut, so that rounding in f64 never breaks a scenario. */
const roundingShare = 1e-9

/** @returns units ≥ 0 by the policy's scenarios alone; the account's excess and the venue's ceiling come on top */
export function removableUnits(
  snapshot: AccountSnapshot,
  collateral: Collateral,
  options: AssessOptions,
): number {
  const units = Number(collateral.wallet)
  const price = Number(collateral.priceUsd ?? 0)
  const pool = crossPoolOf(snapshot, collateral.asset)
  if (pool === undefined || pool.missing.length > 0 || !(price > 0) || !(units > 0)) return 0
  if (pool.positions.length === 0) return units
  const facts = factsOf(snapshot, options)
  const weight = highestWeight(snapshot, collateral)
  let most = units
  for (const scenario of scenariosFor(snapshot, options.policy)) {
    if (scenario.shownOnly === true) continue
    const left = scenario.closes === undefined ? pool : poolWithout(snapshot, scenario.closes, pool)
    if (left === undefined) return 0
    const margin = poolMarginUnder(left, scenario, facts)
    const move = moveOf(scenario, collateral.asset, options.betas)
    if (margin.kind === 'unknown' || move === undefined || margin.usd < 0) return 0
    const worth = weight * price * Math.max(0, 1 + move)
    if (worth > 0) most = Math.min(most, (margin.usd / worth) * (1 - roundingShare))
  }
  return Math.max(0, most)
}

function poolWithout(snapshot: AccountSnapshot, closes: string, pool: Pool): Pool | undefined {
  const after = closePosition(snapshot, closes)
  if (after === undefined) return undefined
  const left = readMarginAccount(after).pools.find(({ id }) => id === pool.id)
  return left?.missing.length === 0 ? left : undefined
}

function crossPoolOf(snapshot: AccountSnapshot, asset: string): Pool | undefined {
  const settle = snapshot.marginMode === 'single-asset' ? asset : 'USD'
  return readMarginAccount(snapshot).pools.find(
    (pool) => pool.kind === 'cross' && pool.settle === settle,
  )
}

/** The first units to leave may be those with the least weight; counting the highest is on the safe side. */
function highestWeight(snapshot: AccountSnapshot, collateral: Collateral): number {
  if (snapshot.marginMode === 'single-asset' || collateral.haircuts.length === 0) return 1
  return Math.max(...collateral.haircuts.map((tier) => tier.weight))
}
