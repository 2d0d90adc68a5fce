/** What `assess` is given besides the snapshot: policy, the market's facts, and the time. */
import type { AccountSnapshot } from '../collateral/snapshot.ts'
import { ruleOf } from '../margin/venues/table.ts'
import type { Books } from '../market/book.ts'
import type { Betas } from '../market/betas.ts'
import type { AssetVolatility } from '../market/volatility.ts'
import { defaultLiquidity, type LiquidityTable } from '../market/liquidity.ts'
import type { Policy } from './policy.ts'
import type { MarginFacts } from './poolMargin.ts'

/** Daily figures by asset, as fractions: 0.03 = 3 %. */
export type DailyFigures = Readonly<Record<string, number>>

export interface AssessOptions {
  readonly policy: Policy
  readonly betas: Betas
  /** Milliseconds since the epoch. */
  readonly now: number
  /** Standard deviation of daily returns; distances in σ are null where absent. */
  readonly volatility?: DailyFigures
  /** Average true range of a day over the price; distances in ATR are null where absent. */
  readonly averageTrueRange?: DailyFigures
  /** Correlation of daily returns, or undefined where nobody measured it. */
  readonly correlation?: (a: string, b: string) => number | undefined
  /** Where the daily figures come from and how old they are; the report carries it. */
  readonly measured?: readonly AssetVolatility[]
  readonly liquidity?: LiquidityTable
  /** Order books by asset, where at hand; the cost to get out is then the dearer of walk and law. */
  readonly books?: Books
  /** USD already on its way out of this account that the snapshot still shows. */
  readonly inFlightUsd?: number
}

export function factsOf(snapshot: AccountSnapshot, options: AssessOptions): MarginFacts {
  return {
    betas: options.betas,
    liquidity: options.liquidity ?? defaultLiquidity,
    books: options.books,
    takerFeeRate: ruleOf(snapshot.venue).takerFeeRate,
    bufferOfMaintenance: options.policy.bufferOfMaintenance,
  }
}

/** A fraction of that asset's day, or null. Own keys only. */
export function dailyFigure(figures: DailyFigures | undefined, asset: string): number | null {
  if (figures === undefined || !Object.hasOwn(figures, asset)) return null
  const figure = figures[asset]
  return figure !== undefined && figure > 0 ? figure : null
}
