/** The SDK's process: one hd-core, one link, one call at a time, driven over Node's IPC. It can be killed
 *  at any moment; it keeps nothing. Debug log off (it holds payloads), no configuration fetched. */
import { CORE_EVENT, IFRAME, UI_REQUEST, UI_RESPONSE, initCore } from '@onekeyfe/hd-core'
import { z } from 'zod'
import { CableLost, CableRefused, type DeviceLink } from './link.ts'
import {
  type FromChild,
  type LinkChoice,
  type Outcome,
  type ToChild,
  toChildSchema,
} from './protocol.ts'
import { createTcpLink } from './tcpLink.ts'
import { createTransportClass } from './transport.ts'
import { type UsbBus, createUsbLink } from './usbLink.ts'

/** The answer that makes a Classic ask for its PIN on its own keys, so that no PIN passes the host. */
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
  z.object({ connectId: z.string().nullish(), features: z.unknown() }).nullable(),
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
    case 'probe':
      return m.run(message.id, () => m.probe())
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

interface Machine {
  run(id: number, work: () => Promise<Outcome>): Promise<void>
  cancel(id: number): void
  probe(): Promise<Outcome>
  call(payload: Record<string, unknown>): Promise<Outcome>
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
      const pin = name === 'PinMatrixRequest' || code === 'ButtonRequest_PinEntry'
      const stage = pin ? 'pin' : name === 'ButtonRequest' ? 'button' : 'working'
      ports.send({ kind: 'stage', id: running, stage })
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

  core.on(CORE_EVENT, (event: unknown) => {
    const message = uiMessageSchema.safeParse(event)
    if (!message.success || message.data.type !== UI_REQUEST.REQUEST_PIN) return
    if (message.data.payload?.type?.startsWith('ButtonRequest') === true) return
    handle({
      event: 'UI_EVENT',
      type: UI_RESPONSE.RECEIVE_PIN,
      payload: PIN_ON_DEVICE,
    }).catch(() => {})
  })

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

  async function probe(): Promise<Outcome> {
    const found = await call({ method: 'searchDevices' })
    if (found.kind === 'error') return found
    const [only, ...others] = foundSchema.parse(found.payload)
    if (others.length > 0 || only === undefined || only === null) {
      return { kind: 'answer', payload: { count: others.length + (only == null ? 0 : 1) } }
    }
    const connectId = only.connectId ?? ''
    const features = await call({ method: 'getFeatures', connectId })
    if (features.kind === 'error') return features
    return { kind: 'answer', payload: { count: 1, features: features.payload } }
  }

  return {
    probe,
    call,
    async run(id, work) {
      running = id
      cableError = null
      control.reset()
      const outcome = await work().catch((error: unknown) => failure('unknown', error))
      running = null
      ports.send({ kind: 'done', id, outcome })
    },
    cancel(id) {
      if (running === id) control.cancel().catch(() => {})
    },
  }
}
