/** What every planned bitcoin transaction has in common: inputs proved by the transactions that made
 *  them, and a locktime that ties it to the present. Satoshi. */
import { hex } from '@scure/base'
import { type Result, refuse, ok } from '../../errors/refusal.ts'
import type { Coin, PinnedBitcoinAccount } from '../../vault/account.ts'
import { type AccountKeys, accountStep } from '../../vault/derive.ts'
import { ownAddress } from '../../vault/ownAddress.ts'
import { type RandomBytes, randomBelow } from '../../vault/random.ts'
import type { BitcoinInput } from '../plan.ts'
import { parseBitcoinTransactionHex } from '../verify/bitcoinTransaction.ts'

/** Signals replaceability (BIP125) and lets the locktime count. */
const SEQUENCE = 0xfffffffd

export interface CoinSource {
  readonly account: PinnedBitcoinAccount
  /** Raw transaction hex by txid, for every coin. */
  readonly previousTransactions: ReadonlyMap<string, string>
}

function invalid(field: string, problem: string): Result<never, 'INPUT_INVALID'> {
  return refuse('INPUT_INVALID', { field, problem })
}

/** The coin as an input, after its own transaction proved what it is worth and whose it is. */
export function planInput(
  { account, previousTransactions }: CoinSource,
  keys: AccountKeys,
  coin: Coin,
): Result<BitcoinInput, 'INPUT_INVALID' | 'CHAIN_LIED'> {
  const name = `${coin.txid}:${coin.vout}`
  const step = accountStep(account.path, coin.path)
  if (step === undefined) return invalid('coin', `${name} at ${coin.path} is not the account's`)
  const own = ownAddress(account, keys, step)
  if (own.script !== coin.script) return invalid('coin', `${name} does not pay ${own.address}`)
  const raw = previousTransactions.get(coin.txid)
  if (raw === undefined) return invalid('coin', `${name} without its transaction`)
  const parsed = parseBitcoinTransactionHex(raw)
  if (parsed.kind === 'malformed') return lied('transaction', coin.txid, parsed.problem)
  const { txid, outputs } = parsed.transaction
  if (txid !== coin.txid) return lied('transaction', coin.txid, txid)
  const output = outputs[coin.vout]
  if (output === undefined) return lied('coin', name, 'no such output')
  if (hex.encode(output.script) !== coin.script) {
    return lied('script', coin.script, hex.encode(output.script))
  }
  if (output.value !== coin.value) return lied('value', `${coin.value}`, `${output.value}`)
  return ok({
    txid: coin.txid,
    vout: coin.vout,
    value: coin.value,
    script: coin.script,
    path: coin.path,
    publicKey: own.publicKey,
    sequence: SEQUENCE,
    previousTransaction: raw,
  })
}

function lied(field: string, claimed: string, actual: string): Result<never, 'CHAIN_LIED'> {
  return refuse('CHAIN_LIED', { chain: 'bitcoin', field, claimed, actual })
}

/**
 * Ties the transaction to the present, so that miners gain nothing by replacing the last block; one in
 * ten is set further back, as Bitcoin Core does, to hide those that were delayed.
 */
export function antiFeeSnipingLocktime(tipHeight: number, random: RandomBytes): number {
  if (randomBelow(random, 10) > 0) return tipHeight
  return Math.max(0, tipHeight - randomBelow(random, 100))
}
