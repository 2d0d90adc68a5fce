import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { HostEvent } from '../../../shared/contract/event.ts'
import { systemRandom } from '../../adapters/system/clock.ts'
import type { HostClient } from '../host/connectHost.ts'
import { loopbackOrigin } from './headers.ts'
import { startWebShell, type WebShell, type WebShellOptions } from './startWebShell.ts'

let directory: string
const cleanups: (() => unknown)[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-web-'))
  mkdirSync(join(directory, 'renderer', 'assets'), { recursive: true })
  writeFileSync(join(directory, 'renderer', 'index.html'), '<!doctype html>')
  writeFileSync(join(directory, 'renderer', 'assets', 'app.js'), 'export {}')
  writeFileSync(join(directory, 'renderer', 'assets', 'app.js.map'), '{}')
  writeFileSync(join(directory, 'secret.json'), '{"secret":1}')
  symlinkSync(join(directory, 'secret.json'), join(directory, 'renderer', 'link.json'))
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  rmSync(directory, { recursive: true, force: true })
})

function fakeHostClient() {
  const calls: unknown[][] = []
  const listeners = new Set<(event: HostEvent) => void>()
  const closers: (() => void)[] = []
  const client: HostClient = {
    async call(...given) {
      calls.push(given)
      return `answer to ${given[1]}`
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onClose: (listener) => void closers.push(listener),
    close: async () => {},
  }
  return {
    client,
    calls,
    listeners,
    stop: () => {
      for (const closer of closers) closer()
    },
  }
}

async function start(more: Partial<WebShellOptions> = {}) {
  const host = fakeHostClient()
  const started = await startWebShell({
    hostClient: host.client,
    rendererDirectory: join(directory, 'renderer'),
    random: systemRandom,
    ...more,
  })
  if (!started.ok) throw new Error(JSON.stringify(started.refusal))
  const shell = started.value
  cleanups.push(() => shell.close())
  return { shell, ...host, ...splitUrl(shell) }
}

function splitUrl(shell: WebShell) {
  const { port, hash } = new URL(shell.url)
  return { port: Number(port), token: hash.replace('#token=', '') }
}

interface Answer {
  status: number
  headers: Record<string, unknown>
  body: string
}

/** Sends the path as it is, without the normalising of a URL library. */
function ask(
  port: number,
  path: string,
  more: { method?: string; headers?: Record<string, string> } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, path, agent: false, ...more },
      (response) => {
        let body = ''
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString()
        })
        response.on('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        )
      },
    )
    request.on('error', reject)
    request.end()
  })
}

type Outcome = { kind: 'open'; socket: WebSocket } | { kind: 'refused'; status: number }

function dial(
  shell: WebShell,
  protocols: string[],
  more: { headers?: Record<string, string>; origin?: string | null; path?: string } = {},
): Promise<Outcome> {
  const origin = more.origin === undefined ? shell.origin : more.origin
  const socket = new WebSocket(
    `${shell.origin.replace('http', 'ws')}${more.path ?? '/'}`,
    protocols,
    {
      ...(origin === null ? {} : { origin }),
      headers: more.headers ?? {},
    },
  )
  cleanups.push(() => socket.terminate())
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve({ kind: 'open', socket }))
    socket.on('unexpected-response', (_, response) => {
      response.resume()
      socket.on('error', () => {})
      resolve({ kind: 'refused', status: response.statusCode ?? 0 })
    })
    socket.on('error', reject)
  })
}

async function session(shell: WebShell): Promise<WebSocket> {
  const outcome = await dial(shell, ['bulkhead.v1', splitUrl(shell).token])
  if (outcome.kind !== 'open') throw new Error(`refused with ${outcome.status}`)
  return outcome.socket
}

function nextText(socket: WebSocket): Promise<string> {
  return new Promise((resolve) => socket.once('message', (data) => resolve(data.toString())))
}

function closing(socket: WebSocket): Promise<number> {
  return new Promise((resolve) => socket.once('close', resolve))
}

test('the page is served with a strict policy and without cookies', async () => {
  const { shell, port } = await start()
  const { status, headers, body } = await ask(port, '/')
  expect([status, body]).toEqual([200, '<!doctype html>'])
  expect(String(headers['content-security-policy']).split('; ')).toEqual([
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `connect-src ws://127.0.0.1:${port}`,
    "img-src 'self' data:",
    "font-src 'self'",
    "frame-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
  ])
  expect(headers).toMatchObject({
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
  })
  expect(headers['set-cookie']).toBeUndefined()
  expect(headers['access-control-allow-origin']).toBeUndefined()
  expect(body + JSON.stringify(headers)).not.toContain(splitUrl(shell).token)
})

test('assets have their type and an entity tag that saves a second answer', async () => {
  const { port } = await start()
  const first = await ask(port, '/assets/app.js?v=1')
  expect(first).toMatchObject({ status: 200, body: 'export {}' })
  expect(first.headers['content-type']).toBe('text/javascript; charset=utf-8')
  const tag = String(first.headers['etag'])
  expect(await ask(port, '/assets/app.js', { headers: { 'If-None-Match': tag } })).toMatchObject({
    status: 304,
    body: '',
  })
  const head = await ask(port, '/assets/app.js', { method: 'HEAD' })
  expect(head).toMatchObject({ status: 200, body: '' })
})

for (const path of [
  '/../secret.json',
  '/assets/../../secret.json',
  '/%2e%2e/secret.json',
  '/..%2fsecret.json',
  '/assets/..\\..\\secret.json',
  '//secret.json',
  '/link.json',
  '/assets/app.js.map',
  '/assets',
  '/index.html/',
  '/absent.js',
  '/__proto__',
])
  test(`${path} does not exist`, async () => {
    const { port } = await start()
    expect(await ask(port, path)).toMatchObject({ status: 404, body: '' })
  })

test('a file that appears after the start is not served', async () => {
  const { port } = await start()
  writeFileSync(join(directory, 'renderer', 'late.js'), '')
  expect((await ask(port, '/late.js')).status).toBe(404)
})

test('another host name, also a rebound one, is refused', async () => {
  const { port } = await start()
  for (const host of [
    `localhost:${port}`,
    `evil.example:${port}`,
    '127.0.0.1',
    `127.0.0.1:${port + 1}`,
    `[::1]:${port}`,
  ])
    expect({ host, ...(await ask(port, '/', { headers: { Host: host } })) }).toMatchObject({
      status: 421,
      body: '',
    })
})

test('another origin and other methods are refused', async () => {
  const { port } = await start()
  for (const origin of ['http://evil.example', 'null', `http://localhost:${port}`])
    expect([origin, (await ask(port, '/', { headers: { Origin: origin } })).status]).toEqual([
      origin,
      403,
    ])
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
    expect([method, (await ask(port, '/', { method })).status]).toEqual([method, 405])
})

test('the server listens on loopback only', async () => {
  const { port } = await start()
  const { networkInterfaces } = await import('node:os')
  const outside = Object.values(networkInterfaces())
    .flat()
    .find((one) => one !== undefined && !one.internal && one.family === 'IPv4')
  if (outside === undefined) return
  await expect(
    new Promise((resolve, reject) => {
      const socket = connect({ host: outside.address, port, timeout: 2_000 }, () => resolve('open'))
      socket.on('error', reject)
      socket.on('timeout', () => reject(new Error('timeout')))
      cleanups.push(() => socket.destroy())
    }),
  ).rejects.toThrow()
})

test('the page talks to the host; the token never comes back and nobody but the shell says who calls', async () => {
  const { shell, calls, listeners } = await start()
  const socket = await session(shell)
  expect(socket.protocol).toBe('bulkhead.v1')
  socket.send(JSON.stringify({ id: 1, method: 'report.read', input: '{"é":1}' }))
  expect(JSON.parse(await nextText(socket))).toEqual({ id: 1, result: 'answer to {"é":1}' })
  expect(calls).toEqual([['report.read', '{"é":1}', { kind: 'renderer' }]])
  const text = nextText(socket)
  for (const listener of listeners) listener({ topic: 'vault' })
  expect(JSON.parse(await text)).toEqual({ event: { topic: 'vault' } })
  const closed = closing(socket)
  socket.send(JSON.stringify({ id: 2, method: 'm', input: '', caller: { kind: 'cli' } }))
  expect(await closed).toBe(1008)
  expect(calls).toHaveLength(1)
})

const badDials: readonly (readonly [
  string,
  (token: string, shell: WebShell) => Parameters<typeof dial>,
])[] = [
  ['no token', (_, shell) => [shell, ['bulkhead.v1']]],
  [
    'a wrong token',
    (token, shell) => [shell, ['bulkhead.v1', token.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))]],
  ],
  ['a shortened token', (token, shell) => [shell, ['bulkhead.v1', token.slice(0, -1)]]],
  ['a token and more', (token, shell) => [shell, ['bulkhead.v1', token, 'x']]],
  ['the token under another protocol', (token, shell) => [shell, ['bulkhead.v2', token]]],
  ['the token alone', (token, shell) => [shell, [token]]],
  ['no protocol at all', (_, shell) => [shell, []]],
  ['no origin', (token, shell) => [shell, ['bulkhead.v1', token], { origin: null }]],
  [
    'a foreign origin',
    (token, shell) => [shell, ['bulkhead.v1', token], { origin: 'http://evil.example' }],
  ],
  ['an opaque origin', (token, shell) => [shell, ['bulkhead.v1', token], { origin: 'null' }]],
  [
    'localhost as origin',
    (token, shell) => [
      shell,
      ['bulkhead.v1', token],
      { origin: shell.origin.replace('127.0.0.1', 'localhost') },
    ],
  ],
  [
    'a rebound host',
    (token, shell) => [shell, ['bulkhead.v1', token], { headers: { Host: 'evil.example' } }],
  ],
  ['another path', (token, shell) => [shell, ['bulkhead.v1', token], { path: '/wire' }]],
  ['the token in the query', (token, shell) => [shell, ['bulkhead.v1'], { path: `/?${token}` }]],
]
for (const [name, dialing] of badDials)
  test(`a connection with ${name} is refused and reaches no host`, async () => {
    const { shell, token, calls, listeners } = await start()
    expect(await dial(...dialing(token, shell))).toEqual({ kind: 'refused', status: 403 })
    expect(calls).toEqual([])
    expect(listeners.size).toBe(0)
    // and the door is not shut for the user
    await session(shell)
  })

test('refused connections that break off abruptly do not stop the server', async () => {
  const { shell, port } = await start()
  for (let i = 0; i < 20; i += 1) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    await new Promise((resolve) => socket.once('connect', resolve))
    socket.write(
      `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
    )
    if (i % 2 === 0) await new Promise((resolve) => setImmediate(resolve))
    socket.resetAndDestroy()
  }
  expect((await session(shell)).readyState).toBe(WebSocket.OPEN)
})

test('a refused connection is closed by us, even when the other side stays', async () => {
  const { port } = await start()
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  cleanups.push(() => socket.destroy())
  socket.resume()
  const closed = new Promise((resolve) => socket.once('end', resolve))
  socket.write(
    `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  )
  await closed
  // Writing to a side that is gone is answered with a reset.
  const reset = new Promise((resolve) => socket.once('error', resolve))
  socket.write('x')
  await new Promise((resolve) => setTimeout(resolve, 50))
  socket.write('x')
  expect(await reset).toMatchObject({ code: expect.stringMatching(/EPIPE|ECONNRESET/) })
})

test('two launches have different tokens, and one does not open the other', async () => {
  const first = await start()
  const second = await start()
  expect(first.token).not.toBe(second.token)
  expect(first.token.length).toBe(43)
  expect(await dial(second.shell, ['bulkhead.v1', first.token])).toMatchObject({ status: 403 })
})

test('a second window is told that another holds the session, and may come after it left', async () => {
  const { shell } = await start()
  const first = await session(shell)
  const second = await session(shell)
  expect(await closing(second)).toBe(4001)
  first.send(JSON.stringify({ id: 1, method: 'm', input: 'still mine' }))
  expect(await nextText(first)).toContain('still mine')
  const left = closing(first)
  first.close()
  await left
  const third = await session(shell)
  third.send(JSON.stringify({ id: 1, method: 'm', input: 'mine now' }))
  expect(await nextText(third)).toContain('mine now')
})

test('a message over one megabyte, a binary one and a malformed one end the session', async () => {
  const { shell, calls } = await start()
  for (const [message, code] of [
    [JSON.stringify({ id: 1, method: 'm', input: 'x'.repeat(2 ** 20) }), 1009],
    [Buffer.from('{"id":1,"method":"m","input":""}'), 1003],
    ['{"id":1}', 1008],
    ['', 1008],
  ] as const) {
    const socket = await session(shell)
    const closed = closing(socket)
    socket.send(message)
    expect(await closed).toBe(code)
  }
  expect(calls).toEqual([])
})

test('more messages than a page sends end the session', async () => {
  const { shell, calls } = await start({ limits: { heartbeatMs: 15_000, messagesPerSecond: 20 } })
  const socket = await session(shell)
  const closed = closing(socket)
  for (let id = 0; id < 200; id += 1) socket.send(JSON.stringify({ id, method: 'm', input: '' }))
  expect(await closed).toBe(1008)
  expect(calls.length).toBeGreaterThanOrEqual(20)
  expect(calls.length).toBeLessThan(60)
})

test('a page that stops answering the heartbeat is dropped and frees its place', async () => {
  const { shell, listeners } = await start({ limits: { heartbeatMs: 60, messagesPerSecond: 100 } })
  const outcome = await dial(shell, ['bulkhead.v1', splitUrl(shell).token])
  if (outcome.kind !== 'open') throw new Error('refused')
  const closed = closing(outcome.socket)
  const silent = outcome.socket
  silent.pong = () => {}
  Reflect.set(silent, '_autoPong', false)
  Reflect.get(silent, '_receiver').removeAllListeners('ping')
  await closed
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(listeners.size).toBe(0)
  const lively = await session(shell)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(lively.readyState).toBe(WebSocket.OPEN)
})

test('when the host stops, the page is told so, and so is the next', async () => {
  const { shell, stop } = await start()
  const socket = await session(shell)
  const closed = closing(socket)
  stop()
  expect(await closed).toBe(4002)
  expect(await closing(await session(shell))).toBe(4002)
})

test('closing the shell ends its sessions and frees the port', async () => {
  const { shell, port } = await start()
  const closed = closing(await session(shell))
  await shell.close()
  await closed
  await expect(ask(port, '/')).rejects.toThrow(/ECONNREFUSED/)
})

test('only a loopback origin may be framed, and only when given', async () => {
  const { port } = await start({ simulatorOrigin: 'http://127.0.0.1:4711' })
  expect((await ask(port, '/')).headers['content-security-policy']).toContain(
    'frame-src http://127.0.0.1:4711;',
  )
  for (const origin of [
    'https://evil.example',
    'http://127.0.0.1.evil.example:80',
    'http://127.0.0.1',
    'data:x',
  ])
    expect(() => loopbackOrigin(origin)).toThrow()
})

test('the url is opened once, with the token in the fragment only', async () => {
  const opened: string[] = []
  const { shell, token } = await start({ openUrl: (url) => opened.push(url) })
  expect(opened).toEqual([`${shell.origin}/#token=${token}`])
  expect(shell.origin).not.toContain(token)
})

test('a renderer that was not built is a refusal', async () => {
  rmSync(join(directory, 'renderer', 'index.html'))
  const { client } = fakeHostClient()
  for (const name of ['renderer', 'absent'])
    expect(
      await startWebShell({
        hostClient: client,
        rendererDirectory: join(directory, name),
        random: systemRandom,
      }),
    ).toMatchObject({ ok: false, refusal: { code: 'NOT_FOUND' } })
})

test('a renderer directory written in another way serves the same paths', async () => {
  const { port } = await start({ rendererDirectory: `${directory}/./renderer/../renderer/` })
  expect((await ask(port, '/assets/app.js')).status).toBe(200)
})
