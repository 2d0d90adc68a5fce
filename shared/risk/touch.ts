/** What is said of an account's chance of liquidation within a day (made in accountTouch.ts): a range across models,
 *  never one number, or unknown with its reasons. */
import { z } from 'zod'
import { instantSchema } from '../units/time.ts'

const accountTouchModels = ['gbm-30d', 'gbm-ewma', 'bootstrap', 'filtered'] as const

const probability = z.number().min(0).max(1)

export const accountTouchSchema = z.discriminatedUnion('kind', [
  z
    .object({
      kind: z.literal('known'),
      low: probability,
      high: probability,
      /** Geometric mean of the models. */
      middle: probability,
      models: z
        .array(z.object({ name: z.enum(accountTouchModels), p: probability }).readonly())
        .readonly(),
      /** Of the days in the candles, hour by hour, those that would have ended the account; days that overlap are
       *  one episode. */
      record: z.object({ p: probability, starts: z.int(), episodes: z.int() }).readonly(),
      /** Of the ways to the nearest breaches, how often the price alone came that far in the years that were counted
       *  (shared/market/baseRates.ts); null where nobody counted. */
      baseRate: probability.nullable(),
      /** Hours that all assets share, and paths drawn for each of the last two models. */
      samples: z.int(),
      paths: z.int(),
      asOf: instantSchema,
    })
    .readonly(),
  z.object({ kind: z.literal('unknown'), missing: z.array(z.string()).readonly() }).readonly(),
])
export type AccountTouch = z.infer<typeof accountTouchSchema>
