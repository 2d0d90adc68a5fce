/** Many accounts times several tokens against anvil, with Multicall3 at its address and without it. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { AbiCoder } from 'ethers'
import { type EvmFaultProxy, startEvmFaultProxy } from '../../../simulators/evm/faultProxy.ts'
import { findAnvil } from '../../../simulators/evm/findAnvil.ts'
import { type EvmWorld, startEvmWorld } from '../../../simulators/evm/world.ts'
import type { ChainResult, EvmPort } from '../../../host/ports.ts'
import { testSigner } from '../../../../shared/transfer/verify/evm.fixture.ts'
import { ETH, USDC } from '../../../../shared/units/amount.ts'
import { systemClock } from '../../system/clock.ts'
import { crossChecked } from './crossChecked.ts'
import { createEvm } from './evm.ts'

const anvil = findAnvil()
if (anvil.kind === 'missing') console.log(`SKIPPED: balances, no ${anvil.lookedFor.join(', no ')}`)

const calm = new AbortController().signal
/** More calls than go into one. */
const accounts = Array.from({ length: 130 }, (_, i) => testSigner(`balances ${i}`).address)

function value<T>(result: ChainResult<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

describe.skipIf(anvil.kind === 'missing')('balances of many accounts', () => {
  let world: EvmWorld
  let bare: EvmWorld
  const lines: EvmFaultProxy[] = []
  const ports: EvmPort[] = []

  beforeAll(async () => {
    const started = await startEvmWorld({ seed: 21, multicall3: 'placed' })
    const without = await startEvmWorld({ seed: 21 })
    if (started.kind !== 'started' || without.kind !== 'started') throw new Error('no anvil')
    ;[world, bare] = [started.world, without.world]
    for (const each of [world, bare]) {
      await each.fundEth(accounts[0] ?? '', 5n)
      await each.fundEth(accounts[129] ?? '', 7n)
      await each.mintUsdc(accounts[64] ?? '', 11n)
    }
  }, 60_000)
  afterEach(async () => {
    await Promise.all([...ports.splice(0), ...lines.splice(0)].map((one) => one.close()))
  })
  afterAll(async () => {
    await Promise.all([world.close(), bare.close()])
  })

  async function connect(to: EvmWorld): Promise<{ port: EvmPort; line: EvmFaultProxy }> {
    const line = await startEvmFaultProxy(to.url)
    const port = createEvm({
      chainId: to.chainId,
      url: line.url,
      coin: ETH,
      tokens: [{ asset: USDC, contract: to.usdc.contract }],
      source: `line ${lines.length + 1}`,
      clock: systemClock,
    })
    lines.push(line)
    ports.push(port)
    return { port, line }
  }

  const calls = (line: EvmFaultProxy, method: string) =>
    line.calls.filter((called) => called === method).length

  test('one call for hundreds of balances, and the same answers without Multicall3', async () => {
    const [together, singly] = await Promise.all([connect(world), connect(bare)])
    const read = value(await together.port.readAllBalances(accounts, calm))
    expect(read).toEqual(value(await singly.port.readAllBalances(accounts, calm)))
    expect(read).toHaveLength(130)
    expect(read[0]?.map(({ asset, units }) => [asset, units])).toEqual([
      ['ETH', 5n],
      ['USDC', 0n],
    ])
    expect(read[64]?.[1]?.units).toBe(11n)
    expect(read[129]?.[0]?.units).toBe(7n)
    // 260 balances in chunks of 250, and two calls for the token's own check.
    expect(calls(together.line, 'eth_call')).toBe(2 + 2)
    expect(calls(together.line, 'eth_getBalance')).toBe(0)
    expect(calls(singly.line, 'eth_getBalance')).toBe(130)
    expect(value(await together.port.readBalances(accounts[64] ?? '', calm))).toEqual(read[64])
    expect(value(await together.port.readAllBalances([], calm))).toEqual([])
  })

  test('an answer that lacks one, or holds a failed one, is malformed and never zero', async () => {
    const { port, line } = await connect(world)
    value(await port.readAllBalances(accounts.slice(0, 1), calm))
    const types = ['tuple(bool,bytes)[]']
    const word = `0x${'00'.repeat(31)}05`
    const rows: readonly (readonly [boolean, string])[][] = [
      [[true, word]],
      [
        [true, word],
        [false, word],
      ],
      [
        [true, word],
        [true, '0x'],
      ],
      [
        [true, word],
        [true, `${word}00`],
      ],
    ]
    for (const row of rows) {
      const result = () => AbiCoder.defaultAbiCoder().encode(types, [row])
      line.setFault({ kind: 'lie', methods: ['eth_call'], result })
      expect(await port.readAllBalances(accounts.slice(0, 1), calm)).toMatchObject({
        refusal: { code: 'CHAIN_ANSWER_MALFORMED', data: { field: 'aggregate3' } },
      })
    }
    line.setFault({ kind: 'lie', methods: ['eth_call'], result: () => '0x' })
    expect(await port.readAllBalances(accounts.slice(0, 1), calm)).toMatchObject({
      refusal: { code: 'CHAIN_ANSWER_MALFORMED' },
    })
  })

  test('a second server that has another figure for one of them is told', async () => {
    const [first, second] = await Promise.all([connect(world), connect(world)])
    const both = crossChecked(first.port, second.port, {
      clock: systemClock,
      lagMs: 50,
      lagBlocks: 2,
    })
    value(await both.readAllBalances(accounts, calm))
    second.line.setFault({
      kind: 'lie',
      methods: ['eth_call'],
      result: (honest) => String(honest).replace('000000000000000b', '000000000000000c'),
    })
    expect(await both.readAllBalances(accounts, calm)).toMatchObject({
      refusal: { code: 'CHAIN_LIED', data: { field: 'balance USDC' } },
    })
  })
})
