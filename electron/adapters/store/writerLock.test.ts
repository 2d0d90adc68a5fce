import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { acquireWriterLock, type WriterLock } from './writerLock.ts'

let directory: string
let held: WriterLock[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-lock-'))
  held = []
})
afterEach(() => {
  for (const lock of held) lock.release()
  rmSync(directory, { recursive: true, force: true })
})

const clock = { now: () => 1_790_000_000_000 }
function acquire() {
  const result = acquireWriterLock({ directory, clock })
  if (result.ok) held.push(result.value)
  return result
}

function startHolder() {
  const fixture = fileURLToPath(new URL('./writerLock.fixture.ts', import.meta.url))
  return spawn(process.execPath, [fixture, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
}

test('a second taker in the same process is refused with the holder, and served after release', () => {
  expect(acquire().ok).toBe(true)
  expect(acquire()).toEqual({
    ok: false,
    refusal: {
      code: 'STORE_IN_USE',
      data: { holder: `process ${process.pid} since 2026-09-21T14:13:20.000Z` },
    },
  })
  for (const lock of held.splice(0)) lock.release()
  expect(acquire().ok).toBe(true)
})

test('another process is refused while we hold it', async () => {
  acquire()
  const child = startHolder()
  try {
    const [chunk] = await once(child.stdout, 'data')
    expect(String(chunk)).toBe('STORE_IN_USE\n')
  } finally {
    child.kill('SIGKILL')
  }
})

test('the lock dies with its process, kill -9 included', async () => {
  const child = startHolder()
  try {
    const [chunk] = await once(child.stdout, 'data')
    expect(String(chunk)).toBe('held\n')
    expect(acquire()).toMatchObject({
      ok: false,
      refusal: { data: { holder: expect.stringContaining(`process ${child.pid} since `) } },
    })
    child.kill('SIGKILL')
    await once(child, 'close')
    expect(acquire().ok).toBe(true)
  } finally {
    child.kill('SIGKILL')
  }
})

test('a damaged note hides the holder but not the lock', () => {
  acquire()
  writeFileSync(join(directory, 'writer.json'), '{')
  expect(acquire()).toMatchObject({ ok: false, refusal: { data: { holder: 'another process' } } })
})

test('a path that is no directory is refused', () => {
  writeFileSync(join(directory, 'plain'), '')
  expect(acquireWriterLock({ directory: join(directory, 'plain'), clock })).toMatchObject({
    ok: false,
    refusal: { code: 'STORE_WRITE_FAILED' },
  })
})
