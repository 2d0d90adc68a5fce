/** A small client of the Electrum protocol: one connection, batches, reconnection with backoff.
 *  The server is not trusted: lines are bounded, every answer must belong to a question, a question
 *  waits no longer than `timeoutMs`. Only script hashes, txids and transactions are ever sent. */
import { setMaxListeners } from 'node:events'
import { type Socket, connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { z } from 'zod'
import { type Refusal, type Result, ok, refuse } from '../../../../shared/errors/refusal.ts'
import type { Clock } from '../../../host/ports.ts'
import { blockHash, isHeaderHex } from './header.ts'
import { createLineReader } from './lines.ts'

/** 'off' for loopback or an onion address; a fingerprint pins a self-signed server (sha256, hex with colons). */
export type ElectrumTls = 'off' | 'verified' | { readonly fingerprint256: string }

export interface ElectrumClientOptions {
  readonly host: string
  readonly port: number
  readonly tls: ElectrumTls
  readonly clock: Clock
  /** Per batch, including a reconnection. */
  readonly timeoutMs: number
  readonly maxLineBytes: number
  /** Expected hash of block 0, reversed hex. */
  readonly genesisHash: string
  readonly onNotification: (method: string, params: readonly unknown[]) => void
  readonly onConnect: () => void
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
  /** Sends the calls in batches and gives their answers in the same order. */
  ask(
    calls: readonly ElectrumCall[],
    signal: AbortSignal,
  ): Promise<ClientResult<readonly ElectrumAnswer[]>>
  close(): Promise<void>
}

/** Twenty of the largest standard transactions still fit into one line. */
const BATCH = 20
const BATCHES_IN_FLIGHT = 16
const BACKOFF_FIRST_MS = 200
const BACKOFF_LIMIT_MS = 30_000
const PROTOCOL_VERSION = '1.4'

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
  /** Set once: why nothing more will come. */
  failure: Failure | undefined
}

function unreachable(reason: string): Failure {
  return refuse('CHAIN_UNREACHABLE', { chain: 'bitcoin', reason })
}

function malformed(field: string, value: string): Failure {
  return refuse('CHAIN_ANSWER_MALFORMED', { chain: 'bitcoin', field, value: value.slice(0, 200) })
}

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
    if (link === target) link = undefined
    target.socket.destroy()
    for (const settle of target.waiting.values()) settle(failure)
    target.waiting.clear()
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

  function dial(): Link {
    const { host, port, tls } = options
    const socket =
      tls === 'off'
        ? connectTcp({ host, port })
        : connectTls({
            host,
            port,
            ...(isIP(host) === 0 ? { servername: host } : {}),
            rejectUnauthorized: tls === 'verified',
          })
    const target: Link = { socket, waiting: new Map(), failure: undefined }
    const reader = createLineReader(options.maxLineBytes)
    socket.setNoDelay(true)
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
    const target = dial()
    const onClose = (): void => fail(target, unreachable('closed'))
    closing.signal.addEventListener('abort', onClose, { once: true })
    const failure = await greet(target)
    closing.signal.removeEventListener('abort', onClose)
    if (failure !== undefined) {
      fail(target, failure)
      failures += 1
      retryAt = clock.now() + Math.min(BACKOFF_FIRST_MS * 2 ** (failures - 1), BACKOFF_LIMIT_MS)
      return failure
    }
    failures = 0
    retryAt = 0
    link = target
    options.onConnect()
    return target
  }

  async function greet(target: Link): Promise<Failure | undefined> {
    const never = new AbortController().signal
    const ready = options.tls === 'off' ? undefined : await secured(target)
    if (ready !== undefined) return ready
    const hello = { method: 'server.version', params: ['bulkhead', PROTOCOL_VERSION] }
    const first = { method: 'blockchain.block.header', params: [0] }
    const version = await exchange(target, [hello], never)
    if ('refusal' in version) return version
    const [agreed] = version
    if (agreed?.kind !== 'result') return malformed('server.version', agreed?.message ?? '')
    const genesis = await exchange(target, [first], never)
    if ('refusal' in genesis) return genesis
    const [header] = genesis
    if (header?.kind !== 'result' || !isHeaderHex(header.value)) {
      return malformed('blockchain.block.header', JSON.stringify(header ?? null))
    }
    const found = blockHash(header.value)
    if (found === options.genesisHash) return undefined
    return refuse('CHAIN_WRONG_NETWORK', { chain: 'bitcoin', expected: options.genesisHash, found })
  }

  /** A pinned certificate is compared before the first byte of ours is sent. */
  function secured(target: Link): Promise<Failure | undefined> {
    const { tls } = options
    return new Promise((resolve) => {
      target.waiting.set(-1, (answer) => resolve('refusal' in answer ? answer : undefined))
      target.socket.once('secureConnect', () => {
        target.waiting.delete(-1)
        const pinned = typeof tls === 'object' ? tls.fingerprint256.toUpperCase() : undefined
        const shown =
          'getPeerCertificate' in target.socket &&
          typeof target.socket.getPeerCertificate === 'function'
            ? fingerprintSchema.safeParse(target.socket.getPeerCertificate()).data?.fingerprint256
            : undefined
        resolve(
          pinned === undefined || pinned === shown
            ? undefined
            : unreachable('the certificate is not the pinned one'),
        )
      })
    })
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
  ): Promise<ClientResult<readonly ElectrumAnswer[]>> {
    const batches: (readonly ElectrumCall[])[] = []
    for (let start = 0; start < calls.length; start += BATCH) {
      batches.push(calls.slice(start, start + BATCH))
    }
    const answers: ElectrumAnswer[] = []
    for (let start = 0; start < batches.length; start += BATCHES_IN_FLIGHT) {
      if (signal.aborted) return unreachable('cancelled')
      const group = batches.slice(start, start + BATCHES_IN_FLIGHT)
      for (const outcome of await Promise.all(group.map((batch) => askBatch(batch, signal)))) {
        if ('refusal' in outcome) return outcome
        answers.push(...outcome)
      }
    }
    return ok(answers)
  }

  return {
    ask: async (calls, outer) => {
      // One listener on the caller's signal however many batches wait; theirs hang on a signal of our own.
      const stop = new AbortController()
      setMaxListeners(0, stop.signal)
      const onAbort = (): void => stop.abort()
      if (outer.aborted) onAbort()
      outer.addEventListener('abort', onAbort, { once: true })
      try {
        return await askAll(calls, stop.signal)
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

const fingerprintSchema = z.object({ fingerprint256: z.string() })

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
