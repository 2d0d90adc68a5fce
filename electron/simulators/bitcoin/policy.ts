/** What a node relays, beside what is valid: sizes, dust, standard scripts, the minimum fee.
 *  Sizes in virtual bytes, values in satoshi. Source: Bitcoin Core policy.cpp defaults. */
import type { Transaction } from 'bitcoinjs-lib'
import { type ScriptKind, scriptKind } from './scriptCheck.ts'

/** At 3 sat/vB for the output and the input that spends it. */
const DUST: { readonly [K in ScriptKind]: bigint } = {
  p2pkh: 546n,
  p2sh: 540n,
  p2wpkh: 294n,
  p2wsh: 330n,
  p2tr: 330n,
  'op-return': 0n,
  other: 546n,
}

const MAX_STANDARD_WEIGHT = 400_000
const MAX_OP_RETURN = 83
const MAX_SCRIPT_SIG = 1_650
const MIN_STANDARD_SIZE = 65

/** Null when the node would relay it, else its reason. */
export function checkPolicy(transaction: Transaction): string | null {
  if (transaction.version < 1 || transaction.version > 3) return 'version'
  if (transaction.weight() > MAX_STANDARD_WEIGHT) return 'tx-size'
  if (transaction.byteLength(false) < MIN_STANDARD_SIZE) return 'tx-size-small'
  if (transaction.ins.some((input) => input.script.length > MAX_SCRIPT_SIG)) return 'scriptsig-size'
  for (const output of transaction.outs) {
    const kind = scriptKind(output.script)
    if (kind === 'other') return 'scriptpubkey'
    if (kind === 'op-return' && output.script.length > MAX_OP_RETURN) return 'scriptpubkey'
    if (output.value < DUST[kind]) return 'dust'
  }
  return null
}

/** 1 sat/vB. */
export function minimumFee(virtualSize: number): bigint {
  return BigInt(virtualSize)
}
