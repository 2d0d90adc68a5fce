/** What a shell and the host process say to each other, the same over Electron's MessagePort and Node's IPC.
 *  Inputs, results and events are opaque text in the contract's encoding; a shell never looks into them.
 *  Messages that do not parse are dropped: neither side acts on what it does not understand. */
import { z } from 'zod'

const idSchema = z.int().nonnegative()

/** What only the shell can do for the host: a dialog outside the renderer, and the system's keychain. */
export const askSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('confirm'),
    title: z.string(),
    lines: z.array(z.string()).readonly(),
    digest: z.string(),
  }),
  z.object({ kind: z.literal('wrap-key'), plain: z.string() }),
  z.object({ kind: z.literal('unwrap-key'), wrapped: z.string() }),
])
export type Ask = z.infer<typeof askSchema>

/** `confirmed`, `declined` or `unavailable` for a confirmation. For the key slot: the wrapped key as base64,
 *  or the plain key, and null where this shell has no keychain to trust. `rewrap`: wrap it again, the
 *  keychain's own key has changed. */
export const answerSchema = z.union([
  z.enum(['confirmed', 'declined', 'unavailable']),
  z.object({ wrapped: z.string() }),
  z.object({ plain: z.string(), rewrap: z.boolean() }),
  z.null(),
])
export type Answer = z.infer<typeof answerSchema>

export const toHostSchema = z.union([
  z.object({ id: idSchema, method: z.string(), input: z.string() }),
  z.object({ answerTo: idSchema, answer: answerSchema }),
  z.object({ stop: z.literal(true) }),
])
export type ToHost = z.infer<typeof toHostSchema>

export const fromHostSchema = z.union([
  z.object({ id: idSchema, result: z.string() }),
  z.object({ event: z.string() }),
  z.object({ ask: idSchema, request: askSchema }),
  /** The host no longer waits for this ask: a dialog for it must close. */
  z.object({ withdrawn: idSchema }),
])
export type FromHost = z.infer<typeof fromHostSchema>
