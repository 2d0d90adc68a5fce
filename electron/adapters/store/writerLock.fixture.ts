/** Entry of the lock test's child process: takes the lock of argv[2], says so, and waits to be killed.
 *  Not part of the product. */
import { writeSync } from 'node:fs'
import { acquireWriterLock } from './writerLock.ts'

const lock = acquireWriterLock({
  directory: process.argv[2] ?? '',
  clock: { now: () => Date.now() },
})
writeSync(1, lock.ok ? 'held\n' : `${lock.refusal.code}\n`)
if (lock.ok) setInterval(() => {}, 1000)
