import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { BitcoinPort, ScriptCoin } from '../../../host/ports.ts'
import type { Fault } from '../../../simulators/bitcoin/faults.ts'
import { createTestWallet } from '../../../simulators/bitcoin/testWallet.ts'
import { startBitcoinSimulator } from '../../../simulators/bitcoin/simulator.ts'
import { crossCheckedBitcoin } from './crossCheckedBitcoin.ts'
import { createElectrumBitcoin } from './electrumBitcoin.ts'
import { type EsploraOptions, createEsploraBitcoin } from './esplora.ts'
import { loopback, regtestHeaders, testClock as clock } from './regtest.fixture.ts'
import { MNEMONIC, STRANGER, paymentTools, value } from './wallet.fixture.ts'

const wallet = createTestWallet(MNEMONIC, 'regtest')
const { own, planPayment, verified } = paymentTools(wallet)
const never = new AbortController().signal

const cleanup: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close()
})

const scripts = [own(0, 0), own(0, 1), own(1, 0)].map(({ script }) => script)

async function start(options: Partial<EsploraOptions> = {}, recheckMs = 0) {
  const simulator = await startBitcoinSimulator()
  cleanup.push(simulator.close)
  simulator.fund(own(0, 0).address, 1_000_000n)
  simulator.fund(own(0, 1).address, 500_000n)
  simulator.mine(2)
  const { url } = simulator.esplora
  const port = createEsploraBitcoin({
    network: 'regtest',
    url,
    proxy: null,
    headers: regtestHeaders(),
    clock,
    timeoutMs: 2_000,
    ...options,
  })
  const electrum = createElectrumBitcoin({
    network: 'regtest',
    endpoint: loopback(simulator.port),
    headers: regtestHeaders(),
    clock,
    timeoutMs: 3_000,
  })
  const both = crossCheckedBitcoin({
    first: electrum,
    second: port,
    clock,
    secondTimeoutMs: 600,
    askAgainMs: 20,
    recheckMs,
  })
  cleanup.push(both.close)
  return { simulator, port, electrum, both }
}

const byName = (coins: readonly ScriptCoin[]) =>
  [...coins].sort((a, b) => (a.txid + a.vout < b.txid + b.vout ? -1 : 1))

describe('an honest Esplora server', () => {
  it('says what the Electrum server says: tip, used scripts, coins, transactions, fee', async () => {
    const { port, electrum } = await start()
    expect(value(await port.readTip(never)).height).toBe(112)
    expect(value(await port.readUsedScripts(scripts, never))).toEqual(new Set(scripts.slice(0, 2)))
    const coins = value(await port.readCoins(scripts, never))
    expect(byName(coins)).toEqual(byName(value(await electrum.readCoins(scripts, never))))
    expect(coins).toHaveLength(2)
    const txid = coins[0]?.txid ?? ''
    expect(await port.readTransaction(txid, never)).toEqual(
      await electrum.readTransaction(txid, never),
    )
    expect(value(await port.readFeeRate(6, never))).toBe(5)
  })

  it('takes a payment, once or twice, and follows it to its confirmation', async () => {
    const { simulator, port } = await start()
    const transaction = verified(await planPayment(port, STRANGER, 1_200_000n))
    const confirmation = async () => value(await port.readConfirmation(transaction.txid, '', never))
    expect(await confirmation()).toEqual({ kind: 'unknown' })
    expect(value(await port.broadcast(transaction, never))).toEqual({ txid: transaction.txid })
    expect(value(await port.broadcast(transaction, never))).toEqual({ txid: transaction.txid })
    expect(await confirmation()).toEqual({ kind: 'mempool' })
    simulator.mine(3)
    expect(await confirmation()).toEqual({ kind: 'confirmed', height: 113, confirmations: 3 })
  })

  it('is asked per script only: no extended key and no address leaves this machine', async () => {
    const { simulator, port } = await start()
    value(await port.readUsedScripts(scripts, never))
    value(await port.readCoins(scripts, never))
    const asked = simulator.esplora.received().join('\n')
    expect(asked).not.toMatch(/[tx]pub|bcrt1/)
    expect(asked.match(/scripthash/g)?.length).toBe(6)
  })

  it('knows no rate where the server has none', async () => {
    const { simulator, port } = await start()
    simulator.setFeeRate(null)
    expect(await port.readFeeRate(6, never)).toMatchObject({
      refusal: { code: 'CHAIN_UNREACHABLE' },
    })
  })
})

describe('an Esplora server that lies or fails is refused', () => {
  const lies: readonly (readonly [string, Fault, string])[] = [
    ['value', { kind: 'lie-value', by: 1 }, 'CHAIN_LIED'],
    ['height', { kind: 'lie-height', by: 50 }, 'CHAIN_LIED'],
    ['transaction', { kind: 'lie-transaction' }, 'CHAIN_LIED'],
    ['merkle branch', { kind: 'lie-merkle' }, 'CHAIN_LIED'],
    ['network', { kind: 'wrong-network' }, 'CHAIN_WRONG_NETWORK'],
    ['shape', { kind: 'garbage' }, 'CHAIN_ANSWER_MALFORMED'],
    ['connection', { kind: 'drop' }, 'CHAIN_UNREACHABLE'],
    ['silence', { kind: 'hang' }, 'CHAIN_UNREACHABLE'],
    ['size', { kind: 'huge-line', bytes: 17 * 1024 * 1024 }, 'CHAIN_UNREACHABLE'],
  ]
  it.each(lies)('about coins: %s', async (_, fault, code) => {
    const { simulator, port } = await start({ timeoutMs: 400 })
    simulator.esplora.faults.inject(fault)
    expect(await port.readCoins(scripts, never)).toMatchObject({ ok: false, refusal: { code } })
  })

  it('an absurd fee, another txid after sending, a rejected payment', async () => {
    const { simulator, port } = await start()
    const { faults } = simulator.esplora
    const transaction = verified(await planPayment(port, STRANGER, 300_000n))
    faults.inject({ kind: 'lie-fee', btcPerKb: 1 })
    expect(await port.readFeeRate(6, never)).toMatchObject({ ok: false })
    faults.inject({ kind: 'reject-broadcast', reason: 'min relay fee not met' }, { times: 1 })
    expect(await port.broadcast(transaction, never)).toMatchObject({
      refusal: { code: 'CHAIN_REJECTED', data: { reason: expect.stringContaining('min relay') } },
    })
    faults.inject({ kind: 'lie-txid' })
    expect(await port.broadcast(transaction, never)).toMatchObject({
      refusal: { code: 'CHAIN_LIED' },
    })
  })

  it('a redirect is not followed', async () => {
    const { simulator } = await start()
    const elsewhere = createServer((request, response) => {
      response.writeHead(302, { location: `${simulator.esplora.url}${request.url ?? ''}` }).end()
    })
    await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve))
    cleanup.push(() => new Promise((resolve) => elsewhere.close(() => resolve())))
    const address = elsewhere.address()
    const at = typeof address === 'object' ? (address?.port ?? 0) : 0
    const url = `http://127.0.0.1:${at}`
    const port = createEsploraBitcoin({
      network: 'regtest',
      url,
      proxy: null,
      headers: regtestHeaders(),
      clock,
      timeoutMs: 2_000,
    })
    expect(await port.readTip(never)).toMatchObject({ refusal: { code: 'CHAIN_UNREACHABLE' } })
    expect(simulator.esplora.received()).toEqual([])
  })
})

describe('two sources', () => {
  const readAll = async (port: BitcoinPort) => {
    value(await port.readTip(never))
    value(await port.readUsedScripts(scripts, never))
    value(await port.readFeeRate(6, never))
    return value(await port.readCoins(scripts, never))
  }

  it('agree: the answers stand, both are named', async () => {
    const { both } = await start()
    expect(both.agreement?.()).toEqual({ kind: 'not-asked', second: 'Esplora 127.0.0.1' })
    expect(await readAll(both)).toHaveLength(2)
    expect(both.agreement?.()).toMatchObject({ kind: 'agree', asOf: expect.any(Number) })
    expect(both.source).toBe('Electrum 127.0.0.1 + Esplora 127.0.0.1')
  })

  it.each([
    ['the first hides coins', 'first'],
    ['the second hides coins', 'second'],
  ])('%s: CHAIN_LIED names both and what is missing', async (_, who) => {
    const { simulator, both } = await start()
    const faults = who === 'first' ? simulator.faults : simulator.esplora.faults
    faults.inject({ kind: 'omit-coins' })
    const read = await both.readCoins(scripts, never)
    expect(read).toMatchObject({ ok: false, refusal: { code: 'CHAIN_LIED' } })
    if (read.ok || read.refusal.code !== 'CHAIN_LIED') throw new Error('no refusal')
    const { field, claimed, actual } = read.refusal.data
    expect(field).toBe('coins')
    expect([claimed, actual].join(' ')).toMatch(/Electrum.* sat.*Esplora.* sat/)
    expect(who === 'first' ? claimed : actual).toMatch(/0 coins, 0 sat, not [0-9a-f]{64}:\d/)
    expect(both.agreement?.()).toMatchObject({ kind: 'differ' })
  })

  it('what was agreed on is not asked again for a while, what is new is', async () => {
    const { simulator, both } = await start({}, 60_000)
    const asked = () => simulator.esplora.received().length
    await readAll(both)
    const before = asked()
    await readAll(both)
    expect(asked()).toBe(before)
    simulator.fund(own(0, 0).address, 7_000n)
    simulator.mine(1)
    expect(await readAll(both)).toHaveLength(3)
    expect(asked()).toBeGreaterThan(before)
    simulator.faults.inject({ kind: 'omit-coins' })
    expect(await both.readCoins(scripts, never)).toMatchObject({ refusal: { code: 'CHAIN_LIED' } })
  })

  it('one that is only late to say so is asked again', async () => {
    const { simulator, both } = await start()
    simulator.esplora.faults.inject({ kind: 'omit-coins' }, { times: 3 })
    expect(await readAll(both)).toHaveLength(2)
  })

  it('a few blocks behind is honest, many are not', async () => {
    const { simulator, both } = await start()
    simulator.faults.inject({ kind: 'lagging', blocks: 3 }, { times: 1 })
    expect(await both.readTip(never)).toMatchObject({ ok: true })
    simulator.faults.inject({ kind: 'lagging', blocks: 9 })
    expect(await both.readTip(never)).toMatchObject({
      refusal: {
        code: 'CHAIN_LIED',
        data: { field: 'height', claimed: 'Electrum 127.0.0.1: 103' },
      },
    })
  })

  it('fees within a multiple stand, beyond it neither is believed', async () => {
    const { simulator, both } = await start()
    simulator.faults.inject({ kind: 'lie-fee', btcPerKb: 0.0001 }, { times: 1 })
    expect(await both.readFeeRate(6, never)).toMatchObject({ ok: true, value: 10 })
    simulator.faults.inject({ kind: 'lie-fee', btcPerKb: 0.004 })
    expect(await both.readFeeRate(6, never)).toMatchObject({
      refusal: {
        code: 'CHAIN_LIED',
        data: {
          field: 'feeRate',
          claimed: 'Electrum 127.0.0.1: 400 sat/vB',
          actual: 'Esplora 127.0.0.1: 5 sat/vB',
        },
      },
    })
  })

  it.each<Fault>([{ kind: 'drop' }, { kind: 'hang' }, { kind: 'garbage' }])(
    'the second away ($kind): answers stand on one source, and it says so; it is left alone for a while',
    async (fault) => {
      const { simulator, both } = await start()
      simulator.esplora.faults.inject(fault)
      expect(await readAll(both)).toHaveLength(2)
      expect(both.agreement?.()).toMatchObject({
        kind: 'one-source',
        second: 'Esplora 127.0.0.1',
        refusal: { code: expect.stringMatching(/^CHAIN_(UNREACHABLE|ANSWER_MALFORMED)$/) },
      })
      const asked = simulator.esplora.received().length
      await readAll(both)
      expect(simulator.esplora.received()).toHaveLength(asked)
      expect(both.source).toBe('Electrum 127.0.0.1 (one source, unchecked)')
    },
  )

  it('a second without an estimate is silent about fees, not a liar; a first without one takes the second’s', async () => {
    const { simulator, both } = await start()
    simulator.faults.inject({ kind: 'lie-fee', btcPerKb: -1 })
    expect(await both.readFeeRate(6, never)).toMatchObject({ ok: true, value: 5 })
    simulator.faults.clear()
    simulator.esplora.faults.inject({ kind: 'no-fee' })
    expect(await both.readFeeRate(6, never)).toMatchObject({ ok: true, value: 5 })
    expect(both.agreement?.()).toMatchObject({ kind: 'one-source' })
  })

  it('a second on another network is no source', async () => {
    const { simulator, both } = await start()
    simulator.esplora.faults.inject({ kind: 'wrong-network' })
    expect(await both.readTip(never)).toMatchObject({ refusal: { code: 'CHAIN_WRONG_NETWORK' } })
  })

  it('the first away is a refusal, whatever the second says', async () => {
    const { simulator, both } = await start()
    simulator.faults.inject({ kind: 'drop' })
    expect(await both.readCoins(scripts, never)).toMatchObject({
      refusal: { code: 'CHAIN_UNREACHABLE' },
    })
  })

  it('a payment reaches both; a fresh coin in the mempool is no difference', async () => {
    const { simulator, both } = await start()
    const transaction = verified(await planPayment(both, STRANGER, 400_000n))
    expect(value(await both.broadcast(transaction, never))).toEqual({ txid: transaction.txid })
    expect(simulator.esplora.received()).toContain('POST /tx')
    expect(await readAll(both)).not.toHaveLength(0)
  })
})
