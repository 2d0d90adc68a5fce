/** What the venue itself would let out, and what resting orders hold. USD, f64. Unknown stays unknown. */
import type { AccountSnapshot } from '../collateral/snapshot.ts'
import { usdPerUnit } from '../margin/inputs.ts'
import { ruleOf } from '../margin/venues/table.ts'

/** Margin of resting orders; undefined when the venue did not say (its own withdrawable then holds it back). */
export function orderMarginUsd(snapshot: AccountSnapshot): number | undefined {
  if (snapshot.orderMargin === null) return undefined
  const settles = [...new Set(snapshot.positions.map((position) => position.settle))]
  const one = settles[0]
  const price =
    snapshot.marginMode === 'single-asset' && settles.length === 1 && one !== undefined
      ? (usdPerUnit(snapshot, one) ?? 1)
      : 1
  return Math.max(0, Number(snapshot.orderMargin) * price)
}

/** The venue's own figures and, where it publishes one, its rule; undefined when it says nothing. */
export function withdrawableUsd(snapshot: AccountSnapshot, equity: number): number | undefined {
  const perAsset = snapshot.collaterals.map((collateral) => {
    if (Number(collateral.wallet) === 0) return 0
    const price = usdPerUnit(snapshot, collateral.asset)
    if (collateral.withdrawable === null || price === undefined) return undefined
    return Math.max(0, Number(collateral.withdrawable)) * price
  })
  const said = perAsset.filter((usd) => usd !== undefined)
  const ceiling = ceilingOf(
    said.reduce((a, b) => a + b, 0),
    { said: said.length, asked: perAsset.length },
    snapshot.reported.withdrawable === null
      ? undefined
      : Math.max(0, Number(snapshot.reported.withdrawable)),
  )
  if (ceiling === undefined) return undefined
  const locked = ruleOf(snapshot.venue).locked(snapshot, (asset) => usdPerUnit(snapshot, asset))
  return Number.isNaN(locked) ? ceiling : Math.min(ceiling, Math.max(0, equity - locked))
}

/** The lower of both where each asset and the total are known; an asset without a figure is not counted on. */
function ceilingOf(
  sum: number,
  count: { readonly said: number; readonly asked: number },
  total: number | undefined,
): number | undefined {
  if (count.said === 0 && count.asked > 0) return total
  if (total === undefined || count.said < count.asked) return sum
  return Math.min(sum, total)
}
