/** Pools for prices of liquidation only, where the venue did not say what its settle asset is worth in dollars.
 *  Such a price is a ratio inside one pool: it is the same in whatever unit the asset is counted, so the asset stands
 *  in for the dollar. Nothing in dollars may be read from these pools. Many assets in one pool need real prices. */
import type { AccountSnapshot, Collateral } from '../collateral/snapshot.ts'
import { type Decimal, parseDecimal } from '../units/decimal.ts'
import { type Pool, readMarginAccount } from './account.ts'

/** By pool id; empty where every asset has its price or the pool holds many assets. */
export function readUnpricedPools(snapshot: AccountSnapshot): ReadonlyMap<string, Pool> {
  const unpriced = snapshot.collaterals.some(({ priceUsd }) => priceUsd === null)
  if (snapshot.marginMode !== 'single-asset' || !unpriced) return new Map()
  const collaterals = snapshot.collaterals.map((each) =>
    each.priceUsd === null ? { ...each, priceUsd: standIn(snapshot, each) } : each,
  )
  const { pools } = readMarginAccount({ ...snapshot, collaterals })
  return new Map(pools.map((pool) => [pool.id, pool]))
}

/** One, or for a coin that is the money of inverse contracts, its price by their mark. */
function standIn(snapshot: AccountSnapshot, { asset }: Collateral): Decimal | null {
  const inverse = snapshot.positions.find(
    ({ settle, contractType }) => settle === asset && contractType === 'inverse',
  )
  return inverse?.mark ?? parseDecimal('1') ?? null
}
