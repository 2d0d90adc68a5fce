/** The shell's side of the host process, against a child that a test plays. */
import { describe, expect, it } from 'vitest'
import { type HostChild, startHostClient } from './hostClient.ts'
import type { Answer } from './hostProtocol.ts'

interface PlayedChild {
  readonly posted: unknown[]
  readonly say: (message: unknown) => void
  readonly die: (reason: string) => void
  readonly state: { killed: boolean }
}

function play(answer: () => Promise<Answer> = () => Promise.resolve(null)) {
  const children: PlayedChild[] = []
  const timers: { readonly run: () => void; readonly delayMs: number; cancelled: boolean }[] = []
  const logged: string[] = []
  const start = (): HostChild => {
    const posted: unknown[] = []
    const state = { killed: false }
    let say = (_message: unknown) => {}
    let die = (_reason: string) => {}
    children.push({ posted, say: (m) => say(m), die: (r) => die(r), state })
    return {
      post: (message) => posted.push(message),
      onMessage: (listener) => (say = listener),
      onExit: (listener) => (die = listener),
      kill: () => (state.killed = true),
    }
  }
  const client = startHostClient({
    start,
    answer,
    log: (line) => logged.push(line),
    later: (run, delayMs) => {
      const timer = { run, delayMs, cancelled: false }
      timers.push(timer)
      return () => (timer.cancelled = true)
    },
  })
  const events: string[] = []
  client.subscribe((event) => events.push(event))
  const child = (index: number): PlayedChild => {
    const found = children[index]
    if (!found) throw new Error(`no child ${index}`)
    return found
  }
  const fire = (index: number) => {
    const timer = timers[index]
    if (timer && !timer.cancelled) timer.run()
  }
  return { client, children, child, timers, fire, events, logged }
}

describe('host client', () => {
  it('pauses twice as long after each death, at most ten seconds, until the host answers again', () => {
    const { child, timers, fire } = play()
    for (let index = 0; index < 7; index += 1) {
      child(index).die('exit code 1')
      fire(index)
    }
    expect(timers.map((timer) => timer.delayMs)).toEqual([
      500, 1000, 2000, 4000, 8000, 10000, 10000,
    ])
    child(7).say({ id: 0, result: '' })
    child(7).die('exit code 1')
    expect(timers.at(-1)?.delayMs).toBe(500)
  })

  it('says that the status changed when the host goes and when it is back', () => {
    const { child, fire, events } = play()
    child(0).die('exit code 1')
    expect(events).toEqual(['{"topic":"status"}'])
    fire(0)
    expect(events).toHaveLength(2)
  })

  it('drops what does not parse', async () => {
    const { client, child, events } = play()
    const answer = client.call('a', 'b')
    for (const rubbish of [null, 1, 'x', {}, { id: -1, result: '' }, { id: 0 }, { event: {} }]) {
      child(0).say(rubbish)
    }
    expect(events).toEqual([])
    child(0).say({ id: 0, result: 'real' })
    expect(await answer).toBe('real')
  })

  it('hears nothing from a host that is gone', async () => {
    const { client, child, fire, events } = play()
    child(0).die('exit code 1')
    fire(0)
    const answer = client.call('a', 'b')
    child(0).say({ id: 0, result: 'from the dead' })
    child(0).say({ event: 'from the dead' })
    child(1).say({ id: 0, result: 'from the living' })
    expect(await answer).toBe('from the living')
    expect(events).not.toContain('from the dead')
  })

  it('an ask that fails is answered null, and one withdrawn is not answered', async () => {
    const failing = play(() => Promise.reject(new Error('no keychain')))
    failing.child(0).say({ ask: 3, request: { kind: 'wrap-key', plain: 'k' } })
    await Promise.resolve()
    await new Promise(setImmediate)
    expect(failing.child(0).posted).toEqual([{ answerTo: 3, answer: null }])
    const slow = play(() => new Promise((resolve) => setImmediate(resolve, 'confirmed')))
    const request = { kind: 'confirm', title: '', lines: [], digest: '' }
    slow.child(0).say({ ask: 4, request })
    slow.child(0).say({ withdrawn: 4 })
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(slow.child(0).posted).toEqual([])
  })

  it('an answer is never given to the next life of the host', async () => {
    const slow = play(() => new Promise((resolve) => setImmediate(resolve, 'confirmed')))
    const request = { kind: 'confirm', title: '', lines: [], digest: '' }
    slow.child(0).say({ ask: 0, request })
    slow.child(0).die('exit code 1')
    slow.fire(0)
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect([slow.child(0).posted, slow.child(1).posted]).toEqual([[], []])
  })

  it('stops: asks, waits, kills, and starts nothing again', async () => {
    const { client, child, children, timers, fire } = play()
    const stopped = client.stop()
    expect(await client.call('a', 'b')).toContain('HOST_STOPPED')
    expect(child(0).posted).toEqual([{ stop: true }])
    fire(0)
    expect(child(0).state.killed).toBe(true)
    child(0).die('signal')
    await stopped
    expect(children).toHaveLength(1)
    expect(timers).toHaveLength(1)
  })

  it('stops while it waits to start the host again', async () => {
    const { client, child, children, fire } = play()
    child(0).die('exit code 1')
    await client.stop()
    fire(0)
    expect(children).toHaveLength(1)
  })
})
