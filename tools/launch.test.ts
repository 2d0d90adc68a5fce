/** Starts the launcher as a process of its own around small programs, ends it in every way there is, and
 *  looks for what is left: processes, a listening port, temporary files. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

let folder = ''
let launcher: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-launch-test-'))
})

afterEach(() => {
  launcher?.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

const opening = `
  const { spawn } = require('node:child_process')
  const { createServer } = require('node:net')
  const { mkdtempSync, writeFileSync } = require('node:fs')
  const { tmpdir } = require('node:os')
  const { join } = require('node:path')
  const grandchild = spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => 1, 1000)"], { stdio: 'ignore' })
  writeFileSync(join(mkdtempSync(join(tmpdir(), 'left-')), 'file'), 'x')
  const server = createServer().listen(0, '127.0.0.1', () => {
    console.log(JSON.stringify({ pid: process.pid, grandchild: grandchild.pid, port: server.address().port, tmp: tmpdir(), args: process.argv.slice(2) }))
  })
`
const polite = `${opening}
  for (const s of ['SIGINT', 'SIGTERM']) process.on(s, () => process.exit(0))
  process.on('disconnect', () => process.exit(0))`
const stubborn = `${opening}
  for (const s of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(s, () => console.log('no'))`
const crashing = `${opening}
  setTimeout(() => process.exit(7), 300)`

interface Started {
  readonly pid: number
  readonly grandchild: number
  readonly port: number
  readonly tmp: string
  readonly args: readonly string[]
}

async function start(program: string, graceMs: number): Promise<Started> {
  const file = join(folder, 'program.cjs')
  writeFileSync(file, program)
  const harness = join(folder, 'harness.ts')
  writeFileSync(
    harness,
    `import { launch } from ${JSON.stringify(join(import.meta.dirname, 'launch.ts'))}
     process.exitCode = await launch({ program: process.execPath, args: [${JSON.stringify(file)}, '--demo'], graceMs: ${graceMs} })`,
  )
  const child = spawn(process.execPath, [harness], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  })
  launcher = child
  let output = ''
  for await (const chunk of child.stdout) {
    output += String(chunk)
    if (output.includes('\n')) break
  }
  const [line = ''] = output.split('\n')
  return JSON.parse(line) as Started
}

function exitCode(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve) => child.on('exit', resolve))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A killed orphan stays a zombie where process 1 reaps nobody, as in some containers.
    const status = existsSync('/proc') ? readFileSync(`/proc/${pid}/stat`, 'utf8') : ''
    return !/\) Z /.test(status)
  } catch {
    return false
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.on('error', () => resolve(false))
  })
}

async function expectNothingLeft(started: Started): Promise<void> {
  expect(isAlive(started.pid)).toBe(false)
  expect(isAlive(started.grandchild)).toBe(false)
  expect(await isListening(started.port)).toBe(false)
  expect(existsSync(started.tmp)).toBe(false)
  expect(readdirSync(folder).sort()).toEqual(['harness.ts', 'program.cjs'])
}

describe.skipIf(process.platform === 'win32')('launch', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'hands %s on and leaves nothing, not even a stubborn grandchild',
    async (signal) => {
      const started = await start(polite, 5_000)
      expect(await isListening(started.port)).toBe(true)
      expect(started.args).toEqual(['--demo'])
      expect(started.tmp.startsWith(folder)).toBe(true)
      launcher?.kill(signal)
      expect(launcher && (await exitCode(launcher))).toBe(0)
      await expectNothingLeft(started)
    },
  )

  it('kills a program that does not end within the grace', async () => {
    const started = await start(stubborn, 300)
    launcher?.kill('SIGINT')
    expect(launcher && (await exitCode(launcher))).toBe(0)
    await expectNothingLeft(started)
  })

  it('takes a second Ctrl-C as a second wish, but not the copy that npm hands on', async () => {
    const started = await start(stubborn, 60_000)
    launcher?.kill('SIGINT')
    launcher?.kill('SIGINT')
    await sleep(1_200)
    expect(isAlive(started.pid)).toBe(true)
    launcher?.kill('SIGINT')
    expect(launcher && (await exitCode(launcher))).toBe(0)
    await expectNothingLeft(started)
  })

  it('reports the exit code of a program that ends by itself, and clears up after it', async () => {
    const started = await start(crashing, 5_000)
    expect(launcher && (await exitCode(launcher))).toBe(7)
    await expectNothingLeft(started)
  })

  it('a killed launcher is noticed by the program through its channel', async () => {
    const started = await start(polite, 5_000)
    launcher?.kill('SIGKILL')
    for (let tries = 0; tries < 100 && isAlive(started.pid); tries += 1) await sleep(50)
    expect(isAlive(started.pid)).toBe(false)
    process.kill(started.grandchild, 'SIGKILL')
  })
})
