/** What it costs to close every position of an account at market now, at each stress level of depth. USD. */
import type { Pool } from '../margin/account.ts'
import { itemNotional } from '../margin/pool.ts'
import { bookOf } from '../market/book.ts'
import { liquidityOf } from '../market/liquidity.ts'
import { exitCostUsd, stressDepths } from './exitCost.ts'
import type { MarginFacts } from './poolMargin.ts'
import { knownMeasure, type Measure, unknownMeasure } from './report.ts'

export function exitCosts(
  held: readonly Pool[],
  facts: MarginFacts,
): readonly { readonly depth: number; readonly usd: Measure }[] {
  return stressDepths.map((depth) => ({ depth, usd: exitCostAt(held, facts, depth) }))
}

function exitCostAt(held: readonly Pool[], facts: MarginFacts, depth: number): Measure {
  const missing = held.flatMap((pool) => pool.missing)
  let usd = 0
  for (const item of held.flatMap((pool) => pool.items)) {
    if (item.kind === 'collateral') continue
    const liquidity = liquidityOf(facts.liquidity, item.asset)
    if (liquidity === undefined) missing.push(`liquidity.${item.asset}`)
    else
      usd += exitCostUsd({
        notionalUsd: itemNotional(item, item.price),
        sign: item.sign,
        feeRate: facts.takerFeeRate,
        liquidity,
        depth,
        book: bookOf(facts.books, item.asset),
      })
  }
  return missing.length > 0 ? unknownMeasure(missing) : knownMeasure(usd)
}
