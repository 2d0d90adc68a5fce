/** The host's end of a channel. Who calls is stated here, by the side that accepted the channel, and
 *  never read from a message. A malformed message, or more calls in flight than a real client makes,
 *  ends the channel; the host itself goes on. */
import { encodeCanonical } from '../../../shared/contract/codec.ts'
import { refuse } from '../../../shared/errors/refusal.ts'
import type { Caller, Host } from '../../host/host.types.ts'
import { type Channel, readMessage, requestSchema, writeResponse } from './channel.ts'

const mostCallsInFlight = 256

/** Serves until the channel closes. @param caller  the same for every call of this channel */
export function serveHost(
  host: Pick<Host, 'call' | 'subscribe'>,
  channel: Channel,
  caller: Caller,
): void {
  let inFlight = 0
  const unsubscribe = host.subscribe((event) => channel.post(writeResponse({ event })))
  channel.onClose(unsubscribe)
  channel.onMessage((text) => {
    const request = readMessage(requestSchema, text)
    if (request === null || inFlight >= mostCallsInFlight) {
      channel.close()
      return
    }
    inFlight += 1
    host
      .call(request.method, request.input, caller)
      .catch(() => encodeCanonical(refuse('INTERNAL', { reference: 'host' })))
      .then((answer) => {
        inFlight -= 1
        channel.post(writeResponse({ id: request.id, result: answer }))
      })
      // Only a channel that throws while posting gets here.
      .catch(() => channel.close())
  })
}
