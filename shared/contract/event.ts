/** What the host tells without being asked: which reads have new answers. No figures travel in events. */
import { z } from 'zod'

export const eventSchema = z
  .object({ topic: z.enum(['status', 'portfolio', 'vault', 'transfers', 'journal', 'settings']) })
  .readonly()
export type HostEvent = z.infer<typeof eventSchema>
export type Topic = HostEvent['topic']
