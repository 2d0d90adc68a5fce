/** Opens the socket to a chain server: directly or through a SOCKS5 proxy, plain or under TLS. Through a
 *  proxy the server's name is never looked up on this machine; an onion address is never dialled without one.
 *  A pinned certificate is compared before the first byte of ours is sent. */
import { once } from 'node:events'
import { type Socket, connect as connectTcp, isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { SocksClient } from 'socks'
import { z } from 'zod'
import { type Result, ok } from '../../../../shared/errors/refusal.ts'
import { unreachable } from './answers.ts'

/** 'off' for loopback or an onion address; a fingerprint pins a self-signed server (sha256, hex with colons). */
export type Tls = 'off' | 'verified' | { readonly fingerprint256: string }

export interface Socks5Proxy {
  readonly host: string
  readonly port: number
}

export interface Endpoint {
  readonly host: string
  readonly port: number
  readonly tls: Tls
  /** Null: dialled directly. */
  readonly proxy: Socks5Proxy | null
}

const fingerprintSchema = z.object({ fingerprint256: z.string() })

/** A socket on which the next byte is the server's own protocol. */
export async function dial(
  endpoint: Endpoint,
  signal: AbortSignal,
): Promise<Result<Socket, 'CHAIN_UNREACHABLE'>> {
  // The outermost layer so far; it takes what is below it with it.
  let outermost: Socket | undefined
  const onOpen = (socket: Socket): void => {
    outermost = socket
  }
  const onAbort = (): void => void outermost?.destroy()
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    const plain = await reach(endpoint, onOpen, signal)
    if (typeof plain === 'string') return unreachable(plain)
    const socket = endpoint.tls === 'off' ? plain : await secure(endpoint, plain, onOpen, signal)
    if (socket === undefined) {
      onAbort()
      return unreachable('the certificate is not the pinned one')
    }
    return ok(socket)
  } catch (error) {
    onAbort()
    if (signal.aborted) return unreachable('no connection in time')
    return unreachable(error instanceof Error ? error.message : String(error))
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/** The socket, or why it is not even tried. */
async function reach(
  { host, port, proxy }: Endpoint,
  onOpen: (socket: Socket) => void,
  signal: AbortSignal,
): Promise<Socket | string> {
  if (proxy === null && host.toLowerCase().endsWith('.onion'))
    return 'an onion address needs a SOCKS5 proxy'
  const socket = connectTcp(proxy ?? { host, port })
  onOpen(socket)
  socket.setNoDelay(true)
  await once(socket, 'connect', { signal })
  if (proxy === null) return socket
  const through = await SocksClient.createConnection({
    proxy: { ...proxy, type: 5 },
    command: 'connect',
    // A name goes to the proxy as a name (RFC 1928, ATYP 3).
    destination: { host, port },
    existing_socket: socket,
  })
  return through.socket
}

async function secure(
  { host, tls }: Endpoint,
  plain: Socket,
  onOpen: (socket: Socket) => void,
  signal: AbortSignal,
): Promise<Socket | undefined> {
  const socket = connectTls({
    socket: plain,
    ...(isIP(host) === 0 ? { servername: host } : { host }),
    rejectUnauthorized: tls === 'verified',
  })
  onOpen(socket)
  await once(socket, 'secureConnect', { signal })
  const pinned = typeof tls === 'object' ? tls.fingerprint256.toUpperCase() : undefined
  const shown = fingerprintSchema.safeParse(socket.getPeerCertificate()).data?.fingerprint256
  return pinned === undefined || pinned === shown ? socket : undefined
}
