/** A loopback HTTP server that answers as a venue does and misbehaves as its fault rules say.
 *  127.0.0.1 only, a free port; `close` ends hanging requests too. */
import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http'
import { distort, type Fault, type Faults } from './faults.ts'

export interface SimRequest {
  readonly method: string
  readonly path: string
  /** Raw text after '?', without it. */
  readonly query: string
  readonly body: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface SimAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: OutgoingHttpHeaders
}

export interface SimServer {
  /** 'http://127.0.0.1:PORT' */
  readonly origin: string
  /** Requests seen so far, 'METHOD endpoint', oldest first. */
  readonly seen: readonly string[]
  close(): Promise<void>
}

const BODY_LIMIT = 1_000_000

async function readBody(request: IncomingMessage): Promise<string> {
  let text = ''
  request.setEncoding('utf8')
  for await (const chunk of request) {
    text += chunk
    if (text.length > BODY_LIMIT) throw new RangeError('request body too long')
  }
  return text
}

function send(response: ServerResponse, status: number, type: string, body: string, more = {}) {
  response.writeHead(status, { 'content-type': type, ...more })
  response.end(body)
}

/** True when a wire fault took the request over. */
function misbehave(response: ServerResponse, faults: readonly Fault[]): boolean {
  for (const fault of faults) {
    switch (fault.kind) {
      case 'hang':
        return true
      case 'drop':
        response.destroy()
        return true
      case 'http': {
        const retry = fault.status === 429 || fault.status === 418 ? { 'retry-after': '7' } : {}
        const body = fault.body ?? JSON.stringify({ code: -1000, msg: 'simulated failure' })
        send(response, fault.status, 'application/json', body, retry)
        return true
      }
      case 'malformed-json':
        send(response, 200, 'application/json', '{"assets":[{"asset":"USDC","walletBal')
        return true
      case 'html':
        send(response, 200, 'text/html', '<html><body>Checking your browser</body></html>')
        return true
    }
  }
  return false
}

export async function startSimServer(options: {
  readonly faults: Faults
  /** The venue's clock, for the Date header. */
  readonly now: () => number
  /** Name of the endpoint as fault rules use it. */
  readonly endpointOf: (request: SimRequest) => string
  readonly answer: (request: SimRequest, faults: readonly Fault[]) => SimAnswer | Promise<SimAnswer>
}): Promise<SimServer> {
  const seen: string[] = []
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path = '/', query = ''] = (incoming.url ?? '/').split('?')
    const request: SimRequest = {
      method: incoming.method ?? 'GET',
      path,
      query,
      body: await readBody(incoming),
      headers: incoming.headers,
    }
    const endpoint = options.endpointOf(request)
    seen.push(`${request.method} ${endpoint}`)
    const faults = options.faults.take(endpoint)
    if (misbehave(response, faults)) return
    const answer = await options.answer(request, faults)
    if (faults.some((fault) => fault.kind === 'lost-answer')) {
      response.destroy()
      return
    }
    const body = answer.status === 200 ? distort(answer.body, faults) : answer.body
    send(response, answer.status, 'application/json', JSON.stringify(body), answer.headers)
  }
  const server = createServer((incoming, response) => {
    response.setHeader('date', new Date(options.now()).toUTCString())
    handle(incoming, response).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : 'failed'
      if (!response.headersSent) send(response, 500, 'text/plain', message)
      else response.destroy()
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no loopback port')
  return {
    origin: `http://127.0.0.1:${address.port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
