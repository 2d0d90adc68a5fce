/** The host as Electron's utility process: beside the window, not in it. */
import { utilityProcess } from 'electron'
import type { HostChild } from '../hostClient.ts'

/** `entry` is the built host; `args` reach it as its command line, `environment` beside our own. */
export function forkHost(
  entry: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): HostChild {
  const child = utilityProcess.fork(entry, [...args], {
    serviceName: 'Bulkhead host',
    env: { ...process.env, ...environment },
    stdio: 'inherit',
  })
  return {
    post: (message) => child.postMessage(message),
    onMessage: (listener) => child.on('message', listener),
    onExit: (listener) => child.once('exit', (code) => listener(`exit code ${code}`)),
    kill: () => {
      child.kill()
    },
  }
}
