import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { decode, encodeCanonical } from '../../../shared/contract/codec.ts'
import type { HostEvent } from '../../../shared/contract/event.ts'
import type { Caller, Host } from '../../host/host.types.ts'
import { type Channel, createChannel } from './channel.ts'
import { connectHost } from './connectHost.ts'
import { attachToHost, listenLocally } from './localSocket.ts'
import { serveHost } from './serveHost.ts'

let directory: string
const cleanups: (() => unknown)[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'bulkhead-wire-'))
})
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
  rmSync(directory, { recursive: true, force: true })
})

function valueOf<T>(result: { ok: true; value: T } | { ok: false; refusal: unknown }): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

/** Two ends in one process; each text arrives in a later turn, as over a real pipe. */
function pair(): [Channel, Channel] {
  type Side = ReturnType<typeof createChannel>
  const make = (other: () => Side): Side =>
    createChannel({
      post: (text) => void setImmediate(() => other().received(text)),
      close: () => void setImmediate(() => other().closed()),
    })
  const left: Side = make(() => right)
  const right: Side = make(() => left)
  return [left.channel, right.channel]
}

interface Call {
  method: string
  input: string
  caller: Caller
}

function fakeHost(answer: (call: Call) => Promise<string> = async ({ input }) => input) {
  const calls: Call[] = []
  const listeners = new Set<(event: HostEvent) => void>()
  const host: Pick<Host, 'call' | 'subscribe'> = {
    call(method, input, caller) {
      calls.push({ method, input, caller })
      return answer({ method, input, caller })
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
  return { host, calls, listeners }
}

test('answers find their calls in any order, with the texts untouched', async () => {
  const { host } = fakeHost(async ({ input }) => {
    await new Promise((resolve) => setTimeout(resolve, input === 'slow' ? 40 : 1))
    return `answer to ${input}`
  })
  const [server, client] = pair()
  serveHost(host, server, { kind: 'cli' })
  const connected = connectHost(client)
  const order: string[] = []
  const inputs = ['slow', 'quick', '{"$bigint":"1"} "\\ é 😀']
  const answers = await Promise.all(
    inputs.map(async (input) => {
      const text = await connected.call('m', input)
      order.push(input)
      return text
    }),
  )
  expect(answers).toEqual(inputs.map((input) => `answer to ${input}`))
  expect(order.at(-1)).toBe('slow')
})

test('the caller is what the serving side says; a message that names one ends the channel', async () => {
  const { host, calls } = fakeHost()
  const [server, client] = pair()
  serveHost(host, server, { kind: 'renderer' })
  const connected = connectHost(client)
  await connected.call('m', '1')
  expect(calls).toEqual([{ method: 'm', input: '1', caller: { kind: 'renderer' } }])
  const closed = new Promise<void>((resolve) => connected.onClose(resolve))
  client.post(encodeCanonical({ id: 9, method: 'm', input: '1', caller: { kind: 'cli' } }))
  await closed
  expect(calls).toHaveLength(1)
})

test('a malformed message ends the channel, and pending and later calls answer HOST_STOPPED', async () => {
  const { host, listeners } = fakeHost(() => new Promise(() => {}))
  const [server, client] = pair()
  serveHost(host, server, { kind: 'test' })
  const connected = connectHost(client)
  const pending = connected.call('m', '1')
  client.post('not canonical')
  for (const text of [await pending, await connected.call('m', '2')])
    expect(decode(text)).toMatchObject({
      ok: true,
      value: { ok: false, refusal: { code: 'HOST_STOPPED' } },
    })
  expect(listeners.size).toBe(0)
})

test('a host that answers nonsense ends the channel', async () => {
  const [server, client] = pair()
  server.onMessage(() => server.post('{"result":"1"}'))
  const connected = connectHost(client)
  expect(await connected.call('m', '1')).toContain('HOST_STOPPED')
})

test('too many calls in flight end the channel', async () => {
  const { host, calls } = fakeHost(() => new Promise(() => {}))
  const [server, client] = pair()
  serveHost(host, server, { kind: 'renderer' })
  const connected = connectHost(client)
  await Promise.all(Array.from({ length: 300 }, () => connected.call('m', '1')))
  expect(calls).toHaveLength(256)
})

test('a host that breaks its promise never to reject answers INTERNAL', async () => {
  const { host } = fakeHost(() => Promise.reject(new Error('a secret detail')))
  const [server, client] = pair()
  serveHost(host, server, { kind: 'test' })
  const text = await connectHost(client).call('m', '1')
  expect(text).toContain('INTERNAL')
  expect(text).not.toContain('secret')
})

test('events reach each subscriber until it leaves or the channel closes', async () => {
  const { host, listeners } = fakeHost()
  const [server, client] = pair()
  serveHost(host, server, { kind: 'test' })
  const connected = connectHost(client)
  const seen: string[] = []
  const leave = connected.subscribe((event) => seen.push(event.topic))
  const emit = (topic: HostEvent['topic']) => {
    for (const listener of listeners) listener({ topic })
  }
  emit('vault')
  await connected.call('m', '1')
  leave()
  emit('journal')
  await connected.call('m', '1')
  expect(seen).toEqual(['vault'])
  await connected.close()
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(listeners.size).toBe(0)
})

async function listen(host: Pick<Host, 'call' | 'subscribe'>, where = directory) {
  const server = await listenLocally({ host, directory: where })
  cleanups.push(() => server.close())
  return server
}

test('a second process attaches with the caller it asked for, and large texts pass', async () => {
  const { host, calls } = fakeHost()
  await listen(host)
  for (const as of ['cli', 'watcher'] as const) {
    const client = valueOf(await attachToHost({ directory, as }))
    cleanups.push(() => client.close())
    const large = 'é'.repeat(300_000)
    expect(await client.call('m', large)).toBe(large)
    expect(calls.at(-1)?.caller).toEqual({ kind: as })
  }
  expect(statSync(join(directory, 'host.sock')).mode & 0o777).toBe(0o600)
  expect(statSync(join(directory, 'attach.json')).mode & 0o777).toBe(0o600)
})

test('nobody to attach to is a refusal, also with the files of a dead process', async () => {
  expect(await attachToHost({ directory, as: 'cli' })).toMatchObject({
    ok: false,
    refusal: { code: 'HOST_STOPPED' },
  })
  const server = await listen(fakeHost().host)
  const attach = readFileSync(join(directory, 'attach.json'))
  await server.close()
  expect(readdirSync(directory)).toEqual([])
  const { writeFileSync } = await import('node:fs')
  writeFileSync(join(directory, 'attach.json'), attach)
  writeFileSync(join(directory, 'host.sock'), '')
  expect(await attachToHost({ directory, as: 'cli' })).toMatchObject({ ok: false })
  await listen(fakeHost().host)
  valueOf(await attachToHost({ directory, as: 'cli' }))
})

function framed(text: string): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(Buffer.byteLength(text))
  return Buffer.concat([head, Buffer.from(text)])
}

test('a wrong token, a call before the greeting, an unknown caller and a huge frame are cut off', async () => {
  const { host, calls } = fakeHost()
  await listen(host)
  const { token } = JSON.parse(readFileSync(join(directory, 'attach.json'), 'utf8'))
  const hello = { kind: 'hello', version: 1, token, as: 'cli' }
  const huge = Buffer.alloc(4)
  huge.writeUInt32BE(9 * 2 ** 20)
  const call = encodeCanonical({ id: 1, method: 'm', input: '1' })
  for (const bytes of [
    framed(encodeCanonical({ ...hello, token: 'f'.repeat(64) })),
    framed(encodeCanonical({ ...hello, token: '' })),
    framed(encodeCanonical({ ...hello, as: 'test' })),
    framed(call),
    huge,
  ]) {
    const socket = createConnection(join(directory, 'host.sock'))
    cleanups.push(() => socket.destroy())
    let answered = ''
    socket.on('data', (chunk: Buffer) => {
      answered += chunk.toString()
    })
    socket.on('error', () => {})
    const closed = new Promise((resolve) => socket.on('close', resolve))
    const before = performance.now()
    socket.write(Buffer.concat([bytes, framed(call)]))
    await closed
    expect(answered).toBe('')
    // at once, not when the time to greet is over
    expect(performance.now() - before).toBeLessThan(3_000)
  }
  expect(calls).toEqual([])
})

test('frames cut anywhere are put together', async () => {
  const { host } = fakeHost()
  await listen(host)
  const { token } = JSON.parse(readFileSync(join(directory, 'attach.json'), 'utf8'))
  const socket = createConnection(join(directory, 'host.sock'))
  cleanups.push(() => socket.destroy())
  let answered = ''
  const done = new Promise<void>((resolve) =>
    socket.on('data', (chunk: Buffer) => {
      answered += chunk.toString()
      if (answered.includes('second é')) resolve()
    }),
  )
  const all = Buffer.concat([
    framed(encodeCanonical({ kind: 'hello', version: 1, token, as: 'cli' })),
    framed(encodeCanonical({ id: 1, method: 'm', input: 'first' })),
    framed(encodeCanonical({ id: 2, method: 'm', input: 'second é' })),
  ])
  for (let at = 0; at < all.length; at += 7) {
    socket.write(all.subarray(at, at + 7))
    await new Promise((resolve) => setImmediate(resolve))
  }
  await done
  expect(answered).toContain('first')
})

test('a data directory with a long path still gets a socket, and leaves none behind', async () => {
  const { mkdirSync } = await import('node:fs')
  const deep = join(directory, 'd'.repeat(120))
  mkdirSync(deep)
  const server = await listen(fakeHost().host, deep)
  const { path } = JSON.parse(readFileSync(join(deep, 'attach.json'), 'utf8'))
  const client = valueOf(await attachToHost({ directory: deep, as: 'cli' }))
  expect(await client.call('m', '"x"')).toBe('"x"')
  await server.close()
  expect(existsSync(path)).toBe(false)
  expect(existsSync(join(path, '..'))).toBe(false)
})
