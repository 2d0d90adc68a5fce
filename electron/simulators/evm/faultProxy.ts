/** A JSON-RPC server that stands before a real one and lies, drops, hangs or babbles when told to.
 *  Everything else passes through unchanged. Listens on 127.0.0.1 only. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'

const callSchema = z.object({
  id: z.union([z.number(), z.string(), z.null()]),
  method: z.string(),
  params: z.unknown(),
})
const bodySchema = z.union([callSchema, z.array(callSchema)])
const answerSchema = z.looseObject({ id: z.unknown() })
type Call = z.infer<typeof callSchema>
type Answer = z.infer<typeof answerSchema>

/** `methods` names the calls it befalls; absent: all of them. */
export type EvmFault = { readonly methods?: readonly string[] } & (
  | { readonly kind: 'lie'; readonly result: (honest: unknown, params: unknown) => unknown }
  | {
      readonly kind: 'reject'
      readonly code: number
      readonly message: string
      readonly data?: string
    }
  /** The connection is cut before the call reaches the node. */
  | { readonly kind: 'drop' }
  /** The node does it, but its answer is lost. */
  | { readonly kind: 'drop-answer' }
  | { readonly kind: 'hang' }
  | { readonly kind: 'lag'; readonly delayMs: number }
  | { readonly kind: 'garbage'; readonly body: string }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'redirect'; readonly to: string }
  /** Answers carry another id than asked. */
  | { readonly kind: 'wrong-id' }
  /** An answer that never ends. */
  | { readonly kind: 'flood' }
)

export interface EvmFaultProxy {
  readonly url: string
  /** null is honesty. */
  setFault(fault: EvmFault | null): void
  /** HTTP requests seen so far; a batch is one. */
  requests(): number
  /** Calls seen, by method, in order. */
  readonly calls: readonly string[]
  close(): Promise<void>
}

export async function startEvmFaultProxy(upstream: string): Promise<EvmFaultProxy> {
  let fault: EvmFault | null = null
  const calls: string[] = []
  let requests = 0
  const closing = new AbortController()
  const server = createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  })

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await readBody(request)
    requests += 1
    const body = bodySchema.parse(JSON.parse(text))
    const asked = Array.isArray(body) ? body : [body]
    calls.push(...asked.map((call) => call.method))
    const active = fault
    const hit = (call: Call): boolean => active?.methods?.includes(call.method) ?? active !== null
    if (active === null || !asked.some(hit)) return send(response, 200, await forward(text))
    switch (active.kind) {
      case 'drop':
        response.destroy()
        return
      case 'hang':
        return
      case 'flood':
        return flood(response)
      case 'garbage':
        return send(response, 200, active.body)
      case 'status':
        return send(response, active.status, 'no')
      case 'redirect':
        response.writeHead(307, { location: active.to }).end()
        return
      case 'lag':
        await sleep(active.delayMs, undefined, { signal: closing.signal })
        return send(response, 200, await forward(text))
      case 'drop-answer':
        await forward(text)
        response.destroy()
        return
      case 'reject':
      case 'lie':
      case 'wrong-id': {
        // What is rejected never reaches the node; what is lied about does, so that the lie can start from the truth.
        const passed = active.kind === 'reject' ? asked.filter((call) => !hit(call)) : asked
        const answers = await ask(passed)
        const twisted = asked.map((call) => {
          const honest = answers.find((answer) => answer.id === call.id) ?? { id: call.id }
          return hit(call) ? twist(active, call, honest) : honest
        })
        return send(response, 200, JSON.stringify(Array.isArray(body) ? twisted : twisted[0]))
      }
    }
  }

  async function ask(calls: readonly Call[]): Promise<readonly Answer[]> {
    if (calls.length === 0) return []
    const batch = calls.map((call) => ({ jsonrpc: '2.0', ...call }))
    return z.array(answerSchema).parse(JSON.parse(await forward(JSON.stringify(batch))))
  }

  async function forward(body: string): Promise<string> {
    const answer = await fetch(upstream, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: closing.signal,
    })
    return answer.text()
  }

  function flood(response: ServerResponse): void {
    response.writeHead(200, { 'content-type': 'application/json' })
    const chunk = ' '.repeat(256 * 1024)
    const pour = (): void => {
      while (!response.destroyed && response.write(chunk));
    }
    response.on('drain', pour)
    pour()
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    setFault(next) {
      fault = next
    },
    requests: () => requests,
    calls,
    async close() {
      closing.abort()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function twist(
  fault: Extract<EvmFault, { readonly kind: 'lie' | 'reject' | 'wrong-id' }>,
  call: Call,
  answer: Answer,
): unknown {
  if (fault.kind === 'wrong-id') return { ...answer, id: 987_654_321 }
  const { id } = answer
  if (fault.kind === 'lie') {
    return { jsonrpc: '2.0', id, result: fault.result(answer['result'], call.params) }
  }
  const { code, message, data } = fault
  return {
    jsonrpc: '2.0',
    id,
    error: data === undefined ? { code, message } : { code, message, data },
  }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Uint8Array[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body)
}
