/** One ccxt exchange as a wire: signing, throttling and error classes are ccxt's; timeouts, abort,
 *  body limits, the loopback rewrite and the mapping of refusals are ours. Raw answers come out. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock, VenueHealth, VenueResult } from '../../host/ports.ts'
import { type CallRefusal, type Exchanged, isClockRefusal, refusalOf } from './refusals.ts'

/** Sends every request of this venue to one loopback origin. For the demo and tests only. */
export interface Origins {
  readonly every: string
}

/** The part of a ccxt exchange that a connection touches. */
export interface CcxtExchange {
  readonly urls: unknown
  fetchImplementation: unknown
  rateLimiterAlgorithm: string
  throttle: (cost?: number) => Promise<void>
  milliseconds: () => number
  readonly options: { timeDifference?: number; [name: string]: unknown }
}

export interface Connection {
  /** Runs one raw ccxt call; `ask` must make exactly one request. */
  call(ask: () => Promise<unknown>, signal: AbortSignal): Promise<VenueResult<unknown>>
  /** Measures the venue's clock with a call that answers its time in ms (NaN when unreadable). */
  measureClock(ask: () => Promise<number>, signal: AbortSignal): Promise<VenueResult<number>>
  /** Takes the clock from the last answer's Date header, for venues without a time endpoint: whole
   *  seconds, so what is under one second off counts as right. */
  noteClockFromDate(): void
  health(): VenueHealth
  /** Notes a whole successful answer. */
  noteSuccess(): void
  close(): void
}

interface CallContext {
  readonly controller: AbortController
  readonly exchanged: Exchanged
}

export interface ConnectionOptions {
  readonly venue: string
  readonly exchange: CcxtExchange
  readonly clock: Clock
  readonly timeoutMs: number
  readonly origins: Origins | undefined
  readonly keyCodes: ReadonlySet<string>
}

const BODY_LIMIT_BYTES = 32 * 1024 * 1024
const LOOPBACK = /^http:\/\/127\.0\.0\.1:\d{1,5}$/

/** Replaces scheme and host of every API URL; throws when the target is not this machine. */
export function rewriteOrigins(urls: unknown, origins: Origins): void {
  if (!LOOPBACK.test(origins.every)) throw new Error('origins must be a loopback origin')
  if (typeof urls !== 'object' || urls === null || !('api' in urls)) return
  const { api } = urls
  if (typeof api !== 'object' || api === null) return
  for (const [name, url] of Object.entries(api)) {
    if (typeof url !== 'string') continue
    Object.assign(api, { [name]: url.replace(/^https?:\/\/[^/]+/, origins.every) })
  }
}

async function readBounded(response: Response): Promise<string> {
  if (response.body === null) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for await (const chunk of response.body) {
    size += chunk.byteLength
    if (size > BODY_LIMIT_BYTES) throw new TypeError('answer too long')
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}

function retryAfterMs(headers: Headers): number | null {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 1000) : null
}

interface Link {
  readonly controller: AbortController
  /** Never resolves; rejects when the controller aborts. */
  readonly aborted: Promise<never>
  release(): void
}

/** One controller a call, aborted with any of `signals`. Released by hand: composed signals would hold
 *  every finished call for as long as the connection lives. */
function linkSignals(signals: readonly AbortSignal[]): Link {
  const controller = new AbortController()
  const abort = () => controller.abort()
  for (const signal of signals) signal.addEventListener('abort', abort, { once: true })
  const aborted = new Promise<never>((_, reject) => {
    controller.signal.addEventListener('abort', () => reject(new Error('aborted')), { once: true })
  })
  return {
    controller,
    aborted,
    release: () => {
      for (const signal of signals) signal.removeEventListener('abort', abort)
    },
  }
}

export function createConnection(options: ConnectionOptions): Connection {
  const { venue, exchange, clock, origins } = options
  const contexts = new AsyncLocalStorage<CallContext>()
  const closing = new AbortController()
  let asOf: number | null = null
  let dated: { readonly venueTime: number; readonly ours: number } | null = null
  let clockSkewMs: number | null = null

  if (origins !== undefined) rewriteOrigins(exchange.urls, origins)
  exchange.milliseconds = () => clock.now()
  // Bursts within the venue's minute, instead of one request every 50 ms per unit of weight.
  exchange.rateLimiterAlgorithm = 'rollingWindow'
  // With `number: String` ccxt reads its own costs as text and '0' + '1' + '1' fills the minute at once.
  const throttle = exchange.throttle.bind(exchange)
  exchange.throttle = (cost) => throttle(cost === undefined ? undefined : Number(cost))
  exchange.fetchImplementation = async (url: string, request: RequestInit) => {
    if (origins !== undefined && !url.startsWith(`${origins.every}/`)) {
      throw new TypeError('a request left the loopback')
    }
    const context = contexts.getStore()
    if (context === undefined) throw new TypeError('a request outside of a call')
    const { controller, exchanged } = context
    const limit = setTimeout(() => {
      exchanged.timedOut = true
      controller.abort()
    }, options.timeoutMs)
    const { method, headers, body } = request
    const before = clock.now()
    try {
      const response = await fetch(url, {
        method: method ?? 'GET',
        headers: headers ?? {},
        body: body ?? null,
        redirect: 'error',
        signal: controller.signal,
      })
      exchanged.status = response.status
      exchanged.retryAfterMs = retryAfterMs(response.headers)
      const venueTime = Date.parse(response.headers.get('date') ?? '')
      if (Number.isFinite(venueTime)) dated = { venueTime, ours: (before + clock.now()) / 2 }
      const text = await readBounded(response)
      exchanged.body = text
      return new Response(text === '' ? null : text, {
        status: response.status,
        statusText: response.statusText,
        headers: { 'content-type': response.headers.get('content-type') ?? 'text/plain' },
      })
    } finally {
      clearTimeout(limit)
    }
  }

  const call: Connection['call'] = async (ask, signal) => {
    const exchanged: Exchanged = { status: null, body: null, retryAfterMs: null, timedOut: false }
    const refuse = (refusal: CallRefusal) => ({ ok: false, refusal }) as const
    if (signal.aborted || closing.signal.aborted) {
      return refuse({ code: 'VENUE_UNREACHABLE', data: { venue, reason: 'aborted' } })
    }
    const link = linkSignals([signal, closing.signal])
    try {
      const asked = contexts.run({ controller: link.controller, exchanged }, ask)
      // A call still queued in the throttle ends at once; if its turn comes later, fetch refuses to send.
      const value = await Promise.race([asked, link.aborted])
      return { ok: true, value }
    } catch (error) {
      const aborted = signal.aborted || closing.signal.aborted
      if (isClockRefusal(error)) clockSkewMs = null
      return refuse(refusalOf(venue, error, exchanged, aborted, options.keyCodes))
    } finally {
      link.release()
    }
  }

  const noteSkew = (skewMs: number) => {
    clockSkewMs = Math.round(skewMs)
    exchange.options.timeDifference = -clockSkewMs
  }

  return {
    call,
    noteClockFromDate: () => {
      if (dated === null) return
      const skewMs = dated.venueTime + 500 - dated.ours
      noteSkew(Math.abs(skewMs) < 1000 ? 0 : skewMs)
    },
    measureClock: async (ask, signal) => {
      const before = clock.now()
      const answered = await call(ask, signal)
      if (!answered.ok) return answered
      const { value } = answered
      if (typeof value !== 'number' || !Number.isSafeInteger(value) || value <= 0) {
        const data = { venue, field: 'time', value: String(value) }
        return { ok: false, refusal: { code: 'VENUE_ANSWER_MALFORMED', data } }
      }
      noteSkew(value - (before + clock.now()) / 2)
      return { ok: true, value }
    },
    health: () => ({ asOf, clockSkewMs }),
    noteSuccess: () => {
      asOf = clock.now()
    },
    close: () => closing.abort(),
  }
}
