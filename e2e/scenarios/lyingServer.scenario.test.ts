import { afterAll, beforeAll, expect, test } from 'vitest'
import { openScene, type Scene, untilState } from './demoHost.ts'
import { approve, bitcoinRecipient, confirmOnDevice, plan } from './play.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

test('a server that has the signed bytes and says no leaves the outcome unknown, never "not sent"', async () => {
  const planned = await plan(scene, {
    purpose: 'withdraw',
    chain: 'bitcoin',
    asset: 'BTC',
    amount: '0.004',
    address: bitcoinRecipient,
  })
  scene.world.bitcoin.faults.inject(
    { kind: 'reject-broadcast', reason: 'no' },
    { method: 'blockchain.transaction.broadcast', times: 1 },
  )
  await approve(scene, planned)
  await confirmOnDevice(scene, planned.id)
  const unknown = await untilState(scene, planned.id, ['unknown', 'refused', 'sent'])
  expect(unknown).toMatchObject({ state: 'unknown', canResolve: true })
  expect(unknown.txid).toMatch(/^[0-9a-f]{64}$/)
  // Looked at again, the same bytes go out once and confirm.
  scene.world.bitcoin.faults.clear()
  await scene.client.call('transfers.resolve', { id: planned.id, decision: 'look-again' })
  await untilState(scene, planned.id, ['sent'])
  scene.world.bitcoin.mine(1)
  expect((await untilState(scene, planned.id, ['done', 'refused'])).txid).toBe(unknown.txid)
}, 60_000)
