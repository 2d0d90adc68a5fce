/** A two-way pipe of texts between a host and one client, whatever carries it. Order is kept; nothing
 *  is delivered after close. What travels, as shared/contract/codec text: `{id, method, input}` to the
 *  host, `{id, result}` and `{event}` from it. The browser's wire in renderer/ speaks the same. */
import { z } from 'zod'
import { eventSchema } from '../../../shared/contract/event.ts'
import { decode, encodeCanonical } from '../../../shared/contract/codec.ts'

export interface Channel {
  /** Does nothing once closed. */
  post(text: string): void
  onMessage(listener: (text: string) => void): void
  /** Called once, also when the other side went away; at once when it already has. */
  onClose(listener: () => void): void
  close(): void
}

const callId = z.int().nonnegative()

/** Client to host. Whoever calls is not part of it: the serving side knows. */
export const requestSchema = z.strictObject({
  id: callId,
  method: z.string().max(200),
  input: z.string(),
})

/** Host to client. */
export const responseSchema = z.union([
  z.strictObject({ id: callId, result: z.string() }),
  z.strictObject({ event: eventSchema }),
])

/** The message, or null when malformed. */
export function readMessage<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
): z.output<Schema> | null {
  const decoded = decode(text)
  if (!decoded.ok) return null
  const parsed = schema.safeParse(decoded.value)
  return parsed.success ? parsed.data : null
}

export function writeRequest(message: z.input<typeof requestSchema>): string {
  return encodeCanonical(message)
}

export function writeResponse(message: z.input<typeof responseSchema>): string {
  return encodeCanonical(message)
}

/** The two halves of close and message delivery that every channel shares. */
export function createChannel(carrier: {
  readonly post: (text: string) => void
  readonly close: () => void
}): { readonly channel: Channel; received(text: string): void; closed(): void } {
  const messageListeners: ((text: string) => void)[] = []
  const closeListeners: (() => void)[] = []
  let early: string[] = []
  let over = false
  const closed = (): void => {
    if (over) return
    over = true
    for (const listener of closeListeners.splice(0)) listener()
  }
  return {
    channel: {
      post(text) {
        if (!over) carrier.post(text)
      },
      onMessage(listener) {
        messageListeners.push(listener)
        const waiting = early
        early = []
        for (const text of waiting) listener(text)
      },
      onClose(listener) {
        if (over) listener()
        else closeListeners.push(listener)
      },
      close() {
        if (over) return
        carrier.close()
        closed()
      },
    },
    received(text) {
      if (over) return
      // What arrives before anyone listens is kept, so that no first message is lost.
      if (messageListeners.length === 0) early.push(text)
      else for (const listener of messageListeners) listener(text)
    },
    closed,
  }
}
