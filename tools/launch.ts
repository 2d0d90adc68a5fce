/** Runs one program as if it were us, and leaves nothing of it behind: it gets a process group, an IPC
 *  channel (its `disconnect` event tells it that we died) and a temporary folder of its own; whatever
 *  is left of the group when it ends, or `graceMs` after a signal, is killed, and the folder removed. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Launch {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
  /** Time that the program has to end by itself after a signal. */
  readonly graceMs: number
}

const windows = process.platform === 'win32'
/** npm hands on the Ctrl-C that the terminal gave us already; a later one is a second wish. */
const sameKeyMs = 1_000

function signalGroup(child: ChildProcess, signal: NodeJS.Signals | 0): boolean {
  if (child.pid === undefined) return false
  try {
    if (!windows) return process.kill(-child.pid, signal)
    return spawnSync('taskkill', ['/pid', String(child.pid), '/t', '/f']).status === 0
  } catch {
    // Nobody is left in the group.
    return false
  }
}

/** What the program started and did not end: asked first, killed after a second. */
async function endGroup(child: ChildProcess): Promise<void> {
  if (!signalGroup(child, 'SIGTERM') || windows) return
  for (let waitedMs = 0; waitedMs < 1_000; waitedMs += 50) {
    await sleep(50)
    if (!signalGroup(child, 0)) return
  }
  signalGroup(child, 'SIGKILL')
}

/** The program's exit code; 0 when it died of the signal that was passed on, 1 of any other. */
export async function launch(request: Launch): Promise<number> {
  const temporary = mkdtempSync(join(tmpdir(), 'bulkhead-'))
  const child = spawn(request.program, request.args, {
    // A group of its own: the terminal's Ctrl-C reaches only us, and we pass it on once.
    detached: !windows,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...request.env, TMPDIR: temporary, TEMP: temporary, TMP: temporary },
  })
  let asked: { readonly at: number; readonly timer: NodeJS.Timeout } | undefined
  const pass = (signal: NodeJS.Signals) => {
    if (asked === undefined) {
      const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), request.graceMs)
      asked = { at: performance.now(), timer }
      child.kill(signal)
    } else if (performance.now() - asked.at > sameKeyMs) {
      signalGroup(child, 'SIGKILL')
    }
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, pass)
  try {
    return await new Promise<number>((resolve, reject) => {
      child.on('error', reject)
      child.on('exit', (code) => resolve(code ?? (asked === undefined ? 1 : 0)))
    })
  } finally {
    clearTimeout(asked?.timer)
    await endGroup(child)
    for (const signal of signals) process.off(signal, pass)
    if (child.connected) child.disconnect()
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 })
  }
}
