/** A price with where it came from and when. USD per whole unit of the asset. */
import { z } from 'zod'
import { decimalSchema } from '../units/decimal.ts'
import { instantSchema } from '../units/time.ts'

export const quoteSchema = z
  .object({
    asset: z.string(),
    usd: decimalSchema,
    /** Human-readable origin, e.g. 'Binance index'. */
    source: z.string(),
    asOf: instantSchema,
  })
  .readonly()

export type Quote = z.infer<typeof quoteSchema>
