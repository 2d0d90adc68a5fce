import { createServer } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { noServers } from '../../../../shared/vault/bitcoinServers.ts'
import { startBitcoinSimulator } from '../../../simulators/bitcoin/simulator.ts'
import { createHeaderChain } from './headerChain.ts'
import { headerRules } from './headerRules.ts'
import { testClock } from './regtest.fixture.ts'
import { createBitcoinSources } from './sources.ts'

const never = new AbortController().signal
const cleanup: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close()
})

test('servers are changed under a port that stays; the last one’s news arrive, the old one is closed', async () => {
  const simulator = await startBitcoinSimulator({ initialBlocks: 2 })
  cleanup.push(simulator.close)
  const { bitcoin, servers } = createBitcoinSources({
    initial: noServers,
    headers: createHeaderChain({ rules: headerRules('mainnet'), now: Date.now }),
    clock: testClock,
  })
  cleanup.push(bitcoin.close)
  let news = 0
  bitcoin.onNews?.(() => {
    news += 1
  })
  expect(bitcoin.source).toBe('not configured')
  expect(await bitcoin.readTip(never)).toMatchObject({
    refusal: { data: { reason: 'no server configured' } },
  })
  const electrum = {
    kind: 'electrum',
    host: '127.0.0.1',
    port: simulator.port,
    tls: 'off',
  } as const
  servers.use({ first: electrum, second: null, proxy: null })
  expect(news).toBe(1)
  expect(bitcoin.source).toBe('Electrum 127.0.0.1')
  expect(bitcoin.agreement).toBeUndefined()
  // Mainnet is all there is outside the demo: a regtest server is not believed a word.
  expect(await bitcoin.readTip(never)).toMatchObject({ refusal: { code: 'CHAIN_WRONG_NETWORK' } })
  const core = {
    kind: 'core',
    url: simulator.core.url,
    since: '2024-01-01',
    login: { kind: 'password', user: 'a', password: 'b' },
  } as const
  const esplora = { kind: 'esplora', url: simulator.esplora.url } as const
  servers.use({ first: core, second: esplora, proxy: null })
  expect(bitcoin.source).toBe('Bitcoin Core 127.0.0.1 + Esplora 127.0.0.1')
  expect(bitcoin.agreement?.()).toEqual({ kind: 'not-asked', second: 'Esplora 127.0.0.1' })
  expect(await bitcoin.readTip(never)).toMatchObject({ refusal: { code: 'CHAIN_REJECTED' } })
  const before = simulator.received().length
  expect(await bitcoin.readFeeRate(6, never)).toMatchObject({ ok: false })
  expect(simulator.received()).toHaveLength(before)
})

test('a question to a server that was changed meanwhile ends, and so does the connection', async () => {
  const { bitcoin, servers } = createBitcoinSources({
    initial: noServers,
    headers: createHeaderChain({ rules: headerRules('mainnet'), now: Date.now }),
    clock: testClock,
  })
  cleanup.push(bitcoin.close)
  let open = 0
  const silent = createServer((socket) => {
    open += 1
    socket.on('error', () => undefined)
    socket.on('close', () => {
      open -= 1
    })
    socket.resume()
  })
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  cleanup.push(() => new Promise((resolve) => silent.close(() => resolve())))
  const address = silent.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  servers.use({
    first: { kind: 'electrum', host: '127.0.0.1', port, tls: 'off' },
    second: null,
    proxy: null,
  })
  const waiting = bitcoin.readTip(never)
  await vi.waitFor(() => expect(open).toBe(1))
  servers.use(noServers)
  expect(await waiting).toMatchObject({
    refusal: { code: 'CHAIN_UNREACHABLE', data: { reason: 'closed' } },
  })
  await vi.waitFor(() => expect(open).toBe(0))
})
