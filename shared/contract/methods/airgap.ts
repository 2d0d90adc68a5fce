/** Signing by a wallet that is never plugged in: the approved plan goes out as PSBT (file or animated QR code),
 *  signatures come back the same way and meet the verifier that judges every device. */
import { z } from 'zod'
import { refusalSchema } from '../../errors/refusalSchema.ts'
import { instantSchema } from '../../units/time.ts'
import { defineMethod } from '../method.ts'
import { transferViewSchema, transfersPlan } from './transfers.ts'

/** base64 or hex of a PSBT, or hex of a finished transaction. */
const psbtText = z.string().min(1).max(4_000_000)

/** The PSBT of a transfer that was approved and waits for its signatures. */
export const airGapRequest = defineMethod({
  name: 'airGap.request',
  effect: 'read',
  input: z.object({ transferId: z.string() }).strict(),
  output: z
    .object({
      filename: z.string(),
      /** base64 (BIP174). */
      psbt: z.string(),
      /** Frames of a UR `crypto-psbt`, upper case, to be shown over and over. */
      frames: z.array(z.string()).min(1).readonly(),
      /** Digest of the approved plan. */
      digest: z.string(),
      /** What comes back later is refused. */
      expiresAt: instantSchema,
    })
    .readonly(),
  refusals: ['NOT_FOUND', 'PLAN_STATE_WRONG'],
})

/** Puts scanned frames together. Nothing is remembered: all frames seen so far are sent each time, and one that is
 *  refused is named by its place in the list. */
export const airGapReadFrames = defineMethod({
  name: 'airGap.readFrames',
  effect: 'read',
  input: z.object({ frames: z.array(z.string().max(4_000)).max(1_500) }).strict(),
  output: z.discriminatedUnion('kind', [
    z
      .object({
        kind: z.literal('partial'),
        received: z.int().nonnegative(),
        expected: z.int().nonnegative(),
      })
      .readonly(),
    z.object({ kind: z.literal('complete'), psbt: z.string() }).readonly(),
  ]),
  refusals: [],
})

/** What the signer returned for a transfer that waits. Anything but the approved transaction, fully signed, is
 *  refused and the transfer goes on waiting. */
export const airGapAnswer = defineMethod({
  name: 'airGap.answer',
  effect: 'movesFunds',
  input: z.object({ transferId: z.string(), psbt: psbtText }).strict(),
  output: transferViewSchema,
  refusals: [...transfersPlan.refusals, 'PSBT_NOT_SIGNED', 'SIGNED_MISMATCH'],
})

const psbtDescriptionSchema = z
  .object({
    /** The vault's account whose coins it spends; null where none of them is ours. */
    accountId: z.string().nullable(),
    txid: z.string(),
    locktime: z.int(),
    inputs: z
      .array(
        z
          .object({
            outpoint: z.string(),
            /** Satoshi; null where nothing proves it. */
            value: z.bigint().nullable(),
            own: z.boolean(),
          })
          .readonly(),
      )
      .readonly(),
    outputs: z
      .array(
        z
          .object({
            address: z.string().nullable(),
            script: z.string(),
            value: z.bigint(),
            own: z.enum(['receive', 'change']).nullable(),
          })
          .readonly(),
      )
      .readonly(),
    fee: z.bigint().nullable(),
    signedInputs: z.int().nonnegative(),
    /** Why it cannot be planned here; null when it can be tried. */
    refusal: refusalSchema.nullable(),
  })
  .readonly()

/** Reads a PSBT that somebody else made. */
export const airGapDescribe = defineMethod({
  name: 'airGap.describe',
  effect: 'read',
  input: z.object({ psbt: psbtText }).strict(),
  output: psbtDescriptionSchema,
  refusals: ['VAULT_NOT_PAIRED'],
})

/** Makes a transfer of exactly that PSBT's transaction, if all its inputs are ours and it passes our rules. */
export const airGapPlan = defineMethod({
  name: 'airGap.plan',
  effect: 'write',
  input: z.object({ psbt: psbtText, label: z.string().max(60).optional() }).strict(),
  output: transferViewSchema,
  refusals: [...transfersPlan.refusals, 'PSBT_UNFIT'],
})
