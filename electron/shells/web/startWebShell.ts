/** The app in a browser: a loopback server for the built renderer and one WebSocket to the host.
 *  Whoever has the per-launch token is the user; it travels in the URL fragment (never sent by HTTP) and
 *  then as WebSocket subprotocol. Exact Host and Origin stop other pages and DNS rebinding; no cookies.
 *  One session at a time. Every call is made as `renderer`: serve the host to this shell as that. */
import { timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { ok, type Result, refuse } from '../../../shared/errors/refusal.ts'
import type { Random } from '../../host/ports.ts'
import type { HostClient } from '../host/connectHost.ts'
import { serveHost } from '../host/serveHost.ts'
import { readServedFiles, type ServedFile } from './files.ts'
import { loopbackOrigin, securityHeaders } from './headers.ts'
import { closeCodes, openSession, type SessionLimits } from './session.ts'

export const protocolName = 'bulkhead.v1'
const address = '127.0.0.1'
const mostMessageBytes = 2 ** 20

export interface WebShellOptions {
  readonly hostClient: HostClient
  /** The built renderer: holds index.html. */
  readonly rendererDirectory: string
  readonly random: Random
  /** Origin of the demo's simulator page, e.g. 'http://127.0.0.1:4711'; it may be framed. */
  readonly simulatorOrigin?: string
  /** Opens the user's browser; called once when the server listens. */
  readonly openUrl?: (url: string) => void
  /** 0 or absent: any free port. */
  readonly port?: number
  readonly limits?: SessionLimits
}

export interface WebShell {
  /** With the token: whoever has it is the user. Print it to their terminal only. */
  readonly url: string
  readonly origin: string
  close(): Promise<void>
}

/** Starts the server. NOT_FOUND when the renderer is not built; rejects when it cannot listen. */
export async function startWebShell(
  options: WebShellOptions,
): Promise<Result<WebShell, 'NOT_FOUND'>> {
  const files = readServedFiles(options.rendererDirectory)
  if (!files.has('/')) return refuse('NOT_FOUND', { what: 'renderer', id: 'index.html' })
  const token = Buffer.from(options.random.bytes(32)).toString('base64url')
  const frame =
    options.simulatorOrigin === undefined ? null : loopbackOrigin(options.simulatorOrigin)

  const server = createServer({
    maxHeaderSize: 8192,
    headersTimeout: 10_000,
    requestTimeout: 10_000,
  })
  server.maxConnections = 64
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port ?? 0, address, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const ownHost = `${address}:${portOf(server.address())}`
  const origin = `http://${ownHost}`
  const headers = securityHeaders(ownHost, frame)
  server.on('request', (request, response) =>
    answer(request, response, { files, ownHost, headers }),
  )

  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: mostMessageBytes,
    perMessageDeflate: false,
    // The token is offered as a protocol too, and must not come back in the answer.
    handleProtocols: () => protocolName,
  })
  const sessions = createSessions(options)
  server.on('upgrade', (request, socket: Duplex, head: Buffer) => {
    if (!mayConnect(request, { ownHost, origin, token })) {
      // Node hands the socket over bare: a reset by the other side would otherwise end this process.
      socket.on('error', () => {})
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', () =>
        socket.destroy(),
      )
      return
    }
    sockets.handleUpgrade(request, socket, head, (accepted) => sessions.admit(accepted))
  })

  const url = `${origin}/#token=${token}`
  options.openUrl?.(url)
  return ok({
    url,
    origin,
    async close() {
      const done = new Promise<void>((resolve) => server.close(() => resolve()))
      for (const socket of sockets.clients) socket.terminate()
      server.closeAllConnections()
      await done
    },
  })
}

function portOf(bound: AddressInfo | string | null): number {
  if (bound === null || typeof bound === 'string') throw new Error('the server has no port')
  return bound.port
}

/** Only one session reaches the host; a second is told so and may come back after the first has left. */
function createSessions(options: WebShellOptions): { admit(socket: WebSocket): void } {
  const { hostClient } = options
  const limits = options.limits ?? { heartbeatMs: 15_000, messagesPerSecond: 200 }
  let current: WebSocket | null = null
  let hostGone = false
  hostClient.onClose(() => {
    hostGone = true
    current?.close(closeCodes.hostStopped, 'the host stopped')
  })
  return {
    admit(socket) {
      // ws reports protocol violations here; the close event follows.
      socket.on('error', () => {})
      if (hostGone) {
        socket.close(closeCodes.hostStopped, 'the host stopped')
        return
      }
      if (current !== null) {
        socket.close(closeCodes.anotherWindow, 'another window holds the session')
        return
      }
      current = socket
      socket.on('close', () => {
        current = null
      })
      const channel = openSession(socket, limits)
      serveHost(hostClient, channel, { kind: 'renderer' })
    },
  }
}

/** Each header once and exactly as our own page sends it. */
function mayConnect(
  request: IncomingMessage,
  expected: { readonly ownHost: string; readonly origin: string; readonly token: string },
): boolean {
  const { headersDistinct: headers } = request
  const [name, token, ...more] =
    headers['sec-websocket-protocol']
      ?.join(',')
      .split(',')
      .map((part) => part.trim()) ?? []
  return (
    request.method === 'GET' &&
    request.url === '/' &&
    isOnly(headers['host'], expected.ownHost) &&
    isOnly(headers['origin'], expected.origin) &&
    name === protocolName &&
    more.length === 0 &&
    sameToken(token ?? '', expected.token)
  )
}

function isOnly(values: readonly string[] | undefined, expected: string): boolean {
  return values?.length === 1 && values[0] === expected
}

function sameToken(given: string, expected: string): boolean {
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  served: {
    readonly files: ReadonlyMap<string, ServedFile>
    readonly ownHost: string
    readonly headers: Readonly<Record<string, string>>
  },
): void {
  const { headersDistinct: headers } = request
  for (const [name, value] of Object.entries(served.headers)) response.setHeader(name, value)
  const end = (status: number): void => void response.writeHead(status).end()
  // Another name for our address is a rebound one: the page that asks is not ours.
  if (!isOnly(headers['host'], served.ownHost)) return end(421)
  const foreign = headers['origin']
  if (foreign !== undefined && !isOnly(foreign, `http://${served.ownHost}`)) return end(403)
  if (request.method !== 'GET' && request.method !== 'HEAD') return end(405)
  const [path] = (request.url ?? '').split('?')
  const file = served.files.get(path ?? '')
  if (file === undefined) return end(404)
  response.setHeader('ETag', file.tag)
  if (headers['if-none-match']?.[0] === file.tag) return end(304)
  response.writeHead(200, { 'Content-Type': file.type, 'Content-Length': file.bytes.length })
  response.end(request.method === 'HEAD' ? undefined : file.bytes)
}
