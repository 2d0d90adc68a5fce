import { HDKey } from '@scure/bip32'
import { expect, test } from 'vitest'
import { ok, refuse } from '../../shared/errors/refusal.ts'
import type { BitcoinPort, DevicePort, StorePort } from './ports.ts'
import { createVault } from './vault.ts'

const deviceId = 'ONE1'
const info = { deviceId, label: 'Ledge', model: 'OneKey Pro', firmware: '4.11.0' }

function keysOf(seed: number): readonly string[] {
  const root = HDKey.fromMasterSeed(new Uint8Array(32).fill(seed))
  return ["m/84'/0'/0'", "m/44'/60'/0'"].map((path) => root.derive(path).publicExtendedKey)
}

const away = () =>
  Promise.resolve(refuse('CHAIN_UNREACHABLE', { chain: 'bitcoin', reason: 'test' }))

/** A vault whose device answers with the keys of `answers.seed`, always under the same name and fingerprint. */
function open(answers: { seed: number; journalFails?: boolean }) {
  const documents = new Map<string, string>()
  const events: string[] = []
  const store: Pick<StorePort, 'readDocument' | 'writeDocument'> = {
    readDocument: (name) => ok(documents.get(name) ?? null),
    writeDocument(name, value) {
      documents.set(name, value)
      return ok(undefined)
    },
  }
  const device: Pick<DevicePort, 'readKeys' | 'showEvmAddress'> = {
    readKeys: () =>
      Promise.resolve(ok({ fingerprint: '73c5da0a', device: info, xpubs: keysOf(answers.seed) })),
    showEvmAddress: () => Promise.resolve(refuse('DEVICE_REJECTED', { what: 'test' })),
  }
  const bitcoin: Pick<BitcoinPort, 'source' | 'readTip'> = { source: 'test', readTip: away }
  const vault = createVault({
    mode: 'real',
    store: store as StorePort,
    journal: {
      record(event) {
        if (answers.journalFails === true) return refuse('STORE_WRITE_FAILED', { reason: 'full' })
        events.push(event.kind)
        return ok({ seq: 1, at: 1, kind: event.kind, body: '', hash: '' })
      },
      replay: () => undefined,
    },
    device: device as DevicePort,
    bitcoin: bitcoin as BitcoinPort,
    evm: [],
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
  if (!vault.ok) throw new Error(vault.refusal.code)
  return { vault: vault.value, documents, events }
}

const never = new AbortController().signal

test('pinned keys are never replaced by others, though device name and fingerprint are the same', async () => {
  const answers = { seed: 1 }
  const { vault, events } = open(answers)
  const first = await vault.pair(never)
  expect(first.ok).toBe(true)
  answers.seed = 2
  expect(await vault.pair(never)).toMatchObject({ ok: false, refusal: { code: 'DEVICE_WRONG' } })
  expect(vault.pinned()).toEqual(first.ok ? first.value : null)
  expect(events).toEqual(['vault.paired'])
  answers.seed = 1
  expect((await vault.pair(never)).ok).toBe(true)
  await vault.close()
})

test('a pairing that cannot be journalled pins nothing', async () => {
  const { vault, documents } = open({ seed: 1, journalFails: true })
  expect(await vault.pair(never)).toMatchObject({ ok: false })
  expect(vault.pinned()).toBeNull()
  expect([...documents]).toEqual([])
  await vault.close()
})
