import { expect, test } from 'vitest'
import { type Refusal, ok, refuse } from '../../../shared/errors/refusal.ts'
import type { StepKind, TransferEvent } from '../../../shared/transfer/event.ts'
import type { TransferPlan } from '../../../shared/transfer/plan.ts'
import { amount, USDC } from '../../../shared/units/amount.ts'
import type { Journal } from '../journal.ts'
import { createTransfers, type RunStep, type StepResult } from './engine.ts'

const digest = 'ab'.repeat(32)

function planOf(purpose: TransferPlan['purpose']): TransferPlan {
  const moved = amount(USDC, 1_000_000n)
  return {
    id: 't1',
    purpose,
    createdAt: 0,
    expiresAt: 1_000_000,
    amount: moved,
    networkFee: amount(USDC, 0n),
    recipient: { address: 'a', label: '', origin: 'vault' },
    vaultAccount: 'vault',
    accountId: 'x',
    before: null,
    after: null,
    prices: [],
    priceLimitBps: 50,
    execution: {
      kind: 'venue',
      venue: 'binance-usdm',
      accountId: 'x',
      network: 'ETH',
      chain: 'evm:31337',
      internal: { from: 'margin', to: 'spot', amount: moved },
      amount: moved,
      venueFee: amount(USDC, 0n),
      arrives: moved,
      address: 'a',
      addressPath: 'm',
      clientIds: { internal: 'i', withdrawal: 'w' },
    },
  }
}

/** A journal that survives its host: the same array, taken up again by the next one. */
function memoryJournal(
  entries: TransferEvent[],
  failAt?: (event: TransferEvent) => boolean,
): Journal {
  return {
    record(event) {
      if (failAt?.(event as TransferEvent)) return refuse('STORE_WRITE_FAILED', { reason: 'full' })
      entries.push(event as TransferEvent)
      return ok({ seq: entries.length, at: entries.length, kind: event.kind, body: '', hash: '' })
    },
    replay(take) {
      entries.forEach((event, index) => take(event, index + 1))
    },
  }
}

function open(
  entries: TransferEvent[],
  runStep: RunStep,
  failAt?: (event: TransferEvent) => boolean,
  blocked: () => Refusal | null = () => null,
) {
  const journal = memoryJournal(entries, failAt)
  const transfers = createTransfers({
    journal,
    clock: { now: () => entries.length, sleep: () => Promise.resolve() },
    runStep,
    blocked,
    onChange: () => undefined,
    log: () => undefined,
  })
  journal.replay((event, at) => {
    if ('transferId' in event) transfers.take(event, at)
  })
  return transfers
}

const done: StepResult = { kind: 'done', reference: null }

function addPlanned(
  transfers: ReturnType<typeof open>,
  purpose: TransferPlan['purpose'] = 'sweep',
) {
  return transfers.add({
    kind: 'transfer.planned',
    transferId: 't1',
    plan: planOf(purpose),
    digest,
  })
}

test('an intent is in the journal before its step runs, and its outcome after', async () => {
  const entries: TransferEvent[] = []
  const seen: string[] = []
  const transfers = open(entries, (_, step) => {
    seen.push(`${step} after ${entries.at(-1)?.kind}`)
    return Promise.resolve(done)
  })
  addPlanned(transfers)
  transfers.approve('t1', digest, 'test')
  await transfers.settle()
  expect(seen).toEqual([
    'confirm-address after transfer.intent',
    'internal-out after transfer.intent',
    'venue-withdraw after transfer.intent',
    'arrive after transfer.intent',
  ])
  expect(transfers.get('t1')?.state).toBe('done')
})

test('without the intent written, the step does not run', async () => {
  const ran: StepKind[] = []
  const transfers = open(
    [],
    (_, step) => {
      ran.push(step)
      return Promise.resolve(done)
    },
    (event) => event.kind === 'transfer.intent' && event.step === 'internal-out',
  )
  addPlanned(transfers)
  transfers.approve('t1', digest, 'test')
  await transfers.settle()
  expect(ran).toEqual(['confirm-address'])
})

test('killed between intent and outcome, the next host looks instead of doing it again', async () => {
  const entries: TransferEvent[] = []
  // The first host dies while the venue works: its step never returns.
  const first = open(entries, (_, step) =>
    step === 'venue-withdraw' ? new Promise(() => undefined) : Promise.resolve(done),
  )
  addPlanned(first)
  first.approve('t1', digest, 'test')
  await new Promise((resolve) => setTimeout(resolve, 10))
  expect(entries.at(-1)).toMatchObject({ kind: 'transfer.intent', step: 'venue-withdraw' })

  const calls: { step: StepKind; resumed: boolean }[] = []
  const second = open(entries, (_, step, { resumed }) => {
    calls.push({ step, resumed })
    return Promise.resolve(done)
  })
  second.resume()
  await second.settle()
  expect(calls).toEqual([
    { step: 'venue-withdraw', resumed: true },
    { step: 'arrive', resumed: false },
  ])
  expect(
    entries.filter((event) => event.kind === 'transfer.intent' && event.step === 'venue-withdraw'),
  ).toHaveLength(1)
})

test.each(['confirm-address', 'sign'] as const)(
  'an approval does not outlive the host while the device waits at %s',
  async (waiting) => {
    const entries: TransferEvent[] = []
    const purpose = waiting === 'sign' ? 'withdraw' : 'sweep'
    const first = open(entries, () => new Promise(() => undefined))
    addPlanned(first, purpose)
    first.approve('t1', digest, 'test')
    const second = open(entries, () => Promise.resolve(done))
    second.resume()
    await second.settle()
    expect(second.get('t1')).toMatchObject({ state: 'refused', refusal: { code: 'HOST_STOPPED' } })
  },
)

test('an unknown outcome stays until the user looks again, and looking never sends', async () => {
  const entries: TransferEvent[] = []
  let found = false
  const resumedFlags: boolean[] = []
  const transfers = open(entries, (_, step, { resumed }) => {
    if (step !== 'venue-withdraw') return Promise.resolve(done)
    resumedFlags.push(resumed)
    return Promise.resolve(
      found
        ? done
        : { kind: 'unknown', refusal: { code: 'OUTCOME_UNKNOWN', data: { step, since: 0 } } },
    )
  })
  addPlanned(transfers)
  transfers.approve('t1', digest, 'test')
  await transfers.settle()
  expect(transfers.get('t1')?.state).toBe('unknown')
  const intended = entries.findIndex(
    (event) => event.kind === 'transfer.intent' && event.step === 'venue-withdraw',
  )
  expect(transfers.get('t1')?.steps.find(({ kind }) => kind === 'venue-withdraw')?.at).toBe(
    intended + 1,
  )
  expect((await transfers.cancel('t1')).ok).toBe(false)
  found = true
  await transfers.resolve('t1', 'look-again')
  await transfers.settle()
  expect(transfers.get('t1')?.state).toBe('done')
  expect(resumedFlags).toEqual([false, true])
})

test('closing on the user’s own judgement ends an unknown transfer without running anything', async () => {
  let runs = 0
  const transfers = open([], (_, step) => {
    runs += 1
    return Promise.resolve(
      step === 'internal-out'
        ? { kind: 'unknown', refusal: { code: 'OUTCOME_UNKNOWN', data: { step, since: 0 } } }
        : done,
    )
  })
  addPlanned(transfers)
  transfers.approve('t1', digest, 'test')
  await transfers.settle()
  const before = runs
  await transfers.resolve('t1', 'did-not-happen')
  await transfers.settle()
  expect(transfers.get('t1')).toMatchObject({
    state: 'refused',
    refusal: { code: 'OUTCOME_UNKNOWN' },
  })
  expect(runs).toBe(before)
})

test('cancelling while the device waits ends it as cancelled', async () => {
  const transfers = open([], (_, __, { signal }) => {
    return new Promise((resolve) => {
      signal.addEventListener('abort', () =>
        resolve({ kind: 'refused', refusal: { code: 'DEVICE_CANCELLED', data: { what: 'sign' } } }),
      )
    })
  })
  addPlanned(transfers, 'withdraw')
  transfers.approve('t1', digest, 'test')
  const cancelled = await transfers.cancel('t1')
  expect(cancelled).toMatchObject({ ok: true, value: { state: 'cancelled' } })
})

test('nothing can be cancelled once the venue was told', async () => {
  const transfers = open([], (_, step) =>
    step === 'internal-out' ? new Promise(() => undefined) : Promise.resolve(done),
  )
  addPlanned(transfers)
  transfers.approve('t1', digest, 'test')
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(await transfers.cancel('t1')).toMatchObject({
    ok: false,
    refusal: { code: 'PLAN_STATE_WRONG' },
  })
})

test('a second approval of the same plan breaks the replay rule and is not written', () => {
  const entries: TransferEvent[] = []
  const transfers = open(entries, () => new Promise(() => undefined))
  addPlanned(transfers)
  transfers.approve('t1', digest, 'test')
  const written = entries.length
  expect(() => transfers.approve('t1', digest, 'test')).toThrow(/approve done while at/)
  expect(entries).toHaveLength(written)
})

test.each([
  { step: 'confirm-address' as const, state: 'refused' as const },
  { step: 'venue-withdraw' as const, state: 'unknown' as const },
  { step: 'arrive' as const, state: 'unknown' as const },
])(
  'an invariant that breaks in $step leaves the transfer $state',
  async ({ step: broken, state }) => {
    const transfers = open([], (_, step) => {
      if (step === broken) throw new Error('broken')
      return Promise.resolve(done)
    })
    addPlanned(transfers)
    transfers.approve('t1', digest, 'test')
    await transfers.settle()
    expect(transfers.get('t1')).toMatchObject({ state, refusal: { code: 'INTERNAL' } })
  },
)

test('voiding a plan that another call has approved meanwhile changes nothing', async () => {
  const entries: TransferEvent[] = []
  const transfers = open(entries, () => new Promise(() => undefined))
  addPlanned(transfers)
  transfers.approve('t1', digest, 'test')
  const written = entries.length
  const voided = transfers.refuseApproval('t1', { code: 'INTERNAL', data: { reference: 'x' } })
  expect(voided).toMatchObject({ ok: false, refusal: { code: 'PLAN_STATE_WRONG' } })
  expect(entries).toHaveLength(written)
  expect(transfers.get('t1')?.state).toBe('confirming')
})

test('“it did not happen” said while a look finds that it did is refused, and the transfer goes on', async () => {
  let looks = 0
  let find = (): void => undefined
  const transfers = open([], (_, step) => {
    if (step !== 'venue-withdraw') return Promise.resolve(done)
    looks += 1
    if (looks > 1) return new Promise((resolve) => (find = () => resolve(done)))
    return Promise.resolve({
      kind: 'unknown',
      refusal: { code: 'OUTCOME_UNKNOWN', data: { step, since: 0 } },
    })
  })
  addPlanned(transfers)
  transfers.approve('t1', digest, 'test')
  await transfers.settle()
  await transfers.resolve('t1', 'look-again')
  const denied = transfers.resolve('t1', 'did-not-happen')
  find()
  expect(await denied).toMatchObject({ ok: false, refusal: { code: 'PLAN_STATE_WRONG' } })
  await transfers.settle()
  expect(transfers.get('t1')?.state).toBe('done')
})

const rolledBack: Refusal = { code: 'RECONCILIATION_NEEDED', data: { reason: 'rolled back' } }

test('after a rollback nothing goes on by itself, and released, what may have left waits for a person', async () => {
  const entries: TransferEvent[] = []
  const first = open(entries, (_, step) =>
    step === 'venue-withdraw' ? new Promise(() => undefined) : Promise.resolve(done),
  )
  addPlanned(first)
  first.approve('t1', digest, 'test')
  await new Promise((resolve) => setTimeout(resolve, 5))
  // The restored journal ends before the withdrawal was intended; outside, it was ordered.
  const intended = entries.findIndex(
    (event) => event.kind === 'transfer.intent' && event.step === 'venue-withdraw',
  )
  const older = entries.slice(0, intended)
  const ran: StepKind[] = []
  let refusal: Refusal | null = rolledBack
  const second = open(
    older,
    (_, step) => {
      ran.push(step)
      return Promise.resolve(done)
    },
    undefined,
    () => refusal,
  )
  second.resume()
  await second.settle()
  expect(ran).toEqual([])
  expect(second.distrust(rolledBack).ok).toBe(true)
  refusal = null
  second.resume()
  await second.settle()
  expect(ran).toEqual([])
  expect(second.get('t1')).toMatchObject({ state: 'unknown', refusal: rolledBack })
})

function addMany(transfers: ReturnType<typeof open>, count: number): void {
  for (let index = 0; index < count; index += 1)
    transfers.add({
      kind: 'transfer.planned',
      transferId: `p${index}`,
      plan: { ...planOf('sweep'), id: `p${index}` },
      digest,
    })
}

test('plans stay out of the journal until one is approved, and no more than fifty stay at all', () => {
  const entries: TransferEvent[] = []
  const transfers = open(entries, () => new Promise(() => undefined))
  addMany(transfers, 60)
  expect(entries).toEqual([])
  expect(transfers.list()).toHaveLength(50)
  expect(transfers.get('p9')).toBeUndefined()
  expect(transfers.get('p10')?.state).toBe('planned')
  transfers.approve('p10', digest, 'test')
  expect(entries.slice(0, 3).map((event) => [event.kind, event.transferId])).toEqual([
    ['transfer.planned', 'p10'],
    ['transfer.approved', 'p10'],
    ['transfer.intent', 'p10'],
  ])
  // What is under way is never dropped for newer plans.
  for (let index = 0; index < 60; index += 1)
    transfers.add({
      kind: 'transfer.planned',
      transferId: `q${index}`,
      plan: planOf('sweep'),
      digest,
    })
  expect(transfers.get('p10')?.state).toBe('confirming')
})

test('a plan that is cancelled or void before it was approved leaves nothing in the journal', async () => {
  const entries: TransferEvent[] = []
  const transfers = open(entries, () => new Promise(() => undefined))
  addMany(transfers, 3)
  await transfers.cancel('p0')
  transfers.refuseApproval('p1', { code: 'INTERNAL', data: { reference: 'x' } })
  expect(transfers.distrust(rolledBack).ok).toBe(true)
  expect(transfers.list().map(({ state }) => state)).toEqual(['refused', 'refused', 'cancelled'])
  expect(entries).toEqual([])
})

test('after a restart plans that were never approved are gone, also those of older journals', () => {
  const entries: TransferEvent[] = [
    { kind: 'transfer.planned', transferId: 't1', plan: planOf('sweep'), digest },
  ]
  const transfers = open(entries, () => new Promise(() => undefined))
  transfers.resume()
  expect(transfers.list()).toEqual([])
  addMany(transfers, 1)
  transfers.resume()
  expect(transfers.list()).toHaveLength(1)
})

test('an approval that cannot be written leaves a plan that can be approved again', () => {
  const entries: TransferEvent[] = []
  let full = true
  const transfers = open(
    entries,
    () => new Promise(() => undefined),
    (event) => full && event.kind === 'transfer.approved',
  )
  addMany(transfers, 1)
  expect(transfers.approve('p0', digest, 'test')).toMatchObject({
    refusal: { code: 'STORE_WRITE_FAILED' },
  })
  expect(transfers.get('p0')?.state).toBe('planned')
  full = false
  expect(transfers.approve('p0', digest, 'test').ok).toBe(true)
  expect(entries.map(({ kind }) => kind)).toEqual([
    'transfer.planned',
    'transfer.approved',
    'transfer.intent',
  ])
  const replayed = open([...entries], () => new Promise(() => undefined))
  expect(replayed.get('p0')?.createdAt).toBe(transfers.get('p0')?.createdAt)
})

test('an account’s venue legs run one at a time, another account’s beside them', async () => {
  const entries: TransferEvent[] = []
  const running = new Map<string, number>()
  let most = 0
  let together = 0
  const finish: (() => void)[] = []
  const transfers = open(entries, async ({ id, plan }, step) => {
    if (step === 'confirm-address' || step === 'arrive') return done
    const account = plan.accountId ?? ''
    running.set(account, (running.get(account) ?? 0) + 1)
    most = Math.max(most, running.get(account) ?? 0)
    together = Math.max(
      together,
      [...running.values()].reduce((sum, count) => sum + count, 0),
    )
    await new Promise<void>((resolve) => finish.push(resolve))
    running.set(account, (running.get(account) ?? 0) - 1)
    // One that breaks must not hold up those behind it.
    if (id === 'b' && step === 'internal-out') throw new Error('broken')
    return done
  })
  for (const [id, accountId] of [
    ['a', 'x'],
    ['b', 'x'],
    ['c', 'x'],
    ['d', 'y'],
  ] as const) {
    const plan = { ...planOf('sweep'), id, accountId }
    transfers.add({ kind: 'transfer.planned', transferId: id, plan, digest })
    transfers.approve(id, digest, 'test')
  }
  const settled = transfers.settle()
  let isSettled = false
  void settled.then(() => (isSettled = true))
  await new Promise((resolve) => setTimeout(resolve, 5))
  const ordered = () =>
    entries.filter((event) => event.kind === 'transfer.intent' && event.step === 'internal-out')
  // Whoever waits for its turn has not been journalled as ordered: killed now, it is simply begun later.
  expect(ordered()).toHaveLength(2)
  while (!isSettled) {
    finish.shift()?.()
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  expect(most).toBe(1)
  expect(together).toBe(2)
  expect(['a', 'b', 'c', 'd'].map((id) => transfers.get(id)?.state)).toEqual([
    'done',
    'unknown',
    'done',
    'done',
  ])
})

test('a transfer cancelled while it waits for its turn ends, and lets nobody past the leg it waited for', async () => {
  const entries: TransferEvent[] = []
  let finish = (): void => undefined
  const ran: string[] = []
  const transfers = open(entries, async ({ id }, step) => {
    if (step !== 'internal-out') return done
    ran.push(id)
    if (id === 'a') await new Promise<void>((resolve) => (finish = resolve))
    return done
  })
  for (const id of ['a', 'b', 'c']) {
    transfers.add({
      kind: 'transfer.planned',
      transferId: id,
      plan: { ...planOf('sweep'), id },
      digest,
    })
    transfers.approve(id, digest, 'test')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  expect(await transfers.cancel('b')).toMatchObject({ ok: true, value: { state: 'cancelled' } })
  await new Promise((resolve) => setTimeout(resolve, 5))
  expect(ran).toEqual(['a'])
  finish()
  await transfers.settle()
  expect(ran).toEqual(['a', 'c'])
})
