/** A payment while it is written: to one or several recipients, and what is still missing before it can be planned. */
import type { Language } from '../../language/messages.ts'
import { readLocalDecimal } from '../../format/numbers.ts'
import { type Fee, ownRate } from '../../ui/FeeTarget.tsx'

export interface RecipientDraft {
  readonly address: string
  /** As typed, in the language's own separators. */
  readonly amount: string
  readonly label: string
}

export interface SendDraft {
  /** `account chain asset`; null for the first. */
  readonly source: string | null
  /** The first is always there; more of them only on bitcoin. */
  readonly recipients: readonly RecipientDraft[]
  /** Everything to the first and only recipient. */
  readonly all: boolean
  readonly fee: Fee
}

export const emptyRecipient: RecipientDraft = { address: '', amount: '', label: '' }

export const emptyDraft: SendDraft = {
  source: null,
  recipients: [emptyRecipient],
  all: false,
  fee: { kind: 'target', target: 'normal' },
}

export interface Payment {
  readonly address: string
  /** Decimal text or 'all'. */
  readonly amount: string
  readonly label?: string
}

export type Read =
  | { readonly kind: 'missing'; readonly what: 'amount' | 'address' | 'rate' }
  | {
      readonly kind: 'ready'
      readonly first: Payment
      readonly also: readonly Payment[]
      readonly feeRateSatPerVb: number | null
    }

/** @param cap  sat/vB that the policy allows at most; undefined while unknown */
export function readDraft(draft: SendDraft, locale: Language, cap: number | undefined): Read {
  const payments: Payment[] = []
  for (const { address, amount, label } of draft.recipients) {
    const asked = draft.all ? 'all' : readLocalDecimal(locale, amount)
    if (asked === undefined) return { kind: 'missing', what: 'amount' }
    if (address.trim() === '') return { kind: 'missing', what: 'address' }
    payments.push({
      address: address.trim(),
      amount: asked,
      ...(label.trim() === '' ? {} : { label: label.trim() }),
    })
  }
  const rate = draft.fee.kind === 'own' ? ownRate(locale, draft.fee.text, cap) : null
  if (draft.fee.kind === 'own' && rate === null) return { kind: 'missing', what: 'rate' }
  const [first, ...also] = payments
  if (first === undefined) return { kind: 'missing', what: 'address' }
  return { kind: 'ready', first, also, feeRateSatPerVb: rate }
}
