/** dYdX v4: p' = (e − s·p − MMR_o)/(|s|·MMF − s) on the oracle price; liquidation penalty up to 1.5 % is not in it.
 *  The quote balance carries cost and profit together: equity = quote + Σ size·price. */
import { exactPrice } from './display.ts'
import { nothingLocked, type VenueRule } from './rule.ts'

export const dydx: VenueRule = {
  venue: 'dydx',
  name: 'dYdX',
  version: 'v4 documentation, liquidations and margin',
  source: [
    'https://docs.dydx.xyz/concepts/trading/liquidations',
    'https://docs.dydx.xyz/concepts/trading/margin',
  ],
  unknowns: [
    'the open-interest step of the margin fraction moves with the market, not with the position',
  ],
  checked: ['cross linear', 'isolated linear'],
  takerFeeRate: 0.0005,
  supports: ['single-asset'],
  liquidationFeeRate: () => 0,
  displayed: exactPrice,
  locked: nothingLocked,
}
