/** The demo's world as a process of its own: tells its parent where everything listens, ends with it. */
import { z } from 'zod'
import { startWorld } from './world.ts'

const stepEveryMs = 1_000
const blockEveryMs = 5_000

/** Origins that may embed the simulated device's page. */
const messageSchema = z.object({ frameAncestors: z.array(z.string()) })

async function main(): Promise<void> {
  const started = await startWorld({ stepEveryMs, blockEveryMs })
  if (started.kind === 'no-anvil') {
    process.send?.({
      refused: `the demo's EVM chain needs anvil; looked for ${started.lookedFor.join(', ')}`,
    })
    return
  }
  const { world } = started
  const end = () => {
    world.close().then(
      () => process.exit(0),
      () => process.exit(1),
    )
  }
  process.once('disconnect', end)
  process.once('SIGTERM', end)
  // The terminal's Ctrl-C reaches the whole group; our parent ends us in its own order.
  process.on('SIGINT', () => undefined)
  process.on('message', (message) => {
    const parsed = messageSchema.safeParse(message)
    if (parsed.success) world.device.setFrameAncestors(parsed.data.frameAncestors)
  })
  process.send?.({ world: world.description })
}

main().catch((error: unknown) => {
  process.stderr.write(`bulkhead demo world: ${String(error)}\n`)
  process.exitCode = 1
  if (process.connected) process.disconnect()
})
