/** Hyperliquid perpetuals: maintenance rate is half the initial rate at the tier's maximum leverage, with
 *  a deduction that makes it continuous; mark price, no clearance fee. Isolated margin is raw USD without PnL.
 *  Moving collateral out needs max(initial margin, 10 % of notional) to stay. */
import type { MaintenanceTier } from '../../collateral/snapshot.ts'
import { exactPrice } from './display.ts'
import type { VenueRule } from './rule.ts'

const transferFraction = 0.1

export const hyperliquid: VenueRule = {
  venue: 'hyperliquid',
  name: 'Hyperliquid',
  version: 'margin tiers, docs of 2025',
  source: [
    'https://hyperliquid.gitbook.io/hyperliquid-docs/trading/liquidations',
    'https://hyperliquid.gitbook.io/hyperliquid-docs/trading/margin-tiers',
    'https://hyperliquid.gitbook.io/hyperliquid-docs/trading/margining',
  ],
  unknowns: ['partial liquidation (first 20 % above 100k USDC) does not move the first trigger'],
  checked: ['cross linear', 'isolated linear'],
  takerFeeRate: 0.00045,
  supports: ['single-asset', 'multi-asset'],
  liquidationFeeRate: () => 0,
  displayed: (input) => {
    const price = exactPrice(input)
    // Ten decimals on the wire.
    return price === undefined ? undefined : Math.round(price * 1e10) / 1e10
  },
  locked: (snapshot, usdPerSettle) => {
    let locked = 0
    for (const position of snapshot.positions) {
      if (position.marginMode !== 'cross') continue
      const usd = usdPerSettle(position.settle) ?? Number.NaN
      const notional = Number(position.size) * Number(position.mark) * usd
      const leverage = position.leverage === null ? Number.NaN : Number(position.leverage)
      const initial = leverage > 0 ? notional / leverage : 0
      locked += Math.max(initial, notional * transferFraction)
    }
    return locked
  },
}

/** The venue's margin table (lower bound in USD, maximum leverage) as maintenance tiers with their deductions. */
export function hyperliquidTiers(
  table: readonly { readonly lowerBound: number; readonly maxLeverage: number }[],
): readonly MaintenanceTier[] {
  const tiers: MaintenanceTier[] = []
  for (const { lowerBound, maxLeverage } of table) {
    const rate = 1 / (2 * maxLeverage)
    const before = tiers.at(-1)
    const deduction =
      before === undefined ? 0 : before.deduction + lowerBound * (rate - before.rate)
    tiers.push({ floor: lowerBound, rate, deduction })
  }
  return tiers
}
