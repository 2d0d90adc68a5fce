/** The one closed table of refusals: code → data, and whether asking again may help.
 *  Messages and ways out live in the catalogue under `error.<CODE>` and `error.<CODE>.wayOut`;
 *  nobody matches on message text. */

/** Numbers and names each code carries. Amounts and prices are decimal text, times are ms. */
export interface RefusalData {
  // the call
  INPUT_INVALID: { readonly field: string; readonly problem: string }
  METHOD_UNKNOWN: { readonly method: string }
  NOT_AUTHORISED: { readonly method: string; readonly caller: string }
  CONFIRMATION_REQUIRED: { readonly what: string; readonly where: string }
  NOT_FOUND: { readonly what: string; readonly id: string }
  INTERNAL: { readonly reference: string }
  HOST_STOPPED: { readonly reason: string }

  // venues
  VENUE_UNREACHABLE: { readonly venue: string; readonly reason: string }
  VENUE_ANSWER_MALFORMED: { readonly venue: string; readonly field: string; readonly value: string }
  VENUE_REJECTED: {
    readonly venue: string
    readonly venueCode: string
    readonly venueMessage: string
  }
  VENUE_KEY_REJECTED: { readonly venue: string; readonly venueMessage: string }
  VENUE_RATE_LIMITED: { readonly venue: string; readonly retryAfterMs: number | null }
  VENUE_UNSUPPORTED: { readonly venue: string; readonly action: string }
  SNAPSHOT_STALE: { readonly venue: string; readonly ageMs: number; readonly limitMs: number }
  SNAPSHOT_MISSING: { readonly venue: string }
  MARGIN_INPUT_INVALID: { readonly field: string; readonly value: string; readonly reason: string }

  // plans
  AMOUNT_INVALID: { readonly amount: string; readonly asset: string }
  AMOUNT_OVER_EXCESS: { readonly asked: string; readonly excess: string; readonly asset: string }
  AMOUNT_UNDER_MINIMUM: { readonly asked: string; readonly minimum: string; readonly asset: string }
  AMOUNT_OVER_MAXIMUM: { readonly asked: string; readonly maximum: string; readonly asset: string }
  FUNDS_INSUFFICIENT: {
    readonly needed: string
    readonly available: string
    readonly asset: string
  }
  FIRST_PAYMENT_OVER_CAP: {
    readonly asked: string
    readonly cap: string
    readonly asset: string
    readonly address: string
  }
  FEE_OVER_CAP: { readonly fee: string; readonly cap: string; readonly asset: string }
  ADDRESS_INVALID: { readonly address: string; readonly reason: string }
  NAME_REFUSED: { readonly name: string; readonly reason: string }
  ADDRESS_NOT_VERIFIED: { readonly address: string }
  ADDRESS_ANSWERS_DIFFER: {
    readonly venue: string
    readonly first: string
    readonly second: string
  }
  NETWORK_MISMATCH: { readonly asset: string; readonly asked: string; readonly expected: string }
  NETWORK_SUSPENDED: { readonly venue: string; readonly asset: string; readonly network: string }
  /** `before` (in the plan) and `after` in the asset: the fee, or what may leave in whole steps. */
  VENUE_TERMS_CHANGED: {
    readonly venue: string
    readonly what: 'withdrawal fee' | 'withdrawal step'
    readonly before: string
    readonly after: string
    readonly asset: string
  }
  /** A node's simulation of the transaction, against the plan. */
  SIMULATION_DIFFERS: {
    readonly field: string
    readonly planned: string
    readonly simulated: string
  }
  PLAN_EXPIRED: { readonly ageMs: number; readonly limitMs: number }
  PLAN_PRICES_MOVED: {
    readonly asset: string
    readonly planned: string
    readonly now: string
    readonly movedBps: number
    readonly limitBps: number
  }
  /** Fresh prices of one asset, USD, from two venues of which at least one is wrong. */
  PRICES_DISAGREE: {
    readonly asset: string
    readonly low: string
    readonly lowSource: string
    readonly high: string
    readonly highSource: string
  }
  PLAN_DIGEST_MISMATCH: { readonly approved: string; readonly actual: string }
  /** `with`: the transfer that holds it. */
  PLAN_CONFLICTS: { readonly over: string; readonly with: string }
  PLAN_STATE_WRONG: { readonly state: string; readonly needed: string }
  RISK_AFTER_TOO_HIGH: { readonly scenario: string; readonly slackAfter: string }
  VAULT_NOT_PAIRED: { readonly chain: string }
  RECONCILIATION_NEEDED: { readonly reason: string }
  COIN_FROZEN: { readonly coin: string }
  /** A coin was once to be signed for at another amount; `with`: the transfer that asked. */
  COIN_AMOUNT_CHANGED: {
    readonly coin: string
    readonly before: string
    readonly now: string
    readonly asset: string
    readonly with: string
  }
  /** `by`: 'sweeps' go there, or the transfer under way that uses it. */
  ACCOUNT_IN_USE: { readonly account: string; readonly by: string }

  // messages
  /** `amount`: base units as text, or 'unlimited' or 'unknown'. */
  ALLOWANCE_REFUSED: { readonly what: string; readonly spender: string; readonly amount: string }
  MESSAGE_REFUSED: { readonly what: string; readonly detail: string }
  /** `input` counts from 1. */
  PSBT_NOT_SIGNED: { readonly input: number; readonly inputs: number }
  /** A foreign PSBT that cannot become a payment of ours. */
  PSBT_UNFIT: { readonly field: string; readonly problem: string }

  // device
  DEVICE_NOT_FOUND: { readonly reason: string }
  DEVICE_SEVERAL: { readonly count: number }
  DEVICE_WRONG: { readonly expected: string; readonly found: string }
  DEVICE_BUSY: { readonly by: string }
  /** `state`: what it does instead of waiting for what is typed here. */
  NOTHING_ASKED: { readonly state: string }
  DEVICE_LOCKED: { readonly reason: string }
  DEVICE_REJECTED: { readonly what: string }
  DEVICE_CANCELLED: { readonly what: string }
  DEVICE_UNPLUGGED: { readonly what: string }
  DEVICE_TIMEOUT: { readonly what: string; readonly afterMs: number }
  DEVICE_FIRMWARE_TOO_OLD: { readonly found: string; readonly needed: string }
  DEVICE_ADDRESS_MISMATCH: { readonly expected: string; readonly shown: string }
  /** The passphrase typed opens another wallet than the one of this fingerprint. */
  DEVICE_WRONG_PASSPHRASE: { readonly expected: string }
  /** The wallet needs a passphrase and the device has passphrases switched off. */
  DEVICE_PASSPHRASE_OFF: { readonly device: string }
  /** The device has passphrases switched on since it was last asked. */
  DEVICE_PASSPHRASE_ON: { readonly device: string }
  DEVICE_FAILED: { readonly deviceCode: string; readonly deviceMessage: string }
  SIGNED_MISMATCH: {
    readonly differences: readonly {
      readonly field: string
      readonly approved: string
      readonly returned: string
    }[]
  }

  // chains
  CHAIN_UNREACHABLE: { readonly chain: string; readonly reason: string }
  CHAIN_ANSWER_MALFORMED: { readonly chain: string; readonly field: string; readonly value: string }
  CHAIN_WRONG_NETWORK: { readonly chain: string; readonly expected: string; readonly found: string }
  CHAIN_REJECTED: { readonly chain: string; readonly reason: string }
  CHAIN_LIED: {
    readonly chain: string
    readonly field: string
    readonly claimed: string
    readonly actual: string
  }
  /** The server's newest block is too old, or on a branch with less work than the one known up to `best`. */
  CHAIN_STALE: {
    readonly chain: string
    readonly height: number
    readonly best: number
    readonly ageMs: number
  }
  /** Another transaction used up its nonce; `by` is that one's hash where known. */
  TRANSACTION_REPLACED: {
    readonly chain: string
    readonly txid: string
    readonly by: string | null
  }
  OUTCOME_UNKNOWN: { readonly step: string; readonly since: number }

  // store
  STORE_IN_USE: { readonly holder: string }
  STORE_CORRUPT: { readonly file: string; readonly reason: string }
  STORE_TOO_NEW: { readonly found: number; readonly known: number }
  STORE_WRITE_FAILED: { readonly reason: string }
  JOURNAL_TAMPERED: { readonly seq: number; readonly reason: string }
  SECRETS_LOCKED: { readonly slots: readonly string[] }
  PASSPHRASE_WRONG: { readonly slot: string }
}

export type RefusalCode = keyof RefusalData

/** True where the same call may succeed later without the user changing anything. */
export const refusalRetryable: { readonly [C in RefusalCode]: boolean } = {
  INPUT_INVALID: false,
  METHOD_UNKNOWN: false,
  NOT_AUTHORISED: false,
  CONFIRMATION_REQUIRED: false,
  NOT_FOUND: false,
  INTERNAL: false,
  HOST_STOPPED: true,
  VENUE_UNREACHABLE: true,
  VENUE_ANSWER_MALFORMED: true,
  VENUE_REJECTED: false,
  VENUE_KEY_REJECTED: false,
  VENUE_RATE_LIMITED: true,
  VENUE_UNSUPPORTED: false,
  SNAPSHOT_STALE: true,
  SNAPSHOT_MISSING: true,
  MARGIN_INPUT_INVALID: false,
  AMOUNT_INVALID: false,
  AMOUNT_OVER_EXCESS: false,
  AMOUNT_UNDER_MINIMUM: false,
  AMOUNT_OVER_MAXIMUM: false,
  FUNDS_INSUFFICIENT: false,
  FIRST_PAYMENT_OVER_CAP: false,
  FEE_OVER_CAP: true,
  ADDRESS_INVALID: false,
  NAME_REFUSED: false,
  ADDRESS_NOT_VERIFIED: false,
  ADDRESS_ANSWERS_DIFFER: false,
  NETWORK_MISMATCH: false,
  NETWORK_SUSPENDED: true,
  VENUE_TERMS_CHANGED: false,
  SIMULATION_DIFFERS: false,
  PLAN_EXPIRED: false,
  PLAN_PRICES_MOVED: false,
  PRICES_DISAGREE: true,
  PLAN_DIGEST_MISMATCH: false,
  PLAN_CONFLICTS: false,
  PLAN_STATE_WRONG: false,
  RISK_AFTER_TOO_HIGH: false,
  VAULT_NOT_PAIRED: false,
  RECONCILIATION_NEEDED: false,
  COIN_FROZEN: false,
  COIN_AMOUNT_CHANGED: false,
  ACCOUNT_IN_USE: false,
  ALLOWANCE_REFUSED: false,
  MESSAGE_REFUSED: false,
  PSBT_NOT_SIGNED: false,
  PSBT_UNFIT: false,
  DEVICE_NOT_FOUND: true,
  DEVICE_SEVERAL: false,
  DEVICE_WRONG: false,
  DEVICE_BUSY: true,
  NOTHING_ASKED: false,
  DEVICE_LOCKED: true,
  DEVICE_REJECTED: false,
  DEVICE_CANCELLED: false,
  DEVICE_UNPLUGGED: true,
  DEVICE_TIMEOUT: true,
  DEVICE_FIRMWARE_TOO_OLD: false,
  DEVICE_ADDRESS_MISMATCH: false,
  DEVICE_WRONG_PASSPHRASE: false,
  DEVICE_PASSPHRASE_OFF: false,
  DEVICE_PASSPHRASE_ON: true,
  DEVICE_FAILED: false,
  SIGNED_MISMATCH: false,
  CHAIN_UNREACHABLE: true,
  CHAIN_ANSWER_MALFORMED: true,
  CHAIN_WRONG_NETWORK: false,
  CHAIN_REJECTED: false,
  CHAIN_LIED: false,
  CHAIN_STALE: true,
  TRANSACTION_REPLACED: false,
  OUTCOME_UNKNOWN: false,
  STORE_IN_USE: true,
  STORE_CORRUPT: false,
  STORE_TOO_NEW: false,
  STORE_WRITE_FAILED: true,
  JOURNAL_TAMPERED: false,
  SECRETS_LOCKED: false,
  PASSPHRASE_WRONG: false,
}

/** An expected no: a value, never thrown. */
export type Refusal<C extends RefusalCode = RefusalCode> = {
  readonly [K in C]: { readonly code: K; readonly data: RefusalData[K] }
}[C]

export type Result<T, C extends RefusalCode = RefusalCode> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly refusal: Refusal<C> }

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value }
}

export function refuse<C extends RefusalCode>(
  code: C,
  data: RefusalData[C],
): { readonly ok: false; readonly refusal: { readonly code: C; readonly data: RefusalData[C] } } {
  return { ok: false, refusal: { code, data } }
}

export function isRefusalCode(value: string): value is RefusalCode {
  return Object.hasOwn(refusalRetryable, value)
}
