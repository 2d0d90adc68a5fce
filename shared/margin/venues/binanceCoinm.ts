/** Binance COIN-M futures: as USDⓈ-M with sizes in USD, tiers and deductions in the coin, margin in the coin.
 *  Trigger = Q·(s + rate)/(W + deduction + s·Q/entry). A price under zero is shown as '--'. */
import { exactPrice } from './display.ts'
import { nothingLocked, type VenueRule } from './rule.ts'

export const binanceCoinm: VenueRule = {
  venue: 'binance-coinm',
  name: 'Binance COIN-M',
  version: 'support FAQ ceccfcfb4e3a45e3b48b0b1bb1a8ae46, 2021-02-05',
  source: ['https://www.binance.com/en/support/faq/ceccfcfb4e3a45e3b48b0b1bb1a8ae46'],
  unknowns: ['cross: no recorded position with its wallet balance to check against'],
  checked: ['isolated inverse'],
  takerFeeRate: 0.0005,
  supports: ['single-asset'],
  liquidationFeeRate: () => 0,
  displayed: exactPrice,
  locked: nothingLocked,
}
