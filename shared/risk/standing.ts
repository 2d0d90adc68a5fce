/** How an account stands, in short: what a plan or a suggestion changes. */
import { z } from 'zod'
import type { Distance, Measure, RiskReport } from './report.ts'

/** Signed like `Distance.shock` (−0.169 = a fall of 16.9 %); 0 is breached, null unknown. */
const shockSchema = z.union([z.number(), z.literal('none')]).nullable()

/** Risk of one venue account before and after; null where unknown. */
export const standingSchema = z
  .object({
    distanceDown: shockSchema,
    distanceUp: shockSchema,
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

function shockOf(distance: Distance): z.infer<typeof shockSchema> {
  if (distance.kind === 'finite') return distance.shock
  if (distance.kind === 'breached') return 0
  return distance.kind === 'none' ? 'none' : null
}

function valueOf(measure: Measure): number | null {
  return measure.kind === 'known' ? measure.value : null
}
