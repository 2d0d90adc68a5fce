/** A transfer's life as a pure replay of its journal events. An event that does not fit the state is a broken
 *  journal and throws: money does not move on a history that makes no sense. Times are ms. */
import type { Refusal } from '../errors/refusal.ts'
import type { StepKind, TransferEvent } from './event.ts'
import type { TransferPlan } from './plan.ts'

export type TransferState =
  | 'planned'
  | 'confirming'
  | 'signing'
  | 'sending'
  | 'sent'
  | 'done'
  | 'refused'
  | 'cancelled'
  | 'unknown'

export interface Step {
  readonly kind: StepKind
  readonly state: 'waiting' | 'active' | 'done' | 'failed' | 'unknown'
  readonly at: number | null
  readonly reference: string | null
}

export interface Transfer {
  readonly id: string
  readonly plan: TransferPlan
  readonly digest: string
  readonly state: TransferState
  readonly steps: readonly Step[]
  /** Bytes that passed the verifier, once there are any. */
  readonly signed: { readonly rawHex: string; readonly txid: string } | null
  readonly refusal: Refusal | null
  readonly createdAt: number
  readonly updatedAt: number
}

/** The steps each purpose goes through, in order. */
export const stepsOf: { readonly [P in TransferPlan['purpose']]: readonly StepKind[] } = {
  withdraw: ['approve', 'sign', 'verify', 'broadcast', 'confirm'],
  sweep: ['approve', 'confirm-address', 'internal-out', 'venue-withdraw', 'arrive'],
  'top-up': ['approve', 'sign', 'verify', 'broadcast', 'confirm', 'venue-credit', 'internal-in'],
}

/** From this step's intent on, something may have left: no cancelling, and a crash means looking, not redoing. */
const outsideEffects: ReadonlySet<StepKind> = new Set([
  'broadcast',
  'internal-out',
  'venue-withdraw',
  'internal-in',
])

export function isOutsideEffect(step: StepKind): boolean {
  return outsideEffects.has(step)
}

const ended: ReadonlySet<TransferState> = new Set(['done', 'refused', 'cancelled'])

/** Steps that order the venue to move money within or out of an account. */
const venueLegs: ReadonlySet<StepKind> = new Set(['internal-out', 'venue-withdraw', 'internal-in'])

export function isVenueLeg(step: StepKind): boolean {
  return venueLegs.has(step)
}

export function hasEnded(transfer: Transfer): boolean {
  return ended.has(transfer.state)
}

/** The step that is active or comes next; null after the last. */
export function currentStep(transfer: Transfer): Step | null {
  return transfer.steps.find((step) => step.state !== 'done') ?? null
}

/** True while nothing has left and nothing was ordered to leave. */
export function canCancel(transfer: Transfer): boolean {
  if (hasEnded(transfer) || transfer.state === 'unknown') return false
  return transfer.steps.every((step) => !isOutsideEffect(step.kind) || step.state === 'waiting')
}

function stateAt(step: StepKind): TransferState {
  switch (step) {
    case 'approve':
      return 'planned'
    case 'confirm-address':
      return 'confirming'
    case 'sign':
    case 'verify':
      return 'signing'
    case 'broadcast':
    case 'internal-out':
    case 'venue-withdraw':
    case 'internal-in':
      return 'sending'
    case 'confirm':
    case 'arrive':
    case 'venue-credit':
      return 'sent'
  }
}

function withStep(transfer: Transfer, kind: StepKind, change: Partial<Step>): readonly Step[] {
  if (!transfer.steps.some((step) => step.kind === kind)) {
    throw new Error(`journal: ${transfer.plan.purpose} has no step ${kind}`)
  }
  return transfer.steps.map((step) => (step.kind === kind ? { ...step, ...change } : step))
}

function completeStep(
  transfer: Transfer,
  kind: StepKind,
  at: number,
  reference: string | null,
): Transfer {
  const current = currentStep(transfer)
  if (current?.kind !== kind)
    throw new Error(`journal: ${kind} done while at ${current?.kind ?? 'the end'}`)
  const steps = withStep(transfer, kind, { state: 'done', at, reference })
  const next = steps.find((step) => step.state !== 'done')
  return {
    ...transfer,
    steps,
    state: next === undefined ? 'done' : stateAt(next.kind),
    refusal: null,
    updatedAt: at,
  }
}

/** Only the step that is on can begin, fail or become unknown; `verify` fails while `sign` is on. */
function assertCurrent(transfer: Transfer, kind: StepKind): void {
  const current = currentStep(transfer)?.kind
  if (current === kind || (current === 'sign' && kind === 'verify')) return
  throw new Error(`journal: ${kind} while at ${current ?? 'the end'}`)
}

/** The first event makes a transfer; the rest move it. `at` is when the journal took the event. */
export function applyTransferEvent(
  transfer: Transfer | undefined,
  event: TransferEvent,
  at: number,
): Transfer {
  if (event.kind === 'transfer.planned') {
    if (transfer !== undefined) throw new Error(`journal: ${event.transferId} planned twice`)
    return {
      id: event.transferId,
      plan: event.plan,
      digest: event.digest,
      state: 'planned',
      steps: stepsOf[event.plan.purpose].map((kind) => ({
        kind,
        state: 'waiting',
        at: null,
        reference: null,
      })),
      signed: null,
      refusal: null,
      createdAt: at,
      updatedAt: at,
    }
  }
  if (transfer === undefined) throw new Error(`journal: ${event.kind} before it was planned`)
  if (hasEnded(transfer)) throw new Error(`journal: ${event.kind} after ${transfer.state}`)
  switch (event.kind) {
    case 'transfer.approved':
      if (event.digest !== transfer.digest) throw new Error('journal: approval of another digest')
      return completeStep(transfer, 'approve', at, null)
    case 'transfer.intent':
      assertCurrent(transfer, event.step)
      return {
        ...transfer,
        state: stateAt(event.step),
        steps: withStep(transfer, event.step, { state: 'active', at }),
        updatedAt: at,
      }
    case 'transfer.signed': {
      const signed = { rawHex: event.rawHex, txid: event.txid }
      const afterSign = completeStep(transfer, 'sign', at, null)
      return { ...completeStep(afterSign, 'verify', at, event.txid), signed }
    }
    case 'transfer.outcome':
      return completeStep(transfer, event.step, at, event.reference)
    case 'transfer.refused':
      assertCurrent(transfer, event.step)
      return {
        ...transfer,
        state: 'refused',
        steps: withStep(transfer, event.step, { state: 'failed', at }),
        refusal: event.refusal,
        updatedAt: at,
      }
    case 'transfer.unknown':
      assertCurrent(transfer, event.step)
      return {
        ...transfer,
        state: 'unknown',
        // `at` stays that of the intent: evidence is looked for from there on.
        steps: withStep(transfer, event.step, { state: 'unknown' }),
        refusal: event.refusal,
        updatedAt: at,
      }
    case 'transfer.resolved':
      return { ...transfer, updatedAt: at }
    case 'transfer.cancelled':
      if (!canCancel(transfer)) throw new Error(`journal: cancelled while ${transfer.state}`)
      return { ...transfer, state: 'cancelled', updatedAt: at }
  }
}
