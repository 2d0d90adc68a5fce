/** A payment that waits on bitcoin: sped up, called back, overtaken by its first form, pulled along by a child. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createCurve } from '../../electron/adapters/chain/bitcoin/curve.ts'
import { verifyTransfer } from '../../electron/shells/cli/transferVerify.ts'
import type { TransferView } from '../../shared/contract/methods/transfers.ts'
import { type Scene, openScene, until, untilState } from './demoHost.ts'
import { approve, bitcoinRecipient, confirmOnDevice, evmRecipient, plan } from './play.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

const satsOf = async () => {
  const view = await scene.client.call('vault.read', {})
  if (!view.ok) throw new Error(view.refusal.code)
  const coins = view.value.balances.find(({ amount }) => amount.asset === 'BTC')
  return coins?.amount.units ?? 0n
}

async function send(view: TransferView): Promise<TransferView> {
  await approve(scene, view)
  const shown = await confirmOnDevice(scene, view.id)
  expect([...shown]).toEqual(expect.arrayContaining(view.deviceLines.map(({ device }) => device)))
  return untilState(scene, view.id, ['sent', 'refused'])
}

const pay = (amount: string) =>
  plan(scene, {
    purpose: 'withdraw',
    chain: 'bitcoin',
    asset: 'BTC',
    amount,
    address: bitcoinRecipient,
  })

async function bump(id: string): Promise<TransferView> {
  const bumped = await scene.client.call('transfers.speedUp', { id, feeTarget: 'fast' })
  if (!bumped.ok) throw new Error(JSON.stringify(bumped.refusal))
  return bumped.value
}

async function callBack(id: string): Promise<TransferView> {
  const planned = await scene.client.call('transfers.cancelOnChain', { id })
  if (!planned.ok) throw new Error(JSON.stringify(planned.refusal))
  return planned.value
}

const read = (id: string) => untilState(scene, id, ['done', 'refused'])
const mempoolHas = (txid: string | null) =>
  scene.world.bitcoin.transaction(txid ?? '')?.height === 0
const rawOf = (view: TransferView) => scene.world.bitcoin.transaction(view.txid ?? '')?.rawHex ?? ''

test('sped up: the same payment at a higher fee takes the first one’s place, and only it counts', async () => {
  const before = await satsOf()
  const first = await send(await pay('0.003'))
  expect(first.canReplace).toBe(true)
  scene.world.bitcoin.setFeeRate(12)
  const second = await bump(first.id)
  expect(second.plan).toMatchObject({
    amount: first.plan.amount,
    recipient: first.plan.recipient,
    replaces: { transferId: first.id, txid: first.txid, kind: 'speed-up' },
  })
  expect(second.digest).not.toBe(first.digest)
  expect(second.plan.networkFee.units).toBeGreaterThan(first.plan.networkFee.units)
  const sent = await send(second)
  expect(mempoolHas(sent.txid)).toBe(true)
  expect(mempoolHas(first.txid)).toBe(false)
  // Nothing is decided before a block: both wait.
  expect((await untilState(scene, first.id, ['sent'])).refusal).toBeNull()
  expect(
    await scene.client.call('transfers.speedUp', { id: first.id, feeTarget: 'fast' }),
  ).toMatchObject({ refusal: { code: 'PLAN_STATE_WRONG' } })
  scene.world.bitcoin.mine(1)
  expect(await read(second.id)).toMatchObject({ state: 'done', refusal: null, canReplace: false })
  expect(await read(first.id)).toMatchObject({
    state: 'refused',
    refusal: {
      code: 'TRANSACTION_REPLACED',
      data: { chain: 'bitcoin', txid: first.txid, by: sent.txid },
    },
  })
  const left = before - second.plan.amount.units - second.plan.networkFee.units
  await until(async () => ((await satsOf()) === left ? true : undefined), 'one payment’s balance')

  const exported = await scene.client.call('transfers.export', { id: second.id })
  if (!exported.ok) throw new Error(exported.refusal.code)
  const curve = createCurve()
  expect(verifyTransfer(exported.value.text, rawOf(sent), curve).exitCode).toBe(0)
  expect(exported.value.filename).toBe(`bulkhead-plan-${second.id}.json`)
  const other = await scene.client.call('transfers.export', { id: first.id })
  if (!other.ok) throw new Error(other.refusal.code)
  expect(verifyTransfer(other.value.text, rawOf(sent), curve).exitCode).toBe(1)
  scene.world.bitcoin.setFeeRate(5)
})

test('called back: everything returns to us for the fee, across a restart', async () => {
  const before = await satsOf()
  const first = await send(await pay('0.0021'))
  const back = await callBack(first.id)
  expect(back.plan.recipient.origin).toBe('vault')
  expect(back.deviceLines.map(({ key }) => key)).toEqual(['total', 'fee'])
  const sent = await send(back)
  expect(mempoolHas(first.txid)).toBe(false)
  await scene.restart(() => scene.world.bitcoin.mine(1))
  expect(await read(back.id)).toMatchObject({ state: 'done', txid: sent.txid })
  expect(await read(first.id)).toMatchObject({ refusal: { code: 'TRANSACTION_REPLACED' } })
  const left = before - back.plan.networkFee.units
  await until(async () => ((await satsOf()) === left ? true : undefined), 'all but the fee')
})

test('called back too late: the block holds the first one, so the calling back ends', async () => {
  const first = await send(await pay('0.0022'))
  const raw = rawOf(first)
  const back = await send(await callBack(first.id))
  expect(mempoolHas(back.txid)).toBe(true)
  scene.world.bitcoin.reorganise({ depth: 1, lost: 'to-mempool', include: [] })
  scene.world.bitcoin.forget(back.txid ?? '')
  expect(scene.world.bitcoin.accept(raw).kind).toBe('accepted')
  scene.world.bitcoin.mine(1)
  expect(await read(first.id)).toMatchObject({ state: 'done', refusal: null })
  expect(await read(back.id)).toMatchObject({
    state: 'refused',
    refusal: { code: 'TRANSACTION_REPLACED', data: { txid: back.txid, by: first.txid } },
  })
})

test('a payment to us that waits is pulled along by a child that pays for both', async () => {
  const address = scene.world.device.bitcoinAddress("m/84'/1'/0'/0/9", 'Regtest')
  const parent = scene.world.bitcoin.fund(address, 30_000_000n)
  scene.world.bitcoin.setFeeRate(30)
  const coin = await until(async () => {
    const view = await scene.client.call('vault.read', {})
    return view.ok ? view.value.coins.find(({ txid }) => txid === parent) : undefined
  }, 'the waiting coin')
  const boosted = await scene.client.call('transfers.boost', {
    txid: coin.txid,
    vout: coin.vout,
    feeTarget: 'fast',
  })
  if (!boosted.ok) throw new Error(JSON.stringify(boosted.refusal))
  const { execution, amount, networkFee } = boosted.value.plan
  expect(amount.units + networkFee.units).toBe(30_000_000n)
  if (execution.kind !== 'bitcoin') throw new Error('not bitcoin')
  expect(execution.feeRateSatPerVb).toBeGreaterThan(30)
  await send(boosted.value)
  scene.world.bitcoin.mine(1)
  expect(await read(boosted.value.id)).toMatchObject({ state: 'done' })
  expect(scene.world.bitcoin.transaction(parent)?.height).toBeGreaterThan(0)
  expect(
    await scene.client.call('transfers.boost', { txid: parent, vout: 9, feeTarget: 'fast' }),
  ).toMatchObject({ refusal: { code: 'NOT_FOUND' } })
  scene.world.bitcoin.setFeeRate(5)
})

test('what cannot be replaced is refused', async () => {
  const bumpRefusal = async (id: string) => {
    const answer = await scene.client.call('transfers.speedUp', { id, feeTarget: 'normal' })
    return answer.ok ? null : answer.refusal.code
  }
  expect(await bumpRefusal('nobody')).toBe('NOT_FOUND')
  const planned = await pay('0.0011')
  expect(await bumpRefusal(planned.id)).toBe('PLAN_STATE_WRONG')
  const evm = await plan(scene, {
    purpose: 'withdraw',
    chain: 'evm:31337',
    asset: 'ETH',
    amount: '0.01',
    address: evmRecipient,
  })
  expect(await bumpRefusal(evm.id)).toBe('PLAN_STATE_WRONG')
  const sent = await send(planned)
  scene.world.bitcoin.setFeeRate(9_000)
  expect(await bumpRefusal(sent.id)).toBe('FEE_OVER_CAP')
  scene.world.bitcoin.setFeeRate(5)
  scene.world.bitcoin.mine(1)
  expect(await read(sent.id)).toMatchObject({ state: 'done' })
  expect(await bumpRefusal(sent.id)).toBe('PLAN_STATE_WRONG')
  expect(scene.log.filter((line) => line.includes('broken invariant'))).toEqual([])
})
