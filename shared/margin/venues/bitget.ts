/** Bitget futures: liquidation when equity ≤ maintenance, which includes a fee of 0.06 %. The cross price it shows
 *  keeps maintenance as it is at the current mark: a reference that moves with the mark, not the trigger.
 *  Positions opened since 2025-11-10 have tiers with deductions. */
import { exactPrice, frozenPrice } from './display.ts'
import { nothingLocked, type VenueRule } from './rule.ts'

const takerFeeRate = 0.0006

export const bitget: VenueRule = {
  venue: 'bitget',
  name: 'Bitget',
  version: 'tiered maintenance since 2025-11-10 (support 12560603841843)',
  source: [
    'https://www.bitget.com/support/articles/12560603777225',
    'https://www.bitget.com/support/articles/12560603841843',
  ],
  unknowns: [
    'whether the displayed price still freezes maintenance under the tiers of 2025-11: records are older',
    'positions from before 2025-11-10 keep the rule without deductions',
  ],
  checked: ['cross linear'],
  takerFeeRate,
  supports: ['single-asset', 'multi-asset'],
  liquidationFeeRate: () => takerFeeRate,
  displayed: (input) =>
    input.position.marginMode === 'cross' ? frozenPrice(input) : exactPrice(input),
  locked: nothingLocked,
}
