/** The data fee of a rollup, from an oracle placed on anvil at the stack's own address. */
import { afterAll, beforeAll, expect, test, describe } from 'vitest'
import { startEvmFaultProxy, type EvmFaultProxy } from '../../../simulators/evm/faultProxy.ts'
import { findAnvil } from '../../../simulators/evm/findAnvil.ts'
import { type EvmWorld, startEvmWorld } from '../../../simulators/evm/world.ts'
import { ETH } from '../../../../shared/units/amount.ts'
import { systemClock } from '../../system/clock.ts'
import { crossChecked } from './crossChecked.ts'
import { GAS_PRICE_ORACLE } from './dataFee.ts'
import { createEvm } from './evm.ts'

const anvil = findAnvil()
if (anvil.kind === 'missing') console.log(`SKIPPED: data fees, no ${anvil.lookedFor.join(', no ')}`)

const calm = new AbortController().signal
const transaction = {
  nonce: 3,
  to: `0x${'12'.repeat(20)}`,
  value: 5n,
  data: '',
  gasLimit: 21_000n,
  maxFeePerGas: 2_000_000_000n,
  maxPriorityFeePerGas: 1n,
}
/** Answers the length of its calldata in wei: CALLDATASIZE, MSTORE at 0, RETURN 32 bytes. */
const COUNTS_BYTES = '3660005260206000f3'
/** The same, but it reverts where the calldata is as short as that of getOperatorFee. */
const BEFORE_ISTHMUS = '36602410600c5760006000fd5b3660005260206000f3'
/** 4 selector, 32 offset, 32 length, and the 46 unsigned bytes padded to 64. */
const CALL_BYTES = 132n
/** 4 selector, 32 gas. */
const OPERATOR_BYTES = 36n

describe.skipIf(anvil.kind === 'missing')('the data fee', () => {
  let world: EvmWorld
  let lines: readonly [EvmFaultProxy, EvmFaultProxy]

  beforeAll(async () => {
    const started = await startEvmWorld({ seed: 12 })
    if (started.kind !== 'started') throw new Error('no anvil')
    world = started.world
    lines = [await startEvmFaultProxy(world.url), await startEvmFaultProxy(world.url)]
    await world.place(GAS_PRICE_ORACLE, COUNTS_BYTES)
  }, 60_000)
  afterAll(async () => {
    await Promise.all(lines.map((line) => line.close()))
    await world.close()
  })

  function open(dataFee: 'none' | 'op-stack' | 'in-gas' | null, line: 0 | 1 = 0) {
    return createEvm({
      chainId: world.chainId,
      url: lines[line].url,
      coin: ETH,
      tokens: [],
      source: `line ${line}`,
      clock: systemClock,
      ...(dataFee === null ? {} : { dataFee }),
    })
  }

  test('of an oracle from before Isthmus has no operator’s part; a server’s no is not that', async () => {
    await world.place(GAS_PRICE_ORACLE, BEFORE_ISTHMUS)
    const port = open('op-stack')
    const bytesOnly = { ok: true, value: (CALL_BYTES * 3n) / 2n }
    expect(await port.readDataFee(transaction, calm)).toEqual(bytesOnly)
    lines[0].setFault({ kind: 'reject', methods: ['eth_call'], code: -32_005, message: 'limit' })
    expect(await port.readDataFee(transaction, calm)).toMatchObject({
      refusal: { code: 'CHAIN_REJECTED' },
    })
    lines[0].setFault(null)
    await world.place(GAS_PRICE_ORACLE, COUNTS_BYTES)
    await port.close()
  })

  test('is what the oracle says of the unsigned bytes, half more, and the operator’s part', async () => {
    const port = open('op-stack')
    expect(await port.readDataFee(transaction, calm)).toEqual({
      ok: true,
      value: (CALL_BYTES * 3n) / 2n + OPERATOR_BYTES,
    })
    await port.close()
  })

  test('of a chain nobody told us about is asked for where the stack’s oracle lies', async () => {
    const port = open(null)
    expect(await port.readDataFee(transaction, calm)).toEqual({
      ok: true,
      value: (CALL_BYTES * 3n) / 2n + OPERATOR_BYTES,
    })
    lines[0].setFault({ kind: 'lie', methods: ['eth_getCode'], result: () => '0x' })
    expect(await port.readDataFee(transaction, calm)).toEqual({ ok: true, value: 0n })
    lines[0].setFault(null)
    await port.close()
  })

  test('on Arbitrum is gas: nothing on top, and a wider margin on the estimate', async () => {
    const [plain, inGas] = [open('none'), open('in-gas')]
    // The oracle's code does as any contract.
    const call = { from: transaction.to, to: GAS_PRICE_ORACLE, value: 0n, data: '00' }
    const [narrow, wide] = [
      await plain.estimateGas(call, calm),
      await inGas.estimateGas(call, calm),
    ]
    if (!narrow.ok || !wide.ok) throw new Error('not estimated')
    expect(wide.value).toBeGreaterThanOrEqual((narrow.value * 5n) / 4n - 2n)
    expect(await inGas.readDataFee(transaction, calm)).toEqual({ ok: true, value: 0n })
    await Promise.all([plain.close(), inGas.close()])
  })

  test('is nothing where the chain charges none, and nobody is asked', async () => {
    const port = open('none')
    const asked = lines[0].requests()
    expect(await port.readDataFee(transaction, calm)).toEqual({ ok: true, value: 0n })
    expect(lines[0].requests()).toBe(asked)
    await port.close()
  })

  test('of an oracle that is not there is not zero', async () => {
    const port = open('op-stack')
    lines[0].setFault({ kind: 'lie', methods: ['eth_call'], result: () => '0x' })
    expect(await port.readDataFee(transaction, calm)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_ANSWER_MALFORMED' },
    })
    lines[0].setFault(null)
    await port.close()
  })

  test('of one server, ten times the other’s, is a lie', async () => {
    const port = crossChecked(open('op-stack', 0), open('op-stack', 1), {
      clock: systemClock,
      lagMs: 300,
      lagBlocks: 2,
    })
    lines[1].setFault({
      kind: 'lie',
      methods: ['eth_call'],
      result: () => `0x${1_320n.toString(16).padStart(64, '0')}`,
    })
    expect(await port.readDataFee(transaction, calm)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_LIED', data: { field: 'data fee' } },
    })
    await port.close()
  })
})
