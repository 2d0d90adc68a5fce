/** Pools for prices of liquidation only, where the venue did not say what its settle asset is worth in dollars.
 *  Such a price is a ratio inside one pool: it is the same in whatever unit the asset is counted, so the asset stands
 *  in for the dollar. Nothing in dollars may be read from these pools. Many assets in one pool need real prices. */
import type { AccountSnapshot, Collateral } from '../collateral/snapshot.ts'
import { type Decimal, parseDecimal } from '../units/decimal.ts'
import { type Pool, readMarginAccount } from './account.ts'

/** By pool id; empty where every asset has its price or the pool holds many assets. */
export function readUnpricedPools(snapshot: AccountSnapshot): ReadonlyMap<string, Pool> {
  const listed = new Set(snapshot.collaterals.map(({ asset }) => asset))
  const absent = new Set(
    snapshot.positions.map(({ settle }) => settle).filter((settle) => !listed.has(settle)),
  )
  const unpriced = absent.size > 0 || snapshot.collaterals.some(({ priceUsd }) => priceUsd === null)
  if (snapshot.marginMode !== 'single-asset' || !unpriced) return new Map()
  const collaterals = [
    ...snapshot.collaterals.map((each) =>
      each.priceUsd === null ? { ...each, priceUsd: standIn(snapshot, each.asset) } : each,
    ),
    ...[...absent].map((asset) => nothingOf(snapshot, asset)),
  ]
  const { pools } = readMarginAccount({ ...snapshot, collaterals })
  // An isolated position needs no balance of the account; a cross one does, and it is not there.
  const known = pools.filter(({ kind, settle }) => kind === 'isolated' || !absent.has(settle))
  return new Map(known.map((pool) => [pool.id, pool]))
}

function nothingOf(snapshot: AccountSnapshot, asset: string): Collateral {
  const wallet = parseDecimal('0')
  if (wallet === undefined) throw new TypeError('zero is a decimal')
  const priceUsd = standIn(snapshot, asset)
  return { asset, wallet, priceUsd, haircuts: [], withdrawable: null }
}

/** One, or for a coin that is the money of inverse contracts, its price by their mark. */
function standIn(snapshot: AccountSnapshot, asset: string): Decimal | null {
  const inverse = snapshot.positions.find(
    ({ settle, contractType }) => settle === asset && contractType === 'inverse',
  )
  return inverse?.mark ?? parseDecimal('1') ?? null
}
