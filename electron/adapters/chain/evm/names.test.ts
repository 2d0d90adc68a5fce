/** Names against a registry and resolver of our own on anvil. */
import { Interface, namehash } from 'ethers'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import service from '../../../../resources/contracts/NameService.json' with { type: 'json' }
import { type EvmFaultProxy, startEvmFaultProxy } from '../../../simulators/evm/faultProxy.ts'
import { findAnvil } from '../../../simulators/evm/findAnvil.ts'
import { type EvmWorld, startEvmWorld } from '../../../simulators/evm/world.ts'
import { createNameMethods } from '../../../host/names.ts'
import type { EvmPort } from '../../../host/ports.ts'
import { testSigner } from '../../../../shared/transfer/verify/evm.fixture.ts'
import { ETH } from '../../../../shared/units/amount.ts'
import { systemClock } from '../../system/clock.ts'
import { crossChecked } from './crossChecked.ts'
import { createEvm } from './evm.ts'
import { checkName, ENS_REGISTRY } from './names.ts'

const anvil = findAnvil()
if (anvil.kind === 'missing') console.log(`SKIPPED: names, no ${anvil.lookedFor.join(', no ')}`)

const calls = new Interface(service.abi)
const friend = testSigner('names friend').address
const other = testSigner('names other').address

describe('a name must stand in its normal form', () => {
  test.each(['vitalik.eth', 'pay.alice.eth', '0x1234.eth', 'münchen.eth'])(
    '%s is taken',
    (name) => {
      expect(checkName(name)).toEqual({ ok: true, value: name })
    },
  )
  test.each([
    ['capitals', 'Vitalik.eth', /written vitalik\.eth/],
    ['Cyrillic letters among Latin ones', 'vit\u0430lik.eth', /mixture|confus/],
    ['a name all in letters that look Latin', '\u0430\u0440\u0440.eth', /confus/],
    ['a letter of no width', 'vita\u200Blik.eth', /written vitalik\.eth/],
    ['full-width letters', '\uFF56italik.eth', /written vitalik\.eth/],
    ['an empty label', 'vitalik..eth', /no name/],
    ['nothing', '', /no name/],
    ['too much', `${'a'.repeat(260)}.eth`, /no name/],
  ])('%s are refused', (_, name, reason) => {
    const checked = checkName(name)
    expect(checked.ok ? 'taken' : checked.refusal.data.reason).toMatch(reason)
  })
})

describe.skipIf(anvil.kind === 'missing')('names on a chain', () => {
  let world: EvmWorld
  let lines: readonly [EvmFaultProxy, EvmFaultProxy]
  let ports: readonly [EvmPort, EvmPort]

  const set = (method: string, values: readonly unknown[]) =>
    world.call(ENS_REGISTRY, calls.encodeFunctionData(method, [...values]))
  const reverseNode = (address: string) =>
    namehash(`${address.slice(2).toLowerCase()}.addr.reverse`)

  beforeAll(async () => {
    const started = await startEvmWorld({ seed: 29 })
    if (started.kind !== 'started') throw new Error('no anvil')
    world = started.world
    await world.place(ENS_REGISTRY, service.deployedBytecode)
    await set('setAddress', [namehash('friend.eth'), friend])
    await set('setName', [reverseNode(friend), 'friend.eth'])
    // Another claims the friend's name.
    await set('setName', [reverseNode(other), 'friend.eth'])
    lines = [await startEvmFaultProxy(world.url), await startEvmFaultProxy(world.url)]
    const open = (line: EvmFaultProxy, source: string) =>
      createEvm({
        chainId: world.chainId,
        url: line.url,
        coin: ETH,
        tokens: [],
        source,
        clock: systemClock,
        nameRegistry: ENS_REGISTRY,
      })
    ports = [open(lines[0], 'first'), open(lines[1], 'second')]
  }, 60_000)
  beforeEach(async () => {
    for (const line of lines) line.setFault(null)
    await set('setMode', [0, `0x${'00'.repeat(20)}`])
  })
  afterAll(async () => {
    await Promise.all([...ports, ...lines].map((one) => one.close()))
    await world.close()
  })

  const methods = () => createNameMethods(ports)

  test('a name leads to its address in full, and the address back to it', async () => {
    expect(await methods()['names.resolve']({ name: 'friend.eth' })).toEqual({
      ok: true,
      value: {
        name: 'friend.eth',
        address: friend,
        reverse: 'friend.eth',
        ascii: true,
        source: 'first',
      },
    })
    expect(await methods()['names.lookup']({ address: friend })).toMatchObject({
      value: { name: 'friend.eth' },
    })
  })

  test('a name that another address claims is not shown beside it', async () => {
    expect(await methods()['names.lookup']({ address: other })).toMatchObject({
      value: { name: null },
    })
  })

  test('a claimed name in another spelling is not shown', async () => {
    await set('setName', [reverseNode(friend), 'Friend.eth'])
    expect(await methods()['names.lookup']({ address: friend })).toMatchObject({
      value: { name: null },
    })
    await set('setName', [reverseNode(friend), 'friend.eth'])
  })

  test('nobody’s name is not found, nor is one below a resolver that does not answer for others', async () => {
    for (const name of ['nobody.eth', 'pay.friend.eth']) {
      expect(await methods()['names.resolve']({ name })).toMatchObject({
        refusal: { code: 'NOT_FOUND', data: { id: name } },
      })
    }
  })

  test('a resolver that answers for every name below its own is asked (ENSIP-10)', async () => {
    await set('setMode', [1, other])
    expect(await methods()['names.resolve']({ name: 'pay.friend.eth' })).toMatchObject({
      value: { address: other, reverse: null },
    })
  })

  test('a name that is resolved off the chain is refused', async () => {
    await set('setMode', [2, other])
    expect(await methods()['names.resolve']({ name: 'friend.eth' })).toMatchObject({
      refusal: { code: 'NAME_REFUSED', data: { reason: 'it is resolved off the chain' } },
    })
  })

  test('a confusable name is refused before anybody is asked', async () => {
    const asked = lines[0].requests()
    expect(await methods()['names.resolve']({ name: 'fri\u0435nd.eth' })).toMatchObject({
      refusal: { code: 'NAME_REFUSED' },
    })
    expect(lines[0].requests()).toBe(asked)
  })

  test('two servers that lead elsewhere are a lie; one that is away refuses', async () => {
    const both = createNameMethods([
      crossChecked(ports[0], ports[1], { clock: systemClock, lagMs: 50, lagBlocks: 2 }),
    ])
    expect(await both['names.resolve']({ name: 'friend.eth' })).toMatchObject({ ok: true })
    const theirs = `0x${friend.slice(2).toLowerCase().padStart(64, '0')}`
    const lie = `0x${other.slice(2).toLowerCase().padStart(64, '0')}`
    lines[1].setFault({
      kind: 'lie',
      methods: ['eth_call'],
      result: (honest) => (honest === theirs ? lie : honest),
    })
    expect(await both['names.resolve']({ name: 'friend.eth' })).toMatchObject({
      refusal: { code: 'CHAIN_LIED', data: { field: 'name friend.eth' } },
    })
    lines[1].setFault({ kind: 'drop' })
    expect(await both['names.resolve']({ name: 'friend.eth' })).toMatchObject({
      refusal: { code: 'CHAIN_UNREACHABLE' },
    })
  })

  test('without a chain that has names nothing is found', async () => {
    expect(await createNameMethods([])['names.resolve']({ name: 'friend.eth' })).toMatchObject({
      refusal: { code: 'NOT_FOUND' },
    })
  })
})
