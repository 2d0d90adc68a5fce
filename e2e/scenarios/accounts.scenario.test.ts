/** Accounts of every kind in one wallet: found, received on, paid from; sweeps sent elsewhere by the device's button. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { VaultAccount } from '../../shared/vault/account.ts'
import { type Scene, openScene, until, untilState } from './demoHost.ts'
import { approve, binanceAccount, bitcoinRecipient, confirmOnDevice, plan } from './play.ts'

type ScriptType = 'p2wpkh' | 'p2sh-p2wpkh' | 'p2tr' | 'p2pkh'

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

async function vault() {
  const view = await scene.client.call('vault.read', {})
  if (!view.ok) throw new Error(view.refusal.code)
  return view.value
}

async function fingerprint(): Promise<string> {
  return (await vault()).wallets[0]?.fingerprint ?? ''
}

async function add(
  chain: 'bitcoin' | 'evm',
  number: number,
  scriptType: ScriptType = 'p2wpkh',
): Promise<VaultAccount> {
  const request = { fingerprint: await fingerprint(), chain, number, scriptType }
  const added = await scene.client.call('vault.addAccount', request)
  if (!added.ok) throw new Error(JSON.stringify(added.refusal))
  return added.value
}

async function nextAddress({ id }: VaultAccount): Promise<string> {
  return until(async () => {
    const { addresses } = await vault()
    return addresses.find(({ accountId }) => accountId === id)?.address
  }, 'an address')
}

test.each(['p2tr', 'p2sh-p2wpkh', 'p2pkh'] as const)(
  'a %s account receives and pays, its change back on its own kind',
  async (scriptType) => {
    const account = await add('bitcoin', 0, scriptType)
    const address = await nextAddress(account)
    const funding = [30_000_000n, 20_000_000n].map((sats) =>
      scene.world.bitcoin.fund(address, sats),
    )
    scene.world.bitcoin.mine(1)
    expect(funding).toHaveLength(2)
    await until(async () => {
      const { coins } = await vault()
      const mine = coins.filter(({ accountId, height }) => accountId === account.id && height)
      return mine.length === 2 ? true : undefined
    }, 'the coins')
    const planned = await plan(scene, {
      purpose: 'withdraw',
      chain: 'bitcoin',
      asset: 'BTC',
      amount: '0.002',
      address: bitcoinRecipient,
      from: account.id,
    })
    const { execution } = planned.plan
    if (execution.kind !== 'bitcoin') throw new Error('not bitcoin')
    expect(execution.inputs.every(({ path }) => path.startsWith(account.path))).toBe(true)
    expect(execution.outputs.some(({ path }) => path?.startsWith(`${account.path}/1/`))).toBe(true)
    expect(await scene.client.call('vault.removeAccount', { accountId: account.id })).toMatchObject(
      {
        refusal: { code: 'ACCOUNT_IN_USE' },
      },
    )
    await approve(scene, planned)
    await confirmOnDevice(scene, planned.id)
    await until(async () => {
      const view = await scene.client.call('transfers.read', { id: planned.id })
      return view.ok && view.value.state !== 'sending' ? true : undefined
    }, 'sent')
    scene.world.bitcoin.mine(1)
    const done = await untilState(scene, planned.id, ['done', 'refused', 'unknown'])
    expect(done).toMatchObject({ state: 'done', refusal: null })
    expect(scene.world.bitcoin.transaction(done.txid ?? '')?.height).toBeGreaterThan(0)
  },
  60_000,
)

test('accounts that were used before are found again by themselves', async () => {
  const second = await add('bitcoin', 1)
  scene.world.bitcoin.fund(await nextAddress(second), 5_000_000n)
  scene.world.bitcoin.mine(1)
  const removed = await scene.client.call('vault.removeAccount', { accountId: second.id })
  expect(removed.ok).toBe(true)
  const found = await scene.client.call('vault.findAccounts', { fingerprint: await fingerprint() })
  expect(found).toMatchObject({ ok: true, value: { added: [{ id: second.id }] } })
}, 60_000)

test('a sweep goes to the account that the device said yes to, and is planned to no other', async () => {
  const second = await add('evm', 1)
  if (second.chain !== 'evm') throw new Error('not EVM')
  const asked = scene.client.call('vault.useForSweeps', { accountId: second.id })
  await until(() => {
    const { lines } = scene.world.device.screen()
    if (!lines.some(({ value }) => value.includes(second.address)))
      return Promise.resolve(undefined)
    scene.world.device.press('confirm')
    return Promise.resolve(true)
  }, 'the device to show the address')
  expect((await asked).ok).toBe(true)
  const sweep = await plan(scene, {
    purpose: 'sweep',
    accountId: binanceAccount,
    asset: 'USDC',
    amount: '50',
  })
  expect(sweep.plan).toMatchObject({
    vaultAccount: second.id,
    recipient: { address: second.address },
  })
  await approve(scene, sweep)
  await confirmOnDevice(scene, sweep.id)
  expect(await untilState(scene, sweep.id, ['done', 'refused', 'unknown'])).toMatchObject({
    state: 'done',
  })
  expect(await scene.world.evm.readUsdc(second.address)).toBeGreaterThan(0n)
}, 60_000)
