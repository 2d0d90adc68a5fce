/** HTTP as text with a limit on time and size, directly or through a SOCKS5 proxy; redirects are not followed:
 *  the user named one server. What goes wrong on the way is CHAIN_UNREACHABLE; any other status is an answer
 *  for the caller to judge. Close it: it keeps connections. */
import { Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http'
import { Agent as SecureAgent, request as requestHttps } from 'node:https'
import { type Result, ok } from '../../../../shared/errors/refusal.ts'
import { unreachable } from './answers.ts'
import { type Socks5Proxy, dial } from './dial.ts'

export interface HttpAnswer {
  readonly status: number
  readonly text: string
}

export interface HttpText {
  get(path: string, signal: AbortSignal): Promise<HttpResult>
  post(
    path: string,
    body: string,
    signal: AbortSignal,
    headers?: Readonly<Record<string, string>>,
  ): Promise<HttpResult>
  close(): void
}

type HttpResult = Result<HttpAnswer, 'CHAIN_UNREACHABLE'>

const CONNECTIONS = 8

export function createHttpText(options: {
  /** Without a slash at its end. */
  readonly base: string
  readonly proxy: Socks5Proxy | null
  readonly timeoutMs: number
  readonly maxBytes: number
}): HttpText {
  const { timeoutMs, maxBytes } = options
  const base = new URL(options.base)
  const secure = base.protocol === 'https:'
  const endpoint = {
    host: base.hostname.replace(/^\[|\]$/g, ''),
    port: Number(base.port) || (secure ? 443 : 80),
    tls: secure ? ('verified' as const) : ('off' as const),
    proxy: options.proxy,
  }
  const closing = new AbortController()
  const pool = { keepAlive: true, maxSockets: CONNECTIONS }
  const agent = secure ? new SecureAgent(pool) : new Agent(pool)
  agent.createConnection = (_, created) => {
    void dial(endpoint, AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)])).then(
      (socket) => {
        if (socket.ok) created?.(null, socket.value)
        else rejectConnection(new Error(socket.refusal.data.reason), created)
      },
    )
    return undefined
  }

  async function readBody(response: IncomingMessage): Promise<string | undefined> {
    const chunks: Buffer[] = []
    let size = 0
    for await (const chunk of response) {
      const bytes = Buffer.from(chunk)
      size += bytes.length
      // Leaving the loop destroys the response and with it the connection.
      if (size > maxBytes) return undefined
      chunks.push(bytes)
    }
    return Buffer.concat(chunks).toString('utf8')
  }

  function open(path: string, method: string, headers: object, signal: AbortSignal): ClientRequest {
    const url = `${options.base}${path}`
    return secure
      ? requestHttps(url, { method, headers: { ...headers }, agent, signal })
      : requestHttp(url, { method, headers: { ...headers }, agent, signal })
  }

  async function send(
    path: string,
    method: 'GET' | 'POST',
    body: string,
    headers: Readonly<Record<string, string>>,
    outer: AbortSignal,
  ): Promise<HttpResult> {
    const timeout = AbortSignal.timeout(timeoutMs)
    const signal = AbortSignal.any([outer, closing.signal, timeout])
    try {
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        const sent = open(path, method, headers, signal)
        sent.once('response', resolve)
        sent.once('error', reject)
        sent.end(body)
      })
      const { statusCode: status = 0 } = response
      if (status >= 300 && status < 400) {
        response.destroy()
        return unreachable(`the server sends us elsewhere (${status})`)
      }
      const text = await readBody(response)
      return text === undefined
        ? unreachable(`an answer over ${maxBytes} bytes`)
        : ok({ status, text })
    } catch (error) {
      if (closing.signal.aborted) return unreachable('closed')
      if (timeout.aborted) return unreachable(`no answer within ${timeoutMs} ms`)
      return unreachable(error instanceof Error ? error.message : String(error))
    }
  }

  return {
    get: (path, signal) => send(path, 'GET', '', {}, signal),
    post: (path, body, signal, headers = {}) =>
      send(
        path,
        'POST',
        body,
        { 'content-length': String(Buffer.byteLength(body)), ...headers },
        signal,
      ),
    close() {
      closing.abort()
      agent.destroy()
    },
  }
}

type Created = Parameters<Agent['createConnection']>[1]

/** The type wants a stream even beside an error; Node itself passes none. */
function rejectConnection(error: Error, created: Created): void {
  if (created !== undefined) Reflect.apply(created, undefined, [error])
}
