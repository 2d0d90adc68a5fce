import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { refuse } from '../../shared/errors/refusal.ts'
import { acquireWriterLock } from '../adapters/store/writerLock.ts'
import { openStore } from '../adapters/store/store.ts'
import { systemClock, systemRandom } from '../adapters/system/clock.ts'
import type { BitcoinPort, DevicePort, EvmPort, StorePort, VenuePort } from '../host/ports.ts'
import { openHost } from './compose.ts'

const dataKey = new Uint8Array(32).fill(7)
const directories: string[] = []

afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true })
})

function directoryWith(write: (store: StorePort) => void): string {
  const directory = mkdtempSync(join(tmpdir(), 'bulkhead-compose-'))
  directories.push(directory)
  const store = openStore({ directory, dataKey, clock: systemClock, random: systemRandom })
  if (!store.ok) throw new Error(store.refusal.code)
  write(store.value)
  store.value.close()
  return directory
}

/** Ports that only note that they were closed, and are asked no more afterwards. */
function notedPorts() {
  const closed: string[] = []
  let asked = 0
  const close = (name: string) => () => {
    closed.push(name)
    return Promise.resolve()
  }
  const away = () => {
    asked += 1
    return Promise.resolve(refuse('CHAIN_UNREACHABLE', { chain: 'x', reason: 'test' }))
  }
  const venueAway = () => {
    asked += 1
    return Promise.resolve(refuse('VENUE_UNREACHABLE', { venue: 'x', reason: 'test' }))
  }
  const venue: Partial<VenuePort> = {
    accountId: 'x',
    label: 'x',
    readQuotes: venueAway,
    readAccount: venueAway,
    close: close('venue'),
  }
  const device: Partial<DevicePort> = { close: close('device') }
  const bitcoin: Partial<BitcoinPort> = { source: 'x', readTip: away, close: close('bitcoin') }
  const evm: Partial<EvmPort> = { chainId: 1, source: 'x', readTip: away, close: close('evm') }
  const own = () => ({
    mode: 'demo' as const,
    venues: [venue as VenuePort],
    openVenue: null,
    openEvm: null,
    simulatedDeviceUrl: null,
    bitcoin: bitcoin as BitcoinPort,
    bitcoinServers: null,
    evm: [evm as EvmPort],
    device: device as DevicePort,
  })
  return { own, closed, asked: () => asked }
}

const around = (directory: string) => ({
  directory,
  dataKey,
  confirmation: { confirm: () => Promise.resolve('unavailable' as const) },
  log: () => undefined,
})

/** Locked and read by nobody any more. */
function expectReleased(directory: string): void {
  const lock = acquireWriterLock({ directory, clock: systemClock })
  expect(lock.ok).toBe(true)
  if (lock.ok) lock.value.release()
}

const all = ['bitcoin', 'device', 'evm', 'venue']

test.each([
  { name: 'before anything was started', document: 'policy' },
  { name: 'with accounts already read', document: 'vault.notes' },
])(
  'a host that refuses $name leaves no port open',
  async ({ document }) => {
    const directory = directoryWith((store) => void store.writeDocument(document, '{}'))
    const { own, closed, asked } = notedPorts()
    const opened = await openHost(around(directory), own)
    expect(opened).toMatchObject({ ok: false, refusal: { code: 'STORE_CORRUPT' } })
    expect([...new Set(closed)].sort()).toEqual(all)
    const before = asked()
    await new Promise((resolve) => setTimeout(resolve, 4_500))
    expect(asked()).toBe(before)
    expectReleased(directory)
  },
  20_000,
)

test('a host that throws leaves no port open', async () => {
  const directory = directoryWith(
    (store) => void store.append({ at: 1, kind: 'transfer.planned', body: '{}' }),
  )
  const { own, closed, asked } = notedPorts()
  await expect(openHost(around(directory), own)).rejects.toThrow()
  expect([...new Set(closed)].sort()).toEqual(all)
  const before = asked()
  await new Promise((resolve) => setTimeout(resolve, 4_500))
  expect(asked()).toBe(before)
  expectReleased(directory)
}, 20_000)

test('ports that cannot be made leave store and lock free', async () => {
  const directory = directoryWith(() => undefined)
  const own = () => {
    throw new Error('no such port')
  }
  await expect(openHost(around(directory), own)).rejects.toThrow('no such port')
  expectReleased(directory)
})
