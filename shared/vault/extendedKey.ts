/** Extended public keys as a device or another wallet writes them: BIP32 xpub/tpub and the SLIP-132
 *  forms y/z/u/v, which differ in their first four bytes only.
 *  Refuses private keys, keys off the curve, and wrong lengths or checksums. */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { createBase58check } from '@scure/base'
import { type Result, ok, refuse } from '../errors/refusal.ts'
import type { BitcoinNetwork } from './account.ts'

/** What a SLIP-132 prefix claims the key is for; 'any' for plain xpub/tpub. */
export type KeyPurpose = 'any' | 'p2sh-p2wpkh' | 'p2wpkh'

export interface ExtendedKey {
  /** tpub and its kin serve testnet and regtest alike; this app knows regtest only. */
  readonly network: BitcoinNetwork
  readonly purpose: KeyPurpose
  readonly depth: number
  /** 4 bytes; zero for a master key. */
  readonly parentFingerprint: Uint8Array
  /** ≥ 2^31 when the key itself was derived hardened. */
  readonly childNumber: number
  readonly chainCode: Uint8Array
  /** Compressed, 33 bytes. */
  readonly publicKey: Uint8Array
}

const VERSIONS: readonly {
  readonly version: number
  readonly network: BitcoinNetwork
  readonly purpose: KeyPurpose
}[] = [
  { version: 0x0488b21e, network: 'mainnet', purpose: 'any' },
  { version: 0x049d7cb2, network: 'mainnet', purpose: 'p2sh-p2wpkh' },
  { version: 0x04b24746, network: 'mainnet', purpose: 'p2wpkh' },
  { version: 0x043587cf, network: 'regtest', purpose: 'any' },
  { version: 0x044a5262, network: 'regtest', purpose: 'p2sh-p2wpkh' },
  { version: 0x045f1cf6, network: 'regtest', purpose: 'p2wpkh' },
]

const PRIVATE_VERSIONS = new Set([
  0x0488ade4, 0x049d7878, 0x04b2430c, 0x04358394, 0x044a4e28, 0x045f18bc,
])

const base58check = createBase58check(sha256)
const SERIALIZED_LENGTH = 78

function refuseKey(problem: string): Result<never, 'INPUT_INVALID'> {
  return refuse('INPUT_INVALID', { field: 'xpub', problem })
}

function decodeBase58check(text: string): Uint8Array | undefined {
  // base58 decoding is quadratic: bound it before starting.
  if (text.length > 120) return undefined
  try {
    return base58check.decode(text)
  } catch {
    return undefined
  }
}

/** True for a 33-byte compressed point on secp256k1. */
export function isCompressedPublicKey(bytes: Uint8Array): boolean {
  if (bytes.length !== 33) return false
  try {
    secp256k1.Point.fromBytes(bytes).assertValidity()
    return true
  } catch {
    return false
  }
}

/** Reads xpub, ypub, zpub, tpub, upub or vpub text. Source: BIP32 serialization, SLIP-132. */
export function parseExtendedKey(text: string): Result<ExtendedKey, 'INPUT_INVALID'> {
  const bytes = decodeBase58check(text)
  if (bytes === undefined) return refuseKey('not base58check text')
  if (bytes.length !== SERIALIZED_LENGTH) return refuseKey(`${bytes.length} bytes instead of 78`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const version = view.getUint32(0)
  if (PRIVATE_VERSIONS.has(version)) return refuseKey('a private key; only public keys are taken')
  const known = VERSIONS.find((row) => row.version === version)
  if (known === undefined) return refuseKey(`unknown version ${version.toString(16)}`)
  const key: ExtendedKey = {
    network: known.network,
    purpose: known.purpose,
    depth: view.getUint8(4),
    parentFingerprint: bytes.slice(5, 9),
    childNumber: view.getUint32(9),
    chainCode: bytes.slice(13, 45),
    publicKey: bytes.slice(45, 78),
  }
  if (!isCompressedPublicKey(key.publicKey)) return refuseKey('not a public key on the curve')
  if (key.depth === 0 && (key.childNumber !== 0 || key.parentFingerprint.some((b) => b !== 0))) {
    return refuseKey('a master key with a parent')
  }
  return ok(key)
}

/** Writes a key back as text; `purpose` chooses the SLIP-132 prefix, 'any' gives xpub/tpub. */
export function writeExtendedKey(key: ExtendedKey, purpose: KeyPurpose = key.purpose): string {
  const row = VERSIONS.find((v) => v.network === key.network && v.purpose === purpose)
  if (row === undefined) throw new TypeError(`no prefix for ${key.network} ${purpose}`)
  const bytes = new Uint8Array(SERIALIZED_LENGTH)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, row.version)
  view.setUint8(4, key.depth)
  bytes.set(key.parentFingerprint, 5)
  view.setUint32(9, key.childNumber)
  bytes.set(key.chainCode, 13)
  bytes.set(key.publicKey, 45)
  return base58check.encode(bytes)
}

/** The same key in xpub/tpub form, as BIP32 libraries want it; refuses what is not an extended public key. */
export function toPlainXpub(text: string): Result<string, 'INPUT_INVALID'> {
  const key = parseExtendedKey(text)
  return key.ok ? ok(writeExtendedKey(key.value, 'any')) : key
}
