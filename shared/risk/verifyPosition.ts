/** Our liquidation price beside the venue's. Differences are fractions of the entry price, never of the
 *  liquidation price itself (at leverage 1 that explodes). */
import type { Pool } from '../margin/account.ts'
import { positionKey } from '../margin/inputs.ts'
import { collateralItem, type Item, itemNotional } from '../margin/pool.ts'
import type { Solver } from '../margin/breach.ts'
import { type Trigger, triggerOf } from '../margin/trigger.ts'
import type { VenueRule } from '../margin/venues/rule.ts'
import type { Position } from '../collateral/snapshot.ts'
import type { Measure, PositionRisk, Verification } from './report.ts'

/** With all of the account's data from one instant; and with other positions' marks or other collaterals' indices
 *  moving between the venue's two answers. */
const exactTolerance = 1e-6
const sharedTolerance = 1e-4

export function positionRisk(
  pool: Pool,
  position: Position,
  rule: VenueRule,
  solve: Solver,
): Omit<PositionRisk, 'notionalUsd'> {
  const common = {
    symbol: position.symbol,
    leg: position.leg,
    side: position.side,
    reported: position.reportedLiquidation,
  }
  const unknown = (missing: readonly string[]): Measure => ({ kind: 'unknown', missing })
  const item = itemOf(pool, position)
  if (pool.missing.length > 0 || item === undefined) {
    const missing = [...new Set(pool.missing)]
    return {
      ...common,
      trigger: unknown(missing),
      displayed: unknown(missing),
      verification: { kind: 'unverified', missing },
    }
  }
  const trigger = triggerOf(pool.items, position.symbol, solve)
  const displayed = displayedBy(rule, pool, position, item, trigger, solve)
  return {
    ...common,
    trigger: trigger.kind === 'price' ? { kind: 'known', value: trigger.price } : null,
    displayed: displayed === undefined ? null : { kind: 'known', value: displayed },
    verification: verify(position, displayed, dependsOnOthers(pool)),
  }
}

function itemOf(pool: Pool, position: Position): Item | undefined {
  return pool.items.find(
    (candidate) =>
      candidate.kind === 'position' &&
      candidate.symbol === position.symbol &&
      candidate.sign === (position.side === 'long' ? 1 : -1),
  )
}

/** USD. */
export function notionalOf(pool: Pool, position: Position): Measure {
  const item = itemOf(pool, position)
  return item === undefined
    ? { kind: 'unknown', missing: [`positions.${positionKey(position)}`] }
    : { kind: 'known', value: itemNotional(item, item.price) }
}

/** An isolated position that draws on the cross balance is shown as if it stood alone. */
function displayedBy(
  rule: VenueRule,
  pool: Pool,
  position: Position,
  item: Item,
  trigger: Trigger,
  solve: Solver,
): number | undefined {
  const alone = position.marginMode === 'isolated' && pool.kind === 'cross'
  const wallet = Number(position.isolatedWallet ?? 0)
  const items = alone
    ? [collateralItem(position.settle, wallet, item.usdPerSettle), item]
    : pool.items
  const shown = alone ? triggerOf(items, position.symbol, solve) : trigger
  return rule.displayed({
    position,
    item,
    items,
    trigger: shown.kind === 'price' ? shown.price : undefined,
  })
}

function dependsOnOthers(pool: Pool): boolean {
  return pool.positions.length > 1 || pool.items.length > 2
}

function verify(position: Position, displayed: number | undefined, shared: boolean): Verification {
  const entry = Number(position.entry)
  const reported =
    position.reportedLiquidation === null ? undefined : Number(position.reportedLiquidation)
  const shown = reported !== undefined && reported > 0 ? reported : undefined
  if (shown === undefined && displayed === undefined) return { kind: 'both-none' }
  if (shown === undefined)
    return {
      kind: 'unverified',
      missing: [`positions.${positionKey(position)}.reportedLiquidation`],
    }
  const tick = position.tickSize === null ? 0 : Number(position.tickSize)
  const tolerance = Math.max(tick / entry, shared ? sharedTolerance : exactTolerance)
  const error = Math.abs((displayed ?? 0) - shown) / entry
  return { kind: error <= tolerance ? 'matches' : 'differs', error, tolerance }
}
