/** What the further venues' parsers share: the frame of a snapshot, rows counted once, answers that failed. */
import type {
  AccountSnapshot,
  Gap,
  Position,
  VenueId,
} from '../../../shared/collateral/snapshot.ts'
import { nameOf, parseRow, quoteValue, type Row } from './fields.ts'
import type { Parsed, SnapshotIdentity } from './parsed.ts'

/** When the answers came, by our clock, and how far the venue's runs ahead of it. */
export interface Received {
  readonly at: number
  readonly skewMs: number
}

export const malformed = (field: string, value: unknown) =>
  ({ kind: 'malformed', field, value: quoteValue(value) }) as const

/** The venue's own time on our clock, never later than the arrival; the arrival where it gave none. */
export function datedAt(venueTimes: readonly (number | null)[], received: Received): number {
  const known = venueTimes.filter((time) => time !== null)
  const oldest = known.length === 0 ? received.at : Math.min(...known) - received.skewMs
  return Math.max(0, Math.round(Math.min(oldest, received.at)))
}

/** A gap for each answer that did not come. */
export function failedAnswers(answers: object): Gap[] {
  return Object.entries(answers)
    .filter(([, answer]) => answer === undefined)
    .map(([field]) => ({ field, problem: 'failed', value: null }))
}

/** Reads each row once by its key; what is no row or comes twice is reported. */
export function readRows<T>(
  rows: readonly unknown[],
  what: string,
  keyOf: (row: Row) => string,
  read: (row: Row) => T | null,
  gaps: Gap[],
): T[] {
  const found: T[] = []
  const seen = new Set<string>()
  for (const [index, item] of rows.entries()) {
    const row = parseRow(item)
    if (row === undefined) {
      gaps.push({ field: `${what}.${index}`, problem: 'malformed', value: quoteValue(item) })
      continue
    }
    const key = keyOf(row)
    if (seen.has(key)) {
      gaps.push({ field: `${what}.${key}`, problem: 'duplicate', value: quoteValue(row) })
      continue
    }
    seen.add(key)
    const value = read(row)
    if (value !== null) found.push(value)
  }
  return found
}

/** symbol/side, the key under which two rows are one position. */
export const positionKey = (symbol: string, side: string) => (row: Row) =>
  `${nameOf(row[symbol])}/${nameOf(row[side])}`

export function finishSnapshot(
  venue: VenueId,
  identity: SnapshotIdentity,
  rest: Omit<AccountSnapshot, 'accountId' | 'label' | 'venue' | 'positionMode'> & {
    readonly positions: readonly Position[]
    /** Null where the venue does not say: then by the positions' own sides. */
    readonly positionMode: AccountSnapshot['positionMode'] | null
  },
): Parsed<AccountSnapshot> {
  const hedged = rest.positions.some(({ leg }) => leg !== 'both')
  const positionMode = rest.positionMode ?? (hedged ? 'hedge' : 'one-way')
  return { kind: 'parsed', value: { ...identity, venue, ...rest, positionMode } }
}
