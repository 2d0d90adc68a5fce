/** One WebSocket as a channel: text only, limited in size and rate, watched by a heartbeat. */
import type { WebSocket } from 'ws'
import { type Channel, createChannel } from '../host/channel.ts'

/** Private close codes: the page tells the user which. */
export const closeCodes = { anotherWindow: 4001, hostStopped: 4002, tooFast: 1008, notText: 1003 }

export interface SessionLimits {
  readonly heartbeatMs: number
  /** Messages that may come at once, and as many again each second. */
  readonly messagesPerSecond: number
}

/** A reader that takes nothing while we send is cut off before it fills our memory. */
const mostUnsentBytes = 32 * 2 ** 20

/** A bucket that fills by time. @returns false when it is empty */
function createAllowance(perSecond: number): () => boolean {
  let left = perSecond
  let last = performance.now()
  return () => {
    const now = performance.now()
    left = Math.min(perSecond, left + ((now - last) / 1000) * perSecond)
    last = now
    if (left < 1) return false
    left -= 1
    return true
  }
}

export function openSession(socket: WebSocket, limits: SessionLimits): Channel {
  const { channel, received, closed } = createChannel({
    post(text) {
      if (socket.bufferedAmount > mostUnsentBytes) socket.terminate()
      else socket.send(text)
    },
    // 1008: what a channel is closed for from our side is a message outside the contract.
    close: () => socket.close(1008),
  })
  const allowed = createAllowance(limits.messagesPerSecond)
  let alive = true
  const heartbeat = setInterval(() => {
    if (!alive) {
      socket.terminate()
      return
    }
    alive = false
    socket.ping()
  }, limits.heartbeatMs)
  socket.on('pong', () => {
    alive = true
  })
  socket.on('message', (data, isBinary) => {
    // What was under way when we closed still arrives.
    if (socket.readyState !== socket.OPEN) return
    if (isBinary) socket.close(closeCodes.notText)
    else if (allowed()) received(data.toString())
    else socket.close(closeCodes.tooFast)
  })
  // Protocol errors close the socket; the close event follows.
  socket.on('error', () => {})
  socket.on('close', () => {
    clearInterval(heartbeat)
    closed()
  })
  return channel
}
