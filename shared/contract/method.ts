/** What a method of the host promises: input, output, the refusals it may answer with, and its effect.
 *  `read` changes nothing, `write` changes what Bulkhead keeps, `movesFunds` may lead to money moving. */
import type { z } from 'zod'
import type { RefusalCode, Result } from '../errors/refusal.ts'

export type Effect = 'read' | 'write' | 'movesFunds'

/** Refusals any method may answer with; they need not be declared. */
export type CommonRefusal =
  | 'INPUT_INVALID'
  | 'METHOD_UNKNOWN'
  | 'NOT_AUTHORISED'
  | 'INTERNAL'
  | 'HOST_STOPPED'
  | 'STORE_WRITE_FAILED'

export interface Method<
  Name extends string = string,
  Input extends z.ZodType = z.ZodType,
  Output extends z.ZodType = z.ZodType,
  Code extends RefusalCode = RefusalCode,
> {
  readonly name: Name
  readonly effect: Effect
  readonly input: Input
  readonly output: Output
  readonly refusals: readonly Code[]
}

export function defineMethod<
  const Name extends string,
  Input extends z.ZodType,
  Output extends z.ZodType,
  const Code extends RefusalCode,
>(method: Method<Name, Input, Output, Code>): Method<Name, Input, Output, Code> {
  return method
}

export type InputOf<M> = M extends Method<string, infer Input> ? z.input<Input> : never
export type ParsedInputOf<M> = M extends Method<string, infer Input> ? z.output<Input> : never
export type OutputOf<M> =
  M extends Method<string, z.ZodType, infer Output> ? z.output<Output> : never
/** Codes a method may answer with. */
export type CodeOf<M> =
  M extends Method<string, z.ZodType, z.ZodType, infer Code> ? Code | CommonRefusal : never
export type ResultOf<M> =
  M extends Method<string, z.ZodType, infer Output, infer Code>
    ? Result<z.output<Output>, Code | CommonRefusal>
    : never
