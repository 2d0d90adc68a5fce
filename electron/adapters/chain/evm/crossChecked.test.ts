/** Two lines to one anvil, one of which lies, lags or is away. */
import { z } from 'zod'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import {
  type EvmFault,
  type EvmFaultProxy,
  startEvmFaultProxy,
} from '../../../simulators/evm/faultProxy.ts'
import { findAnvil } from '../../../simulators/evm/findAnvil.ts'
import { type EvmWorld, startEvmWorld } from '../../../simulators/evm/world.ts'
import type { ChainResult, EvmPort } from '../../../host/ports.ts'
import { testCurve, testSigner } from '../../../../shared/transfer/verify/evm.fixture.ts'
import { verifyEvm } from '../../../../shared/transfer/verify/evm.ts'
import type { EvmTransactionPlan } from '../../../../shared/transfer/plan.ts'
import { ETH, USDC } from '../../../../shared/units/amount.ts'
import { systemClock } from '../../system/clock.ts'
import { crossChecked } from './crossChecked.ts'
import { createEvm } from './evm.ts'

const anvil = findAnvil()
if (anvil.kind === 'missing')
  console.log(`SKIPPED: two EVM servers, no ${anvil.lookedFor.join(', no ')}`)

const calm = new AbortController().signal
const ether = 10n ** 18n
const { address, ...signer } = testSigner('cross-check')
const recipient = testSigner('cross-check recipient').address

function value<T>(result: ChainResult<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

const hex = (n: bigint) => `0x${n.toString(16)}`
const raised = (honest: unknown) => hex(BigInt(String(honest)) + 7n)

describe.skipIf(anvil.kind === 'missing')('two EVM servers checked against each other', () => {
  let world: EvmWorld
  let lines: { first: EvmFaultProxy; second: EvmFaultProxy }
  let port: EvmPort

  beforeAll(async () => {
    const started = await startEvmWorld({ seed: 11 })
    if (started.kind !== 'started') throw new Error('no anvil')
    world = started.world
    await world.fundEth(address, 100n * ether)
    await world.mintUsdc(address, 5_000_000n)
    lines = {
      first: await startEvmFaultProxy(world.url),
      second: await startEvmFaultProxy(world.url),
    }
    const open = (line: 'first' | 'second') =>
      createEvm({
        chainId: world.chainId,
        url: lines[line].url,
        coin: ETH,
        tokens: [{ asset: USDC, contract: world.usdc.contract }],
        source: line,
        clock: systemClock,
        timeoutMs: 2_000,
      })
    port = crossChecked(open('first'), open('second'), {
      clock: systemClock,
      lagMs: 600,
      lagBlocks: 2,
    })
  }, 60_000)
  beforeEach(() => {
    lines.first.setFault(null)
    lines.second.setFault(null)
  })
  afterAll(async () => {
    await port.close()
    await Promise.all([lines.first.close(), lines.second.close()])
    await world.close()
  })

  async function transfer(units: bigint): Promise<EvmTransactionPlan> {
    return {
      kind: 'evm',
      chainId: world.chainId,
      type: 2,
      from: address,
      path: "m/44'/60'/0'/0/0",
      nonce: value(await port.readNonce(address, calm)),
      to: recipient,
      value: units,
      data: '',
      gasLimit: 21_000n,
      maxFeePerGas: 10_000_000_000n,
      maxPriorityFeePerGas: 1_000_000_000n,
      token: null,
    }
  }

  function verified(plan: EvmTransactionPlan) {
    const result = verifyEvm({
      plan,
      digest: '00'.repeat(32),
      rawHex: signer.signPlan(plan),
      curve: testCurve,
    })
    if (!result.ok) throw new Error('not verified')
    return result.value
  }

  async function mined(): Promise<string> {
    const transaction = verified(await transfer(1n))
    value(await port.broadcast(transaction, calm))
    await expect
      .poll(async () => value(await port.readConfirmation(transaction.txid, calm)).kind)
      .toBe('confirmed')
    return transaction.txid
  }

  test('both honest: answers stand, and the source names both', async () => {
    const [coin, dollars] = value(await port.readBalances(address, calm))
    expect(coin?.units).toBeGreaterThan(99n * ether)
    expect(dollars?.units).toBe(5_000_000n)
    expect(value(await port.readFees(calm)).maxFeePerGas).toBeGreaterThan(0n)
    expect(port.source).toBe('first + second')
    expect(port.agreement?.()).toMatchObject({ kind: 'agree', second: 'second' })
  })

  const lies: readonly (readonly [string, EvmFault, (port: EvmPort) => Promise<unknown>])[] = [
    [
      'balance ETH',
      { kind: 'lie', methods: ['eth_getBalance'], result: raised },
      (asked) => asked.readBalances(address, calm),
    ],
    [
      'balance USDC',
      {
        kind: 'lie',
        methods: ['eth_call'],
        result: (honest) => {
          const text = String(honest)
          return BigInt(text) === 5_000_000n
            ? `0x${(6_000_000).toString(16).padStart(64, '0')}`
            : text
        },
      },
      (asked) => asked.readBalances(address, calm),
    ],
    [
      'nonce',
      { kind: 'lie', methods: ['eth_getTransactionCount'], result: raised },
      (asked) => asked.readNonce(address, calm),
    ],
    [
      'code',
      { kind: 'lie', methods: ['eth_getCode'], result: () => `0xef0100${'12'.repeat(20)}` },
      (asked) => asked.readCode(recipient, calm),
    ],
    [
      'mined nonce',
      { kind: 'lie', methods: ['eth_getTransactionCount'], result: raised },
      (asked) => asked.readMinedNonce(address, calm),
    ],
    [
      'baseFeePerGas',
      {
        kind: 'lie',
        methods: ['eth_feeHistory'],
        result: () => ({
          baseFeePerGas: ['0x174876e800', '0x174876e800'],
          reward: [['0x1']],
        }),
      },
      (asked) => asked.readFees(calm),
    ],
    [
      'height',
      { kind: 'lie', methods: ['eth_blockNumber'], result: raised },
      (asked) => asked.readTip(calm),
    ],
    [
      'gas',
      { kind: 'lie', methods: ['eth_estimateGas'], result: () => '0xf4240' },
      (asked) => asked.estimateGas({ from: address, to: recipient, value: 1n, data: '' }, calm),
    ],
  ]

  for (const line of ['first', 'second'] as const) {
    test.each(lies)(`a lying ${line} server is caught at its %s`, async (field, fault, read) => {
      lines[line].setFault(fault)
      const answer = await read(port)
      expect(answer).toMatchObject({
        ok: false,
        refusal: {
          code: 'CHAIN_LIED',
          data: {
            field,
            claimed: expect.stringMatching(/^first: /),
            actual: expect.stringMatching(/^second: /),
          },
        },
      })
      expect(port.agreement?.()).toMatchObject({ kind: 'differ', refusal: { data: { field } } })
    })
  }

  test('a tip a thousandfold the other one is caught, a median one block later is not', async () => {
    const history = (reward: string) => () => ({
      baseFeePerGas: ['0x3b9aca00', '0x3b9aca00'],
      reward: [[reward]],
    })
    const methods = ['eth_feeHistory']
    lines.first.setFault({ kind: 'lie', methods, result: history('0x3b9aca00') })
    lines.second.setFault({ kind: 'lie', methods, result: history('0x4a817c80') })
    expect((await port.readFees(calm)).ok).toBe(true)
    lines.first.setFault({ kind: 'lie', methods, result: history('0xe8d4a51000') })
    expect(await port.readFees(calm)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_LIED', data: { field: 'maxPriorityFeePerGas' } },
    })
  })

  test('a server a block behind is waited for', async () => {
    let asked = 0
    lines.second.setFault({
      kind: 'lie',
      methods: ['eth_getBalance'],
      result: (honest) => (asked++ === 0 ? raised(honest) : honest),
    })
    const [coin] = value(await port.readBalances(address, calm))
    expect(coin?.units).toBe(await world.readEth(address))
    expect(asked).toBe(2)
  })

  test.each(['first', 'second'] as const)(
    'without the %s server the other one answers, and the source says that it is alone',
    async (line) => {
      lines[line].setFault({ kind: 'drop' })
      expect((await port.readBalances(address, calm)).ok).toBe(true)
      const left = line === 'first' ? 'second' : 'first'
      expect(port.source).toBe(`${left} (one source, unchecked)`)
      lines[line].setFault(null)
      await port.readBalances(address, calm)
      expect(port.source).toBe('first + second')
    },
  )

  test('a rate-limited server counts as away; a simulation that fails on one side is a no', async () => {
    const limited: EvmFault = { kind: 'reject', code: -32005, message: 'slow down' }
    lines.second.setFault(limited)
    expect((await port.readNonce(address, calm)).ok).toBe(true)
    lines.second.setFault({ ...limited, methods: ['eth_call'], message: 'execution reverted' })
    expect(
      await port.estimateGas({ from: address, to: recipient, value: 1n, data: '' }, calm),
    ).toMatchObject({ ok: false, refusal: { code: 'CHAIN_REJECTED' } })
  })

  test('a payment is sent to both, and to the one that is left', async () => {
    const before = await world.readEth(recipient)
    value(await port.broadcast(verified(await transfer(3n)), calm))
    await expect.poll(() => world.readEth(recipient)).toBe(before + 3n)
    expect(lines.first.calls.filter((call) => call === 'eth_sendRawTransaction')).toHaveLength(1)
    expect(lines.second.calls.filter((call) => call === 'eth_sendRawTransaction')).toHaveLength(1)
    lines.first.setFault({ kind: 'drop', methods: ['eth_sendRawTransaction'] })
    value(await port.broadcast(verified(await transfer(4n)), calm))
    await expect.poll(() => world.readEth(recipient)).toBe(before + 7n)
  })

  test('a refusal of one proves nothing while the other is silent', async () => {
    const plan = await transfer(5n)
    lines.first.setFault({
      kind: 'reject',
      code: -32000,
      message: 'no',
      methods: ['eth_sendRawTransaction'],
    })
    lines.second.setFault({ kind: 'drop' })
    expect(await port.broadcast(verified(plan), calm)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_UNREACHABLE' },
    })
    lines.second.setFault({
      kind: 'reject',
      code: -32000,
      message: 'no',
      methods: ['eth_sendRawTransaction'],
    })
    expect(await port.broadcast(verified(plan), calm)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_REJECTED' },
    })
  })

  test('a receipt that only one has is no confirmation, and a lie once the other should have it', async () => {
    const txid = await mined()
    const hidden: EvmFault = {
      kind: 'lie',
      methods: ['eth_getTransactionReceipt', 'eth_getTransactionByHash'],
      result: () => null,
    }
    lines.second.setFault(hidden)
    expect(value(await port.readConfirmation(txid, calm))).toEqual({ kind: 'mempool' })
    await world.mine(2)
    expect(await port.readConfirmation(txid, calm)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_LIED', data: { field: 'receipt', actual: 'second: unknown' } },
    })
  })

  test('a receipt that says reverted on one side only is a lie', async () => {
    const txid = await mined()
    lines.first.setFault({
      kind: 'lie',
      methods: ['eth_getTransactionReceipt'],
      result: (honest) => ({ ...z.looseObject({}).parse(honest), status: '0x0' }),
    })
    expect(await port.readConfirmation(txid, calm)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_LIED', data: { field: 'receipt', claimed: 'first: failed' } },
    })
  })

  test('what arrived must be the same on both sides', async () => {
    const txid = await world.sendUsdc(address, 9n)
    await world.mine(1)
    const query = { txid, recipient: address, token: world.usdc.contract }
    expect(value(await port.readReceived(query, calm))).toBe(9n)
    lines.second.setFault({
      kind: 'lie',
      methods: ['eth_getTransactionReceipt'],
      result: (honest) => ({ ...z.looseObject({}).parse(honest), logs: [] }),
    })
    expect(await port.readReceived(query, calm)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_LIED', data: { field: 'received' } },
    })
  })
})
