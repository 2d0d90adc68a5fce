/** One sweep for an account with enough excess: the asset of which most may leave. Exact units, rounded down.
 *  The standing afterwards is the changed snapshot assessed again; a sweep that breaks a scenario is not made. */
import { applyTransfer } from '../collateral/applyTransfer.ts'
import type { AccountSnapshot, Collateral } from '../collateral/snapshot.ts'
import { assess } from '../risk/assess.ts'
import { removableUnits } from '../risk/removable.ts'
import type { RiskReport } from '../risk/report.ts'
import { standingOf } from '../risk/standing.ts'
import {
  type Amount,
  amountFromDecimal,
  amountFromNumberDown,
  amountToDecimal,
  amountToNumber,
} from '../units/amount.ts'
import type { Decimal } from '../units/decimal.ts'
import { type Everything, overCap } from './exposure.ts'
import { reason, roundCents, type SuggestOptions, shortfallOf, valueOf } from './figures.ts'
import type { Reason, Suggestion } from './suggestion.ts'

export function sweep(
  report: RiskReport,
  snapshot: AccountSnapshot,
  options: SuggestOptions,
  everything: Everything,
): Suggestion | undefined {
  const minimum = options.policy.minimumSweepUsd
  const most = valueOf(report.excessUsd) - headroomOf(report, options)
  if (most < minimum || shortfallOf(report) > 0) return undefined
  const [best] = snapshot.collaterals
    .flatMap((collateral) => sweepable(snapshot, collateral, most, options))
    .toSorted((a, b) => b.usd - a.usd)
  if (best === undefined || best.usd < minimum) return undefined
  const { amount } = best
  const leaving = amountToDecimal({ ...amount, units: -amount.units })
  const after = assess(applyTransfer(snapshot, amount.asset, leaving), options)
  if (after.shortfallUsd.kind === 'unknown' || shortfallOf(after) > 0) return undefined
  return {
    id: `sweep:${report.accountId}`,
    kind: 'sweep',
    accountId: report.accountId,
    venue: report.venue,
    venueLabel: report.label,
    amount,
    before: standingOf(report),
    after: standingOf(after),
    basedOn: report.asOf,
    reasons: reasonsFor(report, after, options, everything),
  }
}

/** A plan stays valid while prices move within the policy's limit, so what it takes must still be
 *  excess at the edge of it: equity falls with the price, and the requirement of a short rises. */
const headroomPerMove = 1.5

export function headroomOf(report: RiskReport, options: SuggestOptions): number {
  const gross = report.positions.reduce((sum, { notionalUsd }) => sum + valueOf(notionalUsd), 0)
  return gross * (options.policy.priceLimitBps / 10_000) * headroomPerMove
}

/** The most of one asset that policy, excess and the venue let out; nothing where any of it is unknown. */
function sweepable(
  snapshot: AccountSnapshot,
  collateral: Collateral,
  mostUsd: number,
  options: SuggestOptions,
): readonly { readonly amount: Amount; readonly usd: number }[] {
  const asset = options.assets.find(({ symbol }) => symbol === collateral.asset)
  const price = Number(collateral.priceUsd ?? 0)
  const ceiling = collateral.withdrawable ?? loneWithdrawable(snapshot)
  if (asset === undefined || ceiling === null || !(price > 0)) return []
  const most = Math.min(removableUnits(snapshot, collateral, options), mostUsd / price)
  const byPolicy = amountFromNumberDown(asset, Math.max(0, most))
  const byVenue = amountFromDecimal(asset, ceiling, 'down')
  if (byVenue === undefined) return []
  const amount = byVenue.units < byPolicy.units ? byVenue : byPolicy
  return amount.units > 0n ? [{ amount, usd: amountToNumber(amount) * price }] : []
}

/** The account's total stands for its one collateral where that is a dollar of its own. */
function loneWithdrawable(snapshot: AccountSnapshot): Decimal | null {
  const [only, ...others] = snapshot.collaterals
  return others.length === 0 && Number(only?.priceUsd) === 1 ? snapshot.reported.withdrawable : null
}

function reasonsFor(
  report: RiskReport,
  after: RiskReport,
  options: SuggestOptions,
  everything: Everything,
): readonly Reason[] {
  const headroomUsd = roundCents(headroomOf(report, options))
  const binding = report.bindingScenario
  const passed = after.scenarios.filter(({ outcome }) => outcome === 'passes').length
  return [
    reason('reason.sweep.excess', {
      excessUsd: valueOf(report.excessUsd),
      requiredUsd: roundCents(valueOf(report.requiredUsd)),
    }),
    ...(binding === null ? [] : [reason('reason.sweep.binding', { scenario: binding })]),
    reason('reason.sweep.stillPasses', { scenarios: passed }),
    ...(headroomUsd > 0 ? [reason('reason.sweep.headroom', { headroomUsd })] : []),
    ...overCap(report, null, options, everything),
  ]
}
