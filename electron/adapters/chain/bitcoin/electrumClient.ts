/** A small client of the Electrum protocol: one connection, batches, reconnection with backoff.
 *  The server is not trusted: lines are bounded, every answer must belong to a question, a question
 *  waits no longer than `timeoutMs`. Only script hashes, txids and transactions are ever sent. */
import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'
import { z } from 'zod'
import { type Refusal, type Result, ok } from '../../../../shared/errors/refusal.ts'
import type { Clock } from '../../../host/ports.ts'
import { malformed, unreachable, wrongNetwork } from './answers.ts'
import { type Endpoint, dial } from './dial.ts'
import { blockHash, isHeaderHex } from './header.ts'
import { createLineReader } from './lines.ts'

export interface ElectrumClientOptions {
  readonly endpoint: Endpoint
  readonly clock: Clock
  /** Per batch, including a reconnection. */
  readonly timeoutMs: number
  /** Servers close a connection that says nothing for ten minutes. */
  readonly pingEveryMs: number
  readonly maxLineBytes: number
  /** Expected hash of block 0, reversed hex. */
  readonly genesisHash: string
  readonly onNotification: (method: string, params: readonly unknown[]) => void
  readonly onConnect: () => void
  /** The connection is gone: what the server had promised to tell, it tells no more. */
  readonly onLost: () => void
}

export interface ElectrumCall {
  readonly method: string
  readonly params: readonly unknown[]
}

/** The server's own no is an answer: what it means depends on the question. */
export type ElectrumAnswer =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly message: string }

type ClientRefusals = 'CHAIN_UNREACHABLE' | 'CHAIN_ANSWER_MALFORMED' | 'CHAIN_WRONG_NETWORK'
export type ClientResult<T> = Result<T, ClientRefusals>
type Failure = { readonly ok: false; readonly refusal: Refusal<ClientRefusals> }

export interface ElectrumClient {
  /** Sends the calls in batches, several under way at once, and gives their answers in the same order.
   *  `answers` is how long one may be: transactions and proofs, or a line of hashes. */
  ask(
    calls: readonly ElectrumCall[],
    signal: AbortSignal,
    answers?: 'long' | 'short',
  ): Promise<ClientResult<readonly ElectrumAnswer[]>>
  close(): Promise<void>
}

/** Twenty of the largest standard transactions still fit into one line; short answers go by the two hundred,
 *  which is below every server's limit known to us (Fulcrum 345). */
const BATCH = { long: 20, short: 200 }
const BATCHES_IN_FLIGHT = 16
const BACKOFF_FIRST_MS = 200
const BACKOFF_LIMIT_MS = 30_000
const PROTOCOL_VERSIONS = ['1.4', '1.4.3']

const errorSchema = z.union([z.object({ message: z.string() }), z.string()])
const answerSchema = z.object({
  id: z.int(),
  result: z.unknown().optional(),
  error: errorSchema.nullish(),
})
const notificationSchema = z.object({ method: z.string(), params: z.array(z.unknown()) })
const messageSchema = z.union([answerSchema, notificationSchema])
const lineSchema = z.union([z.array(messageSchema), messageSchema])

interface Link {
  readonly socket: Socket
  readonly waiting: Map<number, (answer: ElectrumAnswer | Failure) => void>
  ping: NodeJS.Timeout | undefined
  /** Set once: why nothing more will come. */
  failure: Failure | undefined
}

const versionSchema = z.tuple([z.string(), z.string().regex(/^1\.4(\.\d+)?$/)])

export function createElectrumClient(options: ElectrumClientOptions): ElectrumClient {
  const { clock, timeoutMs } = options
  let link: Link | undefined
  let opening: Promise<Link | Failure> | undefined
  let failures = 0
  let retryAt = 0
  let nextId = 0
  const closing = new AbortController()

  function fail(target: Link, failure: Failure): void {
    if (target.failure !== undefined) return
    target.failure = failure
    clearInterval(target.ping)
    const wasOpen = link === target
    if (wasOpen) link = undefined
    target.socket.destroy()
    for (const settle of target.waiting.values()) settle(failure)
    target.waiting.clear()
    if (wasOpen) options.onLost()
  }

  function receive(target: Link, line: string): void {
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      fail(target, malformed('line', line))
      return
    }
    const parsed = lineSchema.safeParse(value)
    if (!parsed.success) {
      fail(target, malformed('message', line))
      return
    }
    for (const message of Array.isArray(parsed.data) ? parsed.data : [parsed.data]) {
      if ('method' in message) {
        options.onNotification(message.method, message.params)
        continue
      }
      const settle = target.waiting.get(message.id)
      if (settle === undefined) {
        fail(target, malformed('id', String(message.id)))
        return
      }
      target.waiting.delete(message.id)
      settle(answerOf(message))
    }
  }

  function attach(socket: Socket): Link {
    const target: Link = { socket, waiting: new Map(), ping: undefined, failure: undefined }
    const reader = createLineReader(options.maxLineBytes)
    socket.on('data', (chunk: Buffer) => {
      const lines = reader.push(chunk)
      if (lines === undefined) {
        fail(target, malformed('line', `longer than ${options.maxLineBytes} bytes`))
        return
      }
      for (const line of lines) if (target.failure === undefined) receive(target, line)
    })
    socket.on('error', (error) => fail(target, unreachable(error.message)))
    socket.on('close', () => fail(target, unreachable('connection closed')))
    socket.resume()
    return target
  }

  function exchange(
    target: Link,
    calls: readonly ElectrumCall[],
    signal: AbortSignal,
  ): Promise<readonly ElectrumAnswer[] | Failure> {
    return new Promise((resolve) => {
      if (target.failure !== undefined) {
        resolve(target.failure)
        return
      }
      const answers = calls.map((): ElectrumAnswer => ({ kind: 'error', message: 'no answer' }))
      let missing = calls.length
      const ids = calls.map(() => nextId++)
      const finish = (outcome: readonly ElectrumAnswer[] | Failure): void => {
        clearTimeout(timer)
        signal.removeEventListener('abort', onAbort)
        resolve(outcome)
      }
      const onAbort = (): void => {
        // Late answers still have an owner, which does nothing with them.
        for (const id of ids) if (target.waiting.has(id)) target.waiting.set(id, () => {})
        finish(unreachable('cancelled'))
      }
      const timer = setTimeout(() => {
        const late = unreachable(`no answer within ${timeoutMs} ms`)
        finish(late)
        fail(target, late)
      }, timeoutMs)
      signal.addEventListener('abort', onAbort, { once: true })
      for (const [at, id] of ids.entries()) {
        target.waiting.set(id, (answer) => {
          if ('refusal' in answer) {
            finish(answer)
            return
          }
          answers[at] = answer
          missing -= 1
          if (missing === 0) finish(answers)
        })
      }
      const requests = calls.map((call, at) => ({ jsonrpc: '2.0', id: ids[at], ...call }))
      target.socket.write(`${JSON.stringify(requests.length === 1 ? requests[0] : requests)}\n`)
    })
  }

  /** Dials, agrees on the protocol, and makes sure that it is our chain before anything is asked. */
  async function open(): Promise<Link | Failure> {
    const wait = retryAt - clock.now()
    if (wait > timeoutMs) return unreachable(`trying again in ${Math.ceil(wait / 1000)} s`)
    if (wait > 0) await clock.sleep(wait, closing.signal).catch(() => undefined)
    if (closing.signal.aborted) return unreachable('closed')
    const socket = await dial(
      options.endpoint,
      AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]),
    )
    if (!socket.ok) return failed(socket)
    const target = attach(socket.value)
    const onClose = (): void => fail(target, unreachable('closed'))
    closing.signal.addEventListener('abort', onClose, { once: true })
    const failure = await greet(target)
    closing.signal.removeEventListener('abort', onClose)
    if (failure !== undefined) {
      fail(target, failure)
      return failed(failure)
    }
    failures = 0
    retryAt = 0
    link = target
    target.ping = setInterval(() => void ping(target), options.pingEveryMs).unref()
    options.onConnect()
    return target
  }

  function failed(failure: Failure): Failure {
    failures += 1
    retryAt = clock.now() + Math.min(BACKOFF_FIRST_MS * 2 ** (failures - 1), BACKOFF_LIMIT_MS)
    return failure
  }

  async function ping(target: Link): Promise<void> {
    await exchange(target, [{ method: 'server.ping', params: [] }], closing.signal)
  }

  async function greet(target: Link): Promise<Failure | undefined> {
    const never = new AbortController().signal
    const hello = { method: 'server.version', params: ['bulkhead', PROTOCOL_VERSIONS] }
    const first = { method: 'blockchain.block.header', params: [0] }
    const version = await exchange(target, [hello], never)
    if ('refusal' in version) return version
    const [agreed] = version
    if (agreed?.kind !== 'result') return malformed('server.version', agreed?.message ?? '')
    if (!versionSchema.safeParse(agreed.value).success)
      return malformed('server.version', agreed.value)
    const genesis = await exchange(target, [first], never)
    if ('refusal' in genesis) return genesis
    const [header] = genesis
    if (header?.kind !== 'result' || !isHeaderHex(header.value)) {
      return malformed('blockchain.block.header', header ?? null)
    }
    const found = blockHash(header.value)
    return found === options.genesisHash ? undefined : wrongNetwork(options.genesisHash, found)
  }

  async function connected(): Promise<Link | Failure> {
    if (closing.signal.aborted) return unreachable('closed')
    if (link !== undefined) return link
    opening ??= open().finally(() => {
      opening = undefined
    })
    return await opening
  }

  async function askBatch(
    calls: readonly ElectrumCall[],
    signal: AbortSignal,
  ): Promise<readonly ElectrumAnswer[] | Failure> {
    let last: Failure = unreachable('not connected')
    // Every question here may be asked twice without harm, so one lost connection is not yet a refusal.
    for (let attempt = 0; attempt < 2; attempt++) {
      const target = await cancellable(connected(), signal)
      if ('refusal' in target) return target
      const outcome = await exchange(target, calls, signal)
      if (!('refusal' in outcome)) return outcome
      last = outcome
      const lost = target.failure !== undefined && isDropped(outcome)
      if (!lost || signal.aborted) return outcome
    }
    return last
  }

  async function askAll(
    calls: readonly ElectrumCall[],
    signal: AbortSignal,
    size: number,
  ): Promise<ClientResult<readonly ElectrumAnswer[]>> {
    const batches: (readonly ElectrumCall[])[] = []
    for (let start = 0; start < calls.length; start += size)
      batches.push(calls.slice(start, start + size))
    const answered: (readonly ElectrumAnswer[])[] = []
    let next = 0
    /** One lane of the pipe: takes the next batch as soon as its last one was answered. */
    async function lane(): Promise<Failure | undefined> {
      for (let at = next++; at < batches.length; at = next++) {
        if (signal.aborted) return unreachable('cancelled')
        const outcome = await askBatch(batches[at] ?? [], signal)
        if ('refusal' in outcome) return outcome
        answered[at] = outcome
      }
      return undefined
    }
    const lanes = Math.min(BATCHES_IN_FLIGHT, batches.length)
    const outcomes = await Promise.all(Array.from({ length: lanes }, lane))
    return outcomes.find((outcome) => outcome !== undefined) ?? ok(answered.flat())
  }

  return {
    ask: async (calls, outer, answers = 'long') => {
      // One listener on the caller's signal however many batches wait; theirs hang on a signal of our own.
      const stop = new AbortController()
      setMaxListeners(0, stop.signal)
      const onAbort = (): void => stop.abort()
      if (outer.aborted) onAbort()
      outer.addEventListener('abort', onAbort, { once: true })
      try {
        return await askAll(calls, stop.signal, BATCH[answers])
      } finally {
        outer.removeEventListener('abort', onAbort)
      }
    },
    close: async () => {
      closing.abort()
      if (link !== undefined) fail(link, unreachable('closed'))
      await opening
    },
  }
}

function isDropped({ refusal }: Failure): boolean {
  return refusal.code === 'CHAIN_UNREACHABLE' && !refusal.data.reason.startsWith('no answer')
}

function answerOf(message: z.infer<typeof answerSchema>): ElectrumAnswer {
  const { error } = message
  if (error === undefined || error === null) return { kind: 'result', value: message.result }
  return {
    kind: 'error',
    message: (typeof error === 'string' ? error : error.message).slice(0, 500),
  }
}

/** The caller's wish to stop ends its waiting, not the connection that others share. */
function cancellable<T>(work: Promise<T | Failure>, signal: AbortSignal): Promise<T | Failure> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => resolve(unreachable('cancelled'))
    if (signal.aborted) onAbort()
    signal.addEventListener('abort', onAbort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}
