/** OKX: margin ratio = equity / (maintenance + taker fee), liquidation at 100 %; from tier 3 on two tiers at a time.
 *  Single-currency: each currency a pool. Multi-currency: Σ equity × tiered discount × price.
 *  Isolated inverse prices are shown one tick on. */
import { exactPrice } from './display.ts'
import { nothingLocked, type VenueRule } from './rule.ts'

const takerFeeRate = 0.0005

export const okx: VenueRule = {
  venue: 'okx',
  name: 'OKX',
  version: 'help 360054690531 and 360054225072, unified account',
  source: ['https://www.okx.com/help/360054690531', 'https://www.okx.com/help/360054225072'],
  unknowns: [
    'maintenance of resting orders counts too; the snapshot has their margin only',
    'multi-currency: profit and loss count at the discount tier of their currency; no recorded position to check against',
    'the fee is that of the base level; lower levels make the real trigger a little farther',
  ],
  checked: ['isolated inverse', 'cross linear', 'cross inverse'],
  takerFeeRate,
  supports: ['single-asset', 'multi-asset'],
  liquidationFeeRate: () => takerFeeRate,
  displayed: (input) => {
    const price = exactPrice(input)
    const { position } = input
    const stepped = position.marginMode === 'isolated' && position.contractType === 'inverse'
    if (price === undefined || !stepped) return price
    return price + Number(position.tickSize ?? 0)
  },
  locked: nothingLocked,
}
