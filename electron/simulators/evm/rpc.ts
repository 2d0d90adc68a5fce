/** The simulator's own line to anvil: one JSON-RPC call at a time over HTTP, with a time limit.
 *  Its errors are bugs of the demo, so they throw. */
import { z } from 'zod'

const answerSchema = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
})

export const quantitySchema = z
  .string()
  .regex(/^0x[0-9a-f]+$/)
  .transform((text) => BigInt(text))

export type Ask = <T>(
  method: string,
  params: readonly unknown[],
  schema: z.ZodType<T>,
) => Promise<T>

export function createAsk(url: string, timeoutMs: number, closing: AbortSignal): Ask {
  let nextId = 1
  return async (method, params, schema) => {
    const id = nextId++
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
      signal: AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]),
    })
    const answer = answerSchema.parse(await response.json())
    if (answer.error !== undefined)
      throw new Error(`anvil refused ${method}: ${answer.error.message}`)
    return schema.parse(answer.result)
  }
}

export function hexQuantity(value: bigint | number): string {
  return `0x${value.toString(16)}`
}
