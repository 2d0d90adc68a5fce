/** Starts an SDK process whose USB bus carries the software devices on these ports. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ChildHandle } from './childProcess.ts'

export function forkFakeUsb(ports: string, trouble: string): ChildHandle {
  const entry = fileURLToPath(new URL('./fakeUsb.fixture.ts', import.meta.url))
  const child = fork(entry, [ports, trouble], { execArgv: [], stdio: 'ignore' })
  return {
    send: (message) => child.send(message, () => {}),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => child.on('exit', listener),
    kill: () => child.kill('SIGKILL'),
  }
}
