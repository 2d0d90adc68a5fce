/** The link to the software device: the TCP connection is its plug, so a broken connection is an
 *  unplugged device. Loopback only. Reconnects by itself, as a hub that watches its port. */
import { type Socket, connect } from 'node:net'
import { CableLost, type DeviceCable, type DeviceLink, PACKET_SIZE } from './link.ts'

const RECONNECT_MS = 150

interface Plug {
  readonly path: string
  readonly socket: Socket
  readonly packets: Uint8Array[]
  waiting: { resolve(packet: Uint8Array): void; reject(error: Error): void } | null
  lost: boolean
}

export function createTcpLink(port: number): DeviceLink {
  const listeners = new Set<() => void>()
  let plug: Plug | null = null
  let generation = 0
  let closed = false
  let timer: NodeJS.Timeout | null = null

  const changed = (): void => {
    for (const listener of listeners) listener()
  }

  function lose(lost: Plug): void {
    lost.lost = true
    lost.waiting?.reject(new CableLost())
    lost.waiting = null
    if (plug !== lost) return
    plug = null
    changed()
  }

  function dial(): void {
    if (closed) return
    const socket = connect({ host: '127.0.0.1', port })
    socket.setNoDelay(true)
    let mine: Plug | null = null
    socket.on('connect', () => {
      generation += 1
      mine = { path: `tcp:${generation}`, socket, packets: [], waiting: null, lost: false }
      plug = mine
      receive(mine)
      changed()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      if (mine !== null) lose(mine)
      if (!closed) timer = setTimeout(dial, RECONNECT_MS)
    })
  }

  dial()
  return {
    list: () => (plug === null ? [] : [plug.path]),
    onChange: (listener) => listeners.add(listener),
    open(path) {
      if (plug === null || plug.path !== path) return Promise.reject(new CableLost())
      // What an earlier conversation left unread is not part of this one.
      plug.packets.length = 0
      return Promise.resolve(cableOf(plug))
    },
    close() {
      closed = true
      if (timer !== null) clearTimeout(timer)
      plug?.socket.destroy()
      return Promise.resolve()
    },
  }
}

function receive(plug: Plug): void {
  let rest: Buffer = Buffer.alloc(0)
  plug.socket.on('data', (data) => {
    rest = Buffer.concat([rest, data])
    while (rest.length >= PACKET_SIZE) {
      const packet = new Uint8Array(rest.subarray(0, PACKET_SIZE))
      rest = rest.subarray(PACKET_SIZE)
      if (plug.waiting === null) plug.packets.push(packet)
      else plug.waiting.resolve(packet)
    }
  })
}

function cableOf(plug: Plug): DeviceCable {
  return {
    write64(packet) {
      if (plug.lost) return Promise.reject(new CableLost())
      return new Promise((resolve, reject) => {
        plug.socket.write(packet, (error) =>
          error === undefined || error === null ? resolve() : reject(new CableLost()),
        )
      })
    },
    read64() {
      const ready = plug.packets.shift()
      if (ready !== undefined) return Promise.resolve(ready)
      if (plug.lost) return Promise.reject(new CableLost())
      return new Promise((resolve, reject) => {
        const done = (): void => {
          plug.waiting = null
        }
        plug.waiting = {
          resolve(packet) {
            done()
            resolve(packet)
          },
          reject(error) {
            done()
            reject(error)
          },
        }
      })
    },
    abort() {
      plug.waiting?.reject(new Error('read aborted'))
    },
    close() {
      plug.waiting?.reject(new Error('cable closed'))
      return Promise.resolve()
    },
  }
}
