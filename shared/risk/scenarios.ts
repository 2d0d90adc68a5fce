/** The library of moves that accounts are held against. Fractions: −0.1 = −10 %.
 *  Historical ones are UTC open → low (or high) of the day from hourly candles; where a figure for an asset is
 *  not recorded it follows BTC by its beta. Names are catalogue keys under `scenario.`. */
import type { AccountSnapshot, Position } from '../collateral/snapshot.ts'
import type { Scenario } from './policy.ts'

/** The rule of the intraday move every account must survive. */
export const ruleMove = 0.1

export const ruleScenarios: readonly Scenario[] = [
  joint('ten-down', 'scenario.tenDown', -ruleMove),
  joint('ten-up', 'scenario.tenUp', ruleMove),
]

/** Days that came without time to react: part of the requirement. */
export const historicalScenarios: readonly Scenario[] = [
  past('2024-08-05', -0.158, { ETH: -0.215, SOL: -0.3 }, 0.3),
  // ETH's largest rise in 24 hours on record, from 09:00 UTC, and BTC's in the same hours: death of a short.
  past('2025-05-08', 0.047, { ETH: 0.287 }, 0.67),
  past('2025-10-10', -0.162, { ETH: -0.214, SOL: -0.31 }, 0.1),
  past('2026-01-31', -0.101, { ETH: -0.169 }, 0.3),
  past('2026-02-05', -0.148, { ETH: -0.154, SOL: -0.14 }, 0.3),
]

/** Older extremes, most of them over days: shown, and the user may make them count. */
export const extremeScenarios: readonly Scenario[] = [
  { ...past('2020-03-12', -0.5, {}, 0.02), shownOnly: true },
  { ...past('2021-05-19', -0.33, { ETH: -0.58, SOL: -0.55 }, 0.1), shownOnly: true },
  { ...past('2022-06-12', -0.27, { ETH: -0.3, SOL: -0.24 }, 0.3), shownOnly: true },
  { ...past('2022-11-08', -0.25, { ETH: -0.32, SOL: -0.68 }, 0.1), shownOnly: true },
]

export const defaultScenarios: readonly Scenario[] = [
  ...ruleScenarios,
  ...historicalScenarios,
  ...extremeScenarios,
]

/** Moves made for one account: each instrument alone, each hedge pair's ratio, both ways; and each hedge leg
 *  closed by auto-deleveraging before the 10 % move. */
export function accountScenarios(snapshot: AccountSnapshot): readonly Scenario[] {
  const assets = [...new Set(snapshot.positions.map((position) => position.base))]
  const singles = assets.flatMap((asset) => [single(asset, -ruleMove), single(asset, ruleMove)])
  const ratios = hedgePairs(snapshot.positions).flatMap(([asset, against]) => [
    ratio(asset, against, -ruleMove),
    ratio(asset, against, ruleMove),
  ])
  const closings = hedgeLegs(snapshot).flatMap((key) => [
    deleveraged(key, -ruleMove),
    deleveraged(key, ruleMove),
  ])
  return [...singles, ...ratios, ...closings]
}

/** Legs looked at on each side. The loss along a pair grows with its legs, so the largest are the nearest. */
const largestLegs = 6

/** (long, short) pairs of different assets, from the largest legs of each side. */
export function hedgePairs(positions: readonly Position[]): readonly (readonly [string, string])[] {
  const longs = largestAssets(positions, 'long')
  const shorts = largestAssets(positions, 'short')
  return longs.flatMap((asset) =>
    shorts.filter((against) => against !== asset).map((against) => [asset, against] as const),
  )
}

/** Positions (symbol:leg) that another of the same cross pool leans on: both sides are held in it. */
function hedgeLegs(snapshot: AccountSnapshot): readonly string[] {
  const cross = snapshot.positions.filter(({ marginMode }) => marginMode === 'cross')
  const poolOf = (position: Position) =>
    snapshot.marginMode === 'single-asset' ? position.settle : 'USD'
  const hedged = cross.filter((position) =>
    cross.some((other) => other.side !== position.side && poolOf(other) === poolOf(position)),
  )
  return (['long', 'short'] as const).flatMap((side) =>
    byNotional(hedged.filter((position) => position.side === side))
      .slice(0, largestLegs)
      .map(({ symbol, leg }) => `${symbol}:${leg}`),
  )
}

function largestAssets(positions: readonly Position[], side: Position['side']): readonly string[] {
  const ordered = byNotional(positions.filter((position) => position.side === side))
  return [...new Set(ordered.map(({ base }) => base))].slice(0, largestLegs)
}

function byNotional(positions: readonly Position[]): readonly Position[] {
  const notional = ({ size, mark, contractType }: Position) =>
    contractType === 'linear' ? Number(size) * Number(mark) : Number(size)
  return positions.toSorted((a, b) => notional(b) - notional(a))
}

/** How far each leg moves, in opposite directions, for the ratio to change by `change`. */
export function halfMove(change: number): number {
  return change / (2 + change)
}

function joint(id: string, name: string, btc: number): Scenario {
  return { id, name, kind: 'joint', btc, assets: {}, depth: 0.67 }
}

function past(date: string, btc: number, assets: Record<string, number>, depth: number): Scenario {
  return {
    id: `past:${date}`,
    name: `scenario.past.${date}`,
    kind: 'historical',
    btc,
    assets,
    depth,
  }
}

function single(asset: string, move: number): Scenario {
  return {
    id: `single:${asset}:${move}`,
    name: move < 0 ? 'scenario.singleDown' : 'scenario.singleUp',
    kind: 'single',
    btc: 0,
    assets: { [asset]: move },
    depth: 0.67,
  }
}

function ratio(asset: string, against: string, change: number): Scenario {
  const half = halfMove(change)
  return {
    id: `ratio:${asset}/${against}:${change}`,
    name: change < 0 ? 'scenario.ratioDown' : 'scenario.ratioUp',
    kind: 'ratio',
    btc: 0,
    assets: { [asset]: half, [against]: -half },
    depth: 0.67,
  }
}

function deleveraged(closes: string, move: number): Scenario {
  return {
    id: `adl:${closes}:${move}`,
    name: move < 0 ? 'scenario.deleveragedDown' : 'scenario.deleveragedUp',
    kind: 'adl',
    btc: move,
    assets: {},
    depth: 0.3,
    closes,
  }
}
