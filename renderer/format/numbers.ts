/** Numbers as a trader of the given language writes them. Pure; no discretion here (see format.ts).
 *  Exact decimals stay text: only their separators change. Fractions come in as 0.124, go out as `12.4 %`. */

export interface NumberMarks {
  readonly group: string
  readonly decimal: string
}

/** No-break space: a number and its unit stay on one line. */
export const NBSP = '\u00a0'
const MINUS = '\u2212'

const marksByLocale = new Map<string, NumberMarks>()

export function numberMarks(locale: string): NumberMarks {
  const known = marksByLocale.get(locale)
  if (known !== undefined) return known
  const parts = new Intl.NumberFormat(locale).formatToParts(-1234567.8)
  const find = (type: string, otherwise: string) =>
    parts.find((part) => part.type === type)?.value ?? otherwise
  const marks = { group: find('group', ','), decimal: find('decimal', '.') }
  marksByLocale.set(locale, marks)
  return marks
}

const formatters = new Map<string, Intl.NumberFormat>()

function formatter(locale: string, least: number, most: number): Intl.NumberFormat {
  const key = `${locale} ${least} ${most}`
  const known = formatters.get(key)
  if (known !== undefined) return known
  const made = new Intl.NumberFormat(locale, {
    minimumFractionDigits: least,
    maximumFractionDigits: most,
  })
  formatters.set(key, made)
  return made
}

/** A float with a fixed range of decimals; never `-0`. */
export function plainNumber(locale: string, value: number, least: number, most: number): string {
  const text = formatter(locale, least, most).format(value).replace('-', MINUS)
  return /[1-9]/.test(text) ? text : text.replace(MINUS, '')
}

/** Exact decimal text in local separators. `keep`: at least so many decimals; further zeros go. */
export function decimalText(locale: string, text: string, keep: number): string {
  const { group, decimal } = numberMarks(locale)
  const negative = text.startsWith('-')
  const [whole = '0', fraction = ''] = (negative ? text.slice(1) : text).split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, group)
  let end = fraction.length
  while (end > keep && fraction[end - 1] === '0') end--
  const kept = fraction.slice(0, end).padEnd(Math.min(keep, 30), '0')
  const body = kept === '' ? grouped : `${grouped}${decimal}${kept}`
  return negative && /[1-9]/.test(body) ? `${MINUS}${body}` : body
}

/** Cuts exact text to `most` decimals, toward zero, for a glance; the full text is in the detail. */
export function shortenDecimal(text: string, most: number): string {
  const [whole = '0', fraction = ''] = text.split('.')
  const cut = fraction.slice(0, most)
  return cut === '' ? whole : `${whole}.${cut}`
}

/** USD: whole from 1,000 up, cents below. */
export function usdText(locale: string, value: number): string {
  if (value === 0) return '0'
  return Math.abs(value) >= 1000
    ? plainNumber(locale, value, 0, 0)
    : plainNumber(locale, value, 2, 2)
}

/** A price with decimals that fit its size: 103,412.5 · 3.2181 · 0.0001234. */
export function priceText(locale: string, value: number): string {
  const size = Math.abs(value)
  if (size >= 10_000) return plainNumber(locale, value, 0, 1)
  if (size >= 100) return plainNumber(locale, value, 0, 2)
  if (size >= 1) return plainNumber(locale, value, 2, 4)
  if (size === 0) return plainNumber(locale, 0, 0, 0)
  return plainNumber(locale, value, 2, Math.min(20, 3 - Math.floor(Math.log10(size))))
}

export function percentText(locale: string, fraction: number, decimals: number): string {
  return `${plainNumber(locale, fraction * 100, decimals, decimals)}${NBSP}%`
}

/** A shock with its sign: `−16.9 %`, `+14.1 %`. Never rounded away from danger: cut toward zero. */
export function shockText(locale: string, shock: number): string {
  const cut = Math.trunc(Number((shock * 1000).toFixed(6))) / 1000
  const text = percentText(locale, cut, 1)
  return shock > 0 ? `+${text}` : text
}

/** What a person typed, as plain decimal text; undefined when it is no positive number.
 *  Takes the locale's own separators and refuses groups in wrong places. */
export function readLocalDecimal(locale: string, typed: string): string | undefined {
  const { group, decimal } = numberMarks(locale)
  const compact = typed.trim().replace(/[\s\u00a0\u202f]/g, '')
  const [whole, fraction, ...more] = compact.split(decimal)
  if (whole === undefined || more.length > 0) return undefined
  const groups = whole.split(group)
  const grouped =
    groups.length === 1 ||
    (/^\d{1,3}$/.test(groups[0] ?? '') && groups.slice(1).every((part) => /^\d{3}$/.test(part)))
  const digits = groups.join('')
  if (!grouped || !/^\d{1,30}$/.test(digits)) return undefined
  if (fraction !== undefined && !/^\d{1,30}$/.test(fraction)) return undefined
  const plain = digits.replace(/^0+(?=\d)/, '')
  const text = fraction === undefined ? plain : `${plain}.${fraction}`
  return /[1-9]/.test(text) ? text : undefined
}
