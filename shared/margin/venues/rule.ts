/** What a venue's margin rule says, one value per venue. A new venue is one file and one row in ./table.ts.
 *  Numbers come from the snapshot; the rule says how they combine and how the venue displays the result. */
import type { AccountSnapshot, Position, VenueId } from '../../collateral/snapshot.ts'

export interface DisplayInput {
  readonly position: Position
  /** Exact price at which the position's pool breaches, others held. */
  readonly trigger: number
}

export interface VenueRule {
  readonly venue: VenueId
  readonly name: string
  /** Which version of the venue's rules this file follows. */
  readonly version: string
  readonly source: readonly string[]
  /** What the venue does not say, or we could not check. */
  readonly unknowns: readonly string[]
  /** 'cross linear', 'isolated linear', …: modes with a recorded position of the venue behind them. */
  readonly checked: readonly string[]
  /** Fee of closing at market, base tier, as a fraction of notional. */
  readonly takerFeeRate: number
  readonly supports: readonly AccountSnapshot['marginMode'][]
  /** The price as the venue would show it; undefined when it shows none. */
  displayed(input: DisplayInput): number | undefined
  /** USD that the venue keeps locked for open positions whatever the policy says; 0 when it has no such rule. */
  locked(snapshot: AccountSnapshot, usdPerSettle: (settle: string) => number | undefined): number
}

/** A price that is not positive is none. */
export function positiveOrNone(price: number): number | undefined {
  return Number.isFinite(price) && price > 0 ? price : undefined
}
