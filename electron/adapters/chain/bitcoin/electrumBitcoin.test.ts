import { afterEach, describe, expect, it, vi } from 'vitest'
import type { BitcoinPort, Clock } from '../../../host/ports.ts'
import {
  type BitcoinSimulator,
  type BitcoinSimulatorOptions,
  startBitcoinSimulator,
} from '../../../simulators/bitcoin/simulator.ts'
import type { Fault } from '../../../simulators/bitcoin/faults.ts'
import { createTestWallet } from '../../../simulators/bitcoin/testWallet.ts'
import { type ElectrumBitcoinOptions, createElectrumBitcoin } from './electrumBitcoin.ts'
import { loopback, regtestHeaders, testClock as clock } from './regtest.fixture.ts'
import { ACCOUNT_PATH, MNEMONIC, STRANGER, paymentTools, value } from './wallet.fixture.ts'

const wallet = createTestWallet(MNEMONIC, 'regtest')
const { account, own, planPayment, sign, verified } = paymentTools(wallet)
const never = new AbortController().signal
const BROADCAST = 'blockchain.transaction.broadcast'

const cleanup: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close()
})

async function start(
  simulatorOptions: BitcoinSimulatorOptions = {},
  portOptions: Partial<ElectrumBitcoinOptions> = {},
): Promise<{ simulator: BitcoinSimulator; port: BitcoinPort }> {
  const simulator = await startBitcoinSimulator(simulatorOptions)
  cleanup.push(simulator.close)
  const port = createElectrumBitcoin({
    network: 'regtest',
    endpoint: loopback(simulator.port),
    headers: regtestHeaders(),
    clock,
    timeoutMs: 3_000,
    ...portOptions,
  })
  cleanup.push(port.close)
  return { simulator, port }
}

describe('a payment from coin to confirmation', () => {
  it('is planned, signed, verified, sent once and confirmed', async () => {
    const { simulator, port } = await start()
    simulator.fund(own(0, 0).address, 1_000_000n)
    simulator.fund(own(0, 1).address, 500_000n)
    simulator.mine(1)
    const planned = await planPayment(port, STRANGER, 1_200_000n)
    const transaction = verified(planned)
    expect(value(await port.broadcast(transaction, never))).toEqual({ txid: transaction.txid })
    // Sending again is the same as having sent.
    expect(value(await port.broadcast(transaction, never))).toEqual({ txid: transaction.txid })
    const script = planned.outputs[0]?.script ?? ''
    expect(value(await port.readConfirmation(transaction.txid, script, never))).toEqual({
      kind: 'mempool',
    })
    simulator.mine(3)
    expect(value(await port.readConfirmation(transaction.txid, script, never))).toEqual({
      kind: 'confirmed',
      height: 112,
      confirmations: 3,
    })
    expect(value(await port.broadcast(transaction, never))).toEqual({ txid: transaction.txid })
    const paid = [own(0, 0), own(0, 1), own(1, 0)].map((address) => address.script)
    const left = value(await port.readCoins(paid, never))
    expect(left.map((coin) => coin.value)).toEqual([1_500_000n - 1_200_000n - planned.fee])
  })

  it('goes back to the mempool and confirms again when its block is lost', async () => {
    const { simulator, port } = await start()
    simulator.fund(own(0, 0).address, 1_000_000n)
    simulator.mine(1)
    const planned = await planPayment(port, STRANGER, 400_000n)
    const transaction = verified(planned)
    value(await port.broadcast(transaction, never))
    simulator.mine(1)
    const script = planned.outputs[0]?.script ?? ''
    const confirmation = async () =>
      value(await port.readConfirmation(transaction.txid, script, never)).kind
    expect(await confirmation()).toBe('confirmed')
    simulator.reorganise({ depth: 1, lost: 'to-mempool' })
    expect(await confirmation()).toBe('mempool')
    simulator.mine(1)
    expect(await confirmation()).toBe('confirmed')
    simulator.reorganise({ depth: 1, lost: 'forgotten' })
    expect(await confirmation()).toBe('unknown')
    value(await port.broadcast(transaction, never))
    expect(await confirmation()).toBe('mempool')
  })

  it('is proved again when another block took the place of its own, at the same height', async () => {
    const { simulator, port } = await start()
    const txid = simulator.fund(own(0, 0).address, 1_000_000n)
    simulator.mine(1)
    const scripts = [own(0, 0).script]
    const proofs = () => simulator.received().filter((line) => line.includes('get_merkle')).length
    value(await port.readCoins(scripts, never))
    value(await port.readCoins(scripts, never))
    expect(proofs()).toBe(1)
    const include = [simulator.transaction(txid)?.rawHex ?? '']
    simulator.reorganise({ depth: 1, lost: 'forgotten', include })
    value(await port.readTip(never))
    expect(value(await port.readCoins(scripts, never))[0]?.height).toBe(111)
    expect(proofs()).toBe(2)
  })

  it('knows which scripts were ever used, also when spent or unconfirmed', async () => {
    const { simulator, port } = await start()
    simulator.fund(own(0, 0).address, 1_000_000n)
    simulator.mine(1)
    value(await port.broadcast(verified(await planPayment(port, STRANGER, 500_000n)), never))
    const scripts = [own(0, 0), own(0, 1), own(1, 0), own(1, 1)].map((address) => address.script)
    const used = value(await port.readUsedScripts(scripts, never))
    expect(scripts.map((script) => used.has(script))).toEqual([true, false, true, false])
  })

  it('never sends an extended key over the socket', async () => {
    const { simulator, port } = await start()
    simulator.fund(own(0, 0).address, 1_000_000n)
    simulator.mine(1)
    value(await port.broadcast(verified(await planPayment(port, STRANGER, 500_000n)), never))
    const said = simulator.received().join('\n')
    expect(said.length).toBeGreaterThan(500)
    expect(said).not.toMatch(/[xyztuv]pub[1-9A-HJ-NP-Za-km-z]{20}/)
    expect(said).not.toContain(account.xpub)
    expect(said).not.toContain(Buffer.from(wallet.publicKey(ACCOUNT_PATH)).toString('hex'))
  })
})

describe('an account of many addresses', () => {
  it('is read in batches side by side, leaving one listener on the caller’s signal', async () => {
    const { simulator, port } = await start({ latencyMs: 20 })
    const scripts = Array.from({ length: 600 }, (_, i) => `0014${i.toString(16).padStart(40, '0')}`)
    const warnings: string[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning.name)
    process.on('warning', onWarning)
    const { signal } = new AbortController()
    value(await port.readTip(signal))
    const before = performance.now()
    expect(value(await port.readUsedScripts(scripts, signal)).size).toBe(0)
    const elapsed = performance.now() - before
    await new Promise((resolve) => setImmediate(resolve))
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
    // 30 batches, 16 in flight: two round trips, not thirty.
    expect(elapsed).toBeLessThan(30 * 20)
    expect(simulator.received().length).toBeLessThan(40)
  })
})

describe('what was not verified is not sent', () => {
  it('refuses a look-alike of a verified transaction', async () => {
    const { simulator, port } = await start()
    simulator.fund(own(0, 0).address, 1_000_000n)
    simulator.mine(1)
    const genuine = verified(await planPayment(port, STRANGER, 500_000n))
    const forged = { ...genuine }
    expect(await port.broadcast(forged, never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_REJECTED' },
    })
    expect(simulator.received().some((line) => line.includes('transaction.broadcast'))).toBe(false)
  })
})

describe('a server that lies is caught', () => {
  const rows: readonly { readonly fault: Fault; readonly code: string; readonly field?: string }[] =
    [
      { fault: { kind: 'lie-value', by: 1 }, code: 'CHAIN_LIED', field: 'value' },
      { fault: { kind: 'lie-height', by: 5 }, code: 'CHAIN_LIED', field: 'height' },
      { fault: { kind: 'lie-height', by: -3 }, code: 'CHAIN_LIED', field: 'height' },
      { fault: { kind: 'lie-script' }, code: 'CHAIN_LIED', field: 'script' },
      { fault: { kind: 'lie-transaction' }, code: 'CHAIN_LIED', field: 'transaction' },
      { fault: { kind: 'lie-merkle' }, code: 'CHAIN_LIED', field: 'merkle' },
      { fault: { kind: 'repeat-coins' }, code: 'CHAIN_LIED', field: 'coin' },
      { fault: { kind: 'lie-position', by: 9 }, code: 'CHAIN_LIED', field: 'coin' },
      {
        fault: { kind: 'bad-transaction' },
        code: 'CHAIN_ANSWER_MALFORMED',
        field: 'blockchain.transaction.get',
      },
    ]
  for (const { fault, code, field } of rows) {
    it(`${fault.kind}${'by' in fault ? ` by ${fault.by}` : ''}`, async () => {
      const { simulator, port } = await start()
      simulator.fund(own(0, 0).address, 1_000_000n)
      simulator.mine(2)
      simulator.faults.inject(fault)
      expect(await port.readCoins([own(0, 0).script], never)).toMatchObject({
        ok: false,
        refusal: { code, data: { field } },
      })
      simulator.faults.clear()
      expect(value(await port.readCoins([own(0, 0).script], never))).toHaveLength(1)
    })
  }

  it('another chain behind the same port', async () => {
    const { simulator, port } = await start()
    simulator.faults.inject({ kind: 'wrong-network' })
    expect(await port.readTip(never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_WRONG_NETWORK' },
    })
  })

  it('a mainnet port is refused a regtest chain', async () => {
    const { port } = await start({}, { network: 'mainnet' })
    expect(await port.readTip(never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_WRONG_NETWORK' },
    })
  })

  it('an absurd fee rate', async () => {
    const { simulator, port } = await start()
    simulator.faults.inject({ kind: 'lie-fee', btcPerKb: 5 })
    expect(await port.readFeeRate(2, never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_ANSWER_MALFORMED' },
    })
  })

  it('another txid for what we sent', async () => {
    const { simulator, port } = await start()
    simulator.fund(own(0, 0).address, 1_000_000n)
    simulator.mine(1)
    const transaction = verified(await planPayment(port, STRANGER, 500_000n))
    simulator.faults.inject({ kind: 'lie-txid' })
    expect(await port.broadcast(transaction, never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_LIED', data: { field: 'txid' } },
    })
  })

  it('a server without an estimate says so: that is not a low one', async () => {
    const { port } = await start({ feeRate: null })
    expect(await port.readFeeRate(2, never)).toMatchObject({
      ok: false,
      refusal: {
        code: 'CHAIN_UNREACHABLE',
        data: { reason: 'the server has no fee estimate now' },
      },
    })
  })

  it('a fee estimate in sat/vB', async () => {
    const { port } = await start({ feeRate: 12.5 })
    expect(value(await port.readFeeRate(2, never))).toBe(12.5)
  })
})

describe('a broadcast whose answer is lost or false', () => {
  async function ready() {
    const started = await start()
    started.simulator.fund(own(0, 0).address, 1_000_000n)
    started.simulator.mine(1)
    return {
      ...started,
      transaction: verified(await planPayment(started.port, STRANGER, 500_000n)),
    }
  }

  it('succeeds when the connection dropped after the node took it', async () => {
    const { simulator, port, transaction } = await ready()
    simulator.faults.inject({ kind: 'drop-after-broadcast' }, { method: BROADCAST, times: 1 })
    expect(value(await port.broadcast(transaction, never)).txid).toBe(transaction.txid)
    expect(simulator.transaction(transaction.txid)?.height).toBe(0)
  })

  it('is refused with the node’s reason', async () => {
    const { simulator, port, transaction } = await ready()
    simulator.faults.inject({ kind: 'reject-broadcast', reason: 'min relay fee not met' })
    expect(await port.broadcast(transaction, never)).toMatchObject({
      ok: false,
      refusal: {
        code: 'CHAIN_REJECTED',
        data: { reason: expect.stringContaining('min relay fee not met') },
      },
    })
  })

  it('shows as unknown when the server forgot it, and may be sent again', async () => {
    const { simulator, port, transaction } = await ready()
    simulator.faults.inject({ kind: 'forget-broadcast' }, { times: 1 })
    value(await port.broadcast(transaction, never))
    const script = own(0, 0).script
    expect(value(await port.readConfirmation(transaction.txid, script, never)).kind).toBe('unknown')
    value(await port.broadcast(transaction, never))
    expect(value(await port.readConfirmation(transaction.txid, script, never)).kind).toBe('mempool')
  })

  it('is refused when its coin was spent elsewhere', async () => {
    const { simulator, port, transaction } = await ready()
    const other = sign({ ...(await planPayment(port, STRANGER, 700_000n)) })
    expect(simulator.accept(other).kind).toBe('accepted')
    simulator.mine(1)
    expect(await port.broadcast(transaction, never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_REJECTED' },
    })
  })
})

describe('a server that misbehaves', () => {
  const history = 'blockchain.scripthash.subscribe'
  const rows: readonly { readonly fault: Fault; readonly code: string }[] = [
    { fault: { kind: 'garbage' }, code: 'CHAIN_ANSWER_MALFORMED' },
    { fault: { kind: 'huge-line', bytes: 300_000 }, code: 'CHAIN_ANSWER_MALFORMED' },
    { fault: { kind: 'wrong-id' }, code: 'CHAIN_ANSWER_MALFORMED' },
    { fault: { kind: 'wrong-shape' }, code: 'CHAIN_ANSWER_MALFORMED' },
    { fault: { kind: 'truncated' }, code: 'CHAIN_UNREACHABLE' },
    { fault: { kind: 'drop' }, code: 'CHAIN_UNREACHABLE' },
    { fault: { kind: 'hang' }, code: 'CHAIN_UNREACHABLE' },
    { fault: { kind: 'error', message: 'excessive resource usage' }, code: 'CHAIN_REJECTED' },
  ]
  for (const { fault, code } of rows) {
    it(`${fault.kind} is refused with ${code}, and the next call works`, async () => {
      const { simulator, port } = await start({}, { timeoutMs: 400, maxLineBytes: 200_000 })
      value(await port.readTip(never))
      simulator.faults.inject(fault, { method: history })
      expect(await port.readUsedScripts([own(0, 0).script], never)).toMatchObject({
        ok: false,
        refusal: { code },
      })
      simulator.faults.clear()
      expect(value(await port.readUsedScripts([own(0, 0).script], never)).size).toBe(0)
    })
  }

  const shapes = [
    ['blockchain.headers.subscribe', 'CHAIN_ANSWER_MALFORMED'],
    ['blockchain.scripthash.listunspent', 'CHAIN_ANSWER_MALFORMED'],
    ['blockchain.transaction.get', 'CHAIN_ANSWER_MALFORMED'],
    ['blockchain.transaction.get_merkle', 'CHAIN_ANSWER_MALFORMED'],
    ['blockchain.block.headers', 'CHAIN_ANSWER_MALFORMED'],
  ] as const
  for (const [method, code] of shapes) {
    it(`an answer of another shape to ${method} is refused`, async () => {
      const { simulator, port } = await start()
      simulator.fund(own(0, 0).address, 1_000_000n)
      simulator.mine(1)
      value(await port.readTip(never))
      // Two blocks at once, so that the headers between are asked for.
      if (method === 'blockchain.block.headers') simulator.mine(2)
      simulator.faults.inject({ kind: 'wrong-shape' }, { method })
      const read = method.includes('headers')
        ? await port.readTip(never)
        : await port.readCoins([own(0, 0).script], never)
      expect(read).toMatchObject({ ok: false, refusal: { code } })
    })
  }

  it('a server that refuses our protocol version is refused', async () => {
    const { simulator, port } = await start()
    simulator.faults.inject({ kind: 'error', message: 'unsupported' }, { method: 'server.version' })
    expect(await port.readTip(never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_ANSWER_MALFORMED', data: { field: 'server.version' } },
    })
  })

  it('a tip without work is refused', async () => {
    const { simulator, port } = await start()
    value(await port.readTip(never))
    simulator.faults.inject({ kind: 'idle-tip' })
    expect(await port.readTip(never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_LIED', data: { field: 'header' } },
    })
  })

  it('a closed port says so and dials no more', async () => {
    const { simulator, port } = await start()
    value(await port.readTip(never))
    await port.close()
    const before = simulator.received().length
    expect(await port.readTip(never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_UNREACHABLE', data: { reason: 'closed' } },
    })
    expect(simulator.received().length).toBe(before)
  })

  it('after many failures the next attempt waits longer than a call may', async () => {
    let now = 1_000
    const slept: number[] = []
    const still: Clock = {
      now: () => now,
      sleep: async (ms) => {
        slept.push(ms)
        now += ms
      },
    }
    const { simulator, port } = await start({}, { clock: still, timeoutMs: 1_000 })
    await simulator.close()
    const reasons: string[] = []
    for (let i = 0; i < 6; i++) {
      const read = await port.readTip(never)
      reasons.push(read.ok || !('reason' in read.refusal.data) ? '' : read.refusal.data.reason)
    }
    expect(slept).toEqual([200, 400, 800])
    expect(reasons.slice(-2).every((reason) => reason.startsWith('trying again in'))).toBe(true)
  })

  it('a connection lost once is not noticed', async () => {
    const { simulator, port } = await start()
    value(await port.readTip(never))
    simulator.dropConnections()
    expect(value(await port.readTip(never)).height).toBe(110)
    simulator.faults.inject({ kind: 'drop' }, { times: 1 })
    expect(value(await port.readTip(never)).height).toBe(110)
  })

  it('nobody listening is unreachable', async () => {
    const { simulator, port } = await start()
    await simulator.close()
    expect(await port.readTip(never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_UNREACHABLE' },
    })
  })

  it('a cancelled call returns at once and leaves the connection to others', async () => {
    const { simulator, port } = await start({}, { timeoutMs: 5_000 })
    value(await port.readTip(never))
    simulator.faults.inject({ kind: 'hang' }, { method: history, times: 1 })
    const abort = new AbortController()
    const waiting = port.readUsedScripts([own(0, 0).script], abort.signal)
    const other = port.readTip(never)
    abort.abort()
    const before = performance.now()
    expect(await waiting).toMatchObject({ ok: false, refusal: { code: 'CHAIN_UNREACHABLE' } })
    expect(performance.now() - before).toBeLessThan(1_000)
    expect(value(await other).height).toBe(110)
  })

  it('a tip that lags is told as it is', async () => {
    const { simulator, port } = await start()
    simulator.faults.inject({ kind: 'lagging', blocks: 7 })
    expect(value(await port.readTip(never)).height).toBe(103)
  })

  it('an empty answer is believed: omission cannot be proved', async () => {
    const { simulator, port } = await start()
    simulator.fund(own(0, 0).address, 1_000_000n)
    simulator.faults.inject({ kind: 'omit-coins' })
    expect(value(await port.readCoins([own(0, 0).script], never))).toEqual([])
  })
})

describe('what the server tells by itself', () => {
  it('a block, a payment to a script asked about, and its own end are news', async () => {
    const { simulator, port } = await start()
    let news = 0
    const stop = port.onNews?.(() => {
      news += 1
    })
    value(await port.readTip(never))
    const unused = [own(0, 0).script, own(0, 2).script]
    expect(value(await port.readUsedScripts(unused, never)).size).toBe(0)
    const asked = simulator.received().length
    simulator.fund(own(0, 0).address, 1_000_000n)
    await vi.waitFor(() => expect(news).toBe(1))
    // The news itself says that the script is used: nothing needs to be asked again.
    expect(value(await port.readUsedScripts([own(0, 0).script], never)).size).toBe(1)
    expect(simulator.received()).toHaveLength(asked)
    simulator.fund(own(0, 1).address, 1_000_000n)
    simulator.mine(1)
    await vi.waitFor(() => expect(news).toBe(3))
    simulator.dropConnections()
    await vi.waitFor(() => expect(news).toBe(4))
    // A new connection knows of no subscription: what was unused is asked about again.
    simulator.fund(own(0, 2).address, 1_000_000n)
    expect(value(await port.readUsedScripts([own(0, 2).script], never)).size).toBe(1)
    stop?.()
    simulator.mine(1)
    value(await port.readTip(never))
    expect(news).toBe(4)
  })

  it('an idle connection is kept alive, and one that went silent is given up', async () => {
    const { simulator, port } = await start({}, { pingEveryMs: 60, timeoutMs: 250 })
    value(await port.readTip(never))
    const pings = () => simulator.received().filter((line) => line.includes('server.ping')).length
    await vi.waitFor(() => expect(pings()).toBeGreaterThan(1))
    let lost = 0
    port.onNews?.(() => {
      lost += 1
    })
    simulator.faults.inject({ kind: 'hang' }, { method: 'server.ping' })
    await vi.waitFor(() => expect(lost).toBe(1), { timeout: 3_000 })
    simulator.faults.clear()
    expect(value(await port.readTip(never)).height).toBe(110)
  })
})

describe('many headers', () => {
  it('are fetched in the background; until then coins above them are the server’s word', async () => {
    const { simulator, port } = await start({ initialBlocks: 2_100 })
    simulator.fund(own(0, 0).address, 1_000_000n)
    simulator.mine(1)
    simulator.faults.inject(
      { kind: 'error', message: 'busy' },
      { method: 'blockchain.block.headers' },
    )
    const tip = value(await port.readTip(never))
    expect(tip).toMatchObject({ height: 2_101, verifiedTo: 0 })
    const [coin] = value(await port.readCoins([own(0, 0).script], never))
    expect(coin).toMatchObject({ claimedOnly: true, value: 1_000_000n, height: 2_101 })
    simulator.faults.clear()
    await vi.waitFor(async () => {
      expect(value(await port.readTip(never)).verifiedTo).toBeUndefined()
      expect(value(await port.readCoins([own(0, 0).script], never))[0]).not.toHaveProperty(
        'claimedOnly',
      )
    })
  })
})
