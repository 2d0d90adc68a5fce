/** Slack of the tightest pool over the joint shock: the lower envelope of the pools' piecewise linear slacks.
 *  Points at every breakpoint, crossing, zero and at the ends, ascending. USD over fractions. */
import { breakpoints, slackAt } from '../margin/breach.ts'
import type { Item } from '../margin/pool.ts'

export interface CurvePool {
  readonly items: readonly Item[]
  readonly velocities: Float64Array
}

export const curveRange = { from: -1, to: 1 } as const

export function slackCurve(
  pools: readonly CurvePool[],
): readonly { readonly shock: number; readonly slackUsd: number }[] {
  if (pools.length === 0) return []
  const shocks = new Set<number>([curveRange.from, 0, curveRange.to])
  for (const { items, velocities } of pools)
    for (const shock of breakpoints(items, velocities, curveRange.from, curveRange.to))
      shocks.add(shock)
  const knots = [...shocks].sort((a, b) => a - b)
  const values = pools.map(({ items, velocities }) =>
    knots.map((shock) => slackAt(items, velocities, shock)),
  )
  const points: { shock: number; slackUsd: number }[] = []
  knots.forEach((shock, k) => {
    points.push({ shock, slackUsd: least(values, k) })
    const end = knots[k + 1]
    if (end === undefined) return
    const inside = [...crossings(values, k, shock, end)].sort((a, b) => a - b)
    for (const at of inside) {
      const share = (at - shock) / (end - shock)
      const slacks = values.map((of) => (of[k] ?? 0) * (1 - share) + (of[k + 1] ?? 0) * share)
      points.push({ shock: at, slackUsd: Math.min(...slacks) })
    }
  })
  return points
}

function least(values: readonly (readonly number[])[], k: number): number {
  return Math.min(...values.map((of) => of[k] ?? 0))
}

/** Where, inside one interval, two pools have the same slack or one has none. */
function crossings(
  values: readonly (readonly number[])[],
  k: number,
  from: number,
  to: number,
): Set<number> {
  const found = new Set<number>()
  const lines = [...values, undefined]
  for (let i = 0; i < lines.length; i++) {
    for (let j = i + 1; j < lines.length; j++) {
      const start = (lines[i]?.[k] ?? 0) - (lines[j]?.[k] ?? 0)
      const end = (lines[i]?.[k + 1] ?? 0) - (lines[j]?.[k + 1] ?? 0)
      if (start * end >= 0) continue
      const at = from + ((to - from) * start) / (start - end)
      if (at > from && at < to) found.add(at)
    }
  }
  return found
}
