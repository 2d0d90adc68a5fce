/** How an account stands, in short: what a plan or a suggestion changes. */
import { z } from 'zod'

/** Risk of one venue account before and after; null where unknown. Shocks and fractions: 0.12 = 12 %. */
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
