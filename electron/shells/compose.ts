/** Puts a host together. Whether it is the demo is decided here, once, by which function is called: the demo
 *  gets regtest, loopback and the software device and nothing else; the real one can reach none of them. */
import { join } from 'node:path'
import { type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import { ETH, USDC } from '../../shared/units/amount.ts'
import { createCurve, createDerivationMath } from '../adapters/chain/bitcoin/curve.ts'
import { crossCheckedBitcoin } from '../adapters/chain/bitcoin/crossCheckedBitcoin.ts'
import { createHeaderChain } from '../adapters/chain/bitcoin/headerChain.ts'
import { headerFile } from '../adapters/chain/bitcoin/headerFile.ts'
import { headerRules } from '../adapters/chain/bitcoin/headerRules.ts'
import { createElectrumBitcoin } from '../adapters/chain/bitcoin/electrumBitcoin.ts'
import { createEsploraBitcoin } from '../adapters/chain/bitcoin/esplora.ts'
import { createBitcoinSources } from '../adapters/chain/bitcoin/sources.ts'
import { crossChecked } from '../adapters/chain/evm/crossChecked.ts'
import { createEvm } from '../adapters/chain/evm/evm.ts'
import { createOneKeyDevice } from '../adapters/device/onekey/device.ts'
import { openStore } from '../adapters/store/store.ts'
import { systemClock, systemRandom } from '../adapters/system/clock.ts'
import { createUrFrames } from '../adapters/ur/ur.ts'
import { acquireWriterLock } from '../adapters/store/writerLock.ts'
import { createBinanceUsdm } from '../adapters/venue/binance/binance.ts'
import { createHyperliquid } from '../adapters/venue/hyperliquid/hyperliquid.ts'
import { createHost } from '../host/host.ts'
import { openChosenChain, openEvmChain, readServers } from './servers.ts'
import type { Host } from '../host/host.types.ts'
import type { BitcoinPort, ConfirmationPort, EvmPort, HostPorts, OpenVenue } from '../host/ports.ts'
import type { WorldDescription } from '../simulators/description.ts'

export const version = '0.1.0'

export interface Surroundings {
  readonly directory: string
  readonly dataKey: Uint8Array
  readonly confirmation: ConfirmationPort
  /** Built program of the device's process; absent: beside its source. */
  readonly deviceEntry?: URL
  readonly log: (line: string) => void
}

type OwnPorts = Omit<
  HostPorts,
  'store' | 'frames' | 'clock' | 'random' | 'curve' | 'math' | 'version' | 'confirmation' | 'log'
>

/** A host, or every port closed again: sockets, timers and the device's process would otherwise outlive it. */
async function createOrClose(
  own: () => OwnPorts,
  common: Omit<HostPorts, keyof OwnPorts>,
): Promise<Result<Host>> {
  const opened: { close(): unknown }[] = []
  const closeAll = async () => {
    await Promise.allSettled(opened.map(async (port) => port.close()))
    common.store.close()
  }
  try {
    const ports = own()
    opened.push(...ports.venues, ports.device, ports.bitcoin, ...ports.evm)
    const host = createHost({ ...ports, ...common })
    if (!host.ok) await closeAll()
    return host
  } catch (error) {
    await closeAll()
    throw error
  }
}

/** Takes the writer lock, opens the store and the host; gives all of it back when any part refuses. */
export async function openHost(around: Surroundings, own: () => OwnPorts): Promise<Result<Host>> {
  const lock = acquireWriterLock({ directory: around.directory, clock: systemClock })
  if (!lock.ok) return lock
  const store = openStore({
    directory: around.directory,
    dataKey: around.dataKey,
    clock: systemClock,
    random: systemRandom,
  })
  if (!store.ok) {
    lock.value.release()
    return store
  }
  const host = await createOrClose(own, {
    store: store.value,
    clock: systemClock,
    random: systemRandom,
    frames: createUrFrames(),
    curve: createCurve(),
    math: createDerivationMath(),
    version,
    confirmation: around.confirmation,
    log: around.log,
  }).catch((error: unknown) => {
    lock.value.release()
    throw error
  })
  if (!host.ok) {
    lock.value.release()
    return host
  }
  return ok({
    ...host.value,
    async close() {
      await host.value.close()
      lock.value.release()
    },
  })
}

function demoEvm({ evm }: WorldDescription, line: 'first' | 'second'): EvmPort {
  return createEvm({
    chainId: evm.chainId,
    url: line === 'first' ? evm.url : evm.secondUrl,
    coin: ETH,
    tokens: [{ asset: USDC, contract: evm.usdc }],
    source: line === 'first' ? 'Demo chain' : 'Demo chain, second line',
    clock: systemClock,
  })
}

function demoBitcoin({ bitcoin }: WorldDescription): BitcoinPort {
  const common = {
    network: 'regtest' as const,
    headers: createHeaderChain({ rules: headerRules('regtest'), now: systemClock.now }),
    clock: systemClock,
  }
  return crossCheckedBitcoin({
    first: createElectrumBitcoin({
      ...common,
      endpoint: { host: '127.0.0.1', port: bitcoin.port, tls: 'off', proxy: null },
    }),
    second: createEsploraBitcoin({ ...common, url: bitcoin.esploraUrl, proxy: null }),
    clock: systemClock,
  })
}

export function openDemoHost(around: Surroundings, world: WorldDescription): Promise<Result<Host>> {
  return openHost(around, () => ({
    mode: 'demo',
    venues: [
      createBinanceUsdm({
        accountId: 'binance-usdm:demo',
        label: world.binance.label,
        credentials: { apiKey: world.binance.apiKey, secret: world.binance.secret },
        clock: systemClock,
        origins: { every: world.binance.origin },
        chains: { BTC: 'bitcoin', ETH: `evm:${world.evm.chainId}` },
      }),
      createHyperliquid({
        accountId: 'hyperliquid:demo',
        label: world.hyperliquid.label,
        user: world.hyperliquid.user,
        clock: systemClock,
        origins: { every: world.hyperliquid.origin },
      }),
    ],
    openVenue: null,
    openEvm: null,
    simulatedDeviceUrl: world.device.pageUrl,
    bitcoin: demoBitcoin(world),
    bitcoinServers: null,
    evm: [
      crossChecked(demoEvm(world, 'first'), demoEvm(world, 'second'), {
        clock: systemClock,
        lagMs: 3_000,
        lagBlocks: 2,
      }),
    ],
    device: createOneKeyDevice({
      link: { kind: 'tcp', port: world.device.port },
      ...(around.deviceEntry === undefined ? {} : { childEntry: around.deviceEntry }),
    }),
  }))
}

const openVenue: OpenVenue = ({ accountId, venue, label, credentials }) => {
  switch (venue) {
    case 'binance-usdm':
      return ok(
        createBinanceUsdm({
          accountId,
          label,
          credentials: { apiKey: credentials.key, secret: credentials.secret },
          clock: systemClock,
        }),
      )
    case 'hyperliquid':
      return ok(createHyperliquid({ accountId, label, user: credentials.key, clock: systemClock }))
    default:
      return refuse('VENUE_UNSUPPORTED', { venue, action: 'connect' })
  }
}

export async function openRealHost(around: Surroundings): Promise<Result<Host>> {
  const servers = readServers(around.directory)
  if (!servers.ok) return servers
  const { bitcoin, evm } = servers.value
  const headers = createHeaderChain({
    rules: headerRules('mainnet'),
    now: systemClock.now,
    kept: headerFile(join(around.directory, 'headers-mainnet.bin')),
  })
  const sources = createBitcoinSources({ initial: bitcoin, headers, clock: systemClock })
  return openHost(around, () => ({
    mode: 'real',
    venues: [],
    openVenue,
    openEvm: (chain) => openChosenChain(chain, systemClock),
    simulatedDeviceUrl: null,
    bitcoin: sources.bitcoin,
    bitcoinServers: sources.servers,
    evm: evm.map((chain) => openEvmChain(chain, systemClock)),
    device: createOneKeyDevice({
      link: { kind: 'usb' },
      ...(around.deviceEntry === undefined ? {} : { childEntry: around.deviceEntry }),
    }),
  }))
}
