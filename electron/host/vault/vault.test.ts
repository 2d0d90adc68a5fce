import { HDKey } from '@scure/bip32'
import { describe, expect, test } from 'vitest'
import { ok, refuse } from '../../../shared/errors/refusal.ts'
import { pureDerivationMath } from '../../../shared/vault/derive.ts'
import { descriptorChecksum } from '../../../shared/vault/descriptor.ts'
import { firstAddress } from '../../../shared/vault/ownAddress.ts'
import type { JournalEvent } from '../journal.ts'
import type { BitcoinPort, DevicePort, StorePort } from '../ports.ts'
import { type Vault, createVault } from './vault.ts'

const versions = { private: 0x0488ade4, public: 0x0488b21e }
const rootOf = (seed: number) => HDKey.fromMasterSeed(new Uint8Array(32).fill(seed), versions)
const fingerprint = '73c5da0a'

interface Answers {
  /** Whose keys the device gives. */
  seed: number
  deviceId?: string
  /** What the device says its wallet is, whatever its keys. */
  fingerprint?: string
  journalFails?: boolean
  /** Address that the device shows; the right one unless given. */
  shows?: string
  /** Scripts with a history. */
  used?: ReadonlySet<string>
}

const away = () =>
  Promise.resolve(refuse('CHAIN_UNREACHABLE', { chain: 'bitcoin', reason: 'test' }))

function open(answers: Answers) {
  const documents = new Map<string, string>()
  const events: JournalEvent[] = []
  const asked: boolean[] = []
  const store: Pick<StorePort, 'readDocument' | 'writeDocument'> = {
    readDocument: (name) => ok(documents.get(name) ?? null),
    writeDocument(name, value) {
      documents.set(name, value)
      return ok(undefined)
    },
  }
  const opened: { value?: Vault } = {}
  const shownAt = (path: string) => {
    const known = opened.value
      ?.record()
      .wallets.flatMap(({ accounts }) => accounts)
      .find((account) => path.startsWith(account.path))
    return known === undefined ? 'none' : firstAddress(known).address
  }
  const show = ({ path }: { readonly path: string }) =>
    Promise.resolve(ok({ address: answers.shows ?? shownAt(path) }))
  const device: Pick<DevicePort, 'readKeys' | 'showEvmAddress' | 'showBitcoinAddress'> = {
    readKeys({ paths, passphrase }) {
      asked.push(passphrase)
      const info = { deviceId: answers.deviceId ?? 'ONE1', label: 'Ledge', model: 'OneKey Pro' }
      return Promise.resolve(
        ok({
          fingerprint: answers.fingerprint ?? fingerprint,
          device: { ...info, firmware: '4.11.0' },
          xpubs: paths.map((path) => rootOf(answers.seed).derive(path).publicExtendedKey),
        }),
      )
    },
    showEvmAddress: show,
    showBitcoinAddress: show,
  }
  const bitcoin: Pick<BitcoinPort, 'source' | 'readTip' | 'readUsedScripts'> = {
    source: 'test',
    readTip: away,
    readUsedScripts: (scripts) =>
      Promise.resolve(ok(new Set(scripts.filter((script) => answers.used?.has(script) === true)))),
  }
  const created = createVault({
    mode: 'real',
    store: store as StorePort,
    journal: {
      record(event) {
        if (answers.journalFails === true) return refuse('STORE_WRITE_FAILED', { reason: 'full' })
        events.push(event)
        return ok({ seq: 1, at: 1, kind: event.kind, body: '', hash: '' })
      },
      replay: () => undefined,
    },
    device: device as DevicePort,
    bitcoin: bitcoin as BitcoinPort,
    evm: [],
    math: pureDerivationMath,
    clock: {
      now: () => 1,
      sleep: (_, signal) =>
        signal?.aborted === true
          ? Promise.resolve()
          : new Promise((resolve) => signal?.addEventListener('abort', () => resolve())),
    },
    onChange: () => undefined,
    log: () => undefined,
  })
  if (!created.ok) throw new Error(created.refusal.code)
  opened.value = created.value
  return {
    vault: created.value,
    documents,
    asked,
    kinds: () => events.map(({ kind }) => kind),
  }
}

const never = new AbortController().signal
const main = { passphrase: false }
const bip84 = `${fingerprint}/84'/0'/0'`
const evm0 = `${fingerprint}/44'/60'/0'/0/0`

function descriptorOf(seed: number, path: string, owner: string): string {
  const xpub = rootOf(seed).derive(path).publicExtendedKey
  const text = `wpkh([${owner}/${path.slice(2).replaceAll("'", 'h')}]${xpub}/<0;1>/*)`
  return `${text}#${descriptorChecksum(text)}`
}

describe('pairing', () => {
  test('the first wallet brings its first accounts, and sweeps go to them', async () => {
    const { vault, kinds } = open({ seed: 1 })
    expect((await vault.wallets.pair(main, never)).ok).toBe(true)
    expect(vault.record().destinations).toEqual({ bitcoin: bip84, evm: evm0 })
    expect(vault.bitcoinAccount()?.account.path).toBe("m/84'/0'/0'")
    expect(kinds()).toEqual(['vault.paired'])
    await vault.close()
  })

  test('pinned keys are never replaced by others under the same device name and fingerprint', async () => {
    const answers: Answers = { seed: 1 }
    const { vault, kinds } = open(answers)
    await vault.wallets.pair(main, never)
    const before = vault.record()
    answers.seed = 2
    expect(await vault.wallets.pair(main, never)).toMatchObject({
      ok: false,
      refusal: { code: 'DEVICE_WRONG' },
    })
    expect(vault.record()).toEqual(before)
    expect(kinds()).toEqual(['vault.paired'])
    answers.seed = 1
    expect((await vault.wallets.pair(main, never)).ok).toBe(true)
    await vault.close()
  })

  test('a second wallet stands beside the first; sweeps stay where they were', async () => {
    const answers: Answers = { seed: 1 }
    const { vault, asked } = open(answers)
    await vault.wallets.pair(main, never)
    Object.assign(answers, { seed: 2, fingerprint: '00000002' })
    expect((await vault.wallets.pair({ passphrase: true }, never)).ok).toBe(true)
    expect(asked).toEqual([false, true])
    expect(vault.record().wallets.map(({ signer }) => signer)).toMatchObject([
      { passphrase: false },
      { passphrase: true },
    ])
    expect(vault.record().destinations).toEqual({ bitcoin: bip84, evm: evm0 })
    await vault.close()
  })

  test('the same wallet in another device takes its place only when it shows our address', async () => {
    const answers: Answers = { seed: 1 }
    const { vault } = open(answers)
    await vault.wallets.pair(main, never)
    Object.assign(answers, { deviceId: 'ONE2', shows: 'bc1qsomethingelse' })
    expect(await vault.wallets.pair(main, never)).toMatchObject({
      ok: false,
      refusal: { code: 'DEVICE_ADDRESS_MISMATCH' },
    })
    expect(vault.record().wallets[0]?.signer).toMatchObject({ deviceId: 'ONE1' })
    delete answers.shows
    expect((await vault.wallets.pair(main, never)).ok).toBe(true)
    expect(vault.record().wallets[0]?.signer).toMatchObject({ deviceId: 'ONE2' })
    await vault.close()
  })

  test('a pairing that cannot be journalled pins nothing', async () => {
    const { vault, documents } = open({ seed: 1, journalFails: true })
    expect(await vault.wallets.pair(main, never)).toMatchObject({ ok: false })
    expect(vault.record().wallets).toEqual([])
    expect([...documents]).toEqual([])
    await vault.close()
  })
})

describe('more accounts', () => {
  test('each kind by its own path, once, and only from the wallet that is pinned', async () => {
    const answers: Answers = { seed: 1 }
    const { vault } = open(answers)
    await vault.wallets.pair(main, never)
    const taproot = { fingerprint, chain: 'bitcoin', scriptType: 'p2tr', number: 3 } as const
    expect(await vault.wallets.add(taproot, never)).toMatchObject({
      value: { id: `${fingerprint}/86'/0'/3'`, path: "m/86'/0'/3'", scriptType: 'p2tr' },
    })
    const second = { fingerprint, chain: 'evm', scriptType: 'p2wpkh', number: 1 } as const
    expect(await vault.wallets.add(second, never)).toMatchObject({
      value: { path: "m/44'/60'/0'/0/1" },
    })
    await vault.wallets.add(taproot, never)
    expect(vault.record().wallets[0]?.accounts).toHaveLength(4)
    answers.seed = 2
    expect(await vault.wallets.add({ ...taproot, number: 4 }, never)).toMatchObject({
      ok: false,
      refusal: { code: 'DEVICE_WRONG' },
    })
    await vault.close()
  })

  test('the accounts that were ever used are found, up to the first that was not', async () => {
    const answers: Answers = { seed: 1 }
    const { vault } = open(answers)
    await vault.wallets.pair(main, never)
    const used = [
      { scriptType: 'p2tr', number: 0 },
      { scriptType: 'p2wpkh', number: 0 },
      { scriptType: 'p2wpkh', number: 1 },
      { scriptType: 'p2wpkh', number: 3 },
    ] as const
    const scripts = new Set<string>()
    const probe = open({ seed: 1 })
    await probe.vault.wallets.pair(main, never)
    for (const row of used) {
      const added = await probe.vault.wallets.add({ fingerprint, chain: 'bitcoin', ...row }, never)
      if (!added.ok || added.value.chain !== 'bitcoin') throw new Error('no account')
      const first = firstAddress(added.value)
      if (!('script' in first)) throw new Error('no script')
      scripts.add(String(first.script))
    }
    await probe.vault.close()
    answers.used = scripts
    const found = await vault.wallets.discover(fingerprint, never)
    expect(found.ok && found.value.map(({ path }) => path).sort()).toEqual([
      "m/84'/0'/1'",
      "m/86'/0'/0'",
    ])
    await vault.close()
  })
})

describe('watching', () => {
  test('a descriptor and a zpub are watched; a plain xpub must say which addresses it has', async () => {
    const { vault } = open({ seed: 1 })
    const text = descriptorOf(5, "m/84'/0'/0'", 'aabbccdd')
    expect(vault.wallets.import({ text, label: 'Friend' })).toMatchObject({
      value: { fingerprint: 'aabbccdd', signer: { kind: 'air-gapped', originKnown: true } },
    })
    const xpub = rootOf(6).derive("m/84'/0'/2'").publicExtendedKey
    expect(vault.wallets.import({ text: xpub, label: '' })).toMatchObject({
      ok: false,
      refusal: { code: 'INPUT_INVALID', data: { field: 'scriptType' } },
    })
    expect(vault.wallets.import({ text: xpub, label: '', scriptType: 'p2wpkh' })).toMatchObject({
      value: { signer: { originKnown: false }, accounts: [{ path: "m/84'/0'/2'" }] },
    })
    expect(vault.record().destinations).toEqual({ bitcoin: null, evm: null })
    await vault.close()
  })

  test('a descriptor that claims to be of a paired wallet is refused', async () => {
    const { vault } = open({ seed: 1 })
    await vault.wallets.pair(main, never)
    const text = descriptorOf(5, "m/84'/0'/1'", fingerprint)
    expect(vault.wallets.import({ text, label: '' })).toMatchObject({
      ok: false,
      refusal: { code: 'INPUT_INVALID' },
    })
    expect(vault.record().wallets[0]?.accounts).toHaveLength(2)
    await vault.close()
  })

  test('a watched wallet becomes the device’s only when the device has its very keys', async () => {
    const answers: Answers = { seed: 2 }
    const { vault } = open(answers)
    vault.wallets.import({ text: descriptorOf(1, "m/84'/0'/0'", fingerprint), label: '' })
    expect(await vault.wallets.pair(main, never)).toMatchObject({
      ok: false,
      refusal: { code: 'DEVICE_WRONG' },
    })
    answers.seed = 1
    expect((await vault.wallets.pair(main, never)).ok).toBe(true)
    expect(vault.record().wallets[0]?.signer).toMatchObject({ kind: 'device', deviceId: 'ONE1' })
    await vault.close()
  })
})

describe('where sweeps go', () => {
  test('changes only when the device has shown the account’s own address', async () => {
    const answers: Answers = { seed: 1 }
    const { vault, kinds } = open(answers)
    await vault.wallets.pair(main, never)
    const request = { fingerprint, chain: 'bitcoin', scriptType: 'p2tr', number: 0 } as const
    await vault.wallets.add(request, never)
    const taproot = `${fingerprint}/86'/0'/0'`
    answers.shows = 'bc1qsomethingelse'
    expect(await vault.useForSweeps(taproot, never)).toMatchObject({
      ok: false,
      refusal: { code: 'DEVICE_ADDRESS_MISMATCH' },
    })
    expect(vault.record().destinations.bitcoin).toBe(bip84)
    delete answers.shows
    expect((await vault.useForSweeps(taproot, never)).ok).toBe(true)
    expect(vault.record().destinations.bitcoin).toBe(taproot)
    expect(kinds().slice(-2)).toEqual(['vault.address-shown', 'vault.destination-changed'])
    await vault.close()
  })

  test('never to an account that no device can show', async () => {
    const { vault } = open({ seed: 1 })
    vault.wallets.import({ text: descriptorOf(5, "m/84'/0'/0'", 'aabbccdd'), label: '' })
    expect(await vault.useForSweeps("aabbccdd/84'/0'/0'", never)).toMatchObject({
      ok: false,
      refusal: { code: 'VAULT_NOT_PAIRED' },
    })
    await vault.close()
  })

  test('an account that sweeps go to stays; any other may go, the last one with its wallet', async () => {
    const { vault } = open({ seed: 1 })
    await vault.wallets.pair(main, never)
    expect(vault.wallets.remove(bip84)).toMatchObject({
      ok: false,
      refusal: { code: 'ACCOUNT_IN_USE' },
    })
    vault.wallets.import({ text: descriptorOf(5, "m/84'/0'/0'", 'aabbccdd'), label: '' })
    expect(vault.wallets.remove("aabbccdd/84'/0'/0'").ok).toBe(true)
    expect(vault.record().wallets.map((wallet) => wallet.fingerprint)).toEqual([fingerprint])
    await vault.close()
  })
})
