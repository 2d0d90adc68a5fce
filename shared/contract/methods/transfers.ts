/** What crosses the wall: plan, approve, follow, cancel, resolve. */
import { z } from 'zod'
import { refusalSchema } from '../../errors/refusalSchema.ts'
import { stepKindSchema } from '../../transfer/event.ts'
import { digestSchema, transferPlanSchema } from '../../transfer/plan.ts'
import { instantSchema } from '../../units/time.ts'
import { defineMethod } from '../method.ts'
import {
  chainRefusals,
  deviceRefusals,
  planRefusals,
  storeRefusals,
  venueRefusals,
} from '../refusals.ts'

/** Where a transfer is. `unknown`: an outside effect may or may not have happened; nothing is repeated by itself. */
export const transferStateSchema = z.enum([
  'planned',
  'confirming',
  'signing',
  'sending',
  'sent',
  'done',
  'refused',
  'cancelled',
  'unknown',
])
export type TransferState = z.infer<typeof transferStateSchema>

export const transferStepSchema = z
  .object({
    kind: stepKindSchema,
    state: z.enum(['waiting', 'active', 'done', 'failed', 'unknown']),
    at: instantSchema.nullable(),
    /** Transaction or venue id, when the step has one. */
    reference: z.string().nullable(),
  })
  .readonly()

/** A line on the device's own screen, in the device's words, to be compared by eye. */
export const deviceLineSchema = z
  .object({
    /** Catalogue key under `deviceLine.`. */
    key: z.enum(['to', 'amount', 'fee', 'max-fee', 'total', 'chain', 'token', 'address', 'data']),
    approved: z.string(),
    device: z.string(),
  })
  .readonly()

export const transferViewSchema = z
  .object({
    id: z.string(),
    plan: transferPlanSchema,
    digest: digestSchema,
    state: transferStateSchema,
    steps: z.array(transferStepSchema).readonly(),
    deviceLines: z.array(deviceLineSchema).readonly(),
    /** Why it ended or waits; null while all is well. */
    refusal: refusalSchema.nullable(),
    txid: z.string().nullable(),
    createdAt: instantSchema,
    updatedAt: instantSchema,
    canApprove: z.boolean(),
    canCancel: z.boolean(),
    /** Only for `unknown`: what the user may decide on the evidence shown. */
    canResolve: z.boolean(),
    /** Sent over a chain and not yet seen in a block: it may be sped up or cancelled there. */
    canReplace: z.boolean(),
  })
  .readonly()
export type TransferView = z.infer<typeof transferViewSchema>

export const transfersList = defineMethod({
  name: 'transfers.list',
  effect: 'read',
  input: z.object({}).strict(),
  output: z.object({ transfers: z.array(transferViewSchema).readonly() }).readonly(),
  refusals: [],
})

export const transfersRead = defineMethod({
  name: 'transfers.read',
  effect: 'read',
  input: z.object({ id: z.string() }).strict(),
  output: transferViewSchema,
  refusals: ['NOT_FOUND'],
})

const decimalText = z.string().max(60)
const feeTargetSchema = z.enum(['fast', 'normal', 'slow'])

/** sat/vB. What the policy and the caps allow is asked by the planner. */
const feeRateSchema = z.number().min(1).max(10_000)

/** `amount` is decimal text in whole units of the asset; 'all' empties what may leave. */
export const transfersPlan = defineMethod({
  name: 'transfers.plan',
  effect: 'write',
  input: z.discriminatedUnion('purpose', [
    z
      .object({
        purpose: z.literal('withdraw'),
        chain: z.string(),
        asset: z.string(),
        amount: decimalText,
        address: z.string().max(200),
        label: z.string().max(60).optional(),
        /** Bitcoin only: paid in the same transaction, each once. Not beside the amount 'all'. */
        also: z
          .array(
            z
              .object({
                address: z.string().max(200),
                amount: decimalText,
                label: z.string().max(60).optional(),
              })
              .strict(),
          )
          .min(1)
          .max(50)
          .optional(),
        feeTarget: feeTargetSchema.optional(),
        /** Bitcoin only: in place of a target. */
        feeRateSatPerVb: feeRateSchema.optional(),
        /** Account of the vault that pays; absent: the one that sweeps go to. */
        from: z.string().optional(),
        /** Bitcoin only: pays out of these coins and no others, as `txid:vout`. */
        coins: z
          .array(z.string().regex(/^[0-9a-f]{64}:(0|[1-9]\d{0,9})$/))
          .min(1)
          .max(1_000)
          .optional(),
      })
      .strict(),
    z
      .object({
        purpose: z.literal('sweep'),
        accountId: z.string(),
        asset: z.string(),
        amount: decimalText,
      })
      .strict(),
    z
      .object({
        purpose: z.literal('top-up'),
        accountId: z.string(),
        asset: z.string(),
        amount: decimalText,
        /** Account of the vault that pays; absent: the one that sweeps go to. */
        from: z.string().optional(),
      })
      .strict(),
  ]),
  output: transferViewSchema,
  refusals: [
    ...planRefusals,
    ...venueRefusals,
    ...chainRefusals,
    ...deviceRefusals,
    ...storeRefusals,
  ],
})

/** Says yes to exactly one digest. It starts the confirmation on the device; it moves nothing by itself. */
export const transfersApprove = defineMethod({
  name: 'transfers.approve',
  effect: 'movesFunds',
  input: z.object({ id: z.string(), digest: z.string() }).strict(),
  output: transferViewSchema,
  refusals: [
    ...planRefusals,
    ...venueRefusals,
    ...chainRefusals,
    ...deviceRefusals,
    ...storeRefusals,
  ],
})

/** Stops before the money leaves; on the device too. Refused once it was sent. */
export const transfersCancel = defineMethod({
  name: 'transfers.cancel',
  effect: 'write',
  input: z.object({ id: z.string() }).strict(),
  output: transferViewSchema,
  refusals: ['NOT_FOUND', 'PLAN_STATE_WRONG', ...storeRefusals],
})

/** What waits, and a fee on bitcoin in one of the two ways. */
const replacementInputSchema = z
  .object({
    id: z.string(),
    feeTarget: feeTargetSchema.optional(),
    feeRateSatPerVb: feeRateSchema.optional(),
  })
  .strict()

/** Plans the same payment at higher fees and the same nonce or, on bitcoin, over the same coins (BIP125). A plan of
 *  its own: digest, approval, device. Target or rate are for bitcoin; 'fast' unless given. */
export const transfersSpeedUp = defineMethod({
  name: 'transfers.speedUp',
  effect: 'write',
  input: replacementInputSchema,
  output: transferViewSchema,
  refusals: transfersPlan.refusals,
})

/** Plans nothing to ourselves at the same nonce and higher fees (on bitcoin all of its coins back to our change
 *  address), so that the payment can no longer be mined.
 *  Until one of the two is in a block, either may still happen. */
export const transfersCancelOnChain = defineMethod({
  name: 'transfers.cancelOnChain',
  effect: 'write',
  input: replacementInputSchema,
  output: transferViewSchema,
  refusals: transfersPlan.refusals,
})

/** Plans a child that pays for its waiting parent (CPFP): spends our unconfirmed coin at a fee for both. */
export const transfersBoost = defineMethod({
  name: 'transfers.boost',
  effect: 'write',
  input: z
    .object({
      txid: z.string().regex(/^[0-9a-f]{64}$/),
      vout: z.int().nonnegative(),
      /** 'fast' unless either is given. */
      feeTarget: feeTargetSchema.optional(),
      feeRateSatPerVb: feeRateSchema.optional(),
    })
    .strict(),
  output: transferViewSchema,
  refusals: transfersPlan.refusals,
})

/** Plans a merge of an account's small coins into one change address of its own, if the slow rate is no higher than
 *  the limit: above it FEE_OVER_CAP. What the merge saves later stands in the warning `savesLater`, an estimate. */
export const transfersConsolidate = defineMethod({
  name: 'transfers.consolidate',
  effect: 'write',
  input: z
    .object({
      /** Account of the vault; absent: the one that sweeps go to. */
      from: z.string().optional(),
      feeRateLimitSatPerVb: feeRateSchema,
    })
    .strict(),
  output: transferViewSchema,
  refusals: transfersPlan.refusals,
})

/** For an unknown outcome: look again, or close it on the user's own judgement. Never sends again. */
export const transfersResolve = defineMethod({
  name: 'transfers.resolve',
  effect: 'write',
  input: z.object({ id: z.string(), decision: z.enum(['look-again', 'did-not-happen']) }).strict(),
  output: transferViewSchema,
  refusals: ['NOT_FOUND', 'PLAN_STATE_WRONG', ...venueRefusals, ...chainRefusals, ...storeRefusals],
})

/** The plan as a file for `transfer verify`: canonical plan, digest, and the public account key to check with. */
export const transfersExport = defineMethod({
  name: 'transfers.export',
  effect: 'read',
  input: z.object({ id: z.string() }).strict(),
  output: z.object({ filename: z.string(), text: z.string() }).readonly(),
  refusals: ['NOT_FOUND', 'VAULT_NOT_PAIRED'],
})
