/** BIP341 output keys for key-path spending without scripts (BIP86), and BIP340's lift_x. */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { taggedHash } from './hash.ts'

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
export function bip86OutputKey(publicKey: Uint8Array): Uint8Array {
  const { Point } = secp256k1
  const internalX = publicKey.slice(1)
  const internal = schnorr.utils.lift_x(internalX.reduce((sum, b) => (sum << 8n) | BigInt(b), 0n))
  const tweak = taggedHash('TapTweak', internalX).reduce((sum, b) => (sum << 8n) | BigInt(b), 0n)
  if (tweak >= Point.Fn.ORDER) throw new Error('taproot tweak above the group order')
  return internal.add(Point.BASE.multiply(tweak)).toBytes(true).slice(1)
}
