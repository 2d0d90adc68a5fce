/** What is left of a pool in a scenario, after the cost to get out, funding and the policy's buffer. USD, f64.
 *  Negative is a shortfall. A missing beta or liquidity makes the scenario unknown and names what is missing. */
import type { Pool } from '../margin/account.ts'
import { type Item, itemMaintenance, itemNotional, itemSlack } from '../margin/pool.ts'
import { type Betas, betaOf } from '../market/betas.ts'
import { type LiquidityTable, liquidityOf } from '../market/liquidity.ts'
import { exitCostUsd, fundingCostUsd } from './exitCost.ts'
import type { Scenario } from './policy.ts'

export interface MarginFacts {
  readonly betas: Betas
  readonly liquidity: LiquidityTable
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

/** `pool.missing` must be empty. */
export function poolMarginUnder(pool: Pool, scenario: Scenario, facts: MarginFacts): PoolMargin {
  let usd = 0
  let missing: string[] | undefined
  for (const item of pool.items) {
    const move = moveOf(scenario, item.asset, facts.betas)
    if (move === undefined) {
      missing = [...(missing ?? []), `beta.${item.asset}`]
      continue
    }
    const price = item.price * Math.max(0, 1 + move)
    usd += itemSlack(item, price)
    if (item.kind === 'collateral') continue
    const held = positionCost(item, price, scenario.depth, facts)
    if (held === undefined) missing = [...(missing ?? []), `liquidity.${item.asset}`]
    else usd -= held
  }
  if (missing !== undefined) return { kind: 'unknown', missing: [...new Set(missing)] }
  return { kind: 'known', usd }
}

function positionCost(
  item: Item,
  price: number,
  depth: number,
  facts: MarginFacts,
): number | undefined {
  const liquidity = liquidityOf(facts.liquidity, item.asset)
  if (liquidity === undefined) return undefined
  const notional = itemNotional(item, price)
  return (
    exitCostUsd(notional, facts.takerFeeRate, liquidity, depth) +
    fundingCostUsd(notional, item.sign, item.funding) +
    facts.bufferOfMaintenance * itemMaintenance(item, price)
  )
}
