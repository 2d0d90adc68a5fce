/** BIP341 output keys for key-path spending without scripts (BIP86), and BIP340's lift_x. */
import { schnorr } from '@noble/curves/secp256k1.js'
import type { DerivationMath } from './derive.ts'
import { concatBytes, taggedHash } from './hash.ts'

/** True when 32 bytes are the x of a point: an output to anything else can never be spent. */
export function isXOnlyPublicKey(x: Uint8Array): boolean {
  if (x.length !== 32) return false
  try {
    schnorr.utils.lift_x(x.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n))
    return true
  } catch {
    return false
  }
}

/** Output key of BIP86: internal key + H_TapTweak(internal)·G, x only. Takes the compressed derived key. */
export function bip86OutputKey(publicKey: Uint8Array, math: DerivationMath): Uint8Array {
  const internal = publicKey.slice(1)
  const even = concatBytes([Uint8Array.of(2), internal])
  const output = math.addTweak(even, taggedHash('TapTweak', internal), 'compressed')
  if (output === null) throw new Error('taproot tweak above the group order')
  return output.slice(1)
}
