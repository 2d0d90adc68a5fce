import { base64 } from '@scure/base'
import { Transaction } from '@scure/btc-signer'
import { expect, test } from 'vitest'
import { type Refusal, ok } from '../../shared/errors/refusal.ts'
import type { Transfer } from '../../shared/transfer/lifecycle.ts'
import { makeSource } from '../../shared/transfer/btc/psbt.fixture.ts'
import { BTC, amount } from '../../shared/units/amount.ts'
import { createCurve } from '../adapters/chain/bitcoin/curve.ts'
import { createUrFrames } from '../adapters/ur/ur.ts'
import { createTestWallet } from '../simulators/bitcoin/testWallet.ts'
import { createAirGap } from './airGap.ts'
import type { JournalEvent } from './journal.ts'
import type { Vault } from './vault/vault.ts'

const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')
const source = makeSource(wallet)
const createdAt = 1_000_000
const lifetimeMs = 600_000

const transfer: Transfer = {
  id: 't1',
  digest: 'd1'.repeat(32),
  state: 'signing',
  signed: null,
  refusal: null,
  createdAt,
  updatedAt: createdAt,
  steps: [],
  plan: {
    id: 't1',
    purpose: 'withdraw',
    createdAt,
    expiresAt: createdAt + lifetimeMs,
    amount: amount(BTC, 400_000n),
    networkFee: amount(BTC, source.plan.fee),
    recipient: {
      address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
      label: '',
      origin: 'new',
    },
    accountId: null,
    vaultAccount: source.account.id,
    before: null,
    after: null,
    prices: [],
    priceLimitBps: 100,
    execution: source.plan,
  },
}

/** @param originKnown  false for a wallet that was imported by a bare key */
function open(options: { readonly originKnown?: boolean } = {}) {
  const { originKnown = true } = options
  const recorded: JournalEvent[] = []
  let [now, current]: [number, Transfer] = [createdAt + 1_000, transfer]
  let against: Refusal<'PLAN_PRICES_MOVED'> | null = null
  const sleepers: { readonly at: number; readonly wake: () => void }[] = []
  const vault: Pick<Vault, 'bitcoinAccount'> = {
    bitcoinAccount: () => ({
      account: { ...source.account, label: '' },
      wallet: {
        fingerprint: source.fingerprint,
        label: '',
        addedAt: 0,
        signer: { kind: 'air-gapped', originKnown },
        accounts: [],
      },
    }),
  }
  const airGap = createAirGap({
    clock: {
      now: () => now,
      sleep: (ms, signal) =>
        new Promise((resolve, reject) => {
          sleepers.push({ at: now + ms, wake: resolve })
          signal?.addEventListener('abort', () => reject(new Error('stopped')))
        }),
    },
    curve: createCurve(),
    frames: createUrFrames(),
    journal: {
      record: (event) => {
        recorded.push(event)
        return ok({ seq: recorded.length, at: now, kind: event.kind, body: '', hash: '' })
      },
      replay: () => undefined,
    },
    vault: vault as Vault,
    transfer: (id) => (id === current.id ? current : undefined),
    recheck: () => Promise.resolve(against),
    keepPlan: () => {
      throw new Error('nothing is planned here')
    },
    foreign: {
      plan: () => Promise.reject(new Error('nothing is planned here')),
      describe: () => {
        throw new Error('nothing is read here')
      },
    },
  })
  return {
    airGap,
    recorded,
    pass(ms: number) {
      now += ms
      for (const sleeper of sleepers) if (sleeper.at <= now) sleeper.wake()
    },
    become: (state: Transfer['state']) => {
      current = { ...current, state }
    },
    object: (refusal: Refusal<'PLAN_PRICES_MOVED'> | null) => {
      against = refusal
    },
  }
}

const caller = { kind: 'test' } as const
const answerTo = ({ airGap }: ReturnType<typeof open>, psbt: string) =>
  airGap.methods['airGap.answer']({ transferId: 't1', psbt }, caller)
const requestOf = ({ airGap }: ReturnType<typeof open>) =>
  airGap.methods['airGap.request']({ transferId: 't1' }, caller)

async function signedOf(host: ReturnType<typeof open>): Promise<Transaction> {
  const asked = await requestOf(host)
  if (!asked.ok) throw new Error(asked.refusal.code)
  const peer = Transaction.fromPSBT(base64.decode(asked.value.psbt))
  for (const [i, { path }] of source.plan.inputs.entries()) peer.signIdx(wallet.privateKey(path), i)
  return peer
}

test('the waiting ends with the plan, and a signature that comes later is written down and dropped', async () => {
  const host = open()
  const signing = host.airGap.sign(transfer, new AbortController().signal)
  const signed = base64.encode((await signedOf(host)).toPSBT())
  host.pass(lifetimeMs)
  expect(await signing).toMatchObject({
    refusal: { code: 'PLAN_EXPIRED', data: { limitMs: lifetimeMs } },
  })
  host.become('refused')
  expect(await requestOf(host)).toMatchObject({ refusal: { code: 'PLAN_STATE_WRONG' } })
  expect(await answerTo(host, signed)).toMatchObject({
    refusal: { code: 'PLAN_STATE_WRONG', data: { state: 'refused' } },
  })
  await answerTo(host, signed)
  expect(host.recorded.map(({ kind }) => kind)).toEqual(['airgap.late'])
})

test('a cancel ends the waiting', async () => {
  const host = open()
  const controller = new AbortController()
  const signing = host.airGap.sign(transfer, controller.signal)
  controller.abort()
  expect(await signing).toMatchObject({ refusal: { code: 'HOST_STOPPED' } })
})

test('what stands against the plan when the signature comes back ends the transfer with that reason', async () => {
  const host = open()
  const signing = host.airGap.sign(transfer, new AbortController().signal)
  const signed = base64.encode((await signedOf(host)).toPSBT())
  const data = { asset: 'BTC', planned: '1', now: '2', movedBps: 10_000, limitBps: 100 }
  host.object({ code: 'PLAN_PRICES_MOVED', data })
  expect(await answerTo(host, signed)).toMatchObject({ refusal: { code: 'PLAN_PRICES_MOVED' } })
  expect(await signing).toMatchObject({ refusal: { code: 'PLAN_PRICES_MOVED' } })
  expect(host.recorded.map(({ kind }) => kind)).toEqual(['airgap.late'])
})

test('two answers at once are one answer', async () => {
  const host = open()
  const signing = host.airGap.sign(transfer, new AbortController().signal)
  const peer = await signedOf(host)
  const signed = base64.encode(peer.toPSBT())
  const answers = await Promise.all([answerTo(host, signed), answerTo(host, signed)])
  expect(answers.filter((answer) => answer.ok)).toHaveLength(2)
  peer.finalize()
  expect(await signing).toEqual(ok(peer.hex))
  expect(await answerTo(host, signed)).toMatchObject({ refusal: { code: 'PLAN_STATE_WRONG' } })
})

test('a refused answer leaves the transfer waiting for a good one', async () => {
  const host = open()
  const signing = host.airGap.sign(transfer, new AbortController().signal)
  const peer = await signedOf(host)
  const wrong = Transaction.fromPSBT(peer.toPSBT())
  wrong.finalize()
  const flipped = wrong.hex.replace(/02000000$/, '03000000').replace(/.$/, '1')
  expect(await answerTo(host, flipped)).toMatchObject({ refusal: { code: 'SIGNED_MISMATCH' } })
  expect(await answerTo(host, base64.encode(peer.toPSBT()))).toMatchObject({ ok: true })
  expect(await signing).toMatchObject({ ok: true })
  expect(host.recorded).toMatchObject([
    { kind: 'airgap.mismatch', fields: ['locktime', expect.any(String), expect.any(String)] },
  ])
})

test('a wallet that is known by a bare key gets paths that begin at that key', async () => {
  const host = open({ originKnown: false })
  const signing = host.airGap.sign(transfer, new AbortController().signal)
  const asked = await requestOf(host)
  if (!asked.ok) throw new Error(asked.refusal.code)
  const known = Transaction.fromPSBT(base64.decode(asked.value.psbt)).getInput(0)
  const step = Number(source.plan.inputs[0]?.path.split('/').at(-1))
  expect(known.bip32Derivation?.[0]?.[1]).toEqual({ fingerprint: 0x73c5da0a, path: [0, step] })
  host.pass(lifetimeMs)
  await signing
})
