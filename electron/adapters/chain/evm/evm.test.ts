/** The EVM adapter against a real anvil, and against a server that lies and fails in every way. */
import { setTimeout as sleep } from 'node:timers/promises'
import { AbiCoder, Interface } from 'ethers'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import odd from '../../../../resources/contracts/OddCoin.json' with { type: 'json' }
import {
  type EvmFault,
  type EvmFaultProxy,
  startEvmFaultProxy,
} from '../../../simulators/evm/faultProxy.ts'
import { findAnvil } from '../../../simulators/evm/findAnvil.ts'
import { type EvmWorld, startEvmWorld } from '../../../simulators/evm/world.ts'
import type { EvmPort } from '../../../host/ports.ts'
import { encodeTransferCall } from '../../../../shared/transfer/evm/erc20.ts'
import { planEvmTransfer } from '../../../../shared/transfer/evm/plan.ts'
import type { EvmTransactionPlan } from '../../../../shared/transfer/plan.ts'
import { verifyEvm } from '../../../../shared/transfer/verify/evm.ts'
import { testCurve, testSigner } from '../../../../shared/transfer/verify/evm.fixture.ts'
import type { VerifiedTransaction } from '../../../../shared/transfer/verify/verified.ts'
import { ETH, USDC } from '../../../../shared/units/amount.ts'
import { createEvm, type EvmOptions } from './evm.ts'
import type { EvmTokenConfig } from './tokens.ts'

const anvil = findAnvil()
if (anvil.kind === 'missing')
  console.log(`SKIPPED: EVM adapter, no ${anvil.lookedFor.join(', no ')}`)

const clock = { now: () => 1_700_000_000_000 }
const calm = new AbortController().signal
const signer = testSigner('evm adapter test')
const recipient = testSigner('evm adapter recipient').address
const ether = 10n ** 18n

/** Unwraps what must not be refused. */
function value<T>(result: { ok: true; value: T } | { ok: false; refusal: unknown }): T {
  if (!result.ok) throw new Error(`refused: ${JSON.stringify(result.refusal)}`)
  return result.value
}

function code(result: { ok: boolean; refusal?: { code: string } }): string {
  return result.refusal?.code ?? 'none'
}

describe.skipIf(anvil.kind === 'missing')('the EVM adapter', () => {
  let world: EvmWorld
  let proxy: EvmFaultProxy
  const ports: EvmPort[] = []

  beforeAll(async () => {
    const started = await startEvmWorld({ seed: 5 })
    if (started.kind !== 'started') throw new Error('no anvil')
    world = started.world
    await world.fundEth(signer.address, 100n * ether)
    await world.mintUsdc(signer.address, 1_000_000_000n)
    proxy = await startEvmFaultProxy(world.url)
  }, 60_000)
  beforeEach(() => proxy.setFault(null))
  afterEach(async () => {
    await Promise.all(ports.splice(0).map((port) => port.close()))
  })
  afterAll(async () => {
    await proxy.close()
    await world.close()
  })

  function dollar(change: Partial<EvmTokenConfig> = {}): EvmTokenConfig {
    return { asset: USDC, contract: world.usdc.contract, ...change }
  }

  function connect(change: Partial<EvmOptions> = {}): EvmPort {
    const port = createEvm({
      chainId: world.chainId,
      url: proxy.url,
      coin: ETH,
      tokens: [dollar()],
      source: 'anvil',
      clock,
      timeoutMs: 2_000,
      ...change,
    })
    ports.push(port)
    return port
  }

  /** Reads everything a plan needs, plans, signs and verifies, as the host does. */
  async function prepare(port: EvmPort, kind: 'coin' | 'token', units: bigint) {
    const from = signer.address
    const to = kind === 'token' ? world.usdc.contract : recipient
    const data = kind === 'token' ? encodeTransferCall(recipient, units) : ''
    const call = { from, to, value: kind === 'coin' ? units : 0n, data }
    const [coin, token] = value(await port.readBalances(from, calm))
    const fees = value(await port.readFees(calm))
    const planned = planEvmTransfer({
      chainId: port.chainId,
      from,
      path: "m/44'/60'/0'/0/0",
      recipient,
      coin: ETH,
      token: kind === 'token' ? dollar() : null,
      amount: { kind: 'exact', units },
      balances: { coin: coin?.units ?? 0n, token: token?.units ?? null },
      nonce: value(await port.readNonce(from, calm)),
      gasLimit: value(await port.estimateGas(call, calm)),
      maxFeePerGas: fees.maxFeePerGas,
      maxPriorityFeePerGas: fees.maxPriorityFeePerGas,
      dataFeeWei: value(
        await port.readDataFee({ ...call, nonce: 0, gasLimit: 21_000n, ...fees }, calm),
      ),
      caps: {
        absoluteWei: ether / 10n,
        relativeBps: 1_000,
        relativeFloorWei: ether / 100n,
        movedWei: null,
      },
      knownContracts: [world.usdc.contract],
    })
    return planned
  }

  function sign(plan: EvmTransactionPlan): VerifiedTransaction {
    const rawHex = signer.signPlan(plan)
    return value(verifyEvm({ plan, digest: '00'.repeat(32), rawHex, curve: testCurve }))
  }

  /** Broadcasts and waits for the block, which anvil makes shortly after it answered. */
  async function send(port: EvmPort, transaction: VerifiedTransaction): Promise<void> {
    expect(value(await port.broadcast(transaction, calm))).toEqual({ txid: transaction.txid })
    await mined(transaction)
  }

  async function mined({ txid }: VerifiedTransaction): Promise<void> {
    const observer = connect({ url: world.url, tokens: [] })
    for (let i = 0; i < 200; i += 1) {
      const { kind } = value(await observer.readConfirmation(txid, calm))
      if (kind === 'confirmed' || kind === 'failed') return
      await sleep(20)
    }
    throw new Error(`${txid} was not mined`)
  }

  /** Asks anvil itself, past the proxy. */
  async function rpc(method: string, params: unknown[]) {
    const response = await fetch(world.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    })
    return (await response.json()).result
  }

  describe('an honest node', () => {
    test('tip, balances, nonce and fees are read', async () => {
      const port = connect()
      const tip = value(await port.readTip(calm))
      expect(tip).toEqual({ height: await world.readHeight(), asOf: clock.now() })
      const [coin, token] = value(await port.readBalances(signer.address, calm))
      expect(coin).toEqual({
        asset: 'ETH',
        decimals: 18,
        units: await world.readEth(signer.address),
      })
      const dollars = await world.readUsdc(signer.address)
      expect(token).toEqual({ asset: 'USDC', decimals: 6, units: dollars })
      expect(value(await port.readNonce(recipient, calm))).toBe(0)
      const fees = value(await port.readFees(calm))
      expect(fees.baseFeePerGas).toBeGreaterThan(0n)
      expect(fees.maxFeePerGas).toBe(2n * fees.baseFeePerGas + fees.maxPriorityFeePerGas)
      expect(port.source).toBe('anvil')
    })

    test.each(['coin', 'token'] as const)(
      'a transfer of the %s is planned, signed, sent and confirmed',
      async (kind) => {
        const port = connect()
        const before = value(await port.readBalances(recipient, calm))
        const { execution, units } = value(await prepare(port, kind, 1_234_567n))
        const transaction = sign(execution)
        expect(value(await port.readConfirmation(transaction.txid, calm))).toEqual({
          kind: 'unknown',
        })
        expect(value(await port.broadcast(transaction, calm))).toEqual({ txid: transaction.txid })
        const after = value(await port.readBalances(recipient, calm))
        const i = kind === 'coin' ? 0 : 1
        expect((after[i]?.units ?? 0n) - (before[i]?.units ?? 0n)).toBe(units)
        await world.mine(2)
        expect(value(await port.readConfirmation(transaction.txid, calm))).toEqual({
          kind: 'confirmed',
          height: (await world.readHeight()) - 2,
          confirmations: 3,
        })
      },
    )

    test('sending the same bytes again succeeds and moves nothing', async () => {
      const port = connect()
      const transaction = sign(value(await prepare(port, 'token', 5n)).execution)
      await send(port, transaction)
      const held = await world.readUsdc(recipient)
      expect(value(await port.broadcast(transaction, calm))).toEqual({ txid: transaction.txid })
      expect(await world.readUsdc(recipient)).toBe(held)
    })

    test('another transaction with a used nonce is rejected', async () => {
      const port = connect()
      const { execution } = value(await prepare(port, 'token', 6n))
      await send(port, sign(execution))
      const other = sign({ ...execution, data: encodeTransferCall(recipient, 7n) })
      const refused = await port.broadcast(other, calm)
      expect(code(refused)).toBe('CHAIN_REJECTED')
    })

    test('the pending transaction counts for the nonce and shows as mempool', async () => {
      const started = await startEvmWorld({ seed: 6, blockTimeMs: 60_000 })
      if (started.kind !== 'started') throw new Error('no anvil')
      const slow = started.world
      try {
        await slow.fundEth(signer.address, ether)
        const port = connect({ url: slow.url, tokens: [] })
        const plan: EvmTransactionPlan = {
          kind: 'evm',
          chainId: slow.chainId,
          type: 2,
          from: signer.address,
          path: '',
          nonce: 0,
          to: recipient,
          value: 1n,
          data: '',
          gasLimit: 21_000n,
          maxFeePerGas: 10n ** 10n,
          maxPriorityFeePerGas: 1n,
          token: null,
        }
        const transaction = sign(plan)
        value(await port.broadcast(transaction, calm))
        expect(value(await port.broadcast(transaction, calm))).toEqual({ txid: transaction.txid })
        expect(value(await port.readNonce(signer.address, calm))).toBe(1)
        expect(value(await port.readConfirmation(transaction.txid, calm))).toEqual({
          kind: 'mempool',
        })
        await slow.mine()
        expect(value(await port.readConfirmation(transaction.txid, calm)).kind).toBe('confirmed')
      } finally {
        await slow.close()
      }
    }, 60_000)

    test('a transfer of more than the balance is refused by simulation with the contract’s reason', async () => {
      const port = connect()
      const data = encodeTransferCall(recipient, 10n ** 15n)
      const call = { from: signer.address, to: world.usdc.contract, value: 0n, data }
      const refused = await port.estimateGas(call, calm)
      expect(refused).toEqual({
        ok: false,
        refusal: {
          code: 'CHAIN_REJECTED',
          data: { chain: 'evm:31337', reason: 'Error: USDC: transfer amount exceeds balance' },
        },
      })
    })

    test('a reverted transaction is a failed confirmation', async () => {
      const port = connect()
      const { execution } = value(await prepare(port, 'token', 1n))
      const data = encodeTransferCall(recipient, 10n ** 15n)
      const transaction = sign({ ...execution, data })
      await send(port, transaction)
      const confirmation = value(await port.readConfirmation(transaction.txid, calm))
      expect(confirmation).toEqual({ kind: 'failed', reason: 'reverted' })
    })

    test('a plain transfer gets exactly 21000 gas, a token transfer a margin', async () => {
      const port = connect()
      const from = signer.address
      const plain = await port.estimateGas({ from, to: recipient, value: 1n, data: '' }, calm)
      expect(value(plain)).toBe(21_000n)
      const data = encodeTransferCall(recipient, 1n)
      const call = { from, to: world.usdc.contract, value: 0n, data }
      const gas = value(await port.estimateGas(call, calm))
      expect(gas).toBeGreaterThan(30_000n)
      expect(gas).toBeLessThan(100_000n)
    })

    test('a chain’s least tip is paid where the blocks’ median is lower', async () => {
      const least = 25_000_000_000n
      const [usual, dear] = [connect(), connect({ leastTip: least })]
      const [own, raised] = [value(await usual.readFees(calm)), value(await dear.readFees(calm))]
      expect(own.maxPriorityFeePerGas).toBeLessThan(least)
      expect(raised.maxPriorityFeePerGas).toBe(least)
      expect(raised.maxFeePerGas).toBe(2n * raised.baseFeePerGas + least)
    })

    test('calls made together travel together', async () => {
      const port = connect()
      value(await port.readTip(calm))
      const before = proxy.requests()
      value(await port.readConfirmation(`0x${'00'.repeat(32)}`, calm))
      expect(proxy.requests() - before).toBe(1)
    })
  })

  describe('what a transaction paid us', () => {
    const vault = testSigner('evm adapter vault').address
    const received = (port: EvmPort, txid: string, token: string | null, to = vault) =>
      port.readReceived({ txid, recipient: to, token }, calm)

    test('the coin and the token are counted, each for itself', async () => {
      const port = connect()
      const coins = await world.sendEth(vault, 11n)
      const dollars = await world.sendUsdc(vault, 22n)
      expect(value(await received(port, coins, null))).toBe(11n)
      expect(value(await received(port, coins, world.usdc.contract))).toBe(0n)
      expect(value(await received(port, dollars, world.usdc.contract))).toBe(22n)
      expect(value(await received(port, coins, null, recipient))).toBe(0n)
      expect(value(await received(port, dollars, world.usdc.contract, recipient))).toBe(0n)
      // The same events from another contract are another token.
      expect(value(await received(port, dollars, recipient))).toBe(0n)
    })

    describe('the coin by a contract', () => {
      const payer = '0x0dd0000000000000000000000000000000000003'
      const calls = new Interface(odd.abi)
      const forward = (to: string) => calls.encodeFunctionData('forward', [to])
      beforeAll(() => world.place(payer, odd.deployedBytecode))

      test('is what the account gained over the block', async () => {
        const port = connect()
        const paid = await world.call(payer, forward(vault), 44n)
        expect(value(await received(port, paid, null))).toBe(44n)
        expect(value(await received(port, paid, null, recipient))).toBe(0n)
        const dollars = await world.sendUsdc(vault, 1n)
        expect(value(await received(port, dollars, null))).toBe(0n)
      })

      test('is unknown where a direct payment lies in the same block, or the state is gone', async () => {
        const port = connect()
        await rpc('evm_setAutomine', [false])
        const from = world.hotWallet
        const common = { from, gas: '0x30000' }
        const inner = { ...common, to: payer, value: '0x5', data: forward(vault) }
        const paid = String(await rpc('eth_sendTransaction', [inner]))
        await rpc('eth_sendTransaction', [{ ...common, to: vault, value: '0x7' }])
        await rpc('evm_mine', [])
        await rpc('evm_setAutomine', [true])
        expect(value(await received(port, paid, null))).toBeNull()

        const alone = await world.call(payer, forward(vault), 6n)
        const missing = { kind: 'reject', code: -32_000, message: 'missing trie node' } as const
        proxy.setFault({ ...missing, methods: ['eth_getTransactionCount'] })
        expect(value(await received(port, alone, null))).toBeNull()
        proxy.setFault(null)
        expect(value(await received(port, alone, null))).toBe(6n)
      })

      test('in a block that does not hold the transaction is a lie', async () => {
        const port = connect()
        const paid = await world.call(payer, forward(vault), 8n)
        const empty = (honest: unknown, params: unknown) =>
          Array.isArray(params) && params[1] === true && typeof honest === 'object'
            ? { ...honest, transactions: [] }
            : honest
        proxy.setFault({ kind: 'lie', methods: ['eth_getBlockByNumber'], result: empty })
        expect(code(await received(port, paid, null))).toBe('CHAIN_LIED')
      })
    })

    test('our own signed transactions hash to their id', async () => {
      const port = connect()
      const transaction = sign(value(await prepare(port, 'coin', 33n)).execution)
      expect(value(await received(port, transaction.txid, null, recipient))).toBeNull()
      await send(port, transaction)
      expect(value(await received(port, transaction.txid, null, recipient))).toBe(33n)
    })

    test('a failed transaction paid nothing', async () => {
      const port = connect()
      const { execution } = value(await prepare(port, 'token', 1n))
      const failing = sign({ ...execution, data: encodeTransferCall(vault, 10n ** 15n) })
      await send(port, failing)
      expect(value(await received(port, failing.txid, world.usdc.contract))).toBe(0n)
    })

    test('a false amount or recipient of the coin is a lie', async () => {
      const port = connect()
      const coins = await world.sendEth(vault, 11n)
      for (const change of [{ value: '0xffff' }, { to: recipient }, { input: '0x00' }]) {
        proxy.setFault({
          kind: 'lie',
          methods: ['eth_getTransactionByHash'],
          result: (honest) => ({ ...(honest as object), ...change }),
        })
        expect(await received(port, coins, null)).toMatchObject({
          refusal: { code: 'CHAIN_LIED', data: { field: 'transaction' } },
        })
      }
    })

    test('a receipt of another transaction is a lie', async () => {
      const port = connect()
      const small = await world.sendUsdc(vault, 1n)
      const large = await world.sendUsdc(vault, 1_000n)
      const receipt = await rpc('eth_getTransactionReceipt', [large])
      proxy.setFault({
        kind: 'lie',
        methods: ['eth_getTransactionReceipt'],
        result: () => receipt,
      })
      expect(await received(port, small, world.usdc.contract)).toMatchObject({
        refusal: { code: 'CHAIN_LIED', data: { field: 'receipt.transactionHash' } },
      })
    })
  })

  describe('only what was verified, and only to its chain', () => {
    test('a copy of a verified transaction throws', async () => {
      const port = connect()
      const transaction = sign(value(await prepare(port, 'token', 1n)).execution)
      const before = proxy.requests()
      await expect(port.broadcast({ ...transaction }, calm)).rejects.toThrow(/nobody verified/)
      expect(proxy.requests()).toBe(before)
    })

    test('a transaction for another chain is refused before anything is sent', async () => {
      const port = connect()
      const { execution } = value(await prepare(port, 'token', 1n))
      const before = proxy.requests()
      const refused = await port.broadcast(sign({ ...execution, chainId: 1 }), calm)
      expect(refused).toEqual({
        ok: false,
        refusal: {
          code: 'CHAIN_WRONG_NETWORK',
          data: { chain: 'evm:31337', expected: '31337', found: '1' },
        },
      })
      expect(proxy.requests()).toBe(before)
    })
  })

  describe('a token that is not what we are configured with', () => {
    const rows: readonly [string, () => EvmTokenConfig, string][] = [
      [
        'other decimals',
        () => dollar({ asset: { symbol: 'USDC', decimals: 18 } }),
        'USDC.decimals',
      ],
      ['another symbol', () => dollar({ asset: { symbol: 'USDT', decimals: 6 } }), 'USDT.symbol'],
      ['no contract', () => dollar({ contract: recipient }), 'USDC.contract'],
    ]
    test.each(rows)('%s', async (_, token, field) => {
      const refused = await connect({ tokens: [token()] }).readBalances(recipient, calm)
      expect(refused).toMatchObject({ refusal: { code: 'CHAIN_LIED', data: { field } } })
      const from = signer.address
      const call = {
        from,
        to: token().contract,
        value: 0n,
        data: encodeTransferCall(recipient, 1n),
      }
      expect(code(await connect({ tokens: [token()] }).estimateGas(call, calm))).toBe('CHAIN_LIED')
    })

    test('a contract that names itself otherwise is accepted when configured so', async () => {
      const token = dollar({ asset: { symbol: 'DOLLAR', decimals: 6 }, chainSymbol: 'USDC' })
      const [, held] = value(await connect({ tokens: [token] }).readBalances(recipient, calm))
      expect(held?.asset).toBe('DOLLAR')
    })
  })

  describe('a node that lies', () => {
    const lie = (
      method: string,
      result: (honest: unknown, params: unknown) => unknown,
    ): EvmFault => ({
      kind: 'lie',
      methods: [method],
      result,
    })

    test('about the chain id: wrong network, and nothing else is asked', async () => {
      proxy.setFault(lie('eth_chainId', () => '0x1'))
      const before = proxy.requests()
      const port = connect()
      const refused = await port.readBalances(signer.address, calm)
      expect(refused).toMatchObject({
        refusal: { code: 'CHAIN_WRONG_NETWORK', data: { expected: '31337', found: '1' } },
      })
      expect(proxy.requests() - before).toBe(1)
      for (const read of [
        port.readTip(calm),
        port.readFees(calm),
        port.readNonce(recipient, calm),
      ]) {
        expect(code(await read)).toBe('CHAIN_WRONG_NETWORK')
      }
    })

    test('about the balance: the simulation of the transfer fails, nothing is signed', async () => {
      const port = connect()
      proxy.setFault(lie('eth_getBalance', () => `0x${(10n ** 24n).toString(16)}`))
      const [coin] = value(await port.readBalances(recipient, calm))
      expect(coin?.units).toBe(10n ** 24n)
      const call = { from: recipient, to: signer.address, value: 10n ** 23n, data: '' }
      expect(code(await port.estimateGas(call, calm))).toBe('CHAIN_REJECTED')
    })

    test('about fees: the plan is over its cap', async () => {
      const port = connect()
      proxy.setFault(
        lie('eth_feeHistory', () => ({
          oldestBlock: '0x1',
          baseFeePerGas: ['0xe8d4a51000', '0xe8d4a51000000'],
          gasUsedRatio: [0.5],
          reward: [['0x1']],
        })),
      )
      expect(code(await prepare(port, 'token', 1n))).toBe('FEE_OVER_CAP')
    })

    test('about the nonce: pending below mined is a lie, too low a one is rejected', async () => {
      const port = connect()
      await send(port, sign(value(await prepare(port, 'token', 1n)).execution))
      proxy.setFault(
        lie('eth_getTransactionCount', (honest, params) =>
          JSON.stringify(params).includes('pending') ? '0x0' : honest,
        ),
      )
      const refused = await port.readNonce(signer.address, calm)
      expect(refused).toMatchObject({ refusal: { code: 'CHAIN_LIED', data: { field: 'nonce' } } })
      proxy.setFault(lie('eth_getTransactionCount', () => '0x0'))
      const planned = value(await prepare(port, 'token', 9n))
      expect(code(await port.broadcast(sign(planned.execution), calm))).toBe('CHAIN_REJECTED')
    })

    test('about a receipt whose transaction it does not have', async () => {
      const port = connect()
      const transaction = sign(value(await prepare(port, 'coin', 1n)).execution)
      await send(port, transaction)
      proxy.setFault(lie('eth_getTransactionByHash', () => null))
      expect(await port.readConfirmation(transaction.txid, calm)).toMatchObject({
        refusal: { code: 'CHAIN_LIED', data: { field: 'receipt' } },
      })
      proxy.setFault(null)
      expect(value(await port.readConfirmation(transaction.txid, calm)).kind).toBe('confirmed')
    })

    test('about the receipt of a transaction that was never mined', async () => {
      const port = connect()
      const { execution } = value(await prepare(port, 'token', 1n))
      const { txid } = sign(execution)
      const block = value(await port.readTip(calm)).height
      const mined = await rpc('eth_getBlockByNumber', [`0x${block.toString(16)}`, false])
      // Transaction and receipt in one: each reader takes its own fields.
      const receipt = (change: object) => ({
        hash: txid,
        transactionHash: txid,
        blockHash: mined.hash,
        blockNumber: `0x${block.toString(16)}`,
        status: '0x1',
        ...change,
      })
      const invent = (result: () => unknown): EvmFault => ({
        kind: 'lie',
        methods: ['eth_getTransactionReceipt', 'eth_getTransactionByHash'],
        result,
      })
      proxy.setFault(invent(() => receipt({})))
      const refused = await port.readConfirmation(txid, calm)
      expect(refused).toMatchObject({ refusal: { data: { field: 'receipt.blockNumber' } } })
      expect(code(refused)).toBe('CHAIN_LIED')

      const other = { transactionHash: `0x${'11'.repeat(32)}` }
      proxy.setFault(invent(() => receipt(other)))
      expect(code(await port.readConfirmation(txid, calm))).toBe('CHAIN_LIED')

      for (const elsewhere of [
        { blockHash: `0x${'22'.repeat(32)}` },
        { blockNumber: '0xffffff' },
      ]) {
        proxy.setFault(invent(() => receipt(elsewhere)))
        expect(value(await port.readConfirmation(txid, calm))).toEqual({ kind: 'mempool' })
      }
      proxy.setFault(invent(() => receipt({ status: '0x7' })))
      expect(code(await port.readConfirmation(txid, calm))).toBe('CHAIN_ANSWER_MALFORMED')
    })

    test('about the hash of what was sent', async () => {
      const port = connect()
      const transaction = sign(value(await prepare(port, 'token', 1n)).execution)
      proxy.setFault(lie('eth_sendRawTransaction', () => `0x${'33'.repeat(32)}`))
      const refused = await port.broadcast(transaction, calm)
      expect(refused).toMatchObject({ refusal: { code: 'CHAIN_LIED', data: { field: 'txid' } } })
      await mined(transaction)
    })

    const malformed: readonly [string, string, unknown][] = [
      ['a balance of null', 'eth_getBalance', null],
      ['a balance as number', 'eth_getBalance', 7],
      ['a negative balance', 'eth_getBalance', '-0x1'],
      ['a balance over 32 bytes', 'eth_getBalance', `0x1${'0'.repeat(64)}`],
      ['an empty token balance', 'eth_call', '0x'],
      ['a height of text', 'eth_blockNumber', 'latest'],
      ['a height that no number holds', 'eth_blockNumber', `0x${'f'.repeat(15)}`],
      ['a fee history without fees', 'eth_feeHistory', { baseFeePerGas: [], reward: [] }],
      [
        'a fee history of another length',
        'eth_feeHistory',
        { baseFeePerGas: ['0x1', '0x1', '0x1'], reward: [['0x1']] },
      ],
      ['a nonce with leading zeros', 'eth_getTransactionCount', '0x01'],
      ['a gas estimate of an object', 'eth_estimateGas', {}],
    ]
    test.each(malformed)('%s is malformed, never zero', async (_, method, result) => {
      const port = connect()
      value(await port.readBalances(signer.address, calm))
      proxy.setFault(lie(method, () => result))
      const call = { from: signer.address, to: recipient, value: 1n, data: '' }
      const reads: Record<string, () => Promise<{ ok: boolean }>> = {
        eth_getBalance: () => port.readBalances(signer.address, calm),
        eth_call: () => port.readBalances(signer.address, calm),
        eth_blockNumber: () => port.readTip(calm),
        eth_feeHistory: () => port.readFees(calm),
        eth_getTransactionCount: () => port.readNonce(signer.address, calm),
        eth_estimateGas: () => port.estimateGas(call, calm),
      }
      const refused = await reads[method]?.()
      expect(refused).toMatchObject({
        refusal: { code: 'CHAIN_ANSWER_MALFORMED', data: { chain: 'evm:31337', field: method } },
      })
    })

    test('a token that answers false is rejected', async () => {
      const port = connect()
      value(await port.readBalances(signer.address, calm))
      proxy.setFault(lie('eth_call', () => `0x${'0'.repeat(64)}`))
      const data = encodeTransferCall(recipient, 1n)
      const call = { from: signer.address, to: world.usdc.contract, value: 0n, data }
      expect(code(await port.estimateGas(call, calm))).toBe('CHAIN_REJECTED')
    })

    test('a gas estimate below any transaction’s is a lie', async () => {
      const port = connect()
      proxy.setFault(lie('eth_estimateGas', () => '0x1'))
      const call = { from: signer.address, to: recipient, value: 1n, data: '' }
      expect(code(await port.estimateGas(call, calm))).toBe('CHAIN_LIED')
    })
  })

  describe('a node that fails', () => {
    const failures: readonly [string, EvmFault, string][] = [
      ['drops the connection', { kind: 'drop' }, 'CHAIN_UNREACHABLE'],
      ['never answers', { kind: 'hang' }, 'CHAIN_UNREACHABLE'],
      ['answers too late', { kind: 'lag', delayMs: 5_000 }, 'CHAIN_UNREACHABLE'],
      ['answers 503', { kind: 'status', status: 503 }, 'CHAIN_UNREACHABLE'],
      ['answers 429', { kind: 'status', status: 429 }, 'CHAIN_UNREACHABLE'],
      ['answers a web page', { kind: 'garbage', body: '<html>' }, 'CHAIN_ANSWER_MALFORMED'],
      ['answers nothing', { kind: 'garbage', body: '' }, 'CHAIN_ANSWER_MALFORMED'],
      ['answers null', { kind: 'garbage', body: 'null' }, 'CHAIN_ANSWER_MALFORMED'],
      ['answers an empty list', { kind: 'garbage', body: '[]' }, 'CHAIN_ANSWER_MALFORMED'],
      [
        'answers neither result nor error',
        { kind: 'garbage', body: '{"id":1}' },
        'CHAIN_ANSWER_MALFORMED',
      ],
      ['answers something else', { kind: 'wrong-id' }, 'CHAIN_ANSWER_MALFORMED'],
      ['answers without end', { kind: 'flood' }, 'CHAIN_ANSWER_MALFORMED'],
      ['rejects', { kind: 'reject', code: -32601, message: 'no such method' }, 'CHAIN_REJECTED'],
    ]
    test.each(failures)(
      '%s',
      async (_, fault, expected) => {
        const port = connect({ timeoutMs: 700 })
        value(await port.readTip(calm))
        proxy.setFault(fault)
        const started = performance.now()
        expect(code(await port.readBalances(signer.address, calm))).toBe(expected)
        expect(performance.now() - started).toBeLessThan(5_000)
        proxy.setFault(null)
        value(await port.readBalances(signer.address, calm))
      },
      30_000,
    )

    test('a redirect to an honest node is not followed: it would tell our addresses to another', async () => {
      const port = connect()
      proxy.setFault({ kind: 'redirect', to: world.url })
      expect(code(await port.readTip(calm))).toBe('CHAIN_UNREACHABLE')
    })

    test('a short lag is only waited for', async () => {
      const port = connect()
      proxy.setFault({ kind: 'lag', delayMs: 200 })
      value(await port.readTip(calm))
    })

    test('after a lost connection the chain id is checked again', async () => {
      const port = connect()
      value(await port.readTip(calm))
      proxy.setFault({ kind: 'drop' })
      expect(code(await port.readTip(calm))).toBe('CHAIN_UNREACHABLE')
      proxy.setFault({ kind: 'lie', methods: ['eth_chainId'], result: () => '0xa' })
      expect(code(await port.readTip(calm))).toBe('CHAIN_WRONG_NETWORK')
    })

    test('the answer to a broadcast is lost: the chain has it, so it succeeded', async () => {
      const port = connect()
      const transaction = sign(value(await prepare(port, 'token', 3n)).execution)
      const held = await world.readUsdc(recipient)
      proxy.setFault({ kind: 'drop-answer', methods: ['eth_sendRawTransaction'] })
      expect(value(await port.broadcast(transaction, calm))).toEqual({ txid: transaction.txid })
      await mined(transaction)
      expect((await world.readUsdc(recipient)) - held).toBe(3n)
    })

    test('a broadcast that never reached the chain is unreachable, and can be sent again', async () => {
      const port = connect()
      const transaction = sign(value(await prepare(port, 'token', 4n)).execution)
      proxy.setFault({ kind: 'drop', methods: ['eth_sendRawTransaction'] })
      expect(code(await port.broadcast(transaction, calm))).toBe('CHAIN_UNREACHABLE')
      proxy.setFault(null)
      await send(port, transaction)
    })

    test('"already known" from the node is success when the chain shows the hash', async () => {
      const port = connect()
      const transaction = sign(value(await prepare(port, 'token', 2n)).execution)
      await send(port, transaction)
      const methods = ['eth_sendRawTransaction']
      proxy.setFault({ kind: 'reject', methods, code: -32000, message: 'already known' })
      expect(value(await port.broadcast(transaction, calm))).toEqual({ txid: transaction.txid })
      const { execution } = value(await prepare(port, 'token', 2n))
      const unknown = sign(execution)
      expect(code(await port.broadcast(unknown, calm))).toBe('CHAIN_REJECTED')
    })

    test('a standard revert reason is decoded out of the error data', async () => {
      const port = connect()
      value(await port.readTip(calm))
      const data = `0x08c379a0${AbiCoder.defaultAbiCoder().encode(['string'], ['frozen']).slice(2)}`
      proxy.setFault({ kind: 'reject', code: 3, message: 'execution reverted', data })
      const call = { from: signer.address, to: recipient, value: 1n, data: '' }
      expect(await port.estimateGas(call, calm)).toMatchObject({
        refusal: { code: 'CHAIN_REJECTED', data: { reason: 'Error: frozen' } },
      })
    })
  })

  describe('giving up', () => {
    test('an abort returns at once although the node hangs', async () => {
      const port = connect({ timeoutMs: 10_000 })
      value(await port.readTip(calm))
      proxy.setFault({ kind: 'hang' })
      const abort = new AbortController()
      const started = performance.now()
      const reading = port.readBalances(signer.address, abort.signal)
      setTimeout(() => abort.abort(), 50)
      expect(await reading).toMatchObject({
        refusal: { code: 'CHAIN_UNREACHABLE', data: { reason: 'aborted' } },
      })
      expect(performance.now() - started).toBeLessThan(1_500)
      expect(code(await port.readTip(abort.signal))).toBe('CHAIN_UNREACHABLE')
    })

    test('close ends what waits; afterwards everything is unreachable', async () => {
      const port = connect({ timeoutMs: 10_000 })
      value(await port.readTip(calm))
      proxy.setFault({ kind: 'hang' })
      const started = performance.now()
      const reading = port.readTip(calm)
      setTimeout(() => void port.close(), 50)
      expect(await reading).toMatchObject({ refusal: { data: { reason: 'closed' } } })
      expect(performance.now() - started).toBeLessThan(1_500)
      expect(code(await port.readTip(calm))).toBe('CHAIN_UNREACHABLE')
    })
  })
})
