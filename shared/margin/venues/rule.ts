/** What a venue's margin rule says, one value per venue. A new venue is one file and one row in ./table.ts.
 *  Numbers come from the snapshot; the rule says what adds to maintenance and how the venue displays the result. */
import type { AccountSnapshot, Position, VenueId } from '../../collateral/snapshot.ts'
import type { Item } from '../pool.ts'

export interface DisplayInput {
  readonly position: Position
  /** The position itself, inside its pool. */
  readonly item: Item
  readonly items: readonly Item[]
  /** Exact price at which the pool breaches, others held; undefined when there is none. */
  readonly trigger: number | undefined
}

export interface VenueRule {
  readonly venue: VenueId
  readonly name: string
  /** Which version of the venue's rules this file follows. */
  readonly version: string
  readonly source: readonly string[]
  /** What the venue does not say, or we could not check. */
  readonly unknowns: readonly string[]
  /** 'cross linear', 'isolated inverse', 'multi-asset linear' (a cross pool of many assets), …: modes with a recorded position under the current rule behind them. */
  readonly checked: readonly string[]
  /** Fee of closing at market, base tier, as a fraction of notional. */
  readonly takerFeeRate: number
  readonly supports: readonly AccountSnapshot['marginMode'][]
  /** Rate that the venue adds to the tier's rate before it compares, for a parser to put in `liquidationFeeRate`. */
  liquidationFeeRate(side: Position['side'], leverage: number | null): number
  /** The price as the venue would show it; undefined when it shows none. */
  displayed(input: DisplayInput): number | undefined
  /** USD that the venue keeps locked for open positions whatever the policy says; 0 when it has no such rule. */
  locked(snapshot: AccountSnapshot, usdPerSettle: (settle: string) => number | undefined): number
}

/** Withdrawals are held back by the venue's own figure alone. */
export const nothingLocked: VenueRule['locked'] = () => 0
