import { afterAll, beforeAll, expect, test } from 'vitest'
import { openScene, type Scene, until } from './demoHost.ts'
import { approve, evmRecipient, plan } from './play.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

test('a signature that comes after the cancel is dropped, journalled, and nothing is sent', async () => {
  const height = await scene.world.evm.readHeight()
  const planned = await plan(scene, {
    purpose: 'withdraw',
    chain: 'evm:31337',
    asset: 'ETH',
    amount: '0.05',
    address: evmRecipient,
  })
  scene.world.device.fail({ kind: 'sign-late', delayMs: 1_500 })
  await approve(scene, planned)
  await until(async () => {
    const status = await scene.client.call('status.read', {})
    return status.ok && status.value.device.kind === 'waiting' ? true : undefined
  }, 'the device to ask')
  const cancelled = await scene.client.call('transfers.cancel', { id: planned.id })
  expect(cancelled).toMatchObject({ ok: true, value: { state: 'cancelled' } })
  await until(async () => {
    const listed = await scene.client.call('journal.list', { limit: 20 })
    const kinds = listed.ok ? listed.value.entries.map(({ kind }) => kind) : []
    return kinds.includes('device.late-signature') ? true : undefined
  }, 'the late signature in the journal')
  expect(await scene.world.evm.readHeight()).toBe(height)
}, 60_000)
