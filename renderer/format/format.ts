/** Every figure a screen shows goes through here: local separators, units, and discretion.
 *  In discreet mode amounts, sizes and USD become dots; ratios, prices, distances and ages stay. */
import { type Amount, amountToDecimal } from '../../shared/units/amount.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../shared/units/time.ts'
import type { Text } from '../language/text.ts'
import type { Language } from '../language/messages.ts'
import {
  NBSP,
  decimalText,
  percentText,
  plainNumber,
  priceText,
  shockText,
  shortenDecimal,
  usdText,
} from './numbers.ts'

const dots = '•••••'

export interface Format {
  readonly locale: Language
  readonly discreet: boolean
  /** `12,345 USD`. */
  usd(value: number): string
  /** The same without its unit, for columns whose header carries it. */
  usdBare(value: number): string
  /** Short for axes: `12k`. */
  usdAxis(value: number): string
  /** Every decimal of the asset: for what is approved. */
  amountExact(value: Amount): string
  /** For a glance, cut down: six decimals, two from a thousand up. */
  amount(value: Amount): string
  /** Exact decimal text of a size or balance. */
  quantity(text: string, unit?: string): string
  /** The same with its zeros, up to eight decimals, as it was approved. */
  quantityExact(text: string, unit: string): string
  /** Exact decimal text of a price: never hidden. */
  priceExact(text: string): string
  price(value: number): string
  percent(fraction: number, decimals?: number): string
  shock(shock: number): string
  count(value: number, decimals?: number): string
  /** `2 s`, `3 min`, `5 h`, `4 d`. */
  duration(ms: number): string
  clock(at: number): string
  moment(at: number): string
  day(at: number): string
}

function glance(text: string): string {
  const whole = text.replace(/^-/, '').split('.')[0] ?? ''
  return shortenDecimal(text, whole.length > 3 ? 2 : 6)
}

export function createFormat(locale: Language, discreet: boolean, t: Text): Format {
  const moment = new Intl.DateTimeFormat(locale, {
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  const clock = new Intl.DateTimeFormat(locale, {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hourCycle: 'h23',
  })
  const day = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'short' })
  const hide = (text: string) => (discreet ? dots : text)
  const axis = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
  return {
    locale,
    discreet,
    usd: (value) => `${hide(usdText(locale, value))}${NBSP}USD`,
    usdBare: (value) => hide(usdText(locale, value)),
    usdAxis: (value) => hide(axis.format(value).replace('-', '−')),
    amountExact: (value) =>
      `${hide(decimalText(locale, amountToDecimal(value), Math.min(value.decimals, 8)))}${NBSP}${value.asset}`,
    amount: (value) =>
      `${hide(decimalText(locale, glance(amountToDecimal(value)), 2))}${NBSP}${value.asset}`,
    quantity: (text, unit) =>
      `${hide(decimalText(locale, text, 0))}${unit === undefined ? '' : `${NBSP}${unit}`}`,
    quantityExact: (text, unit) =>
      `${hide(decimalText(locale, text, Math.min(8, text.split('.')[1]?.length ?? 0)))}${NBSP}${unit}`,
    priceExact: (text) => decimalText(locale, text, 0),
    price: (value) => priceText(locale, value),
    percent: (fraction, decimals = 1) => percentText(locale, fraction, decimals),
    shock: (shock) => shockText(locale, shock),
    count: (value, decimals = 0) => plainNumber(locale, value, decimals, decimals),
    duration(ms) {
      const size = Math.max(0, ms)
      if (size < MINUTE_MS)
        return t('time.seconds', { count: plainNumber(locale, Math.floor(size / SECOND_MS), 0, 0) })
      if (size < 2 * HOUR_MS)
        return t('time.minutes', { count: plainNumber(locale, Math.floor(size / MINUTE_MS), 0, 0) })
      if (size < 2 * DAY_MS)
        return t('time.hours', { count: plainNumber(locale, Math.floor(size / HOUR_MS), 0, 0) })
      return t('time.days', { count: plainNumber(locale, Math.floor(size / DAY_MS), 0, 0) })
    },
    clock: (at) => clock.format(at),
    moment: (at) => moment.format(at),
    day: (at) => day.format(at),
  }
}
