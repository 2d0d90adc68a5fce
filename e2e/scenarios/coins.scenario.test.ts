/** The holder's own hand on the coins: frozen ones stay, chosen ones pay, notes outlive the host. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { OutputOf } from '../../shared/contract/method.ts'
import type { vaultRead } from '../../shared/contract/methods/vault.ts'
import { type Scene, openScene, until } from './demoHost.ts'
import { type PlanInput, bitcoinRecipient, plan, planRefusal } from './play.ts'

type CoinView = OutputOf<typeof vaultRead>['coins'][number]

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

async function coins(): Promise<readonly CoinView[]> {
  return until(async () => {
    const view = await scene.client.call('vault.read', {})
    return view.ok && view.value.coins.length >= 4 ? view.value.coins : undefined
  }, 'the coins')
}

const nameOf = ({ txid, vout }: CoinView) => `${txid}:${vout}`

async function note(coin: CoinView, change: { label?: string; frozen?: boolean }) {
  const { txid, vout } = coin
  const noted = await scene.client.call('vault.noteCoin', { txid, vout, ...change })
  if (!noted.ok) throw new Error(JSON.stringify(noted.refusal))
  return noted.value
}

const pay = (rest: { amount?: string; coins?: string[]; address?: string } = {}): PlanInput => ({
  purpose: 'withdraw',
  chain: 'bitcoin',
  asset: 'BTC',
  amount: '0.004',
  address: bitcoinRecipient,
  ...rest,
})

async function spent(input: PlanInput): Promise<readonly string[]> {
  const { execution } = (await plan(scene, input)).plan
  return execution.kind === 'bitcoin' ? execution.inputs.map((i) => `${i.txid}:${i.vout}`) : []
}

test('a frozen coin is never selected, not even by hand; when all are frozen nothing can be paid', async () => {
  const all = await coins()
  const [kept, ...rest] = all
  if (kept === undefined) throw new Error('no coins')
  for (const coin of rest)
    expect(await note(coin, { frozen: true })).toMatchObject({ frozen: true })
  expect(await spent(pay())).toEqual([nameOf(kept)])
  const [other] = rest
  expect(
    await planRefusal(scene, pay({ coins: [other === undefined ? '' : nameOf(other)] })),
  ).toEqual({
    code: 'COIN_FROZEN',
    data: { coin: other === undefined ? '' : nameOf(other) },
  })
  await note(kept, { frozen: true })
  expect(await planRefusal(scene, pay())).toMatchObject({ code: 'FUNDS_INSUFFICIENT' })
  for (const coin of all) await note(coin, { frozen: false })
})

test('a coin frozen after the plan was made stops its approval', async () => {
  const planned = await plan(scene, pay())
  const { execution } = planned.plan
  if (execution.kind !== 'bitcoin') throw new Error('not bitcoin')
  const [input] = execution.inputs
  const coin = (await coins()).find((held) => held.txid === input?.txid)
  if (coin === undefined) throw new Error('the coin is gone')
  await note(coin, { frozen: true })
  const { id, digest } = planned
  expect(await scene.client.call('transfers.approve', { id, digest })).toMatchObject({
    refusal: { code: 'COIN_FROZEN', data: { coin: nameOf(coin) } },
  })
  await note(coin, { frozen: false })
})

test('a payment by hand is made of the chosen coins', async () => {
  for (const coin of (await coins()).slice(0, 3))
    expect(await spent(pay({ coins: [nameOf(coin)] }))).toEqual([nameOf(coin)])
  const unknown = `${'00'.repeat(32)}:0`
  expect(await planRefusal(scene, pay({ coins: [unknown] }))).toMatchObject({
    code: 'NOT_FOUND',
    data: { id: unknown },
  })
  expect(await planRefusal(scene, pay({ coins: ['x'] }))).toMatchObject({ code: 'INPUT_INVALID' })
  const evm = { ...pay(), chain: 'evm:31337', asset: 'ETH', coins: [unknown] }
  expect(await planRefusal(scene, evm)).toMatchObject({
    code: 'INPUT_INVALID',
    data: { field: 'coins' },
  })
})

test('labels and freezes outlive the host, leave as BIP329 and come back', async () => {
  const [coin, second] = await coins()
  if (coin === undefined || second === undefined) throw new Error('no coins')
  await note(coin, { label: 'Inheritance', frozen: true })
  await scene.restart()
  expect((await coins()).find((held) => nameOf(held) === nameOf(coin))).toMatchObject({
    label: 'Inheritance',
    frozen: true,
  })
  const exported = await scene.client.call('vault.exportLabels', {})
  if (!exported.ok) throw new Error('no labels')
  const row = { type: 'output', ref: nameOf(coin), label: 'Inheritance', spendable: false }
  expect(
    exported.value.text
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line)),
  ).toEqual([row])
  const file = [
    JSON.stringify({ ...row, spendable: true }),
    JSON.stringify({ type: 'addr', ref: second.address, label: 'Desk' }),
    JSON.stringify({ type: 'starship', ref: 'x' }),
  ].join('\n')
  expect(await scene.client.call('vault.importLabels', { text: file })).toMatchObject({
    ok: true,
    value: { imported: 2, leftOut: 1, stillFrozen: 1 },
  })
  const after = await coins()
  expect(after.find((held) => nameOf(held) === nameOf(second))?.label).toBe('Desk')
  expect(after.find((held) => nameOf(held) === nameOf(coin))?.frozen).toBe(true)
  expect(await scene.client.call('vault.importLabels', { text: '{' })).toMatchObject({
    refusal: { code: 'INPUT_INVALID' },
  })
})

test('a second coin on an address and one not worth spending are marked', async () => {
  const [coin] = await coins()
  scene.world.bitcoin.fund(coin?.address ?? '', 600n)
  scene.world.bitcoin.mine(1)
  const marked = await until(async () => {
    const found = (await coins()).find(({ value }) => value === 600n)
    return found
  }, 'the small coin')
  expect(marked.warnings).toEqual(['address-reused', 'dust'])
  const none = await scene.client.call('vault.noteCoin', { txid: '00'.repeat(32), vout: 0 })
  expect(none).toMatchObject({ refusal: { code: 'NOT_FOUND' } })
})

test('a payment out of several addresses warns that it links them; one out of one does not', async () => {
  const address = scene.world.device.bitcoinAddress("m/84'/1'/0'/0/7", 'Regtest')
  for (const coin of await coins()) await note(coin, { frozen: false })
  const moved = (amount: string) => plan(scene, pay({ amount, address }))
  expect((await moved('2')).plan.warnings).toEqual([
    { key: 'linksAddresses', values: { count: expect.stringMatching(/^[2-4]$/) } },
  ])
  const [largest] = [...(await coins())].sort((a, b) => (a.value < b.value ? 1 : -1))
  const chosen = largest === undefined ? [] : [nameOf(largest)]
  const alone = await plan(scene, pay({ amount: '0.3', address, coins: chosen }))
  expect('warnings' in alone.plan).toBe(false)
})
