import { X509Certificate } from 'node:crypto'
import dns from 'node:dns'
import { type Server, connect, createServer } from 'node:net'
import {
  createServer as createTlsServer,
  getCACertificates,
  setDefaultCACertificates,
} from 'node:tls'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { startBitcoinSimulator } from '../../../simulators/bitcoin/simulator.ts'
import { type Endpoint, dial } from './dial.ts'
import { createElectrumBitcoin } from './electrumBitcoin.ts'
import { createEsploraBitcoin } from './esplora.ts'
import { regtestHeaders, testClock } from './regtest.fixture.ts'
import { selfSigned } from './selfSigned.fixture.ts'
import { startSocks5 } from './socks5.fixture.ts'

const ONION = 'bulkheadtestbulkheadtestbulkheadtestbulkheadtestbulkhead.onion'
const never = new AbortController().signal
const pair = await selfSigned()

/** Every name that this process asked its system about. */
const lookedUp: string[] = []
const cleanup: (() => Promise<unknown>)[] = []

beforeEach(() => {
  lookedUp.length = 0
  const lookup = dns.lookup
  vi.spyOn(dns, 'lookup').mockImplementation(((host: string, ...rest: unknown[]) => {
    lookedUp.push(host)
    return Reflect.apply(lookup, dns, [host, ...rest])
  }) as typeof dns.lookup)
})
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close()
  vi.restoreAllMocks()
})

async function world(routed: (ports: { electrum: number; esplora: number }) => [string, number][]) {
  const simulator = await startBitcoinSimulator({ initialBlocks: 5 })
  cleanup.push(simulator.close)
  const ports = { electrum: simulator.port, esplora: Number(new URL(simulator.esplora.url).port) }
  const socks = await startSocks5(new Map(routed(ports)))
  cleanup.push(socks.close)
  return { simulator, socks, proxy: { host: '127.0.0.1', port: socks.port } }
}

function electrum(endpoint: Endpoint) {
  const port = createElectrumBitcoin({
    network: 'regtest',
    endpoint,
    headers: regtestHeaders(),
    clock: testClock,
    timeoutMs: 2_000,
  })
  cleanup.push(port.close)
  return port
}

describe('through a SOCKS5 proxy', () => {
  it('an onion Electrum server is reached by its name, which no resolver of ours hears', async () => {
    const { socks, proxy } = await world(({ electrum: port }) => [[`${ONION}:50001`, port]])
    const port = electrum({ host: ONION, port: 50_001, tls: 'off', proxy })
    expect(await port.readTip(never)).toMatchObject({ ok: true, value: { height: 5 } })
    expect(socks.asked).toEqual([`name ${ONION}:50001`])
    expect(lookedUp.filter((name) => name !== '127.0.0.1')).toEqual([])
  })

  it.skipIf(pair === undefined)('TLS ends at the server, not at the proxy', async () => {
    const simulator = await startBitcoinSimulator({ initialBlocks: 5 })
    cleanup.push(simulator.close)
    const server = createTlsServer({ ...pair }, (socket) => {
      const inner = connect({ host: '127.0.0.1', port: simulator.port })
      socket.on('error', () => inner.destroy())
      inner.on('error', () => socket.destroy())
      socket.pipe(inner).pipe(socket)
    })
    const socks = await startSocks5(new Map([['electrum.invalid:50002', await listening(server)]]))
    cleanup.push(socks.close)
    const endpoint = {
      host: 'electrum.invalid',
      port: 50_002,
      tls: { fingerprint256: new X509Certificate(pair?.cert ?? '').fingerprint256 },
      proxy: { host: '127.0.0.1', port: socks.port },
    }
    expect(await electrum(endpoint).readTip(never)).toMatchObject({ ok: true })
    expect(await electrum({ ...endpoint, tls: 'verified' }).readTip(never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_UNREACHABLE' },
    })
    expect(lookedUp.filter((name) => name !== '127.0.0.1')).toEqual([])
  })

  it('an Esplora server is reached by its name, over kept connections', async () => {
    const { socks, proxy } = await world(({ esplora }) => [[`${ONION}:80`, esplora]])
    const port = createEsploraBitcoin({
      network: 'regtest',
      url: `http://${ONION}`,
      proxy,
      headers: regtestHeaders(),
      clock: testClock,
      timeoutMs: 2_000,
    })
    cleanup.push(port.close)
    expect(await port.readTip(never)).toMatchObject({ ok: true, value: { height: 5 } })
    expect(await port.readFeeRate(6, never)).toMatchObject({ ok: true })
    expect(new Set(socks.asked)).toEqual(new Set([`name ${ONION}:80`]))
    expect(lookedUp.filter((name) => name !== '127.0.0.1')).toEqual([])
  })

  it('a host that the proxy does not reach, and a proxy that is away, are unreachable', async () => {
    const { proxy, socks } = await world(() => [])
    const away = electrum({ host: 'electrum.invalid', port: 1, tls: 'off', proxy })
    expect(await away.readTip(never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_UNREACHABLE' },
    })
    await socks.close()
    cleanup.splice(cleanup.indexOf(socks.close), 1)
    const closed = await dial({ host: ONION, port: 1, tls: 'off', proxy }, never)
    expect(closed).toMatchObject({ ok: false, refusal: { code: 'CHAIN_UNREACHABLE' } })
    expect(lookedUp.filter((name) => name !== '127.0.0.1')).toEqual([])
  })

  it('a proxy that never answers is given up in time, and its socket closed', async () => {
    let open = 0
    const silent = createServer((socket) => {
      open += 1
      socket.on('error', () => undefined)
      socket.on('close', () => {
        open -= 1
      })
      socket.resume()
    })
    const proxy = { host: '127.0.0.1', port: await listening(silent) }
    const before = performance.now()
    const dialled = await dial(
      { host: ONION, port: 1, tls: 'off', proxy },
      AbortSignal.timeout(300),
    )
    expect(dialled).toMatchObject({ ok: false, refusal: { code: 'CHAIN_UNREACHABLE' } })
    expect(performance.now() - before).toBeLessThan(3_000)
    await vi.waitFor(() => expect(open).toBe(0))
  })
})

it.skipIf(pair === undefined)(
  'an Esplora server over TLS is spoken to when the system trusts it, and told nothing when not',
  async () => {
    const simulator = await startBitcoinSimulator({ initialBlocks: 5 })
    cleanup.push(simulator.close)
    const inner = Number(new URL(simulator.esplora.url).port)
    const server = createTlsServer({ ...pair }, (socket) => {
      const plain = connect({ host: '127.0.0.1', port: inner })
      socket.on('error', () => plain.destroy())
      plain.on('error', () => socket.destroy())
      socket.pipe(plain).pipe(socket)
    })
    const url = `https://localhost:${await listening(server)}`
    const open = () => {
      const port = createEsploraBitcoin({
        network: 'regtest',
        url,
        proxy: null,
        headers: regtestHeaders(),
        clock: testClock,
        timeoutMs: 2_000,
      })
      cleanup.push(port.close)
      return port
    }
    expect(await open().readTip(never)).toMatchObject({ refusal: { code: 'CHAIN_UNREACHABLE' } })
    expect(simulator.esplora.received()).toEqual([])
    const known = getCACertificates('default')
    setDefaultCACertificates([...known, pair?.cert ?? ''])
    cleanup.push(() => Promise.resolve(setDefaultCACertificates(known)))
    const port = open()
    expect(await port.readTip(never)).toMatchObject({ ok: true, value: { height: 5 } })
    expect(await port.readFeeRate(6, never)).toMatchObject({ ok: true })
  },
)

it('without a proxy an onion address is not even looked up', async () => {
  const dialled = await dial({ host: ONION, port: 50_001, tls: 'off', proxy: null }, never)
  expect(dialled).toMatchObject({
    ok: false,
    refusal: { data: { reason: 'an onion address needs a SOCKS5 proxy' } },
  })
  expect(lookedUp).toEqual([])
  // That the listener hears what is looked up at all:
  await dial({ host: 'localhost', port: 1, tls: 'off', proxy: null }, never)
  expect(lookedUp).toEqual(['localhost'])
})

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup.push(() => new Promise((resolve) => server.close(resolve)))
  const address = server.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}
