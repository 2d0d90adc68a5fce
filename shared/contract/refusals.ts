/** Groups of refusal codes that methods declare together. */
import type { RefusalCode } from '../errors/refusal.ts'

export const venueRefusals = [
  'VENUE_UNREACHABLE',
  'VENUE_ANSWER_MALFORMED',
  'VENUE_REJECTED',
  'VENUE_KEY_REJECTED',
  'VENUE_RATE_LIMITED',
  'VENUE_UNSUPPORTED',
  'ADDRESS_ANSWERS_DIFFER',
] as const satisfies readonly RefusalCode[]

export const chainRefusals = [
  'CHAIN_UNREACHABLE',
  'CHAIN_ANSWER_MALFORMED',
  'CHAIN_WRONG_NETWORK',
  'CHAIN_REJECTED',
  'CHAIN_LIED',
  'CHAIN_STALE',
] as const satisfies readonly RefusalCode[]

export const deviceRefusals = [
  'DEVICE_NOT_FOUND',
  'DEVICE_SEVERAL',
  'DEVICE_WRONG',
  'DEVICE_BUSY',
  'DEVICE_LOCKED',
  'DEVICE_REJECTED',
  'DEVICE_CANCELLED',
  'DEVICE_UNPLUGGED',
  'DEVICE_TIMEOUT',
  'DEVICE_FIRMWARE_TOO_OLD',
  'DEVICE_ADDRESS_MISMATCH',
  'DEVICE_WRONG_PASSPHRASE',
  'DEVICE_PASSPHRASE_OFF',
  'DEVICE_PASSPHRASE_ON',
  'DEVICE_FAILED',
] as const satisfies readonly RefusalCode[]

export const planRefusals = [
  'NOT_FOUND',
  'AMOUNT_INVALID',
  'AMOUNT_OVER_EXCESS',
  'AMOUNT_UNDER_MINIMUM',
  'AMOUNT_OVER_MAXIMUM',
  'FUNDS_INSUFFICIENT',
  'FIRST_PAYMENT_OVER_CAP',
  'FEE_OVER_CAP',
  'ADDRESS_INVALID',
  'ADDRESS_NOT_VERIFIED',
  'ADDRESS_ANSWERS_DIFFER',
  'NETWORK_MISMATCH',
  'NETWORK_SUSPENDED',
  'VENUE_TERMS_CHANGED',
  'PLAN_EXPIRED',
  'PLAN_PRICES_MOVED',
  'PRICES_DISAGREE',
  'PLAN_DIGEST_MISMATCH',
  'PLAN_CONFLICTS',
  'COIN_FROZEN',
  'PLAN_STATE_WRONG',
  'RISK_AFTER_TOO_HIGH',
  'VAULT_NOT_PAIRED',
  'SNAPSHOT_STALE',
  'SNAPSHOT_MISSING',
  'MARGIN_INPUT_INVALID',
  'RECONCILIATION_NEEDED',
  'CONFIRMATION_REQUIRED',
] as const satisfies readonly RefusalCode[]

export const storeRefusals = [
  'STORE_CORRUPT',
  'JOURNAL_TAMPERED',
  'SECRETS_LOCKED',
] as const satisfies readonly RefusalCode[]
