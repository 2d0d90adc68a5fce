/** The four kinds of single-key scripts, by the firmware's names: what each looks like on chain, which
 *  purpose its paths have, and the taproot key tweak. Source: BIP44, BIP49, BIP84, BIP86, BIP341. */
import { schnorr, secp256k1 } from '@noble/curves/secp256k1'
import { bech32, bech32m, createBase58check } from '@scure/base'
import { sha256 } from '@noble/hashes/sha256'
import { join, toBigInt } from './bytes.ts'
import { type CoinRules, type DerivedKey, hash160 } from './keys.ts'

const base58check = createBase58check(sha256)
const HARDENED = 0x80000000
const { Point } = secp256k1
const ORDER = Point.Fn.ORDER

export const SCRIPT_KINDS = [
  'SPENDADDRESS',
  'SPENDP2SHWITNESS',
  'SPENDWITNESS',
  'SPENDTAPROOT',
] as const
export type ScriptKind = (typeof SCRIPT_KINDS)[number]

const PURPOSES: { readonly [K in ScriptKind]: number } = {
  SPENDADDRESS: 44,
  SPENDP2SHWITNESS: 49,
  SPENDWITNESS: 84,
  SPENDTAPROOT: 86,
}

/** What the host calls an output of this kind that is its own. */
const OUTPUT_NAMES: { readonly [name: string]: ScriptKind } = {
  PAYTOADDRESS: 'SPENDADDRESS',
  PAYTOP2SHWITNESS: 'SPENDP2SHWITNESS',
  PAYTOWITNESS: 'SPENDWITNESS',
  PAYTOTAPROOT: 'SPENDTAPROOT',
}

export function kindOfOutput(name: string): ScriptKind | null {
  return OUTPUT_NAMES[name] ?? null
}

export function kindNamed(name: string): ScriptKind | null {
  return SCRIPT_KINDS.find((kind) => kind === name) ?? null
}

/** Kind of the path's purpose; null for any other path. */
export function kindOfPath(path: readonly number[]): ScriptKind | null {
  const purpose = (path[0] ?? 0) - HARDENED
  return SCRIPT_KINDS.find((kind) => PURPOSES[kind] === purpose) ?? null
}

function tapTweak(internal: Uint8Array): bigint {
  return toBigInt(schnorr.utils.taggedHash('TapTweak', internal)) % ORDER
}

/** x-only output key of a key without scripts. */
export function taprootOutputKey(publicKey: Uint8Array): Uint8Array {
  const internal = publicKey.subarray(1)
  const point = Point.fromHex(join(Uint8Array.of(2), internal))
  return point
    .add(Point.BASE.multiply(tapTweak(internal)))
    .toBytes(true)
    .subarray(1)
}

/** Secret that signs for the output key. */
export function taprootSecret({ privateKey, publicKey }: DerivedKey): Uint8Array {
  const secret = toBigInt(privateKey)
  const even = publicKey[0] === 2 ? secret : ORDER - secret
  const tweaked = (even + tapTweak(publicKey.subarray(1))) % ORDER
  return Point.Fn.toBytes(tweaked)
}

/** OP_0 <20 bytes>. */
export function witnessProgram(publicKey: Uint8Array): Uint8Array {
  return join(Uint8Array.of(0x00, 0x14), hash160(publicKey))
}

/** OP_DUP OP_HASH160 <20 bytes> OP_EQUALVERIFY OP_CHECKSIG. */
export function keyHashScript(publicKey: Uint8Array): Uint8Array {
  return join(Uint8Array.of(0x76, 0xa9, 0x14), hash160(publicKey), Uint8Array.of(0x88, 0xac))
}

export function scriptOf(kind: ScriptKind, publicKey: Uint8Array): Uint8Array {
  switch (kind) {
    case 'SPENDADDRESS':
      return keyHashScript(publicKey)
    case 'SPENDP2SHWITNESS':
      return join(
        Uint8Array.of(0xa9, 0x14),
        hash160(witnessProgram(publicKey)),
        Uint8Array.of(0x87),
      )
    case 'SPENDWITNESS':
      return witnessProgram(publicKey)
    case 'SPENDTAPROOT':
      return join(Uint8Array.of(0x51, 0x20), taprootOutputKey(publicKey))
  }
}

export function addressOf(coin: CoinRules, kind: ScriptKind, publicKey: Uint8Array): string {
  switch (kind) {
    case 'SPENDADDRESS':
      return base58check.encode(Uint8Array.of(coin.p2pkh, ...hash160(publicKey)))
    case 'SPENDP2SHWITNESS':
      return base58check.encode(Uint8Array.of(coin.p2sh, ...hash160(witnessProgram(publicKey))))
    case 'SPENDWITNESS':
      return bech32.encode(coin.hrp, [0, ...bech32.toWords(hash160(publicKey))])
    case 'SPENDTAPROOT':
      return bech32m.encode(coin.hrp, [1, ...bech32m.toWords(taprootOutputKey(publicKey))])
  }
}
