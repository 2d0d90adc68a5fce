import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openScene, type Scene, settlePortfolio } from './demoHost.ts'
import { approve, bitcoinRecipient, plan, type PlanInput, planRefusal } from './play.ts'

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

const databaseFiles = (directory: string) =>
  readdirSync(directory).filter((name) => /\.(db|sqlite)/.test(name))

test('an older copy of the store blocks every movement until somebody outside the window releases it', async () => {
  // Waits for the device's button: the older copy knows it as under way, the newer one that it ended.
  const planned = await plan(scene, payment)
  await approve(scene, planned)
  const copy = join(scene.directory, 'copy')
  await scene.restart(() => {
    for (const name of databaseFiles(scene.directory))
      cpSync(join(scene.directory, name), join(copy, name))
  })
  await plan(scene, payment)
  await scene.restart(() => {
    for (const name of databaseFiles(scene.directory)) rmSync(join(scene.directory, name))
    cpSync(copy, scene.directory, { recursive: true })
  })
  await settlePortfolio(scene)
  const before = await scene.client.call('status.read', {})
  expect(before).toMatchObject({ value: { blocked: { code: 'RECONCILIATION_NEEDED' } } })
  expect((await planRefusal(scene, payment))?.code).toBe('RECONCILIATION_NEEDED')
  await expect(approve(scene, planned)).rejects.toThrow('RECONCILIATION_NEEDED')

  // The device's button says no: it stays blocked.
  scene.world.device.fail({ kind: 'reject' })
  const declined = await release()
  expect(declined).toMatchObject({ ok: false, refusal: { code: 'DEVICE_REJECTED' } })
  scene.world.device.fail(null)
  expect((await planRefusal(scene, payment))?.code).toBe('RECONCILIATION_NEEDED')

  expect(await release()).toMatchObject({ ok: true, value: { confirmedBy: 'device' } })
  const stale = await scene.client.call('transfers.read', { id: planned.id })
  expect(stale).toMatchObject({ value: { state: 'refused' } })
  await plan(scene, payment)
  expect(await scene.client.call('journal.verify', {})).toMatchObject({ ok: true })
}, 90_000)

async function release() {
  const asked = scene.client.call('system.reconcile', {})
  let waiting = true
  void asked.finally(() => (waiting = false))
  while (waiting) {
    scene.world.device.press('confirm')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return asked
}
