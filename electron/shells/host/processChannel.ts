/** A channel over the IPC pipe of a forked child, for both ends. The pipe closes with either process,
 *  however it ends: a host whose shell died sees its channel close. */
import type { ChildProcess } from 'node:child_process'
import { type Channel, createChannel } from './channel.ts'

/** What child_process gives on either side of a fork. */
type IpcEnd = Pick<ChildProcess, 'send' | 'connected' | 'disconnect'> & {
  on(event: 'message' | 'disconnect', listener: (message: unknown) => void): unknown
}

function channelOver(end: IpcEnd): Channel {
  const { channel, received, closed } = createChannel({
    post(text) {
      // The callback takes the error of a pipe that broke meanwhile; 'disconnect' reports it.
      if (end.connected) end.send(text, () => {})
    },
    close() {
      if (end.connected) end.disconnect()
    },
  })
  end.on('message', (message) => {
    if (typeof message === 'string') received(message)
    else channel.close()
  })
  end.on('disconnect', closed)
  return channel
}

/** The parent's end. */
export function channelToChild(child: ChildProcess): Channel {
  return channelOver(child)
}

/** The child's end. Throws when this process was not forked. */
export function channelToParent(): Channel {
  if (process.send === undefined) throw new Error('this process has no parent to speak to')
  const send = process.send.bind(process)
  return channelOver({
    send,
    get connected() {
      return process.connected
    },
    disconnect: () => process.disconnect(),
    on: (event, listener) => process.on(event, listener),
  })
}
