import type { TransferView } from '../../shared/contract/methods/transfers.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { amountToNumber } from '../../shared/units/amount.ts'
import { type Scene, openScene, settlePortfolio, until, untilState } from './demoHost.ts'
import {
  approve,
  binanceAccount,
  bitcoinRecipient,
  confirmOnDevice,
  evmRecipient,
  plan,
} from './play.ts'

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

/** What the review promised to stand on the device's screen did stand there, to the letter. */
function expectShown(view: TransferView, shown: ReadonlySet<string>): void {
  expect([...shown]).toEqual(expect.arrayContaining(view.deviceLines.map(({ device }) => device)))
}

async function balanceOf(asset: string): Promise<number> {
  const view = await scene.client.call('vault.read', {})
  if (!view.ok) throw new Error(view.refusal.code)
  const held = view.value.balances.find(({ amount }) => amount.asset === asset)
  return held === undefined ? 0 : amountToNumber(held.amount)
}

test('both accounts show a finite distance, a requirement, and one suggests a sweep', async () => {
  const view = await scene.client.call('portfolio.read', {})
  if (!view.ok) throw new Error(view.refusal.code)
  const { accounts, suggestions } = view.value
  expect(accounts.map(({ label }) => label)).toEqual(['Binance USD-M', 'Hyperliquid'])
  for (const { report } of accounts) {
    expect(report?.state).toBe('complete')
    expect(report?.requiredUsd).toMatchObject({ kind: 'known', value: expect.any(Number) })
  }
  expect(suggestions.find(({ kind }) => kind === 'sweep')?.venueLabel).toBe('Binance USD-M')
})

test('sweep: suggested, planned, address confirmed on the device, withdrawn, arrived on the chain, journalled', async () => {
  await settlePortfolio(scene)
  const before = await balanceOf('USDC')
  const planned = await plan(scene, {
    purpose: 'sweep',
    accountId: binanceAccount,
    asset: 'USDC',
    amount: '12000',
  })
  expect(planned.plan.before?.requiredUsd).toBeGreaterThan(0)
  expect(planned.plan.after?.excessUsd).toBeLessThan(planned.plan.before?.excessUsd ?? 0)
  await approve(scene, planned)
  expectShown(planned, await confirmOnDevice(scene, planned.id))
  const done = await untilState(scene, planned.id, ['done', 'refused', 'unknown'])
  expect(done).toMatchObject({ state: 'done', refusal: null })
  expect(done.txid).toMatch(/^0x[0-9a-f]{64}$/)
  const arrives = amountToNumber(
    planned.plan.execution.kind === 'venue' ? planned.plan.execution.arrives : planned.plan.amount,
  )
  await until(
    async () => ((await balanceOf('USDC')) === before + arrives ? true : undefined),
    'the new balance',
  )
})

test('withdraw bitcoin: signed on the device, verified, sent, confirmed', async () => {
  const planned = await plan(scene, {
    purpose: 'withdraw',
    chain: 'bitcoin',
    asset: 'BTC',
    amount: '0.005',
    address: bitcoinRecipient,
  })
  await approve(scene, planned)
  expectShown(planned, await confirmOnDevice(scene, planned.id))
  await untilState(scene, planned.id, ['sent', 'refused'])
  scene.world.bitcoin.mine(1)
  const done = await untilState(scene, planned.id, ['done', 'refused'])
  expect(done).toMatchObject({ state: 'done', refusal: null })
  expect(scene.world.bitcoin.transaction(done.txid ?? '')?.height).toBeGreaterThan(0)
})

test.each([
  { asset: 'ETH', amount: '0.1' },
  { asset: 'USDC', amount: '250' },
])(
  'withdraw $asset: an EIP-1559 transaction signed on the device, verified, mined',
  async ({ asset, amount }) => {
    const planned = await plan(scene, {
      purpose: 'withdraw',
      chain: 'evm:31337',
      asset,
      amount,
      address: evmRecipient,
    })
    await approve(scene, planned)
    expectShown(planned, await confirmOnDevice(scene, planned.id))
    expect(await untilState(scene, planned.id, ['done', 'refused'])).toMatchObject({
      state: 'done',
      refusal: null,
    })
  },
)

test('top up: signed on the device, credited at the venue, moved to margin', async () => {
  const read = async () => {
    const view = await scene.client.call('portfolio.read', {})
    const equity = view.ok ? view.value.accounts[0]?.report?.equityUsd : undefined
    return equity?.kind === 'known' ? equity.value : Number.NaN
  }
  const before = await read()
  const planned = await plan(scene, {
    purpose: 'top-up',
    accountId: binanceAccount,
    asset: 'USDC',
    amount: '3000',
  })
  await approve(scene, planned)
  expectShown(planned, await confirmOnDevice(scene, planned.id))
  const done = await untilState(scene, planned.id, ['done', 'refused', 'unknown'])
  expect(done).toMatchObject({ state: 'done', refusal: null })
  await scene.client.call('portfolio.refresh', {})
  expect(await read()).toBeCloseTo(before + 3_000, -1)
})

test('all of it is in a journal whose chain and seal hold', async () => {
  const verified = await scene.client.call('journal.verify', {})
  expect(verified).toMatchObject({ ok: true })
  const listed = await scene.client.call('journal.list', { limit: 200 })
  const kinds = new Set(listed.ok ? listed.value.entries.map(({ kind }) => kind) : [])
  expect([...kinds]).toEqual(
    expect.arrayContaining([
      'vault.paired',
      'transfer.planned',
      'transfer.intent',
      'transfer.signed',
      'transfer.outcome',
    ]),
  )
  expect(scene.log.filter((line) => line.includes('broken invariant'))).toEqual([])
})
