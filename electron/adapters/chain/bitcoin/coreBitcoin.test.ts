import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { BitcoinPort } from '../../../host/ports.ts'
import type { Fault } from '../../../simulators/bitcoin/faults.ts'
import { createTestWallet } from '../../../simulators/bitcoin/testWallet.ts'
import { startBitcoinSimulator } from '../../../simulators/bitcoin/simulator.ts'
import { createCoreBitcoin } from './coreBitcoin.ts'
import type { CoreLogin } from './coreRpc.ts'
import { createElectrumBitcoin } from './electrumBitcoin.ts'
import { loopback, regtestHeaders, testClock } from './regtest.fixture.ts'
import { MNEMONIC, STRANGER, paymentTools, value } from './wallet.fixture.ts'

const wallet = createTestWallet(MNEMONIC, 'regtest')
const { account, own, planPayment, verified } = paymentTools(wallet)
const never = new AbortController().signal
const scripts = [own(0, 0), own(0, 1), own(1, 0)].map(({ script }) => script)

const cleanup: (() => Promise<unknown> | void)[] = []
afterEach(async () => {
  for (const close of cleanup.splice(0).reverse()) await close()
})

async function start(timeoutMs = 3_000, loginOf?: (cookie: string) => CoreLogin) {
  const simulator = await startBitcoinSimulator()
  cleanup.push(simulator.close)
  simulator.fund(own(0, 0).address, 1_000_000n)
  simulator.fund(own(0, 1).address, 500_000n)
  simulator.mine(2)
  const [user = '', password = ''] = simulator.core.cookie().split(':')
  const open = (login: CoreLogin, birthday = 0): BitcoinPort => {
    const port = createCoreBitcoin({
      network: 'regtest',
      url: simulator.core.url,
      login,
      proxy: null,
      birthday,
      headers: regtestHeaders(),
      clock: testClock,
      timeoutMs,
    })
    cleanup.push(port.close)
    return port
  }
  const login = loginOf?.(simulator.core.cookie()) ?? { kind: 'password', user, password }
  return { simulator, open, port: open(login) }
}

describe('Bitcoin Core of our own', () => {
  it('says what the Electrum server says: tip, used scripts, coins, transactions, fee', async () => {
    const { simulator, port } = await start()
    const electrum = createElectrumBitcoin({
      network: 'regtest',
      endpoint: loopback(simulator.port),
      headers: regtestHeaders(),
      clock: testClock,
    })
    cleanup.push(electrum.close)
    expect(value(await port.readTip(never)).height).toBe(112)
    expect(value(await port.readUsedScripts(scripts, never))).toEqual(
      value(await electrum.readUsedScripts(scripts, never)),
    )
    const coins = value(await port.readCoins(scripts, never))
    expect(coins).toEqual(value(await electrum.readCoins(scripts, never)))
    expect(coins).toHaveLength(2)
    expect(value(await port.readClaims(scripts, never))).toEqual(
      coins.map((coin) => ({ ...coin, claimedOnly: true })),
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
    simulator.reorganise({ depth: 3, lost: 'forgotten' })
    expect(await confirmation()).toEqual({ kind: 'unknown' })
  })

  it('gets our addresses one by one, and never a key', async () => {
    const { simulator, port } = await start()
    value(await port.readCoins(scripts, never))
    const said = simulator.core.received().join('\n')
    expect(said).toContain(`addr(${own(0, 0).address})#`)
    expect(said).not.toMatch(/[xyztuv]pub[1-9A-Z]|wpkh|tr\(/)
    expect(said).not.toContain(account.xpub)
    const imports = said.match(/importdescriptors/g)?.length
    value(await port.readCoins(scripts, never))
    expect(
      simulator.core
        .received()
        .join('\n')
        .match(/importdescriptors/g)?.length,
    ).toBe(imports)
  })

  it('says how far the node is while it looks through its blocks, and answers when it is done', async () => {
    const { simulator, port, open } = await start(600)
    simulator.core.scanSlowly(true)
    expect(await port.readUsedScripts(scripts, never)).toMatchObject({
      ok: false,
      refusal: {
        code: 'CHAIN_UNREACHABLE',
        data: { reason: 'the node looks through its blocks: 34 %' },
      },
    })
    // The addresses are in the wallet already; what it says of them does not count yet, for a new session either.
    const [user = '', password = ''] = simulator.core.cookie().split(':')
    const later = open({ kind: 'password', user, password })
    expect(await later.readCoins(scripts, never)).toMatchObject({ ok: false })
    simulator.core.scanSlowly(false)
    await vi.waitFor(async () => expect((await port.readUsedScripts(scripts, never)).ok).toBe(true))
    expect(value(await later.readCoins(scripts, never))).toHaveLength(2)
  })

  it('looks for an account from the birthday on, for the next addresses of a known one only since it last looked', async () => {
    const { simulator, open, port } = await start()
    const [user = '', password = ''] = simulator.core.cookie().split(':')
    const account40 = Array.from({ length: 40 }, (_, at) => own(at < 20 ? 0 : 1, at % 20).script)
    const imports = () =>
      simulator.core
        .received()
        .filter((body) => body.includes('importdescriptors'))
        .map((body) => [body.match(/addr\(/g)?.length, Number(/"timestamp":(\d+)/.exec(body)?.[1])])
    value(await port.readUsedScripts(account40, never))
    expect(imports()).toEqual([[40, 0]])
    // Asked about again, and nothing new: from here on the account is known.
    value(await port.readUsedScripts(account40, never))
    const today = Date.parse(new Date().toISOString().slice(0, 10)) / 1_000
    const later = open({ kind: 'password', user, password })
    value(await later.readUsedScripts([...account40, own(0, 20).script], never))
    expect(imports().at(-1)).toEqual([1, today - 86_400])
    // A second account is found anew.
    const more = Array.from({ length: 20 }, (_, at) => own(0, 30 + at).script)
    value(await later.readUsedScripts(more, never))
    expect(imports().at(-1)).toEqual([20, 0])
  })

  it('looks again when its node was stopped in the middle of looking', async () => {
    const { simulator, port, open } = await start(400)
    simulator.core.scanSlowly(true)
    expect((await port.readUsedScripts(scripts, never)).ok).toBe(false)
    // The window is closed while the node still looks; then the node goes down with its scan undone.
    await port.close()
    simulator.core.scanSlowly(false)
    const [user = '', password = ''] = simulator.core.cookie().split(':')
    const before =
      simulator.core
        .received()
        .join()
        .match(/importdescriptors/g)?.length ?? 0
    const later = open({ kind: 'password', user, password })
    expect(value(await later.readUsedScripts(scripts, never)).size).toBe(2)
    const after = simulator.core
      .received()
      .join()
      .match(/importdescriptors/g)?.length
    expect(after).toBe(before + 1)
  })

  it('does not see what lies before the birthday', async () => {
    const { simulator, open } = await start()
    const [user = '', password = ''] = simulator.core.cookie().split(':')
    const late = open({ kind: 'password', user, password }, Math.floor(Date.now() / 1_000) + 86_400)
    expect(value(await late.readCoins(scripts, never))).toEqual([])
  })

  it('is logged in to by its cookie, again after it was restarted', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bulkhead-core-'))
    cleanup.push(() => rmSync(directory, { recursive: true }))
    const file = join(directory, '.cookie')
    const { simulator, port } = await start(3_000, (cookie) => {
      writeFileSync(file, cookie)
      return { kind: 'cookie', file }
    })
    expect(value(await port.readTip(never)).height).toBe(112)
    simulator.core.renewCookie()
    writeFileSync(file, simulator.core.cookie())
    expect(value(await port.readTip(never)).height).toBe(112)
    rmSync(file)
    simulator.core.renewCookie()
    expect(await port.readTip(never)).toMatchObject({ ok: false })
  })

  it('is never sent a file that is no cookie', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bulkhead-core-'))
    cleanup.push(() => rmSync(directory, { recursive: true }))
    const file = join(directory, '.cookie')
    writeFileSync(file, '-----BEGIN PRIVATE KEY-----')
    const { simulator, port } = await start(3_000, () => ({ kind: 'cookie', file }))
    expect(await port.readTip(never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_UNREACHABLE' },
    })
    expect(simulator.core.received()).toEqual([])
  })
})

describe('a node that lies or fails is refused', () => {
  const lies: readonly (readonly [string, Fault, string])[] = [
    ['value', { kind: 'lie-value', by: 1 }, 'CHAIN_LIED'],
    ['height', { kind: 'lie-height', by: 50 }, 'CHAIN_LIED'],
    ['a lower height', { kind: 'lie-height', by: -3 }, 'CHAIN_LIED'],
    ['transaction', { kind: 'lie-transaction' }, 'CHAIN_LIED'],
    ['merkle proof', { kind: 'lie-merkle' }, 'CHAIN_LIED'],
    ['a coin twice', { kind: 'repeat-coins' }, 'CHAIN_LIED'],
    ['a tip without work', { kind: 'idle-tip' }, 'CHAIN_LIED'],
    ['network', { kind: 'wrong-network' }, 'CHAIN_WRONG_NETWORK'],
    ['shape', { kind: 'garbage' }, 'CHAIN_ANSWER_MALFORMED'],
    ['another shape', { kind: 'wrong-shape' }, 'CHAIN_ANSWER_MALFORMED'],
    ['an error', { kind: 'error', message: 'Loading block index…' }, 'CHAIN_REJECTED'],
    ['connection', { kind: 'drop' }, 'CHAIN_UNREACHABLE'],
    ['silence', { kind: 'hang' }, 'CHAIN_UNREACHABLE'],
  ]
  it.each(lies)('%s', async (_, fault, code) => {
    const { simulator, port } = await start(400)
    simulator.core.faults.inject(fault)
    expect(await port.readCoins(scripts, never)).toMatchObject({ ok: false, refusal: { code } })
    simulator.core.faults.clear()
    await vi.waitFor(async () =>
      expect(value(await port.readCoins(scripts, never))).toHaveLength(2),
    )
  })

  it('an absurd fee, another txid after sending, a rejected payment, a wrong password', async () => {
    const { simulator, port, open } = await start()
    const { faults } = simulator.core
    faults.inject({ kind: 'lie-fee', btcPerKb: 5 })
    expect(await port.readFeeRate(6, never)).toMatchObject({
      refusal: { code: 'CHAIN_ANSWER_MALFORMED' },
    })
    const transaction = verified(await planPayment(port, STRANGER, 1_200_000n, 5))
    faults.inject({ kind: 'reject-broadcast', reason: 'min relay fee not met' }, { times: 1 })
    expect(await port.broadcast(transaction, never)).toMatchObject({
      refusal: { code: 'CHAIN_REJECTED' },
    })
    faults.inject({ kind: 'lie-txid' }, { times: 1 })
    expect(await port.broadcast(transaction, never)).toMatchObject({
      refusal: { code: 'CHAIN_LIED' },
    })
    const stranger = open({ kind: 'password', user: 'a', password: 'b' })
    expect(await stranger.readTip(never)).toMatchObject({ refusal: { code: 'CHAIN_REJECTED' } })
  })

  it('a lookalike of a verified transaction is not sent', async () => {
    const { simulator, port } = await start()
    const forged = { ...verified(await planPayment(port, STRANGER, 100_000n)) }
    expect(await port.broadcast(forged, never)).toMatchObject({
      refusal: { code: 'CHAIN_REJECTED' },
    })
    expect(simulator.core.received().join('')).not.toContain('sendrawtransaction')
  })

  it('coins it keeps silent about cannot be proved: an empty answer is believed', async () => {
    const { simulator, port } = await start()
    simulator.core.faults.inject({ kind: 'omit-coins' })
    expect(value(await port.readCoins(scripts, never))).toEqual([])
  })
})
