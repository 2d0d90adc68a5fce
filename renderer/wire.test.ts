import { expect, test } from 'vitest'
import { encodeCanonical } from '../shared/contract/codec.ts'
import { Disconnected, type Socket, preloadWire, socketWire, splitToken } from './wire.ts'

/** A socket under the test's hand, and timers that run when told. */
function world() {
  const sockets: (Socket & { sent: string[] })[] = []
  const timers: { run: () => void; delayMs: number }[] = []
  const wire = socketWire({
    open() {
      const socket = {
        onopen: null,
        onclose: null,
        onmessage: null,
        sent: [] as string[],
        send(text: string) {
          this.sent.push(text)
        },
        close() {},
      } satisfies Socket & { sent: string[] }
      sockets.push(socket)
      return socket
    },
    nowMs: () => 1_000,
    later(run, delayMs) {
      const timer = { run, delayMs }
      timers.push(timer)
      return () => {
        const at = timers.indexOf(timer)
        if (at >= 0) timers.splice(at, 1)
      }
    },
    callTimeoutMs: 60_000,
  })
  const newest = () => {
    const socket = sockets.at(-1)
    if (socket === undefined) throw new Error('no socket was opened')
    return socket
  }
  return { wire, sockets, timers, newest }
}

test('a call made before the socket opens is sent once it does, and gets its own answer', async () => {
  const { wire, newest } = world()
  const first = wire.call('status.read', '{}')
  const second = wire.call('vault.read', '{}')
  expect(newest().sent).toEqual([])
  newest().onopen?.()
  expect(newest().sent.map((text) => JSON.parse(text))).toEqual([
    { id: 1, method: 'status.read', input: '{}' },
    { id: 2, method: 'vault.read', input: '{}' },
  ])
  newest().onmessage?.({ data: JSON.stringify({ id: 2, result: 'two' }) })
  newest().onmessage?.({ data: JSON.stringify({ id: 1, result: 'one' }) })
  expect(await first).toBe('one')
  expect(await second).toBe('two')
})

test('a lost connection rejects what is open, says so, and connects again with growing delays', async () => {
  const { wire, newest, timers, sockets } = world()
  newest().onopen?.()
  const open = wire.call('portfolio.read', '{}')
  newest().onclose?.()
  await expect(open).rejects.toBeInstanceOf(Disconnected)
  expect(wire.linkState()).toEqual({ kind: 'disconnected', since: 1_000, retryAt: 1_500 })
  await expect(wire.call('status.read', '{}')).rejects.toBeInstanceOf(Disconnected)
  const delays: number[] = []
  for (let round = 0; round < 6; round++) {
    const timer = timers.shift()
    delays.push(timer?.delayMs ?? 0)
    timer?.run()
    newest().onclose?.()
  }
  expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000, 10_000])
  expect(sockets).toHaveLength(7)
  timers.shift()?.run()
  newest().onopen?.()
  expect(wire.linkState()).toEqual({ kind: 'connected' })
  expect(newest().sent).toEqual([])
})

test('events of the contract are told; anything else on the wire is dropped', () => {
  const { wire, newest } = world()
  const heard: string[] = []
  wire.subscribe(({ topic }) => heard.push(topic))
  newest().onopen?.()
  for (const data of [
    JSON.stringify({ event: { topic: 'vault' } }),
    JSON.stringify({ event: encodeCanonical({ topic: 'journal' }) }),
    JSON.stringify({ event: { topic: 'secrets' } }),
    JSON.stringify({ id: 7, result: 'nobody asked' }),
    'not JSON',
    '{"id":"1","result":3}',
    new Uint8Array(3),
  ])
    newest().onmessage?.({ data })
  expect(heard).toEqual(['vault', 'journal'])
})

test('a call that is never answered ends', async () => {
  const { wire, newest, timers } = world()
  newest().onopen?.()
  const open = wire.call('status.read', '{}')
  timers.shift()?.run()
  await expect(open).rejects.toBeInstanceOf(Disconnected)
})

test('the preload bridge is used as it is', async () => {
  const listeners: ((text: string) => void)[] = []
  const wire = preloadWire({
    call: (method, input) => Promise.resolve(`${method} ${input}`),
    subscribe(listener) {
      listeners.push(listener)
      return () => {}
    },
  })
  const heard: string[] = []
  wire.subscribe(({ topic }) => heard.push(topic))
  for (const listener of listeners) {
    listener(encodeCanonical({ topic: 'status' }))
    listener('garbage')
  }
  expect(await wire.call('a', 'b')).toBe('a b')
  expect(heard).toEqual(['status'])
})

test.each([
  ['#token=abc-_1', { token: 'abc-_1', rest: '' }],
  ['#token=abc&/risk/x', { token: 'abc', rest: '#/risk/x' }],
  ['#/overview', { token: null, rest: '#/overview' }],
  ['#token=<script>', { token: null, rest: '#token=<script>' }],
])('the fragment %s is split', (fragment, expected) => {
  expect(splitToken(fragment)).toEqual(expected)
})
