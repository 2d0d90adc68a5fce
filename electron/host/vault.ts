/** The cold side: the pinned keys, what the chains say they hold, and which addresses the device has shown.
 *  Every address is derived here from the pinned key; what a device or a server says is compared with it. */
import type { CodeOf, ResultOf } from '../../shared/contract/method.ts'
import type { vaultPair, vaultShowAddress } from '../../shared/contract/methods/vault.ts'
import { type Refusal, type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import {
  type Coin,
  type PinnedVault,
  type VaultBalance,
  pinnedVaultSchema,
} from '../../shared/vault/account.ts'
import {
  type OwnAddress,
  deriveBitcoinAddress,
  deriveEvmAddress,
  ownAddress,
} from '../../shared/vault/ownAddress.ts'
import { type Branch, openAccount } from '../../shared/vault/derive.ts'
import { BTC, amount } from '../../shared/units/amount.ts'
import { type Document, openDocument } from './documents.ts'
import type { Journal } from './journal.ts'
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
} from './ports.ts'

/** BIP44: stop looking after this many unused addresses in a row. */
const gapLimit = 20
const pollEveryMs = 4_000
const readTimeoutMs = 20_000
const evmAccountPath = "m/44'/60'/0'"
const evmAddressPath = `${evmAccountPath}/0/0`

type PairResult = ResultOf<typeof vaultPair>

export interface BitcoinState {
  readonly receive: readonly (OwnAddress & { readonly used: boolean })[]
  readonly change: readonly (OwnAddress & { readonly used: boolean })[]
  readonly coins: readonly Coin[]
  readonly asOf: number
}

export interface ChainState {
  readonly chain: string
  readonly source: string
  readonly tip: ChainTip | null
  readonly refusal: Refusal<ChainRefusals> | null
}

export interface Vault {
  pinned(): PinnedVault | null
  pair(signal: AbortSignal): Promise<PairResult>
  bitcoin(): BitcoinState | null
  balances(): readonly VaultBalance[]
  chains(): readonly ChainState[]
  evmPort(chain: string): EvmPort | undefined
  nextReceive(): OwnAddress | undefined
  nextChange(): OwnAddress | undefined
  /** The address at this path if it is ours, on that chain. */
  derive(chain: string, path: string): Result<string, 'NOT_FOUND' | 'VAULT_NOT_PAIRED'>
  verifiedAt(address: string): number | null
  /** Shows an address of ours on the device; refuses when the device says another. */
  showAddress(
    chain: string,
    path: string,
    signal: AbortSignal,
  ): Promise<
    Result<{ readonly address: string; readonly at: number }, CodeOf<typeof vaultShowAddress>>
  >
  takeShown(address: string, at: number): void
  /** Reads the chains now. */
  refresh(): Promise<void>
  close(): Promise<void>
}

export function createVault(options: {
  readonly mode: 'demo' | 'real'
  readonly store: StorePort
  readonly journal: Journal
  readonly device: DevicePort
  readonly bitcoin: BitcoinPort
  readonly evm: readonly EvmPort[]
  readonly clock: Clock
  readonly onChange: () => void
  readonly log: (line: string) => void
}): Result<Vault> {
  const network = options.mode === 'demo' ? 'regtest' : 'mainnet'
  // Coin type 1 for every test network (SLIP-44).
  const bitcoinPath = network === 'regtest' ? "m/84'/1'/0'" : "m/84'/0'/0'"
  const document: Document<PinnedVault> = openDocument(
    options.store,
    'vault.pinned',
    pinnedVaultSchema,
  )
  const stored = document.read()
  if (!stored.ok) return stored

  let pinned: PinnedVault | null = stored.value ?? null
  let bitcoinState: BitcoinState | null = null
  const evmBalances = new Map<string, readonly VaultBalance[]>()
  const chains = new Map<string, ChainState>()
  const shown = new Map<string, number>()
  const controller = new AbortController()

  function noteChain(chain: string, source: string, read: ChainResult<ChainTip>): void {
    const before = chains.get(chain)
    chains.set(chain, {
      chain,
      source,
      tip: read.ok ? read.value : (before?.tip ?? null),
      refusal: read.ok ? null : read.refusal,
    })
  }

  /** Our addresses of one branch up to a gap of unused ones. */
  async function discover(vault: PinnedVault, branch: Branch, signal: AbortSignal) {
    const keys = openAccount(vault.bitcoin)
    if (!keys.ok) throw new Error('the pinned bitcoin key is not a key')
    const found: (OwnAddress & { readonly used: boolean })[] = []
    for (let unused = 0; unused < gapLimit; ) {
      const batch = Array.from({ length: gapLimit }, (_, offset) =>
        ownAddress(vault.bitcoin, keys.value, { branch, index: found.length + offset }),
      )
      const used = await options.bitcoin.readUsedScripts(
        batch.map((own) => own.script),
        signal,
      )
      if (!used.ok) return used
      for (const own of batch) {
        const isUsed = used.value.has(own.script)
        found.push({ ...own, used: isUsed })
        unused = isUsed ? 0 : unused + 1
      }
    }
    return ok(found)
  }

  async function readBitcoin(
    vault: PinnedVault,
    signal: AbortSignal,
  ): Promise<ChainResult<BitcoinState>> {
    const receive = await discover(vault, 0, signal)
    if (!receive.ok) return receive
    const change = await discover(vault, 1, signal)
    if (!change.ok) return change
    const all = [...receive.value, ...change.value]
    const byScript = new Map(all.map((own) => [own.script, own]))
    const coins = await options.bitcoin.readCoins(
      all.filter((own) => own.used).map((own) => own.script),
      signal,
    )
    if (!coins.ok) return coins
    return ok({
      receive: receive.value,
      change: change.value,
      coins: coins.value.flatMap((coin) => {
        const own = byScript.get(coin.script)
        return own === undefined ? [] : [{ ...coin, address: own.address, path: own.path }]
      }),
      asOf: options.clock.now(),
    })
  }

  async function refreshBitcoin(signal: AbortSignal): Promise<void> {
    const { source } = options.bitcoin
    noteChain('bitcoin', source, await options.bitcoin.readTip(signal))
    if (pinned === null || chains.get('bitcoin')?.refusal != null) return
    const read = await readBitcoin(pinned, signal)
    if (read.ok) bitcoinState = read.value
    else
      chains.set('bitcoin', {
        chain: 'bitcoin',
        source,
        tip: chains.get('bitcoin')?.tip ?? null,
        refusal: read.refusal,
      })
  }

  async function refreshEvm(port: EvmPort, signal: AbortSignal): Promise<void> {
    const chain = `evm:${port.chainId}`
    const tip = await port.readTip(signal)
    // Asked afterwards: which of two servers answered is part of the source.
    noteChain(chain, port.source, tip)
    if (pinned === null || chains.get(chain)?.refusal != null) return
    const read = await port.readBalances(pinned.evm.address, signal)
    if (read.ok) {
      const asOf = options.clock.now()
      evmBalances.set(
        chain,
        read.value.map((held) => ({
          amount: held,
          chain,
          unconfirmed: null,
          asOf,
          source: port.source,
        })),
      )
    } else {
      chains.set(chain, {
        chain,
        source: port.source,
        tip: chains.get(chain)?.tip ?? null,
        refusal: read.refusal,
      })
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

  async function poll(): Promise<void> {
    while (!controller.signal.aborted) {
      await refresh().catch((error: unknown) =>
        options.log(`reading the chains broke: ${String(error)}`),
      )
      await options.clock.sleep(pollEveryMs, controller.signal).catch(() => undefined)
    }
  }

  function bitcoinBalance(state: BitcoinState): VaultBalance {
    const total = state.coins.reduce((sum, coin) => sum + coin.value, 0n)
    const unconfirmed = state.coins.reduce(
      (sum, coin) => sum + (coin.height === null ? coin.value : 0n),
      0n,
    )
    return {
      amount: amount(BTC, total),
      chain: 'bitcoin',
      unconfirmed: amount(BTC, unconfirmed),
      asOf: state.asOf,
      source: options.bitcoin.source,
    }
  }

  function derive(chain: string, path: string): Result<string, 'NOT_FOUND' | 'VAULT_NOT_PAIRED'> {
    if (pinned === null) return refuse('VAULT_NOT_PAIRED', { chain })
    if (chain.startsWith('evm:') && path === pinned.evm.path) return ok(pinned.evm.address)
    const step = new RegExp(`^${pinned.bitcoin.path}/([01])/(0|[1-9]\\d{0,6})$`).exec(path)
    if (chain !== 'bitcoin' || step === null)
      return refuse('NOT_FOUND', { what: 'address', id: path })
    const own = deriveBitcoinAddress(pinned.bitcoin, {
      branch: step[1] === '0' ? 0 : 1,
      index: Number(step[2]),
    })
    return own.ok ? ok(own.value.address) : refuse('NOT_FOUND', { what: 'address', id: path })
  }

  async function showOnDevice(
    vault: PinnedVault,
    chain: string,
    path: string,
    signal: AbortSignal,
  ): Promise<DeviceResult<{ readonly address: string }>> {
    const { deviceId, fingerprint } = vault
    const wallet = { deviceId, fingerprint, passphrase: false }
    return chain === 'bitcoin'
      ? options.device.showBitcoinAddress({ path, network, wallet }, signal)
      : options.device.showEvmAddress(
          { path, chainId: Number(chain.slice('evm:'.length)), wallet },
          signal,
        )
  }

  async function pair(signal: AbortSignal): Promise<PairResult> {
    const keys = await options.device.readKeys(
      { paths: [bitcoinPath, evmAccountPath], network, passphrase: false },
      signal,
    )
    if (!keys.ok) return keys
    const { fingerprint, device, xpubs } = keys.value
    const [bitcoinKey, evmKey] = xpubs
    if (bitcoinKey === undefined || evmKey === undefined) {
      return refuse('DEVICE_FAILED', {
        deviceCode: 'keys',
        deviceMessage: 'fewer keys than asked for',
      })
    }
    if (pinned !== null && pinned.fingerprint !== fingerprint) {
      return refuse('DEVICE_WRONG', { expected: pinned.fingerprint, found: fingerprint })
    }
    // Name and fingerprint are public and 32 bits short: only the keys themselves say that it is the same vault.
    if (pinned !== null && (pinned.bitcoin.xpub !== bitcoinKey || pinned.evm.xpub !== evmKey))
      return refuse('DEVICE_WRONG', { expected: pinned.fingerprint, found: 'other keys' })
    const address = deriveEvmAddress(evmKey)
    if (!address.ok)
      return refuse('DEVICE_FAILED', {
        deviceCode: 'keys',
        deviceMessage: address.refusal.data.problem,
      })
    const vault: PinnedVault = {
      fingerprint,
      deviceId: device.deviceId,
      deviceLabel: device.label,
      model: device.model,
      pairedAt: options.clock.now(),
      bitcoin: {
        chain: 'bitcoin',
        id: 'bitcoin:0',
        network,
        path: bitcoinPath,
        xpub: bitcoinKey,
        scriptType: 'p2wpkh',
      },
      evm: {
        chain: 'evm',
        id: 'evm:0',
        path: evmAddressPath,
        xpub: evmKey,
        address: address.value,
      },
    }
    const opened = openAccount(vault.bitcoin)
    if (!opened.ok)
      return refuse('DEVICE_FAILED', {
        deviceCode: 'keys',
        deviceMessage: opened.refusal.data.problem,
      })
    // Same keys in another device: the person checks with their own eyes before it takes the old one's place.
    if (pinned !== null && pinned.deviceId !== vault.deviceId) {
      const answer = await showOnDevice(
        vault,
        `evm:${options.evm[0]?.chainId ?? 1}`,
        vault.evm.path,
        signal,
      )
      if (!answer.ok) return answer
      if (answer.value.address !== pinned.evm.address) {
        return refuse('DEVICE_ADDRESS_MISMATCH', {
          expected: pinned.evm.address,
          shown: answer.value.address,
        })
      }
    }
    const recorded = options.journal.record({
      kind: 'vault.paired',
      fingerprint,
      deviceId: device.deviceId,
    })
    if (!recorded.ok) return recorded
    const written = document.write(vault)
    if (!written.ok) return written
    pinned = vault
    void refresh()
    return ok(vault)
  }

  const polling = poll()

  return ok({
    pinned: () => pinned,
    pair,
    bitcoin: () => bitcoinState,
    balances: () => [
      ...(bitcoinState === null ? [] : [bitcoinBalance(bitcoinState)]),
      ...[...evmBalances.values()].flat(),
    ],
    chains: () => [...chains.values()],
    evmPort: (chain) => options.evm.find((port) => `evm:${port.chainId}` === chain),
    nextReceive: () => bitcoinState?.receive.find((own) => !own.used),
    nextChange: () => bitcoinState?.change.find((own) => !own.used),
    derive,
    verifiedAt: (address) => shown.get(address) ?? null,
    async showAddress(chain, path, signal) {
      const expected = derive(chain, path)
      if (!expected.ok) return expected
      if (pinned === null) return refuse('VAULT_NOT_PAIRED', { chain })
      const answer = await showOnDevice(pinned, chain, path, signal)
      if (!answer.ok) return answer
      if (answer.value.address !== expected.value) {
        return refuse('DEVICE_ADDRESS_MISMATCH', {
          expected: expected.value,
          shown: answer.value.address,
        })
      }
      const recorded = options.journal.record({
        kind: 'vault.address-shown',
        chain,
        address: expected.value,
        path,
      })
      if (!recorded.ok) return recorded
      shown.set(expected.value, recorded.value.at)
      options.onChange()
      return ok({ address: expected.value, at: recorded.value.at })
    },
    takeShown: (address, at) => {
      shown.set(address, at)
    },
    refresh,
    async close() {
      controller.abort()
      await polling
    },
  })
}
