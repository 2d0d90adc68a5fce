/** What every bitcoin source says in the same words: its refusals, and the shapes all of them send. */
import { z } from 'zod'
import { type Result, ok, refuse } from '../../../../shared/errors/refusal.ts'

export const hashSchema = z.string().regex(/^[0-9a-f]{64}$/)
export const rawSchema = z.string().regex(/^([0-9a-f]{2})+$/)

/** Above this a fee rate is a fault or an attack, not a market (sat/vB). */
const ABSURD_FEE_RATE = 10_000
const MINIMUM_FEE_RATE = 1

const chain = 'bitcoin'

function clip(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return text.slice(0, 200)
}

export function lied(field: string, claimed: unknown, actual: unknown) {
  return refuse('CHAIN_LIED', {
    chain,
    field,
    claimed: String(claimed).slice(0, 200),
    actual: String(actual).slice(0, 200),
  })
}

export function malformed(field: string, value: unknown) {
  return refuse('CHAIN_ANSWER_MALFORMED', { chain, field, value: clip(value) })
}

export function rejected(reason: string) {
  return refuse('CHAIN_REJECTED', { chain, reason: reason.slice(0, 300) })
}

export function unreachable(reason: string) {
  return refuse('CHAIN_UNREACHABLE', { chain, reason: reason.slice(0, 300) })
}

export function wrongNetwork(expected: string, found: string) {
  return refuse('CHAIN_WRONG_NETWORK', { chain, expected, found: found.slice(0, 100) })
}

export function stale(height: number, best: number, ageMs: number) {
  return refuse('CHAIN_STALE', { chain, height, best, ageMs: Math.max(0, Math.round(ageMs)) })
}

/** A server's estimate in sat/vB, no lower than what nodes relay; undefined is a server without one, which is
 *  not the same as a low one. */
export function feeRate(
  field: string,
  satPerVb: number | undefined,
): Result<number, 'CHAIN_ANSWER_MALFORMED' | 'CHAIN_UNREACHABLE'> {
  if (satPerVb === undefined) return unreachable('the server has no fee estimate now')
  if (satPerVb > ABSURD_FEE_RATE) return malformed(field, satPerVb)
  return ok(Math.max(satPerVb, MINIMUM_FEE_RATE))
}
