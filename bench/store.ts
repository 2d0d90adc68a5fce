/** Appends per second of the store, each on disk when acknowledged, beside bare node:sqlite with the
 *  same durability, and the time to open (check and verify) a long journal. Medians of five; the two
 *  are measured in turn on the same disk, so that their ratio means something. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openStore, type Store } from '../electron/adapters/store/store.ts'
import { type BenchLine, line } from './line.ts'

const rounds = 5
const appends = 300
const body = JSON.stringify({ kind: 'bench', text: 'x'.repeat(400) })

function inDirectory<T>(work: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-bench-'))
  try {
    return work(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function open(directory: string): Store {
  const opened = openStore({
    directory,
    dataKey: new Uint8Array(32).fill(7),
    clock: { now: () => Date.now() },
    random: { bytes: (length) => new Uint8Array(randomBytes(length)) },
  })
  if (!opened.ok) throw new Error(opened.refusal.code)
  return opened.value
}

function appendTo(store: Store, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const appended = store.append({ at: i, kind: 'bench', body })
    if (!appended.ok) throw new Error(appended.refusal.code)
  }
}

function timed(work: () => void): number {
  const before = performance.now()
  work()
  return performance.now() - before
}

function storeRate(): number {
  return inDirectory((directory) => {
    const store = open(directory)
    const ms = timed(() => appendTo(store, appends))
    store.close()
    return (appends / ms) * 1000
  })
}

function bareRate(): number {
  return inDirectory((directory) => {
    const database = new DatabaseSync(join(directory, 'bare.db'))
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL')
    database.exec('PRAGMA synchronous = FULL')
    database.exec('CREATE TABLE entry (seq INTEGER PRIMARY KEY, at INTEGER, body TEXT) STRICT')
    const insert = database.prepare('INSERT INTO entry (at, body) VALUES (?, ?)')
    const ms = timed(() => {
      for (let i = 0; i < appends; i += 1) insert.run(i, body)
    })
    database.close()
    return (appends / ms) * 1000
  })
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function openTime(entries: number): number {
  return inDirectory((directory) => {
    const store = open(directory)
    appendTo(store, entries)
    store.close()
    const times = Array.from({ length: rounds }, () => {
      const before = performance.now()
      const again = open(directory)
      const ms = performance.now() - before
      again.close()
      return ms
    })
    return median(times)
  })
}

export function benchStore(): readonly BenchLine[] {
  const ours: number[] = []
  const bare: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    ours.push(1e6 / storeRate())
    bare.push(1e6 / bareRate())
  }
  const peer = { name: 'bare node:sqlite, same durability', value: median(bare) }
  return [
    line('journal append, on disk', 'µs', median(ours), peer),
    ...[1_000, 10_000].map((entries) =>
      line(`open and verify a journal of ${entries} entries`, 'ms', openTime(entries), null),
    ),
  ]
}
