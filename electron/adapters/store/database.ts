/** The one module that touches node:sqlite. Opens a file for a single writer and names its faults.
 *  Durability: WAL with synchronous=FULL, read back; a commit that returned is on disk. The lock is
 *  exclusive and belongs to the process, so it cannot outlive it and no -shm file is needed.
 *  Only sqlite's numeric codes are matched, never its messages. */
import { DatabaseSync } from 'node:sqlite'
import { type Refusal, refuse } from '../../../shared/errors/refusal.ts'

export type Database = DatabaseSync

/** sqlite's primary result codes, https://sqlite.org/rescode.html */
const busyCodes = new Set([5, 6])
const writeCodes = new Set([3, 8, 10, 13, 14])
const corruptCodes = new Set([11, 26])

function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null
  return typeof error.errcode === 'number' ? error.errcode & 0xff : null
}

function systemCode(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

const systemWriteCodes = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOSPC',
  'EDQUOT',
  'EIO',
  'ENOENT',
  'EEXIST',
  'EISDIR',
  'ENOTDIR',
])

/** True when another connection holds the file. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error)
  return code !== null && busyCodes.has(code)
}

/** The refusal behind an error of sqlite or the file system; null when it is a fault of ours. */
export function storeFault(
  error: unknown,
  file: string,
): Refusal<'STORE_CORRUPT' | 'STORE_WRITE_FAILED' | 'STORE_IN_USE'> | null {
  const reason = error instanceof Error ? error.message : ''
  const code = sqliteCode(error)
  if (code !== null) {
    if (busyCodes.has(code)) return refuse('STORE_IN_USE', { holder: 'another process' }).refusal
    if (writeCodes.has(code)) return refuse('STORE_WRITE_FAILED', { reason }).refusal
    if (corruptCodes.has(code)) return refuse('STORE_CORRUPT', { file, reason }).refusal
    return null
  }
  const system = systemCode(error)
  if (system === 'ERR_OUT_OF_RANGE') return refuse('STORE_CORRUPT', { file, reason }).refusal
  if (system !== null && systemWriteCodes.has(system))
    return refuse('STORE_WRITE_FAILED', { reason }).refusal
  return null
}

export class DurabilityError extends Error {}

/**
 * Opens for exclusive use without changing the file. Throws sqlite's errors: ask `storeFault`.
 */
export function openDatabase(file: string): Database {
  const database = new DatabaseSync(file, {
    allowExtension: false,
    defensive: true,
    enableForeignKeyConstraints: true,
    enableDoubleQuotedStringLiterals: false,
  })
  try {
    database.exec('PRAGMA locking_mode = EXCLUSIVE')
    // A database file is input: its schema may not call functions, and its cells are checked.
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON')
    // REPLACE would otherwise delete a row without asking the triggers that forbid deleting.
    database.exec('PRAGMA recursive_triggers = ON')
    database.exec('PRAGMA secure_delete = ON')
  } catch (error) {
    database.close()
    throw error
  }
  return database
}

/** Turns durability on and reads it back; throws DurabilityError where the platform refuses it. */
export function makeDurable(database: Database): void {
  const mode = pragma(database, 'journal_mode = WAL')
  if (mode !== 'wal') throw new DurabilityError(`journal mode is ${mode}, not wal`)
  database.exec('PRAGMA synchronous = FULL')
  const level = pragma(database, 'synchronous')
  if (level !== 2) throw new DurabilityError(`synchronous is ${level}, not FULL`)
  // macOS: fsync alone does not reach the platter. No effect elsewhere.
  database.exec('PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON')
}

/** The single value of a pragma. */
export function pragma(database: Database, text: string): number | string | null {
  const row = database.prepare(`PRAGMA ${text}`).get()
  const value = row === undefined ? null : Object.values(row)[0]
  return typeof value === 'number' || typeof value === 'string' ? value : null
}
