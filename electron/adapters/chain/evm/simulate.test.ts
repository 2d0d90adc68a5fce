/** What anvil says would move: an honest token, tokens that do something else, and servers without eth_simulateV1. */
import { Interface } from 'ethers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import odd from '../../../../resources/contracts/OddCoin.json' with { type: 'json' }
import { type EvmFaultProxy, startEvmFaultProxy } from '../../../simulators/evm/faultProxy.ts'
import { findAnvil } from '../../../simulators/evm/findAnvil.ts'
import { type EvmWorld, startEvmWorld } from '../../../simulators/evm/world.ts'
import type { ChainResult, EvmPort } from '../../../host/ports.ts'
import { encodeTransferCall } from '../../../../shared/transfer/evm/erc20.ts'
import { checkSimulation } from '../../../../shared/transfer/evm/simulation.ts'
import { testSigner } from '../../../../shared/transfer/verify/evm.fixture.ts'
import { ETH, USDC } from '../../../../shared/units/amount.ts'
import { systemClock } from '../../system/clock.ts'
import { createEvm } from './evm.ts'

const anvil = findAnvil()
if (anvil.kind === 'missing')
  console.log(`SKIPPED: simulation, no ${anvil.lookedFor.join(', no ')}`)

const calm = new AbortController().signal
const own = testSigner('simulation').address
const payee = testSigner('simulation payee').address
const oddCoin = '0x0dd0000000000000000000000000000000000001'
const oddCalls = new Interface(odd.abi)

function value<T>(result: ChainResult<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

describe.skipIf(anvil.kind === 'missing')('simulation on a chain', () => {
  let world: EvmWorld
  let line: EvmFaultProxy
  let port: EvmPort

  beforeAll(async () => {
    const started = await startEvmWorld({ seed: 23 })
    if (started.kind !== 'started') throw new Error('no anvil')
    world = started.world
    await world.fundEth(own, 10n ** 18n)
    await world.mintUsdc(own, 1_000n)
    await world.place(oddCoin, odd.deployedBytecode)
    await world.call(oddCoin, oddCalls.encodeFunctionData('mint', [own, 1_000n]))
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

  const coin = { from: own, to: payee, value: 12n, data: '', token: null }
  const token = (contract: string) => ({
    from: own,
    to: contract,
    value: 0n,
    data: encodeTransferCall(payee, 500n),
    token: contract,
  })
  async function judged(plan: ReturnType<typeof token> | typeof coin): Promise<string> {
    const checked = checkSimulation(plan, value(await port.simulate(plan, calm)), port.source)
    return checked.ok
      ? checked.value.method
      : `${checked.refusal.data.field}: ${checked.refusal.data.simulated}`
  }

  test('the coin and a real ERC-20 move as planned', async () => {
    expect(await judged(coin)).toBe('eth_simulateV1')
    expect(await judged(token(world.usdc.contract))).toBe('eth_simulateV1')
    const simulated = value(await port.simulate(token(world.usdc.contract), calm))
    expect(simulated).toMatchObject({
      kind: 'moves',
      moves: [{ contract: world.usdc.contract.toLowerCase(), units: 500n }],
    })
  })

  test.each([
    [0, /^eth_simulateV1$/],
    [1, /^moved: 5 of 0x0dd/],
    [2, /^allowance: 0x0{33}bad0bad/],
    [3, /^moved: 500 of .*bad0bad$/],
    [4, /^moved: 0 of/],
    [5, /^eth_simulateV1$/],
  ])('a token in mode %i', async (mode, expected) => {
    await world.call(oddCoin, oddCalls.encodeFunctionData('setMode', [mode]))
    expect(await judged(token(oddCoin))).toMatch(expected)
  })

  test('a transfer of more than is held fails with the contract’s reason', async () => {
    const plan = { ...token(world.usdc.contract), data: encodeTransferCall(payee, 10n ** 12n) }
    expect(await judged(plan)).toBe('outcome: Error: USDC: transfer amount exceeds balance')
  })

  test('without eth_simulateV1 the call alone is asked, and what it says is less', async () => {
    line.setFault({
      kind: 'reject',
      methods: ['eth_simulateV1'],
      code: -32_601,
      message: 'no method',
    })
    expect(await judged(token(world.usdc.contract))).toBe('eth_call')
    const plan = { ...token(world.usdc.contract), data: encodeTransferCall(payee, 10n ** 12n) }
    expect(await judged(plan)).toBe('outcome: Error: USDC: transfer amount exceeds balance')
  })

  test('an answer of another shape is malformed, a lost one unreachable', async () => {
    line.setFault({ kind: 'lie', methods: ['eth_simulateV1'], result: () => [{ calls: [] }] })
    expect(await port.simulate(coin, calm)).toMatchObject({
      refusal: { code: 'CHAIN_ANSWER_MALFORMED' },
    })
    line.setFault({ kind: 'drop' })
    expect(await port.simulate(coin, calm)).toMatchObject({
      refusal: { code: 'CHAIN_UNREACHABLE' },
    })
  })
})
