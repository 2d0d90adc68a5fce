/** Copies of the database, and putting one back. A backup is a whole database file, checked when it
 *  is made and again before it is restored. What a restore replaces is kept aside, never deleted.
 *  A restored store lies below the high-water mark and reports itself as rolled back. */
import { chmodSync, existsSync, rmSync, copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { ok, type Result, refuse } from '../../../shared/errors/refusal.ts'
import { type Database, openDatabase, pragma, storeFault } from './database.ts'
import { makePrivateDirectory, renameDurably, syncFile } from './durableFile.ts'
import { databaseFile, databaseName } from './files.ts'

export type BackupRefusals = 'STORE_CORRUPT' | 'STORE_WRITE_FAILED' | 'STORE_IN_USE'

/** Sorts by time and is a legal file name everywhere. */
function stamp(at: number): string {
  return new Date(at).toISOString().replaceAll(':', '-')
}

/** A name in `directory` that nothing has yet. */
function freeName(directory: string, base: string, extension: string): string {
  for (let attempt = 0; ; attempt += 1) {
    const name = join(directory, `${base}${attempt === 0 ? '' : `-${attempt}`}${extension}`)
    if (!existsSync(name)) return name
  }
}

/** Writes a durable copy. Throws sqlite's and the file system's errors. @returns its path */
export function copyDatabase(database: Database, directory: string, at: number): string {
  const folder = join(directory, 'backups')
  makePrivateDirectory(folder)
  const file = freeName(folder, stamp(at), '.db')
  const beside = `${file}.new`
  rmSync(beside, { force: true })
  try {
    // VACUUM INTO does not fsync what it wrote.
    database.prepare('VACUUM INTO ?').run(beside)
    chmodSync(beside, 0o600)
    syncFile(beside)
    renameDurably(beside, file)
  } catch (error) {
    rmSync(beside, { force: true })
    throw error
  }
  return file
}

/**
 * Puts a backup in the place of the database. The store must be closed and the writer lock held.
 * @param backup  path of a file that `copyDatabase` made
 * @param at      ms; names the folder that keeps what was replaced
 * @returns where the replaced files lie, null when there were none
 */
export function restoreBackup(
  directory: string,
  backup: string,
  at: number,
): Result<{ readonly replaced: string | null }, BackupRefusals> {
  try {
    const incoming = join(directory, `${databaseName}.restoring`)
    rmSync(incoming, { force: true })
    if (!existsSync(backup)) return refuse('STORE_CORRUPT', { file: backup, reason: 'missing' })
    copyFileSync(backup, incoming)
    const copy = openDatabase(incoming)
    try {
      const verdict = pragma(copy, 'integrity_check')
      if (verdict !== 'ok' || pragma(copy, 'user_version') === 0)
        return refuse('STORE_CORRUPT', { file: backup, reason: 'not a sound backup' })
    } finally {
      copy.close()
    }
    syncFile(incoming)
    const current = databaseFile(directory)
    let replaced: string | null = null
    // The write-ahead log first: left behind, it would be played into the restored file.
    for (const suffix of ['-wal', '-shm', '']) {
      if (!existsSync(current + suffix)) continue
      replaced ??= freeName(directory, `replaced-${stamp(at)}`, '')
      makePrivateDirectory(replaced)
      renameDurably(current + suffix, join(replaced, `${databaseName}${suffix}`))
    }
    renameDurably(incoming, current)
    return ok({ replaced })
  } catch (error) {
    const fault = storeFault(error, backup)
    if (fault === null) throw error
    return { ok: false, refusal: fault }
  }
}
