/** The real process: it starts, reports, gets no secrets, and is gone when killed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { type ChildHandle, defaultChildEntry, forkChild } from './childProcess.ts'

const TIMEOUT = 30_000
let child: ChildHandle | null = null
let folder = ''

afterEach(async () => {
  child?.kill()
  child = null
  if (folder !== '') await rm(folder, { recursive: true })
  folder = ''
})

describe('the SDK’s process', () => {
  it(
    'reports an empty link and ends when killed',
    async () => {
      const one = forkChild(defaultChildEntry())
      child = one
      const first = new Promise((resolve) => one.onMessage(resolve))
      const ended = new Promise<void>((resolve) => one.onExit(resolve))
      // Nobody listens on port 1.
      one.send({ kind: 'start', link: { kind: 'tcp', port: 1 } })
      expect(await first).toEqual({ kind: 'presence', count: 0 })
      one.kill()
      await ended
    },
    TIMEOUT,
  )

  it(
    'is told nothing of its parent’s environment but where things are',
    async () => {
      folder = await mkdtemp(join(tmpdir(), 'bulkhead-child-'))
      const entry = join(folder, 'echo.mjs')
      await writeFile(
        entry,
        'process.send({ env: Object.keys(process.env), argv: process.execArgv })',
      )
      process.env['BULKHEAD_SECRET'] = 'of the parent'
      const one = forkChild(pathToFileURL(entry))
      child = one
      const said = await new Promise((resolve) => one.onMessage(resolve))
      delete process.env['BULKHEAD_SECRET']
      expect(said).toMatchObject({ argv: [] })
      expect(JSON.stringify(said)).not.toContain('BULKHEAD_SECRET')
    },
    TIMEOUT,
  )

  it(
    'reports an entry that does not exist as an end',
    async () => {
      const one = forkChild(new URL('./missing.ts', import.meta.url))
      child = one
      await new Promise<void>((resolve) => one.onExit(resolve))
    },
    TIMEOUT,
  )
})
