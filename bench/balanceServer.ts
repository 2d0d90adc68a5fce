/** The server of the balance bench, a process of its own: a regtest chain that pays every address it is given,
 *  behind the Electrum simulator. Says its port, ends with its parent. */
import { z } from 'zod'
import { startBitcoinSimulator } from '../electron/simulators/bitcoin/simulator.ts'

const orderSchema = z.object({ addresses: z.array(z.string()), latencyMs: z.number() })
/** Unconfirmed payments at a time: the simulator looks through its mempool for every answer. */
const perBlock = 100

process.once('message', (message) => {
  void serve(message)
})
process.once('disconnect', () => process.exit())

async function serve(message: unknown): Promise<void> {
  const { addresses, latencyMs } = orderSchema.parse(message)
  const simulator = await startBitcoinSimulator({ latencyMs })
  for (const [at, address] of addresses.entries()) {
    simulator.fund(address, 10_000n + BigInt(at))
    if (at % perBlock === perBlock - 1) simulator.mine(1)
  }
  simulator.mine(1)
  process.send?.({ port: simulator.port })
}
