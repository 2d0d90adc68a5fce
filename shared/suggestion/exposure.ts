/** How much of everything lies on one exchange, against the policy's cap. Shares are fractions. A warning, not a limit:
 *  an account that is short is topped up all the same. Unknown as soon as one part of everything has no price. */
import type { AccountSnapshot } from '../collateral/snapshot.ts'
import type { RiskReport } from '../risk/report.ts'
import { type Amount, amountToNumber } from '../units/amount.ts'
import { reason, type SuggestOptions, valueOf } from './figures.ts'
import type { Reason } from './suggestion.ts'

/** Everything known when the suggestion is made: one exchange's share is a share of this. */
export interface Everything {
  readonly reports: readonly RiskReport[]
  readonly snapshots: readonly AccountSnapshot[]
}

/**
 * The reason to name, or none.
 * @param moved  what the suggestion brings from the vault; null for one that takes out
 */
export function overCap(
  report: RiskReport,
  moved: Amount | null,
  options: SuggestOptions,
  { reports, snapshots }: Everything,
): readonly Reason[] {
  const vaultUsd = sumOf(options.vault.map((held) => usdOf(held, snapshots)))
  const movedUsd = moved === null ? 0 : usdOf(moved, snapshots)
  const everywhere = sumOf(reports.map(equityOf))
  const here = sumOf(
    reports.filter(({ venue }) => exchangeOf(venue) === exchangeOf(report.venue)).map(equityOf),
  )
  if (vaultUsd === undefined || movedUsd === undefined) return []
  if (everywhere === undefined || here === undefined) return []
  const share = (here + movedUsd) / (everywhere + vaultUsd)
  const cap = options.policy.exposureCap
  if (!(share > cap)) return []
  return [
    reason(moved === null ? 'reason.sweep.exposureCap' : 'reason.topUp.exposureCap', {
      share,
      cap,
    }),
  ]
}

/** Two markets of one exchange fail together. */
function exchangeOf(venue: RiskReport['venue']): string {
  return venue.split('-')[0] ?? venue
}

function equityOf({ equityUsd }: RiskReport): number | undefined {
  return equityUsd.kind === 'known' ? Math.max(0, valueOf(equityUsd)) : undefined
}

function usdOf(held: Amount, snapshots: readonly AccountSnapshot[]): number | undefined {
  if (held.units === 0n) return 0
  const price = priceOf(snapshots, held.asset)
  return price === undefined ? undefined : amountToNumber(held) * price
}

/** By a venue's index, or the mark of a contract on it. */
function priceOf(snapshots: readonly AccountSnapshot[], asset: string): number | undefined {
  for (const { collaterals, positions } of snapshots) {
    const said =
      collaterals.find((collateral) => collateral.asset === asset)?.priceUsd ??
      positions.find(({ base }) => base === asset)?.mark
    if (said !== undefined && Number(said) > 0) return Number(said)
  }
  return undefined
}

function sumOf(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce<number | undefined>(
    (sum, value) => (sum === undefined || value === undefined ? undefined : sum + value),
    0,
  )
}
