/** CoinEx futures: trigger = settlement price·(1 ∓ margin rate)/(1 ∓ maintenance rate), margin rate =
 *  margin without PnL / settlement value; fair price marking; no fee in it. Tiers by contracts, no deduction. */
import { exactPrice } from './display.ts'
import { nothingLocked, type VenueRule } from './rule.ts'

export const coinex: VenueRule = {
  venue: 'coinex',
  name: 'CoinEx',
  version: 'support 6951824248601',
  source: [
    'https://support.coinex.com/hc/en-us/articles/6951824248601',
    'https://support.coinex.com/hc/en-us/articles/6367729561369',
  ],
  unknowns: ['with automatic settlement the settlement price, not the entry, is the basis'],
  checked: ['isolated linear'],
  takerFeeRate: 0.0005,
  supports: ['single-asset'],
  liquidationFeeRate: () => 0,
  displayed: exactPrice,
  locked: nothingLocked,
}
