/** `positions check FILE`: recomputes recorded margin cases and compares them with what the venue reported.
 *  One JSON line a row, then a summary line with coverage per venue and mode. Errors are fractions of the entry
 *  price. Exit 1 on any mismatch, 2 when the file is unreadable or under 80 % of the recomputable rows match. */
import { z } from 'zod'
import {
  recompute,
  type Recomputed,
  recordedInputsSchema,
} from '../../../shared/margin/recorded.ts'

const rowSchema = z.object({
  id: z.string().optional(),
  exchange: z.string(),
  marginMode: z.string(),
  contractType: z.string(),
  rule: z.string().nullable().optional(),
  inputs: z.unknown().optional(),
  reportedLiq: z.number().nullable().optional(),
  tick: z.number().nullable().optional(),
  tolerance: z.number().nullable().optional(),
  recomputable: z.boolean().nullable().optional(),
})
type Row = z.infer<typeof rowSchema>

const leastMatching = 0.8

export interface CheckedRow {
  readonly id: string | null
  readonly venue: string
  readonly mode: string
  readonly computed: number | null
  readonly displayed: number | null
  readonly reported: number | null
  /** |displayed − reported| over the entry price (see `recompute` for rows without one); null where there is nothing to compare. */
  readonly error: number | null
  readonly tolerance: number | null
  readonly status: 'match' | 'mismatch' | 'unverified'
  readonly missing?: readonly string[]
}

export interface PositionsCheck {
  /** One JSON text a row, in the order of the file. */
  readonly lines: readonly string[]
  /** One JSON text. */
  readonly summary: string
  readonly exitCode: 0 | 1 | 2
}

/** @param text  a JSON array of rows, as described for recorded positions */
export function checkPositions(text: string): PositionsCheck {
  const rows = parseRows(text)
  if (typeof rows === 'string')
    return { lines: [], summary: JSON.stringify({ error: rows }), exitCode: 2 }
  const checked = rows.map((row) => ({ row, result: checkRow(row) }))
  const summary = summarise(checked)
  return {
    lines: checked.map(({ result }) => JSON.stringify(result)),
    summary: JSON.stringify(summary),
    exitCode: summary.mismatched > 0 ? 1 : summary.matchedShare < leastMatching ? 2 : 0,
  }
}

function parseRows(text: string): readonly unknown[] | string {
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? parsed : 'the file is not a JSON array of rows'
  } catch (error) {
    return `the file is not JSON: ${error instanceof Error ? error.message : String(error)}`
  }
}

function checkRow(raw: unknown): CheckedRow {
  const parsed = rowSchema.safeParse(raw)
  if (!parsed.success)
    return unreadable(
      raw,
      parsed.error.issues.map(({ path }) => path.join('.')),
    )
  const row = parsed.data
  const inputs = recordedInputsSchema.nullable().safeParse(row.inputs ?? null)
  if (!inputs.success)
    return unreadable(
      raw,
      inputs.error.issues.map(({ path }) => ['inputs', ...path].join('.')),
    )
  const recomputed = recompute({
    exchange: row.exchange,
    marginMode: row.marginMode,
    contractType: row.contractType,
    rule: row.rule ?? 'current',
    inputs: inputs.data,
  })
  return compare(row, recomputed)
}

function compare(row: Row, recomputed: Recomputed): CheckedRow {
  const price = recomputed.kind === 'price' ? recomputed : null
  const reported = row.reportedLiq ?? null
  const common = {
    id: row.id ?? null,
    venue: row.exchange,
    mode: row.marginMode,
    computed: price?.computed ?? null,
    displayed: price?.displayed ?? null,
    reported,
    tolerance: row.tolerance ?? null,
  }
  if (recomputed.kind === 'unverified')
    return { ...common, error: null, status: 'unverified', missing: recomputed.missing }
  // Not positive is how some venues write none; others write their lowest price for it.
  const ours = price?.displayed ?? 0
  const theirs = reported !== null && reported > 0 ? reported : 0
  const limit = Math.max(row.tick ?? 0, (row.tolerance ?? defaultTolerance) * recomputed.scale)
  const difference = Math.abs(ours - theirs)
  return {
    ...common,
    error: difference === 0 ? 0 : recomputed.scale > 0 ? difference / recomputed.scale : null,
    status: difference <= limit ? 'match' : 'mismatch',
  }
}

/** What full account data reaches, where a row does not say. */
const defaultTolerance = 1e-6

function unreadable(raw: unknown, fields: readonly string[]): CheckedRow {
  const text = z
    .object({ id: z.string().optional(), exchange: z.string().optional() })
    .safeParse(raw)
  return {
    id: text.success ? (text.data.id ?? null) : null,
    venue: text.success ? (text.data.exchange ?? 'unknown') : 'unknown',
    mode: 'unknown',
    computed: null,
    displayed: null,
    reported: null,
    error: null,
    tolerance: null,
    status: 'unverified',
    missing: fields,
  }
}

interface Coverage {
  rows: number
  match: number
  mismatch: number
  unverified: number
}

function summarise(checked: readonly { readonly row: unknown; readonly result: CheckedRow }[]) {
  // Maps: a row may be called what every object knows.
  const coverage = new Map<string, Map<string, Coverage>>()
  let recomputable = 0
  let matched = 0
  for (const { row, result } of checked) {
    const venue = coverage.get(result.venue) ?? new Map<string, Coverage>()
    coverage.set(result.venue, venue)
    const cell = venue.get(result.mode) ?? { rows: 0, match: 0, mismatch: 0, unverified: 0 }
    venue.set(result.mode, cell)
    cell.rows += 1
    cell[result.status] += 1
    const declared = rowSchema.safeParse(row)
    if (!declared.success || declared.data.recomputable !== false) {
      recomputable += 1
      if (result.status === 'match') matched += 1
    }
  }
  const count = (status: CheckedRow['status']) =>
    checked.filter(({ result }) => result.status === status).length
  return {
    rows: checked.length,
    recomputable,
    matched: count('match'),
    mismatched: count('mismatch'),
    unverified: count('unverified'),
    matchedShare: recomputable === 0 ? 1 : matched / recomputable,
    coverage: Object.fromEntries(
      [...coverage].map(([venue, modes]) => [venue, Object.fromEntries(modes)]),
    ),
  }
}
