/** Typed calls over any wire that carries text. Answers are parsed: a host that lies about a shape is refused. */
import { z } from 'zod'
import { refusalSchema } from '../errors/refusalSchema.ts'
import { type Result, ok, refuse } from '../errors/refusal.ts'
import { decode, encodeCanonical } from './codec.ts'
import { type Contract, type MethodName, contract } from './contract.ts'
import type { InputOf, ResultOf } from './method.ts'

/** Carries one encoded call and resolves with the encoded Result. */
export type Wire = (method: string, input: string) => Promise<string>

export interface Client {
  call<Name extends MethodName>(
    name: Name,
    input: InputOf<Contract[Name]>,
  ): Promise<ResultOf<Contract[Name]>>
}

const envelopeSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), refusal: refusalSchema }),
])

/** Reads an encoded Result of `name`. A malformed answer becomes INTERNAL. */
function readAnswer(name: MethodName, text: string): Result<unknown> {
  const decoded = decode(text)
  const envelope = decoded.ok ? envelopeSchema.safeParse(decoded.value) : undefined
  if (envelope === undefined || !envelope.success)
    return refuse('INTERNAL', { reference: `${name}: malformed answer` })
  if (!envelope.data.ok) return { ok: false, refusal: envelope.data.refusal }
  const value = contract[name].output.safeParse(envelope.data.value)
  if (!value.success) {
    const where = value.error.issues[0]?.path.join('.') ?? ''
    return refuse('INTERNAL', { reference: `${name}: malformed answer at ${where}` })
  }
  return ok(value.data)
}

export function createClient(wire: Wire): Client {
  return {
    async call<Name extends MethodName>(name: Name, input: InputOf<Contract[Name]>) {
      const answer = readAnswer(name, await wire(name, encodeCanonical(input)))
      // The schema that parsed it is the one the type is inferred from.
      return answer as ResultOf<Contract[Name]>
    },
  }
}
