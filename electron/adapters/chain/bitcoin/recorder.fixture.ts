/** A pipe before a server on loopback that keeps every byte a client sends, and finds secrets in them in every
 *  encoding that a careless program might use. */
import { type Socket, connect, createServer } from 'node:net'

export interface Recorder {
  readonly port: number
  sent(): Buffer
  close(): Promise<void>
}

export async function startRecorder(target: number): Promise<Recorder> {
  const chunks: Buffer[] = []
  const sockets = new Set<Socket>()
  const keep = (socket: Socket): void => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
  }
  const server = createServer((socket) => {
    const inner = connect({ host: '127.0.0.1', port: target })
    keep(socket)
    keep(inner)
    socket.on('data', (chunk: Buffer) => void chunks.push(chunk))
    socket.on('close', () => inner.destroy())
    inner.on('close', () => socket.destroy())
    socket.pipe(inner).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' ? (address?.port ?? 0) : 0,
    sent: () => Buffer.concat(chunks),
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** The forms in which bytes may travel: raw, both ways round, hex in both cases, base64 at each of its alignments. */
export function formsOf(bytes: Uint8Array): readonly Buffer[] {
  const raw = Buffer.from(bytes)
  const turned = Buffer.from(raw).reverse()
  return [raw, turned].flatMap((value) => {
    const hex = value.toString('hex')
    // What stands before and after shares a character with its ends: those are left off.
    const shifted = [0, 1, 2].map((lead) => {
      const text = Buffer.concat([Buffer.alloc(lead), value]).toString('base64')
      return text.replace(/=+$/, '').slice(lead === 0 ? 0 : lead + 1, -1)
    })
    const texts = [hex, hex.toUpperCase(), ...shifted]
    const urlSafe = shifted.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))
    return [value, ...[...texts, ...urlSafe].map((text) => Buffer.from(text, 'latin1'))]
  })
}
