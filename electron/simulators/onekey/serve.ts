/** Starts a software OneKey: a loopback TCP cable of 64-byte packets for the app's link, and the page
 *  with its screen and buttons. One cable at a time, as on USB. The seed comes from the caller; without
 *  a model, label or id it is an unnamed Pro. Everything ends with `close`. */
import { randomBytes } from 'node:crypto'
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net'
import { entropyToMnemonic } from '@scure/bip39'
import { wordlist } from '@scure/bip39/wordlists/english'
import { z } from 'zod'
import { type SoftwareDevice, createSoftwareDevice } from './device.ts'
import { PACKET_SIZE, createFrameReader, framePackets } from './framing.ts'
import { type DeviceModel, MODELS } from './model.ts'
import { loadWireSchema } from './schema.ts'
import { type DeviceLanguage, type ReadScreen, readScreen } from './screen.ts'
import { serveDevicePage } from './servePage.ts'
import type { EvmNetwork, KnownToken } from './signEvm.ts'

const NETWORKS: readonly EvmNetwork[] = [
  { chainId: 1, name: 'Ethereum', symbol: 'ETH' },
  { chainId: 10, name: 'Optimism', symbol: 'ETH' },
  { chainId: 56, name: 'BNB Smart Chain', symbol: 'BNB' },
  { chainId: 137, name: 'Polygon', symbol: 'POL' },
  { chainId: 8453, name: 'Base', symbol: 'ETH' },
  { chainId: 42161, name: 'Arbitrum One', symbol: 'ETH' },
]

export interface SoftwareOneKeyOptions {
  readonly mnemonic: string
  readonly model?: DeviceModel
  readonly label?: string
  readonly deviceId?: string
  /** Chains and tokens that this device knows by name, on top of the well-known chains. */
  readonly networks?: readonly EvmNetwork[]
  readonly tokens?: readonly KnownToken[]
  /** Origins of the app that may embed the page. */
  readonly frameAncestors?: readonly string[]
}

export interface SoftwareOneKey
  extends Pick<
    SoftwareDevice,
    | 'press'
    | 'pressAutomatically'
    | 'fail'
    | 'condition'
    | 'change'
    | 'bitcoinAddress'
    | 'evmAddress'
  > {
  readonly serial: string
  /** Loopback port of the cable. */
  readonly linkPort: number
  /** Page with screen and buttons, with its token; append `?theme=…&lang=…`. */
  readonly pageUrl: string
  readonly pageOrigin: string
  screen(language?: DeviceLanguage): ReadScreen
  onScreen(listener: (screen: ReadScreen) => void): () => void
  setFrameAncestors(origins: readonly string[]): void
  unplug(): void
  plug(): Promise<void>
  close(): Promise<void>
}

/** BIP39 words for 16 or 32 bytes of the caller's randomness. */
export function mnemonicFromEntropy(entropy: Uint8Array): string {
  return entropyToMnemonic(entropy, wordlist)
}

export async function serveSoftwareOneKey(options: SoftwareOneKeyOptions): Promise<SoftwareOneKey> {
  const model = options.model ?? 'pro'
  const label = options.label ?? 'Demo'
  const device = createSoftwareDevice({
    mnemonic: options.mnemonic,
    model,
    label,
    deviceId: options.deviceId ?? randomBytes(12).toString('hex').toUpperCase(),
    knowledge: {
      networks: [...(options.networks ?? []), ...NETWORKS],
      tokens: options.tokens ?? [],
    },
  })
  const schema = loadWireSchema()
  let cable: Socket | null = null

  function connect(socket: Socket): void {
    if (cable !== null) {
      socket.destroy()
      return
    }
    cable = socket
    socket.setNoDelay(true)
    const gone = new AbortController()
    const send = (name: string, body: Record<string, unknown>): void => {
      if (gone.signal.aborted) return
      for (const packet of framePackets(schema.encode(name, body))) socket.write(packet)
    }
    const session = device.attach(send, gone.signal, unplug)
    const read = createFrameReader()
    let rest: Buffer = Buffer.alloc(0)
    socket.on('data', (data) => {
      rest = Buffer.concat([rest, data])
      try {
        while (rest.length >= PACKET_SIZE) {
          const raw = read(rest.subarray(0, PACKET_SIZE))
          rest = rest.subarray(PACKET_SIZE)
          if (raw !== null) session.receive(schema.decode(raw.typeId, raw.payload))
        }
      } catch {
        // What is not the protocol is not answered: the cable is dropped, as a USB reset would.
        socket.destroy()
      }
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      if (cable === socket) cable = null
      gone.abort()
    })
  }

  let server: Server = createServer(connect)
  const linkPort = await listen(server, 0)
  let plugged = true

  function unplug(): void {
    if (!plugged) return
    plugged = false
    device.setPlugged('unplugged')
    server.close()
    cable?.destroy()
  }

  async function plug(): Promise<void> {
    if (plugged) return
    server = createServer(connect)
    await listen(server, linkPort)
    plugged = true
    device.setPlugged('plugged')
  }

  const page = await serveDevicePage(device, {
    model: MODELS[model].name,
    label,
    frameAncestors: options.frameAncestors ?? [],
  })

  return {
    get serial() {
      return device.serial()
    },
    press: device.press,
    pressAutomatically: device.pressAutomatically,
    fail: device.fail,
    condition: device.condition,
    change: device.change,
    bitcoinAddress: device.bitcoinAddress,
    evmAddress: device.evmAddress,
    linkPort,
    pageUrl: page.url,
    pageOrigin: page.origin,
    screen: (language = 'en') => readScreen(device.screen(), language),
    onScreen: (listener) => device.onScreen((screen) => listener(readScreen(screen, 'en'))),
    setFrameAncestors: page.setFrameAncestors,
    unplug,
    plug,
    async close() {
      cable?.destroy()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await Promise.all([closed, page.close()])
    },
  }
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = z
    .custom<AddressInfo>((a) => typeof a === 'object' && a !== null)
    .parse(server.address())
  return address.port
}
