/** The signer that is not plugged in. To the `sign` step it is one more device: it takes the approved plan and gives
 *  back bytes, only that in between a person carries a PSBT over and back. It waits until the plan expires; what
 *  comes back and is not the approved transaction, fully signed, is refused and the waiting goes on. */
import { base64 } from '@scure/base'
import type { CodeOf, ResultOf } from '../../shared/contract/method.ts'
import type {
  airGapAnswer,
  airGapDescribe,
  airGapPlan,
  airGapRequest,
} from '../../shared/contract/methods/airgap.ts'
import { type Refusal, type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import type { Transfer } from '../../shared/transfer/lifecycle.ts'
import type { BitcoinTransactionPlan, TransferPlan } from '../../shared/transfer/plan.ts'
import { parsePsbtText } from '../../shared/transfer/btc/psbt.ts'
import { type AnswerRefusals, readSignedAnswer } from '../../shared/transfer/btc/signedPsbt.ts'
import { writePsbt } from '../../shared/transfer/btc/writePsbt.ts'
import { verifyBitcoin } from '../../shared/transfer/verify/bitcoin.ts'
import type { Curve } from '../../shared/transfer/verify/curve.ts'
import { encodeCanonical } from '../../shared/units/canonical.ts'
import type { BitcoinVaultAccount } from '../../shared/vault/account.ts'
import { accountStep, openAccount } from '../../shared/vault/derive.ts'
import { ownAddress } from '../../shared/vault/ownAddress.ts'
import type { Handlers } from './dispatch.ts'
import type { Journal, JournalEvent } from './journal.ts'
import type { Clock, FramesPort } from './ports.ts'
import type { ForeignPlanner } from './transfers/planForeign.ts'
import { viewTransfer } from './transfers/view.ts'
import type { AccountOf } from './vault/wallets.ts'
import type { Vault } from './vault/vault.ts'

const planTimeoutMs = 60_000
/** Of a mismatch, in its journal entry. */
const mostFields = 50

type AnswerCode = CodeOf<typeof airGapAnswer>

export interface AirGap {
  /** Waits for the signed PSBT of this plan. Raw transaction, hex; for the verifier. */
  sign(transfer: Transfer, signal: AbortSignal): Promise<Result<string>>
  readonly methods: Pick<Handlers, Extract<keyof Handlers, `airGap.${string}`>>
}

interface Spending {
  readonly plan: BitcoinTransactionPlan
  readonly paying: AccountOf<BitcoinVaultAccount>
}

export function createAirGap(context: {
  readonly clock: Clock
  readonly curve: Curve
  readonly frames: FramesPort
  readonly journal: Journal
  readonly vault: Vault
  readonly transfer: (id: string) => Transfer | undefined
  /** What stands against sending it now: age, prices, frozen coins, a block. */
  readonly recheck: (transfer: Transfer) => Promise<Refusal<AnswerCode> | null>
  readonly keepPlan: (plan: TransferPlan) => ResultOf<typeof airGapPlan>
  readonly foreign: ForeignPlanner
}): AirGap {
  const { clock, vault, frames, journal } = context
  /** Transfers at their `sign` step, and what ends the waiting. */
  const waiting = new Map<string, (answer: Result<string>) => void>()
  /** What the journal was told since this host started. */
  const noted = new Set<string>()
  /** What is shown of them: asked for every few seconds, and mixing frames takes time. */
  const shown = new Map<string, { readonly psbt: string; readonly frames: readonly string[] }>()

  function sign(transfer: Transfer, signal: AbortSignal): Promise<Result<string>> {
    const { id, plan } = transfer
    const answered = Promise.withResolvers<Result<string>>()
    const over = new AbortController()
    waiting.set(id, answered.resolve)
    const left = Math.max(0, plan.expiresAt - clock.now())
    void clock.sleep(left, AbortSignal.any([signal, over.signal])).then(
      () =>
        answered.resolve(
          refuse('PLAN_EXPIRED', {
            ageMs: clock.now() - plan.createdAt,
            limitMs: plan.expiresAt - plan.createdAt,
          }),
        ),
      () =>
        answered.resolve(
          refuse('HOST_STOPPED', { reason: 'stopped before the signed PSBT came back' }),
        ),
    )
    return answered.promise.finally(() => {
      waiting.delete(id)
      shown.delete(id)
      over.abort()
    })
  }

  function spendingOf({ plan }: Transfer): Spending | undefined {
    const paying = vault.bitcoinAccount(plan.vaultAccount)
    return plan.execution.kind === 'bitcoin' && paying !== undefined
      ? { plan: plan.execution, paying }
      : undefined
  }

  const notWaiting = ({ state }: Transfer) =>
    refuse('PLAN_STATE_WRONG', { state, needed: 'waiting for the signed PSBT' })

  // ── out ─────────────────────────────────────────────────────────────────────

  function psbtOf({ plan, paying: { wallet, account } }: Spending): Uint8Array {
    const keys = openAccount(account)
    if (!keys.ok) throw new Error('a pinned key that does not open')
    const changeKeys = new Map(
      plan.outputs.flatMap(({ path }) => {
        const step = path === null ? undefined : accountStep(account.path, path)
        if (step === undefined) return []
        const own = ownAddress(account, keys.value, step)
        return [[own.path, own.publicKey] as const]
      }),
    )
    const { signer, fingerprint } = wallet
    const origin = signer.kind === 'air-gapped' && !signer.originKnown ? 'account' : 'master'
    return writePsbt({ plan, account, fingerprint, origin, changeKeys })
  }

  function show(transferId: string, spending: Spending) {
    const known = shown.get(transferId)
    if (known !== undefined) return known
    const psbt = psbtOf(spending)
    const made = { psbt: base64.encode(psbt), frames: frames.encode(psbt) }
    shown.set(transferId, made)
    return made
  }

  function request(transferId: string): ResultOf<typeof airGapRequest> {
    const transfer = context.transfer(transferId)
    if (transfer === undefined) return refuse('NOT_FOUND', { what: 'transfer', id: transferId })
    const spending = spendingOf(transfer)
    if (spending === undefined || !waiting.has(transferId)) return notWaiting(transfer)
    return ok({
      filename: `bulkhead-${transferId}.psbt`,
      ...show(transferId, spending),
      digest: transfer.digest,
      expiresAt: transfer.plan.expiresAt,
    })
  }

  // ── back ────────────────────────────────────────────────────────────────────

  /** The bytes, once the verifier has found nothing against them. */
  function readAnswer(
    { digest }: Transfer,
    { plan, paying: { account } }: Spending,
    text: string,
  ): Result<{ readonly rawHex: string; readonly txid: string }, AnswerRefusals> {
    const { curve } = context
    const rawHex = readSignedAnswer({ text, plan, digest, account, curve })
    if (!rawHex.ok) return rawHex
    return verifyBitcoin({ plan, digest, rawHex: rawHex.value, account, curve })
  }

  /** Written down once: whoever holds the window can bring the same thing back as often as they like. */
  function noteOnce(event: JournalEvent) {
    const text = encodeCanonical(event)
    if (noted.has(text)) return ok(undefined)
    const recorded = journal.record(event)
    if (recorded.ok) noted.add(text)
    return recorded
  }

  /** A signature of ours is loose that we do not send: that is written down, once it was proved to be one. */
  function noteLate(transfer: Transfer, txid: string) {
    return transfer.signed?.txid === txid
      ? ok(undefined)
      : noteOnce({ kind: 'airgap.late', transfer: transfer.id, txid })
  }

  /** Somebody brought back another transaction than the approved one. */
  function noteMismatch({ id }: Transfer, refusal: Refusal<AnswerRefusals>) {
    if (refusal.code !== 'SIGNED_MISMATCH') return ok(undefined)
    const fields = refusal.data.differences.map(({ field }) => field).slice(0, mostFields)
    return noteOnce({ kind: 'airgap.mismatch', transfer: id, fields })
  }

  async function answer(transferId: string, text: string): Promise<ResultOf<typeof airGapAnswer>> {
    const transfer = context.transfer(transferId)
    if (transfer === undefined) return refuse('NOT_FOUND', { what: 'transfer', id: transferId })
    const spending = spendingOf(transfer)
    if (spending === undefined || transfer.state === 'planned') return notWaiting(transfer)
    const read = readAnswer(transfer, spending, text)
    const settle = waiting.get(transferId)
    if (!read.ok) {
      if (settle === undefined) return notWaiting(transfer)
      const written = noteMismatch(transfer, read.refusal)
      return written.ok ? read : written
    }
    const { rawHex, txid } = read.value
    if (settle === undefined) {
      const written = noteLate(transfer, txid)
      return written.ok ? notWaiting(transfer) : written
    }
    const against = await context.recheck(transfer)
    // Cancelled, expired or answered by another call while that was asked.
    const stopped = waiting.get(transferId) !== settle
    if (against !== null || stopped) {
      const written = noteLate(context.transfer(transferId) ?? transfer, txid)
      if (against !== null && !stopped) settle({ ok: false, refusal: against })
      if (!written.ok) return written
      return against === null || stopped
        ? notWaiting(context.transfer(transferId) ?? transfer)
        : { ok: false, refusal: against }
    }
    settle(ok(rawHex))
    return ok(viewTransfer(transfer, clock.now()))
  }

  // ── what others made ────────────────────────────────────────────────────────

  const planTimeout = () => AbortSignal.timeout(planTimeoutMs)

  async function describe(text: string): Promise<ResultOf<typeof airGapDescribe>> {
    const psbt = parsePsbtText(text)
    if (!psbt.ok) return psbt
    const said = context.foreign.describe(psbt.value)
    if (!said.ok) return said
    const { version: _, ...shown } = said.value
    const planned = await context.foreign.plan(psbt.value, undefined, planTimeout())
    return ok({ ...shown, refusal: planned.ok ? null : planned.refusal })
  }

  return {
    sign,
    methods: {
      'airGap.request': ({ transferId }) => request(transferId),
      'airGap.readFrames': ({ frames: seen }) => {
        const read = frames.decode(seen)
        if (!read.ok) return read
        const { value } = read
        return value.kind === 'partial'
          ? ok(value)
          : ok({ kind: value.kind, psbt: base64.encode(value.psbt) })
      },
      'airGap.answer': ({ transferId, psbt }) => answer(transferId, psbt),
      'airGap.describe': ({ psbt }) => describe(psbt),
      'airGap.plan': async ({ psbt, label }) => {
        const parsed = parsePsbtText(psbt)
        if (!parsed.ok) return parsed
        const planned = await context.foreign.plan(parsed.value, label, planTimeout())
        return planned.ok ? context.keepPlan(planned.value) : planned
      },
    },
  }
}
