/** Who has been paid before, read from the journal's finished transfers: an address earns trust by one small
 *  confirmed payment and a cool-off, never by being typed. Until then all payments to it together stay under the cap,
 *  in USD across assets. Look-alikes of known addresses are refused. */
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import type { Quote } from '../../../shared/market/quote.ts'
import type { Policy } from '../../../shared/risk/policy.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import { looksAlike } from '../../../shared/transfer/lookAlike.ts'
import { type TransferPlan, paymentsOf } from '../../../shared/transfer/plan.ts'
import {
  type Amount,
  amountFromNumberDown,
  amountToDecimal,
  amountToNumber,
  compareAmounts,
} from '../../../shared/units/amount.ts'
import { HOUR_MS } from '../../../shared/units/time.ts'
import { claimsOf, isUnderWay } from './inFlight.ts'

export interface KnownRecipient {
  /** 'bitcoin' or 'evm:<chainId>': a contract's address on one chain may be nobody's, or another's, on the next. */
  readonly chain: string
  readonly address: string
  readonly label: string
  /** When the first payment to it was confirmed. */
  readonly firstConfirmedAt: number
}

function chainOfPlan({ execution }: Pick<TransferPlan, 'execution'>): string {
  switch (execution.kind) {
    case 'bitcoin':
      return 'bitcoin'
    case 'evm':
      return `evm:${execution.chainId}`
    case 'venue':
      return execution.chain
  }
}

/** Once for each chain on which an address was paid. */
export function knownRecipients(transfers: readonly Transfer[]): readonly KnownRecipient[] {
  const known = new Map<string, KnownRecipient>()
  for (const transfer of [...transfers].sort((a, b) => a.createdAt - b.createdAt)) {
    const chain = chainOfPlan(transfer.plan)
    for (const { recipient } of paymentsOf(transfer.plan)) {
      const key = `${chain} ${recipient.address}`
      if (transfer.state !== 'done' || known.has(key)) continue
      known.set(key, {
        chain,
        address: recipient.address,
        label: recipient.label,
        firstConfirmedAt: transfer.updatedAt,
      })
    }
  }
  return [...known.values()]
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

/** What was paid, or may yet be: what has ended unpaid after it was signed can still be broadcast by whoever saw it. */
function mayBePaid(transfer: Transfer): boolean {
  return transfer.state === 'done' || isUnderWay(transfer) || transfer.signed !== null
}

/** USD of a payment at the higher of the price it was planned on and today's; null without either. */
function worthUsd(
  amount: Amount,
  { prices }: TransferPlan,
  quote: Quote | undefined,
): number | null {
  const planned = prices.find((price) => price.asset === amount.asset)
  const usd = [planned, quote].map((price) => Number(price?.usd)).filter((price) => price > 0)
  return usd.length === 0 ? null : amountToNumber(amount) * Math.max(...usd)
}

/**
 * USD that went or may yet go to this address on all chains where it is not trusted yet; null when some of it has no price.
 * @param payment  itself, and what spends its coins or its nonce, is left out: only one of those can happen
 */
export function paidUsd(
  payment: {
    readonly id: string | null
    readonly address: string
    readonly claims: readonly string[]
  },
  transfers: readonly Transfer[],
  quoteOf: (asset: string) => Quote | undefined,
  trustedOn: ReadonlySet<string>,
): number | null {
  const worths = transfers
    .filter((other) => other.id !== payment.id && mayBePaid(other))
    .filter((other) => !trustedOn.has(chainOfPlan(other.plan)))
    .flatMap(({ plan }) =>
      paymentsOf(plan)
        .filter(({ recipient }) => recipient.address === payment.address)
        .map(({ amount }) => ({
          claims: claimsOf(plan),
          usd: worthUsd(amount, plan, quoteOf(amount.asset)) ?? Number.POSITIVE_INFINITY,
        })),
    )
    // Of a payment and its replacements the largest counts.
    .sort((a, b) => b.usd - a.usd)
  const taken = new Set(payment.claims)
  let sum = 0
  for (const { claims, usd } of worths) {
    if (claims.some((claim) => taken.has(claim))) continue
    for (const claim of claims) taken.add(claim)
    sum += usd
  }
  return Number.isFinite(sum) ? sum : null
}

/** Base units of `asked`'s asset that may still go there before its cool-off has ended; null without a price. */
function firstPaymentCap(asked: Amount, quote: Quote | undefined, leftUsd: number): Amount | null {
  const usd = Number(quote?.usd)
  if (!(usd > 0)) return null
  return amountFromNumberDown(
    { symbol: asked.asset, decimals: asked.decimals },
    Math.max(0, leftUsd) / usd,
  )
}

/** The first payment to an address, and all before its cool-off ended together, are small. Without a price they are
 *  refused. `cap` of the refusal is what may still go there. */
export function checkFirstPayment(request: {
  readonly address: string
  readonly asked: Amount
  readonly quote: Quote | undefined
  readonly known: readonly KnownRecipient[]
  /** What other payments took of the cap; null when that is unknown. */
  readonly paidUsd: number | null
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
  const left = request.paidUsd === null ? 0 : policy.firstPaymentCapUsd - request.paidUsd
  const cap = firstPaymentCap(asked, request.quote, left)
  if (cap !== null && compareAmounts(asked, cap) <= 0)
    return ok(before === undefined ? 'new' : 'known')
  return refuse('FIRST_PAYMENT_OVER_CAP', {
    asked: amountToDecimal(asked),
    cap: cap === null ? '0' : amountToDecimal(cap),
    asset: asked.asset,
    address,
  })
}

export interface PaymentContext {
  readonly transfers: readonly Transfer[]
  /** Fresh quotes only. */
  readonly quoteOf: (asset: string) => Quote | undefined
  readonly policy: Policy
  readonly now: number
}

/** @param payment  `id` null and no claims while there is no plan yet */
export function checkPayment(
  payment: {
    readonly id: string | null
    readonly chain: string
    readonly address: string
    readonly asked: Amount
    readonly claims: readonly string[]
  },
  { transfers, quoteOf, policy, now }: PaymentContext,
): Result<'known' | 'new', 'FIRST_PAYMENT_OVER_CAP'> {
  const known = knownRecipients(transfers).filter(({ address }) => address === payment.address)
  const trustedOn = known
    .filter(({ firstConfirmedAt }) => now >= firstConfirmedAt + policy.coolOffHours * HOUR_MS)
    .map(({ chain }) => chain)
  return checkFirstPayment({
    address: payment.address,
    asked: payment.asked,
    quote: quoteOf(payment.asked.asset),
    known: known.filter(({ chain }) => chain === payment.chain),
    paidUsd: paidUsd(payment, transfers, quoteOf, new Set(trustedOn)),
    policy,
    now,
  })
}

/** Asked again at approval: of two plans that were each under the cap, the second sees the first under way. */
export function checkPlannedPayment(
  plan: TransferPlan,
  context: PaymentContext,
  isGiven: (accountId: string) => boolean,
): Result<'known' | 'new', 'FIRST_PAYMENT_OVER_CAP'> {
  const { accountId } = plan
  let seen: 'known' | 'new' = 'known'
  for (const { recipient, amount } of paymentsOf(plan)) {
    const own = recipient.origin === 'vault'
    const given = recipient.origin === 'venue-deposit' && accountId !== null && isGiven(accountId)
    if (own || given) continue
    const checked = checkPayment(
      {
        id: plan.id,
        chain: chainOfPlan(plan),
        address: recipient.address,
        asked: amount,
        claims: claimsOf(plan),
      },
      context,
    )
    if (!checked.ok) return checked
    if (checked.value === 'new') seen = 'new'
  }
  return ok(seen)
}
