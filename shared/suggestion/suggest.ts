/** Reports → what should cross the wall: one sweep per account with enough excess, one top-up per account that is
 *  short. Only from complete reports; `whyNoSuggestion` gives the reason where there is none. */
import type { AccountSnapshot } from '../collateral/snapshot.ts'
import type { RiskReport } from '../risk/report.ts'
import { reason, roundCents, type SuggestOptions, shortfallOf, valueOf } from './figures.ts'
import type { Reason, Suggestion } from './suggestion.ts'
import { headroomOf, sweep } from './sweep.ts'
import { topUp } from './topUp.ts'

/** What is short first, then the largest excess; stable ids, so that a screen does not flicker. */
export function suggest(
  reports: readonly RiskReport[],
  snapshots: readonly AccountSnapshot[],
  options: SuggestOptions,
): readonly Suggestion[] {
  const everything = { reports, snapshots }
  const found = reports.flatMap((report) => {
    const snapshot = snapshots.find(({ accountId }) => accountId === report.accountId)
    if (snapshot === undefined || refusalToSuggest(report, snapshot) !== undefined) return []
    const made =
      topUp(report, snapshot, options, everything) ?? sweep(report, snapshot, options, everything)
    return made === undefined ? [] : [{ made, rank: rankOf(made, report) }]
  })
  return found.toSorted((a, b) => b.rank - a.rank).map(({ made }) => made)
}

/** Why an account has no suggestion, as a catalogue key with values; undefined when it has one. */
export function whyNoSuggestion(
  report: RiskReport,
  snapshot: AccountSnapshot,
  options: SuggestOptions,
): Reason | undefined {
  const refusal = refusalToSuggest(report, snapshot)
  if (refusal !== undefined) return refusal
  const everything = { reports: [report], snapshots: [snapshot] }
  if (topUp(report, snapshot, options, everything) !== undefined) return undefined
  const shortfallUsd = roundCents(shortfallOf(report))
  if (shortfallUsd > 0) return reason('reason.none.vaultLacks', { shortfallUsd })
  if (sweep(report, snapshot, options, everything) !== undefined) return undefined
  const excessUsd = valueOf(report.excessUsd)
  const minimumUsd = options.policy.minimumSweepUsd
  return excessUsd - headroomOf(report, options) < minimumUsd
    ? reason('reason.none.underMinimum', { excessUsd, minimumUsd })
    : reason('reason.none.noMovableAsset', { excessUsd })
}

function refusalToSuggest(report: RiskReport, snapshot: AccountSnapshot): Reason | undefined {
  if (report.asOf !== snapshot.asOf) return reason('reason.none.otherSnapshot', {})
  if (report.state === 'stale') return reason('reason.none.stale', { asOf: report.asOf })
  if (report.state === 'unverified')
    return reason('reason.none.unverified', { symbols: unverified(report).join(', ') })
  const unknown = [report.requiredUsd, report.excessUsd, report.shortfallUsd].some(
    (measure) => measure.kind === 'unknown',
  )
  return report.state === 'partial' || unknown
    ? reason('reason.none.partial', { missing: report.missing.join(', ') })
    : undefined
}

function unverified(report: RiskReport): readonly string[] {
  const positions = report.positions.filter(
    ({ verification }) => verification.kind === 'differs' || verification.kind === 'unverified',
  )
  const equity = report.equityVerification?.kind === 'differs' ? ['equity'] : []
  return [...positions.map(({ symbol }) => symbol), ...equity]
}

/** More than any excess there can be. */
const shortFirst = 1e15

function rankOf(suggestion: Suggestion, report: RiskReport): number {
  return suggestion.kind === 'top-up' ? shortFirst + shortfallOf(report) : valueOf(report.excessUsd)
}
