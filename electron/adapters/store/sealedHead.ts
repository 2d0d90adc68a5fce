/** The sealed head: the one row that says what the store must hold. Count and hash of the journal, a
 *  digest over every document and secret (the roster), a generation that grows with each write, and
 *  whether an older state was ever put back. Sealed by HMAC; written in the transaction it describes. */
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { emptyHead } from '../../../shared/journal/entry.ts'
import type { Database } from './database.ts'
import { frameFields, type SealField, sealFields, sealMatches } from './seal.ts'

export interface Head {
  readonly count: number
  readonly hash: string
  readonly generation: number
  readonly roster: string
  readonly rolledBack: boolean
}

/** What is kept of each document and secret to recognise it: version and seal, by table and name. */
export type Roster = ReadonlyMap<string, string>

export type Sheet = 'document' | 'secret'

export function rosterKey(sheet: Sheet, name: string): string {
  return `${sheet}:${name}`
}

export function rosterValue(version: number, seal: Uint8Array): string {
  return `${version}:${Buffer.from(seal).toString('hex')}`
}

export function digestRoster(roster: Roster): string {
  const fields: SealField[] = []
  for (const key of [...roster.keys()].sort()) fields.push(key, roster.get(key) ?? '')
  return createHash('sha256').update(frameFields(fields)).digest('hex')
}

export const firstHead: Head = {
  ...emptyHead,
  generation: 0,
  roster: digestRoster(new Map()),
  rolledBack: false,
}

function headFields(head: Head): readonly SealField[] {
  return [head.count, head.hash, head.generation, head.roster, head.rolledBack ? 1 : 0]
}

const headRow = z.object({
  count: z.int().nonnegative(),
  hash: z.string(),
  generation: z.int().nonnegative(),
  roster: z.string(),
  rolled_back: z.union([z.literal(0), z.literal(1)]),
  seal: z.instanceof(Uint8Array),
})

/** The head whose seal holds; null when it is absent or forged, or the data key is another one. */
export function readHead(database: Database, sealKey: Uint8Array): Head | null {
  const row = headRow.safeParse(database.prepare('SELECT * FROM head').get())
  if (!row.success) return null
  const { rolled_back, seal, ...rest } = row.data
  const head = { ...rest, rolledBack: rolled_back === 1 }
  return sealMatches(sealKey, 'head', headFields(head), seal) ? head : null
}

export function writeHead(database: Database, sealKey: Uint8Array, head: Head): void {
  database
    .prepare(
      `INSERT INTO head (one, count, hash, generation, roster, rolled_back, seal)
       VALUES (1, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (one) DO UPDATE SET count = excluded.count, hash = excluded.hash,
         generation = excluded.generation, roster = excluded.roster,
         rolled_back = excluded.rolled_back, seal = excluded.seal`,
    )
    .run(
      head.count,
      head.hash,
      head.generation,
      head.roster,
      head.rolledBack ? 1 : 0,
      sealFields(sealKey, 'head', headFields(head)),
    )
}

const rosterRow = z.object({
  name: z.string(),
  version: z.int(),
  seal: z.instanceof(Uint8Array),
})

/** Reads what the tables hold now; null where a row is malformed. */
export function readRoster(database: Database): Map<string, string> | null {
  const roster = new Map<string, string>()
  const sheets = [
    ['document', 'SELECT name, version, seal FROM document'],
    ['secret', 'SELECT name, version, sealed AS seal FROM secret'],
  ] as const
  for (const [sheet, query] of sheets)
    for (const raw of database.prepare(query).iterate()) {
      const row = rosterRow.safeParse(raw)
      if (!row.success || !row.data.name.isWellFormed()) return null
      roster.set(rosterKey(sheet, row.data.name), rosterValue(row.data.version, row.data.seal))
    }
  return roster
}
