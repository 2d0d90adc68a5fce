/** Every venue rule there is, by venue. A venue without a row is unsupported: figures unknown, never guessed. */
import type { VenueId } from '../../collateral/snapshot.ts'
import { binanceUsdm } from './binanceUsdm.ts'
import { hyperliquid } from './hyperliquid.ts'
import type { VenueRule } from './rule.ts'

export const venueRules: readonly VenueRule[] = [binanceUsdm, hyperliquid]

export function ruleOf(venue: VenueId): VenueRule | undefined {
  return venueRules.find((rule) => rule.venue === venue)
}
