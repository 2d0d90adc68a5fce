/** The first shock at which a pool's slack is no longer positive. Pure f64, no allocation per step.
 *  Prices move as p·max(0, 1 + v·x). Slack is piecewise linear in x and not monotone for hedged books,
 *  so this walks the breakpoints (tier boundaries, prices reaching zero) in order and interpolates; it
 *  never bisects. Tiers without deduction make slack jump: a jump below zero is a breach at the boundary. */
import { type Item, itemSlack, segmentAt } from './pool.ts'

/** How fast each item's price moves per unit of shock, as a fraction of itself (its beta). */
export type Velocities = Float64Array

/** Reused between calls of one solver, so that the walk itself allocates nothing. */
interface Walk {
  segment: Int32Array
  /** Price change per unit of |shock|. */
  speed: Float64Array
  /** |shock| of the item's next breakpoint. */
  next: Float64Array
}

function makeWalk(size: number): Walk {
  return {
    segment: new Int32Array(size),
    speed: new Float64Array(size),
    next: new Float64Array(size),
  }
}

export type Solver = (
  items: readonly Item[],
  velocities: Velocities,
  direction: 1 | -1,
  limit: number,
) => number | undefined

/** |shock| of an item's next breakpoint from its current segment. */
function nextBreak(item: Item, segment: number, speed: number): number {
  if (speed > 0) {
    const end = item.starts[segment + 1]
    return end === undefined ? Infinity : (end - item.price) / speed
  }
  if (speed < 0) {
    const start = segment === 0 ? 0 : (item.starts[segment] ?? 0)
    return (item.price - start) / -speed
  }
  return Infinity
}

/**
 * Makes a solver with scratch space of its own; calls do not share state across solvers.
 * Result: smallest |shock| in `direction` with slack ≤ 0, 0 when breached now, undefined when none up to `limit`.
 */
export function makeSolver(): Solver {
  let walk = makeWalk(16)
  return (items, velocities, direction, limit) => {
    const count = items.length
    if (walk.segment.length < count) walk = makeWalk(count * 2)
    const { segment, speed, next } = walk
    let slack = 0
    let slope = 0
    for (let i = 0; i < count; i++) {
      const item = items[i]
      if (item === undefined) continue
      const at = segmentAt(item.starts, item.price)
      const v = direction * (velocities[i] ?? 0) * item.price
      segment[i] = at
      speed[i] = v
      next[i] = nextBreak(item, at, v)
      const b = item.b[at] ?? 0
      slack += (item.a[at] ?? 0) + b * item.price
      slope += b * v
    }
    if (slack <= 0) return 0
    let x = 0
    for (;;) {
      let event = limit
      let mover = -1
      for (let i = 0; i < count; i++) {
        const at = next[i] ?? Infinity
        if (at < event) {
          event = at
          mover = i
        }
      }
      if (slope < 0) {
        const cross = x + slack / -slope
        if (cross <= event) return cross
      }
      if (mover === -1) return undefined
      slack += slope * (event - x)
      x = event
      const item = items[mover]
      if (item === undefined) return undefined
      const from = segment[mover] ?? 0
      const v = speed[mover] ?? 0
      if (v < 0 && from === 0) {
        // The price is zero and stays there.
        slope -= (item.b[0] ?? 0) * v
        speed[mover] = 0
        next[mover] = Infinity
      } else {
        const to = v > 0 ? from + 1 : from - 1
        const price = item.starts[v > 0 ? to : from] ?? 0
        const jumpB = (item.b[to] ?? 0) - (item.b[from] ?? 0)
        slack += (item.a[to] ?? 0) - (item.a[from] ?? 0) + jumpB * price
        slope += jumpB * v
        segment[mover] = to
        next[mover] = nextBreak(item, to, v)
        if (slack <= 0) return x
      }
    }
  }
}

/** Slack when each item's price is `price·max(0, 1 + velocity·shock)`, USD. */
export function slackAt(items: readonly Item[], velocities: Velocities, shock: number): number {
  let slack = 0
  for (let i = 0; i < items.length; i++) {
    const item = items[i]
    if (item === undefined) continue
    slack += itemSlack(item, item.price * Math.max(0, 1 + (velocities[i] ?? 0) * shock))
  }
  return slack
}

/** Signed shocks between −1 and `upTo` at which slack changes slope, ascending, without duplicates. */
export function breakpoints(
  items: readonly Item[],
  velocities: Velocities,
  from: number,
  upTo: number,
): number[] {
  const found = new Set<number>()
  items.forEach((item, i) => {
    const v = velocities[i] ?? 0
    if (v === 0) return
    const shocks = [...item.starts].map((start) => (start / item.price - 1) / v)
    for (const shock of shocks) if (shock > from && shock < upTo) found.add(shock)
  })
  return [...found].sort((x, y) => x - y)
}
