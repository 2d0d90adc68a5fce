/** The demo on the desktop: its world in a process of its own, a data directory and a data key that live as
 *  long as this run. Loaded only when the app was started as the demo. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemRandom } from '../../adapters/system/clock.ts'
import { writeDemoEnvironment } from '../demoEnvironment.ts'
import { startWorldProcess } from '../worldProcess.ts'
import { loopbackOrigin, pageOrigin } from './address.ts'
import type { Mode } from './mode.ts'

/** Rejects with the world's reason when it cannot start. @param worldEntry  its built program */
export async function startDemo(worldEntry: URL): Promise<Mode> {
  const world = await startWorldProcess(worldEntry)
  world.allowFraming([pageOrigin])
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-demo-'))
  return {
    args: ['--demo', `--data=${directory}`],
    environment: writeDemoEnvironment({
      world: world.description,
      dataKey: systemRandom.bytes(32),
    }),
    simulatorOrigin: loopbackOrigin(world.description.device.pageOrigin),
    async end() {
      await world.close()
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
