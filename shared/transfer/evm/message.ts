/** What a message or typed data says, in rows that a screen can show whole, and what its signature would allow.
 *  Shapes only; described by describeTypedData.ts and describePersonalMessage.ts, judged by judgeMessage.ts. */
import { z } from 'zod'

/** What somebody could do with the signature. `call`: have our account, or a contract in its name, make a call. */
export const allowanceKindSchema = z.enum([
  'approval',
  'permit',
  'permit2',
  'transfer-authorisation',
  'delegation',
  'order',
  'call',
])
export type AllowanceKind = z.infer<typeof allowanceKindSchema>

export const messageWarningSchema = z
  .object({
    /** Catalogue key under `warning.`. */
    key: z.enum([
      'chainMissing',
      'contractMissing',
      'hiddenText',
      'notText',
      'looksLikeTransaction',
      'signInMalformed',
      'signInElsewhere',
      'signInExpired',
      'signInNotYet',
      'neverExpires',
    ]),
    values: z.record(z.string(), z.string()).readonly(),
  })
  .readonly()
export type MessageWarning = z.infer<typeof messageWarningSchema>

/** One field. `value` is null for the heading of a struct or list, whose fields follow one step deeper. */
export const messageRowSchema = z
  .object({
    name: z.string(),
    type: z.string(),
    depth: z.int().nonnegative(),
    value: z.string().nullable(),
    /** unlimited: no token has more; time: `at` is the instant that the seconds mean. */
    note: z
      .discriminatedUnion('kind', [
        z.object({ kind: z.literal('unlimited') }).readonly(),
        z.object({ kind: z.literal('time'), at: z.int() }).readonly(),
      ])
      .nullable(),
  })
  .readonly()
export type MessageRow = z.infer<typeof messageRowSchema>

export const allowanceTextSchema = z
  .object({
    kind: allowanceKindSchema,
    /** Who could then act; null where it cannot be read. */
    spender: z.string().nullable(),
    /** Base units as decimal text, or a word. */
    amount: z.string(),
  })
  .readonly()

const hash = z.string().regex(/^[0-9a-f]{64}$/)

export const typedDataDescriptionSchema = z
  .object({
    kind: z.literal('typed-data'),
    primaryType: z.string(),
    domain: z.array(messageRowSchema).readonly(),
    fields: z.array(messageRowSchema).readonly(),
    /** Of the domain; null where it names none: then the signature holds on every chain. */
    chainId: z.string().nullable(),
    /** Hex without 0x. Small devices show the first two. */
    domainHash: hash,
    messageHash: hash,
    digest: hash,
    allowance: allowanceTextSchema.nullable(),
    warnings: z.array(messageWarningSchema).readonly(),
  })
  .readonly()
export type TypedDataDescription = z.infer<typeof typedDataDescriptionSchema>

/** EIP-4361: a site asks to sign in. Instants as its own text. */
export const signInSchema = z
  .object({
    scheme: z.string().nullable(),
    domain: z.string(),
    address: z.string(),
    statement: z.string().nullable(),
    uri: z.string(),
    chainId: z.string(),
    nonce: z.string(),
    issuedAt: z.string(),
    expirationTime: z.string().nullable(),
    notBefore: z.string().nullable(),
    requestId: z.string().nullable(),
    resources: z.array(z.string()).readonly(),
  })
  .readonly()
export type SignIn = z.infer<typeof signInSchema>

export const personalDescriptionSchema = z
  .object({
    kind: z.literal('personal'),
    /** text: valid UTF-8 a person can read, shown by `text`; bytes: anything else, shown as hex. */
    form: z.enum(['text', 'bytes']),
    text: z.string(),
    /** Of the message's bytes. */
    length: z.int().nonnegative(),
    digest: hash,
    signIn: signInSchema.nullable(),
    warnings: z.array(messageWarningSchema).readonly(),
  })
  .readonly()
export type PersonalDescription = z.infer<typeof personalDescriptionSchema>

export const messageDescriptionSchema = z.discriminatedUnion('kind', [
  typedDataDescriptionSchema,
  personalDescriptionSchema,
])
export type MessageDescription = z.infer<typeof messageDescriptionSchema>
