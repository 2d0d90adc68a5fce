/** A shell's side of the host process: calls in, results and events out, asks answered.
 *  A host that dies is started again after a growing pause; calls that it held and calls made meanwhile are
 *  answered HOST_STOPPED, never sent twice: only the host's own journal knows what had happened. */
import { encodeCanonical } from '../../shared/contract/codec.ts'
import { refuse } from '../../shared/errors/refusal.ts'
import {
  type Answer,
  type Ask,
  type FromHost,
  fromHostSchema,
  type ToHost,
} from './hostProtocol.ts'

/** The part of a child process that both kinds of it have. */
export interface HostChild {
  post(message: ToHost): void
  onMessage(listener: (message: unknown) => void): void
  onExit(listener: (reason: string) => void): void
  kill(): void
}

export interface HostClientOptions {
  readonly start: () => HostChild
  /** Resolves to null where this shell cannot do it. Aborted when the host withdraws its ask or dies. */
  readonly answer: (ask: Ask, signal: AbortSignal) => Promise<Answer>
  readonly log: (line: string) => void
  /** Runs `run` after `delayMs` unless the returned function is called first. */
  readonly later: (run: () => void, delayMs: number) => () => void
}

export interface HostClient {
  /** `input` and the result are encoded; never rejects. */
  call(method: string, input: string): Promise<string>
  /** Encoded events of the host, and a status event whenever it went away or came back. */
  subscribe(listener: (event: string) => void): () => void
  /** Asks the host to end, kills it after `stopMs`, resolves when it is gone. */
  stop(): Promise<void>
}

const firstPauseMs = 500
const longestPauseMs = 10_000
const stopMs = 5_000
const statusEvent = encodeCanonical({ topic: 'status' })

function stopped(reason: string): string {
  return encodeCanonical(refuse('HOST_STOPPED', { reason }))
}

/** One life of the host process. */
interface Life {
  readonly child: HostChild
  readonly pending: Map<number, (result: string) => void>
  readonly asks: Map<number, AbortController>
}

export function startHostClient(options: HostClientOptions): HostClient {
  const listeners = new Set<(event: string) => void>()
  let life: Life | null = null
  let nextId = 0
  let pauseMs = firstPauseMs
  let cancelRestart = () => {}
  let stopping: { readonly done: () => void } | null = null

  const tell = (event: string) => {
    for (const listener of listeners) listener(event)
  }

  const answerAsk = async (mine: Life, id: number, request: Ask): Promise<void> => {
    const controller = new AbortController()
    mine.asks.set(id, controller)
    const answer = await options.answer(request, controller.signal).catch((error: unknown) => {
      options.log(`answering ${request.kind} failed: ${String(error)}`)
      return null
    })
    mine.asks.delete(id)
    if (life === mine && !controller.signal.aborted) mine.child.post({ answerTo: id, answer })
  }

  const receive = (mine: Life, message: FromHost): void => {
    if ('id' in message) {
      // An answering host is a living one.
      pauseMs = firstPauseMs
      mine.pending.get(message.id)?.(message.result)
      mine.pending.delete(message.id)
    } else if ('event' in message) tell(message.event)
    else if ('ask' in message) void answerAsk(mine, message.ask, message.request)
    else mine.asks.get(message.withdrawn)?.abort()
  }

  const bury = (mine: Life, reason: string): void => {
    if (life !== mine) return
    life = null
    for (const controller of mine.asks.values()) controller.abort()
    for (const resolve of mine.pending.values()) resolve(stopped(reason))
    if (stopping !== null) return stopping.done()
    options.log(`host ended: ${reason}; starting it again in ${pauseMs} ms`)
    cancelRestart = options.later(() => {
      begin()
      tell(statusEvent)
    }, pauseMs)
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    tell(statusEvent)
  }

  const begin = (): void => {
    const mine: Life = { child: options.start(), pending: new Map(), asks: new Map() }
    life = mine
    mine.child.onMessage((message) => {
      const parsed = fromHostSchema.safeParse(message)
      if (parsed.success && life === mine) receive(mine, parsed.data)
    })
    mine.child.onExit((reason) => bury(mine, reason))
  }
  begin()

  return {
    call(method, input) {
      const mine = life
      if (mine === null || stopping !== null) return Promise.resolve(stopped('not running'))
      return new Promise((resolve) => {
        const id = nextId++
        mine.pending.set(id, resolve)
        mine.child.post({ id, method, input })
      })
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    stop() {
      cancelRestart()
      const mine = life
      if (mine === null) return Promise.resolve()
      return new Promise((resolve) => {
        const cancelKill = options.later(() => mine.child.kill(), stopMs)
        stopping = {
          done: () => {
            cancelKill()
            resolve()
          },
        }
        mine.child.post({ stop: true })
      })
    },
  }
}
