/** Who has been paid before, read from the journal's finished transfers: an address earns trust by one small
 *  confirmed payment and a cool-off, never by being typed. Look-alikes of known addresses are refused. */
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import type { Quote } from '../../../shared/market/quote.ts'
import type { Policy } from '../../../shared/risk/policy.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import {
  type Amount,
  amountFromNumberDown,
  amountToDecimal,
  compareAmounts,
} from '../../../shared/units/amount.ts'
import { HOUR_MS } from '../../../shared/units/time.ts'

export interface KnownRecipient {
  readonly address: string
  readonly label: string
  /** When the first payment to it was confirmed. */
  readonly firstConfirmedAt: number
}

/** Letters at each end that people compare, and that address poisoning therefore copies. */
const comparedLetters = 4

export function knownRecipients(transfers: readonly Transfer[]): readonly KnownRecipient[] {
  const known = new Map<string, KnownRecipient>()
  for (const transfer of [...transfers].sort((a, b) => a.createdAt - b.createdAt)) {
    const { recipient } = transfer.plan
    if (transfer.state !== 'done' || known.has(recipient.address)) continue
    known.set(recipient.address, {
      address: recipient.address,
      label: recipient.label,
      firstConfirmedAt: transfer.updatedAt,
    })
  }
  return [...known.values()]
}

function significant(address: string): string {
  return address.toLowerCase().replace(/^(0x|bc1[qp]|bcrt1[qp]|tb1[qp])/, '')
}

/** True for two different addresses that look the same where people look. */
export function looksAlike(a: string, b: string): boolean {
  const [first, second] = [significant(a), significant(b)]
  return (
    first !== second &&
    first.slice(0, comparedLetters) === second.slice(0, comparedLetters) &&
    first.slice(-comparedLetters) === second.slice(-comparedLetters)
  )
}

export function checkLookAlike(
  address: string,
  known: readonly string[],
): Result<void, 'ADDRESS_INVALID'> {
  const twin = known.find((other) => looksAlike(address, other))
  return twin === undefined
    ? ok(undefined)
    : refuse('ADDRESS_INVALID', { address, reason: `looks like ${twin} and is another address` })
}

/** Base units of `asked`'s asset that the policy's first payment may be; null without a price. */
function firstPaymentCap(asked: Amount, quote: Quote | undefined, policy: Policy): Amount | null {
  const usd = Number(quote?.usd)
  if (!(usd > 0)) return null
  return amountFromNumberDown(
    { symbol: asked.asset, decimals: asked.decimals },
    policy.firstPaymentCapUsd / usd,
  )
}

/** The first payment to an address, and any before its cool-off ended, is small. Without a price it is refused. */
export function checkFirstPayment(request: {
  readonly address: string
  readonly asked: Amount
  readonly quote: Quote | undefined
  readonly known: readonly KnownRecipient[]
  readonly policy: Policy
  readonly now: number
}): Result<'known' | 'new', 'FIRST_PAYMENT_OVER_CAP'> {
  const { address, asked, policy } = request
  const before = request.known.find((recipient) => recipient.address === address)
  if (
    before !== undefined &&
    request.now >= before.firstConfirmedAt + policy.coolOffHours * HOUR_MS
  )
    return ok('known')
  const cap = firstPaymentCap(asked, request.quote, policy)
  if (cap !== null && compareAmounts(asked, cap) <= 0)
    return ok(before === undefined ? 'new' : 'known')
  return refuse('FIRST_PAYMENT_OVER_CAP', {
    asked: amountToDecimal(asked),
    cap: cap === null ? '0' : amountToDecimal(cap),
    asset: asked.asset,
    address,
  })
}
