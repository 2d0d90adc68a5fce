/** A wallet that is never plugged in pays: its plan goes out as PSBT, signatures come back by file and by QR frames
 *  of which many are lost. What is tampered with is refused, and nothing is sent. @scure/btc-signer is the wallet. */
import { base64, hex } from '@scure/base'
import { Transaction, p2wpkh } from '@scure/btc-signer'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createUrFrames } from '../../electron/adapters/ur/ur.ts'
import { createTestWallet } from '../../electron/simulators/bitcoin/testWallet.ts'
import type { TransferView } from '../../shared/contract/methods/transfers.ts'
import { type Scene, openScene, until, untilState } from './demoHost.ts'
import { approve, bitcoinRecipient, plan } from './play.ts'

const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')
const fingerprint = '73c5da0a'
const path = "m/84'/1'/0'"
let scene: Scene
let accountId = ''

async function fund(address: string, satoshi: bigint): Promise<void> {
  scene.world.bitcoin.fund(address, satoshi)
  scene.world.bitcoin.mine(1)
}

async function coinsOf(count: number) {
  return until(async () => {
    const view = await scene.client.call('vault.read', {})
    const mine = view.ok ? view.value.coins.filter((coin) => coin.accountId === accountId) : []
    return mine.filter(({ height }) => height !== null).length >= count ? mine : undefined
  }, `${count} coins of the air-gapped account`)
}

beforeAll(async () => {
  scene = await openScene()
  const key = `[${fingerprint}/84h/1h/0h]${wallet.xpub(path)}`
  const text = `wpkh(${key}/<0;1>/*)`
  const imported = await scene.client.call('vault.importAccount', { text, label: 'Cold room' })
  if (!imported.ok) throw new Error(JSON.stringify(imported.refusal))
  expect(imported.value).toMatchObject({ fingerprint, signer: { kind: 'air-gapped' } })
  accountId = imported.value.accounts[0]?.id ?? ''
  const first = await until(async () => {
    const view = await scene.client.call('vault.read', {})
    const own = view.ok ? view.value.addresses : []
    return own.find((address) => address.accountId === accountId)?.address
  }, 'its first address')
  await fund(first, 20_000_000n)
  await coinsOf(1)
}, 60_000)

afterAll(async () => {
  await scene?.close()
})

const pay = (amount = '0.004') =>
  plan(scene, {
    purpose: 'withdraw',
    chain: 'bitcoin',
    asset: 'BTC',
    amount,
    address: bitcoinRecipient,
    from: accountId,
  })

/** The PSBT as it is shown, once the step waits for it. */
async function requested(id: string) {
  return until(async () => {
    const asked = await scene.client.call('airGap.request', { transferId: id })
    return asked.ok ? asked.value : undefined
  }, 'the PSBT')
}

function sign(psbt: Uint8Array, view: TransferView): Uint8Array {
  const peer = Transaction.fromPSBT(psbt)
  const { execution } = view.plan
  if (execution.kind !== 'bitcoin') throw new Error('not bitcoin')
  for (const [i, input] of execution.inputs.entries())
    peer.signIdx(wallet.privateKey(input.path), i)
  return peer.toPSBT()
}

/** What a camera saw of two rounds. */
const lose = (frames: readonly string[]): readonly string[] => [
  ...frames.filter((_, index) => index % 3 !== 0),
  ...frames.filter((_, index) => index % 2 === 0),
]

const answer = (view: TransferView, psbt: string) =>
  scene.client.call('airGap.answer', { transferId: view.id, psbt })

async function journalKinds(): Promise<readonly string[]> {
  const listed = await scene.client.call('journal.list', { limit: 50 })
  return listed.ok ? listed.value.entries.map(({ kind }) => kind) : []
}

async function stateOf({ id }: TransferView): Promise<string> {
  const view = await scene.client.call('transfers.read', { id })
  return view.ok ? view.value.state : view.refusal.code
}

test('a watched account is paid like any stranger: whoever hands over a descriptor is not trusted by it', async () => {
  const view = await scene.client.call('vault.read', {})
  const watched = view.ok ? view.value.addresses.find((own) => own.accountId === accountId) : null
  const asked = {
    purpose: 'withdraw',
    chain: 'bitcoin',
    asset: 'BTC',
    amount: '0.2',
    address: watched?.address ?? '',
  } as const
  expect(await scene.client.call('transfers.plan', asked)).toMatchObject({
    ok: false,
    refusal: { code: 'FIRST_PAYMENT_OVER_CAP' },
  })
  const inside = await plan(scene, { ...asked, amount: '0.02', from: accountId })
  expect(inside.plan.recipient.origin).toBe('vault')
})

test('there is no PSBT before the plan is approved, and none that another transfer would take', async () => {
  const planned = await pay()
  expect(await scene.client.call('airGap.request', { transferId: planned.id })).toMatchObject({
    refusal: { code: 'PLAN_STATE_WRONG', data: { state: 'planned' } },
  })
  expect(await answer(planned, 'cHNidP8=')).toMatchObject({ refusal: { code: 'PLAN_STATE_WRONG' } })
  expect(await scene.client.call('airGap.request', { transferId: 'nobody' })).toMatchObject({
    refusal: { code: 'NOT_FOUND' },
  })
})

test('plan, approve, sign elsewhere, come back by frames with losses, verified, sent, confirmed', async () => {
  const planned = await pay()
  await approve(scene, planned)
  const shown = await requested(planned.id)
  expect(shown.digest).toBe(planned.digest)
  // The signer's camera loses every third frame of one round and every second of the next.
  const frames = createUrFrames()
  const seen = frames.decode(lose(shown.frames))
  if (!seen.ok || seen.value.kind !== 'complete') throw new Error('the frames do not decode')
  expect(base64.encode(seen.value.psbt)).toBe(shown.psbt)
  const signed = sign(seen.value.psbt, planned)
  // So does ours of what it shows in return.
  const back = createUrFrames({ fragmentBytes: 60 }).encode(signed)
  const early = await scene.client.call('airGap.readFrames', { frames: back.slice(0, 2) })
  expect(early).toMatchObject({ ok: true, value: { kind: 'partial', received: 2 } })
  const whole = await scene.client.call('airGap.readFrames', { frames: [...lose(back)] })
  if (!whole.ok || whole.value.kind !== 'complete') throw new Error('the answer does not decode')
  const read = whole.value.psbt
  expect(await answer(planned, read)).toMatchObject({ ok: true })
  await untilState(scene, planned.id, ['sent'])
  scene.world.bitcoin.mine(1)
  const done = await untilState(scene, planned.id, ['done'])
  expect(done.txid).toBe(Transaction.fromPSBT(signed).id)
  expect(await answer(planned, read)).toMatchObject({ refusal: { code: 'PLAN_STATE_WRONG' } })
  expect(await journalKinds()).not.toContain('airgap.late')
})

test('what was tampered with is refused, the transfer goes on waiting, and nothing is broadcast', async () => {
  await coinsOf(1)
  const planned = await pay('0.005')
  await approve(scene, planned)
  const shown = await requested(planned.id)
  const { execution } = planned.plan
  if (execution.kind !== 'bitcoin') throw new Error('not bitcoin')
  const height = scene.world.bitcoin.height()
  const tampered = new Transaction({ version: 2, lockTime: execution.locktime })
  for (const input of execution.inputs)
    tampered.addInput({
      txid: input.txid,
      index: input.vout,
      sequence: input.sequence,
      nonWitnessUtxo: hex.decode(input.previousTransaction),
    })
  for (const output of execution.outputs)
    tampered.addOutput({
      script: hex.decode(output.role === 'recipient' ? `0014${'66'.repeat(20)}` : output.script),
      amount: output.value,
    })
  const stolen = sign(tampered.toPSBT(), planned)
  const mempool = () => scene.world.bitcoin.mine(1)
  for (const text of [base64.encode(stolen), hex.encode(stolen)]) {
    expect(await answer(planned, text)).toMatchObject({ refusal: { code: 'SIGNED_MISMATCH' } })
  }
  const finished = Transaction.fromPSBT(stolen)
  finished.finalize()
  expect(await answer(planned, finished.hex)).toMatchObject({
    refusal: { code: 'SIGNED_MISMATCH' },
  })
  expect(await answer(planned, shown.psbt)).toMatchObject({
    refusal: { code: 'PSBT_NOT_SIGNED', data: { input: 1 } },
  })
  expect(await answer(planned, 'rubbish')).toMatchObject({ refusal: { code: 'INPUT_INVALID' } })
  expect(await stateOf(planned)).toBe('signing')
  expect((await journalKinds()).filter((kind) => kind === 'airgap.mismatch')).toHaveLength(1)
  mempool()
  expect(scene.world.bitcoin.height()).toBe(height + 1)
  const coins = await coinsOf(1)
  // Its coins are held meanwhile.
  expect(
    await scene.client.call('transfers.plan', {
      purpose: 'withdraw',
      chain: 'bitcoin',
      asset: 'BTC',
      amount: '0.001',
      address: bitcoinRecipient,
      from: accountId,
    }),
  ).toMatchObject({ refusal: { code: 'FUNDS_INSUFFICIENT' } })
  expect(coins).toHaveLength(1)
  const cancelled = await scene.client.call('transfers.cancel', { id: planned.id })
  expect(cancelled).toMatchObject({ ok: true, value: { state: 'cancelled' } })
  // The good signature comes after the cancel: dropped, written down, not sent.
  const good = sign(base64.decode(shown.psbt), planned)
  expect(await answer(planned, base64.encode(good))).toMatchObject({
    refusal: { code: 'PLAN_STATE_WRONG', data: { state: 'cancelled' } },
  })
  expect(await journalKinds()).toContain('airgap.late')
  mempool()
  expect((await coinsOf(1)).map(({ txid }) => txid)).toEqual(coins.map(({ txid }) => txid))
})

test('a foreign PSBT over our coins is read, planned by our rules, and paid; one over others’ coins is not', async () => {
  const [coin] = await coinsOf(1)
  if (coin === undefined) throw new Error('no coin')
  const foreign = (amount: bigint) => {
    const transaction = new Transaction({ version: 2 })
    transaction.addInput({ txid: coin.txid, index: coin.vout, sequence: 0xfffffffd })
    transaction.addOutputAddress(bitcoinRecipient, amount, {
      bech32: 'bcrt',
      pubKeyHash: 0x6f,
      scriptHash: 0xc4,
      wif: 0xef,
    })
    const change = wallet.publicKey(`${path}/1/5`)
    transaction.addOutput({
      script: p2wpkh(change).script,
      amount: coin.value - amount - 1_000n,
    })
    return base64.encode(transaction.toPSBT())
  }
  const psbt = foreign(300_000n)
  const described = await scene.client.call('airGap.describe', { psbt })
  expect(described).toMatchObject({
    ok: true,
    value: { accountId, fee: 1_000n, signedInputs: 0, refusal: null },
  })
  const { txid, vout } = coin
  await scene.client.call('vault.noteCoin', { txid, vout, frozen: true })
  expect(await scene.client.call('airGap.plan', { psbt })).toMatchObject({
    refusal: { code: 'COIN_FROZEN', data: { coin: `${txid}:${vout}` } },
  })
  await scene.client.call('vault.noteCoin', { txid, vout, frozen: false })
  const planned = await scene.client.call('airGap.plan', { psbt })
  if (!planned.ok) throw new Error(JSON.stringify(planned.refusal))
  expect(planned.value.plan).toMatchObject({
    amount: { units: 300_000n },
    vaultAccount: accountId,
    recipient: { address: bitcoinRecipient },
  })
  await approve(scene, planned.value)
  const shown = await requested(planned.value.id)
  const signed = sign(base64.decode(shown.psbt), planned.value)
  expect(await answer(planned.value, base64.encode(signed))).toMatchObject({ ok: true })
  await untilState(scene, planned.value.id, ['sent'])
  scene.world.bitcoin.mine(1)
  await untilState(scene, planned.value.id, ['done'])
  const others = new Transaction({ version: 2 })
  others.addInput({ txid: 'ee'.repeat(32), index: 0 })
  others.addOutput({ script: hex.decode(`0014${'77'.repeat(20)}`), amount: 1_000n })
  expect(
    await scene.client.call('airGap.describe', { psbt: base64.encode(others.toPSBT()) }),
  ).toMatchObject({ value: { accountId: null, fee: null, refusal: { code: 'PSBT_UNFIT' } } })
  // The coin is spent now: the same PSBT is nobody's any more.
  expect(await scene.client.call('airGap.plan', { psbt })).toMatchObject({
    refusal: { code: 'PSBT_UNFIT' },
  })
  expect(await scene.client.call('airGap.describe', { psbt: 'x' })).toMatchObject({
    refusal: { code: 'INPUT_INVALID' },
  })
})

test('a host that stops while it waits does not go on waiting for an approval of before', async () => {
  const planned = await pay('0.002')
  await approve(scene, planned)
  const shown = await requested(planned.id)
  await scene.restart()
  const refused = await untilState(scene, planned.id, ['refused'])
  expect(refused.refusal).toMatchObject({ code: 'HOST_STOPPED' })
  const signed = base64.encode(sign(base64.decode(shown.psbt), planned))
  expect(await answer(planned, signed)).toMatchObject({ refusal: { code: 'PLAN_STATE_WRONG' } })
})
