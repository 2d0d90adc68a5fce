/** Reads the fields of a venue's answer one by one: exact decimals out, a gap for what is missing or
 *  malformed, never a zero in its place. Total: no input makes it throw. */
import Big from 'big.js'
import { z } from 'zod'
import type { Gap } from '../../../shared/collateral/snapshot.ts'
import { type Decimal, decimalFromBig, parseDecimal } from '../../../shared/units/decimal.ts'

export type Row = Readonly<Record<string, unknown>>

const rowSchema = z.record(z.string(), z.unknown())
const listSchema = z.array(z.unknown())

/** The value as an object, or undefined. */
export function parseRow(value: unknown): Row | undefined {
  const parsed = rowSchema.safeParse(value)
  return parsed.success && !Array.isArray(value) ? parsed.data : undefined
}

/** The value as a list, or undefined. */
export function parseList(value: unknown): readonly unknown[] | undefined {
  const parsed = listSchema.safeParse(value)
  return parsed.success ? parsed.data : undefined
}

const EXPONENT = /^-?\d{1,40}(\.\d{1,40})?[eE][+-]?\d{1,2}$/

/** Larger or finer numbers are no venue's: refusing them keeps every sum and product within a Decimal. */
const SANE = /^-?\d{1,20}(\.\d{1,50})?$/

/**
 * Reads decimal text or a finite JSON number exactly. Venues also send '1E-8'.
 * Undefined for anything else: '', 'NaN', null, booleans, objects, numbers of 21 digits and more.
 */
export function parseExact(value: unknown): Decimal | undefined {
  let text = value
  if (typeof value === 'number' && Number.isFinite(value)) text = new Big(value).toFixed()
  if (typeof value === 'string' && EXPONENT.test(value)) text = new Big(value).toFixed()
  if (typeof text !== 'string' || !SANE.test(text)) return undefined
  // '-0.000' is a zero; no negative zero leaves the parsers.
  return parseDecimal(/^-[0.]*$/.test(text) ? text.slice(1) : text)
}

/** As parseExact, and > 0: contract values and the like. */
export function parsePositive(value: unknown): Decimal | undefined {
  const parsed = parseExact(value)
  return parsed !== undefined && Number(parsed) > 0 ? parsed : undefined
}

/** What a table says of a name: its own rows only, so that 'constructor' is no word of any venue's. */
export function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** A short printable form of any value, for gaps and refusals. */
export function quoteValue(value: unknown): string {
  if (typeof value === 'string') return value.slice(0, 80)
  if (value === undefined) return 'absent'
  try {
    return (JSON.stringify(value) ?? typeof value).slice(0, 80)
  } catch {
    return typeof value
  }
}

/** An id or name as text. Never String(value): JSON objects may carry a `toString` that is no function. */
export function nameOf(value: unknown): string {
  return typeof value === 'number' ? String(value) : quoteValue(value)
}

export interface Fields {
  readonly row: Row
  /** A decimal the venue always sends; null and a gap when it is missing or malformed. */
  decimal(name: string): Decimal | null
  /** As `decimal`, and > 0. */
  positive(name: string): Decimal | null
  /** A decimal the venue may leave out: absent, '' and null give null without a gap. */
  decimalIfSaid(name: string): Decimal | null
  text(name: string): string | null
  /** Records why a field cannot be used; `said` is its value where the row itself has none of that name. */
  report(name: string, problem: Gap['problem'], said?: unknown): void
}

/** `prefix` names the row in gaps: 'positions.BTCUSDC'. */
export function readFields(row: Row, prefix: string, gaps: Gap[]): Fields {
  const valueOf = (name: string): unknown => lookUp(row, name)
  const report = (name: string, problem: Gap['problem'], said?: unknown) => {
    const value = valueOf(name) ?? said
    const field = prefix === '' ? name : `${prefix}.${name}`
    gaps.push({ field, problem, value: value === undefined ? null : quoteValue(value) })
  }
  const absent = (name: string): boolean => {
    const value = valueOf(name)
    return value === undefined || value === null || value === ''
  }
  const decimal = (name: string): Decimal | null => {
    const parsed = parseExact(valueOf(name))
    if (parsed !== undefined) return parsed
    report(name, absent(name) ? 'missing' : 'malformed')
    return null
  }
  return {
    row,
    report,
    decimal,
    positive: (name) => {
      const parsed = decimal(name)
      if (parsed === null || Number(parsed) > 0) return parsed
      report(name, 'malformed')
      return null
    },
    decimalIfSaid: (name) => (absent(name) ? null : decimal(name)),
    text: (name) => {
      const value = valueOf(name)
      if (typeof value === 'string' && value !== '' && value.length <= 200) return value
      if (typeof value === 'number' && Number.isFinite(value)) return String(value)
      report(name, absent(name) ? 'missing' : 'malformed')
      return null
    },
  }
}

/** Epoch ms from a number or digits; null otherwise. */
export function parseInstant(value: unknown): number | null {
  const ms = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return typeof ms === 'number' && Number.isSafeInteger(ms) && ms > 0 ? ms : null
}

/** True for '0', '0.000', '-0'. */
export function isZero(value: Decimal): boolean {
  return /^-?[0.]+$/.test(value)
}

/** Without the sign. */
export function magnitude(value: Decimal): Decimal {
  return decimalFromBig(new Big(value).abs())
}

/** Rows by their `key`; rows that are no objects or lack the key are left out. */
export function rowsBy(answer: unknown, key: string): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>()
  for (const item of parseList(answer) ?? []) {
    const row = parseRow(item)
    const name = row?.[key]
    if (row !== undefined && typeof name === 'string' && !rows.has(name)) rows.set(name, row)
  }
  return rows
}

/** a × b, exact to 36 decimals. */
export function times(a: Decimal, b: Decimal): Decimal {
  return decimalFromBig(new Big(a).times(b).round(36))
}

/** a − b, exact. */
export function minus(a: Decimal, b: Decimal): Decimal {
  return decimalFromBig(new Big(a).minus(b))
}
