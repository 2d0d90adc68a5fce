/** A small SOCKS5 proxy (RFC 1928, no authentication, CONNECT) on loopback that writes down what it was asked
 *  for and by which kind of address, and leads every name to the port that the test gives it. */
import { type Server, type Socket, connect, createServer } from 'node:net'

export interface Socks5Fixture {
  readonly port: number
  /** 'name host:port' or 'ip host:port' of every request. */
  readonly asked: readonly string[]
  close(): Promise<void>
}

/** @param routes  'host:port' → loopback port; anything else is refused with "host unreachable" */
export async function startSocks5(routes: ReadonlyMap<string, number>): Promise<Socks5Fixture> {
  const asked: string[] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server: Server = createServer((socket) => {
    keep(socket)
    socket.once('data', () => {
      socket.write(Uint8Array.of(5, 0))
      socket.once('data', (request: Buffer) => {
        const isName = request[3] === 3
        const length = request[4] ?? 0
        const host = isName
          ? request.subarray(5, 5 + length).toString('latin1')
          : [...request.subarray(4, 8)].join('.')
        const target = `${host}:${request.readUInt16BE(isName ? 5 + length : 8)}`
        asked.push(`${isName ? 'name' : 'ip'} ${target}`)
        const port = routes.get(target)
        const answer = (code: number) => Uint8Array.of(5, code, 0, 1, 0, 0, 0, 0, 0, 0)
        if (port === undefined) {
          socket.end(answer(4))
          return
        }
        const inner = connect({ host: '127.0.0.1', port }, () => {
          socket.write(answer(0))
          socket.pipe(inner).pipe(socket)
        })
        keep(inner)
        socket.on('close', () => inner.destroy())
        inner.on('close', () => socket.destroy())
      })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    asked,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
