/** What every bitcoin source says in the same words: its refusals, and the shapes all of them send. */
import { z } from 'zod'
import { refuse } from '../../../../shared/errors/refusal.ts'

export const hashSchema = z.string().regex(/^[0-9a-f]{64}$/)
export const rawSchema = z.string().regex(/^([0-9a-f]{2})+$/)

/** Above this a fee rate is a fault or an attack, not a market (sat/vB). */
export const ABSURD_FEE_RATE = 10_000
export const MINIMUM_FEE_RATE = 1

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
