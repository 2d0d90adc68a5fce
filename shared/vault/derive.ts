/** BIP32 public derivation below a pinned account key. Hardened steps need the device and are refused.
 *  The curve and HMAC can be handed in (native or wasm); the pure ones are the default. */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { type Result, ok, refuse } from '../errors/refusal.ts'
import type { PinnedBitcoinAccount } from './account.ts'
import { type ExtendedKey, parseExtendedKey } from './extendedKey.ts'
import { hash160, hmacSha512 } from './hash.ts'

/** How a public key is written: 33 bytes, or 65 as EVM addresses are made of. */
export type KeyForm = 'compressed' | 'uncompressed'

/** The two operations of public derivation. `addTweak` takes a compressed key and gives key + tweak·G, or null
 *  when the tweak is not below the group order or the sum is infinity. */
export interface DerivationMath {
  hmacSha512(key: Uint8Array, data: Uint8Array): Uint8Array
  addTweak(publicKey: Uint8Array, tweak: Uint8Array, form: KeyForm): Uint8Array | null
}

function addTweak(publicKey: Uint8Array, tweak: Uint8Array, form: KeyForm): Uint8Array | null {
  const { Point } = secp256k1
  const scalar = tweak.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  if (scalar >= Point.Fn.ORDER) return null
  const parent = Point.fromBytes(publicKey)
  const child = scalar === 0n ? parent : parent.add(Point.BASE.multiply(scalar))
  return child.is0() ? null : child.toBytes(form === 'compressed')
}

export const pureDerivationMath: DerivationMath = { hmacSha512, addTweak }

export const HARDENED = 0x80000000

/** I of BIP32: the tweak of the child key, then its chain code. */
function childDigest(parent: ExtendedKey, index: number, math: DerivationMath): Uint8Array {
  if (!Number.isInteger(index) || index < 0 || index >= HARDENED) {
    throw new RangeError(`not an index of public derivation: ${index}`)
  }
  const data = new Uint8Array(37)
  data.set(parent.publicKey)
  data[33] = index >>> 24
  data[34] = index >>> 16
  data[35] = index >>> 8
  data[36] = index
  return math.hmacSha512(parent.chainCode, data)
}

/** Only the public key of a child: for the last step of a path, whose own children nobody asks for. */
export function childPublicKey(
  parent: ExtendedKey,
  index: number,
  math: DerivationMath,
  form: KeyForm,
): Uint8Array {
  const tweak = childDigest(parent, index, math).subarray(0, 32)
  const publicKey = math.addTweak(parent.publicKey, tweak, form)
  if (publicKey === null) throw new Error(`no key at index ${index}`)
  return publicKey
}

/** CKDpub of BIP32. Null in the case BIP32 calls invalid (below 1 in 2^127): take the next index. */
export function deriveChild(
  parent: ExtendedKey,
  index: number,
  math: DerivationMath = pureDerivationMath,
): ExtendedKey | null {
  if (parent.depth >= 255) throw new RangeError('a key at depth 255 has no children')
  const digest = childDigest(parent, index, math)
  const publicKey = math.addTweak(parent.publicKey, digest.subarray(0, 32), 'compressed')
  if (publicKey === null) return null
  return {
    network: parent.network,
    purpose: parent.purpose,
    depth: parent.depth + 1,
    parentFingerprint: hash160(parent.publicKey).slice(0, 4),
    childNumber: index,
    chainCode: digest.slice(32),
    publicKey,
  }
}

/** 0 receives, 1 is change (BIP44). */
export type Branch = 0 | 1

export interface AccountStep {
  readonly branch: Branch
  readonly index: number
}

/** Splits a full path into the step below the account; undefined when the path is not the account's own. */
export function accountStep(accountPath: string, fullPath: string): AccountStep | undefined {
  if (!fullPath.startsWith(`${accountPath}/`)) return undefined
  const match = /^([01])\/(0|[1-9]\d{0,9})$/.exec(fullPath.slice(accountPath.length + 1))
  const index = Number(match?.[2])
  if (match === null || index >= HARDENED) return undefined
  return { branch: match[1] === '0' ? 0 : 1, index }
}

export function stepPath(accountPath: string, step: AccountStep): string {
  return `${accountPath}/${step.branch}/${step.index}`
}

type OpenedAccount = Pick<PinnedBitcoinAccount, 'network' | 'path' | 'xpub' | 'scriptType'>

export interface AccountKeys {
  /** What was opened: whoever is handed keys sees whose they are. */
  readonly account: OpenedAccount
  readonly math: DerivationMath
  /** Compressed public key at a step, derived once; throws on the 2^-127 case, which nobody will ever see. */
  publicKey(step: AccountStep): Uint8Array
  /** The same in 65 bytes: whoever verifies with it need not decompress it. */
  fullKey(step: AccountStep): Uint8Array
}

/** BIP44, 49, 84, 86: another wallet looks for these scripts under these paths and nowhere else. */
const PURPOSE: { readonly [T in PinnedBitcoinAccount['scriptType']]: string } = {
  p2pkh: '44',
  'p2sh-p2wpkh': '49',
  p2wpkh: '84',
  p2tr: '86',
}

/** BIP44 account path; coin type 1 for every test network (SLIP-44). */
export function accountPath({
  network,
  scriptType,
  number,
}: Pick<PinnedBitcoinAccount, 'network' | 'scriptType'> & { readonly number: number }): string {
  return `m/${PURPOSE[scriptType]}'/${network === 'mainnet' ? 0 : 1}'/${number}'`
}

/**
 * Opens a pinned account for derivation. The branch keys are derived once.
 * Refuses a key of the other network, a path whose purpose is another script type's, and a key that is
 * not at account depth 3 with the account's own hardened number: the path beside it would be a lie.
 */
export function openAccount(
  account: OpenedAccount,
  math: DerivationMath = pureDerivationMath,
): Result<AccountKeys, 'INPUT_INVALID'> {
  const parsed = parseExtendedKey(account.xpub)
  if (!parsed.ok) return parsed
  const key = parsed.value
  const problem = accountKeyProblem(account, key)
  if (problem !== undefined) return refuse('INPUT_INVALID', { field: 'xpub', problem })
  const branches = [mustDerive(key, 0, math), mustDerive(key, 1, math)] as const
  const derived = [new Map<number, DerivedKey>(), new Map<number, DerivedKey>()] as const
  const keyAt = ({ branch, index }: AccountStep): DerivedKey => {
    const known = derived[branch].get(index)
    if (known !== undefined) return known
    const full = childPublicKey(branches[branch], index, math, 'uncompressed')
    const key = { full, compressed: compress(full) }
    derived[branch].set(index, key)
    return key
  }
  return ok({
    account,
    math,
    publicKey: (step) => keyAt(step).compressed,
    fullKey: (step) => keyAt(step).full,
  })
}

interface DerivedKey {
  readonly full: Uint8Array
  readonly compressed: Uint8Array
}

/** x with the parity of y before it (SEC 1). */
function compress(full: Uint8Array): Uint8Array {
  const compressed = new Uint8Array(33)
  compressed.set(full.subarray(0, 33))
  compressed[0] = 2 + ((full[64] ?? 0) & 1)
  return compressed
}

function accountKeyProblem(
  account: Pick<PinnedBitcoinAccount, 'network' | 'path' | 'scriptType'>,
  key: ExtendedKey,
): string | undefined {
  if (key.network !== account.network) return `a ${key.network} key in a ${account.network} account`
  const match = /^m\/(\d+)'\/(\d+)'\/(0|[1-9]\d*)'$/.exec(account.path)
  if (match === null) return `not an account path: ${account.path}`
  const [, purpose, coinType, number] = match
  if (purpose !== PURPOSE[account.scriptType]) {
    return `purpose ${purpose} for ${account.scriptType}`
  }
  if (coinType !== (account.network === 'mainnet' ? '0' : '1')) {
    return `coin type ${coinType} in a ${account.network} account`
  }
  if (key.depth !== 3) return `depth ${key.depth} instead of 3`
  if (key.childNumber !== HARDENED + Number(number)) {
    return `key number ${key.childNumber - HARDENED} beside path ${account.path}`
  }
  return undefined
}

export function mustDerive(
  key: ExtendedKey,
  index: number,
  math: DerivationMath = pureDerivationMath,
): ExtendedKey {
  const child = deriveChild(key, index, math)
  if (child === null) throw new Error(`no key at index ${index}`)
  return child
}
