import { X509Certificate } from 'node:crypto'
import { connect } from 'node:net'
import { type Server, createServer } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { startBitcoinSimulator } from '../../../simulators/bitcoin/simulator.ts'
import type { Tls } from './dial.ts'
import { createElectrumBitcoin } from './electrumBitcoin.ts'
import { loopback, regtestHeaders, testClock } from './regtest.fixture.ts'
import { selfSigned } from './selfSigned.fixture.ts'

const pair = await selfSigned()
if (pair === undefined) console.log('SKIPPED: openssl is missing, the TLS test did not run')

const cleanup: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close()
})

/** A TLS end before the simulator's port, and a port of ours that speaks to it. */
async function start(tls: Tls) {
  const simulator = await startBitcoinSimulator({ initialBlocks: 3 })
  cleanup.push(simulator.close)
  const server: Server = createServer({ ...pair }, (socket) => {
    const inner = connect({ host: '127.0.0.1', port: simulator.port })
    socket.on('error', () => inner.destroy())
    inner.on('error', () => socket.destroy())
    socket.pipe(inner).pipe(socket)
  })
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanup.push(() => new Promise((resolve) => server.close(() => resolve())))
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const bitcoin = createElectrumBitcoin({
    network: 'regtest',
    endpoint: { ...loopback(port), tls },
    headers: regtestHeaders(),
    clock: testClock,
    timeoutMs: 3_000,
  })
  cleanup.push(bitcoin.close)
  return { simulator, tip: await bitcoin.readTip(new AbortController().signal) }
}

describe.skipIf(pair === undefined)('an Electrum server over TLS', () => {
  it('with the pinned certificate is spoken to', async () => {
    const fingerprint256 = new X509Certificate(pair?.cert ?? '').fingerprint256
    const { tip } = await start({ fingerprint256 })
    expect(tip).toMatchObject({ ok: true, value: { height: 3 } })
  })

  it('with another certificate is told nothing', async () => {
    const { tip, simulator } = await start({ fingerprint256: '00:11' })
    expect(tip).toMatchObject({ ok: false, refusal: { code: 'CHAIN_UNREACHABLE' } })
    expect(simulator.received()).toEqual([])
  })

  it('signed by nobody known is refused when the system is to judge', async () => {
    const { tip, simulator } = await start('verified')
    expect(tip).toMatchObject({ ok: false, refusal: { code: 'CHAIN_UNREACHABLE' } })
    expect(simulator.received()).toEqual([])
  })
})
