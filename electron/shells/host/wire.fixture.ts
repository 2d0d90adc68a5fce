/** Entry of the wire test's child process: a host that echoes, over its parent's pipe. Not part of the product. */
import { encodeCanonical } from '../../../shared/contract/codec.ts'
import { channelToParent } from './processChannel.ts'
import { serveHost } from './serveHost.ts'

const channel = channelToParent()
channel.onClose(() => process.exit(0))
serveHost(
  {
    async call(method, input, caller) {
      if (method === 'die') process.kill(process.pid, 'SIGKILL')
      return encodeCanonical({ ok: true, value: { method, input, caller: caller.kind } })
    },
    subscribe(listener) {
      const timer = setInterval(() => listener({ topic: 'journal' }), 20)
      return () => clearInterval(timer)
    },
  },
  channel,
  { kind: 'renderer' },
)
