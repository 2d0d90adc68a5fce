/** The coins of block rewards, given away as ordinary signed transactions: what arrives at a funded
 *  address has a real previous transaction. The key is random and dies with the process. */
import { randomBytes } from 'node:crypto'
import { Transaction, address, crypto, networks, script } from 'bitcoinjs-lib'
import * as ecc from 'tiny-secp256k1'
import { fromHex } from './bytes.ts'
import { type BitcoinChain, scriptHash } from './chain.ts'

export interface FaucetKey {
  readonly privateKey: Uint8Array
  readonly publicKey: Uint8Array
  readonly script: Uint8Array
}

export function createFaucetKey(): FaucetKey {
  const privateKey = Uint8Array.from(randomBytes(32))
  const publicKey = ecc.pointFromScalar(privateKey, true)
  if (publicKey === null) return createFaucetKey()
  const keyScript = Uint8Array.from([0x00, 20, ...crypto.hash160(publicKey)])
  return { privateKey, publicKey, script: keyScript }
}

const INPUT_VBYTES = 68
const BASE_VBYTES = 11 + 31 + 43
const RATE = 2

/**
 * Pays `sats` to a regtest address out of block rewards, at 2 sat/vB, into the mempool.
 * @returns the txid; throws when the address is not regtest or the faucet is dry (mine more blocks)
 */
export function fundAddress(
  chain: BitcoinChain,
  key: FaucetKey,
  recipient: string,
  sats: bigint,
): string {
  const coins = [...chain.coins(scriptHash(key.script))].sort((a, b) => Number(b.value - a.value))
  const picked: typeof coins = []
  let paidIn = 0n
  const fee = (): bigint => BigInt((BASE_VBYTES + picked.length * INPUT_VBYTES) * RATE)
  for (const coin of coins) {
    picked.push(coin)
    paidIn += coin.value
    if (paidIn >= sats + fee() + 1_000n) break
  }
  const change = paidIn - sats - fee()
  if (change < 1_000n) throw new Error('the faucet is dry: mine more blocks')
  const transaction = new Transaction()
  transaction.version = 2
  for (const coin of picked) {
    transaction.addInput(fromHex(coin.txid).reverse(), coin.vout, 0xfffffffd)
  }
  transaction.addOutput(address.toOutputScript(recipient, networks.regtest), sats)
  transaction.addOutput(key.script, change)
  const keyHashScript = Uint8Array.from([0x76, 0xa9, 20, ...key.script.subarray(2), 0x88, 0xac])
  for (const [index, coin] of picked.entries()) {
    const digest = transaction.hashForWitnessV0(index, keyHashScript, coin.value, 1)
    const signature = script.signature.encode(ecc.sign(digest, key.privateKey), 1)
    transaction.setWitness(index, [signature, key.publicKey])
  }
  const outcome = chain.accept(transaction.toHex())
  if (outcome.kind === 'rejected') throw new Error(`the faucet's payment: ${outcome.reason}`)
  return outcome.txid
}
