/** Venues as their traders call them. */
import type { VenueId } from '../../shared/collateral/snapshot.ts'

export const venueNames: Readonly<Record<VenueId, string>> = {
  'binance-usdm': 'Binance USD-M',
  'binance-coinm': 'Binance COIN-M',
  okx: 'OKX',
  bybit: 'Bybit',
  kucoin: 'KuCoin',
  hyperliquid: 'Hyperliquid',
  dydx: 'dYdX',
  gate: 'Gate',
  bitget: 'Bitget',
  htx: 'HTX',
  coinex: 'CoinEx',
}
