import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { restoreBackup } from './backup.ts'
import { migrations } from './migrations.ts'
import { openStore, type Store, type StoreOptions } from './store.ts'

let directory: string
let open: Store[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-store-'))
  open = []
})
afterEach(() => {
  for (const store of open) store.close()
  rmSync(directory, { recursive: true, force: true })
})

const dataKey = new Uint8Array(32).fill(7)
const random = { bytes: (length: number) => new Uint8Array(randomBytes(length)) }
const clock = { now: () => 1_790_000_000_000 }

function attempt(more: Partial<StoreOptions> = {}) {
  const result = openStore({ directory, dataKey, clock, random, ...more })
  if (result.ok) open.push(result.value)
  return result
}

function opened(more: Partial<StoreOptions> = {}): Store {
  const result = attempt(more)
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

function close(store: Store): void {
  store.close()
  open = open.filter((other) => other !== store)
}

const file = () => join(directory, 'bulkhead.db')
const mark = () => join(directory, 'bulkhead.mark')

function appendMany(store: Store, count: number): void {
  for (let i = 0; i < count; i += 1) {
    const appended = store.append({ at: 1000 + i, kind: 'note', body: `{"n":${i}}` })
    if (!appended.ok) throw new Error(JSON.stringify(appended.refusal))
  }
}

/** Changes the closed file behind the store's back. */
function tamper(sql: string): void {
  const database = new DatabaseSync(file(), { defensive: false })
  try {
    database.exec(sql)
  } finally {
    database.close()
  }
}

function snapshotTo(target: string): void {
  copyFileSync(file(), target)
}

test('entries, documents and secrets survive closing, in their order and exact text', () => {
  const store = opened()
  expect(store.readDocument('policy')).toEqual({ ok: true, value: null })
  expect(store.readSecret('venue.a')).toEqual({ ok: true, value: null })
  appendMany(store, 3)
  store.writeDocument('policy', '{"marge":"été ✓"}')
  store.writeSecret('venue.a', 'key:sécret')
  close(store)
  const again = opened()
  expect(again.readJournal({ fromSeq: 2, limit: 9 }).map((e) => [e.seq, e.body])).toEqual([
    [2, '{"n":1}'],
    [3, '{"n":2}'],
  ])
  expect(again.journalHead().count).toBe(3)
  expect(again.verifyJournal()).toEqual({ ok: true, value: again.journalHead() })
  expect(again.readDocument('policy')).toEqual({ ok: true, value: '{"marge":"été ✓"}' })
  expect(again.readSecret('venue.a')).toEqual({ ok: true, value: 'key:sécret' })
  expect(again.deleteSecret('venue.a').ok).toBe(true)
  expect(again.readSecret('venue.a')).toEqual({ ok: true, value: null })
  expect(again.rollbackSuspected()).toBe(false)
})

test('the file holds no plaintext of a secret, and neither does its log', () => {
  const store = opened()
  store.writeSecret('venue.a', 'PLAINTEXT-MARKER-0123456789')
  const bytes = readdirSync(directory).map((name) => readFileSync(join(directory, name), 'latin1'))
  expect(bytes.some((text) => text.includes('PLAINTEXT-MARKER'))).toBe(false)
})

test('files are readable by their owner only', () => {
  const inner = join(directory, 'inner')
  const store = opened({ directory: inner })
  appendMany(store, 1)
  expect(statSync(inner).mode & 0o777).toBe(0o700)
})

test('a second opening of the same directory is refused while the first is open', () => {
  opened()
  expect(attempt()).toMatchObject({ ok: false, refusal: { code: 'STORE_IN_USE' } })
})

test('the journal cannot be updated, deleted, replaced or filled out of order with sql', () => {
  const store = opened()
  appendMany(store, 3)
  close(store)
  for (const sql of [
    "UPDATE journal SET body = '{}' WHERE seq = 2",
    'DELETE FROM journal WHERE seq = 3',
    "INSERT OR REPLACE INTO journal VALUES (2, 1, 'x', '{}', 'x')",
    "INSERT INTO journal VALUES (9, 1, 'x', '{}', 'x')",
  ])
    expect(() => tamper(sql)).toThrow(/append-only|end only/)
})

const dropTriggers =
  'DROP TRIGGER journal_not_updated; DROP TRIGGER journal_not_deleted; DROP TRIGGER journal_in_order;'
const triggerSql = () => (migrations[0]?.sql.match(/CREATE TRIGGER[\s\S]*?END;/g) ?? []).join('\n')
/** Tampering by someone who puts the triggers back afterwards. */
const slyly = (sql: string) => `${dropTriggers} ${sql}; ${triggerSql()}`

const tampered: readonly (readonly [string, () => string, string])[] = [
  ['a dropped trigger', () => dropTriggers, 'STORE_CORRUPT'],
  [
    'a planted trigger',
    () => "CREATE TRIGGER t AFTER INSERT ON document BEGIN UPDATE document SET value = '1'; END",
    'STORE_CORRUPT',
  ],
  [
    'a changed entry',
    () => slyly(`UPDATE journal SET body = '{"n":7}' WHERE seq = 2`),
    'JOURNAL_TAMPERED',
  ],
  ['a deleted last entry', () => slyly('DELETE FROM journal WHERE seq = 3'), 'JOURNAL_TAMPERED'],
  ['a lowered count', () => 'UPDATE head SET count = 2', 'JOURNAL_TAMPERED'],
  ['a lowered generation', () => 'UPDATE head SET generation = 1', 'JOURNAL_TAMPERED'],
  ['a removed head', () => 'DELETE FROM head', 'JOURNAL_TAMPERED'],
  ['a changed document', () => 'UPDATE document SET value = \'{"limit":9}\'', 'STORE_CORRUPT'],
  ['a deleted document', () => 'DELETE FROM document', 'STORE_CORRUPT'],
  ['a renamed document', () => "UPDATE document SET name = 'vault'", 'STORE_CORRUPT'],
  ['a secret under another name', () => "UPDATE secret SET name = 'b'", 'STORE_CORRUPT'],
  ['flipped bytes of a secret', () => 'UPDATE secret SET sealed = randomblob(40)', 'STORE_CORRUPT'],
]
for (const [name, sql, code] of tampered)
  test(`${name} is refused`, () => {
    const store = opened()
    appendMany(store, 3)
    store.writeDocument('policy', '{"limit":1}')
    store.writeSecret('a', 'key')
    close(store)
    tamper(sql())
    expect(attempt()).toMatchObject({ ok: false, refusal: { code } })
  })

test('an old row of a document put back, with its own valid seal, is refused', () => {
  const store = opened()
  store.writeDocument('policy', '{"limit":1}')
  close(store)
  const old = join(directory, 'old.db')
  snapshotTo(old)
  const again = opened()
  again.writeDocument('policy', '{"limit":2}')
  close(again)
  tamper(
    `ATTACH '${old}' AS old; DELETE FROM document; INSERT INTO document SELECT * FROM old.document`,
  )
  expect(attempt()).toMatchObject({ ok: false, refusal: { code: 'STORE_CORRUPT' } })
})

test('another data key is refused and changes nothing', () => {
  const store = opened()
  appendMany(store, 2)
  close(store)
  expect(attempt({ dataKey: new Uint8Array(32).fill(8) })).toMatchObject({
    ok: false,
    refusal: { code: 'JOURNAL_TAMPERED' },
  })
  expect(opened().journalHead().count).toBe(2)
})

test('an old database file put back is noticed, also after a restart and more writes, until settled', () => {
  const store = opened()
  appendMany(store, 2)
  close(store)
  const old = join(directory, 'old.db')
  snapshotTo(old)
  const longer = opened()
  appendMany(longer, 3)
  close(longer)

  copyFileSync(old, file())
  const rolledBack = opened()
  expect(rolledBack.rollbackSuspected()).toBe(true)
  appendMany(rolledBack, 9)
  expect(rolledBack.rollbackSuspected()).toBe(true)
  close(rolledBack)
  const restarted = opened()
  expect(restarted.rollbackSuspected()).toBe(true)
  expect(restarted.settleRollback().ok).toBe(true)
  expect(restarted.rollbackSuspected()).toBe(false)
  appendMany(restarted, 1)
  close(restarted)
  const settled = opened()
  expect(settled.rollbackSuspected()).toBe(false)
  expect(settled.journalHead().count).toBe(12)
  close(settled)

  copyFileSync(old, file())
  expect(opened().rollbackSuspected()).toBe(true)
})

test('a second, less old file put back over the first is noticed too: the mark was not lowered', () => {
  const copies = [1, 2, 3].map((round) => {
    const store = opened()
    appendMany(store, 10)
    close(store)
    snapshotTo(join(directory, `copy-${round}.db`))
    return join(directory, `copy-${round}.db`)
  })
  appendMany(opened(), 1)
  for (const store of open.slice()) close(store)
  copyFileSync(copies[0] ?? '', file())
  const first = opened()
  appendMany(first, 3)
  expect(first.rollbackSuspected()).toBe(true)
  close(first)
  copyFileSync(copies[2] ?? '', file())
  expect(opened().rollbackSuspected()).toBe(true)
})

test('a missing or forged high-water mark counts as a rollback', () => {
  const store = opened()
  appendMany(store, 1)
  close(store)
  rmSync(mark())
  const without = opened()
  expect(without.rollbackSuspected()).toBe(true)
  without.settleRollback()
  close(without)
  writeFileSync(mark(), Buffer.alloc(1024, 1))
  expect(opened().rollbackSuspected()).toBe(true)
})

test('a torn write of the newest mark is not taken for a rollback', () => {
  const store = opened()
  appendMany(store, 4)
  close(store)
  for (const slot of [0, 1]) {
    const bytes = readFileSync(mark())
    const torn = Buffer.from(bytes)
    torn.fill(0xff, slot * 512 + 20, slot * 512 + 60)
    writeFileSync(mark(), torn)
    const again = opened()
    expect(again.rollbackSuspected()).toBe(false)
    close(again)
  }
})

test('a database that vanished is not silently replaced by an empty one', () => {
  const store = opened()
  appendMany(store, 1)
  close(store)
  rmSync(file())
  expect(attempt()).toMatchObject({ ok: false, refusal: { code: 'STORE_CORRUPT' } })
  writeFileSync(file(), '')
  expect(attempt()).toMatchObject({ ok: false, refusal: { code: 'STORE_CORRUPT' } })
})

test('a database of another program or of no program is refused', () => {
  writeFileSync(file(), randomBytes(8192))
  expect(attempt()).toMatchObject({ ok: false, refusal: { code: 'STORE_CORRUPT' } })
  rmSync(file())
  tamper('CREATE TABLE x (a); PRAGMA user_version = 1')
  expect(attempt()).toMatchObject({ ok: false, refusal: { code: 'STORE_CORRUPT' } })
})

test('a truncated file is refused at every page boundary and between', () => {
  const store = opened()
  appendMany(store, 200)
  close(store)
  const whole = join(directory, 'whole.db')
  snapshotTo(whole)
  const size = statSync(whole).size
  for (const cut of [size - 1, size - 4096, size - 4096 * 3, 4096, 100, 1]) {
    copyFileSync(whole, file())
    truncateSync(file(), cut)
    expect({ cut, ok: attempt().ok }).toEqual({ cut, ok: false })
  }
  copyFileSync(whole, file())
  expect(opened().journalHead().count).toBe(200)
})

/** What the file says, or the code it is refused with. */
function readAll(): string {
  const result = attempt()
  if (!result.ok) return result.refusal.code
  const journal = result.value.verifyJournal()
  const policy = result.value.readDocument('policy')
  close(result.value)
  if (!journal.ok) return journal.refusal.code
  return policy.ok
    ? JSON.stringify({ journal: journal.value, policy: policy.value })
    : policy.refusal.code
}

test('flipped bytes are refused or harmless, never read as other data', () => {
  const store = opened()
  appendMany(store, 60)
  store.writeDocument('policy', '{"limit":1}')
  const truth = store.journalHead()
  close(store)
  const sound = readFileSync(file())
  const harmless = JSON.stringify({ journal: truth, policy: '{"limit":1}' })
  const outcomes = Array.from({ length: 150 }, (_, i) => {
    const bytes = Buffer.from(sound)
    const at = Math.floor((i * bytes.length) / 150)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (i % 8))
    writeFileSync(file(), bytes)
    return readAll()
  })
  const allowed = [harmless, 'STORE_CORRUPT', 'JOURNAL_TAMPERED', 'STORE_TOO_NEW']
  expect(outcomes.filter((outcome) => !allowed.includes(outcome))).toEqual([])
  expect(outcomes.filter((outcome) => outcome !== harmless).length).toBeGreaterThan(20)
}, 60_000)

/** Appends until the store refuses. */
function fill(store: Store): { acknowledged: number; refused: string } {
  for (let acknowledged = 0; acknowledged < 100; acknowledged += 1) {
    const appended = store.append({ at: 1, kind: 'note', body: JSON.stringify('x'.repeat(3000)) })
    if (!appended.ok) return { acknowledged, refused: appended.refusal.code }
  }
  return { acknowledged: 100, refused: 'never' }
}

test('a full disk refuses the write, keeps what was acknowledged and goes on when there is room', () => {
  const store = opened({ maxPageCount: 20 })
  const { acknowledged, refused } = fill(store)
  expect(refused).toBe('STORE_WRITE_FAILED')
  expect(acknowledged).toBeGreaterThan(0)
  expect(store.journalHead().count).toBe(acknowledged)
  expect(store.writeDocument('big', JSON.stringify('y'.repeat(9000)))).toMatchObject({
    ok: false,
    refusal: { code: 'STORE_WRITE_FAILED' },
  })
  expect(store.readDocument('big')).toEqual({ ok: true, value: null })
  expect(store.verifyJournal()).toMatchObject({ ok: true, value: { count: acknowledged } })
  close(store)
  const roomy = opened()
  expect(roomy.journalHead().count).toBe(acknowledged)
  appendMany(roomy, 1)
  expect(roomy.verifyJournal()).toMatchObject({ ok: true, value: { count: acknowledged + 1 } })
})

test('a path that is no directory is refused', () => {
  writeFileSync(join(directory, 'plain'), '')
  expect(attempt({ directory: join(directory, 'plain', 'inner') })).toMatchObject({
    ok: false,
    refusal: { code: 'STORE_WRITE_FAILED' },
  })
})

const soak = process.env['BULKHEAD_SOAK'] === '1'
const fixture = fileURLToPath(new URL('./appendLoop.fixture.ts', import.meta.url))

/** The command of the append loop; under a limit, files end at that many blocks of 512 bytes. */
function loopCommand(where: string, fileBlocks: number | null): [string, string[]] {
  if (fileBlocks === null) return [process.execPath, [fixture, where]]
  const script = `trap '' XFSZ; ulimit -f ${fileBlocks}; exec "$0" "$@"`
  return ['/bin/sh', ['-c', script, process.execPath, fixture, where]]
}

/** Runs the append loop in a child. @returns exit code, error text and the last acknowledged number */
async function runLoop(
  killAfter: number | { ms: number } | null,
  identity: { uid?: number } = {},
  where = directory,
  fileBlocks: number | null = null,
): Promise<{ code: number | null; stderr: string; acknowledged: number }> {
  const [command, args] = loopCommand(where, fileBlocks)
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...identity,
  })
  let out = ''
  let stderr = ''
  const timer =
    typeof killAfter === 'object' && killAfter !== null
      ? setTimeout(() => child.kill('SIGKILL'), killAfter.ms)
      : undefined
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject)
      child.stderr.on('data', (chunk: Buffer) => {
        stderr += chunk.toString()
      })
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString()
        if (typeof killAfter === 'number' && out.split('\n').length > killAfter)
          child.kill('SIGKILL')
      })
      child.on('close', (code) => {
        const lines = out.split('\n').slice(0, -1)
        resolve({ code, stderr, acknowledged: Number(lines.at(-1) ?? 0) })
      })
    })
  } finally {
    clearTimeout(timer)
    child.kill('SIGKILL')
  }
}

test('killed at any moment, no acknowledged entry is lost and the chain holds', async () => {
  const rounds = soak ? 300 : 5
  for (let round = 0; round < rounds; round += 1) {
    const { acknowledged } = await runLoop(3 + ((round * 37) % 90))
    expect(acknowledged).toBeGreaterThan(0)
    const store = opened()
    const { count } = store.journalHead()
    expect(count).toBeGreaterThanOrEqual(acknowledged)
    expect(count).toBeLessThanOrEqual(acknowledged + 1)
    expect(store.verifyJournal().ok).toBe(true)
    const last = store.readDocument('last')
    if (!last.ok || last.value === null) throw new Error('the document is lost')
    expect(Number(/\d+/.exec(last.value)?.[0])).toBeGreaterThanOrEqual(acknowledged)
    expect(store.rollbackSuspected()).toBe(false)
    close(store)
  }
}, 600_000)

test('killed while it is being created or opened, it opens again', async () => {
  const rounds = soak ? 300 : 6
  for (let round = 0; round < rounds; round += 1) {
    const inner = join(directory, `new-${Math.floor(round / 3)}`)
    const { acknowledged } = await runLoop({ ms: 40 + ((round * 13) % 90) }, {}, inner)
    const store = opened({ directory: inner })
    const { count } = store.journalHead()
    expect(count).toBeGreaterThanOrEqual(acknowledged)
    expect({ round, suspected: store.rollbackSuspected() }).toEqual({ round, suspected: false })
    expect(store.verifyJournal().ok).toBe(true)
    close(store)
  }
}, 600_000)

test.skipIf(process.platform === 'win32')(
  'a directory or file that may not be written is refused at opening',
  async () => {
    const store = opened()
    appendMany(store, 1)
    close(store)
    // root ignores permissions: as root the child runs as nobody.
    const identity = process.getuid?.() === 0 ? { uid: 65534 } : {}
    for (const [directoryMode, fileMode] of [
      [0o555, 0o444],
      [0o777, 0o444],
    ] as const) {
      chmodSync(directory, directoryMode)
      chmodSync(file(), fileMode)
      chmodSync(mark(), 0o666)
      const { code, stderr } = await runLoop(null, identity)
      chmodSync(directory, 0o755)
      expect({ code, stderr }).toEqual({
        code: 3,
        stderr: expect.stringContaining('STORE_WRITE_FAILED'),
      })
    }
    chmodSync(file(), 0o600)
    expect(opened().journalHead().count).toBe(1)
  },
  60_000,
)

test.skipIf(process.platform === 'win32')(
  'writes that the system cuts off in the middle are refused and lose nothing acknowledged',
  async () => {
    for (const fileBlocks of [300, 501, 1003]) {
      const inner = join(directory, `limit-${fileBlocks}`)
      const { code, stderr, acknowledged } = await runLoop(null, {}, inner, fileBlocks)
      // 4 and 5: the append or the document after it was refused.
      expect({ stderr, refused: code === 4 || code === 5 }).toEqual({ stderr: '', refused: true })
      expect(acknowledged).toBeGreaterThan(3)
      const store = opened({ directory: inner })
      expect(store.journalHead().count - acknowledged).toBeLessThanOrEqual(1)
      expect(store.journalHead().count).toBeGreaterThanOrEqual(acknowledged)
      expect(store.verifyJournal().ok).toBe(true)
      expect(store.rollbackSuspected()).toBe(false)
      appendMany(store, 5)
      expect(store.verifyJournal().ok).toBe(true)
    }
  },
  60_000,
)

const second = {
  version: 2,
  sql: 'CREATE TABLE note (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;',
}

test('a migration backs the file up first, and the backup can be restored', () => {
  const store = opened()
  appendMany(store, 5)
  store.writeDocument('policy', '{"limit":1}')
  close(store)
  const migrated = opened({ migrations: [...migrations, second] })
  expect(migrated.readDocument('policy')).toEqual({ ok: true, value: '{"limit":1}' })
  appendMany(migrated, 2)
  close(migrated)

  expect(attempt()).toMatchObject({
    ok: false,
    refusal: { code: 'STORE_TOO_NEW', data: { found: 2, known: 1 } },
  })
  const backups = readdirSync(join(directory, 'backups'))
  expect(backups).toHaveLength(1)
  const restored = restoreBackup(directory, join(directory, 'backups', backups[0] ?? ''), 5)
  if (!restored.ok) throw new Error(JSON.stringify(restored.refusal))
  expect(existsSync(join(restored.value.replaced ?? '', 'bulkhead.db'))).toBe(true)
  const old = opened()
  expect(old.journalHead().count).toBe(5)
  expect(old.rollbackSuspected()).toBe(true)
})

test('a migration that fails leaves the old version whole', () => {
  const store = opened()
  appendMany(store, 2)
  close(store)
  expect(() =>
    attempt({ migrations: [...migrations, { version: 2, sql: `${second.sql} SELECT nonsense;` }] }),
  ).toThrow()
  expect(opened().journalHead().count).toBe(2)
})

test('a damaged backup is not restored and the current file stays', () => {
  const store = opened()
  appendMany(store, 2)
  const backup = store.backUp()
  if (!backup.ok) throw new Error('no backup')
  close(store)
  truncateSync(backup.value, 5000)
  expect(restoreBackup(directory, backup.value, 5)).toMatchObject({ ok: false })
  expect(restoreBackup(directory, join(directory, 'absent'), 5)).toMatchObject({ ok: false })
  expect(opened().journalHead().count).toBe(2)
})

test('a restore over a file with an unfinished log does not play that log into the backup', async () => {
  const store = opened()
  appendMany(store, 2)
  const backup = store.backUp()
  if (!backup.ok) throw new Error('no backup')
  close(store)
  await runLoop(20)
  expect(existsSync(`${file()}-wal`)).toBe(true)
  expect(restoreBackup(directory, backup.value, 5).ok).toBe(true)
  const restored = opened()
  expect(restored.journalHead().count).toBe(2)
  expect(restored.rollbackSuspected()).toBe(true)
}, 60_000)

test('a draft that is no entry throws and leaves the store usable', () => {
  const store = opened()
  expect(() => store.append({ at: -1, kind: 'x', body: '{}' })).toThrow()
  expect(() => store.append({ at: 1, kind: '', body: '{}' })).toThrow()
  expect(() => store.append({ at: 1, kind: 'x', body: '\ud800' })).toThrow()
  appendMany(store, 1)
  expect(store.verifyJournal()).toMatchObject({ ok: true, value: { count: 1 } })
})
