/** Several recipients in one transaction, a rate of one's own, and a merge of small coins: planned, signed on the
 *  device, verified, mined; the chain's own books tell what was paid. */
import { Transaction } from 'bitcoinjs-lib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type TransferView } from '../../shared/contract/methods/transfers.ts'
import { type Scene, openScene, until, untilState } from './demoHost.ts'
import { approve, bitcoinRecipient, confirmOnDevice, plan, planRefusal } from './play.ts'

const second = 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn'
let scene: Scene

beforeAll(async () => {
  scene = await openScene()
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

async function send(view: TransferView): Promise<TransferView> {
  await approve(scene, view)
  const shown = await confirmOnDevice(scene, view.id)
  expect([...shown]).toEqual(expect.arrayContaining(view.deviceLines.map(({ device }) => device)))
  const sent = await untilState(scene, view.id, ['sent', 'refused'])
  expect(sent.refusal).toBeNull()
  return sent
}

/** Outputs of a transaction as the chain has it. */
function outputsOf(view: TransferView): readonly bigint[] {
  const raw = scene.world.bitcoin.transaction(view.txid ?? '')?.rawHex ?? ''
  return Transaction.fromHex(raw).outs.map(({ value }) => value)
}

const pay = {
  purpose: 'withdraw',
  chain: 'bitcoin',
  asset: 'BTC',
  amount: '0.002',
  address: bitcoinRecipient,
  also: [{ address: second, amount: '0.001', label: 'Desk' }],
} as const

test('two are paid in one transaction, each shown by the device; sped up it still pays both', async () => {
  await until(async () => {
    const view = await scene.client.call('vault.read', {})
    return view.ok && view.value.coins.length >= 4 ? true : undefined
  }, 'the coins')
  const planned = await plan(scene, { ...pay, also: [...pay.also], feeRateSatPerVb: 4 })
  expect(planned.deviceLines.map(({ key }) => key)).toEqual(['to', 'amount', 'to', 'amount', 'fee'])
  const first = await send(planned)
  expect(outputsOf(first)).toEqual(expect.arrayContaining([200_000n, 100_000n]))
  scene.world.bitcoin.setFeeRate(12)
  const { id } = first
  const twice = { id, feeTarget: 'fast', feeRateSatPerVb: 9 } as const
  expect(await scene.client.call('transfers.speedUp', twice)).toMatchObject({
    refusal: { code: 'INPUT_INVALID', data: { field: 'feeTarget' } },
  })
  const bumped = await scene.client.call('transfers.speedUp', { id, feeRateSatPerVb: 9 })
  if (!bumped.ok) throw new Error(JSON.stringify(bumped.refusal))
  expect(bumped.value.plan.alsoPays).toEqual(first.plan.alsoPays)
  const { execution } = bumped.value.plan
  expect(execution.kind === 'bitcoin' && Math.round(execution.feeRateSatPerVb)).toBe(9)
  const sent = await send(bumped.value)
  scene.world.bitcoin.mine(1)
  expect((await untilState(scene, sent.id, ['done', 'refused'])).state).toBe('done')
  expect(outputsOf(sent)).toEqual(expect.arrayContaining([200_000n, 100_000n]))
  scene.world.bitcoin.setFeeRate(5)
})

test('a rate over the cap is refused with the numbers, two wishes for the fee at once too', async () => {
  expect(
    await planRefusal(scene, { ...pay, also: [...pay.also], feeRateSatPerVb: 9_999 }),
  ).toMatchObject({
    code: 'FEE_OVER_CAP',
    data: { fee: '9999', asset: 'sat/vB' },
  })
  expect(
    await planRefusal(scene, {
      ...pay,
      also: [...pay.also],
      feeRateSatPerVb: 5,
      feeTarget: 'fast',
    }),
  ).toMatchObject({ code: 'INPUT_INVALID' })
})

test('small coins become one when fees are low, and wait while they are not', async () => {
  const address = scene.world.device.bitcoinAddress("m/84'/1'/0'/0/9", 'Regtest')
  for (const sats of [30_000n, 31_000n, 32_000n]) scene.world.bitcoin.fund(address, sats)
  scene.world.bitcoin.mine(1)
  await until(async () => {
    const view = await scene.client.call('vault.read', {})
    const found = view.ok ? view.value.coins.filter(({ value }) => value <= 32_000n) : []
    return found.length >= 3 ? true : undefined
  }, 'the small coins')
  scene.world.bitcoin.setFeeRate(8)
  expect(
    await scene.client.call('transfers.consolidate', { feeRateLimitSatPerVb: 3 }),
  ).toMatchObject({ refusal: { code: 'FEE_OVER_CAP', data: { cap: '3', asset: 'sat/vB' } } })
  scene.world.bitcoin.setFeeRate(2)
  const merge = await scene.client.call('transfers.consolidate', { feeRateLimitSatPerVb: 3 })
  if (!merge.ok) throw new Error(JSON.stringify(merge.refusal))
  const { plan: merged } = merge.value
  expect(merged.recipient.origin).toBe('vault')
  expect(merged.warnings?.map(({ key }) => key)).toContain('savesLater')
  const sent = await send(merge.value)
  expect(outputsOf(sent)).toEqual([merged.amount.units])
  scene.world.bitcoin.mine(1)
  expect((await untilState(scene, sent.id, ['done', 'refused'])).state).toBe('done')
})
