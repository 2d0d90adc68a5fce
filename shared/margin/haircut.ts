/** What collateral counts for after tiered haircuts. Units of the asset; weights are fractions; a debt counts in full.
 *  A coin with inverse positions on it has equity u(p) = A − B/p coins: counted value p·c(u(p)) is linear in p
 *  between the prices at which u crosses a floor, so it fits the same solver exactly. */
import type { HaircutTier } from '../collateral/snapshot.ts'
import { collateralItem, type Item } from './pool.ts'

/** Units that count as margin. */
export function effectiveUnits(units: number, haircuts: readonly HaircutTier[]): number {
  if (units <= 0 || haircuts.length === 0) return units
  let counted = 0
  haircuts.forEach((tier, i) => {
    const end = haircuts[i + 1]?.floor ?? Infinity
    if (units > tier.floor) counted += (Math.min(units, end) - tier.floor) * tier.weight
  })
  return counted
}

/** Weight of the next unit of gain or loss. */
export function marginalWeight(units: number, haircuts: readonly HaircutTier[]): number {
  if (units <= 0 || haircuts.length === 0) return 1
  return haircuts.findLast((tier) => units >= tier.floor)?.weight ?? 1
}

export interface InverseProfit {
  /** USD. */
  readonly size: number
  readonly sign: 1 | -1
  readonly entry: number
  readonly mark: number
}

/** A coin's wallet and its inverse positions' profit as one item over the coin's index price. */
export function equityItem(
  asset: string,
  wallet: number,
  price: number,
  haircuts: readonly HaircutTier[],
  profits: readonly InverseProfit[],
): Item {
  let constant = wallet
  let perPrice = 0
  for (const { size, sign, entry, mark } of profits) {
    constant += (sign * size) / entry
    perPrice += sign * size * (price / mark)
  }
  // Where the equity in coins is zero or at a tier's floor.
  const floors = [0, ...haircuts.map((tier) => tier.floor)]
  const edges = floors
    .map((floor) => perPrice / (constant - floor))
    .filter((edge) => Number.isFinite(edge) && edge > 0)
  const starts = Float64Array.from([0, ...new Set(edges)].sort((x, y) => x - y))
  const a = new Float64Array(starts.length)
  const b = new Float64Array(starts.length)
  starts.forEach((start, i) => {
    const end = starts[i + 1] ?? (start === 0 ? price * 2 : start * 2)
    const units = constant - perPrice / ((start + end) / 2)
    const weight = marginalWeight(units, haircuts)
    const floor = units <= 0 ? 0 : (haircuts.findLast((tier) => units >= tier.floor)?.floor ?? 0)
    const below = effectiveUnits(floor, haircuts)
    a[i] = -weight * perPrice
    b[i] = below + weight * (constant - floor)
  })
  return {
    ...collateralItem(asset, constant - perPrice / price, price),
    starts,
    a,
    b,
    maintenanceA: new Float64Array(starts.length),
    maintenanceB: new Float64Array(starts.length),
  }
}
