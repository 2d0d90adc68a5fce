/** Raw transactions by txid, each hashed here before it is kept, and what a server's claim of a coin must
 *  match in them. A kept transaction never changes; only what was hashed is kept. */
import { Transaction } from 'bitcoinjs-lib'
import { type Result, ok } from '../../../../shared/errors/refusal.ts'
import type { ScriptCoin } from '../../../host/ports.ts'
import { lied, malformed } from './answers.ts'

const KEPT = 4_000

export interface KnownTransaction {
  readonly raw: string
  readonly transaction: Transaction
}

export interface Transactions {
  get(txid: string): KnownTransaction | undefined
  /** Refuses bytes that are no transaction (malformed, named by `field`) or another one (CHAIN_LIED). */
  take(
    txid: string,
    raw: string,
    field: string,
  ): Result<KnownTransaction, 'CHAIN_ANSWER_MALFORMED' | 'CHAIN_LIED'>
  forget(txid: string): void
}

export function createTransactions(): Transactions {
  const kept = new Map<string, KnownTransaction>()
  return {
    get: (txid) => kept.get(txid),
    take(txid, raw, field) {
      const transaction = parseTransaction(raw)
      if (transaction === undefined) return malformed(field, raw)
      const actual = transaction.getId()
      if (actual !== txid) return lied('transaction', txid, actual)
      const [oldest] = kept.keys()
      if (kept.size >= KEPT && oldest !== undefined) kept.delete(oldest)
      const known = { raw, transaction }
      kept.set(txid, known)
      return ok(known)
    },
    forget: (txid) => void kept.delete(txid),
  }
}

function parseTransaction(raw: string): Transaction | undefined {
  try {
    return Transaction.fromHex(raw)
  } catch {
    return undefined
  }
}

/** A server's word about a coin. Sats; height null while unconfirmed. */
export interface CoinClaim {
  readonly txid: string
  readonly vout: number
  readonly value: number
  readonly script: string
  readonly height: number | null
}

/** Each claim read again out of its own transaction: value and script must be what they were said to be. */
export function checkClaims(
  claims: readonly CoinClaim[],
  transactions: ReadonlyMap<string, KnownTransaction>,
): Result<readonly ScriptCoin[], 'CHAIN_LIED'> {
  const coins: ScriptCoin[] = []
  const seen = new Set<string>()
  for (const { txid, vout, value, script, height } of claims) {
    const name = `${txid}:${vout}`
    if (seen.has(name)) return lied('coin', name, 'told twice')
    seen.add(name)
    const output = transactions.get(txid)?.transaction.outs[vout]
    if (output === undefined) return lied('coin', name, 'no such output')
    const paid = Buffer.from(output.script).toString('hex')
    if (paid !== script) return lied('script', `${name} ${script}`, paid)
    if (output.value !== BigInt(value)) return lied('value', `${name} ${value}`, output.value)
    coins.push({ txid, vout, value: output.value, script, height })
  }
  return ok(coins)
}

/** The claims as they are, marked as such: a first figure, never something to spend by. */
export function claimedCoins(claims: readonly CoinClaim[]): readonly ScriptCoin[] {
  return claims.map((claim) => ({ ...claim, value: BigInt(claim.value), claimedOnly: true }))
}
