/** What happened, hash-chained: Activity. */
import { z } from 'zod'
import { instantSchema } from '../../units/time.ts'
import { defineMethod } from '../method.ts'
import { storeRefusals } from '../refusals.ts'

export const journalLineSchema = z
  .object({
    seq: z.int().positive(),
    at: instantSchema,
    kind: z.string(),
    hash: z.string(),
    /** Transfer it belongs to; null for others. */
    transferId: z.string().nullable(),
    /** Canonical JSON of the body. */
    body: z.string(),
  })
  .readonly()

export const journalList = defineMethod({
  name: 'journal.list',
  effect: 'read',
  input: z
    .object({ beforeSeq: z.int().positive().optional(), limit: z.int().min(1).max(500) })
    .strict(),
  output: z.object({ total: z.int(), entries: z.array(journalLineSchema).readonly() }).readonly(),
  refusals: [],
})

export const journalVerify = defineMethod({
  name: 'journal.verify',
  effect: 'read',
  input: z.object({}).strict(),
  output: z.object({ count: z.int(), head: z.string() }).readonly(),
  refusals: [...storeRefusals],
})

export const journalExport = defineMethod({
  name: 'journal.export',
  effect: 'read',
  input: z.object({ format: z.enum(['csv', 'json']) }).strict(),
  output: z.object({ filename: z.string(), text: z.string() }).readonly(),
  refusals: [...storeRefusals],
})
