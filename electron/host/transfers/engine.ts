/** Drives a transfer from step to step: intent into the journal, the step, its outcome into the journal.
 *  What happened outside is never repeated on a guess: a step that may have had its effect and cannot prove it
 *  ends in `unknown`, and only a look (or the user's own judgement) moves it on. */
import type { Refusal, Result } from '../../../shared/errors/refusal.ts'
import { ok, refuse } from '../../../shared/errors/refusal.ts'
import type { StepKind, TransferEvent } from '../../../shared/transfer/event.ts'
import {
  type Transfer,
  applyTransferEvent,
  canCancel,
  currentStep,
  hasEnded,
  isOutsideEffect,
  isVenueLeg,
} from '../../../shared/transfer/lifecycle.ts'
import type { Journal } from '../journal.ts'
import type { Clock } from '../ports.ts'

export type StepResult =
  | { readonly kind: 'done'; readonly reference: string | null }
  /** Bytes that passed the verifier. */
  | { readonly kind: 'signed'; readonly rawHex: string; readonly txid: string }
  | { readonly kind: 'refused'; readonly step?: StepKind; readonly refusal: Refusal }
  | { readonly kind: 'unknown'; readonly refusal: Refusal }

/** `resumed`: the intent was journalled by an earlier run, so the effect may already have happened. */
export type RunStep = (
  transfer: Transfer,
  step: StepKind,
  context: { readonly resumed: boolean; readonly signal: AbortSignal },
) => Promise<StepResult>

type Planned = Extract<TransferEvent, { kind: 'transfer.planned' }>

/** Plans that were never approved, newest; the rest are dropped. */
const mostDrafts = 50

export interface Transfers {
  /** Takes one replayed event, before `resume`. */
  take(event: TransferEvent, at: number): void
  /** Goes on with whatever was under way when the host last stopped; with nothing while all is blocked. */
  resume(): void
  /** After a rollback the last recorded step may not be the last that happened: what was not yet sent ends, the
   *  rest waits for a person as unknown. Nothing goes on by itself. */
  distrust(refusal: Refusal): Result<void, 'STORE_WRITE_FAILED'>
  /** Keeps a plan in memory only: anyone who holds the window can ask for as many as they like. */
  add(event: Planned): Result<Transfer, 'STORE_WRITE_FAILED'>
  list(): readonly Transfer[]
  get(id: string): Transfer | undefined
  approve(id: string, digest: string, caller: string): Result<Transfer, 'STORE_WRITE_FAILED'>
  /** Voids a plan that is still one; what another call has approved meanwhile is left alone. */
  refuseApproval(
    id: string,
    refusal: Refusal,
  ): Result<Transfer, 'PLAN_STATE_WRONG' | 'STORE_WRITE_FAILED'>
  cancel(
    id: string,
  ): Promise<Result<Transfer, 'NOT_FOUND' | 'PLAN_STATE_WRONG' | 'STORE_WRITE_FAILED'>>
  resolve(
    id: string,
    decision: 'look-again' | 'did-not-happen',
  ): Promise<Result<Transfer, 'NOT_FOUND' | 'PLAN_STATE_WRONG' | 'STORE_WRITE_FAILED'>>
  /** Resolves when nothing is running any more; for tests and close. */
  settle(): Promise<void>
  close(): Promise<void>
}

export function createTransfers(options: {
  readonly journal: Journal
  readonly clock: Clock
  readonly runStep: RunStep
  /** Why nothing may move now; null when it may. */
  readonly blocked: () => Refusal | null
  readonly onChange: (transfer: Transfer) => void
  readonly log: (line: string) => void
}): Transfers {
  const transfers = new Map<string, Transfer>()
  const running = new Map<
    string,
    { readonly controller: AbortController; readonly done: Promise<void> }
  >()
  /** Not in the journal, oldest first: their whole life is in memory until they are approved. */
  const drafts = new Map<string, Planned>()
  let closing = false

  function apply(event: TransferEvent, at: number): Transfer {
    const next = applyTransferEvent(transfers.get(event.transferId), event, at)
    transfers.set(event.transferId, next)
    return next
  }

  function record(event: TransferEvent): Result<Transfer, 'STORE_WRITE_FAILED'> {
    // The replay rule is checked before anything is written: an event that does not fit must never reach the journal.
    applyTransferEvent(transfers.get(event.transferId), event, options.clock.now())
    if (drafts.has(event.transferId)) return note(event)
    const written = options.journal.record(event)
    if (!written.ok) return written
    const next = apply(event, written.value.at)
    options.onChange(next)
    return ok(next)
  }

  /** What happens to a mere plan: in memory only, as it is itself. */
  function note(event: TransferEvent): Result<Transfer, never> {
    const next = apply(event, options.clock.now())
    options.onChange(next)
    return ok(next)
  }

  function addDraft(event: Planned): Result<Transfer, never> {
    const added = note(event)
    drafts.set(event.transferId, event)
    const [oldest] = drafts.keys()
    if (drafts.size > mostDrafts && oldest !== undefined) {
      drafts.delete(oldest)
      transfers.delete(oldest)
    }
    return added
  }

  /** The plan goes into the journal right before its approval. Its life begins anew then, as a replay will see it. */
  function writeDraft(id: string): Result<void, 'STORE_WRITE_FAILED'> {
    const planned = drafts.get(id)
    if (planned === undefined) return ok(undefined)
    const written = options.journal.record(planned)
    if (!written.ok) return written
    drafts.delete(id)
    transfers.set(id, applyTransferEvent(undefined, planned, written.value.at))
    return ok(undefined)
  }

  function outcomeOf(transfer: Transfer, step: StepKind, result: StepResult): TransferEvent {
    const transferId = transfer.id
    switch (result.kind) {
      case 'done':
        return { kind: 'transfer.outcome', transferId, step, reference: result.reference }
      case 'signed':
        return { kind: 'transfer.signed', transferId, rawHex: result.rawHex, txid: result.txid }
      case 'refused':
        return {
          kind: 'transfer.refused',
          transferId,
          step: result.step ?? step,
          refusal: result.refusal,
        }
      case 'unknown':
        return { kind: 'transfer.unknown', transferId, step, refusal: result.refusal }
    }
  }

  /** A step that throws broke an invariant. Before anything could leave that is a refusal; afterwards nobody
   *  knows, and a person looks. */
  async function runGuarded(
    transfer: Transfer,
    step: StepKind,
    context: { readonly resumed: boolean; readonly signal: AbortSignal },
  ): Promise<StepResult> {
    try {
      return await options.runStep(transfer, step, context)
    } catch (error) {
      const detail = error instanceof Error ? (error.stack ?? error.message) : String(error)
      options.log(`broken invariant in ${step} of transfer ${transfer.id}: ${detail}`)
      const refusal: Refusal = { code: 'INTERNAL', data: { reference: `${transfer.id} ${step}` } }
      return canCancel(transfer) && !isOutsideEffect(step)
        ? { kind: 'refused', refusal }
        : { kind: 'unknown', refusal }
    }
  }

  /** The newest leg of each account; it ends when all before it have. */
  const legs = new Map<string, Promise<void>>()

  async function waitFor(leg: Promise<void>, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const stopped = new Promise<void>((resolve) =>
      signal.addEventListener('abort', () => resolve(), { once: true }),
    )
    await Promise.race([leg, stopped])
  }

  /** Two legs at once could each take the other's move for their own, and each leave the account less than the
   *  other saw: one at a time, asked before its intent is journalled. */
  async function inTurn(
    accountId: string,
    signal: AbortSignal,
    leg: () => Promise<boolean>,
  ): Promise<boolean> {
    const before = legs.get(accountId)
    const turn = before === undefined ? leg() : waitFor(before, signal).then(leg)
    // Whoever gave up waiting does not let the next one past the leg it waited for.
    const ended = Promise.all([before, turn.catch(() => false)]).then(() => undefined)
    legs.set(accountId, ended)
    void ended.then(() => {
      if (legs.get(accountId) === ended) legs.delete(accountId)
    })
    return turn
  }

  /** One step; false when there is nothing more to do now. */
  function advance(id: string, signal: AbortSignal): Promise<boolean> {
    const transfer = transfers.get(id)
    const step = transfer === undefined ? null : currentStep(transfer)
    const accountId = transfer?.plan.accountId ?? null
    return accountId !== null && step !== null && isVenueLeg(step.kind)
      ? inTurn(accountId, signal, async () => !signal.aborted && runCurrent(id, signal))
      : runCurrent(id, signal)
  }

  async function runCurrent(id: string, signal: AbortSignal): Promise<boolean> {
    const transfer = transfers.get(id)
    if (transfer === undefined || hasEnded(transfer) || options.blocked() !== null) return false
    const step = currentStep(transfer)
    if (step === null || step.kind === 'approve') return false
    const resumed = step.state !== 'waiting'
    if (!resumed) {
      const intent = record({ kind: 'transfer.intent', transferId: id, step: step.kind })
      if (!intent.ok) return false
    }
    const result = await runGuarded(transfer, step.kind, { resumed, signal })
    if (closing && result.kind !== 'done' && result.kind !== 'signed') return false
    const cancelled = signal.aborted && result.kind === 'refused' && !isOutsideEffect(step.kind)
    const recorded = record(
      cancelled
        ? { kind: 'transfer.cancelled', transferId: id }
        : outcomeOf(transfer, step.kind, result),
    )
    if (!recorded.ok) {
      options.log(`transfer ${id}: outcome of ${step.kind} could not be written`)
      return false
    }
    return result.kind === 'done' || result.kind === 'signed'
  }

  function start(id: string): void {
    if (running.has(id) || closing) return
    const controller = new AbortController()
    const done = (async () => {
      try {
        while (!controller.signal.aborted && (await advance(id, controller.signal)));
      } catch (error) {
        options.log(
          `transfer ${id} stopped: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        )
      } finally {
        running.delete(id)
      }
    })()
    running.set(id, { controller, done })
  }

  return {
    take: (event, at) => {
      apply(event, at)
    },
    distrust(refusal) {
      for (const transfer of transfers.values()) {
        const step = currentStep(transfer)
        if (hasEnded(transfer) || transfer.state === 'unknown' || step === null) continue
        const unsent = ['approve', 'confirm-address', 'sign'].includes(step.kind)
        const recorded = record({
          kind: unsent ? 'transfer.refused' : 'transfer.unknown',
          transferId: transfer.id,
          step: step.kind,
          refusal,
        })
        if (!recorded.ok) return recorded
      }
      return ok(undefined)
    },
    resume() {
      // An approval does not outlive the host, nor does a plan that waits for one.
      for (const [id, { state }] of transfers)
        if (state === 'planned' && !drafts.has(id)) transfers.delete(id)
      if (options.blocked() !== null) return
      for (const transfer of transfers.values()) {
        const step = currentStep(transfer)
        if (
          hasEnded(transfer) ||
          transfer.state === 'unknown' ||
          step === null ||
          step.kind === 'approve'
        )
          continue
        if (step.kind === 'confirm-address' || step.kind === 'sign') {
          // Nothing had left and the device's answer is lost: an approval does not outlive the host.
          record({
            kind: 'transfer.refused',
            transferId: transfer.id,
            step: step.kind,
            refusal: {
              code: 'HOST_STOPPED',
              data: { reason: 'stopped before the device answered; nothing was sent' },
            },
          })
        } else start(transfer.id)
      }
    },
    add: addDraft,
    list: () =>
      [...transfers.values()].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1)),
    get: (id) => transfers.get(id),
    approve(id, digest, caller) {
      const event = { kind: 'transfer.approved', transferId: id, digest, caller } as const
      applyTransferEvent(transfers.get(id), event, options.clock.now())
      const kept = writeDraft(id)
      if (!kept.ok) return kept
      const approved = record(event)
      if (approved.ok) start(id)
      return approved
    },
    refuseApproval(id, refusal) {
      const state = transfers.get(id)?.state ?? 'gone'
      return state === 'planned'
        ? record({ kind: 'transfer.refused', transferId: id, step: 'approve', refusal })
        : refuse('PLAN_STATE_WRONG', { state, needed: 'planned' })
    },
    async cancel(id) {
      const transfer = transfers.get(id)
      if (transfer === undefined) return refuse('NOT_FOUND', { what: 'transfer', id })
      if (!canCancel(transfer)) {
        return refuse('PLAN_STATE_WRONG', {
          state: transfer.state,
          needed: 'before anything was sent',
        })
      }
      const run = running.get(id)
      if (run !== undefined) {
        run.controller.abort()
        await run.done
      }
      const after = transfers.get(id) ?? transfer
      if (after.state === 'cancelled') return ok(after)
      // The step may have finished while we asked it to stop.
      if (!canCancel(after)) {
        start(id)
        return refuse('PLAN_STATE_WRONG', {
          state: after.state,
          needed: 'before anything was sent',
        })
      }
      return record({ kind: 'transfer.cancelled', transferId: id })
    },
    async resolve(id, decision) {
      const looking = running.get(id)
      if (looking !== undefined && decision === 'did-not-happen') {
        // A look may be finding it this moment: it is heard out before anyone says it did not happen.
        looking.controller.abort()
        await looking.done
        if (transfers.get(id)?.state !== 'unknown') start(id)
      }
      const transfer = transfers.get(id)
      if (transfer === undefined) return refuse('NOT_FOUND', { what: 'transfer', id })
      const step = currentStep(transfer)
      if (transfer.state !== 'unknown' || step === null) {
        return refuse('PLAN_STATE_WRONG', { state: transfer.state, needed: 'unknown' })
      }
      const resolved = record({ kind: 'transfer.resolved', transferId: id, decision })
      if (!resolved.ok) return resolved
      if (decision === 'look-again') {
        start(id)
        return resolved
      }
      return record({
        kind: 'transfer.refused',
        transferId: id,
        step: step.kind,
        refusal: transfer.refusal ?? {
          code: 'OUTCOME_UNKNOWN',
          data: { step: step.kind, since: transfer.updatedAt },
        },
      })
    },
    async settle() {
      while (running.size > 0) await Promise.all([...running.values()].map((run) => run.done))
    },
    async close() {
      closing = true
      for (const run of running.values()) run.controller.abort()
      await Promise.all([...running.values()].map((run) => run.done))
    },
  }
}
