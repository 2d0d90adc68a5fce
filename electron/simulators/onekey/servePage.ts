/** Serves the device's page on a loopback port of its own, under a random token. Exact Host on every
 *  request, exact Origin on every press: no other page and no other program's page can press. */
import { randomBytes, timingSafeEqual } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { SoftwareDevice } from './device.ts'
import { PAGE_SCRIPT, PAGE_STYLE, type PageTheme, renderPage } from './page.ts'
import { type DeviceLanguage, readScreen } from './screen.ts'

const pressSchema = z.object({ button: z.enum(['confirm', 'reject']) })
const MAX_BODY = 256

export interface DevicePage {
  readonly url: string
  readonly origin: string
  setFrameAncestors(origins: readonly string[]): void
  close(): Promise<void>
}

export async function serveDevicePage(
  device: SoftwareDevice,
  about: {
    readonly model: string
    readonly label: string
    readonly frameAncestors: readonly string[]
  },
): Promise<DevicePage> {
  const token = randomBytes(24).toString('base64url')
  const streams = new Set<ServerResponse>()
  let ancestors = about.frameAncestors
  let origin = ''

  function send(response: ServerResponse, status: number, type: string, body: string): void {
    response.writeHead(status, {
      'content-type': type,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': [
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        `frame-ancestors ${ancestors.length === 0 ? "'none'" : ancestors.join(' ')}`,
      ].join('; '),
    })
    response.end(body)
  }

  function stream(response: ServerResponse, language: DeviceLanguage): void {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' })
    const push = (): void => {
      response.write(`data: ${JSON.stringify(readScreen(device.screen(), language))}\n\n`)
    }
    push()
    const stop = device.onScreen(push)
    streams.add(response)
    response.on('close', () => {
      stop()
      streams.delete(response)
    })
  }

  async function press(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.headers.origin !== origin) return send(response, 403, 'text/plain', 'origin')
    const asked = pressSchema.safeParse(await readJson(request))
    if (!asked.success) return send(response, 400, 'text/plain', 'button')
    const taken = device.press(asked.data.button)
    send(response, taken ? 204 : 409, 'text/plain', '')
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (`http://${request.headers.host}` !== origin)
      return send(response, 421, 'text/plain', 'host')
    const url = new URL(request.url ?? '/', origin)
    const [, given = '', page = ''] = url.pathname.split('/')
    if (!sameText(given, token)) return send(response, 404, 'text/plain', 'not found')
    const language: DeviceLanguage = url.searchParams.get('lang')?.startsWith('zh') ? 'zh' : 'en'
    const asked = url.searchParams.get('theme')
    const theme: PageTheme = asked === 'dark' || asked === 'light' ? asked : 'system'
    switch (`${request.method} ${page}`) {
      case 'GET ':
        return send(response, 200, 'text/html; charset=utf-8', renderPage(about, language, theme))
      case 'GET device.css':
        return send(response, 200, 'text/css; charset=utf-8', PAGE_STYLE)
      case 'GET device.js':
        return send(response, 200, 'text/javascript; charset=utf-8', PAGE_SCRIPT)
      case 'GET events':
        return stream(response, language)
      case 'POST press':
        return press(request, response)
      default:
        return send(response, 404, 'text/plain', 'not found')
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = z
    .custom<AddressInfo>((a) => typeof a === 'object' && a !== null)
    .parse(server.address())
  origin = `http://127.0.0.1:${port}`

  return {
    url: `${origin}/${token}/`,
    origin,
    setFrameAncestors(origins) {
      ancestors = origins
    },
    async close() {
      for (const response of streams) response.end()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const part = z.instanceof(Buffer).parse(chunk)
    size += part.length
    if (size > MAX_BODY) return null
    chunks.push(part)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'))
  } catch {
    return null
  }
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
