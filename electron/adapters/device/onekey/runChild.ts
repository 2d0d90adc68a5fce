/** The SDK's process: one hd-core, one link, one call at a time, driven over Node's IPC. It can be killed
 *  at any moment; it keeps nothing. Debug log off (it holds payloads), no configuration fetched. */
import { CORE_EVENT, IFRAME, UI_REQUEST, UI_RESPONSE, initCore } from '@onekeyfe/hd-core'
import { z } from 'zod'
import { CableLost, CableRefused, type DeviceLink } from './link.ts'
import {
  type FromChild,
  type LinkChoice,
  type Outcome,
  type Stage,
  type ToChild,
  featuresSchema,
  toChildSchema,
} from './protocol.ts'
import { watchSleep } from './sleepWatch.ts'
import { createTcpLink } from './tcpLink.ts'
import { createTransportClass } from './transport.ts'
import { type UsbBus, createUsbLink } from './usbLink.ts'

/** The answer that makes a Classic ask for its PIN on its own keys instead of by the matrix. */
const PIN_ON_DEVICE = '@@ONEKEY_INPUT_PIN_IN_DEVICE'

const responseSchema = z.discriminatedUnion('success', [
  z.object({ success: z.literal(true), payload: z.unknown() }),
  z.object({
    success: z.literal(false),
    payload: z.object({
      code: z.union([z.number(), z.string()]).nullish(),
      error: z.unknown(),
    }),
  }),
])

const foundSchema = z.array(
  z.object({ connectId: z.string().nullish(), features: featuresSchema }).nullable(),
)

const uiMessageSchema = z.object({
  type: z.string(),
  payload: z.object({ type: z.string().nullish() }).loose().nullish(),
})

export interface ChildPorts {
  send(message: FromChild): void
  onMessage(listener: (message: unknown) => void): void
  /** Loads libusb; called only when the USB link is chosen. */
  loadUsb(): Promise<UsbBus>
  /** Something that cannot be gone on from: the parent starts another process. */
  end(): void
}

export function runOneKeyChild(ports: ChildPorts): void {
  let machine: Promise<Machine> | null = null
  // A call that was under way ends with the process and is not made again by itself.
  watchSleep({ wall: Date.now, monotonic: () => performance.now() }, () => ports.end())
  ports.onMessage((raw) => {
    const message = toChildSchema.parse(raw)
    if (message.kind === 'start') {
      machine ??= startMachine(ports, message.link)
      return
    }
    if (machine !== null) obey(machine, message).catch(() => ports.end())
  })
}

async function obey(
  machine: Promise<Machine>,
  message: Exclude<ToChild, { kind: 'start' }>,
): Promise<void> {
  const m = await machine
  switch (message.kind) {
    case 'cancel':
      return m.cancel(message.id)
    case 'answer':
      return m.answer(message.answer)
    case 'probe':
      return m.run(message.id, () => m.probe(message.deviceId))
    case 'call':
      return m.run(message.id, () =>
        m.call({
          ...message.params,
          method: message.method,
          connectId: message.connectId,
          deviceId: message.deviceId,
        }),
      )
  }
}

type Answer = Extract<ToChild, { kind: 'answer' }>['answer']

interface Machine {
  run(id: number, work: () => Promise<Outcome>): Promise<void>
  cancel(id: number): void
  answer(answer: Answer): void
  probe(deviceId: string | null): Promise<Outcome>
  call(payload: Record<string, unknown>): Promise<Outcome>
}

function stageOf(name: string, code: unknown): Stage {
  if (name !== 'ButtonRequest') return 'working'
  if (code === 'ButtonRequest_PinEntry') return 'pin'
  return code === 'ButtonRequest_PassphraseEntry' ? 'passphrase-on-device' : 'button'
}

async function openLink(choice: LinkChoice, ports: ChildPorts): Promise<DeviceLink> {
  return choice.kind === 'tcp' ? createTcpLink(choice.port) : createUsbLink(await ports.loadUsb())
}

async function startMachine(ports: ChildPorts, choice: LinkChoice): Promise<Machine> {
  const link = await openLink(choice, ports)
  let running: number | null = null
  let cableError: unknown = null

  const { Transport, control } = createTransportClass(link, {
    onMessage(name, code) {
      if (running === null) return
      // The SDK says by an event whether it answers these two by itself.
      if (name === 'PinMatrixRequest' || name === 'PassphraseRequest') return
      ports.send({ kind: 'stage', id: running, stage: stageOf(name, code) })
    },
    onCableError(error) {
      cableError ??= error
    },
  })

  const core = await initCore(
    {
      env: 'node',
      debug: false,
      fetchConfig: false,
      configSrc: '',
      iframeSrc: '',
      version: '',
      priority: 0,
      trustedHost: true,
      timestamp: 0,
    },
    Transport,
  )
  if (core === undefined) throw new Error('the SDK did not start')
  const { handleMessage } = core
  const handle = (message: object): Promise<unknown> =>
    Reflect.apply(handleMessage, core, [message])

  let asked: 'pin-matrix' | 'passphrase' | null = null
  core.on(CORE_EVENT, (event: unknown) => {
    const message = uiMessageSchema.safeParse(event)
    if (!message.success || running === null) return
    const { type, payload } = message.data
    if (type === UI_REQUEST.REQUEST_PASSPHRASE) asked = 'passphrase'
    else if (type !== UI_REQUEST.REQUEST_PIN) return
    else if (payload?.type?.startsWith('ButtonRequest') === true) return
    else asked = 'pin-matrix'
    ports.send({ kind: 'stage', id: running, stage: asked })
  })

  /** Hands the SDK what it waits for. After a cancel anything will do: the transport sends Cancel instead. */
  function respond(answer: Exclude<Answer, { kind: 'cancel' }>): void {
    if (asked === null || running === null) return
    const here = asked
    asked = null
    ports.send({ kind: 'stage', id: running, stage: 'working' })
    const text = answer.kind === 'passphrase' ? answer.text : ''
    const pin = answer.kind === 'pin' ? answer.positions : PIN_ON_DEVICE
    const passphrase = {
      value: text,
      passphraseOnDevice: answer.kind === 'on-device',
      attachPinOnDevice: false,
      save: false,
    }
    handle(
      here === 'passphrase'
        ? { event: 'UI_EVENT', type: UI_RESPONSE.RECEIVE_PASSPHRASE, payload: passphrase }
        : { event: 'UI_EVENT', type: UI_RESPONSE.RECEIVE_PIN, payload: pin },
    ).catch(() => {})
  }

  function cancelCall(): void {
    control.cancel().catch(() => {})
    respond({ kind: 'on-device' })
  }

  const report = (): void => ports.send({ kind: 'presence', count: link.list().length })
  link.onChange(report)
  report()

  function failure(code: string, error: unknown): Outcome {
    if (cableError instanceof CableLost) return { kind: 'error', code: 'lost', message: '' }
    if (cableError instanceof CableRefused) {
      return { kind: 'error', code: cableError.reason, message: '' }
    }
    const message = error instanceof Error ? error.message : String(error)
    return { kind: 'error', code, message: message.slice(0, 300) }
  }

  let calls = 0
  async function call(payload: Record<string, unknown>): Promise<Outcome> {
    calls += 1
    const raw = await handle({
      event: IFRAME.CALL,
      type: IFRAME.CALL,
      id: calls,
      // Without this the SDK looks for a device six times over; and signing is never tried again by itself.
      payload: { retryCount: 0, ...payload },
    })
    const response = responseSchema.parse(raw)
    if (response.success) return { kind: 'answer', payload: response.payload }
    return failure(`${response.payload.code ?? 'unknown'}`, response.payload.error)
  }

  /** The SDK's search ends at the first device that it cannot open, even by throwing: that one is left out and
   *  the rest is searched. */
  async function search(): Promise<Outcome> {
    control.lookAgain()
    for (let left = link.list().length; ; left--) {
      const found = await call({ method: 'searchDevices' }).catch((error: unknown) =>
        failure('unknown', error),
      )
      if (!(cableError instanceof CableRefused) || left <= 1) return found
      cableError = null
    }
  }

  async function probe(deviceId: string | null): Promise<Outcome> {
    const found = await search()
    if (found.kind === 'error') return found
    const devices = foundSchema.parse(found.payload).filter((one) => one !== null)
    const listed = devices.map((one) => one.features)
    const [only] = devices
    const meant =
      devices.length === 1 ? only : devices.find((one) => one.features.device_id === deviceId)
    if (meant === undefined) return { kind: 'answer', payload: { listed } }
    // What the search says of a device is what it said when it was first seen.
    const features = await call({ method: 'getFeatures', connectId: meant.connectId ?? '' })
    if (features.kind === 'error') return features
    return { kind: 'answer', payload: { listed, features: features.payload } }
  }

  return {
    probe,
    call,
    async run(id, work) {
      running = id
      asked = null
      cableError = null
      control.reset()
      const outcome = await work().catch((error: unknown) => failure('unknown', error))
      running = null
      ports.send({ kind: 'done', id, outcome })
    },
    cancel(id) {
      if (running === id) cancelCall()
    },
    answer(answer) {
      if (asked === null) return
      if (answer.kind === 'cancel') cancelCall()
      else respond(answer)
    },
  }
}
