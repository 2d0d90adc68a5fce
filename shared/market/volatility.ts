/** Volatility of an asset from its hourly candles. Fractions a day: 0.03 = 3 %. Pure; f64.
 *  σ: square root of the mean squared log return (no drift), hourly × √24; 30 days equally weighted, and EWMA.
 *  ATR(14): mean of fourteen true ranges of whole UTC days over the last close.
 *  Too few or too old candles give null with the reason, never a default. */
import { z } from 'zod'
import { DAY_MS, HOUR_MS } from '../units/time.ts'
import { instantSchema } from '../units/time.ts'
import type { Candle, CandleSeries } from './candle.ts'

/** Closed hours to ask a venue for: thirty days, and one close before them. */
export const volatilityHours = 30 * 24 + 1
/** Fewer hourly returns than twenty days' are too few. */
const leastReturns = 20 * 24
/** Half of EWMA's weight lies in the last 24 hours. */
export const ewmaHalfLifeHours = 24
const atrDays = 14
/** Newest close older than this: the figures are of another market. */
export const candlesStaleAfterMs = 3 * HOUR_MS

const positive = z.number().positive().nullable()

export const assetVolatilitySchema = z
  .object({
    asset: z.string(),
    /** Human-readable origin, e.g. 'Binance BTCUSDT'; empty where no venue has answered. */
    source: z.string(),
    /** Close of the newest candle; null without any. */
    asOf: instantSchema.nullable(),
    /** Hourly returns measured, and hours for which the venue sent no candle. */
    samples: z.int().nonnegative(),
    missingHours: z.int().nonnegative(),
    /** The larger of the two below: a distance in σ is not made longer by a quiet day after a wild month. */
    sigma: positive,
    sigma30d: positive,
    sigmaEwma: positive,
    atr: positive,
    /** Why a figure is null: 'candles.few', 'candles.stale', 'candles.still' (prices that never moved),
     *  or whatever kept the candles away. */
    missing: z.array(z.string()).readonly(),
  })
  .readonly()
export type AssetVolatility = z.infer<typeof assetVolatilitySchema>

/** One hour's log return, by the hour it closed. */
export interface HourlyReturn {
  readonly closeTime: number
  readonly value: number
}

/** Nothing measured, for this reason. */
export function unmeasured(
  asset: string,
  missing: readonly string[],
  series?: CandleSeries,
): AssetVolatility {
  const last = series?.candles.at(-1)
  return {
    asset,
    source: series?.source ?? '',
    asOf: last === undefined ? null : last.openTime + HOUR_MS,
    samples: 0,
    missingHours: series?.missingHours ?? 0,
    sigma: null,
    sigma30d: null,
    sigmaEwma: null,
    atr: null,
    missing,
  }
}

/** Measures everything the candles allow; does not ask how old they are (see `agedVolatility`). */
export function measureVolatility(series: CandleSeries): AssetVolatility {
  const last = series.candles.at(-1)
  const returns = hourlyReturns(series.candles)
  if (last === undefined || returns.length < leastReturns)
    return { ...unmeasured(series.asset, ['candles.few'], series), samples: returns.length }
  const sigma30d = dailySigma(returns)
  const sigmaEwma = ewmaSigma(returns)
  const range = averageTrueRange(series.candles)
  const moved = sigma30d > 0 && sigmaEwma > 0
  return {
    asset: series.asset,
    source: series.source,
    asOf: last.openTime + HOUR_MS,
    samples: returns.length,
    missingHours: series.missingHours,
    sigma: moved ? Math.max(sigma30d, sigmaEwma) : null,
    sigma30d: moved ? sigma30d : null,
    sigmaEwma: moved ? sigmaEwma : null,
    atr: range === null || range === 0 ? null : range / last.close,
    missing: [...(moved ? [] : ['candles.still']), ...(range === null ? ['candles.few'] : [])],
  }
}

/** The same figures at a later time: unknown once the newest close is too old, or lies in the future. */
export function agedVolatility(measured: AssetVolatility, now: number): AssetVolatility {
  const { asOf, asset, missing } = measured
  if (asOf === null || Math.abs(now - asOf) <= candlesStaleAfterMs) return measured
  return {
    ...measured,
    ...{ sigma: null, sigma30d: null, sigmaEwma: null, atr: null },
    asset,
    missing: [...missing, 'candles.stale'],
  }
}

/** Log returns between closes one hour apart; across a gap there is none. Oldest first. */
export function hourlyReturns(candles: readonly Candle[]): readonly HourlyReturn[] {
  return candles.flatMap((candle, i) => {
    const before = candles[i - 1]
    if (before === undefined || candle.openTime - before.openTime !== HOUR_MS) return []
    return [{ closeTime: candle.openTime + HOUR_MS, value: Math.log(candle.close / before.close) }]
  })
}

/** Of one day: √(24 · mean r²). */
function dailySigma(returns: readonly HourlyReturn[]): number {
  const squares = returns.reduce((total, { value }) => total + value * value, 0)
  return Math.sqrt((24 * squares) / returns.length)
}

/** As `dailySigma`, each hour weighing 2^(−age/half-life); age by the clock, so that gaps age too. */
function ewmaSigma(returns: readonly HourlyReturn[]): number {
  const newest = returns.at(-1)?.closeTime ?? 0
  let squares = 0
  let weights = 0
  for (const { closeTime, value } of returns) {
    const weight = 2 ** (-(newest - closeTime) / HOUR_MS / ewmaHalfLifeHours)
    squares += weight * value * value
    weights += weight
  }
  return Math.sqrt((24 * squares) / weights)
}

interface Day {
  readonly at: number
  readonly hours: number
  readonly high: number
  readonly low: number
  readonly close: number
}

function daysOf(candles: readonly Candle[]): ReadonlyMap<number, Day> {
  const days = new Map<number, Day>()
  for (const { openTime, high, low, close } of candles) {
    const at = Math.floor(openTime / DAY_MS)
    const day = days.get(at)
    days.set(
      at,
      day === undefined
        ? { at, hours: 1, high, low, close }
        : {
            at,
            hours: day.hours + 1,
            high: Math.max(day.high, high),
            low: Math.min(day.low, low),
            close,
          },
    )
  }
  return days
}

/** In the price's own unit, of the newest fourteen whole days that follow a whole day; null where fewer are. */
export function averageTrueRange(candles: readonly Candle[]): number | null {
  const days = daysOf(candles)
  const ranges = [...days.values()].flatMap((day) => {
    const before = days.get(day.at - 1)
    if (day.hours < 24 || before === undefined || before.hours < 24) return []
    const high = Math.max(day.high, before.close)
    const low = Math.min(day.low, before.close)
    return [high - low]
  })
  const newest = ranges.slice(-atrDays)
  if (newest.length < atrDays) return null
  return newest.reduce((total, range) => total + range, 0) / atrDays
}
