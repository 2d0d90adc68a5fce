/** Starts the SDK's process with node:child_process. It gets no secrets (a bare environment), its output
 *  goes nowhere (the SDK prints), and it is killed rather than asked. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ToChild } from './protocol.ts'

export interface ChildHandle {
  send(message: ToChild): void
  onMessage(listener: (raw: unknown) => void): void
  /** Called once, however it ended. */
  onExit(listener: () => void): void
  kill(): void
}

const KEPT = ['SystemRoot', 'windir', 'TEMP', 'TMP', 'TMPDIR', 'HOME', 'USERPROFILE', 'PATH']

/** Beside this file: `child.ts` from source, `device.js` when bundled. */
export function defaultChildEntry(): URL {
  const here = import.meta.url
  return new URL(here.endsWith('.ts') ? './child.ts' : './device.js', here)
}

export function forkChild(entry: URL): ChildHandle {
  const env: NodeJS.ProcessEnv = {}
  for (const name of KEPT) if (process.env[name] !== undefined) env[name] = process.env[name]
  if (process.versions['electron'] !== undefined) env['ELECTRON_RUN_AS_NODE'] = '1'
  const child = fork(fileURLToPath(entry), [], {
    env,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  let ended = false
  const onEnd = new Set<() => void>()
  const end = (): void => {
    if (ended) return
    ended = true
    for (const listener of onEnd) listener()
  }
  child.on('exit', end)
  child.on('error', end)
  return {
    send(message) {
      if (child.connected) child.send(message, () => {})
    },
    onMessage: (listener) => child.on('message', listener),
    onExit(listener) {
      if (ended) listener()
      else onEnd.add(listener)
    },
    kill: () => child.kill('SIGKILL'),
  }
}
