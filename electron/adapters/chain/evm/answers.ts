/** Shapes of the raw JSON-RPC answers that the EVM adapter reads. Source: ethereum/execution-apis. */
import { z } from 'zod'

/** '0x0', '0x1f': no leading zeros, at most 32 bytes. */
export const quantitySchema = z
  .string()
  .regex(/^0x(0|[1-9a-f][0-9a-f]{0,63})$/)
  .transform((text) => BigInt(text))

/** A quantity that fits a number: heights, nonces, statuses. */
export const countSchema = quantitySchema
  .refine((value) => value <= BigInt(Number.MAX_SAFE_INTEGER))
  .transform(Number)

export const hashSchema = z.string().regex(/^0x[0-9a-f]{64}$/)

export const hexSchema = z.string().regex(/^0x([0-9a-f]{2})*$/)

/** One 32-byte word, as functions that return a number answer. */
export const wordSchema = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/)
  .transform((text) => BigInt(text))

export const transactionSchema = z.object({ hash: hashSchema }).nullable()

export const receiptSchema = z
  .object({
    transactionHash: hashSchema,
    blockHash: hashSchema,
    blockNumber: countSchema,
    status: z.enum(['0x0', '0x1']),
  })
  .nullable()

const addressSchema = z.string().regex(/^0x[0-9a-fA-F]{40}$/)

/** A transaction in full, so that its hash can be taken again. */
export const paymentSchema = z.object({
  hash: hashSchema,
  type: z.string(),
  chainId: quantitySchema.optional(),
  nonce: countSchema,
  to: addressSchema.nullable(),
  value: quantitySchema,
  input: hexSchema,
  gas: quantitySchema,
  gasPrice: quantitySchema.optional(),
  maxFeePerGas: quantitySchema.optional(),
  maxPriorityFeePerGas: quantitySchema.optional(),
  accessList: z
    .array(z.object({ address: addressSchema, storageKeys: z.array(hashSchema) }))
    .optional(),
  v: quantitySchema,
  r: quantitySchema,
  s: quantitySchema,
})
export type Payment = z.infer<typeof paymentSchema>

export const logSchema = z.object({
  address: addressSchema,
  topics: z.array(hashSchema),
  data: hexSchema,
})

/** The events of a receipt. */
export const logsSchema = z.object({ transactionHash: hashSchema, logs: z.array(logSchema) })

/** With transaction hashes only. */
export const blockSchema = z
  .object({ hash: hashSchema, number: countSchema, transactions: z.array(hashSchema) })
  .nullable()

/** With whole transactions: who else could have changed a balance in it. */
export const fullBlockSchema = z
  .object({
    hash: hashSchema,
    number: countSchema,
    miner: addressSchema,
    transactions: z.array(
      z.object({ hash: hashSchema, from: addressSchema, to: addressSchema.nullable() }),
    ),
    withdrawals: z.array(z.object({ address: addressSchema })).default([]),
  })
  .nullable()

export const feeHistorySchema = z
  .object({
    baseFeePerGas: z.array(quantitySchema).min(2),
    reward: z.array(z.array(quantitySchema).length(1)).min(1),
  })
  .refine((history) => history.baseFeePerGas.length === history.reward.length + 1)
