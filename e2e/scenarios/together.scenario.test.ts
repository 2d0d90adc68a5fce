import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { amountToNumber } from '../../shared/units/amount.ts'
import type { TransferView } from '../../shared/contract/methods/transfers.ts'
import { openScene, type Scene, until } from './demoHost.ts'
import { binanceAccount, bitcoinRecipient, evmRecipient, plan, type PlanInput } from './play.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

/** Nothing here gets the device's yes, so nothing may ever leave. */
afterEach(async () => {
  const listed = await scene.client.call('transfers.list', {})
  for (const { id, canCancel } of listed.ok ? listed.value.transfers : [])
    if (canCancel) await scene.client.call('transfers.cancel', { id })
  expect(scene.log.filter((line) => line.includes('broken invariant'))).toEqual([])
})

const sweepAll: PlanInput = {
  purpose: 'sweep',
  accountId: binanceAccount,
  asset: 'USDC',
  amount: 'all',
}
const ask = ({ id, digest }: TransferView) => scene.client.call('transfers.approve', { id, digest })
const stateOf = async ({ id }: TransferView) => {
  const view = await scene.client.call('transfers.read', { id })
  return view.ok ? view.value.state : view.refusal.code
}

test('the same plan approved twice at once is approved once and goes on', async () => {
  const planned = await plan(scene, sweepAll)
  const answers = await Promise.all([ask(planned), ask(planned), ask(planned)])
  expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
  expect(await stateOf(planned)).toBe('confirming')
})

test('the excess that one sweep takes is not there for another, planned before or after', async () => {
  const amount = await halfOfExcessAndMore()
  const first = await plan(scene, { ...sweepAll, amount })
  const second = await plan(scene, { ...sweepAll, amount })
  expect((await ask(first)).ok).toBe(true)
  expect(await ask(second)).toMatchObject({
    ok: false,
    refusal: { code: 'AMOUNT_OVER_EXCESS' },
  })
  const third = await scene.client.call('transfers.plan', { ...sweepAll, amount })
  expect(third).toMatchObject({ ok: false, refusal: { code: 'AMOUNT_OVER_EXCESS' } })
  expect(await stateOf(first)).toBe('confirming')
  // Nor is it suggested again, nor may the account go while it is under way.
  const view = await scene.client.call('portfolio.read', {})
  const suggested = view.ok ? view.value.suggestions : []
  const [again] = suggested.filter(
    ({ kind, accountId }) => kind === 'sweep' && accountId === binanceAccount,
  )
  expect(again === undefined || amountToNumber(again.amount) < Number(amount)).toBe(true)
  const gone = await scene.client.call('venues.disconnect', { accountId: binanceAccount })
  expect(gone).toMatchObject({ ok: false, refusal: { code: 'PLAN_STATE_WRONG' } })
})

async function halfOfExcessAndMore(): Promise<string> {
  const view = await scene.client.call('portfolio.read', {})
  const excess = view.ok ? view.value.accounts[0]?.report?.excessUsd : undefined
  if (excess?.kind !== 'known') throw new Error('no excess')
  return String(Math.floor(excess.value * 0.6))
}

const payments: readonly { name: string; input: PlanInput }[] = [
  {
    name: 'the same coins',
    input: {
      purpose: 'withdraw',
      chain: 'bitcoin',
      asset: 'BTC',
      amount: '0.004',
      address: bitcoinRecipient,
    },
  },
  {
    name: 'the same nonce',
    input: {
      purpose: 'withdraw',
      chain: 'evm:31337',
      asset: 'ETH',
      amount: '0.05',
      address: evmRecipient,
    },
  },
]
test.each(payments)('of two plans over $name only one can be approved', async ({ input }) => {
  const first = await plan(scene, input)
  const second = await plan(scene, input)
  const answers = await Promise.all([ask(first), ask(second)])
  const refused = answers.flatMap((answer) => (answer.ok ? [] : [answer.refusal.code]))
  // Coins are chosen at random among several: two plans may not meet. A nonce always does.
  if (meet(first, second)) expect(refused).toEqual(['PLAN_CONFLICTS'])
  else expect(input.purpose === 'withdraw' && input.chain).toBe('bitcoin')
  await until(
    async () => (scene.world.device.screen().kind !== 'idle' ? true : undefined),
    'the device to ask',
  )
})

function meet(a: TransferView, b: TransferView): boolean {
  const claims = ({ plan: { execution } }: TransferView) =>
    execution.kind === 'bitcoin'
      ? execution.inputs.map(({ txid, vout }) => `${txid}:${vout}`)
      : execution.kind === 'evm'
        ? [String(execution.nonce)]
        : []
  return claims(a).some((claim) => claims(b).includes(claim))
}
