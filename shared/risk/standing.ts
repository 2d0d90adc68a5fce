/** How an account stands, in short: what a plan or a suggestion changes. */
import { z } from 'zod'
import type { Distance, Measure, RiskReport } from './report.ts'

/** Risk of one venue account before and after; null where unknown. Distances are signed like
 *  `Distance.shock` (−0.169 = a fall of 16.9 %); 0 is breached, −1 and 1000 or more mean none was found. */
export const standingSchema = z
  .object({
    distanceDown: z.number().nullable(),
    distanceUp: z.number().nullable(),
    requiredUsd: z.number().nullable(),
    excessUsd: z.number().nullable(),
    equityUsd: z.number().nullable(),
  })
  .readonly()
export type Standing = z.infer<typeof standingSchema>

/** The report in short. */
export function standingOf(report: RiskReport): Standing {
  return {
    distanceDown: shockOf(report.distanceDown),
    distanceUp: shockOf(report.distanceUp),
    requiredUsd: valueOf(report.requiredUsd),
    excessUsd: valueOf(report.excessUsd),
    equityUsd: valueOf(report.equityUsd),
  }
}

function shockOf(distance: Distance): number | null {
  if (distance.kind === 'finite') return distance.shock
  if (distance.kind === 'breached') return 0
  return distance.kind === 'none' ? distance.searchedTo : null
}

function valueOf(measure: Measure): number | null {
  return measure.kind === 'known' ? measure.value : null
}
