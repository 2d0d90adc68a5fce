/** The consensus side of spending: does this input's witness or scriptSig unlock the output?
 *  Checked with bitcoinjs-lib's digests and tiny-secp256k1, never with the product's own verifier.
 *  Every hash type is valid here, as on the real network: a thief's SIGHASH_NONE confirms. */
import { crypto, script, type Transaction } from 'bitcoinjs-lib'
import * as ecc from 'tiny-secp256k1'
import { equals } from './bytes.ts'

export interface SpentCoin {
  readonly script: Uint8Array
  readonly value: bigint
}

export type ScriptKind = 'p2pkh' | 'p2sh' | 'p2wpkh' | 'p2wsh' | 'p2tr' | 'op-return' | 'other'

/** The template of an output script. */
export function scriptKind(bytes: Uint8Array): ScriptKind {
  const { length } = bytes
  if (length === 22 && bytes[0] === 0x00 && bytes[1] === 20) return 'p2wpkh'
  if (length === 34 && bytes[0] === 0x00 && bytes[1] === 32) return 'p2wsh'
  if (length === 34 && bytes[0] === 0x51 && bytes[1] === 32) return 'p2tr'
  if (length === 23 && bytes[0] === 0xa9 && bytes[1] === 20 && bytes[22] === 0x87) return 'p2sh'
  if (
    length === 25 &&
    bytes[0] === 0x76 &&
    bytes[1] === 0xa9 &&
    bytes[2] === 20 &&
    bytes[24] === 0xac
  ) {
    return 'p2pkh'
  }
  return bytes[0] === 0x6a ? 'op-return' : 'other'
}

function p2pkhOf(keyHash: Uint8Array): Uint8Array {
  return Uint8Array.from([0x76, 0xa9, 20, ...keyHash, 0x88, 0xac])
}

/** Null when the input is validly signed, else the reason in a node's manner. */
export function checkInput(
  transaction: Transaction,
  index: number,
  spent: readonly SpentCoin[],
): string | null {
  const coin = spent[index]
  const input = transaction.ins[index]
  if (coin === undefined || input === undefined) return 'bad-txns-inputs-missingorspent'
  switch (scriptKind(coin.script)) {
    case 'p2wpkh':
      return input.script.length > 0
        ? failed('Witness requires empty scriptSig')
        : checkKeyHashWitness(transaction, index, coin.script.subarray(2), coin.value)
    case 'p2sh':
      return checkNestedKeyHash(transaction, index, coin)
    case 'p2tr':
      return input.script.length > 0
        ? failed('Witness requires empty scriptSig')
        : checkKeyPath(transaction, index, spent)
    case 'p2pkh':
      return checkKeyHashScriptSig(transaction, index, coin)
    default:
      return 'bad-txns-nonstandard-inputs'
  }
}

function failed(reason: string): string {
  return `mandatory-script-verify-flag-failed (${reason})`
}

function checkKeyHashWitness(
  transaction: Transaction,
  index: number,
  keyHash: Uint8Array,
  value: bigint,
): string | null {
  const [signature, key, ...more] = transaction.ins[index]?.witness ?? []
  if (signature === undefined || key === undefined || more.length > 0) {
    return failed('Witness program hash mismatch')
  }
  if (!equals(crypto.hash160(key), keyHash)) return failed('Witness program hash mismatch')
  return checkEcdsa(signature, key, (hashType) =>
    transaction.hashForWitnessV0(index, p2pkhOf(keyHash), value, hashType),
  )
}

function checkNestedKeyHash(
  transaction: Transaction,
  index: number,
  coin: SpentCoin,
): string | null {
  const scriptSig = transaction.ins[index]?.script ?? new Uint8Array(0)
  const redeem = scriptSig.subarray(1)
  if (scriptSig[0] !== redeem.length || scriptKind(redeem) !== 'p2wpkh') {
    return 'bad-txns-nonstandard-inputs'
  }
  if (!equals(crypto.hash160(redeem), coin.script.subarray(2, 22))) {
    return failed(
      'Script evaluated without error but finished with a false/empty top stack element',
    )
  }
  return checkKeyHashWitness(transaction, index, redeem.subarray(2), coin.value)
}

function checkKeyHashScriptSig(
  transaction: Transaction,
  index: number,
  coin: SpentCoin,
): string | null {
  const input = transaction.ins[index]
  if (input === undefined || input.witness.length > 0)
    return failed('Witness provided for non-witness script')
  const chunks = script.decompile(input.script) ?? []
  const [signature, key, ...more] = chunks
  if (!(signature instanceof Uint8Array) || !(key instanceof Uint8Array) || more.length > 0) {
    return failed('scriptSig is not a signature and a key')
  }
  if (!equals(script.compile(chunks), input.script))
    return failed('Data push larger than necessary')
  if (!equals(crypto.hash160(key), coin.script.subarray(3, 23))) {
    return failed('Script failed an OP_EQUALVERIFY operation')
  }
  return checkEcdsa(signature, key, (hashType) =>
    transaction.hashForSignature(index, coin.script, hashType),
  )
}

function checkEcdsa(
  encoded: Uint8Array,
  key: Uint8Array,
  digest: (hashType: number) => Uint8Array,
): string | null {
  if (!script.isCanonicalScriptSignature(encoded)) return failed('Non-canonical DER signature')
  if (!ecc.isPointCompressed(key)) return failed('Using non-compressed keys in segwit')
  const { signature, hashType } = script.signature.decode(encoded)
  // Strict: a node relays low S only (BIP146).
  return ecc.verify(digest(hashType), key, signature, true)
    ? null
    : failed('Signature must be zero for failed CHECK(MULTI)SIG operation')
}

const TAPROOT_HASH_TYPES = new Set([0x00, 0x01, 0x02, 0x03, 0x81, 0x82, 0x83])

function checkKeyPath(
  transaction: Transaction,
  index: number,
  spent: readonly SpentCoin[],
): string | null {
  const witness = transaction.ins[index]?.witness ?? []
  const [encoded] = witness
  // An annex or a script path is valid for the network but not relayed by this node.
  if (encoded === undefined || witness.length > 1) return 'bad-witness-nonstandard'
  const hashType = encoded.length === 65 ? encoded[64] : 0x00
  const explicitDefault = encoded.length === 65 && hashType === 0x00
  if (hashType === undefined || !TAPROOT_HASH_TYPES.has(hashType) || explicitDefault) {
    return failed('Invalid Schnorr signature hash type')
  }
  if (encoded.length !== 64 && encoded.length !== 65)
    return failed('Invalid Schnorr signature size')
  const digest = transaction.hashForWitnessV1(
    index,
    spent.map((coin) => coin.script),
    spent.map((coin) => coin.value),
    hashType,
  )
  const key = spent[index]?.script.subarray(2) ?? new Uint8Array(0)
  return ecc.verifySchnorr(digest, key, encoded.subarray(0, 64))
    ? null
    : failed('Invalid Schnorr signature')
}
