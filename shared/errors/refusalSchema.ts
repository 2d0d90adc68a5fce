/** A refusal as data: part of a state that is shown, or of the journal. */
import { z } from 'zod'
import { type Refusal, isRefusalCode } from './refusal.ts'

export const refusalSchema = z.custom<Refusal>(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    isRefusalCode(value.code) &&
    'data' in value,
)
