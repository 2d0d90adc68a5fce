/** KuCoin futures: cross is liquidated at risk rate 100 %: (Σ maintenance + order maintenance + closing fees) /
 *  (margin − opening fees); orders are cancelled at 95 %. The cross price it shows shares equity out by notional
 *  and is a reference only, not the trigger. Isolated since 2025-05-22: maintenance and fee on the mark. */
import { exactPrice, sharePrice } from './display.ts'
import { nothingLocked, type VenueRule } from './rule.ts'

const takerFeeRate = 0.0006

export const kucoin: VenueRule = {
  venue: 'kucoin',
  name: 'KuCoin Futures',
  version: 'cross: support 35084431335065 and 35233217061785; isolated since 2025-05-22',
  source: [
    'https://www.kucoin.com/support/35084431335065',
    'https://www.kucoin.com/support/35233217061785',
    'https://www.kucoin.com/support/4408061803033',
  ],
  unknowns: [
    'maintenance and fees of resting orders count too; the snapshot has their margin only',
    'isolated since 2025-05-22: the exact form is not published; recorded positions are older',
    'auto-deposit margin: the position then lives as long as the cross balance does',
  ],
  checked: [],
  takerFeeRate,
  supports: ['single-asset'],
  liquidationFeeRate: () => takerFeeRate,
  displayed: (input) =>
    input.position.marginMode === 'cross' ? sharePrice(input) : exactPrice(input),
  locked: nothingLocked,
}
