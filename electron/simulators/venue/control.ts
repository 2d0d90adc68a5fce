/** A loopback endpoint for other processes to move prices and set faults: POST with the token in the
 *  `x-control-token` header. For the demo and tests only; it reaches nothing but the simulators. */
import { randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import { z } from 'zod'
import type { Fault, Faults } from './faults.ts'
import type { PricePath } from './pricePath.ts'

const faultSchema: z.ZodType<Fault> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('http'), status: z.int().min(400).max(599) }),
  z.object({ kind: z.literal('hang') }),
  z.object({ kind: z.literal('drop') }),
  z.object({ kind: z.literal('malformed-json') }),
  z.object({ kind: z.literal('html') }),
  z.object({ kind: z.literal('lost-answer') }),
  z.object({ kind: z.literal('omit'), path: z.string() }),
  z.object({ kind: z.literal('set'), path: z.string(), value: z.json() }),
  z.object({ kind: z.literal('replace'), body: z.json() }),
  z.object({ kind: z.literal('stale'), ms: z.number() }),
  z.object({ kind: z.literal('duplicate-positions') }),
  z.object({ kind: z.literal('wrong-deposit-address'), address: z.string() }),
  z.object({ kind: z.literal('withdrawal-stuck') }),
  z.object({ kind: z.literal('withdrawal-fails') }),
  z.object({ kind: z.literal('transfer-fails') }),
  z.object({ kind: z.literal('transfer-pending') }),
  z.object({ kind: z.literal('clock-skew'), ms: z.number() }),
])

const commandSchema = z.discriminatedUnion('do', [
  z.object({
    do: z.literal('fault'),
    venue: z.string(),
    endpoint: z.string(),
    fault: faultSchema,
    times: z.int().positive().exactOptional(),
  }),
  z.object({ do: z.literal('clear-faults') }),
  z.object({ do: z.literal('set-price'), symbol: z.string(), usd: z.string() }),
  z.object({ do: z.literal('shock'), fractions: z.record(z.string(), z.number().gt(-1)) }),
])
export type VenueCommand = z.infer<typeof commandSchema>

export interface ControlEndpoint {
  readonly url: string
  readonly token: string
  close(): Promise<void>
}

async function readText(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request) text += String(chunk)
  return text
}

export async function startControl(options: {
  readonly path: PricePath
  readonly faults: Readonly<Record<string, Faults>>
}): Promise<ControlEndpoint> {
  const token = randomBytes(16).toString('hex')
  const obey = (command: VenueCommand): void => {
    switch (command.do) {
      case 'fault': {
        const { venue, endpoint, fault, times } = command
        const faults = options.faults[venue]
        if (faults === undefined) throw new RangeError(`no such venue: ${venue}`)
        faults.add({ endpoint, fault, ...(times === undefined ? {} : { times }) })
        return
      }
      case 'clear-faults':
        for (const faults of Object.values(options.faults)) faults.clear()
        return
      case 'set-price':
        options.path.setPrice(command.symbol, command.usd)
        return
      case 'shock':
        options.path.shock(command.fractions)
    }
  }
  const server = createServer((request, response) => {
    const handle = async () => {
      if (request.method !== 'POST' || request.headers['x-control-token'] !== token) {
        response.writeHead(403).end()
        return
      }
      obey(commandSchema.parse(JSON.parse(await readText(request))))
      response.writeHead(204).end()
    }
    handle().catch(() => response.writeHead(400).end())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no loopback port')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    token,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
