/** What a shell hands to the demo's host: where the world listens, and the data key of this one run.
 *  In the environment, so that a host started again after a crash finds the same world and its own store. */
import { z } from 'zod'
import { type WorldDescription, worldSchema } from '../simulators/description.ts'

const name = 'BULKHEAD_DEMO'
const schema = z.object({ world: worldSchema, dataKeyHex: z.string().regex(/^[0-9a-f]{64}$/) })

export interface DemoEnvironment {
  readonly world: WorldDescription
  readonly dataKey: Uint8Array
}

export function writeDemoEnvironment(demo: DemoEnvironment): Record<string, string> {
  const dataKeyHex = Buffer.from(demo.dataKey).toString('hex')
  return { [name]: JSON.stringify({ world: demo.world, dataKeyHex }) }
}

/** Throws when the demo was asked for without its world. */
export function readDemoEnvironment(environment: NodeJS.ProcessEnv): DemoEnvironment {
  const { world, dataKeyHex } = schema.parse(JSON.parse(environment[name] ?? 'null'))
  return { world, dataKey: new Uint8Array(Buffer.from(dataKeyHex, 'hex')) }
}
