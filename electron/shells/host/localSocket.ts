/** A second process as a client of the one that holds the writer lock: a unix socket in the data
 *  directory (a named pipe on Windows), open to the same user only, and a random token in a file only
 *  that user can read. The client may ask to be treated as less than a person at a terminal.
 *  Frames: 4 bytes of length, big-endian, then UTF-8. Refuses: HOST_STOPPED. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createConnection, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { encodeCanonical } from '../../../shared/contract/codec.ts'
import { ok, type Result, refuse } from '../../../shared/errors/refusal.ts'
import { writeFileDurably } from '../../adapters/store/durableFile.ts'
import type { Host } from '../../host/host.types.ts'
import { type Channel, createChannel, readMessage } from './channel.ts'
import { connectHost, type HostClient } from './connectHost.ts'
import { serveHost } from './serveHost.ts'

const attachName = 'attach.json'
const mostBytes = 8 * 2 ** 20
const mostClients = 16
const handshakeMs = 5_000
/** sun_path holds 104 bytes on macOS, 108 on Linux. */
const longestSocketPath = 100

const attachSchema = z.strictObject({ path: z.string().min(1), token: z.string().length(64) })
const helloSchema = z.strictObject({
  kind: z.literal('hello'),
  version: z.literal(1),
  token: z.string().max(200),
  as: z.enum(['cli', 'renderer', 'watcher']),
})
const welcomeSchema = z.strictObject({ kind: z.literal('welcome') })

function frame(text: string): Buffer {
  const body = Buffer.from(text, 'utf8')
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}

/** Calls back for each whole frame; false when a frame is over the limit. */
function createUnframer(onFrame: (text: string) => void): (chunk: Buffer) => boolean {
  let kept: Buffer[] = []
  let length = 0
  return (chunk) => {
    kept.push(chunk)
    length += chunk.length
    while (length >= 4) {
      const first = kept[0]
      const all = kept.length === 1 && first !== undefined ? first : Buffer.concat(kept)
      kept = [all]
      const size = all.readUInt32BE(0)
      if (size > mostBytes) return false
      if (length < 4 + size) return true
      const rest = all.subarray(4 + size)
      kept = [rest]
      length = rest.length
      onFrame(all.toString('utf8', 4, 4 + size))
    }
    return true
  }
}

function channelOver(socket: Socket): Channel {
  const { channel, received, closed } = createChannel({
    post: (text) => void socket.write(frame(text)),
    close: () => void socket.end(),
  })
  const unframe = createUnframer(received)
  socket.on('data', (chunk: Buffer) => {
    if (!unframe(chunk)) socket.destroy()
  })
  // A reset says no more than the close that follows it.
  socket.on('error', () => {})
  socket.on('close', closed)
  return channel
}

function chooseSocketPath(directory: string): string {
  if (process.platform === 'win32')
    return `\\\\.\\pipe\\bulkhead-${randomBytes(16).toString('hex')}`
  const beside = join(directory, 'host.sock')
  if (Buffer.byteLength(beside) <= longestSocketPath) return beside
  return join(mkdtempSync(join(tmpdir(), 'bulkhead-')), 'host.sock')
}

function sameToken(token: string, expected: string): boolean {
  const [given, wanted] = [Buffer.from(token), Buffer.from(expected)]
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

export interface LocalServer {
  close(): Promise<void>
}

/** Listens for second processes. The caller holds the writer lock of `directory`. */
export async function listenLocally(options: {
  readonly host: Pick<Host, 'call' | 'subscribe'>
  readonly directory: string
}): Promise<LocalServer> {
  const { host, directory } = options
  const path = chooseSocketPath(directory)
  const token = randomBytes(32).toString('hex')
  // We hold the lock, so a socket that lies here was left by a dead process.
  if (process.platform !== 'win32') rmSync(path, { force: true })
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    const channel = channelOver(socket)
    const late = setTimeout(() => socket.destroy(), handshakeMs)
    channel.onClose(() => clearTimeout(late))
    let greeted = false
    const inner = createChannel({
      post: (text) => channel.post(text),
      close: () => channel.close(),
    })
    channel.onClose(inner.closed)
    channel.onMessage((text) => {
      if (greeted) {
        inner.received(text)
        return
      }
      const hello = readMessage(helloSchema, text)
      if (hello === null || !sameToken(hello.token, token)) {
        socket.destroy()
        return
      }
      greeted = true
      clearTimeout(late)
      channel.post(encodeCanonical({ kind: 'welcome' }))
      serveHost(host, inner.channel, { kind: hello.as })
    })
  })
  server.maxConnections = mostClients
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, () => {
      server.off('error', reject)
      resolve()
    })
  })
  if (process.platform !== 'win32') chmodSync(path, 0o600)
  const attachFile = join(directory, attachName)
  writeFileDurably(attachFile, Buffer.from(JSON.stringify({ path, token })))
  return {
    async close() {
      rmSync(attachFile, { force: true })
      const done = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets) socket.destroy()
      await done
      if (process.platform !== 'win32' && dirname(path) !== directory)
        rmSync(dirname(path), { recursive: true, force: true })
    },
  }
}

/** Attaches to the process that serves `directory`. @param as  what this client wants to be treated as */
export async function attachToHost(options: {
  readonly directory: string
  readonly as: 'cli' | 'renderer' | 'watcher'
}): Promise<Result<HostClient, 'HOST_STOPPED'>> {
  let target: z.infer<typeof attachSchema>
  try {
    const text = readFileSync(join(options.directory, attachName), 'utf8')
    target = attachSchema.parse(JSON.parse(text))
  } catch {
    return refuse('HOST_STOPPED', { reason: 'no process serves this data directory' })
  }
  const socket = createConnection(target.path)
  const channel = channelOver(socket)
  const inner = createChannel({
    post: (text) => channel.post(text),
    close: () => channel.close(),
  })
  const welcomed = await new Promise<boolean>((resolve) => {
    const late = setTimeout(() => {
      socket.destroy()
      resolve(false)
    }, handshakeMs)
    let greeted = false
    channel.onClose(() => {
      clearTimeout(late)
      resolve(false)
      inner.closed()
    })
    channel.onMessage((text) => {
      if (greeted) {
        inner.received(text)
        return
      }
      greeted = readMessage(welcomeSchema, text) !== null
      clearTimeout(late)
      if (!greeted) socket.destroy()
      resolve(greeted)
    })
    channel.post(
      encodeCanonical({ kind: 'hello', version: 1, token: target.token, as: options.as }),
    )
  })
  if (!welcomed) return refuse('HOST_STOPPED', { reason: 'the serving process did not answer' })
  return ok(connectHost(inner.channel))
}
