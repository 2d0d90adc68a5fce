/** A collateral of a cross pool as an item, and how profit made in it counts. */
import type { AccountSnapshot, Collateral, Position } from '../collateral/snapshot.ts'
import { effectiveUnits, equityItem, marginalWeight } from './haircut.ts'
import { ascending, type InputRefusal, invalid, priceRange, walletRange, within } from './inputs.ts'
import { collateralItem, type Item, weighted, withoutProfit } from './pool.ts'

export interface Held {
  readonly position: Position
  readonly item: Item
  /** As in `PositionRead`. */
  readonly profit: number
}

/** In one pool of many assets a coin's profit is weighed with the coin (inside its collateral item), and profit
 *  in another settle asset at that asset's weight now. With one asset a pool, profit counts in full. */
export function countedOnce(
  snapshot: AccountSnapshot,
  { position, item }: Held,
  weights: ReadonlyMap<string, number>,
): Item {
  if (snapshot.marginMode !== 'multi-asset') return item
  if (position.contractType === 'inverse') return withoutProfit(item)
  const weight = weights.get(position.settle) ?? 1
  return weight === 1 ? item : weighted(item, weight)
}

export function profitWeight(
  snapshot: AccountSnapshot,
  collateral: Collateral,
  held: readonly Held[],
): number {
  if (snapshot.marginMode !== 'multi-asset') return 1
  let units = Number(collateral.wallet)
  for (const { position, profit } of held) if (position.settle === collateral.asset) units += profit
  return marginalWeight(units, collateral.haircuts)
}

function weightGaps(asset: string): readonly string[] {
  return [`assets.${asset}.haircuts`, `assets.${asset}.bidBuffer`]
}

/** The item, or the name of the field that is missing or refused. */
export function readCollateral(
  snapshot: AccountSnapshot,
  collateral: Collateral,
  held: readonly Held[],
  refusals: InputRefusal[],
): Item | string {
  const field = `collaterals.${collateral.asset}`
  const units = Number(collateral.wallet)
  const inverse = held.filter(
    ({ position }) => position.contractType === 'inverse' && position.settle === collateral.asset,
  )
  const { haircuts } = collateral
  const manyAssets = snapshot.marginMode === 'multi-asset'
  const sound =
    ascending(haircuts.map((tier) => tier.floor)) &&
    haircuts.every(({ weight }) => weight >= 0 && weight <= 1)
  if (manyAssets && !sound) {
    refusals.push(
      invalid(`${field}.haircuts`, JSON.stringify(haircuts), 'floors must ascend from 0'),
    )
    return `${field}.haircuts`
  }
  // Nothing of an asset needs no price.
  if (units === 0 && inverse.length === 0) return collateralItem(collateral.asset, 0, 1)
  // A weight that could not be read is not one.
  const unread = snapshot.gaps.find(({ field: gap }) => weightGaps(collateral.asset).includes(gap))
  if (manyAssets && haircuts.length === 0 && unread !== undefined) return `${field}.haircuts`
  const price = collateral.asset === 'USD' ? 1 : Number(collateral.priceUsd ?? Number.NaN)
  if (collateral.priceUsd === null && collateral.asset !== 'USD') return `${field}.priceUsd`
  if (!within(price, priceRange)) {
    refusals.push(invalid(`${field}.priceUsd`, `${collateral.priceUsd}`, 'not a price'))
    return `${field}.priceUsd`
  }
  if (!within(units, walletRange)) {
    refusals.push(invalid(`${field}.wallet`, collateral.wallet, 'out of range'))
    return `${field}.wallet`
  }
  if (!manyAssets) return collateralItem(collateral.asset, units, price)
  if (inverse.length === 0)
    return collateralItem(collateral.asset, effectiveUnits(units, haircuts), price)
  return equityItem(
    collateral.asset,
    units,
    price,
    haircuts,
    inverse.map(({ position }) => ({
      size: Number(position.size),
      sign: position.side === 'long' ? 1 : -1,
      entry: Number(position.entry),
      mark: Number(position.mark),
    })),
  )
}
