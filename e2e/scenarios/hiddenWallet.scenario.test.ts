/** Wallets behind a passphrase: opened by what is typed here, known by their fingerprint, asked again after each
 *  replug, and never written down; PINs by the matrix; the same seed in another device. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InputOf } from '../../shared/contract/method.ts'
import type { Contract } from '../../shared/contract/contract.ts'
import { type Scene, openScene, until, untilState } from './demoHost.ts'
import { approve, bitcoinRecipient, confirmOnDevice, plan } from './play.ts'

const passphrase = 'correct horse battery'
const pin = '1234'

let scene: Scene

beforeAll(async () => {
  scene = await openScene()
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

async function deviceState() {
  const status = await scene.client.call('status.read', {})
  if (!status.ok) throw new Error(status.refusal.code)
  return status.value.device
}

/** Waits until the device asks for it, and types it. */
async function type(answer: InputOf<Contract['device.answer']>): Promise<void> {
  const what = answer.kind === 'pin' ? 'pin-matrix' : 'passphrase'
  await until(async () => {
    const device = await deviceState()
    return device.kind === 'asks' && device.what === what ? true : undefined
  }, `the device to ask for its ${what}`)
  expect((await scene.client.call('device.answer', answer)).ok).toBe(true)
}

/** Types it, and says yes where the device shows what it was given. */
async function typePassphrase(text: string): Promise<void> {
  await type({ kind: 'passphrase', text })
  await until(() => {
    const { lines } = scene.world.device.screen()
    if (!lines.some(({ value }) => value === text)) return Promise.resolve(undefined)
    scene.world.device.press('confirm')
    return Promise.resolve(true)
  }, 'the device to show the passphrase')
}

async function openHidden(text: string) {
  const pairing = scene.client.call('vault.pair', { passphrase: true })
  await typePassphrase(text)
  return pairing
}

async function replug(): Promise<void> {
  scene.world.device.unplug()
  await until(async () => ((await deviceState()).kind === 'absent' ? true : undefined), 'unplugged')
  await scene.world.device.plug()
  await until(async () => ((await deviceState()).kind === 'ready' ? true : undefined), 'plugged')
}

async function hiddenAccount() {
  const view = await scene.client.call('vault.read', {})
  if (!view.ok) throw new Error(view.refusal.code)
  const wallet = view.value.wallets.find(
    ({ signer }) => signer.kind === 'device' && signer.passphrase,
  )
  const account = wallet?.accounts.find(({ chain }) => chain === 'bitcoin')
  if (account === undefined) throw new Error('no hidden account')
  return account
}

const payment = async () => ({
  purpose: 'withdraw' as const,
  chain: 'bitcoin',
  asset: 'BTC',
  amount: '0.001',
  address: bitcoinRecipient,
  from: (await hiddenAccount()).id,
})

test('nothing is asked of a device whose passphrase is off, and an answer to no question is refused', async () => {
  expect(await scene.client.call('vault.pair', { passphrase: true })).toMatchObject({
    ok: false,
    refusal: { code: 'DEVICE_PASSPHRASE_OFF' },
  })
  expect(await scene.client.call('device.answer', { kind: 'passphrase', text: 'x' })).toMatchObject(
    {
      ok: false,
      refusal: { code: 'NOTHING_ASKED' },
    },
  )
})

test('a passphrase opens a wallet of its own, empty until it is paid', async () => {
  scene.world.device.change({ passphrases: true })
  const opened = await openHidden(passphrase)
  expect(opened).toMatchObject({ ok: true, value: { signer: { passphrase: true } } })
  const { path } = await hiddenAccount()
  const address = scene.world.device.bitcoinAddress(`${path}/0/0`, 'Regtest', passphrase)
  await until(async () => {
    const view = await scene.client.call('vault.read', {})
    return view.ok && view.value.addresses.some((own) => own.address === address) ? true : undefined
  }, 'its first address')
  scene.world.bitcoin.fund(address, 4_000_000n)
  scene.world.bitcoin.mine(1)
})

test('after a replug the same passphrase signs, and another is refused without a signature', async () => {
  await until(async () => {
    const view = await scene.client.call('vault.read', {})
    const id = (await hiddenAccount()).id
    return view.ok && view.value.coins.some((coin) => coin.accountId === id && coin.height)
      ? true
      : undefined
  }, 'the coin')
  await replug()
  const wrong = await plan(scene, await payment())
  await approve(scene, wrong)
  await typePassphrase('correct horse batterie')
  expect(await untilState(scene, wrong.id, ['done', 'refused', 'unknown'])).toMatchObject({
    state: 'refused',
    refusal: { code: 'DEVICE_WRONG_PASSPHRASE' },
  })
  const right = await plan(scene, await payment())
  await approve(scene, right)
  await typePassphrase(passphrase)
  await confirmOnDevice(scene, right.id)
  scene.world.bitcoin.mine(1)
  expect(await untilState(scene, right.id, ['done', 'refused', 'unknown'])).toMatchObject({
    state: 'done',
    refusal: null,
  })
}, 60_000)

test('what was typed is nowhere: not in the store, the journal or a log line', async () => {
  const exported = await scene.client.call('journal.export', { format: 'json' })
  const files = readdirSync(scene.directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('latin1'))
  expect(files.length).toBeGreaterThan(0)
  for (const text of [...files, ...scene.log, JSON.stringify(exported)]) {
    expect(text).not.toContain('correct horse')
  }
})

test('the same seed in another device takes its place once it has shown our address', async () => {
  const before = await deviceState()
  scene.world.device.unplug()
  scene.world.device.change({ deviceId: 'ANOTHER-DEVICE' })
  await scene.world.device.plug()
  await until(async () => {
    const device = await deviceState()
    return device.kind === 'ready' && device.device.deviceId === 'ANOTHER-DEVICE' ? true : undefined
  }, 'the other device')
  expect(before).not.toMatchObject({ device: { deviceId: 'ANOTHER-DEVICE' } })
  const pairing = scene.client.call('vault.pair', { passphrase: false })
  await until(async () => {
    if ((await deviceState()).kind !== 'waiting') return undefined
    scene.world.device.press('confirm')
    return true
  }, 'the address on its screen')
  expect(await pairing).toMatchObject({
    ok: true,
    value: { signer: { deviceId: 'ANOTHER-DEVICE' } },
  })
}, 60_000)

/** Where the digits of the PIN lie now, read off the device's own screen as a person does. */
function places(digits: string): string {
  const rows = scene.world.device
    .screen()
    .lines.map(({ value }) => value.split(' '))
    .filter((row) => row.length === 3)
  const numbers = [
    [7, 8, 9],
    [4, 5, 6],
    [1, 2, 3],
  ]
  return [...digits]
    .map((digit) => {
      const row = rows.findIndex((each) => each.includes(digit))
      return String(numbers[row]?.[rows[row]?.indexOf(digit) ?? -1] ?? '')
    })
    .join('')
}

test('a locked Classic takes its PIN by places: a wrong one is counted, the right one unlocks', async () => {
  scene.world.device.unplug()
  scene.world.device.change({ model: 'classic1s', locked: true })
  await scene.world.device.plug()
  await until(async () => ((await deviceState()).kind === 'locked' ? true : undefined), 'locked')
  const pairing = scene.client.call('vault.pair', { passphrase: false })
  await untilAsked(0)
  await type({ kind: 'pin', positions: places('4321') })
  await untilAsked(1)
  await type({ kind: 'pin', positions: places(pin) })
  expect((await pairing).ok).toBe(true)
}, 60_000)

async function untilAsked(wrongPins: number): Promise<void> {
  await until(async () => {
    const device = await deviceState()
    return device.kind === 'asks' && device.wrongPins === wrongPins ? true : undefined
  }, `the device to ask after ${wrongPins} wrong PINs`)
}
