/** What is left of a pool in a scenario, after the cost to get out, funding and the policy's buffer. USD, f64.
 *  Negative is a shortfall. A missing beta or liquidity makes the scenario unknown and names what is missing.
 *  What does not depend on the scenario is looked up once a pool, so that many scenarios stay cheap. */
import type { Pool } from '../margin/account.ts'
import { needsStillSettle, segmentAt } from '../margin/pool.ts'
import { type Betas, betaOf } from '../market/betas.ts'
import { type Book, type Books, bookOf } from '../market/book.ts'
import { type Liquidity, type LiquidityTable, liquidityOf } from '../market/liquidity.ts'
import { exitCostUsd, fundingCostUsd } from './exitCost.ts'
import type { Scenario } from './policy.ts'

export interface MarginFacts {
  readonly betas: Betas
  readonly liquidity: LiquidityTable
  readonly books: Books | undefined
  readonly takerFeeRate: number
  readonly bufferOfMaintenance: number
}

export type PoolMargin =
  | { readonly kind: 'known'; readonly usd: number }
  | { readonly kind: 'unknown'; readonly missing: readonly string[] }

/** Move of an asset as a fraction, or undefined when it depends on a beta that nobody measured. */
export function moveOf(scenario: Scenario, asset: string, betas: Betas): number | undefined {
  if (Object.hasOwn(scenario.assets, asset)) return scenario.assets[asset]
  if (scenario.btc === 0) return 0
  const beta = betaOf(betas, asset)
  return beta === undefined ? undefined : beta * scenario.btc
}

interface AssetFacts {
  readonly asset: string
  readonly beta: number | undefined
  readonly liquidity: Liquidity | undefined
  readonly book: Book | undefined
  /** Whether a position is held on it: only then must it be got out of. */
  readonly held: boolean
}

/** `pool.missing` must be empty. */
export function poolMarginUnder(pool: Pool, scenario: Scenario, facts: MarginFacts): PoolMargin {
  return poolMargins(pool, facts)(scenario)
}

/** The same for many scenarios of one pool. */
export function poolMargins(pool: Pool, facts: MarginFacts): (scenario: Scenario) => PoolMargin {
  const assets = assetsOf(pool, facts)
  const indexOf = new Map(assets.map(({ asset }, i) => [asset, i]))
  const assetOf = Int32Array.from(pool.items, ({ asset }) => indexOf.get(asset) ?? 0)
  const moving = movingSettles(pool, facts.betas)
  if (moving.length > 0) return () => ({ kind: 'unknown', missing: moving })
  const moves = new Float64Array(assets.length)
  const { items } = pool
  const { takerFeeRate, bufferOfMaintenance } = facts
  const fundingRates = Float64Array.from(items, (item) =>
    item.kind === 'position' ? fundingCostUsd(1, item.sign, item.funding) : 0,
  )
  return (scenario) => {
    const missing = readMoves(scenario, assets, moves)
    if (missing !== undefined) return { kind: 'unknown', missing }
    let usd = 0
    for (let i = 0; i < items.length; i++) {
      const item = items[i]
      const index = assetOf[i] ?? 0
      if (item === undefined) continue
      const price = item.price * Math.max(0, 1 + (moves[index] ?? 0))
      const at = segmentAt(item.starts, price)
      usd += (item.a[at] ?? 0) + (item.b[at] ?? 0) * price
      const liquidity = assets[index]?.liquidity
      if (item.kind === 'collateral' || liquidity === undefined) continue
      const notional = item.notionalA + item.notionalB * price
      const maintenance = (item.maintenanceA[at] ?? 0) + (item.maintenanceB[at] ?? 0) * price
      usd -=
        exitCostUsd({
          notionalUsd: notional,
          sign: item.sign,
          feeRate: takerFeeRate,
          liquidity,
          depth: scenario.depth,
          book: assets[index]?.book,
        }) +
        notional * (fundingRates[i] ?? 0) +
        bufferOfMaintenance * maintenance
    }
    return { kind: 'known', usd }
  }
}

/** Settle assets of linear positions that are not known to stand still against the dollar. */
function movingSettles(pool: Pool, betas: Betas): readonly string[] {
  const settles = pool.items.filter(needsStillSettle).map(({ settle }) => settle)
  return [...new Set(settles)]
    .filter((settle) => betaOf(betas, settle) !== 0)
    .map((settle) => `settle.${settle}`)
}

function assetsOf(pool: Pool, facts: MarginFacts): readonly AssetFacts[] {
  const held = new Set(
    pool.items.filter(({ kind }) => kind === 'position').map(({ asset }) => asset),
  )
  return [...new Set(pool.items.map(({ asset }) => asset))].map((asset) => ({
    asset,
    beta: betaOf(facts.betas, asset),
    liquidity: liquidityOf(facts.liquidity, asset),
    book: bookOf(facts.books, asset),
    held: held.has(asset),
  }))
}

/** Fills `moves`; names what is missing, or undefined when nothing is. */
function readMoves(
  scenario: Scenario,
  assets: readonly AssetFacts[],
  moves: Float64Array,
): readonly string[] | undefined {
  let missing: string[] | undefined
  for (let i = 0; i < assets.length; i++) {
    const of = assets[i]
    if (of === undefined) continue
    const own = Object.hasOwn(scenario.assets, of.asset) ? scenario.assets[of.asset] : undefined
    const move =
      own ?? (scenario.btc === 0 ? 0 : of.beta === undefined ? undefined : of.beta * scenario.btc)
    if (move === undefined) missing = [...(missing ?? []), `beta.${of.asset}`]
    if (of.held && of.liquidity === undefined)
      missing = [...(missing ?? []), `liquidity.${of.asset}`]
    moves[i] = move ?? 0
  }
  return missing
}
