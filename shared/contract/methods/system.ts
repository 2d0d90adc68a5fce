/** What concerns the whole installation: releasing the block after a store was found to be rolled back. */
import { z } from 'zod'
import { defineMethod } from '../method.ts'
import { chainRefusals, deviceRefusals, storeRefusals } from '../refusals.ts'

/** Says that venues and chains were compared with the journal and that it is the truth from here on. Confirmed
 *  outside the renderer. Whatever was under way ends or waits for a person: none of it goes on by itself. */
export const systemReconcile = defineMethod({
  name: 'system.reconcile',
  effect: 'write',
  input: z.object({}).strict(),
  output: z.object({ confirmedBy: z.enum(['shell', 'device']) }).readonly(),
  refusals: [
    ...deviceRefusals,
    ...storeRefusals,
    ...chainRefusals,
    'CONFIRMATION_REQUIRED',
    'PLAN_STATE_WRONG',
    'VAULT_NOT_PAIRED',
    'NOT_FOUND',
  ],
})
