/** The client's end of a channel to a host. Calls never reject: when the channel is gone, they answer
 *  HOST_STOPPED, which says nothing about whether the host carried the call out. */
import { encodeCanonical } from '../../../shared/contract/codec.ts'
import type { HostEvent } from '../../../shared/contract/event.ts'
import { refuse } from '../../../shared/errors/refusal.ts'
import { type Channel, readMessage, responseSchema, writeRequest } from './channel.ts'

export interface HostClient {
  /** Both texts are shared/contract/codec; the answer is an encoded Result. Fits `Wire` of the typed client. */
  call(method: string, input: string): Promise<string>
  subscribe(listener: (event: HostEvent) => void): () => void
  /** Called once when the host is gone; at once when it already is. */
  onClose(listener: () => void): void
  close(): Promise<void>
}

function stopped(reason: string): string {
  return encodeCanonical(refuse('HOST_STOPPED', { reason }))
}

export function connectHost(channel: Channel): HostClient {
  const pending = new Map<number, (answer: string) => void>()
  const listeners = new Set<(event: HostEvent) => void>()
  let nextId = 0
  let over = false
  channel.onClose(() => {
    over = true
    for (const resolve of pending.values()) resolve(stopped('the host went away during the call'))
    pending.clear()
    listeners.clear()
  })
  channel.onMessage((text) => {
    const response = readMessage(responseSchema, text)
    if (response === null) {
      channel.close()
      return
    }
    if ('event' in response) {
      for (const listener of listeners) listener(response.event)
      return
    }
    const resolve = pending.get(response.id)
    pending.delete(response.id)
    resolve?.(response.result)
  })
  return {
    call(method, input) {
      if (over) return Promise.resolve(stopped('the host is gone'))
      const id = nextId
      nextId += 1
      return new Promise((resolve) => {
        pending.set(id, resolve)
        channel.post(writeRequest({ id, method, input }))
      })
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onClose: (listener) => channel.onClose(listener),
    async close() {
      channel.close()
    },
  }
}
