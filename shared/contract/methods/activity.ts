/** What lately moved in and out of the vault's EVM accounts, by the chains' own events. To look at, not to act on. */
import { z } from 'zod'
import { refusalSchema } from '../../errors/refusalSchema.ts'
import { amountSchema } from '../../units/amount.ts'
import { defineMethod } from '../method.ts'

export const suspicionSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('look-alike'), address: z.string() }).readonly(),
  z.object({ kind: z.literal('nothing-moved') }).readonly(),
  z.object({ kind: z.literal('unknown-token') }).readonly(),
])

export const vaultActivity = defineMethod({
  name: 'vault.activity',
  effect: 'read',
  input: z.object({}).strict(),
  output: z
    .object({
      movements: z
        .array(
          z
            .object({
              chain: z.string(),
              txid: z.string(),
              height: z.int(),
              direction: z.enum(['in', 'out']),
              counterparty: z.string(),
              contract: z.string(),
              /** Null for a token that we do not know: what it says of itself is not shown. */
              amount: amountSchema.nullable(),
              /** Not to be copied from here. */
              suspicion: suspicionSchema.nullable(),
            })
            .readonly(),
        )
        .readonly(),
      refusals: z.array(refusalSchema).readonly(),
    })
    .readonly(),
  refusals: [],
})
