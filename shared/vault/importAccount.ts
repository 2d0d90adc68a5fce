/** An account to watch, out of what another wallet exports: a descriptor (BIP380 to 386), or an extended public key
 *  (BIP32, SLIP-132). A bare key does not say whose it is: its own fingerprint stands in for the wallet's, and its
 *  path is the one that its script type and number have in BIP44, 49, 84 and 86.
 *  Refuses private keys, other networks, keys of other depths, and a plain xpub without a script type. */
import { hex } from '@scure/base'
import { type Result, ok, refuse } from '../errors/refusal.ts'
import { type BitcoinNetwork, type PinnedBitcoinAccount, accountId } from './account.ts'
import { HARDENED, accountPath, openAccount } from './derive.ts'
import { parseDescriptor } from './descriptor.ts'
import { parseExtendedKey, writeExtendedKey } from './extendedKey.ts'
import { hash160 } from './hash.ts'
import type { AccountScriptType } from './script.ts'

export interface ImportedAccount {
  /** Of the master key, or of the account key itself when `originKnown` is false. */
  readonly fingerprint: string
  readonly originKnown: boolean
  readonly account: PinnedBitcoinAccount
}

/** @param scriptType  needed for an xpub or tpub, which does not say; must agree with a ypub, zpub or descriptor */
export function importAccount(request: {
  readonly text: string
  readonly network: BitcoinNetwork
  readonly scriptType?: AccountScriptType | undefined
}): Result<ImportedAccount, 'INPUT_INVALID'> {
  const text = request.text.trim()
  const imported = text.includes('(')
    ? fromDescriptor(text, request.network)
    : fromKey(text, request)
  if (!imported.ok) return imported
  const { scriptType } = imported.value.account
  if (request.scriptType !== undefined && request.scriptType !== scriptType) {
    const problem = `it is a ${scriptType} account, not ${request.scriptType}`
    return refuse('INPUT_INVALID', { field: 'scriptType', problem })
  }
  return imported
}

function fromDescriptor(
  text: string,
  network: BitcoinNetwork,
): Result<ImportedAccount, 'INPUT_INVALID'> {
  const parsed = parseDescriptor(text, network, '')
  if (!parsed.ok) return parsed
  const { fingerprint, account } = parsed.value
  const id = accountId(fingerprint, account.path)
  return ok({ fingerprint, originKnown: true, account: { ...account, id } })
}

function fromKey(
  text: string,
  request: {
    readonly network: BitcoinNetwork
    readonly scriptType?: AccountScriptType | undefined
  },
): Result<ImportedAccount, 'INPUT_INVALID'> {
  const parsed = parseExtendedKey(text)
  if (!parsed.ok) return parsed
  const key = parsed.value
  const scriptType = key.purpose === 'any' ? request.scriptType : key.purpose
  if (scriptType === undefined) {
    const problem = 'a plain xpub does not say which kind of addresses it has: choose one'
    return refuse('INPUT_INVALID', { field: 'scriptType', problem })
  }
  if (key.depth !== 3 || key.childNumber < HARDENED) {
    return refuse('INPUT_INVALID', { field: 'xpub', problem: 'not the key of an account' })
  }
  const { network } = request
  const path = accountPath({ network, scriptType, number: key.childNumber - HARDENED })
  const fingerprint = hex.encode(hash160(key.publicKey).subarray(0, 4))
  const account: PinnedBitcoinAccount = {
    chain: 'bitcoin',
    id: accountId(fingerprint, path),
    network,
    path,
    xpub: writeExtendedKey(key, 'any'),
    scriptType,
  }
  const opened = openAccount(account)
  return opened.ok ? ok({ fingerprint, originKnown: false, account }) : opened
}
