/** Bybit unified account, rules since 2025-09: maintenance on the mark, = value·rate − deduction + fee to close,
 *  that fee at the bankruptcy price: value·(1 ∓ 1/leverage)·taker. Cross: account rate = maintenance /
 *  (margin balance − haircut + order loss), liquidation at 100 %. Displayed cross prices may be absent. */
import { exactPrice } from './display.ts'
import { nothingLocked, type VenueRule } from './rule.ts'

const takerFeeRate = 0.00055

export const bybit: VenueRule = {
  venue: 'bybit',
  name: 'Bybit',
  version: 'isolated-mode page of 2026-05-27; margin calculation of 2025-09',
  source: [
    'https://www.bybit.com/en/help-center/article/Liquidation-Price-Calculation-under-Isolated-Mode-Unified-Trading-Account',
    'https://www.bybit.com/en/help-center/article/Maintenance-Margin-USDT-Contract',
  ],
  unknowns: [
    'losses of resting orders count too; the snapshot has their margin only',
    'the linear isolated price is derived from the inverse one; no recorded position since the change',
    'cross positions come without a price in the records: they stay unverified until the venue shows one',
  ],
  checked: [],
  takerFeeRate,
  supports: ['single-asset', 'multi-asset'],
  liquidationFeeRate: (side, leverage) => {
    if (leverage === null || !(leverage > 0)) return takerFeeRate
    return takerFeeRate * (1 - (side === 'long' ? 1 : -1) / leverage)
  },
  displayed: exactPrice,
  locked: nothingLocked,
}
