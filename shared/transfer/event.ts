/** What the journal says about a transfer. Intent comes before each outside effect, the signed bytes before
 *  broadcast, the outcome after. The lifecycle is a replay of these and nothing else. */
import { z } from 'zod'
import { refusalSchema } from '../errors/refusalSchema.ts'
import { digestSchema, transferPlanSchema } from './plan.ts'

export const stepKinds = [
  'approve',
  'confirm-address',
  'sign',
  'verify',
  'broadcast',
  'confirm',
  'internal-out',
  'venue-withdraw',
  'arrive',
  'venue-credit',
  'internal-in',
] as const
export const stepKindSchema = z.enum(stepKinds)
export type StepKind = z.infer<typeof stepKindSchema>

const id = z.string().min(1)

export const transferEventSchema = z.discriminatedUnion('kind', [
  z
    .object({
      kind: z.literal('transfer.planned'),
      transferId: id,
      plan: transferPlanSchema,
      digest: digestSchema,
    })
    .readonly(),
  z
    .object({
      kind: z.literal('transfer.approved'),
      transferId: id,
      digest: digestSchema,
      caller: z.string(),
    })
    .readonly(),
  z.object({ kind: z.literal('transfer.intent'), transferId: id, step: stepKindSchema }).readonly(),
  z
    .object({
      kind: z.literal('transfer.signed'),
      transferId: id,
      rawHex: z.string(),
      txid: z.string(),
    })
    .readonly(),
  z
    .object({
      kind: z.literal('transfer.outcome'),
      transferId: id,
      step: stepKindSchema,
      reference: z.string().nullable(),
    })
    .readonly(),
  z
    .object({
      kind: z.literal('transfer.refused'),
      transferId: id,
      step: stepKindSchema,
      refusal: refusalSchema,
    })
    .readonly(),
  z
    .object({
      kind: z.literal('transfer.unknown'),
      transferId: id,
      step: stepKindSchema,
      refusal: refusalSchema,
    })
    .readonly(),
  z
    .object({ kind: z.literal('transfer.resolved'), transferId: id, decision: z.string() })
    .readonly(),
  z.object({ kind: z.literal('transfer.cancelled'), transferId: id }).readonly(),
])
export type TransferEvent = z.infer<typeof transferEventSchema>
