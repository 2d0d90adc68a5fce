/** The exact price of one symbol at which its pool has no slack left, every other price held.
 *  Quote per base unit. Tier at the trigger, fees, other positions: all in the pool's items. Long and
 *  short of one symbol (hedge mode) move together and share one trigger, as venues show it. */
import { makeSolver, type Solver } from './breach.ts'
import type { Item } from './pool.ts'

/** How far prices are searched upwards, as a multiple of the mark. */
export const highestMultiple = 1e6

export type Trigger =
  | { readonly kind: 'price'; readonly price: number }
  /** No positive price of this symbol alone liquidates the pool. */
  | { readonly kind: 'none' }

/** Adverse direction first (by the symbol's net exposure), then the other: a hedged pool may break on either side. */
export function triggerOf(
  items: readonly Item[],
  symbol: string,
  solve: Solver = makeSolver(),
): Trigger {
  const moving = items.filter((item) => item.kind === 'position' && item.symbol === symbol)
  const mark = moving[0]?.price
  if (mark === undefined) return { kind: 'none' }
  const velocities = Float64Array.from(items, (item) => (moving.includes(item) ? 1 : 0))
  const exposure = moving.reduce(
    (sum, item) => sum + item.sign * (item.notionalA + item.notionalB * mark),
    0,
  )
  const adverse = exposure > 0 ? -1 : 1
  for (const direction of [adverse, adverse === 1 ? -1 : 1] as const) {
    const shock = solve(items, velocities, direction, direction === -1 ? 1 : highestMultiple)
    if (shock === 0) return breachedTrigger(items, velocities, mark, adverse === 1 ? -1 : 1, solve)
    if (shock !== undefined && (direction === 1 || shock < 1))
      return { kind: 'price', price: mark * (1 + direction * shock) }
  }
  return { kind: 'none' }
}

/** Already past it: the trigger lies back where slack was last positive. */
function breachedTrigger(
  items: readonly Item[],
  velocities: Float64Array,
  mark: number,
  back: 1 | -1,
  solve: Solver,
): Trigger {
  const negated = items.map((item) => ({
    ...item,
    a: item.a.map((value) => -value),
    b: item.b.map((value) => -value),
  }))
  const shock = solve(negated, velocities, back, back === -1 ? 1 : highestMultiple)
  if (shock === undefined || (back === -1 && shock >= 1)) return { kind: 'none' }
  return { kind: 'price', price: mark * (1 + back * shock) }
}
