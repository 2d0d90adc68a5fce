/** One writer per data directory. The lock is held by the operating system on an open file, so it ends
 *  with the process however that ends; no pid is ever judged. A note beside it says who holds it, for
 *  people only. Refuses: STORE_IN_USE, STORE_WRITE_FAILED, STORE_CORRUPT. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ok, type Result, refuse } from '../../../shared/errors/refusal.ts'
import type { Clock } from '../../host/ports.ts'
import { isBusy, openDatabase, storeFault } from './database.ts'
import { makePrivateDirectory, writeFileDurably } from './durableFile.ts'

const lockName = 'writer.lock'
const holderName = 'writer.json'

const holderSchema = z.strictObject({ pid: z.int().positive(), since: z.int().nonnegative() })

export interface WriterLock {
  release(): void
}

type LockRefusals = 'STORE_IN_USE' | 'STORE_WRITE_FAILED' | 'STORE_CORRUPT'

/** Takes the lock without waiting. Directory is created, owner-only, when absent. */
export function acquireWriterLock(options: {
  readonly directory: string
  readonly clock: Pick<Clock, 'now'>
}): Result<WriterLock, LockRefusals> {
  const { directory, clock } = options
  try {
    makePrivateDirectory(directory)
    const held = openDatabase(join(directory, lockName))
    try {
      held.exec('BEGIN EXCLUSIVE')
      const note = { pid: process.pid, since: clock.now() }
      writeFileDurably(join(directory, holderName), Buffer.from(JSON.stringify(note)))
    } catch (error) {
      held.close()
      throw error
    }
    return ok({ release: () => held.close() })
  } catch (error) {
    if (isBusy(error)) return refuse('STORE_IN_USE', { holder: describeHolder(directory) })
    const fault = storeFault(error, lockName)
    if (fault === null) throw error
    return { ok: false, refusal: fault }
  }
}

/** E.g. 'process 4711 since 2026-01-31T12:00:00.000Z'. */
function describeHolder(directory: string): string {
  try {
    const note = holderSchema.parse(JSON.parse(readFileSync(join(directory, holderName), 'utf8')))
    return `process ${note.pid} since ${new Date(note.since).toISOString()}`
  } catch {
    // The note is only for people; the lock itself is what counts.
    return 'another process'
  }
}
