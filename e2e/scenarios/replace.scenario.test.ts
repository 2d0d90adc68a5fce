/** A payment that waits on the EVM chain: sped up, cancelled, or overtaken by somebody else's use of its nonce. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { z } from 'zod'
import type { TransferView } from '../../shared/contract/methods/transfers.ts'
import { openScene, type Scene, until, untilState } from './demoHost.ts'
import {
  approve,
  binanceAccount,
  confirmOnDevice,
  evmRecipient,
  plan,
  type PlanInput,
} from './play.ts'

let scene: Scene
let vaultAddress: string

const dollars: PlanInput = {
  purpose: 'withdraw',
  chain: 'evm:31337',
  asset: 'USDC',
  amount: '50',
  address: evmRecipient,
}

async function rpc(method: string, params: readonly unknown[] = []): Promise<unknown> {
  const response = await fetch(scene.world.evm.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  const answer = z
    .object({ result: z.unknown(), error: z.unknown().optional() })
    .parse(await response.json())
  if (answer.error !== undefined) throw new Error(JSON.stringify(answer.error))
  return answer.result
}

beforeAll(async () => {
  scene = await openScene()
  vaultAddress = scene.world.device.evmAddress("m/44'/60'/0'/0/0")
}, 60_000)
afterAll(async () => {
  await scene?.close()
})
/** What is sent waits until a block is asked for. */
beforeEach(() => rpc('evm_setAutomine', [false]))
afterEach(async () => {
  scene.world.evmLines.first.setFault(null)
  scene.world.evmLines.second.setFault(null)
  await rpc('evm_setAutomine', [true])
  await rpc('evm_mine')
  expect(scene.log.filter((line) => line.includes('broken invariant'))).toEqual([])
})

async function sendOff(planned: TransferView): Promise<TransferView> {
  await approve(scene, planned)
  await confirmOnDevice(scene, planned.id)
  return untilState(scene, planned.id, ['sent', 'done', 'refused', 'unknown'])
}

async function waiting(input: PlanInput = dollars): Promise<TransferView> {
  const sent = await sendOff(await plan(scene, input))
  expect(sent).toMatchObject({ state: 'sent', canReplace: true })
  return sent
}

async function replace(
  method: 'transfers.speedUp' | 'transfers.cancelOnChain',
  { id }: TransferView,
): Promise<TransferView> {
  const planned = await scene.client.call(method, { id })
  if (!planned.ok) throw new Error(JSON.stringify(planned.refusal))
  return planned.value
}

function executionOf({ plan: { execution } }: TransferView) {
  if (execution.kind !== 'evm') throw new Error('not an EVM transfer')
  return execution
}

const usdcOf = (address: string) => scene.world.evm.readUsdc(address)

test('a speed-up has the same nonce and higher fees; the payment happens once and the first says by what it was replaced', async () => {
  const before = await usdcOf(evmRecipient)
  const first = await waiting()
  const second = await replace('transfers.speedUp', first)
  expect(second.plan.replaces).toEqual({ transferId: first.id, txid: first.txid, kind: 'speed-up' })
  expect(second.digest).not.toBe(first.digest)
  const [old, raised] = [executionOf(first), executionOf(second)]
  expect(raised).toMatchObject({ nonce: old.nonce, to: old.to, data: old.data, value: old.value })
  expect(raised.maxFeePerGas * 8n).toBeGreaterThanOrEqual(old.maxFeePerGas * 9n)
  expect(raised.maxPriorityFeePerGas * 8n).toBeGreaterThanOrEqual(old.maxPriorityFeePerGas * 9n)

  const sent = await sendOff(second)
  expect(sent.state).toBe('sent')
  await rpc('evm_mine')
  expect(await untilState(scene, second.id, ['done', 'refused'])).toMatchObject({ state: 'done' })
  expect(await untilState(scene, first.id, ['done', 'refused'])).toMatchObject({
    state: 'refused',
    canReplace: false,
    refusal: { code: 'TRANSACTION_REPLACED', data: { txid: first.txid, by: sent.txid } },
  })
  expect(await usdcOf(evmRecipient)).toBe(before + 50_000_000n)
})

test('a cancel pays nothing to ourselves, and the payment never happens', async () => {
  const before = await usdcOf(evmRecipient)
  const first = await waiting()
  const cancel = await replace('transfers.cancelOnChain', first)
  expect(cancel.plan).toMatchObject({
    amount: { asset: 'ETH', units: 0n },
    recipient: { address: vaultAddress, origin: 'vault' },
    replaces: { transferId: first.id, kind: 'cancel' },
    execution: { to: vaultAddress, value: 0n, data: '', nonce: executionOf(first).nonce },
  })
  await sendOff(cancel)
  await rpc('evm_mine')
  expect(await untilState(scene, cancel.id, ['done', 'refused'])).toMatchObject({ state: 'done' })
  expect(await untilState(scene, first.id, ['done', 'refused'])).toMatchObject({
    state: 'refused',
    refusal: { code: 'TRANSACTION_REPLACED' },
  })
  expect(await usdcOf(evmRecipient)).toBe(before)
})

test('a top-up that is sped up is credited and moved to margin by the second transfer alone', async () => {
  const first = await waiting({
    purpose: 'top-up',
    accountId: binanceAccount,
    asset: 'USDC',
    amount: '100',
  })
  const second = await replace('transfers.speedUp', first)
  expect(second.plan).toMatchObject({ purpose: 'top-up', accountId: binanceAccount })
  await sendOff(second)
  await rpc('evm_mine')
  expect(await untilState(scene, first.id, ['done', 'refused'])).toMatchObject({ state: 'refused' })
  await rpc('evm_setAutomine', [true])
  await rpc('evm_mine')
  expect(await untilState(scene, second.id, ['done', 'refused', 'unknown'])).toMatchObject({
    state: 'done',
  })
})

describe('the first one is mined after all', () => {
  test('while the replacement waits for the device: it is refused and says why', async () => {
    const before = await usdcOf(evmRecipient)
    const first = await waiting()
    const second = await replace('transfers.speedUp', first)
    await rpc('evm_mine')
    expect(await untilState(scene, first.id, ['done'])).toMatchObject({ state: 'done' })
    const late = await sendOff(second)
    expect(late).toMatchObject({
      state: 'refused',
      refusal: { code: 'TRANSACTION_REPLACED', data: { by: first.txid } },
    })
    expect(await usdcOf(evmRecipient)).toBe(before + 50_000_000n)
  })

  test('and then nothing can be replaced any more', async () => {
    const first = await waiting()
    await rpc('evm_mine')
    await untilState(scene, first.id, ['done'])
    const asked = await scene.client.call('transfers.speedUp', { id: first.id })
    expect(asked).toMatchObject({ ok: false, refusal: { code: 'PLAN_STATE_WRONG' } })
  })
})

test('what has not been sent cannot be replaced', async () => {
  const planned = await plan(scene, dollars)
  for (const method of ['transfers.speedUp', 'transfers.cancelOnChain'] as const) {
    const asked = await scene.client.call(method, { id: planned.id })
    expect(asked).toMatchObject({ ok: false, refusal: { code: 'PLAN_STATE_WRONG' } })
  }
  expect(await scene.client.call('transfers.speedUp', { id: 'nobody' })).toMatchObject({
    ok: false,
    refusal: { code: 'NOT_FOUND' },
  })
})

test('a nonce used up by a transaction that is not ours ends the transfer, after a while and without a name', async () => {
  const before = await usdcOf(evmRecipient)
  const first = await waiting()
  // Another wallet of the same keys: our transaction is dropped, its nonce goes to something else.
  await rpc('anvil_dropTransaction', [first.txid])
  await rpc('anvil_setNonce', [vaultAddress, `0x${(executionOf(first).nonce + 1).toString(16)}`])
  await rpc('evm_mine')
  const early = await scene.client.call('transfers.read', { id: first.id })
  expect(early).toMatchObject({ ok: true, value: { state: 'sent' } })
  expect(
    await until(
      async () => {
        const view = await scene.client.call('transfers.read', { id: first.id })
        return view.ok && view.value.state !== 'sent' ? view.value : undefined
      },
      'the transfer to end',
      60_000,
    ),
  ).toMatchObject({
    state: 'refused',
    refusal: { code: 'TRANSACTION_REPLACED', data: { txid: first.txid, by: null } },
  })
  expect(await usdcOf(evmRecipient)).toBe(before)
})

test('code at the recipient or a delegation of our own account is said in the plan, and stays with a speed-up', async () => {
  const delegate = `0x${'ab'.repeat(20)}`
  await rpc('anvil_setCode', [evmRecipient, '0x00'])
  await rpc('anvil_setCode', [vaultAddress, `0xef0100${delegate.slice(2)}`])
  try {
    const first = await waiting()
    expect(first.plan.warnings?.map(({ key }) => key)).toEqual([
      'ownAccountDelegated',
      'recipientContract',
    ])
    const second = await replace('transfers.speedUp', first)
    expect(second.plan.warnings).toEqual(first.plan.warnings)
    await scene.client.call('transfers.cancel', { id: second.id })
    await rpc('evm_mine')
    await untilState(scene, first.id, ['done'])
  } finally {
    await rpc('anvil_setCode', [evmRecipient, '0x'])
    await rpc('anvil_setCode', [vaultAddress, '0x'])
  }
})

test('one server alone that claims the nonce is used up ends nothing', async () => {
  const first = await waiting()
  scene.world.evmLines.first.setFault({
    kind: 'lie',
    methods: ['eth_getTransactionCount'],
    result: (honest) => `0x${(BigInt(String(honest)) + 9n).toString(16)}`,
  })
  await new Promise((resolve) => setTimeout(resolve, 8_000))
  expect(await scene.client.call('transfers.read', { id: first.id })).toMatchObject({
    ok: true,
    value: { state: 'sent' },
  })
})
