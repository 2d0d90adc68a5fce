/** Gate perpetuals: trigger = (entry ∓ margin/size)/(1 ∓ (maintenance + taker fee)), the fee 0.075 % whatever
 *  the user's own rate; inverse: size·entry·(1 ± (maintenance + fee))/(size ± margin·entry). */
import { exactPrice } from './display.ts'
import { nothingLocked, type VenueRule } from './rule.ts'

const takerFeeRate = 0.00075

export const gate: VenueRule = {
  venue: 'gate',
  name: 'Gate',
  version: 'perpetual contract FAQ, fee 0.075 %',
  source: ['https://www.gate.com/help/futures/perpetual/22150/calculation-of-liquidation-price'],
  unknowns: [
    'one recorded position only, its margin read after a funding payment (error 8e-5 of entry)',
  ],
  checked: ['isolated inverse'],
  takerFeeRate,
  supports: ['single-asset'],
  liquidationFeeRate: () => takerFeeRate,
  displayed: exactPrice,
  locked: nothingLocked,
}
