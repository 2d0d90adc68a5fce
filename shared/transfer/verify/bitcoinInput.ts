/** Whether one input carries exactly the one signature that its script type needs: nothing more in
 *  scriptSig or witness, the expected key, SIGHASH_ALL (taproot: default), valid over our own digest. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { concatBytes, equalBytes, hash160 } from '../../vault/hash.ts'
import { type AccountScriptType, p2wpkhScript } from '../../vault/script.ts'
import type { Difference } from '../plan.ts'
import type { BitcoinDigests } from './bitcoinDigest.ts'
import { readDerSignature } from './bitcoinSignature.ts'
import type { ParsedInput } from './bitcoinTransaction.ts'
import type { Curve } from './curve.ts'

export interface SigningKey {
  readonly publicKey: Uint8Array
  readonly script: Uint8Array
  /** The same key in 65 bytes, where it is at hand. */
  readonly full?: Uint8Array
}

export interface InputSignature {
  readonly scriptType: AccountScriptType
  readonly index: number
  readonly returned: ParsedInput
  /** Compressed key and its scriptPubKey, both re-derived by the caller. */
  readonly key: SigningKey
  readonly digests: BitcoinDigests
  readonly curve: Curve
}

const SIGHASH_ALL = 0x01

export function inputSignatureDifferences(input: InputSignature): readonly Difference[] {
  switch (input.scriptType) {
    case 'p2wpkh':
      return [...scriptSigDifferences(input, new Uint8Array(0)), ...keyHashWitness(input)]
    case 'p2sh-p2wpkh': {
      const redeem = p2wpkhScript(input.key.publicKey)
      const push = concatBytes([Uint8Array.of(redeem.length), redeem])
      return [...scriptSigDifferences(input, push), ...keyHashWitness(input)]
    }
    case 'p2tr':
      return [...scriptSigDifferences(input, new Uint8Array(0)), ...keyPathWitness(input)]
    case 'p2pkh':
      return [...emptyWitness(input), ...keyHashScriptSig(input)]
  }
}

function named(
  input: InputSignature,
  part: string,
  approved: string,
  returned: string,
): Difference {
  return { field: `inputs[${input.index}].${part}`, approved, returned: returned.slice(0, 200) }
}

function scriptSigDifferences(input: InputSignature, expected: Uint8Array): readonly Difference[] {
  const found = input.returned.scriptSig
  if (equalBytes(found, expected)) return []
  return [named(input, 'scriptSig', bytesToHex(expected), bytesToHex(found))]
}

function emptyWitness(input: InputSignature): readonly Difference[] {
  const items = input.returned.witness.length
  return items === 0 ? [] : [named(input, 'witness.length', '0', String(items))]
}

/** Exactly [signature, public key]. */
function keyHashWitness(input: InputSignature): readonly Difference[] {
  const [signature, key, ...more] = input.returned.witness
  if (signature === undefined || key === undefined || more.length > 0) {
    return [named(input, 'witness.length', '2', String(input.returned.witness.length))]
  }
  const { script, publicKey } = input.key
  // A bare P2WPKH script, derived here, holds the key's hash after its first two bytes.
  const keyHash = (): Uint8Array =>
    input.scriptType === 'p2wpkh' ? script.subarray(2) : hash160(publicKey)
  const digest = (): Uint8Array => input.digests.segwitKeyHash(input.index, keyHash())
  return [...keyDifferences(input, key), ...ecdsaDifferences(input, signature, digest)]
}

/** Exactly [64-byte signature]: no annex, no script path, no hash type byte. */
function keyPathWitness(input: InputSignature): readonly Difference[] {
  const [signature, ...more] = input.returned.witness
  if (signature === undefined || more.length > 0) {
    return [named(input, 'witness.length', '1', String(input.returned.witness.length))]
  }
  if (signature.length !== 64) {
    const returned = `${signature.length} bytes ending in ${bytesToHex(signature.subarray(64))}`
    return [named(input, 'hashType', 'default (64-byte signature)', returned)]
  }
  const digest = input.digests.taprootKeyPath(input.index, 0x00)
  if (input.curve.verifySchnorr(digest, input.key.script.subarray(2), signature)) return []
  return [named(input, 'signature', 'valid for this transaction', bytesToHex(signature))]
}

/** Exactly two direct pushes, signature then key. A direct push is the only minimal form at these lengths. */
function keyHashScriptSig(input: InputSignature): readonly Difference[] {
  const script = input.returned.scriptSig
  const signatureLength = script[0] ?? 0
  const keyAt = 1 + signatureLength
  const wellFormed =
    signatureLength >= 9 &&
    signatureLength <= 73 &&
    script[keyAt] === 33 &&
    script.length === keyAt + 34
  if (!wellFormed) {
    return [named(input, 'scriptSig', '<signature> <public key>', bytesToHex(script))]
  }
  return [
    ...keyDifferences(input, script.subarray(keyAt + 1)),
    ...ecdsaDifferences(input, script.subarray(1, keyAt), () => input.digests.legacy(input.index)),
  ]
}

function keyDifferences(input: InputSignature, key: Uint8Array): readonly Difference[] {
  if (equalBytes(key, input.key.publicKey)) return []
  return [named(input, 'signedBy', bytesToHex(input.key.publicKey), bytesToHex(key))]
}

function ecdsaDifferences(
  input: InputSignature,
  signature: Uint8Array,
  digest: () => Uint8Array,
): readonly Difference[] {
  const read = readDerSignature(signature)
  if (read.kind === 'malformed') {
    return [named(input, 'signature', 'strict DER with low S', read.problem)]
  }
  if (read.hashType !== SIGHASH_ALL) {
    return [
      named(input, 'hashType', '0x01 ALL', `0x${read.hashType.toString(16).padStart(2, '0')}`),
    ]
  }
  const { full, publicKey } = input.key
  if (input.curve.verifyEcdsa(digest(), full ?? publicKey, read.compact)) return []
  return [named(input, 'signature', 'valid for this transaction', bytesToHex(signature))]
}
