/** What hangs on each asset, over all venues and the vault: collateral, positions at their marks, vault. USD, f64.
 *  An amount without a price is not counted and said to be missing. Pure. */
import { amountToNumber } from '../../shared/units/amount.ts'
import { type Portfolio, quoteOf } from '../data/portfolio.ts'

export interface Exposure {
  readonly asset: string
  readonly collateralUsd: number
  /** Signed: short is negative. */
  readonly positionsUsd: number
  readonly vaultUsd: number
  /** Sources whose price is missing: their share is not in the figures. */
  readonly unpriced: readonly string[]
}

interface Parts {
  collateralUsd: number
  positionsUsd: number
  vaultUsd: number
  unpriced: string[]
}

/** USD value of a position at its mark; null where its settle asset has no price. */
export function positionUsd(
  position: Position,
  priceOf: (asset: string) => number | null,
): number | null {
  const sign = position.side === 'long' ? 1 : -1
  if (position.contractType === 'inverse') return sign * Number(position.size)
  const settle = position.settle === 'USD' ? 1 : priceOf(position.settle)
  return settle === null ? null : sign * Number(position.size) * Number(position.mark) * settle
}

type Snapshot = NonNullable<Portfolio['accounts'][number]['snapshot']>
type Position = Snapshot['positions'][number]

export function exposures(portfolio: Portfolio): readonly Exposure[] {
  const byAsset = new Map<string, Parts>()
  const of = (asset: string): Parts => {
    const known = byAsset.get(asset)
    if (known !== undefined) return known
    const made: Parts = { collateralUsd: 0, positionsUsd: 0, vaultUsd: 0, unpriced: [] }
    byAsset.set(asset, made)
    return made
  }
  const quoted = (asset: string) => {
    const usd = Number(quoteOf(portfolio.quotes, asset)?.usd)
    return usd > 0 ? usd : null
  }
  for (const { snapshot, label } of portfolio.accounts) {
    if (snapshot === null) continue
    const priceOf = (asset: string) => {
      const said = snapshot.collaterals.find((collateral) => collateral.asset === asset)?.priceUsd
      return said === null || said === undefined ? quoted(asset) : Number(said)
    }
    for (const { asset, wallet } of snapshot.collaterals) {
      const price = priceOf(asset)
      if (price === null) of(asset).unpriced.push(label)
      else of(asset).collateralUsd += Number(wallet) * price
    }
    for (const position of snapshot.positions) {
      const usd = positionUsd(position, priceOf)
      if (usd === null) of(position.base).unpriced.push(label)
      else of(position.base).positionsUsd += usd
    }
  }
  for (const { amount, chain } of portfolio.vaultBalances) {
    const price = quoted(amount.asset)
    if (price === null) of(amount.asset).unpriced.push(chain)
    else of(amount.asset).vaultUsd += amountToNumber(amount) * price
  }
  return [...byAsset.entries()]
    .map(([asset, parts]) => ({ asset, ...parts }))
    .sort((a, b) => gross(b) - gross(a))
}

/** Everything on one asset regardless of its sign: what the bars are drawn against. */
export function gross(exposure: Exposure): number {
  return (
    Math.abs(exposure.collateralUsd) + Math.abs(exposure.positionsUsd) + Math.abs(exposure.vaultUsd)
  )
}
