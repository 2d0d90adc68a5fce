/** The journal for people and other programs: lines for the screen, CSV (RFC 4180) and JSON with hashes. */
import type { OutputOf, ResultOf } from '../../shared/contract/method.ts'
import type { journalExport, journalList } from '../../shared/contract/methods/journal.ts'
import { ok } from '../../shared/errors/refusal.ts'
import { decodeCanonical } from '../../shared/units/canonical.ts'
import type { JournalEntry, StorePort } from './ports.ts'

type JournalLine = OutputOf<typeof journalList>['entries'][number]

const pageSize = 500

function transferIdOf(body: string): string | null {
  const value = decodeCanonical(body)?.value
  return typeof value === 'object' &&
    value !== null &&
    'transferId' in value &&
    typeof value.transferId === 'string'
    ? value.transferId
    : null
}

export function journalLine(entry: JournalEntry): JournalLine {
  return {
    seq: entry.seq,
    at: entry.at,
    kind: entry.kind,
    hash: entry.hash,
    transferId: transferIdOf(entry.body),
    body: entry.body,
  }
}

/** A cell that a spreadsheet would run as a formula gets a quote in front (CSV injection). */
function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return `"${safe.replaceAll('"', '""')}"`
}

function readAll(store: StorePort): readonly JournalEntry[] {
  const entries: JournalEntry[] = []
  for (let from = 1; ; from += pageSize) {
    const page = store.readJournal({ fromSeq: from, limit: pageSize })
    entries.push(...page)
    if (page.length < pageSize) return entries
  }
}

export function exportJournal(
  store: StorePort,
  format: 'csv' | 'json',
): ResultOf<typeof journalExport> {
  const lines = readAll(store).map(journalLine)
  if (format === 'json') {
    return ok({ filename: 'bulkhead-journal.json', text: `${JSON.stringify(lines, null, 2)}\n` })
  }
  const rows = lines.map((line) =>
    [
      String(line.seq),
      new Date(line.at).toISOString(),
      line.kind,
      line.transferId ?? '',
      line.body,
      line.hash,
    ]
      .map(csvCell)
      .join(','),
  )
  const header = ['seq', 'at', 'kind', 'transfer', 'body', 'hash'].map(csvCell).join(',')
  return ok({ filename: 'bulkhead-journal.csv', text: `${[header, ...rows].join('\r\n')}\r\n` })
}
