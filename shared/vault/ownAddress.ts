/** Our own addresses, derived here from the pinned key: the only source of sweep destinations and
 *  change. What the device shows must equal what this file says. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { type Result, ok, refuse } from '../errors/refusal.ts'
import type { PinnedBitcoinAccount, PinnedEvmAccount } from './account.ts'
import { accountScript, encodeBitcoinAddress } from './address.ts'
import {
  type AccountKeys,
  type AccountStep,
  type Branch,
  type DerivationMath,
  HARDENED,
  childPublicKey,
  mustDerive,
  openAccount,
  pureDerivationMath,
  stepPath,
} from './derive.ts'
import { checksumEvmAddress, evmAddressOfPublicKey } from './evmAddress.ts'
import { parseExtendedKey } from './extendedKey.ts'

export interface OwnAddress {
  readonly branch: Branch
  readonly index: number
  /** Full path from the root. */
  readonly path: string
  readonly address: string
  /** scriptPubKey, hex. */
  readonly script: string
  /** Compressed, hex. */
  readonly publicKey: string
}

/** Our address at a step of an opened account. */
export function ownAddress(
  account: Pick<PinnedBitcoinAccount, 'network' | 'path' | 'scriptType'>,
  keys: AccountKeys,
  step: AccountStep,
): OwnAddress {
  const publicKey = keys.publicKey(step)
  const script = accountScript(account.scriptType, publicKey, keys.math)
  const address = encodeBitcoinAddress(script, account.network)
  if (address === undefined) throw new Error('own script without an address form')
  return {
    ...step,
    path: stepPath(account.path, step),
    address,
    script: bytesToHex(script),
    publicKey: bytesToHex(publicKey),
  }
}

/** One address of a pinned account, opened and derived in one call. */
export function deriveBitcoinAddress(
  account: PinnedBitcoinAccount,
  step: AccountStep,
): Result<OwnAddress, 'INPUT_INVALID'> {
  const keys = openAccount(account)
  return keys.ok ? ok(ownAddress(account, keys.value, step)) : keys
}

/**
 * EIP-55 addresses at m/44'/60'/n'/0/`index`, of the account key at m/44'/60'/n'; the branch is derived once.
 * Refuses a key that is not the third hardened step of such a path.
 */
export function openEvmAccount(
  xpub: string,
  math: DerivationMath = pureDerivationMath,
): Result<(index: number) => string, 'INPUT_INVALID'> {
  const parsed = parseExtendedKey(xpub)
  if (!parsed.ok) return parsed
  const key = parsed.value
  if (key.depth !== 3 || key.childNumber < HARDENED) {
    return refuse('INPUT_INVALID', { field: 'xpub', problem: "not a key at m/44'/60'/n'" })
  }
  const branch = mustDerive(key, 0, math)
  return ok((index) => {
    const publicKey = childPublicKey(branch, index, math, 'uncompressed')
    return checksumEvmAddress(evmAddressOfPublicKey(publicKey))
  })
}

/** One EIP-55 address, opened and derived in one call. */
export function deriveEvmAddress(xpub: string, index = 0): Result<string, 'INPUT_INVALID'> {
  const own = openEvmAccount(xpub)
  return own.ok ? ok(own.value(index)) : own
}

/** The address by which a person recognises an account: of bitcoin the first to receive on.
 *  Throws when the account's key is none: a pinned account was opened before. */
export function firstAddress(account: PinnedBitcoinAccount | PinnedEvmAccount): {
  readonly path: string
  readonly address: string
} {
  if (account.chain === 'evm') return { path: account.path, address: account.address }
  const own = deriveBitcoinAddress(account, { branch: 0, index: 0 })
  if (!own.ok) throw new Error(`a pinned key that does not open: ${own.refusal.data.problem}`)
  return own.value
}
