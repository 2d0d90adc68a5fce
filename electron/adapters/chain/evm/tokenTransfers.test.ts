/** Real, fake and empty token movements on anvil, and how the host judges them. */
import { Interface } from 'ethers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import odd from '../../../../resources/contracts/OddCoin.json' with { type: 'json' }
import { type EvmFaultProxy, startEvmFaultProxy } from '../../../simulators/evm/faultProxy.ts'
import { findAnvil } from '../../../simulators/evm/findAnvil.ts'
import { type EvmWorld, startEvmWorld } from '../../../simulators/evm/world.ts'
import { createActivityMethod } from '../../../host/activity.ts'
import type { EvmPort } from '../../../host/ports.ts'
import { testSigner } from '../../../../shared/transfer/verify/evm.fixture.ts'
import { ETH, USDC } from '../../../../shared/units/amount.ts'
import { systemClock } from '../../system/clock.ts'
import { createEvm } from './evm.ts'

const anvil = findAnvil()
if (anvil.kind === 'missing') console.log(`SKIPPED: activity, no ${anvil.lookedFor.join(', no ')}`)

const own = testSigner('activity').address
const fakeCoin = '0x0dd0000000000000000000000000000000000002'
const fake = new Interface(odd.abi)

describe.skipIf(anvil.kind === 'missing')('token movements', () => {
  let world: EvmWorld
  let line: EvmFaultProxy
  let port: EvmPort

  beforeAll(async () => {
    const started = await startEvmWorld({ seed: 31 })
    if (started.kind !== 'started') throw new Error('no anvil')
    world = started.world
    await world.mintUsdc(own, 9n)
    await world.sendUsdc(own, 5n)
    await world.sendUsdc(own, 0n)
    await world.sendUsdc(testSigner('somebody else').address, 7n)
    await world.place(fakeCoin, odd.deployedBytecode)
    await world.call(fakeCoin, fake.encodeFunctionData('mint', [own, 1_000n]))
    line = await startEvmFaultProxy(world.url)
    port = createEvm({
      chainId: world.chainId,
      url: line.url,
      coin: ETH,
      tokens: [{ asset: USDC, contract: world.usdc.contract }],
      source: 'anvil',
      clock: systemClock,
    })
  }, 60_000)
  beforeEach(() => line.setFault(null))
  afterAll(async () => {
    await port.close()
    await line.close()
    await world.close()
  })

  async function rows(also: readonly string[] = []) {
    const method = createActivityMethod({
      evm: [port],
      own: () => [own, ...also],
      transfers: () => [],
    })
    const read = await method['vault.activity']()
    if (!read.ok) throw new Error(read.refusal.code)
    return read.value
  }

  test('all of ours and only ours are there, and what was planted is flagged', async () => {
    const { movements, refusals } = await rows()
    expect(refusals).toEqual([])
    expect(
      movements.map(({ amount, suspicion }) => [amount?.units ?? null, suspicion?.kind ?? null]),
    ).toEqual([
      [null, 'unknown-token'],
      [0n, 'nothing-moved'],
      [5n, null],
      [9n, null],
    ])
  })

  test('who looks like one of ours is flagged with whom it looks like', async () => {
    const { hotWallet } = world
    const twin = `${hotWallet.slice(0, 6)}${'ab'.repeat(16)}${hotWallet.slice(-4)}`
    const { movements } = await rows([twin])
    expect(movements.find(({ amount }) => amount?.units === 5n)?.suspicion).toEqual({
      kind: 'look-alike',
      address: twin,
    })
  })

  test('a server that puts others’ movements in is malformed, one that does not answer refuses', async () => {
    const other = testSigner('somebody else').address.slice(2).toLowerCase()
    line.setFault({
      kind: 'lie',
      methods: ['eth_getLogs'],
      result: (honest) =>
        JSON.parse(JSON.stringify(honest).replaceAll(own.slice(2).toLowerCase(), other)),
    })
    expect((await rows()).refusals).toMatchObject([{ code: 'CHAIN_ANSWER_MALFORMED' }])
    line.setFault({ kind: 'reject', methods: ['eth_getLogs'], code: -32_005, message: 'range' })
    expect((await rows()).refusals).toMatchObject([{ code: 'CHAIN_REJECTED' }])
  })
})
