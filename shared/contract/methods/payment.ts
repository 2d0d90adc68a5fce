/** What a form may know before anything is planned: fee rates, and whether an address can be paid. Binds nobody:
 *  the planner reads and checks all of it again. */
import { z } from 'zod'
import { defineMethod } from '../method.ts'
import { chainRefusals } from '../refusals.ts'

/** Bitcoin's rates now, sat/vB; null where the server could not say. */
export const paymentFeeRates = defineMethod({
  name: 'payment.feeRates',
  effect: 'read',
  input: z.object({}).strict(),
  output: z
    .object({
      fast: z.number().nullable(),
      normal: z.number().nullable(),
      slow: z.number().nullable(),
      /** Of the policy: above it nothing is planned. */
      capSatPerVb: z.number(),
      source: z.string(),
    })
    .readonly(),
  refusals: [...chainRefusals],
})

/** Judges an address of `chain` ('bitcoin' or 'evm:<chainId>'): its checksum, its network, look-alikes of known ones. */
export const paymentCheckAddress = defineMethod({
  name: 'payment.checkAddress',
  effect: 'read',
  input: z.object({ chain: z.string().max(60), address: z.string().max(200) }).strict(),
  output: z
    .object({
      /** As it will stand in the plan. */
      address: z.string(),
      /** 'paid-before': a payment to it on this chain was confirmed. */
      known: z.enum(['own', 'paid-before', 'new']),
      /** What it was called then; '' where nothing was said. */
      label: z.string(),
    })
    .readonly(),
  refusals: ['ADDRESS_INVALID', 'NETWORK_MISMATCH', 'VAULT_NOT_PAIRED'],
})
