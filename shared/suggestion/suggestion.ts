/** What should cross the wall and why. Made only from fresh, verified reports; amounts exact, rounded down. */
import { z } from 'zod'
import { venueIdSchema } from '../collateral/snapshot.ts'
import { standingSchema } from '../risk/standing.ts'
import { amountSchema } from '../units/amount.ts'
import { instantSchema } from '../units/time.ts'

export const reasonSchema = z
  .object({
    /** Catalogue key under `reason.`. */
    key: z.string(),
    values: z.record(z.string(), z.union([z.string(), z.number()])),
  })
  .readonly()
export type Reason = z.infer<typeof reasonSchema>

export const suggestionSchema = z
  .object({
    /** Stable for the same account and kind, so that the screen does not flicker. */
    id: z.string(),
    kind: z.enum(['sweep', 'top-up']),
    accountId: z.string(),
    venue: venueIdSchema,
    venueLabel: z.string(),
    amount: amountSchema,
    before: standingSchema,
    after: standingSchema,
    /** The account's own figures this rests on. */
    basedOn: instantSchema,
    reasons: z.array(reasonSchema).readonly(),
  })
  .readonly()
export type Suggestion = z.infer<typeof suggestionSchema>
