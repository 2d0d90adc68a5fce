import { afterEach, beforeEach, expect, test } from 'vitest'
import { openScene, type Scene, until, untilState } from './demoHost.ts'
import { approve, binanceAccount, bitcoinRecipient, confirmOnDevice, plan } from './play.ts'

let scene: Scene

beforeEach(async () => {
  scene = await openScene()
}, 60_000)

afterEach(async () => {
  await scene?.close()
})

const posts = (part: string) =>
  scene.world.venues.binance.seen.filter((line) => line.startsWith('POST') && line.includes(part))
    .length

async function startSweep() {
  const planned = await plan(scene, {
    purpose: 'sweep',
    accountId: binanceAccount,
    asset: 'USDC',
    amount: '8000',
  })
  await approve(scene, planned)
  await confirmOnDevice(scene, planned.id)
  return planned
}

test('the answer to a withdrawal is lost: it is found by its client id, and ordered once', async () => {
  scene.world.venues.binance.faults.add({
    endpoint: '/sapi/v1/capital/withdraw/apply',
    fault: { kind: 'lost-answer' },
    times: 1,
  })
  const planned = await startSweep()
  expect(await untilState(scene, planned.id, ['done', 'unknown', 'refused'])).toMatchObject({
    state: 'done',
  })
  expect(posts('withdraw/apply')).toBe(1)
})

test('the host is killed after ordering a withdrawal: the next one finds it and never orders again', async () => {
  // The venue hangs over the answer; the order itself is in.
  scene.world.venues.binance.faults.add({
    endpoint: '/sapi/v1/capital/withdraw/apply',
    fault: { kind: 'lost-answer' },
    times: 1,
  })
  scene.world.venues.binance.faults.add({
    endpoint: '/sapi/v1/capital/withdraw/history',
    fault: { kind: 'hang' },
  })
  const planned = await startSweep()
  await until(async () => (posts('withdraw/apply') === 1 ? true : undefined), 'the order')
  await scene.restart()
  scene.world.venues.binance.faults.clear()
  expect(await untilState(scene, planned.id, ['done', 'unknown', 'refused'])).toMatchObject({
    state: 'done',
  })
  expect(posts('withdraw/apply')).toBe(1)
})

test('an internal move whose answer is lost and whose history lags stays unknown, and looking again finds it', async () => {
  const { faults } = scene.world.venues.binance
  faults.add({ endpoint: '/sapi/v1/asset/transfer', fault: { kind: 'lost-answer' }, times: 1 })
  // A history that lags: it knows of nothing, and that proves nothing.
  const hide = faults.add({
    endpoint: '/sapi/v1/asset/transfer',
    fault: { kind: 'replace', body: { total: 0, rows: [] } },
  })
  const planned = await startSweep()
  const unknown = await untilState(scene, planned.id, ['done', 'unknown', 'refused'])
  expect(unknown).toMatchObject({
    state: 'unknown',
    refusal: { code: 'OUTCOME_UNKNOWN' },
    canResolve: true,
  })
  hide()
  const resolved = await scene.client.call('transfers.resolve', {
    id: planned.id,
    decision: 'look-again',
  })
  expect(resolved.ok).toBe(true)
  expect(await untilState(scene, planned.id, ['done', 'refused'])).toMatchObject({ state: 'done' })
  expect(posts('asset/transfer')).toBe(1)
}, 60_000)

test('killed between signing and sending: the same bytes are verified again and sent once', async () => {
  const planned = await plan(scene, {
    purpose: 'withdraw',
    chain: 'bitcoin',
    asset: 'BTC',
    amount: '0.004',
    address: bitcoinRecipient,
  })
  await approve(scene, planned)
  scene.world.bitcoin.faults.inject(
    { kind: 'hang' },
    { method: 'blockchain.transaction.broadcast' },
  )
  await confirmOnDevice(scene, planned.id)
  await untilState(scene, planned.id, ['sending'])
  await scene.restart()
  scene.world.bitcoin.faults.clear()
  const sent = await untilState(scene, planned.id, ['sent', 'done', 'refused'])
  expect(sent.state).toBe('sent')
  scene.world.bitcoin.mine(1)
  const done = await untilState(scene, planned.id, ['done', 'refused'])
  expect(scene.world.bitcoin.transaction(done.txid ?? '')?.height).toBeGreaterThan(0)
})

test('killed while the device waits: the approval does not survive, nothing was sent', async () => {
  const planned = await plan(scene, {
    purpose: 'withdraw',
    chain: 'bitcoin',
    asset: 'BTC',
    amount: '0.004',
    address: bitcoinRecipient,
  })
  await approve(scene, planned)
  await until(
    async () => (scene.world.device.screen().kind !== 'idle' ? true : undefined),
    'the device to ask',
  )
  await scene.restart()
  const view = await untilState(scene, planned.id, ['refused', 'signing', 'sent', 'cancelled'])
  expect(view).toMatchObject({ state: 'refused', refusal: { code: 'HOST_STOPPED' }, txid: null })
})
