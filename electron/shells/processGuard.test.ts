import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, test } from 'vitest'

const started: ChildProcess[] = []
const known = new Set<number>()
afterEach(() => {
  for (const pid of known)
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // gone, as it should be
    }
  known.clear()
  for (const child of started.splice(0)) child.kill('SIGKILL')
})

interface Shell {
  child: ChildProcess
  port: number
  pids: number[]
  server: number
  directory: string
  exit: Promise<{ code: number | null; signal: string | null }>
  output(): string
}

/** Detached, so that the whole foreground group can be signalled as a terminal does. */
async function startShell(manner: string): Promise<Shell> {
  const fixture = fileURLToPath(new URL('./processGuard.fixture.ts', import.meta.url))
  const child = spawn(process.execPath, [fixture, 'shell', manner], {
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  started.push(child)
  let out = ''
  const exit = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.on('exit', (code, signal) => resolve({ code, signal })),
  )
  const line = await new Promise<string>((resolve, reject) => {
    child.on('error', reject)
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      const found = out.split('\n').find((text) => text.startsWith('{'))
      if (found !== undefined && out.includes(`${found}\n`)) resolve(found)
    })
  })
  const told = JSON.parse(line)
  for (const pid of told.pids) known.add(pid)
  return { child, exit, output: () => out, ...told }
}

function runs(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // A zombie that nobody has waited for yet runs no more.
    return (
      !existsSync('/proc/self/stat') || !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    )
  } catch {
    return false
  }
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true))
    socket.on('error', () => resolve(false))
    socket.on('close', () => socket.destroy())
  })
}

const nothing = { pids: [], port: false, directory: false }

/** What is left once nothing is, or `withinMs` later. */
async function whatIsLeft(shell: Shell, withinMs = 5_000): Promise<unknown> {
  const until = performance.now() + withinMs
  const left = async () => ({
    pids: shell.pids.filter(runs),
    port: await listens(shell.port),
    directory: existsSync(shell.directory),
  })
  while (performance.now() < until && JSON.stringify(await left()) !== JSON.stringify(nothing))
    await sleep(20)
  return left()
}

async function expectAlive(shell: Shell): Promise<void> {
  expect(shell.pids.map(runs)).toEqual([true, true])
  expect(await listens(shell.port)).toBe(true)
  expect(existsSync(shell.directory)).toBe(true)
}

test.skipIf(process.platform === 'win32')('Ctrl-C ends all of it, in order', async () => {
  const shell = await startShell('plain')
  await expectAlive(shell)
  process.kill(-(shell.child.pid ?? 0), 'SIGINT')
  expect(await shell.exit).toEqual({ code: 0, signal: null })
  expect(shell.output()).toContain('closing')
  expect(await whatIsLeft(shell)).toEqual(nothing)
})

for (const [name, signal] of [
  ['SIGTERM', 'SIGTERM'],
  ['a closed terminal', 'SIGHUP'],
] as const)
  test.skipIf(process.platform === 'win32')(`${name} ends all of it`, async () => {
    const shell = await startShell('plain')
    shell.child.kill(signal)
    expect(await shell.exit).toEqual({ code: 0, signal: null })
    expect(await whatIsLeft(shell)).toEqual(nothing)
  })

test.skipIf(process.platform === 'win32')('children that ignore signals are killed', async () => {
  const shell = await startShell('stubborn')
  shell.child.kill('SIGINT')
  expect(await shell.exit).toEqual({ code: 0, signal: null })
  expect(await whatIsLeft(shell)).toEqual(nothing)
})

test.skipIf(process.platform === 'win32')(
  'a second Ctrl-C does not wait for the grace',
  async () => {
    const shell = await startShell('slow')
    shell.child.kill('SIGINT')
    await sleep(100)
    // The same key, handed on once more: not a second wish.
    shell.child.kill('SIGINT')
    await sleep(1_100)
    expect(runs(shell.server)).toBe(true)
    shell.child.kill('SIGINT')
    expect(await shell.exit).toEqual({ code: 130, signal: null })
    expect(await whatIsLeft(shell)).toEqual(nothing)
  },
)

test.skipIf(process.platform === 'win32')(
  'kill -9 of the shell leaves nothing, even of children that ignore signals',
  async () => {
    const shell = await startShell('stubborn')
    await expectAlive(shell)
    shell.child.kill('SIGKILL')
    await shell.exit
    expect(await whatIsLeft(shell, 10_000)).toEqual(nothing)
  },
)

for (const [manner, code] of [
  ['exit', 7],
  ['throw', 1],
  ['peace', 0],
] as const)
  test.skipIf(process.platform === 'win32')(`leaving by ${manner} ends all of it`, async () => {
    const shell = await startShell(manner)
    expect(await shell.exit).toEqual({ code, signal: null })
    expect(await whatIsLeft(shell)).toEqual(nothing)
  })

test.skipIf(process.platform === 'win32')(
  'what a child leaves running when it dies is ended with it',
  async () => {
    const shell = await startShell('plain')
    process.kill(shell.server, 'SIGKILL')
    const until = performance.now() + 5_000
    while (performance.now() < until && shell.pids.some(runs)) await sleep(20)
    expect(shell.pids.filter(runs)).toEqual([])
    shell.child.kill('SIGINT')
    await shell.exit
    expect(await whatIsLeft(shell)).toEqual(nothing)
  },
)
