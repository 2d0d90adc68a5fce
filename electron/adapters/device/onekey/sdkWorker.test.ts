/** The SDK's process when it dies, talks nonsense or says nothing, with a false process in its place;
 *  and how many real ones are left running afterwards. */
import { afterEach, describe, expect, it } from 'vitest'
import type { DevicePort } from '../../../host/ports.ts'
import type { ChildHandle } from './childProcess.ts'
import { createOneKeyDevice } from './device.ts'
import type { ToChild } from './protocol.ts'

type Play = (message: ToChild, say: (message: unknown) => void, die: () => void) => void

const FEATURES = {
  device_id: 'D1',
  label: 'Ledge',
  onekey_device_type: 'PRO',
  onekey_firmware_version: '4.16.0',
  onekey_serial_no: 'PR1',
  initialized: true,
  unlocked: true,
}

/** A process that answers start and probe as it should and leaves the rest to `play`. */
function stage(play: Play) {
  const made: { alive: boolean; said: ToChild[] }[] = []
  const start = (): ChildHandle => {
    const self = { alive: true, said: [] as ToChild[] }
    made.push(self)
    let listener: (raw: unknown) => void = () => {}
    const ends: (() => void)[] = []
    const say = (message: unknown): void => {
      setImmediate(() => self.alive && listener(message))
    }
    const die = (): void => {
      self.alive = false
      for (const end of ends) setImmediate(end)
    }
    return {
      send(message) {
        self.said.push(message)
        if (message.kind === 'start') say({ kind: 'presence', count: 1 })
        else if (message.kind === 'probe') {
          const payload = { listed: [FEATURES], features: FEATURES }
          say({ kind: 'done', id: message.id, outcome: { kind: 'answer', payload } })
        } else play(message, say, die)
      },
      onMessage(next) {
        listener = next
      },
      onExit: (end) => ends.push(end),
      kill: die,
    }
  }
  return { made, start }
}

let device: DevicePort | null = null

afterEach(async () => {
  await device?.close()
  device = null
})

function open(start: () => ChildHandle, late: string[] = []): DevicePort {
  device = createOneKeyDevice({
    link: { kind: 'usb' },
    startChild: start,
    silenceMs: 600,
  })
  device.onLateSignature(({ what, deviceId }) => late.push(`${what} ${deviceId}`))
  return device
}

const wallet = { deviceId: 'D1', fingerprint: '73c5da0a', passphrase: false }
const ask = { path: "m/44'/60'/0'/0/0", chainId: 1, wallet }
const never = (): AbortSignal => new AbortController().signal

describe('a process that misbehaves', () => {
  it('dies in the middle of a call: refused, and another one is started', async () => {
    const { made, start } = stage((_message, _say, die) => die())
    const port = open(start)
    expect(await port.showEvmAddress(ask, never())).toMatchObject({
      refusal: { code: 'DEVICE_FAILED', data: { deviceCode: 'child-exit' } },
    })
    await expect.poll(() => made.length, { timeout: 5_000 }).toBe(2)
    await expect.poll(() => port.state().kind, { timeout: 5_000 }).toBe('ready')
  })

  it.each([
    ['no shape', 'nonsense'],
    ['an unknown kind', { kind: 'signed', rawHex: '00' }],
    ['a wrong type', { kind: 'presence', count: -1 }],
  ])('says what has %s: it is killed and replaced', async (_name, nonsense) => {
    const { made, start } = stage((_message, say) => say(nonsense))
    const port = open(start)
    expect(await port.showEvmAddress(ask, never())).toMatchObject({
      refusal: { code: 'DEVICE_FAILED', data: { deviceCode: 'child-malformed' } },
    })
    expect(made.map((one) => one.alive)).toEqual([false, true])
  })

  it('says nothing: DEVICE_TIMEOUT after the silence, and it is replaced', async () => {
    const { made, start } = stage(() => {})
    const port = open(start)
    expect(await port.showEvmAddress(ask, never())).toEqual({
      ok: false,
      refusal: { code: 'DEVICE_TIMEOUT', data: { what: 'show-evm-address', afterMs: 600 } },
    })
    expect(made.map((one) => one.alive)).toEqual([false, true])
  })

  it('waits for a person as long as the person needs', async () => {
    const { start } = stage((message, say) => {
      if (message.kind !== 'call') return
      say({ kind: 'stage', id: message.id, stage: 'button' })
      const outcome = { kind: 'answer', payload: { address: '0xabc' } }
      setTimeout(() => say({ kind: 'done', id: message.id, outcome }), 1_200)
    })
    expect(await open(start).showEvmAddress(ask, never())).toEqual({
      ok: true,
      value: { address: '0xabc' },
    })
  })

  it.each([{}, { address: '' }, { address: 7 }, null])(
    'answers a call with a payload of the wrong shape: %j',
    async (payload) => {
      const { start } = stage((message, say) => {
        if (message.kind !== 'call') return
        say({ kind: 'done', id: message.id, outcome: { kind: 'answer', payload } })
      })
      expect(await open(start).showEvmAddress(ask, never())).toMatchObject({
        refusal: { code: 'DEVICE_FAILED', data: { deviceCode: 'malformed-answer' } },
      })
    },
  )

  it('reports the device gone and hangs: unplugged within a second', async () => {
    const { start } = stage((_message, say) => say({ kind: 'presence', count: 0 }))
    const from = Date.now()
    expect(await open(start).showEvmAddress(ask, never())).toMatchObject({
      refusal: { code: 'DEVICE_UNPLUGGED' },
    })
    expect(Date.now() - from).toBeLessThan(1_000)
  })

  it.each([
    ['803', 'DEVICE_REJECTED'],
    ['822', 'DEVICE_CANCELLED'],
    ['105', 'DEVICE_NOT_FOUND'],
    ['104', 'DEVICE_SEVERAL'],
    ['110', 'DEVICE_WRONG'],
    ['107', 'DEVICE_BUSY'],
    ['in-use', 'DEVICE_BUSY'],
    ['801', 'DEVICE_LOCKED'],
    ['802', 'DEVICE_LOCKED'],
    ['407', 'DEVICE_FIRMWARE_TOO_OLD'],
    ['414', 'DEVICE_FIRMWARE_TOO_OLD'],
    ['809', 'DEVICE_TIMEOUT'],
    ['811', 'DEVICE_FAILED'],
    ['unknown', 'DEVICE_FAILED'],
  ])('ends with the SDK code %s: %s', async (code, refusal) => {
    const { start } = stage((message, say) => {
      if (message.kind !== 'call') return
      say({ kind: 'done', id: message.id, outcome: { kind: 'error', code, message: 'why' } })
    })
    expect(await open(start).showEvmAddress(ask, never())).toMatchObject({
      ok: false,
      refusal: { code: refusal },
    })
  })
})

describe('asking the SDK', () => {
  it('names connectId and deviceId on every call, and signs once only', async () => {
    const { made, start } = stage((message, say) => {
      if (message.kind !== 'call') return
      say({ kind: 'done', id: message.id, outcome: { kind: 'error', code: '800', message: '' } })
    })
    const port = open(start)
    await port.showEvmAddress(ask, never())
    const calls = made.flatMap((one) => one.said).filter((message) => message.kind === 'call')
    expect(calls).toEqual([
      {
        kind: 'call',
        id: expect.any(Number),
        method: 'evmGetAddress',
        connectId: 'PR1',
        deviceId: 'D1',
        params: { path: ask.path, chainId: 1, showOnOneKey: true, useEmptyPassphrase: true },
      },
    ])
  })

  it('sends no signing request twice, whatever happens to the process', async () => {
    const { made, start } = stage((_message, _say, die) => die())
    const port = open(start)
    const plan = {
      kind: 'evm',
      chainId: 1,
      type: 2,
      from: '',
      path: ask.path,
      nonce: 0,
      to: '0x000000000000000000000000000000000000dEaD',
      value: 1n,
      data: '',
      gasLimit: 21_000n,
      maxFeePerGas: 1n,
      maxPriorityFeePerGas: 1n,
      token: null,
    } as const
    await port.signEvm({ plan, wallet }, never())
    await expect.poll(() => made.length, { timeout: 5_000 }).toBe(2)
    const calls = made.flatMap((one) => one.said).filter((message) => message.kind === 'call')
    expect(calls).toHaveLength(1)
  })
})

describe('closing', () => {
  it('ends the waiting call and the process, and nothing starts again', async () => {
    const { made, start } = stage(() => {})
    const port = open(start)
    await expect.poll(() => port.state().kind, { timeout: 5_000 }).toBe('ready')
    const waiting = port.showEvmAddress(ask, never())
    await port.close()
    expect(await waiting).toMatchObject({ refusal: { code: 'DEVICE_CANCELLED' } })
    expect(await port.showEvmAddress(ask, never())).toMatchObject({ ok: false })
    await new Promise((resolve) => setTimeout(resolve, 600))
    expect(made.map((one) => one.alive)).toEqual([false])
  })
})
