/** Two bitcoin servers, one of which lies or is away: what the holder is told, and what may still be planned. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Scene, openScene, until } from './demoHost.ts'
import { type PlanInput, bitcoinRecipient, plan, planRefusal } from './play.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

const payment: PlanInput = {
  purpose: 'withdraw',
  chain: 'bitcoin',
  asset: 'BTC',
  amount: '0.004',
  address: bitcoinRecipient,
}

async function bitcoinStatus() {
  const status = await scene.client.call('status.read', {})
  return status.ok ? status.value.chains.find(({ chain }) => chain === 'bitcoin') : undefined
}

async function untilCrossCheck(kind: string) {
  return until(async () => {
    const chain = await bitcoinStatus()
    return chain?.crossCheck?.kind === kind ? chain : undefined
  }, `the two sources to be: ${kind}`)
}

const satsOf = async () => {
  const view = await scene.client.call('vault.read', {})
  const held = view.ok ? view.value.balances.find(({ amount }) => amount.asset === 'BTC') : null
  return held?.amount.units ?? 0n
}

test('both agree, and the status names both', async () => {
  const chain = await untilCrossCheck('agree')
  expect(chain).toMatchObject({
    source: 'Electrum 127.0.0.1 + Esplora 127.0.0.1',
    refusal: null,
    crossCheck: { second: 'Esplora 127.0.0.1' },
  })
})

test('a server that hides coins is caught, nothing is planned on its word, and the last agreed balance stays', async () => {
  const before = await satsOf()
  scene.world.bitcoin.faults.inject({ kind: 'omit-coins' })
  const chain = await untilCrossCheck('differ')
  expect(chain.crossCheck).toMatchObject({
    refusal: { code: 'CHAIN_LIED', data: { field: 'coins' } },
  })
  expect(await planRefusal(scene, payment)).toMatchObject({ code: 'CHAIN_LIED' })
  expect(await satsOf()).toBe(before)
  scene.world.bitcoin.faults.clear()
  await untilCrossCheck('agree')
  expect((await plan(scene, payment)).state).toBe('planned')
})

test('the second away: figures stand, on one source, and that is said', async () => {
  const before = await satsOf()
  scene.world.bitcoin.esplora.faults.inject({ kind: 'drop' })
  scene.world.bitcoin.fund(
    scene.world.device.bitcoinAddress("m/84'/1'/0'/0/5", 'Regtest'),
    1_000_000n,
  )
  scene.world.bitcoin.mine(1)
  const chain = await untilCrossCheck('one-source')
  expect(chain).toMatchObject({
    source: 'Electrum 127.0.0.1 (one source, unchecked)',
    refusal: null,
    crossCheck: { refusal: { code: 'CHAIN_UNREACHABLE' } },
  })
  await until(
    async () => ((await satsOf()) === before + 1_000_000n ? true : undefined),
    'the new coin',
  )
  expect((await plan(scene, payment)).state).toBe('planned')
  expect(scene.log.filter((line) => line.includes('broken invariant'))).toEqual([])
})
