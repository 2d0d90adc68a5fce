/** Is the plan still true? Asked when it is approved and again right before money is ordered to move:
 *  the coins' amounts, age, prices, and for a sweep the account's risk afterwards on figures read now. */
import type { CodeOf } from '../../../shared/contract/method.ts'
import type { transfersApprove } from '../../../shared/contract/methods/transfers.ts'
import { checkInputAmounts } from '../../../shared/transfer/btc/inputAmounts.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import { type Refusal, type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import { applyTransfer } from '../../../shared/collateral/applyTransfer.ts'
import type { AccountSnapshot } from '../../../shared/collateral/snapshot.ts'
import type { Policy } from '../../../shared/risk/policy.ts'
import type { RiskReport } from '../../../shared/risk/report.ts'
import type { TransferPlan } from '../../../shared/transfer/plan.ts'
import {
  type Amount,
  amountFromDecimal,
  amountFromNumberDown,
  amountToDecimal,
  compareAmounts,
} from '../../../shared/units/amount.ts'
import type { Portfolio } from '../portfolio.ts'
import type { Vault } from '../vault/vault.ts'
import { ageOf, checkAgreement, freshOf, highestOf } from '../quotes.ts'
import { withoutSweepsUnderWay } from './inFlight.ts'
import { checkTerms } from './planVenue.ts'
import { checkPlannedPayment } from './recipients.ts'

/** Basis points between two positive prices, of the first; infinite when one is not a price. */
export function movedBps(before: number, after: number): number {
  if (!(before > 0 && before < Infinity && after > 0 && after < Infinity))
    return Number.POSITIVE_INFINITY
  return (Math.abs(after - before) / before) * 10_000
}

/** A plan from the future was made before the clock went back: nobody knows how old it is. */
const clockStepMs = 5_000

export function checkAge(
  plan: TransferPlan,
  policy: Policy,
  now: number,
): Result<void, 'PLAN_EXPIRED'> {
  const expiresAt = Math.min(plan.expiresAt, plan.createdAt + policy.planLifetimeMs)
  return now < expiresAt && now >= plan.createdAt - clockStepMs
    ? ok(undefined)
    : refuse('PLAN_EXPIRED', {
        ageMs: now - plan.createdAt,
        limitMs: expiresAt - plan.createdAt,
      })
}

export function checkPrices(
  plan: TransferPlan,
  portfolio: Portfolio,
  policy: Policy,
  now: number,
): Result<void, 'PLAN_PRICES_MOVED' | 'SNAPSHOT_STALE'> {
  // The stricter of the plan's own limit and today's: a policy may have been tightened since.
  const limitBps = Math.min(plan.priceLimitBps, policy.priceLimitBps)
  for (const planned of plan.prices) {
    // The venue that was asked when planning first: another's price may differ a little without having moved.
    const fresh = freshOf(portfolio.quotesOf(planned.asset), now, policy.staleAfterMs)
    const quote =
      fresh.find(({ source }) => source === planned.source) ?? portfolio.quote(planned.asset)
    const ageMs = quote === undefined ? Number.MAX_SAFE_INTEGER : ageOf(quote.asOf, now)
    if (quote === undefined || ageMs > policy.staleAfterMs) {
      return refuse('SNAPSHOT_STALE', {
        venue: planned.source,
        ageMs,
        limitMs: policy.staleAfterMs,
      })
    }
    const moved = movedBps(Number(planned.usd), Number(quote.usd))
    if (moved > limitBps) {
      return refuse('PLAN_PRICES_MOVED', {
        asset: planned.asset,
        planned: planned.usd,
        now: quote.usd,
        movedBps: Number.isFinite(moved) ? Math.round(moved) : 10_000,
        limitBps,
      })
    }
  }
  return ok(undefined)
}

/** Every price that the plan stands on, as the venues tell it now; asked of all of them once more before refusing. */
export async function checkAgreed(
  plan: TransferPlan,
  portfolio: Portfolio,
  staleAfterMs: () => number,
  now: () => number,
): Promise<Result<void, 'PRICES_DISAGREE'>> {
  const assets = new Set([plan.amount.asset, ...plan.prices.map(({ asset }) => asset)])
  const check = () =>
    [...assets]
      .map((asset) => checkAgreement(freshOf(portfolio.quotesOf(asset), now(), staleAfterMs())))
      .find((agreed) => !agreed.ok) ?? ok(undefined)
  const agreed = check()
  if (agreed.ok) return agreed
  await portfolio.refresh()
  return check()
}

/** What may leave in this asset: the smaller of the excess at the venue's own price and what the venue lets out. */
export function excessIn(
  snapshot: AccountSnapshot,
  report: RiskReport,
  asset: { readonly symbol: string; readonly decimals: number },
): Result<Amount, 'SNAPSHOT_MISSING' | 'MARGIN_INPUT_INVALID'> {
  const collateral = snapshot.collaterals.find((held) => held.asset === asset.symbol)
  const price = Number(collateral?.priceUsd)
  if (collateral === undefined || !(price > 0))
    return refuse('SNAPSHOT_MISSING', { venue: snapshot.label })
  if (report.excessUsd.kind === 'unknown') {
    const field = report.excessUsd.missing[0] ?? 'excess'
    return refuse('MARGIN_INPUT_INVALID', { field, value: '', reason: 'unknown' })
  }
  const byRisk = amountFromNumberDown(asset, report.excessUsd.value / price)
  const ceiling =
    collateral.withdrawable === null
      ? undefined
      : amountFromDecimal(asset, collateral.withdrawable, 'down')
  return ok(ceiling !== undefined && compareAmounts(ceiling, byRisk) < 0 ? ceiling : byRisk)
}

/** A sweep must fit in the excess and leave every scenario of the policy standing. */
export function checkSweep(
  snapshot: AccountSnapshot,
  leaves: Amount,
  portfolio: Portfolio,
  policy: Policy,
  now: number,
  /** The same account without what other sweeps are taking out of it. */
  settled: AccountSnapshot,
): Result<
  { readonly before: RiskReport; readonly after: RiskReport },
  | 'SNAPSHOT_STALE'
  | 'SNAPSHOT_MISSING'
  | 'MARGIN_INPUT_INVALID'
  | 'AMOUNT_OVER_EXCESS'
  | 'RISK_AFTER_TOO_HIGH'
> {
  const ageMs = now - snapshot.asOf
  const seen = portfolio.report(snapshot)
  if (seen.state === 'stale') {
    return refuse('SNAPSHOT_STALE', { venue: snapshot.label, ageMs, limitMs: policy.staleAfterMs })
  }
  if (seen.state !== 'complete') {
    return refuse('MARGIN_INPUT_INVALID', {
      field: seen.missing[0] ?? 'account',
      value: '',
      reason: seen.state,
    })
  }
  const before = settled === snapshot ? seen : portfolio.report(settled)
  const excess = excessIn(settled, before, { symbol: leaves.asset, decimals: leaves.decimals })
  if (!excess.ok) return excess
  if (compareAmounts(leaves, excess.value) > 0) {
    return refuse('AMOUNT_OVER_EXCESS', {
      asked: amountToDecimal(leaves),
      excess: amountToDecimal(excess.value),
      asset: leaves.asset,
    })
  }
  const after = portfolio.report(
    applyTransfer(settled, leaves.asset, amountToDecimal({ ...leaves, units: -leaves.units })),
  )
  if (after.shortfallUsd.kind !== 'known' || after.shortfallUsd.value > 0) {
    const { shortfallUsd } = after
    return refuse('RISK_AFTER_TOO_HIGH', {
      scenario: after.bindingScenario ?? 'unknown',
      slackAfter: shortfallUsd.kind === 'known' ? (-shortfallUsd.value).toFixed(2) : 'unknown',
    })
  }
  return ok({ before, after })
}

const termsTimeoutMs = 15_000

type RecheckCode = CodeOf<typeof transfersApprove>

export interface RecheckContext {
  readonly portfolio: Portfolio
  readonly vault: Vault
  readonly policy: () => Policy
  readonly now: () => number
  readonly transfers: () => readonly Transfer[]
  /** True for an account that was there from the start. */
  readonly isGiven: (accountId: string) => boolean
}

/** Still under the first payment's cap, with what was approved since. Waits for nothing. */
export function recheckPayment(
  plan: TransferPlan,
  { portfolio, isGiven, ...context }: Omit<RecheckContext, 'vault'>,
): Result<unknown, 'FIRST_PAYMENT_OVER_CAP'> {
  const [policy, now] = [context.policy(), context.now()]
  const quoteOf = (asset: string) =>
    highestOf(freshOf(portfolio.quotesOf(asset), now, policy.staleAfterMs))
  const payments = { transfers: context.transfers(), quoteOf, policy, now }
  return checkPlannedPayment(plan, payments, isGiven)
}

/** A sweep on the venue's terms of now; null for every other plan. */
export async function recheckTerms(
  { execution }: TransferPlan,
  { portfolio, vault, policy }: Pick<RecheckContext, 'portfolio' | 'vault' | 'policy'>,
  signal: AbortSignal,
): Promise<Refusal<RecheckCode> | null> {
  if (execution.kind !== 'venue') return null
  const port = portfolio.account(execution.accountId)?.port
  if (port === undefined) return { code: 'SNAPSHOT_MISSING', data: { venue: execution.accountId } }
  const terms = await checkTerms(execution, port, vault, policy().feeCapOfAmount, signal)
  return terms.ok ? null : terms.refusal
}

export async function recheckPlan(
  plan: TransferPlan,
  context: RecheckContext,
): Promise<Refusal<RecheckCode> | null> {
  const { portfolio } = context
  const steady = checkInputAmounts(plan, context.transfers())
  if (!steady.ok) return steady.refusal
  const policy = context.policy()
  const aged = checkAge(plan, policy, context.now())
  if (!aged.ok) return aged.refusal
  if (plan.accountId !== null) await portfolio.refresh(plan.accountId)
  const priced = checkPrices(plan, portfolio, policy, context.now())
  if (!priced.ok) return priced.refusal
  const staleAfterMs = () => context.policy().staleAfterMs
  const agreed = await checkAgreed(plan, portfolio, staleAfterMs, context.now)
  if (!agreed.ok) return agreed.refusal
  const small = recheckPayment(plan, context)
  if (!small.ok) return small.refusal
  if (plan.purpose !== 'sweep' || plan.accountId === null) return null
  const account = portfolio.account(plan.accountId)
  if (account?.snapshot == null)
    return { code: 'SNAPSHOT_MISSING', data: { venue: plan.accountId } }
  if (account.refusal !== null) return account.refusal
  const settled = withoutSweepsUnderWay(account.snapshot, context.transfers(), plan.id)
  const safe = checkSweep(account.snapshot, plan.amount, portfolio, policy, context.now(), settled)
  if (!safe.ok) return safe.refusal
  return recheckTerms(plan, context, AbortSignal.timeout(termsTimeoutMs))
}
