/** Every venue rule there is, by venue. A venue without a row is unsupported: figures unknown, never guessed. */
import type { VenueId } from '../../collateral/snapshot.ts'
import { binanceCoinm } from './binanceCoinm.ts'
import { binanceUsdm } from './binanceUsdm.ts'
import { bitget } from './bitget.ts'
import { bybit } from './bybit.ts'
import { coinex } from './coinex.ts'
import { dydx } from './dydx.ts'
import { gate } from './gate.ts'
import { htx } from './htx.ts'
import { hyperliquid } from './hyperliquid.ts'
import { kucoin } from './kucoin.ts'
import { okx } from './okx.ts'
import type { VenueRule } from './rule.ts'

export const venueRules: { readonly [V in VenueId]: VenueRule } = {
  'binance-usdm': binanceUsdm,
  'binance-coinm': binanceCoinm,
  okx,
  bybit,
  kucoin,
  hyperliquid,
  dydx,
  gate,
  bitget,
  htx,
  coinex,
}

export function ruleOf(venue: VenueId): VenueRule {
  return venueRules[venue]
}
