/** Binance USDⓈ-M futures: maintenance = notional·rate − deduction on the mark, no fee in the trigger;
 *  long and short of one symbol share one price in cross. Isolated margin is the isolated wallet without PnL
 *  (`isolatedMargin` of the wire includes it). Multi-assets: each asset at index × (1 − bid buffer). */
import { exactPrice } from './display.ts'
import { nothingLocked, type VenueRule } from './rule.ts'

export const binanceUsdm: VenueRule = {
  venue: 'binance-usdm',
  name: 'Binance USDⓈ-M',
  version: 'support FAQ b3c689c1f50a44cabb3a84e663b81d93, in force since 2019',
  source: ['https://www.binance.com/en/support/faq/b3c689c1f50a44cabb3a84e663b81d93'],
  unknowns: [
    'hedge mode: the shared price follows from the same slack; no recorded position to check it against',
    'multi-assets mode: maintenance at the ask side of the index; the buffer is taken from the weights alone',
  ],
  checked: ['cross linear', 'isolated linear', 'multi-asset linear'],
  takerFeeRate: 0.0005,
  supports: ['single-asset', 'multi-asset'],
  liquidationFeeRate: () => 0,
  displayed: exactPrice,
  // The venue's own maxWithdrawAmount, taken as ceiling, already holds back initial margin.
  locked: nothingLocked,
}
