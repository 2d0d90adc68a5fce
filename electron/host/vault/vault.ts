/** The cold side: the pinned wallets, what the chains say they hold, and which addresses the device has shown.
 *  Every address is derived here from a pinned key; what a device or a server says is compared with it. */
import type { CodeOf } from '../../../shared/contract/method.ts'
import type { vaultShowAddress, vaultUseForSweeps } from '../../../shared/contract/methods/vault.ts'
import { type Refusal, type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import { BTC, amount } from '../../../shared/units/amount.ts'
import {
  type BitcoinVaultAccount,
  type ChainKind,
  type Coin,
  type EvmVaultAccount,
  type VaultAccount,
  type VaultBalance,
  type VaultRecord,
} from '../../../shared/vault/account.ts'
import { outpointOf } from '../../../shared/vault/coinNotes.ts'
import { type AccountKeys, type DerivationMath, accountStep } from '../../../shared/vault/derive.ts'
import { type OwnAddress, firstAddress } from '../../../shared/vault/ownAddress.ts'
import type { Journal } from '../journal.ts'
import type {
  BitcoinPort,
  ChainRefusals,
  ChainResult,
  ChainTip,
  Clock,
  DevicePort,
  DeviceResult,
  EvmPort,
  StorePort,
  WalletRef,
} from '../ports.ts'
import { type BitcoinBook, type BitcoinState, openBitcoinBook } from './bitcoinBook.ts'
import { type AccountOf, type Wallets, openWallets } from './wallets.ts'

const pollEveryMs = 4_000
const leastBetweenMs = 500
const readTimeoutMs = 20_000

export interface ChainState {
  readonly chain: string
  readonly source: string
  readonly tip: ChainTip | null
  readonly refusal: Refusal<ChainRefusals> | null
}

export interface ShownAddress {
  readonly address: string
  readonly at: number
}

export interface Vault {
  record(): VaultRecord
  readonly wallets: Omit<Wallets, 'record' | 'find' | 'sweepTo'>
  account(id: string): AccountOf | undefined
  /** The account of this id and kind; without an id the one that sweeps go to. */
  bitcoinAccount(id?: string): AccountOf<BitcoinVaultAccount> | undefined
  evmAccount(id?: string): AccountOf<EvmVaultAccount> | undefined
  /** The account's keys, opened with the fast curve. */
  bitcoinKeys(account: BitcoinVaultAccount): AccountKeys
  /** Null before the chain's first good answer. */
  bitcoin(accountId: string): BitcoinState | null
  /** A coin of ours by its outpoint `txid:vout`. */
  coin(outpoint: string): { readonly account: BitcoinVaultAccount; readonly coin: Coin } | undefined
  /** One row for each account, chain and asset. */
  balances(): readonly VaultBalance[]
  chains(): readonly ChainState[]
  evmPort(chain: string): EvmPort | undefined
  nextReceive(accountId: string): OwnAddress | undefined
  nextChange(accountId: string): OwnAddress | undefined
  /** Every address of ours that is known so far. */
  ownAddresses(): readonly string[]
  /** Those that may be paid like our own: of wallets whose keys a device has given. Not those of a watched account,
   *  whose descriptor anyone can hand over, nor those behind a passphrase that only whoever typed it knows, unless
   *  the payment stays in that wallet. */
  trustedAddresses(payerId: string): readonly string[]
  verifiedAt(address: string): number | null
  /** Shows an address of ours on the device; refuses when the device says another. */
  showAddress(
    request: { readonly accountId: string; readonly chain: string; readonly path: string },
    signal: AbortSignal,
  ): Promise<Result<ShownAddress, CodeOf<typeof vaultShowAddress>>>
  /** Sends later sweeps to this account, once its first address was confirmed on the device. */
  useForSweeps(
    accountId: string,
    signal: AbortSignal,
  ): Promise<Result<VaultAccount, CodeOf<typeof vaultUseForSweeps>>>
  takeShown(address: string, at: number): void
  /** Reads the chains now. */
  refresh(): Promise<void>
  close(): Promise<void>
}

/** What signs for this account; null for one that is only watched here. */
export function signerOf({ wallet }: AccountOf): WalletRef | null {
  const { signer, fingerprint } = wallet
  if (signer.kind !== 'device') return null
  return { deviceId: signer.deviceId, fingerprint, passphrase: signer.passphrase }
}

export function createVault(options: {
  readonly mode: 'demo' | 'real'
  readonly store: StorePort
  readonly journal: Journal
  readonly device: DevicePort
  readonly bitcoin: BitcoinPort
  readonly evm: readonly EvmPort[]
  readonly clock: Clock
  readonly math: DerivationMath
  readonly onChange: () => void
  readonly log: (line: string) => void
}): Result<Vault> {
  const { device, clock } = options
  const network = options.mode === 'demo' ? 'regtest' : 'mainnet'
  const books = new Map<string, BitcoinBook>()
  const evmBalances = new Map<string, readonly VaultBalance[]>()
  const chains = new Map<string, ChainState>()
  const shown = new Map<string, number>()
  const controller = new AbortController()

  const evmChainId = options.evm[0]?.chainId ?? 1
  const opened = openWallets({
    network,
    store: options.store,
    journal: options.journal,
    device,
    bitcoin: options.bitcoin,
    clock,
    math: options.math,
    evmChainId,
    onChange() {
      options.onChange()
      void refresh().catch((error: unknown) =>
        options.log(`reading the chains broke: ${String(error)}`),
      )
    },
  })
  if (!opened.ok) return opened
  const wallets = opened.value

  const accounts = (): readonly VaultAccount[] =>
    wallets.record().wallets.flatMap((wallet) => wallet.accounts)

  function bookOf(account: BitcoinVaultAccount): BitcoinBook {
    const known = books.get(account.id)
    if (known !== undefined) return known
    const book = openBitcoinBook({
      account,
      port: options.bitcoin,
      clock,
      math: options.math,
      onClaimed: options.onChange,
    })
    if (!book.ok) throw new Error(`a pinned key that does not open: ${book.refusal.data.problem}`)
    books.set(account.id, book.value)
    return book.value
  }

  // ── what the chains say ─────────────────────────────────────────────────────

  function noteChain(chain: string, source: string, read: ChainResult<ChainTip>): void {
    const before = chains.get(chain)
    chains.set(chain, {
      chain,
      source,
      tip: read.ok ? read.value : (before?.tip ?? null),
      refusal: read.ok ? null : read.refusal,
    })
  }

  function noteRefusal(chain: string, source: string, refusal: Refusal<ChainRefusals>): void {
    chains.set(chain, { chain, source, tip: chains.get(chain)?.tip ?? null, refusal })
  }

  async function refreshBitcoin(signal: AbortSignal): Promise<void> {
    const { source } = options.bitcoin
    noteChain('bitcoin', source, await options.bitcoin.readTip(signal))
    if (chains.get('bitcoin')?.refusal != null) return
    for (const account of accounts()) {
      if (account.chain !== 'bitcoin') continue
      const read = await bookOf(account).read(signal)
      // One account that cannot be read makes the chain doubtful for all: it is the same server.
      if (!read.ok) return noteRefusal('bitcoin', source, read.refusal)
    }
  }

  async function refreshEvm(port: EvmPort, signal: AbortSignal): Promise<void> {
    const chain = `evm:${port.chainId}`
    const tip = await port.readTip(signal)
    // Asked afterwards: which of two servers answered is part of the source.
    noteChain(chain, port.source, tip)
    if (!tip.ok) return
    const mine = accounts().flatMap((account) => (account.chain === 'evm' ? [account] : []))
    const read = await port.readAllBalances(
      mine.map(({ address }) => address),
      signal,
    )
    if (!read.ok) return noteRefusal(chain, port.source, read.refusal)
    const asOf = clock.now()
    for (const [at, account] of mine.entries()) {
      evmBalances.set(
        `${chain} ${account.id}`,
        (read.value[at] ?? []).map((held) => ({
          accountId: account.id,
          amount: held,
          chain,
          unconfirmed: null,
          asOf,
          source: port.source,
        })),
      )
    }
  }

  async function refresh(): Promise<void> {
    const signal = AbortSignal.any([controller.signal, AbortSignal.timeout(readTimeoutMs)])
    await Promise.all([
      refreshBitcoin(signal),
      ...options.evm.map((port) => refreshEvm(port, signal)),
    ])
    options.onChange()
  }

  // What a server tells by itself is looked at now; one that never stops telling is not looked at all the time.
  let newsCame = false
  let wake: () => void = () => undefined
  const stopNews = options.bitcoin.onNews?.(() => {
    newsCame = true
    wake()
  })

  async function poll(): Promise<void> {
    while (!controller.signal.aborted) {
      await refresh().catch((error: unknown) =>
        options.log(`reading the chains broke: ${String(error)}`),
      )
      await clock.sleep(leastBetweenMs, controller.signal).catch(() => undefined)
      const rest = new AbortController()
      wake = () => rest.abort()
      if (newsCame) wake()
      newsCame = false
      await clock
        .sleep(pollEveryMs - leastBetweenMs, AbortSignal.any([controller.signal, rest.signal]))
        .catch(() => undefined)
    }
  }

  function bitcoinBalances(account: BitcoinVaultAccount): readonly VaultBalance[] {
    const book = bookOf(account)
    const [state, claimed] = [book.state(), book.claimed()]
    const asOf = state?.asOf ?? claimed?.asOf
    if (asOf === undefined) return []
    const unproven = claimed?.coins ?? []
    const coins = [...(state?.coins ?? []), ...unproven]
    const sum = (held: readonly { readonly value: bigint }[]) =>
      amount(
        BTC,
        held.reduce((total, { value }) => total + value, 0n),
      )
    return [
      {
        accountId: account.id,
        amount: sum(coins),
        chain: 'bitcoin',
        unconfirmed: sum(coins.filter(({ height }) => height === null)),
        ...(unproven.length === 0 ? {} : { unproven: sum(unproven) }),
        asOf,
        source: options.bitcoin.source,
      },
    ]
  }

  function balancesOf(account: VaultAccount): readonly VaultBalance[] {
    if (account.chain === 'evm')
      return options.evm.flatMap(
        (port) => evmBalances.get(`evm:${port.chainId} ${account.id}`) ?? [],
      )
    return bitcoinBalances(account)
  }

  function addressesOf(account: VaultAccount): readonly string[] {
    if (account.chain === 'evm') return [account.address]
    const state = bookOf(account).state()
    return state === null ? [] : [...state.receive, ...state.change].map((own) => own.address)
  }

  // ── accounts and addresses ──────────────────────────────────────────────────

  function pick(kind: ChainKind, id: string | undefined): AccountOf | undefined {
    const wanted = id ?? wallets.record().destinations[kind]
    return wanted === null ? undefined : wallets.find(wanted)
  }

  function bitcoinAccount(id?: string): AccountOf<BitcoinVaultAccount> | undefined {
    const found = pick('bitcoin', id)
    return found?.account.chain === 'bitcoin'
      ? { wallet: found.wallet, account: found.account }
      : undefined
  }

  function evmAccount(id?: string): AccountOf<EvmVaultAccount> | undefined {
    const found = pick('evm', id)
    return found?.account.chain === 'evm'
      ? { wallet: found.wallet, account: found.account }
      : undefined
  }

  function bitcoinState(id: string): BitcoinState | null {
    const found = wallets.find(id)?.account
    return found?.chain === 'bitcoin' ? bookOf(found).state() : null
  }

  /** After the last used one: an address in a gap may have been given to somebody. */
  function next(id: string, branch: 'receive' | 'change'): OwnAddress | undefined {
    const known = bitcoinState(id)?.[branch]
    return known?.[known.findLastIndex((own) => own.used) + 1]
  }

  /** The address at this path, if it is the account's own on that chain. */
  function addressAt(account: VaultAccount, chain: string, path: string): string | undefined {
    if (account.chain === 'evm')
      return chain.startsWith('evm:') && path === account.path ? account.address : undefined
    const step = accountStep(account.path, path)
    return chain === 'bitcoin' && step !== undefined
      ? bookOf(account).address(step.branch, step.index).address
      : undefined
  }

  function showOnDevice(
    wallet: WalletRef,
    chain: string,
    path: string,
    signal: AbortSignal,
  ): Promise<DeviceResult<{ readonly address: string }>> {
    return chain === 'bitcoin'
      ? device.showBitcoinAddress({ path, network, wallet }, signal)
      : device.showEvmAddress({ path, chainId: Number(chain.slice('evm:'.length)), wallet }, signal)
  }

  const showAddress: Vault['showAddress'] = async ({ accountId, chain, path }, signal) => {
    const found = wallets.find(accountId)
    if (found === undefined) return refuse('NOT_FOUND', { what: 'account', id: accountId })
    const expected = addressAt(found.account, chain, path)
    if (expected === undefined) return refuse('NOT_FOUND', { what: 'address', id: path })
    const signer = signerOf(found)
    if (signer === null) return refuse('VAULT_NOT_PAIRED', { chain })
    const answer = await showOnDevice(signer, chain, path, signal)
    if (!answer.ok) return answer
    if (answer.value.address !== expected)
      return refuse('DEVICE_ADDRESS_MISMATCH', { expected, shown: answer.value.address })
    const recorded = options.journal.record({
      kind: 'vault.address-shown',
      chain,
      address: expected,
      path,
    })
    if (!recorded.ok) return recorded
    shown.set(expected, recorded.value.at)
    options.onChange()
    return ok({ address: expected, at: recorded.value.at })
  }

  const useForSweeps: Vault['useForSweeps'] = async (accountId, signal) => {
    const found = wallets.find(accountId)
    if (found === undefined) return refuse('NOT_FOUND', { what: 'account', id: accountId })
    const { account } = found
    const chain = account.chain === 'bitcoin' ? 'bitcoin' : `evm:${evmChainId}`
    const seen = await showAddress({ accountId, chain, path: firstAddress(account).path }, signal)
    if (!seen.ok) return seen
    const changed = wallets.sweepTo(accountId)
    return changed.ok ? ok(account) : changed
  }

  const polling = poll()

  return ok({
    record: wallets.record,
    wallets,
    account: wallets.find,
    bitcoinAccount,
    bitcoinKeys: (account) => bookOf(account).keys,
    evmAccount,
    bitcoin: bitcoinState,
    coin(outpoint) {
      for (const account of accounts()) {
        if (account.chain !== 'bitcoin') continue
        const coins = bookOf(account).state()?.coins ?? []
        const coin = coins.find((held) => outpointOf(held) === outpoint)
        if (coin !== undefined) return { account, coin }
      }
      return undefined
    },
    balances: () => accounts().flatMap(balancesOf),
    chains: () => [...chains.values()],
    evmPort: (chain) => options.evm.find((port) => `evm:${port.chainId}` === chain),
    nextReceive: (id) => next(id, 'receive'),
    nextChange: (id) => next(id, 'change'),
    ownAddresses: () => accounts().flatMap(addressesOf),
    trustedAddresses: (payerId) =>
      wallets
        .record()
        .wallets.filter(
          ({ signer, accounts: own }) =>
            (signer.kind === 'device' && !signer.passphrase) ||
            own.some(({ id }) => id === payerId),
        )
        .flatMap((wallet) => wallet.accounts)
        .flatMap(addressesOf),
    verifiedAt: (address) => shown.get(address) ?? null,
    showAddress,
    useForSweeps,
    takeShown: (address, at) => {
      shown.set(address, at)
    },
    refresh,
    async close() {
      controller.abort()
      stopNews?.()
      await polling
    },
  })
}
