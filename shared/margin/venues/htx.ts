/** HTX futures: maintenance rate = adjustment factor / leverage, tiered by net position in contracts, on the mark;
 *  liquidation at margin ratio 100 %. No deduction between tiers: maintenance jumps. */
import { exactPrice } from './display.ts'
import { nothingLocked, type VenueRule } from './rule.ts'

export const htx: VenueRule = {
  venue: 'htx',
  name: 'HTX',
  version: 'liquidation indicators adjustment (support 104919792315746)',
  source: [
    'https://www.htx.com/support/104919792315746',
    'https://www.htx.com/support/900001326606',
  ],
  unknowns: [
    'tiers are counted in net contracts; floors in notional are taken at the current mark',
  ],
  checked: ['isolated linear', 'cross inverse'],
  takerFeeRate: 0.0005,
  supports: ['single-asset'],
  liquidationFeeRate: () => 0,
  displayed: exactPrice,
  locked: nothingLocked,
}
