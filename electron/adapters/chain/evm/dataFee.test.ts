/** The data fee of a rollup, from an oracle placed on anvil at the stack's own address. */
import { afterAll, beforeAll, expect, test, describe } from 'vitest'
import { z } from 'zod'
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
const COUNTS_BYTES = '0x3660005260206000f3'
/** 4 selector, 32 offset, 32 length, and the 46 unsigned bytes padded to 64. */
const CALL_BYTES = 132n

describe.skipIf(anvil.kind === 'missing')('the data fee', () => {
  let world: EvmWorld
  let lines: readonly [EvmFaultProxy, EvmFaultProxy]

  beforeAll(async () => {
    const started = await startEvmWorld({ seed: 12 })
    if (started.kind !== 'started') throw new Error('no anvil')
    world = started.world
    lines = [await startEvmFaultProxy(world.url), await startEvmFaultProxy(world.url)]
    const response = await fetch(world.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'anvil_setCode',
        params: [GAS_PRICE_ORACLE, COUNTS_BYTES],
      }),
    })
    z.object({ result: z.null() }).parse(await response.json())
  }, 60_000)
  afterAll(async () => {
    await Promise.all(lines.map((line) => line.close()))
    await world.close()
  })

  function open(dataFee: 'none' | 'op-stack', line: 0 | 1 = 0) {
    return createEvm({
      chainId: world.chainId,
      url: lines[line].url,
      coin: ETH,
      tokens: [],
      source: `line ${line}`,
      clock: systemClock,
      dataFee,
    })
  }

  test('is what the oracle says of the unsigned bytes, and half more', async () => {
    const port = open('op-stack')
    expect(await port.readDataFee(transaction, calm)).toEqual({
      ok: true,
      value: (CALL_BYTES * 3n) / 2n,
    })
    await port.close()
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
