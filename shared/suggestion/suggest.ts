/** Reports → what should cross the wall: one sweep per account with enough excess, one top-up per account that is
 *  short. Only from complete reports; `whyNoSuggestion` gives the reason where there is none.
 *  Amounts are exact in the asset's units, rounded down for sweeps and up for top-ups; the standing afterwards
 *  is the changed snapshot assessed again, and a sweep that would break a scenario is not made. */
import { applyTransfer } from '../collateral/applyTransfer.ts'
import type { AccountSnapshot, Collateral } from '../collateral/snapshot.ts'
import { assess } from '../risk/assess.ts'
import type { AssessOptions } from '../risk/options.ts'
import { removableUnits } from '../risk/removable.ts'
import type { Measure, RiskReport } from '../risk/report.ts'
import { standingOf } from '../risk/standing.ts'
import {
  type Amount,
  type Asset,
  amountFromDecimal,
  amountFromNumberDown,
  amountToDecimal,
  amountToNumber,
} from '../units/amount.ts'
import { type Decimal, decimalToNumber } from '../units/decimal.ts'
import type { Reason, Suggestion } from './suggestion.ts'

export interface SuggestOptions extends AssessOptions {
  /** What the vault holds, by asset; a top-up is taken from here. */
  readonly vault: readonly Amount[]
  /** Exact units of the assets that can move; an asset that is not here is never suggested. */
  readonly assets: readonly Asset[]
}

/** Largest excess first; stable ids, so that a screen does not flicker. */
export function suggest(
  reports: readonly RiskReport[],
  snapshots: readonly AccountSnapshot[],
  options: SuggestOptions,
): readonly Suggestion[] {
  const found = reports.flatMap((report) => {
    const snapshot = snapshots.find(({ accountId }) => accountId === report.accountId)
    if (snapshot === undefined || refusalToSuggest(report, snapshot) !== undefined) return []
    const suggestion =
      topUp(report, snapshot, options) ?? sweep(report, snapshot, options, reports, snapshots)
    return suggestion === undefined ? [] : [suggestion]
  })
  return found.toSorted((a, b) => rank(b, reports) - rank(a, reports))
}

/** Why an account has no suggestion, as a catalogue key with values; undefined when it has one. */
export function whyNoSuggestion(
  report: RiskReport,
  snapshot: AccountSnapshot,
  options: SuggestOptions,
): Reason | undefined {
  const refusal = refusalToSuggest(report, snapshot)
  if (refusal !== undefined) return refusal
  if (topUp(report, snapshot, options) !== undefined) return undefined
  if (short(report) > 0)
    return reason('reason.none.vaultLacks', { shortfallUsd: roundCents(short(report)) })
  if (sweep(report, snapshot, options, [report], [snapshot]) !== undefined) return undefined
  const excessUsd = report.excessUsd.kind === 'known' ? report.excessUsd.value : 0
  const { minimumSweepUsd } = options.policy
  if (excessUsd - headroomOf(report, options) < minimumSweepUsd)
    return reason('reason.none.underMinimum', { excessUsd, minimumUsd: minimumSweepUsd })
  return reason('reason.none.noMovableAsset', { excessUsd })
}

function refusalToSuggest(report: RiskReport, snapshot: AccountSnapshot): Reason | undefined {
  if (report.asOf !== snapshot.asOf) return reason('reason.none.otherSnapshot', {})
  if (report.state === 'stale') return reason('reason.none.stale', { asOf: report.asOf })
  if (report.state === 'partial')
    return reason('reason.none.partial', { missing: report.missing.join(', ') })
  if (report.state === 'unverified') {
    const differing = report.positions.filter(
      ({ verification }) => verification.kind === 'differs' || verification.kind === 'unverified',
    )
    const equity = report.equityVerification?.kind === 'differs' ? ['equity'] : []
    return reason('reason.none.unverified', {
      symbols: [...differing.map(({ symbol }) => symbol), ...equity].join(', '),
    })
  }
  const unknown = [report.requiredUsd, report.excessUsd, report.shortfallUsd].some(
    (measure) => measure.kind === 'unknown',
  )
  return unknown ? reason('reason.none.partial', { missing: report.missing.join(', ') }) : undefined
}

function sweep(
  report: RiskReport,
  snapshot: AccountSnapshot,
  options: SuggestOptions,
  reports: readonly RiskReport[],
  snapshots: readonly AccountSnapshot[],
): Suggestion | undefined {
  if (report.excessUsd.kind !== 'known') return undefined
  const excessUsd = report.excessUsd.value
  const headroomUsd = headroomOf(report, options)
  const most = excessUsd - headroomUsd
  if (most < options.policy.minimumSweepUsd || short(report) > 0) return undefined
  const candidates = snapshot.collaterals
    .flatMap((collateral) => {
      const amount = sweepable(snapshot, collateral, most, options)
      if (amount === undefined) return []
      return [{ amount, usd: amountToNumber(amount) * Number(collateral.priceUsd) }]
    })
    .sort((a, b) => b.usd - a.usd)
  const best = candidates[0]
  if (best === undefined || best.usd < options.policy.minimumSweepUsd) return undefined
  const after = assess(
    applyTransfer(snapshot, best.amount.asset, negated(amountToDecimal(best.amount))),
    options,
  )
  if (short(after) > 0 || after.shortfallUsd.kind === 'unknown') return undefined
  return {
    id: `sweep:${report.accountId}`,
    kind: 'sweep',
    accountId: report.accountId,
    venue: report.venue,
    venueLabel: report.label,
    amount: best.amount,
    before: standingOf(report),
    after: standingOf(after),
    basedOn: report.asOf,
    reasons: [
      reason('reason.sweep.excess', {
        excessUsd,
        requiredUsd: roundCents(value(report.requiredUsd)),
      }),
      ...(report.bindingScenario === null
        ? []
        : [reason('reason.sweep.binding', { scenario: report.bindingScenario })]),
      reason('reason.sweep.stillPasses', {
        scenarios: after.scenarios.filter(({ outcome }) => outcome === 'passes').length,
      }),
      ...(headroomUsd > 0
        ? [reason('reason.sweep.headroom', { headroomUsd: roundCents(headroomUsd) })]
        : []),
      ...capReason(report, reports, snapshots, options),
    ],
  }
}

/** A plan stays valid while prices move within the policy's limit, so what it takes must still be
 *  excess at the edge of it: equity falls with the price, and the requirement of a short rises. */
const headroomPerMove = 1.5

function headroomOf(report: RiskReport, options: SuggestOptions): number {
  const gross = report.positions.reduce((sum, { notionalUsd }) => sum + value(notionalUsd), 0)
  return gross * (options.policy.priceLimitBps / 10_000) * headroomPerMove
}

/** The most of one asset that policy, excess and the venue let out; undefined for none. */
function sweepable(
  snapshot: AccountSnapshot,
  collateral: Collateral,
  mostUsd: number,
  options: SuggestOptions,
): Amount | undefined {
  const asset = options.assets.find(({ symbol }) => symbol === collateral.asset)
  const price = Number(collateral.priceUsd ?? 0)
  const ceiling = collateral.withdrawable ?? loneWithdrawable(snapshot)
  if (asset === undefined || ceiling === null || !(price > 0)) return undefined
  const most = Math.min(removableUnits(snapshot, collateral, options), mostUsd / price)
  const byPolicy = amountFromNumberDown(asset, Math.max(0, most))
  const byVenue = amountFromDecimal(asset, ceiling, 'down')
  if (byVenue === undefined) return undefined
  const least = byVenue.units < byPolicy.units ? byVenue : byPolicy
  return least.units > 0n ? least : undefined
}

/** The account's total stands for its one collateral where that is a dollar of its own. */
function loneWithdrawable(snapshot: AccountSnapshot): Decimal | null {
  const [only, ...others] = snapshot.collaterals
  return others.length === 0 && Number(only?.priceUsd) === 1 ? snapshot.reported.withdrawable : null
}

function topUp(
  report: RiskReport,
  snapshot: AccountSnapshot,
  options: SuggestOptions,
): Suggestion | undefined {
  const shortfallUsd = short(report)
  if (shortfallUsd <= 0) return undefined
  const settles = snapshot.positions.map((position) => position.settle)
  for (const held of options.vault) {
    const collateral = snapshot.collaterals.find(
      ({ asset }) =>
        asset === held.asset && (snapshot.marginMode !== 'single-asset' || settles.includes(asset)),
    )
    const price = Number(collateral?.priceUsd ?? 0)
    const asset = options.assets.find(({ symbol }) => symbol === held.asset)
    if (asset === undefined || !(price > 0) || held.units <= 0n) continue
    const needed = amountFromNumberDown(asset, shortfallUsd / price)
    const up = { ...needed, units: needed.units + 1n }
    const amount = up.units <= held.units ? up : held
    const after = assess(applyTransfer(snapshot, held.asset, amountToDecimal(amount)), options)
    return {
      id: `top-up:${report.accountId}`,
      kind: 'top-up',
      accountId: report.accountId,
      venue: report.venue,
      venueLabel: report.label,
      amount,
      before: standingOf(report),
      after: standingOf(after),
      basedOn: report.asOf,
      reasons: [
        reason('reason.topUp.shortfall', { shortfallUsd: roundCents(shortfallUsd) }),
        ...(report.bindingScenario === null
          ? []
          : [reason('reason.topUp.binding', { scenario: report.bindingScenario })]),
        ...(amount === up ? [] : [reason('reason.topUp.vaultLacksRest', { asset: held.asset })]),
      ],
    }
  }
  return undefined
}

/** One venue holding more than the policy's share of everything is a reason of its own. */
function capReason(
  report: RiskReport,
  all: readonly RiskReport[],
  snapshots: readonly AccountSnapshot[],
  options: SuggestOptions,
): readonly Reason[] {
  const venues = all.reduce((sum, { equityUsd }) => sum + Math.max(0, value(equityUsd)), 0)
  const vault = options.vault.reduce(
    (sum, held) => sum + amountToNumber(held) * (priceOf(snapshots, held.asset) ?? 0),
    0,
  )
  const share = value(report.equityUsd) / (venues + vault)
  if (!(share > options.policy.exposureCap)) return []
  return [reason('reason.sweep.exposureCap', { share, cap: options.policy.exposureCap })]
}

function priceOf(snapshots: readonly AccountSnapshot[], asset: string): number | undefined {
  for (const { collaterals } of snapshots) {
    const found = collaterals.find((collateral) => collateral.asset === asset)
    const said = found?.priceUsd ?? null
    if (said !== null) return Number(said)
  }
  return undefined
}

/** What is short comes before what is too much. */
function rank(suggestion: Suggestion, reports: readonly RiskReport[]): number {
  const report = reports.find(({ accountId }) => accountId === suggestion.accountId)
  if (report === undefined) return 0
  return suggestion.kind === 'top-up' ? 1e15 + short(report) : value(report.excessUsd)
}

function short(report: RiskReport): number {
  return report.shortfallUsd.kind === 'known' ? report.shortfallUsd.value : 0
}

function value(measure: Measure): number {
  return measure.kind === 'known' ? measure.value : 0
}

function reason(key: string, values: Reason['values']): Reason {
  return { key, values }
}

function roundCents(usd: number): number {
  return Math.round(usd * 100) / 100
}

function negated(value: Decimal): Decimal {
  return decimalToNumber(value) === 0 ? value : (`-${value}` as Decimal)
}
