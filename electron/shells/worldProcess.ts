/** Starts the demo's world in a process of its own and waits until everything listens. It ends with us. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { type WorldDescription, worldSchema } from '../simulators/description.ts'

const readySchema = z.union([z.object({ world: worldSchema }), z.object({ refused: z.string() })])
const startTimeoutMs = 30_000

export interface WorldProcess {
  readonly description: WorldDescription
  /** Origins that may embed the simulated device's page. */
  allowFraming(origins: readonly string[]): void
  close(): Promise<void>
}

function ended(child: ChildProcess): Promise<void> {
  return child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((resolve) => child.once('exit', () => resolve()))
}

/** Rejects with the world's own reason when it cannot start. */
export async function startWorldProcess(entry: URL): Promise<WorldProcess> {
  const child = fork(fileURLToPath(entry), [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const close = async () => {
    if (child.connected) child.disconnect()
    await ended(child)
  }
  const ready = await new Promise<z.output<typeof readySchema>>((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error('the demo world did not start in time')),
      startTimeoutMs,
    )
    child.once('message', (message) => {
      clearTimeout(late)
      const parsed = readySchema.safeParse(message)
      if (parsed.success) resolve(parsed.data)
      else reject(new Error('the demo world said something else'))
    })
    child.once('exit', () => {
      clearTimeout(late)
      reject(new Error('the demo world ended while starting'))
    })
  }).catch(async (error: unknown) => {
    child.kill('SIGKILL')
    await ended(child)
    throw error
  })
  if ('refused' in ready) {
    await close()
    throw new Error(ready.refused)
  }
  return {
    description: ready.world,
    allowFraming: (origins) => {
      if (child.connected) child.send({ frameAncestors: [...origins] })
    },
    close,
  }
}
