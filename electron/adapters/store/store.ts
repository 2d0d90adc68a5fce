/** The store of one data directory: journal, sealed documents, secrets. One writer; every write is one
 *  transaction together with the sealed head, on disk when it returns. Opening checks the file, the
 *  schema, every seal and the whole chain, and changes nothing when it refuses.
 *  Refuses: STORE_CORRUPT, STORE_TOO_NEW, STORE_IN_USE, STORE_WRITE_FAILED, JOURNAL_TAMPERED. */
import { existsSync } from 'node:fs'
import { z } from 'zod'
import { ok, type Refusal, type Result, refuse } from '../../../shared/errors/refusal.ts'
import { verifyChain } from '../../../shared/journal/chain.ts'
import { type Entry, entrySchema, sealEntry } from '../../../shared/journal/entry.ts'
import type { Clock, Random, StorePort } from '../../host/ports.ts'
import { copyDatabase } from './backup.ts'
import {
  type Database,
  DurabilityError,
  makeDurable,
  openDatabase,
  pragma,
  storeFault,
} from './database.ts'
import { makePrivateDirectory } from './durableFile.ts'
import { databaseFile, databaseName, highWaterFile } from './files.ts'
import { type HighWater, openHighWater } from './highWater.ts'
import {
  applyMigration,
  isOurs,
  latestVersion,
  type Migration,
  migrations as ownMigrations,
  readVersion,
  schemaIsOurs,
} from './migrations.ts'
import {
  decryptSecret,
  deriveStoreKeys,
  encryptSecret,
  sealFields,
  sealMatches,
  type StoreKeys,
} from './seal.ts'
import {
  digestRoster,
  firstHead,
  type Head,
  readHead,
  readRoster,
  rosterKey,
  rosterValue,
  type Sheet,
  writeHead,
} from './sealedHead.ts'

export interface StoreOptions {
  /** Created with owner-only rights when absent. */
  readonly directory: string
  /** 32 bytes, from the key slots. Copied; the caller may wipe its own. */
  readonly dataKey: Uint8Array
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  /** Ceiling of the database file in pages of 4096 bytes; none by default. */
  readonly maxPageCount?: number
  readonly migrations?: readonly Migration[]
}

export interface Store extends StorePort {
  /** True from the moment an older state than the high-water mark was found, over restarts, until
   *  `settleRollback`. While true, nothing may move: RECONCILIATION_NEEDED. */
  rollbackSuspected(): boolean
  /** The user has reconciled venue and chain: this state is the truth from here on. */
  settleRollback(): Result<void, WriteRefusals>
  /** Writes a checked copy into `backups/`. @returns its path */
  backUp(): Result<string, WriteRefusals>
}

type WriteRefusals = 'STORE_WRITE_FAILED' | 'STORE_CORRUPT'
export type OpenRefusals = WriteRefusals | 'STORE_TOO_NEW' | 'STORE_IN_USE' | 'JOURNAL_TAMPERED'

/** Opens or creates the store; see the header for what is refused. */
export function openStore(options: StoreOptions): Result<Store, OpenRefusals> {
  const keys = deriveStoreKeys(options.dataKey)
  let database: Database | null = null
  let mark: HighWater | null = null
  let opened = false
  try {
    makePrivateDirectory(options.directory)
    const marked = existsSync(highWaterFile(options.directory))
    const created = !existsSync(databaseFile(options.directory))
    if (marked && created) return corrupt('missing, although the high-water mark shows it existed')
    database = openDatabase(databaseFile(options.directory))
    const ready = prepareDatabase(database, keys, marked, options)
    if (!ready.ok) return ready
    mark = openHighWater(highWaterFile(options.directory), keys.seal)
    const store = serveStore(database, keys, mark, ready.value, options)
    const noticed = store.compareWithMark()
    if (!noticed.ok) return noticed
    opened = true
    return ok(store)
  } catch (error) {
    if (error instanceof DurabilityError)
      return refuse('STORE_WRITE_FAILED', { reason: error.message })
    const fault = storeFault(error, databaseName)
    if (fault === null) throw error
    return { ok: false, refusal: fault }
  } finally {
    if (!opened) {
      mark?.close()
      database?.close()
    }
  }
}

function corrupt(reason: string) {
  return refuse('STORE_CORRUPT', { file: databaseName, reason })
}

interface Contents {
  readonly head: Head
  readonly roster: Map<string, string>
}

/** Checks, migrates and checks again. @param marked  whether a high-water mark exists */
function prepareDatabase(
  database: Database,
  keys: StoreKeys,
  marked: boolean,
  options: StoreOptions,
): Result<Contents, OpenRefusals> {
  const list = options.migrations ?? ownMigrations
  const found = readVersion(database)
  const known = latestVersion(list)
  if (!isOurs(database)) return corrupt('not a database of this program')
  if (found > known) return refuse('STORE_TOO_NEW', { found, known })
  // sqlite reads an emptied file as a new database.
  if (found === 0 && marked) return corrupt('empty, although the high-water mark shows it existed')
  const verdict = pragma(database, 'integrity_check')
  if (verdict !== 'ok') return corrupt(`integrity check: ${verdict}`)
  if (found > 0) {
    if (!schemaIsOurs(database, list.slice(0, found))) return corrupt('the schema was changed')
    const before = readContents(database, keys)
    if (!before.ok) return before
  }
  makeDurable(database)
  if (options.maxPageCount !== undefined)
    database.exec(`PRAGMA max_page_count = ${Math.trunc(options.maxPageCount)}`)
  for (const migration of list.slice(found)) {
    if (migration.version > 1) copyDatabase(database, options.directory, options.clock.now())
    applyMigration(database, migration, () => {
      if (migration.version === 1) writeHead(database, keys.seal, firstHead)
    })
  }
  // Asks for the write lock, so that a read-only file is refused now and not at the first entry.
  database.exec('BEGIN IMMEDIATE')
  database.exec('ROLLBACK')
  return readContents(database, keys)
}

function readContents(database: Database, keys: StoreKeys): Result<Contents, OpenRefusals> {
  const head = readHead(database, keys.seal)
  if (head === null)
    return refuse('JOURNAL_TAMPERED', { seq: 0, reason: 'the seal of the head does not hold' })
  const roster = readRoster(database)
  if (roster === null || digestRoster(roster) !== head.roster)
    return corrupt('documents or secrets are not those of the sealed head')
  for (const found of database.prepare('SELECT * FROM document').iterate())
    if (readDocumentRow(keys, found) === null)
      return corrupt('the seal of a document does not hold')
  const chain = verifyChain(iterateJournal(database), head)
  return chain.ok ? ok({ head, roster }) : chain
}

function iterateJournal(database: Database): Iterable<unknown> {
  return database.prepare('SELECT seq, at, kind, body, hash FROM journal ORDER BY seq').iterate()
}

const documentRow = z.object({
  name: z.string(),
  version: z.int(),
  value: z.string(),
  seal: z.instanceof(Uint8Array),
})
type DocumentRow = z.infer<typeof documentRow>

/** The row when its seal holds, else null. */
function readDocumentRow(keys: StoreKeys, found: unknown): DocumentRow | null {
  const row = documentRow.safeParse(found)
  if (!row.success) return null
  const { name, version, value, seal } = row.data
  if (!name.isWellFormed() || !value.isWellFormed()) return null
  return sealMatches(keys.seal, 'document', [name, version, value], seal) ? row.data : null
}

const secretRow = z.object({ version: z.int(), sealed: z.instanceof(Uint8Array) })

interface Change {
  readonly head: Omit<Head, 'generation'>
  /** Effect on the roster in memory, after the commit. */
  readonly committed: () => void
}

function serveStore(
  database: Database,
  keys: StoreKeys,
  mark: HighWater,
  contents: Contents,
  options: StoreOptions,
): Store & { compareWithMark(): Result<void, WriteRefusals> } {
  let head = contents.head
  const { roster } = contents
  let failed: Refusal<WriteRefusals> | null = null

  const fail = (
    error: unknown,
  ): { readonly ok: false; readonly refusal: Refusal<WriteRefusals> } => {
    const fault = storeFault(error, databaseName)
    if (fault === null) throw error
    if (fault.code === 'STORE_IN_USE')
      return refuse('STORE_WRITE_FAILED', { reason: 'another process holds the file' })
    return { ok: false, refusal: fault }
  }

  /** After a failed write the file decides what is true; where it disagrees with us, we stop writing. */
  const recover = (): void => {
    try {
      if (database.isTransaction) database.exec('ROLLBACK')
      const stored = readHead(database, keys.seal)
      if (stored !== null && stored.generation === head.generation) return
    } catch {
      // The refusal below says what matters.
    }
    failed = refuse('STORE_WRITE_FAILED', {
      reason: 'a write ended in an unknown state: reopen the store',
    }).refusal
  }

  /** @param above  a generation that the new one must exceed */
  const write = (
    change: (generation: number) => Change,
    above = 0,
  ): Result<void, WriteRefusals> => {
    if (failed !== null) return { ok: false, refusal: failed }
    try {
      database.exec('BEGIN IMMEDIATE')
      const generation = Math.max(head.generation, above) + 1
      const { head: rest, committed } = change(generation)
      const next = { ...rest, generation }
      writeHead(database, keys.seal, next)
      database.exec('COMMIT')
      head = next
      committed()
    } catch (error) {
      recover()
      return fail(error)
    }
    raiseMark()
    return ok(undefined)
  }

  /** While a rollback is suspected the mark stays where it is: it is the evidence. */
  const raiseMark = (): void => {
    if (head.rolledBack) return
    try {
      mark.raise({ generation: head.generation, count: head.count, hash: head.hash })
    } catch (error) {
      // The write is on disk already; a mark that lags weakens detection and is raised by the next.
      if (storeFault(error, databaseName) === null) throw error
    }
  }

  const nothing = (): void => {}

  const writeSheet = (
    sheet: Sheet,
    name: string,
    store: (version: number) => Uint8Array | null,
  ): Result<void, WriteRefusals> =>
    write((generation) => {
      const seal = store(generation)
      const key = rosterKey(sheet, name)
      const next = new Map(roster)
      if (seal === null) next.delete(key)
      else next.set(key, rosterValue(generation, seal))
      return {
        head: { ...head, roster: digestRoster(next) },
        committed() {
          if (seal === null) roster.delete(key)
          else roster.set(key, rosterValue(generation, seal))
        },
      }
    })

  /** True when the row is the very one that the sealed head counted. */
  const current = (sheet: Sheet, name: string, version: number, seal: Uint8Array): boolean =>
    roster.get(rosterKey(sheet, name)) === rosterValue(version, seal)

  return {
    compareWithMark() {
      const highest = mark.read()
      const behind =
        highest === null
          ? head.generation > 0
          : highest.generation > head.generation ||
            (highest.generation === head.generation && highest.hash !== head.hash)
      if (!behind || head.rolledBack) {
        raiseMark()
        return ok(undefined)
      }
      return write(() => ({ head: { ...head, rolledBack: true }, committed: nothing }))
    },

    rollbackSuspected: () => head.rolledBack,

    settleRollback() {
      // Above every state ever reached, so that putting the old file back once more is seen again.
      return write(
        () => ({ head: { ...head, rolledBack: false }, committed: nothing }),
        mark.read()?.generation,
      )
    },

    backUp() {
      try {
        return ok(copyDatabase(database, options.directory, options.clock.now()))
      } catch (error) {
        return fail(error)
      }
    },

    append(draft) {
      let entry: Entry | null = null
      const written = write(() => {
        entry = sealEntry(head, draft)
        entrySchema.parse(entry)
        database
          .prepare('INSERT INTO journal (seq, at, kind, body, hash) VALUES (?, ?, ?, ?, ?)')
          .run(entry.seq, entry.at, entry.kind, entry.body, entry.hash)
        return { head: { ...head, count: entry.seq, hash: entry.hash }, committed: nothing }
      })
      if (!written.ok) return written
      if (entry === null) throw new Error('an append committed without its entry')
      return ok(entry)
    },

    readJournal(range) {
      return database
        .prepare(
          'SELECT seq, at, kind, body, hash FROM journal WHERE seq >= ? ORDER BY seq LIMIT ?',
        )
        .all(range.fromSeq, Math.max(0, range.limit))
        .map((row) => entrySchema.parse(row))
    },

    journalHead: () => ({ count: head.count, hash: head.hash }),

    verifyJournal() {
      try {
        const stored = readHead(database, keys.seal)
        if (stored === null || stored.generation !== head.generation)
          return refuse('JOURNAL_TAMPERED', {
            seq: head.count,
            reason: 'the seal of the head does not hold',
          })
        return verifyChain(iterateJournal(database), { count: stored.count, hash: stored.hash })
      } catch (error) {
        return fail(error)
      }
    },

    readDocument(name) {
      try {
        const found = database.prepare('SELECT * FROM document WHERE name = ?').get(name)
        if (found === undefined)
          return roster.has(rosterKey('document', name))
            ? corrupt(`document ${name} is missing`)
            : ok(null)
        const row = readDocumentRow(keys, found)
        if (row === null || !current('document', name, row.version, row.seal))
          return corrupt(`the seal of document ${name} does not hold`)
        return ok(row.value)
      } catch (error) {
        return fail(error)
      }
    },

    writeDocument: (name, value) =>
      writeSheet('document', name, (version) => {
        const seal = sealFields(keys.seal, 'document', [name, version, value])
        database
          .prepare(
            'INSERT OR REPLACE INTO document (name, version, value, seal) VALUES (?, ?, ?, ?)',
          )
          .run(name, version, value, seal)
        return seal
      }),

    readSecret(name) {
      try {
        const found = database
          .prepare('SELECT version, sealed FROM secret WHERE name = ?')
          .get(name)
        if (found === undefined)
          return roster.has(rosterKey('secret', name))
            ? corrupt(`secret ${name} is missing`)
            : ok(null)
        const row = secretRow.safeParse(found)
        const value =
          row.success && current('secret', name, row.data.version, row.data.sealed)
            ? decryptSecret(keys.secret, ['secret', name, row.data.version], row.data.sealed)
            : null
        if (value === null) return corrupt(`secret ${name} does not open`)
        return ok(Buffer.from(value).toString('utf8'))
      } catch (error) {
        return fail(error)
      }
    },

    writeSecret: (name, value) =>
      writeSheet('secret', name, (version) => {
        if (!value.isWellFormed()) throw new Error('a secret holds a lone surrogate')
        const sealed = encryptSecret(
          keys.secret,
          options.random.bytes(12),
          ['secret', name, version],
          Buffer.from(value, 'utf8'),
        )
        database
          .prepare('INSERT OR REPLACE INTO secret (name, version, sealed) VALUES (?, ?, ?)')
          .run(name, version, sealed)
        return sealed
      }),

    deleteSecret: (name) =>
      writeSheet('secret', name, () => {
        database.prepare('DELETE FROM secret WHERE name = ?').run(name)
        return null
      }),

    close() {
      mark.close()
      database.close()
    },
  }
}
