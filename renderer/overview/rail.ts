/** What the rail draws: one bar per account from its fall to its rise, scenarios as marks on the same axis.
 *  Fractions of the joint shock. Pure: the picture is made in railOption.ts. */
import type { Distance } from '../../shared/risk/report.ts'
import type { Portfolio } from '../data/portfolio.ts'

export type End =
  | { readonly kind: 'at'; readonly shock: number; readonly near: boolean }
  /** Farther than the axis, or never. */
  | { readonly kind: 'beyond'; readonly shock: number | null }
  | { readonly kind: 'breached' }
  | { readonly kind: 'unknown'; readonly missing: readonly string[] }

export interface RailBar {
  readonly accountId: string
  readonly label: string
  readonly down: End
  readonly up: End
  /** Too old to act on: drawn grey, and said. */
  readonly aged: boolean
}

export interface RailMark {
  readonly id: string
  readonly name: string
  readonly shock: number
}

export const railFrom = -0.6
export const railTo = 0.6

function endOf(distance: Distance): End {
  switch (distance.kind) {
    case 'finite':
      return distance.shock < railFrom || distance.shock > railTo
        ? { kind: 'beyond', shock: distance.shock }
        : { kind: 'at', shock: distance.shock, near: Math.abs(distance.shock) <= 0.1 }
    case 'none':
      return { kind: 'beyond', shock: null }
    case 'breached':
      return { kind: 'breached' }
    case 'unknown':
      return { kind: 'unknown', missing: distance.missing }
  }
}

export function railBars(portfolio: Portfolio): readonly RailBar[] {
  return portfolio.accounts.map(({ accountId, label, report }) => ({
    accountId,
    label,
    down: report === null ? { kind: 'unknown', missing: ['snapshot'] } : endOf(report.distanceDown),
    up: report === null ? { kind: 'unknown', missing: ['snapshot'] } : endOf(report.distanceUp),
    aged: report?.state === 'stale',
  }))
}

/** Scenarios that have a place on the axis, by BTC's move, from left to right. */
export function railMarks(portfolio: Portfolio): readonly RailMark[] {
  return portfolio.policy.scenarios
    .filter(
      ({ kind, btc }) =>
        (kind === 'joint' || kind === 'historical') &&
        btc >= railFrom &&
        btc <= railTo &&
        btc !== 0,
    )
    .map(({ id, name, btc }) => ({ id, name, shock: btc }))
    .sort((a, b) => a.shock - b.shock)
}

/** Rows for labels that would run into each other, in the order given: each, from left to right, takes the
 *  first row with room. */
export function labelRows(
  places: readonly { readonly x: number; readonly width: number }[],
): readonly number[] {
  const ends: number[] = []
  const rows: number[] = places.map(() => 0)
  const leftToRight = places.map((place, index) => ({ ...place, index })).sort((a, b) => a.x - b.x)
  for (const { x, width, index } of leftToRight) {
    const left = x - width / 2
    const free = ends.findIndex((end) => end + 8 <= left)
    const row = free === -1 ? ends.length : free
    ends[row] = x + width / 2
    rows[index] = row
  }
  return rows
}
