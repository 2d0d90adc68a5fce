/** Levels of a tank as fractions of a common scale: filled = equity, line = required, hatched = excess. Pure. */
import type { RiskReport } from '../../shared/risk/report.ts'

export type Tank =
  | {
      readonly kind: 'known'
      readonly equity: number
      readonly required: number
      readonly excess: number
      /** Equity is under the requirement. */
      readonly short: boolean
    }
  | { readonly kind: 'unknown'; readonly missing: readonly string[] }

/** USD at the rim of every tank, so that accounts compare by eye. */
export function tankScale(reports: readonly (RiskReport | null)[]): number {
  const levels = reports.flatMap((report) =>
    report === null
      ? []
      : [report.equityUsd, report.requiredUsd].flatMap((measure) =>
          measure.kind === 'known' ? [measure.value] : [],
        ),
  )
  return Math.max(1, ...levels) * 1.12
}

export function tankOf(report: RiskReport | null, scale: number): Tank {
  if (report === null) return { kind: 'unknown', missing: ['snapshot'] }
  const { equityUsd, requiredUsd, excessUsd } = report
  if (equityUsd.kind === 'unknown') return { kind: 'unknown', missing: equityUsd.missing }
  if (requiredUsd.kind === 'unknown') return { kind: 'unknown', missing: requiredUsd.missing }
  const level = (usd: number) => Math.min(1, Math.max(0, usd / scale))
  const equity = level(equityUsd.value)
  return {
    kind: 'known',
    equity,
    required: level(requiredUsd.value),
    excess: excessUsd.kind === 'known' ? Math.min(equity, level(excessUsd.value)) : 0,
    short: equityUsd.value < requiredUsd.value,
  }
}
