/** The built desktop app as a whole, demo and all: main, preload, page, host, device child and world, with a
 *  Chromium page in place of Electron's window (standIn/electron.ts). Shows that the parts fit together and
 *  that the page runs under its own policy; it cannot show Electron's sandbox, fuses or keychain. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { bundle } from './bundle.ts'
import { entries } from './entries.ts'
import { findAnvil, findChromium } from './programs.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const missing = [
  ...(findChromium() === undefined ? ['Chromium'] : []),
  ...(findAnvil() === undefined ? ['anvil'] : []),
]
if (missing.length > 0) console.log(`left out: desktop smoke test: no ${missing.join(', no ')}`)

const smokeSchema = z.object({
  smoke: z.object({
    title: z.string(),
    text: z.string(),
    bridge: z.array(z.string()),
    status: z.string(),
    unknown: z.string(),
    fetched: z.string(),
    elsewhere: z.string(),
    inlineRan: z.boolean(),
    complaints: z.array(z.string()),
  }),
})

describe.skipIf(missing.length > 0)('the built desktop app', () => {
  let folder = ''
  let app: ChildProcess | undefined
  let output = ''
  let seen: z.infer<typeof smokeSchema>['smoke'] | undefined

  beforeAll(async () => {
    // Under node_modules, so that the packages left outside the bundles are found.
    const cache = join(root, 'node_modules/.cache')
    mkdirSync(cache, { recursive: true })
    folder = mkdtempSync(join(cache, 'bulkhead-smoke-'))
    mkdirSync(join(folder, 'tmp'))
    await bundle(root, join(folder, 'dist'), entries)
    const child = spawn(
      process.execPath,
      [
        `--import=${new URL('./standIn/register.mjs', import.meta.url).href}`,
        join(folder, 'dist/desktop/main.js'),
        '--demo',
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, TMPDIR: join(folder, 'tmp') },
      },
    )
    app = child
    const line = await new Promise<string>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        output += chunk.toString()
        const found = output.split('\n').find((each) => each.startsWith('{"smoke"'))
        if (found !== undefined && output.includes(`${found}\n`)) resolve(found)
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.on('exit', () => reject(new Error(`ended early:\n${output}`)))
      setTimeout(() => reject(new Error(`no window:\n${output}`)), 90_000).unref()
    })
    seen = smokeSchema.parse(JSON.parse(line)).smoke
  }, 120_000)

  afterAll(() => {
    app?.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  it('shows the page, without a complaint about its policy', () => {
    expect(seen?.title).toContain('Bulkhead')
    expect(seen?.text).toContain('Binance')
    expect(seen?.complaints).toEqual([])
  })

  it('gives the page two functions, answered by the host', () => {
    expect(seen?.bridge).toEqual(['call', 'subscribe'])
    expect(seen?.status).toMatch(/"ok":true/)
    expect(seen?.unknown).toContain('METHOD_UNKNOWN')
  })

  it('keeps the page from the network, from other files and from inline scripts', () => {
    expect(seen).toMatchObject({ fetched: 'refused', elsewhere: 'refused', inlineRan: false })
  })

  it('prints the first risk report to the terminal', () => {
    expect(output).toMatch(/On venues [\d,]+ USD/)
  })

  it('ends as a whole and leaves nothing', async () => {
    const child = app
    if (!child) throw new Error('not started')
    const code = new Promise((resolve) => child.on('exit', resolve))
    child.kill('SIGTERM')
    expect(await code).toBe(0)
    // What Chromium's own profile leaves is Playwright's to clear.
    const left = readdirSync(join(folder, 'tmp')).filter((name) => name.startsWith('bulkhead'))
    expect(left).toEqual([])
  }, 30_000)
})
