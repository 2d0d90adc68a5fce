/** Signed messages: shown decoded before they are signed, checked when they come back, and checked for others. */
import { z } from 'zod'
import { refusalSchema } from '../../errors/refusalSchema.ts'
import {
  bitcoinDescriptionSchema,
  bitcoinMessageFormatSchema,
} from '../../transfer/btc/describeMessage.ts'
import {
  personalDescriptionSchema,
  typedDataDescriptionSchema,
} from '../../transfer/evm/message.ts'
import { defineMethod } from '../method.ts'
import { deviceRefusals, storeRefusals } from '../refusals.ts'

const messageFormatSchema = z.enum([
  ...bitcoinMessageFormatSchema.options,
  'personal',
  'typed-data',
])

const toSign = z
  .object({
    accountId: z.string(),
    /** Full path of the address that signs. */
    path: z.string().max(100),
    /** legacy and bip322 for bitcoin, personal (EIP-191) and typed-data (EIP-712) for EVM. */
    format: messageFormatSchema,
    /** Text, or hex bytes of a personal message where `encoding` says so; JSON for typed data. */
    message: z.string().min(1).max(200_000),
    encoding: z.enum(['text', 'hex']).default('text'),
    /** The EVM chain that it is meant for; absent: any that it names itself. */
    chainId: z.int().positive().optional(),
  })
  .strict()

const messageDescriptionSchema = z.discriminatedUnion('kind', [
  bitcoinDescriptionSchema,
  personalDescriptionSchema,
  typedDataDescriptionSchema,
])

/** What would be signed, in full, and why it would be refused. */
export const messagesDescribe = defineMethod({
  name: 'messages.describe',
  effect: 'read',
  input: toSign,
  output: z
    .object({
      address: z.string(),
      description: messageDescriptionSchema,
      /** Why it is not signed as it is; null when it may be. */
      refusal: refusalSchema.nullable(),
    })
    .readonly(),
  refusals: ['NOT_FOUND'],
})

/** Signs exactly what `digest` of the description stands for, by one call of the device; signer and digest of the
 *  answer are recovered and compared. What would let others move tokens, or nobody can read, is never signed. */
export const messagesSign = defineMethod({
  name: 'messages.sign',
  effect: 'movesFunds',
  input: toSign.extend({ digest: z.string().regex(/^[0-9a-f]{64}$/) }),
  output: z
    .object({
      address: z.string(),
      /** base64 for bitcoin, 0x and 65 bytes of hex for EVM. */
      signature: z.string(),
      digest: z.string(),
    })
    .readonly(),
  refusals: [
    ...deviceRefusals,
    ...storeRefusals,
    'NOT_FOUND',
    'VAULT_NOT_PAIRED',
    'PLAN_DIGEST_MISMATCH',
    'ALLOWANCE_REFUSED',
    'MESSAGE_REFUSED',
    'SIGNED_MISMATCH',
    'RECONCILIATION_NEEDED',
  ],
})

/** Did this address sign this message? Asks nobody else. */
export const messagesVerify = defineMethod({
  name: 'messages.verify',
  effect: 'read',
  input: z
    .object({
      address: z.string().min(1).max(200),
      message: z.string().max(200_000),
      encoding: z.enum(['text', 'hex']).default('text'),
      kind: z.enum(['message', 'typed-data']).default('message'),
      signature: z.string().min(1).max(20_000),
    })
    .strict(),
  output: z
    .object({
      verdict: z.enum(['valid', 'invalid']),
      form: z.enum(['bip322-simple', 'recoverable', 'personal', 'typed-data']).nullable(),
      differences: z
        .array(
          z.object({ field: z.string(), approved: z.string(), returned: z.string() }).readonly(),
        )
        .readonly(),
    })
    .readonly(),
  refusals: ['ADDRESS_INVALID', 'NETWORK_MISMATCH'],
})
