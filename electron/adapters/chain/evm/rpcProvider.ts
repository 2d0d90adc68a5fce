/** ethers' JSON-RPC provider with a transport that a hostile server cannot hang, flood or redirect.
 *  ethers batches calls and pairs answers by id; what travels and what an error is, is decided here.
 *  Errors thrown: RpcFailure (no usable answer) and RpcRejection (the node said no). */
import {
  JsonRpcApiProvider,
  type JsonRpcError,
  type JsonRpcPayload,
  type JsonRpcResult,
  Network,
} from 'ethers'
import { z } from 'zod'

/** More than any answer we ask for; a server that sends more is cut off. */
const MAX_BODY_BYTES = 8 * 1024 * 1024
const MAX_BATCH = 40

export class RpcFailure extends Error {
  readonly kind: 'unreachable' | 'malformed'
  constructor(kind: 'unreachable' | 'malformed', reason: string) {
    super(reason)
    this.kind = kind
  }
}

export class RpcRejection extends Error {
  readonly data: unknown
  constructor(message: string, data: unknown) {
    super(message)
    this.data = data
  }
}

const errorSchema = z.object({
  id: z.number(),
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }),
})
const resultSchema = z
  .object({ id: z.number(), result: z.unknown() })
  .refine((answer) => answer.result !== undefined)
const answersSchema = z.array(z.union([errorSchema, resultSchema])).max(MAX_BATCH)

export class RpcProvider extends JsonRpcApiProvider {
  readonly #url: string
  readonly #timeoutMs: number
  readonly #closing = new AbortController()

  constructor(url: string, chainId: number, timeoutMs: number) {
    const network = Network.from(chainId)
    super(network, {
      staticNetwork: network,
      batchMaxCount: MAX_BATCH,
      batchStallTime: 0,
      cacheTimeout: -1,
    })
    this.#url = url
    this.#timeoutMs = timeoutMs
  }

  override async send(method: string, params: unknown[]): Promise<unknown> {
    // ethers queues calls until it is started.
    this._start()
    return super.send(method, params)
  }

  override async _send(
    payload: JsonRpcPayload | JsonRpcPayload[],
  ): Promise<(JsonRpcResult | JsonRpcError)[]> {
    const text = await this.#post(JSON.stringify(payload))
    const answers = answersSchema.safeParse(parseAnswers(text))
    if (!answers.success) throw new RpcFailure('malformed', text.slice(0, 120))
    return answers.data
  }

  override getRpcError(_payload: JsonRpcPayload, answer: JsonRpcError): Error {
    return new RpcRejection(answer.error.message ?? '', answer.error.data)
  }

  override destroy(): void {
    this.#closing.abort()
    super.destroy()
  }

  async #post(body: string): Promise<string> {
    const timeout = AbortSignal.timeout(this.#timeoutMs)
    try {
      const response = await fetch(this.#url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
        // A redirect would send our addresses to someone else.
        redirect: 'error',
        signal: AbortSignal.any([timeout, this.#closing.signal]),
      })
      if (!response.ok) {
        await response.body?.cancel()
        throw new RpcFailure('unreachable', `HTTP ${response.status}`)
      }
      return await readCapped(response)
    } catch (error) {
      if (error instanceof RpcFailure) throw error
      if (this.#closing.signal.aborted) throw new RpcFailure('unreachable', 'closed')
      if (timeout.aborted) throw new RpcFailure('unreachable', `no answer in ${this.#timeoutMs} ms`)
      throw new RpcFailure('unreachable', 'connection failed')
    }
  }
}

async function readCapped(response: Response): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength
    // Leaving the loop cancels the stream and with it the connection.
    if (size > MAX_BODY_BYTES) throw new RpcFailure('malformed', 'the answer has no end')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function parseAnswers(text: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? parsed : [parsed]
  } catch {
    throw new RpcFailure('malformed', text.slice(0, 120))
  }
}
