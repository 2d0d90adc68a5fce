/** The device's seed and what is derived from it. Source: BIP32, BIP39, BIP84, EIP-55.
 *  Built on @scure only: independent of everything the product derives with. */
import { secp256k1 } from '@noble/curves/secp256k1'
import { ripemd160 } from '@noble/hashes/ripemd160'
import { sha256 } from '@noble/hashes/sha256'
import { keccak_256 } from '@noble/hashes/sha3'
import { bytesToHex } from '@noble/hashes/utils'
import { createBase58check } from '@scure/base'
import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'

const HARDENED = 0x80000000
const base58check = createBase58check(sha256)

export interface CoinRules {
  /** The firmware's name, as the SDK sends it. */
  readonly name: 'Bitcoin' | 'Regtest' | 'Testnet'
  readonly ticker: string
  readonly hrp: string
  readonly p2pkh: number
  readonly xpub: number
  readonly p2sh: number
  readonly xpubNested: number
  readonly xpubSegwit: number
}

const COINS: readonly CoinRules[] = [
  {
    name: 'Bitcoin',
    ticker: 'BTC',
    hrp: 'bc',
    p2pkh: 0,
    p2sh: 5,
    xpub: 0x0488b21e,
    xpubNested: 0x049d7cb2,
    xpubSegwit: 0x04b24746,
  },
  {
    name: 'Regtest',
    ticker: 'REGTEST',
    hrp: 'bcrt',
    p2pkh: 0x6f,
    p2sh: 0xc4,
    xpub: 0x043587cf,
    xpubNested: 0x044a5262,
    xpubSegwit: 0x045f1cf6,
  },
  {
    name: 'Testnet',
    ticker: 'TEST',
    hrp: 'tb',
    p2pkh: 0x6f,
    p2sh: 0xc4,
    xpub: 0x043587cf,
    xpubNested: 0x044a5262,
    xpubSegwit: 0x045f1cf6,
  },
]

export function coinByName(name: string): CoinRules | null {
  return COINS.find((coin) => coin.name === name) ?? null
}

export interface DerivedKey {
  readonly privateKey: Uint8Array
  /** Compressed. */
  readonly publicKey: Uint8Array
}

export interface DeviceSeed {
  readonly root: HDKey
  /** Unsigned 32-bit, as the wire has it. */
  readonly rootFingerprint: number
}

/** Each passphrase gives a wallet of its own; the empty one gives the main wallet (BIP39). */
export function seedFromMnemonic(mnemonic: string, passphrase = ''): DeviceSeed {
  const root = HDKey.fromMasterSeed(mnemonicToSeedSync(mnemonic, passphrase))
  return { root, rootFingerprint: root.fingerprint >>> 0 }
}

export function nodeAt(seed: DeviceSeed, path: readonly number[]): HDKey {
  return path.reduce((node, index) => node.deriveChild(index >>> 0), seed.root)
}

export function keyAt(seed: DeviceSeed, path: readonly number[]): DerivedKey {
  const { privateKey, publicKey } = nodeAt(seed, path)
  if (privateKey === null || publicKey === null) throw new Error('no key at this path')
  return { privateKey, publicKey }
}

/** m/84'/1'/0'/0/0 to wire numbers. */
export function pathNumbers(path: string): readonly number[] {
  return path
    .split('/')
    .slice(1)
    .map((part) => (part.endsWith("'") ? HARDENED + Number(part.slice(0, -1)) : Number(part)))
}

export function pathText(path: readonly number[]): string {
  const parts = path.map((n) => (n >= HARDENED ? `${n - HARDENED}'` : `${n}`))
  return ['m', ...parts].join('/')
}

export function hash160(data: Uint8Array): Uint8Array {
  return ripemd160(sha256(data))
}

/** Path of what a lying device gives or signs with instead. */
export function elsewhere(path: readonly number[]): readonly number[] {
  return [...path.slice(0, -1), (path.at(-1) ?? 0) + 7]
}

/** Serialised node with the given version bytes. */
export function extendedKey(node: HDKey, version: number): string {
  const { chainCode, publicKey } = node
  if (chainCode === null || publicKey === null) throw new Error('no key at this path')
  const bytes = new Uint8Array(78)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, version)
  view.setUint8(4, node.depth)
  view.setUint32(5, node.parentFingerprint)
  view.setUint32(9, node.index)
  bytes.set(chainCode, 13)
  bytes.set(publicKey, 45)
  return base58check.encode(bytes)
}

/** EIP-55. */
export function checksumAddress(address: Uint8Array): string {
  const plain = bytesToHex(address)
  const hash = bytesToHex(keccak_256(new TextEncoder().encode(plain)))
  const mixed = [...plain].map((c, i) =>
    Number.parseInt(hash[i] ?? '0', 16) >= 8 ? c.toUpperCase() : c,
  )
  return `0x${mixed.join('')}`
}

export function evmAddressOf(publicKey: Uint8Array): string {
  const point = secp256k1.Point.fromHex(publicKey).toBytes(false)
  return checksumAddress(keccak_256(point.subarray(1)).subarray(12))
}
