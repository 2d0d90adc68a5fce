/** One top-up for an account that is short of its policy: the vault's asset that lowers the shortfall most.
 *  Exact units, rounded up; less when the vault has less. What lands in the cross wallet cannot help an isolated
 *  position: where nothing would get better, nothing is suggested. */
import { applyTransfer } from '../collateral/applyTransfer.ts'
import type { AccountSnapshot } from '../collateral/snapshot.ts'
import { assess } from '../risk/assess.ts'
import type { RiskReport } from '../risk/report.ts'
import { standingOf } from '../risk/standing.ts'
import { type Amount, amountFromNumberDown, amountToDecimal } from '../units/amount.ts'
import { type Everything, overCap } from './exposure.ts'
import { reason, roundCents, type SuggestOptions, shortfallOf } from './figures.ts'
import type { Suggestion } from './suggestion.ts'

interface Candidate {
  readonly amount: Amount
  readonly isEnough: boolean
  readonly after: RiskReport
}

export function topUp(
  report: RiskReport,
  snapshot: AccountSnapshot,
  options: SuggestOptions,
  everything: Everything,
): Suggestion | undefined {
  const shortfallUsd = shortfallOf(report)
  if (shortfallUsd <= 0) return undefined
  const [best] = options.vault
    .flatMap((held) => candidate(held, shortfallUsd, snapshot, options))
    .filter(({ after }) => shortfallOf(after) < shortfallUsd)
    .toSorted((a, b) => shortfallOf(a.after) - shortfallOf(b.after))
  if (best === undefined) return undefined
  const { amount, isEnough, after } = best
  const binding = report.bindingScenario
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
      ...(binding === null ? [] : [reason('reason.topUp.binding', { scenario: binding })]),
      ...(isEnough ? [] : [reason('reason.topUp.vaultLacksRest', { asset: amount.asset })]),
      ...overCap(report, amount, options, everything),
    ],
  }
}

function candidate(
  held: Amount,
  shortfallUsd: number,
  snapshot: AccountSnapshot,
  options: SuggestOptions,
): readonly Candidate[] {
  const collateral = snapshot.collaterals.find(({ asset }) => asset === held.asset)
  const price = Number(collateral?.priceUsd ?? 0)
  const asset = options.assets.find(({ symbol }) => symbol === held.asset)
  if (asset === undefined || !(price > 0) || held.units <= 0n) return []
  const needed = amountFromNumberDown(asset, shortfallUsd / price)
  const up = { ...needed, units: needed.units + 1n }
  const isEnough = up.units <= held.units
  const amount = isEnough ? up : held
  const after = assess(applyTransfer(snapshot, held.asset, amountToDecimal(amount)), options)
  return after.shortfallUsd.kind === 'unknown' ? [] : [{ amount, isEnough, after }]
}
