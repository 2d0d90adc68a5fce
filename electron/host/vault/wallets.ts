/** The pinned wallets: read from the device or imported to be watched, journalled, kept in one sealed document.
 *  A pinned key is never replaced: what a device says later is compared with it. */
import type { CodeOf, ResultOf } from '../../../shared/contract/method.ts'
import type {
  vaultAddAccount,
  vaultImportAccount,
  vaultPair,
} from '../../../shared/contract/methods/vault.ts'
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import {
  type BitcoinNetwork,
  type BitcoinVaultAccount,
  type EvmVaultAccount,
  type VaultAccount,
  type VaultRecord,
  type Wallet,
  accountId,
  keyPath,
  vaultSchema,
} from '../../../shared/vault/account.ts'
import { type DerivationMath, accountPath, openAccount } from '../../../shared/vault/derive.ts'
import { importAccount } from '../../../shared/vault/importAccount.ts'
import { deriveEvmAddress, firstAddress, ownAddress } from '../../../shared/vault/ownAddress.ts'
import type { AccountScriptType } from '../../../shared/vault/script.ts'
import { openDocument } from '../documents.ts'
import type { Journal } from '../journal.ts'
import type {
  BitcoinPort,
  ChainResult,
  Clock,
  DeviceKeys,
  DevicePort,
  DeviceResult,
  StorePort,
  StoreRefusals,
} from '../ports.ts'
import { gapLimit } from './bitcoinBook.ts'

const evmKeyPath = "m/44'/60'/0'"
/** BIP44: accounts are looked for until one was never used. This many at most. */
const maxAccounts = 20
const scriptTypes: readonly AccountScriptType[] = ['p2wpkh', 'p2tr', 'p2sh-p2wpkh', 'p2pkh']

export interface AccountOf<A extends VaultAccount = VaultAccount> {
  readonly wallet: Wallet
  readonly account: A
}

export interface Wallets {
  record(): VaultRecord
  find(id: string): AccountOf | undefined
  pair(
    request: { readonly passphrase: boolean },
    signal: AbortSignal,
  ): Promise<ResultOf<typeof vaultPair>>
  add(
    request: {
      readonly fingerprint: string
      readonly chain: VaultAccount['chain']
      readonly scriptType: AccountScriptType
      readonly number: number
    },
    signal: AbortSignal,
  ): Promise<Result<VaultAccount, CodeOf<typeof vaultAddAccount>>>
  /** Adds every bitcoin account of the wallet that was ever used. */
  discover(
    fingerprint: string,
    signal: AbortSignal,
  ): Promise<Result<readonly VaultAccount[], CodeOf<typeof vaultAddAccount>>>
  import(request: {
    readonly text: string
    readonly label: string
    readonly scriptType?: AccountScriptType | undefined
  }): Result<Wallet, CodeOf<typeof vaultImportAccount>>
  rename(id: string, label: string): Result<VaultAccount, StoreRefusals | 'NOT_FOUND'>
  remove(id: string): Result<void, StoreRefusals | 'NOT_FOUND' | 'ACCOUNT_IN_USE'>
  /** The caller has shown an address of it on the device. */
  sweepTo(id: string): Result<void, StoreRefusals | 'NOT_FOUND'>
}

export function openWallets(context: {
  readonly network: BitcoinNetwork
  readonly store: StorePort
  readonly journal: Journal
  readonly device: DevicePort
  readonly bitcoin: BitcoinPort
  readonly clock: Clock
  readonly math: DerivationMath
  /** Chain that an EVM address is shown for. */
  readonly evmChainId: number
  readonly onChange: () => void
}): Result<Wallets> {
  const { network, journal, device, clock } = context
  const document = openDocument(context.store, 'vault', vaultSchema)
  const stored = document.read()
  if (!stored.ok) return stored
  let record: VaultRecord = stored.value ?? {
    wallets: [],
    destinations: { bitcoin: null, evm: null },
  }

  function write(next: VaultRecord): Result<void, StoreRefusals> {
    const written = document.write(next)
    if (!written.ok) return written
    record = next
    context.onChange()
    return ok(undefined)
  }

  function walletOf(fingerprint: string): Wallet | undefined {
    return record.wallets.find((wallet) => wallet.fingerprint === fingerprint)
  }

  function find(id: string): AccountOf | undefined {
    for (const wallet of record.wallets) {
      const account = wallet.accounts.find((known) => known.id === id)
      if (account !== undefined) return { wallet, account }
    }
    return undefined
  }

  function put(wallet: Wallet): VaultRecord {
    const known = walletOf(wallet.fingerprint) !== undefined
    return {
      ...record,
      wallets: known
        ? record.wallets.map((old) => (old.fingerprint === wallet.fingerprint ? wallet : old))
        : [...record.wallets, wallet],
    }
  }

  const deviceFailed = (deviceMessage: string) =>
    refuse('DEVICE_FAILED', { deviceCode: 'keys', deviceMessage })

  // ── accounts out of keys ────────────────────────────────────────────────────

  function bitcoinAccount(
    fingerprint: string,
    scriptType: AccountScriptType,
    number: number,
    xpub: string,
  ): DeviceResult<BitcoinVaultAccount> {
    const path = accountPath({ network, scriptType, number })
    const id = accountId(fingerprint, path)
    const account = { chain: 'bitcoin', id, network, path, xpub, scriptType, label: '' } as const
    const opened = openAccount(account)
    return opened.ok ? ok(account) : deviceFailed(opened.refusal.data.problem)
  }

  function evmAccount(
    fingerprint: string,
    xpub: string,
    index: number,
  ): DeviceResult<EvmVaultAccount> {
    const path = `${evmKeyPath}/0/${index}`
    const address = deriveEvmAddress(xpub, index)
    if (!address.ok) return deviceFailed(address.refusal.data.problem)
    const id = accountId(fingerprint, path)
    return ok({ chain: 'evm', id, path, xpub, address: address.value, label: '' })
  }

  /** Keys at these paths, proved to be of a known wallet by all its pinned ones: a fingerprint is 32 bits short. */
  async function readProvenKeys(
    wallet: Wallet,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<
    DeviceResult<{ readonly keys: DeviceKeys; readonly at: ReadonlyMap<string, string> }>
  > {
    const asked = [...new Set([...paths, ...wallet.accounts.map(keyPath)])]
    const passphrase = wallet.signer.kind === 'device' && wallet.signer.passphrase
    const keys = await device.readKeys({ paths: asked, network, passphrase }, signal)
    if (!keys.ok) return keys
    const { fingerprint, xpubs } = keys.value
    if (fingerprint !== wallet.fingerprint)
      return refuse('DEVICE_WRONG', { expected: wallet.fingerprint, found: fingerprint })
    const at = new Map(asked.map((path, i) => [path, xpubs[i] ?? '']))
    const same = wallet.accounts.every((account) => at.get(keyPath(account)) === account.xpub)
    return same
      ? ok({ keys: keys.value, at })
      : refuse('DEVICE_WRONG', { expected: wallet.fingerprint, found: 'other keys' })
  }

  // ── pairing ─────────────────────────────────────────────────────────────────

  /** The same keys in another device: the person checks with their own eyes before it takes the old one's place. */
  async function checkByEye(
    wallet: Wallet,
    keys: DeviceKeys,
    passphrase: boolean,
    signal: AbortSignal,
  ): Promise<DeviceResult<void>> {
    const { fingerprint } = wallet
    const signer = { deviceId: keys.device.deviceId, fingerprint, passphrase }
    const [account] = wallet.accounts
    if (account === undefined) throw new Error('a wallet without accounts')
    const { path, address } = firstAddress(account)
    const shown =
      account.chain === 'evm'
        ? await device.showEvmAddress({ path, chainId: context.evmChainId, wallet: signer }, signal)
        : await device.showBitcoinAddress({ path, network, wallet: signer }, signal)
    if (!shown.ok) return shown
    return shown.value.address === address
      ? ok(undefined)
      : refuse('DEVICE_ADDRESS_MISMATCH', { expected: address, shown: shown.value.address })
  }

  async function pair(
    { passphrase }: { readonly passphrase: boolean },
    signal: AbortSignal,
  ): Promise<ResultOf<typeof vaultPair>> {
    const first = accountPath({ network, scriptType: 'p2wpkh', number: 0 })
    const keys = await device.readKeys({ paths: [first, evmKeyPath], network, passphrase }, signal)
    if (!keys.ok) return keys
    const { fingerprint } = keys.value
    const known = walletOf(fingerprint)
    if (known !== undefined) return pairAgain(known, passphrase, signal)
    const [bitcoinKey, evmKey] = keys.value.xpubs
    if (bitcoinKey === undefined || evmKey === undefined)
      return deviceFailed('fewer keys than asked for')
    const bitcoin = bitcoinAccount(fingerprint, 'p2wpkh', 0, bitcoinKey)
    if (!bitcoin.ok) return bitcoin
    const evm = evmAccount(fingerprint, evmKey, 0)
    if (!evm.ok) return evm
    const { destinations } = record
    return writePaired(
      {
        fingerprint,
        label: '',
        addedAt: clock.now(),
        signer: signerOf(keys.value, passphrase),
        accounts: [bitcoin.value, evm.value],
      },
      {
        bitcoin: destinations.bitcoin ?? bitcoin.value.id,
        evm: destinations.evm ?? evm.value.id,
      },
    )
  }

  async function pairAgain(
    wallet: Wallet,
    passphrase: boolean,
    signal: AbortSignal,
  ): Promise<ResultOf<typeof vaultPair>> {
    const asked: Wallet = { ...wallet, signer: { ...signerOf(null, passphrase) } }
    const proven = await readProvenKeys(asked, [], signal)
    if (!proven.ok) return proven
    const { keys } = proven.value
    const { signer } = wallet
    if (signer.kind === 'air-gapped' || signer.deviceId !== keys.device.deviceId) {
      const seen = await checkByEye(wallet, keys, passphrase, signal)
      if (!seen.ok) return seen
    }
    return writePaired({ ...wallet, signer: signerOf(keys, passphrase) }, record.destinations)
  }

  function signerOf(keys: DeviceKeys | null, passphrase: boolean) {
    return {
      kind: 'device' as const,
      deviceId: keys?.device.deviceId ?? '',
      deviceLabel: keys?.device.label ?? '',
      model: keys?.device.model ?? '',
      passphrase,
    }
  }

  function writePaired(
    wallet: Wallet,
    destinations: VaultRecord['destinations'],
  ): Result<Wallet, StoreRefusals> {
    const { fingerprint, signer } = wallet
    const deviceId = signer.kind === 'device' ? signer.deviceId : ''
    const recorded = journal.record({ kind: 'vault.paired', fingerprint, deviceId })
    if (!recorded.ok) return recorded
    const written = write({ ...put(wallet), destinations })
    return written.ok ? ok(wallet) : written
  }

  // ── more accounts ───────────────────────────────────────────────────────────

  function writeAccounts<A extends VaultAccount>(
    wallet: Wallet,
    accounts: readonly A[],
  ): Result<readonly A[], StoreRefusals> {
    for (const { id } of accounts) {
      const recorded = journal.record({ kind: 'vault.account-added', accountId: id })
      if (!recorded.ok) return recorded
    }
    const written = write(put({ ...wallet, accounts: [...wallet.accounts, ...accounts] }))
    return written.ok ? ok(accounts) : written
  }

  function deviceWallet(fingerprint: string): Result<Wallet, 'NOT_FOUND'> {
    const wallet = walletOf(fingerprint)
    return wallet === undefined || wallet.signer.kind !== 'device'
      ? refuse('NOT_FOUND', { what: 'wallet', id: fingerprint })
      : ok(wallet)
  }

  const add: Wallets['add'] = async ({ fingerprint, chain, scriptType, number }, signal) => {
    const found = deviceWallet(fingerprint)
    if (!found.ok) return found
    const path = chain === 'evm' ? evmKeyPath : accountPath({ network, scriptType, number })
    const proven = await readProvenKeys(found.value, [path], signal)
    if (!proven.ok) return proven
    const xpub = proven.value.at.get(path) ?? ''
    const account =
      chain === 'evm'
        ? evmAccount(fingerprint, xpub, number)
        : bitcoinAccount(fingerprint, scriptType, number, xpub)
    if (!account.ok) return account
    // Looked up now: while the device answered, another call may have added it.
    const wallet = walletOf(fingerprint) ?? found.value
    const there = wallet.accounts.find((known) => known.id === account.value.id)
    if (there !== undefined) return ok(there)
    const written = writeAccounts(wallet, [account.value])
    return written.ok ? ok(account.value) : written
  }

  async function isUsed(
    account: BitcoinVaultAccount,
    signal: AbortSignal,
  ): Promise<ChainResult<boolean>> {
    const keys = openAccount(account, context.math)
    if (!keys.ok) throw new Error('an account that was just opened')
    const scripts = Array.from(
      { length: gapLimit },
      (_, index) => ownAddress(account, keys.value, { branch: 0, index }).script,
    )
    const used = await context.bitcoin.readUsedScripts(scripts, signal)
    return used.ok ? ok(used.value.size > 0) : used
  }

  const discover: Wallets['discover'] = async (fingerprint, signal) => {
    const found = deviceWallet(fingerprint)
    if (!found.ok) return found
    const used: BitcoinVaultAccount[] = []
    let open = scriptTypes
    for (let number = 0; number < maxAccounts && open.length > 0; number++) {
      const paths = open.map((scriptType) => accountPath({ network, scriptType, number }))
      const proven = await readProvenKeys(found.value, paths, signal)
      if (!proven.ok) return proven
      const still: AccountScriptType[] = []
      for (const [i, scriptType] of open.entries()) {
        const xpub = proven.value.at.get(paths[i] ?? '') ?? ''
        const account = bitcoinAccount(fingerprint, scriptType, number, xpub)
        if (!account.ok) return account
        const seen = await isUsed(account.value, signal)
        if (!seen.ok) return seen
        if (!seen.value) continue
        used.push(account.value)
        still.push(scriptType)
      }
      open = still
    }
    const wallet = walletOf(fingerprint) ?? found.value
    const fresh = used.filter(({ id }) => !wallet.accounts.some((known) => known.id === id))
    return fresh.length === 0 ? ok([]) : writeAccounts(wallet, fresh)
  }

  const importOne: Wallets['import'] = ({ text, label, scriptType }) => {
    const imported = importAccount({ text, network, scriptType })
    if (!imported.ok) return imported
    const { fingerprint, originKnown, account } = imported.value
    const wallet = walletOf(fingerprint)
    // Whoever hands over a descriptor can write any fingerprint into it.
    if (wallet?.signer.kind === 'device') {
      const problem = 'this wallet is paired: add its account from the device'
      return refuse('INPUT_INVALID', { field: 'text', problem })
    }
    if (wallet?.accounts.some(({ id }) => id === account.id) === true)
      return refuse('INPUT_INVALID', { field: 'text', problem: 'already in the vault' })
    const next: Wallet = {
      fingerprint,
      label: wallet?.label ?? label,
      addedAt: wallet?.addedAt ?? clock.now(),
      signer: wallet?.signer ?? { kind: 'air-gapped', originKnown },
      accounts: [...(wallet?.accounts ?? []), { ...account, label }],
    }
    const recorded = journal.record({ kind: 'vault.account-added', accountId: account.id })
    if (!recorded.ok) return recorded
    const written = write(put(next))
    return written.ok ? ok(next) : written
  }

  // ── changes ─────────────────────────────────────────────────────────────────

  function changeWallet(wallet: Wallet): VaultRecord {
    if (wallet.accounts.length > 0) return put(wallet)
    const { fingerprint } = wallet
    return {
      ...record,
      wallets: record.wallets.filter((known) => known.fingerprint !== fingerprint),
    }
  }

  return ok({
    record: () => record,
    find,
    pair,
    add,
    discover,
    import: importOne,
    rename(id, label) {
      const found = find(id)
      if (found === undefined) return refuse('NOT_FOUND', { what: 'account', id })
      const account = { ...found.account, label }
      const accounts = found.wallet.accounts.map((known) => (known.id === id ? account : known))
      const written = write(put({ ...found.wallet, accounts }))
      return written.ok ? ok(account) : written
    },
    remove(id) {
      const found = find(id)
      if (found === undefined) return refuse('NOT_FOUND', { what: 'account', id })
      const { bitcoin, evm } = record.destinations
      if (id === bitcoin || id === evm)
        return refuse('ACCOUNT_IN_USE', { account: id, by: 'sweeps' })
      const recorded = journal.record({ kind: 'vault.account-removed', accountId: id })
      if (!recorded.ok) return recorded
      const accounts = found.wallet.accounts.filter((known) => known.id !== id)
      return write(changeWallet({ ...found.wallet, accounts }))
    },
    sweepTo(id) {
      const found = find(id)
      if (found === undefined) return refuse('NOT_FOUND', { what: 'account', id })
      const { chain } = found.account
      const recorded = journal.record({ kind: 'vault.destination-changed', chain, accountId: id })
      if (!recorded.ok) return recorded
      return write({ ...record, destinations: { ...record.destinations, [chain]: id } })
    },
  })
}
