/** From ccxt's error classes and the venue's own codes to our refusals. Never by message text, and
 *  nothing of ccxt's messages is passed on: they carry signed URLs. */
import { errors } from 'ccxt'
import type { Refusal } from '../../../shared/errors/refusal.ts'
import { parseRow } from './fields.ts'

/** What the wire showed of one call. */
export interface Exchanged {
  status: number | null
  body: string | null
  retryAfterMs: number | null
  /** Set when our own time limit ended the call. */
  timedOut: boolean
}

export type CallRefusal = Refusal<
  | 'VENUE_UNREACHABLE'
  | 'VENUE_ANSWER_MALFORMED'
  | 'VENUE_REJECTED'
  | 'VENUE_KEY_REJECTED'
  | 'VENUE_RATE_LIMITED'
  | 'VENUE_UNSUPPORTED'
>

interface VenueWords {
  readonly code: string
  readonly message: string
}

/** The venue's own code and message from the answer body, bounded. */
function wordsOf(body: string | null, error: unknown): VenueWords {
  const fallback = { code: error instanceof Error ? error.name : 'unknown', message: '' }
  if (body === null) return fallback
  let row: ReturnType<typeof parseRow>
  try {
    row = parseRow(JSON.parse(body))
  } catch {
    return fallback
  }
  const code = row?.['code'] ?? row?.['status']
  const message = row?.['msg'] ?? row?.['response'] ?? row?.['message']
  return {
    code: typeof code === 'number' || typeof code === 'string' ? String(code) : fallback.code,
    message: typeof message === 'string' ? message.slice(0, 200) : '',
  }
}

/** `keyCodes`: the venue's own codes for a refused key, where ccxt's class is misleading. */
export function refusalOf(
  venue: string,
  error: unknown,
  exchanged: Exchanged,
  aborted: boolean,
  keyCodes: ReadonlySet<string>,
): CallRefusal {
  const unreachable = (reason: string): CallRefusal => ({
    code: 'VENUE_UNREACHABLE',
    data: { venue, reason },
  })
  if (aborted) return unreachable('aborted')
  if (exchanged.timedOut) return unreachable('timeout')
  const words = wordsOf(exchanged.body, error)
  if (error instanceof errors.AuthenticationError || keyCodes.has(words.code)) {
    return { code: 'VENUE_KEY_REJECTED', data: { venue, venueMessage: words.message } }
  }
  if (error instanceof errors.RateLimitExceeded || error instanceof errors.DDoSProtection) {
    const { retryAfterMs } = exchanged
    return { code: 'VENUE_RATE_LIMITED', data: { venue, retryAfterMs } }
  }
  const rejected: CallRefusal = {
    code: 'VENUE_REJECTED',
    data: { venue, venueCode: words.code, venueMessage: words.message },
  }
  if (error instanceof errors.InvalidNonce) return rejected
  if (error instanceof errors.BadResponse) {
    const value = (exchanged.body ?? '').slice(0, 80)
    return { code: 'VENUE_ANSWER_MALFORMED', data: { venue, field: 'answer', value } }
  }
  if (error instanceof errors.RequestTimeout) return unreachable('timeout')
  // OperationFailed is the family of 'it may or may not have happened', NetworkError included.
  if (error instanceof errors.OperationFailed) {
    return unreachable(exchanged.status === null ? 'connection' : `HTTP ${exchanged.status}`)
  }
  if (error instanceof errors.NotSupported) {
    return { code: 'VENUE_UNSUPPORTED', data: { venue, action: 'request' } }
  }
  if (error instanceof errors.ExchangeError) return rejected
  // The answer was such that ccxt itself stumbled over it.
  if (exchanged.status !== null) {
    const value = (exchanged.body ?? '').slice(0, 80)
    return { code: 'VENUE_ANSWER_MALFORMED', data: { venue, field: 'answer', value } }
  }
  throw error
}

/** The venue found our clock off: nothing was executed, so asking again is safe. */
export function isClockRefusal(error: unknown): boolean {
  return error instanceof errors.InvalidNonce
}
