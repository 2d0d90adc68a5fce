import { expect, test } from 'vitest'
import { type Refusal, ok } from '../../../shared/errors/refusal.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import type { EvmTransactionPlan } from '../../../shared/transfer/plan.ts'
import { verifyEvm } from '../../../shared/transfer/verify/evm.ts'
import { testCurve, testSigner } from '../../../shared/transfer/verify/evm.fixture.ts'
import { amount, USDC } from '../../../shared/units/amount.ts'
import type { EvmPort, VenuePort } from '../ports.ts'
import type { Vault } from '../vault/vault.ts'
import { type StepContext, createRunStep } from './steps.ts'

const txid = `0x${'aa'.repeat(32)}`
const address = '0x00000000000000000000000000000000DeaDBeef'
const moved = amount(USDC, 5_000_000n)

const sweep: Transfer = {
  id: 't1',
  digest: '',
  state: 'sent',
  signed: null,
  refusal: null,
  createdAt: 0,
  updatedAt: 0,
  steps: [],
  plan: {
    id: 't1',
    purpose: 'sweep',
    createdAt: 0,
    expiresAt: 1,
    amount: moved,
    networkFee: amount(USDC, 0n),
    recipient: { address, label: '', origin: 'vault' },
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
      chain: 'evm:1',
      internal: null,
      amount: moved,
      venueFee: amount(USDC, 0n),
      arrives: moved,
      address,
      addressPath: 'm',
      clientIds: { internal: 'i', withdrawal: 'w' },
    },
  },
}

/** The venue names `txid`, and the chain says what it paid us. */
function runArrive(world: { readonly received: bigint; readonly countedElsewhere: bigint }) {
  const venue: Pick<VenuePort, 'readWithdrawal'> = {
    readWithdrawal: () => Promise.resolve(ok({ kind: 'done', txid, at: 1 })),
  }
  const evm: Pick<EvmPort, 'chainId' | 'tokens' | 'readReceived'> = {
    chainId: 1,
    tokens: [],
    readReceived: () => Promise.resolve(ok(world.received)),
  }
  const vault: Pick<Vault, 'evmPort' | 'refresh'> = {
    evmPort: () => evm as EvmPort,
    refresh: () => Promise.resolve(),
  }
  const context: Partial<StepContext> = {
    clock: { now: () => 1, sleep: () => Promise.resolve() },
    vault: vault as Vault,
    venue: () => venue as VenuePort,
    countedElsewhere: () => world.countedElsewhere,
  }
  const run = createRunStep(context as StepContext)
  return run(sweep, 'arrive', { resumed: false, signal: new AbortController().signal })
}

test.each([
  { name: 'that paid us all of it arrives', received: 5_000_000n, other: 0n, kind: 'done' },
  { name: 'that paid less is not an arrival', received: 4_999_999n, other: 0n, kind: 'unknown' },
  {
    name: 'that another sweep already counted as its own is not an arrival',
    received: 5_000_000n,
    other: 5_000_000n,
    kind: 'unknown',
  },
  {
    name: 'that paid for both sweeps is an arrival for each',
    received: 10_000_000n,
    other: 5_000_000n,
    kind: 'done',
  },
])('a transaction named by the venue $name', async ({ received, other, kind }) => {
  expect(await runArrive({ received, countedElsewhere: other })).toMatchObject({ kind })
})

test('one internal move in the history is evidence for one transfer, though two look at once', async () => {
  let now = 0
  const venue: Pick<VenuePort, 'readInternalMoves'> = {
    readInternalMoves: () =>
      Promise.resolve(ok([{ venueId: '77', state: { kind: 'done', txid: null, at: 1 } }])),
  }
  const context: Partial<StepContext> = {
    clock: { now: () => (now += 5_000), sleep: () => Promise.resolve() },
    venue: () => venue as VenuePort,
    isClaimed: () => false,
  }
  const run = createRunStep(context as StepContext)
  if (sweep.plan.execution.kind !== 'venue') throw new Error('not a sweep')
  const internal = { from: 'margin', to: 'spot', amount: moved }
  const plan = { ...sweep.plan, execution: { ...sweep.plan.execution, internal } }
  const { signal } = new AbortController()
  const results = await Promise.all(
    ['t1', 't2'].map((id) =>
      run({ ...sweep, id, plan }, 'internal-out', { resumed: true, signal }),
    ),
  )
  expect(results.map(({ kind }) => kind).sort()).toEqual(['done', 'unknown'])
})

/** Between the two legs the venue's terms read as `answers`, one after the other, the last for ever. */
async function runWithdraw(answers: readonly (Refusal | null)[]) {
  let now = 0
  let asked = 0
  const ordered: string[] = []
  const venue: Pick<VenuePort, 'withdraw'> = {
    withdraw({ clientId }) {
      ordered.push(clientId)
      return Promise.resolve(ok({ venueId: '9' }))
    },
  }
  const context: Partial<StepContext> = {
    clock: { now: () => now, sleep: (ms) => Promise.resolve(void (now += ms)) },
    venue: () => venue as VenuePort,
    recheckTerms: () => Promise.resolve(answers[Math.min(asked++, answers.length - 1)] ?? null),
  }
  if (sweep.plan.execution.kind !== 'venue') throw new Error('not a sweep')
  const internal = { from: 'margin', to: 'spot', amount: moved }
  const plan = { ...sweep.plan, execution: { ...sweep.plan.execution, internal } }
  const result = await createRunStep(context as StepContext)({ ...sweep, plan }, 'venue-withdraw', {
    resumed: false,
    signal: new AbortController().signal,
  })
  return { result, ordered }
}

const suspended: Refusal = {
  code: 'NETWORK_SUSPENDED',
  data: { venue: 'x', asset: 'USDC', network: 'ETH' },
}
const away: Refusal = { code: 'VENUE_UNREACHABLE', data: { venue: 'x', reason: 'away' } }

test.each([
  { name: 'still stand is ordered', answers: [null], kind: 'done' },
  { name: 'have changed is not ordered', answers: [suspended], kind: 'refused' },
  { name: 'come at the second question is ordered', answers: [away, null], kind: 'done' },
  { name: 'never come is not ordered', answers: [away], kind: 'refused' },
])('a withdrawal whose terms $name', async ({ answers, kind }) => {
  const { result, ordered } = await runWithdraw(answers)
  expect(result.kind).toBe(kind)
  expect(ordered).toHaveLength(kind === 'done' ? 1 : 0)
})

const signer = testSigner('steps')
const payment: EvmTransactionPlan = {
  kind: 'evm',
  chainId: 1,
  type: 2,
  from: signer.address,
  path: 'm',
  nonce: 0,
  to: address,
  value: 1n,
  data: '',
  gasLimit: 21_000n,
  maxFeePerGas: 2n,
  maxPriorityFeePerGas: 1n,
  token: null,
}

/** A chain that says `first`, then forgets, until `confirmedAfterMs`. */
async function waitForConfirmation(world: {
  readonly first: 'mempool' | 'unknown'
  readonly confirmedAfterMs: number
  readonly rawHex?: string
  readonly isReplaced?: boolean
}) {
  let now = 0
  const sentAt: number[] = []
  const rawHex = world.rawHex ?? signer.signPlan(payment)
  const verified = verifyEvm({
    plan: payment,
    digest: '',
    rawHex: signer.signPlan(payment),
    curve: testCurve,
  })
  if (!verified.ok) throw new Error('the fixture signs wrongly')
  const evm: Partial<EvmPort> = {
    chainId: 1,
    tokens: [],
    readMinedNonce: () => Promise.resolve(ok(0)),
    readConfirmation: () =>
      Promise.resolve(
        ok(
          now >= world.confirmedAfterMs
            ? { kind: 'confirmed', height: 1, confirmations: 1 }
            : { kind: now === 0 ? world.first : 'unknown' },
        ),
      ),
    broadcast(transaction) {
      expect(transaction.rawHex).toBe(rawHex)
      sentAt.push(now)
      const data = { chain: 'evm:1', reason: 'already known' }
      return Promise.resolve({ ok: false, refusal: { code: 'CHAIN_REJECTED', data } })
    },
  }
  const vault: Partial<Vault> = {
    evmPort: () => evm as EvmPort,
  }
  const context: Partial<StepContext> = {
    clock: { now: () => now, sleep: (ms) => Promise.resolve(void (now += ms)) },
    vault: vault as Vault,
    curve: testCurve,
    siblings: () => [],
    rivals: () => [],
    isReplaced: () => world.isReplaced ?? false,
  }
  const transfer: Transfer = {
    ...sweep,
    plan: { ...sweep.plan, purpose: 'withdraw', execution: payment },
    signed: { rawHex, txid: verified.value.txid },
  }
  const result = await createRunStep(context as StepContext)(transfer, 'confirm', {
    resumed: false,
    signal: new AbortController().signal,
  })
  return { result, sentAt }
}

test('a transaction that the server forgot is sent again, at ever longer pauses', async () => {
  const hour = 3_600_000
  const { result, sentAt } = await waitForConfirmation({ first: 'mempool', confirmedAfterMs: hour })
  expect(result.kind).toBe('done')
  expect(sentAt[0]).toBeGreaterThanOrEqual(60_000)
  expect(sentAt[0]).toBeLessThan(80_000)
  const pauses = sentAt.slice(1).map((at, index) => at - (sentAt[index] ?? 0))
  expect(pauses[0]).toBeGreaterThanOrEqual(120_000)
  expect(pauses.at(-1)).toBeGreaterThanOrEqual(600_000)
  expect(sentAt.length).toBeLessThan(10)
})

test('a transaction that is soon in a block is sent once', async () => {
  const { sentAt } = await waitForConfirmation({ first: 'unknown', confirmedAfterMs: 50_000 })
  expect(sentAt).toEqual([])
})

test('a transaction that we replaced ourselves is never sent again', async () => {
  const { sentAt } = await waitForConfirmation({
    first: 'mempool',
    confirmedAfterMs: 600_000,
    isReplaced: true,
  })
  expect(sentAt).toEqual([])
})

test('bytes that no longer pass the verifier are not sent again', async () => {
  const { result, sentAt } = await waitForConfirmation({
    first: 'mempool',
    confirmedAfterMs: 600_000,
    rawHex: signer.signPlan({ ...payment, value: 2n }),
  })
  expect(result).toMatchObject({ kind: 'unknown', refusal: { code: 'SIGNED_MISMATCH' } })
  expect(sentAt).toEqual([])
})
