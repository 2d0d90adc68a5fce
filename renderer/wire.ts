/** The one way to the host: the desktop preload's bridge where there is one, else a WebSocket to our own origin.
 *  The token of the web shell comes in the URL fragment, is kept for this tab only and leaves the address bar.
 *  Refuses nothing: a call that cannot be answered rejects with `Disconnected`. */
import type { HostEvent } from '../shared/contract/event.ts'
import { eventSchema } from '../shared/contract/event.ts'
import { decode } from '../shared/contract/codec.ts'
import { z } from 'zod'

export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  | { readonly kind: 'disconnected'; readonly since: number; readonly retryAt: number | null }

export interface HostWire {
  call(method: string, input: string): Promise<string>
  /** Host events, and `link` whenever the connection changes. */
  subscribe(listener: (event: HostEvent) => void): () => void
  onLink(listener: () => void): () => void
  linkState(): LinkState
  close(): void
}

/** What the sandboxed preload puts on the window. */
export interface PreloadBridge {
  call(method: string, input: string): Promise<string>
  subscribe(listener: (event: string) => void): () => void
}

export class Disconnected extends Error {
  override readonly name = 'Disconnected'
}

/** Reads the text of an event; undefined for what is none (a newer host may tell more). */
function parseEvent(value: unknown): HostEvent | undefined {
  const parsed = eventSchema.safeParse(value)
  return parsed.success ? parsed.data : undefined
}

function textToEvent(text: string): HostEvent | undefined {
  const decoded = decode(text)
  return decoded.ok ? parseEvent(decoded.value) : undefined
}

/** One object for good: a snapshot that is new at each look never settles. */
const alwaysConnected: LinkState = { kind: 'connected' }

export function preloadWire(bridge: PreloadBridge): HostWire {
  return {
    call: (method, input) => bridge.call(method, input),
    subscribe: (listener) =>
      bridge.subscribe((text) => {
        const event = textToEvent(text)
        if (event !== undefined) listener(event)
      }),
    onLink: () => () => {},
    linkState: () => alwaysConnected,
    close: () => {},
  }
}

const serverMessageSchema = z.union([
  z.object({ id: z.int(), result: z.string() }),
  z.object({ event: z.union([z.string(), z.unknown()]) }),
])

/** The part of WebSocket that is used: tests bring their own. */
export interface Socket {
  onopen: (() => void) | null
  onclose: (() => void) | null
  onmessage: ((message: { readonly data: unknown }) => void) | null
  send(text: string): void
  close(): void
}

export interface SocketWireOptions {
  readonly open: () => Socket
  readonly nowMs: () => number
  readonly later: (run: () => void, delayMs: number) => () => void
  readonly callTimeoutMs: number
}

const firstRetryMs = 500
const lastRetryMs = 10_000

/** Reconnects with a doubling delay. Calls made while disconnected reject at once; none is sent twice. */
export function socketWire(options: SocketWireOptions): HostWire {
  const listeners = new Set<(event: HostEvent) => void>()
  const linkListeners = new Set<() => void>()
  const pending = new Map<
    number,
    { resolve: (text: string) => void; reject: (error: Error) => void; stop: () => void }
  >()
  const waitingForOpen = new Set<() => void>()
  let link: LinkState = { kind: 'connecting' }
  let socket: Socket | null = null
  let nextId = 1
  let delayMs = firstRetryMs
  let closed = false

  const setLink = (next: LinkState) => {
    link = next
    for (const listener of linkListeners) listener()
  }

  const dropPending = () => {
    for (const call of pending.values()) {
      call.stop()
      call.reject(new Disconnected('the host went away'))
    }
    pending.clear()
  }

  const receive = (data: unknown) => {
    if (typeof data !== 'string') return
    let parsed: unknown
    try {
      parsed = JSON.parse(data)
    } catch {
      return
    }
    const message = serverMessageSchema.safeParse(parsed)
    if (!message.success) return
    if ('id' in message.data) {
      const call = pending.get(message.data.id)
      pending.delete(message.data.id)
      call?.stop()
      call?.resolve(message.data.result)
      return
    }
    const { event: body } = message.data
    const event = typeof body === 'string' ? textToEvent(body) : parseEvent(body)
    if (event !== undefined) for (const listener of listeners) listener(event)
  }

  const connect = () => {
    if (closed) return
    const mine = options.open()
    socket = mine
    mine.onopen = () => {
      delayMs = firstRetryMs
      setLink({ kind: 'connected' })
      for (const start of [...waitingForOpen]) start()
      waitingForOpen.clear()
    }
    mine.onmessage = (message) => receive(message.data)
    mine.onclose = () => {
      if (socket !== mine) return
      socket = null
      dropPending()
      if (closed) return
      const since = link.kind === 'disconnected' ? link.since : options.nowMs()
      setLink({ kind: 'disconnected', since, retryAt: options.nowMs() + delayMs })
      for (const start of [...waitingForOpen]) start()
      waitingForOpen.clear()
      options.later(connect, delayMs)
      delayMs = Math.min(delayMs * 2, lastRetryMs)
    }
  }
  connect()

  const send = (method: string, input: string) =>
    new Promise<string>((resolve, reject) => {
      if (socket === null || link.kind !== 'connected') {
        reject(new Disconnected('the host does not answer'))
        return
      }
      const id = nextId++
      const stop = options.later(() => {
        pending.delete(id)
        reject(new Disconnected(`${method}: no answer`))
      }, options.callTimeoutMs)
      pending.set(id, { resolve, reject, stop })
      socket.send(JSON.stringify({ id, method, input }))
    })

  return {
    call: (method, input) =>
      link.kind === 'connecting'
        ? new Promise((resolve, reject) => {
            waitingForOpen.add(() => send(method, input).then(resolve, reject))
          })
        : send(method, input),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onLink(listener) {
      linkListeners.add(listener)
      return () => linkListeners.delete(listener)
    },
    linkState: () => link,
    close() {
      closed = true
      dropPending()
      socket?.close()
    },
  }
}

/** Takes `#token=…` out of a fragment; the rest of it is the screen to show. */
export function splitToken(fragment: string): {
  readonly token: string | null
  readonly rest: string
} {
  const match = /^#token=([\w.~-]+)(?:&(.*))?$/.exec(fragment)
  return match === null
    ? { token: null, rest: fragment }
    : { token: match[1] ?? null, rest: match[2] === undefined ? '' : `#${match[2]}` }
}
