/** Serves the built page over loopback with the shells' own strict CSP and answers it from the fixtures.
 *  For pictures and for specs of states that the demo cannot be brought into. Speaks the web shell's wire. */
import { createServer, type Server, type ServerResponse } from 'node:http'
import { readFile } from 'node:fs/promises'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocketServer } from 'ws'
import { z } from 'zod'
import { createFixtureHost } from '../renderer/fixtures/host.ts'
import type { State, portfolioFixture } from '../renderer/fixtures/portfolio.ts'

const pages = fileURLToPath(new URL('../dist/renderer', import.meta.url))
const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
}

export const strictPolicy = (device: string | null) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "font-src 'self'",
    "img-src 'self' data:",
    "connect-src 'self'",
    `frame-src ${device === null ? "'none'" : new URL(device).origin}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ')

async function serve(path: string, response: ServerResponse, device: string | null): Promise<void> {
  const file = normalize(path === '/' ? '/index.html' : path)
  try {
    const body = await readFile(join(pages, file))
    response.writeHead(200, {
      'content-type': types[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': strictPolicy(device),
      'cache-control': 'no-store',
    })
    response.end(body)
  } catch {
    response.writeHead(404).end()
  }
}

const callSchema = z.object({ id: z.int(), method: z.string(), input: z.string() })

function listen(server: Server, port: number): Promise<string> {
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => {
      const address = server.address()
      resolve(
        `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
      )
    })
  })
}

/** A page that looks like a device's screen; it has no buttons that do anything. */
const devicePage =
  '<!doctype html><meta charset="utf-8"><title>device</title><body style="margin:0;background:#05070a;color:#e8edf4;font:14px sans-serif;display:grid;place-items:center;height:100vh"><div style="text-align:center"><h3>Send Bitcoin</h3><p>Amount<br>0.05 BTC</p><p>To<br><code>bcrt1q9h6yqz4n7e<br>0c8k2w5x3vd1tam<br>m8lr0sj6pf4uy</code></p><button>Reject</button> <button>Confirm</button></div>'

export interface FixtureServer {
  readonly url: string
  /** Cuts every connection and takes no new ones, as a host that died. */
  cut(): void
  /** Takes connections again. */
  restore(): void
  close(): Promise<void>
}

export async function startFixtureServer(
  state: State,
  port = 0,
  portfolio?: typeof portfolioFixture,
): Promise<FixtureServer> {
  const deviceServer = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(devicePage)
  })
  const deviceUrl = await listen(deviceServer, 0)
  const host = createFixtureHost({
    state,
    nowMs: Date.now,
    deviceUrl: `${deviceUrl}/`,
    ...(portfolio === undefined ? {} : { portfolio }),
  })
  let refusing = false
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1')
    void serve(pathname, response, deviceUrl)
  })
  const sockets = new WebSocketServer({
    server,
    handleProtocols: () => 'bulkhead.v1',
    verifyClient: () => !refusing,
  })
  sockets.on('connection', (socket) => {
    const stop = host.subscribe((event) =>
      socket.send(JSON.stringify({ event: JSON.stringify(event) })),
    )
    socket.on('close', stop)
    socket.on('message', (data) => {
      const call = callSchema.safeParse(JSON.parse(String(data)))
      if (!call.success) return
      void host
        .call(call.data.method, call.data.input)
        .then((result) => socket.send(JSON.stringify({ id: call.data.id, result })))
    })
  })
  const url = await listen(server, port)
  return {
    url,
    cut() {
      refusing = true
      for (const client of sockets.clients) client.terminate()
    },
    restore() {
      refusing = false
    },
    async close() {
      for (const client of sockets.clients) client.terminate()
      server.closeAllConnections()
      deviceServer.closeAllConnections()
      await Promise.all(
        [server, deviceServer].map((each) => new Promise((resolve) => each.close(resolve))),
      )
    },
  }
}
