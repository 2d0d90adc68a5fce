/** Hourly candles as a venue sent them, and their one check before anything is measured from them.
 *  Prices: quote per unit, f64 (risk arithmetic, never money). Times: the venue's own, ms, open of the hour.
 *  Refuses what no market prints; hours that are absent are counted, never filled in. */
import { HOUR_MS } from '../units/time.ts'

export interface Candle {
  readonly openTime: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
}

/** Closed candles of one asset, ascending, each hour at most once. */
export interface CandleSeries {
  readonly asset: string
  /** Human-readable origin, e.g. 'Binance BTCUSDT 1 h'. */
  readonly source: string
  readonly candles: readonly Candle[]
  /** Hours between the first and the last candle for which the venue sent none. */
  readonly missingHours: number
}

export type CheckedCandles =
  | { readonly kind: 'closed'; readonly candles: readonly Candle[]; readonly missingHours: number }
  | { readonly kind: 'impossible'; readonly index: number; readonly reason: string }

/**
 * Keeps the newest candles whose hour is over and counts the hours that are absent between them.
 * @param rows  as sent, oldest first
 * @param now  the venue's clock; the running hour is dropped, an hour that has not begun is impossible
 */
export function checkCandles(rows: readonly Candle[], now: number, limit: number): CheckedCandles {
  for (const [index, candle] of rows.entries()) {
    const reason = impossible(candle, rows[index - 1], now)
    if (reason !== undefined) return { kind: 'impossible', index, reason }
  }
  const candles = rows.filter(({ openTime }) => openTime + HOUR_MS <= now).slice(-limit)
  const [first, last] = [candles[0], candles.at(-1)]
  if (first === undefined || last === undefined) return { kind: 'closed', candles, missingHours: 0 }
  const hours = (last.openTime - first.openTime) / HOUR_MS + 1
  return { kind: 'closed', candles, missingHours: hours - candles.length }
}

function impossible(candle: Candle, before: Candle | undefined, now: number): string | undefined {
  const { openTime, open, high, low, close } = candle
  if (![open, high, low, close].every((price) => price > 0 && Number.isFinite(price)))
    return 'price not positive'
  if (high < Math.max(open, close) || low > Math.min(open, close)) return 'high or low inside'
  if (!Number.isSafeInteger(openTime) || openTime <= 0 || openTime % HOUR_MS !== 0)
    return 'not an hour'
  if (openTime > now) return 'in the future'
  if (before !== undefined && openTime <= before.openTime) return 'out of order'
  return undefined
}
