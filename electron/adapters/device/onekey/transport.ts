/** The SDK's Transport over a DeviceLink. Not one of the stock ones, because those kill the process on a
 *  cancel, hang after it, or time a slow human out. Here a cancel sends Cancel and lets the device answer,
 *  after which nothing more is sent for that call; `acquire` drops the old cable first. */
import hdTransport from '@onekeyfe/hd-transport'
import { type DeviceCable, type DeviceLink, PACKET_SIZE } from './link.ts'

type HdTransport = typeof hdTransport
type Messages = ReturnType<HdTransport['parseConfigure']>
type MessageFromDevice = ReturnType<HdTransport['receiveOne']>

const HEADER = 9

/** Node hands a CommonJS module over whole, bundlers its default: take whichever holds the functions. */
function unwrap(module: HdTransport): HdTransport {
  const isWire = (value: unknown): value is HdTransport =>
    typeof value === 'object' && value !== null && 'buildBuffers' in value
  const inner: unknown = Reflect.get(module, 'default')
  return isWire(inner) ? inner : module
}

export interface TransportWatch {
  /** A message came from the device, by name and (for ButtonRequest) its code. */
  onMessage(name: string, code: unknown): void
  /** A cable could not be opened or broke. */
  onCableError(error: unknown): void
}

export interface TransportControl {
  /** Tells the device to stop what it waits for; further messages of this call are refused. */
  cancel(): Promise<void>
  /** A new call begins. */
  reset(): void
  /** What could not be opened before is tried again. */
  lookAgain(): void
}

/** The class that the SDK constructs by itself, without arguments, once per process. */
export function createTransportClass(link: DeviceLink, watch: TransportWatch) {
  const wire = unwrap(hdTransport)
  let messages: Messages | null = null
  let cable: DeviceCable | null = null
  /** Paths that could not be opened since the last look. */
  const shut = new Set<string>()
  let sessions = 0
  let cancelled = false
  /** The message being written, while its answer is not there yet. */
  let exchange: Promise<void> | null = null
  /** Cancels sent since the device last said who it is: so many Failures may still lie unread. */
  let unreadCancels = 0

  async function write(name: string, data: Record<string, unknown>): Promise<void> {
    if (messages === null) throw new Error('transport is not configured')
    if (cable === null) throw new Error('no cable')
    for (const packet of wire.buildBuffers(messages, name, data)) {
      await cable.write64(new Uint8Array(packet.toBuffer()))
    }
  }

  async function read(): Promise<MessageFromDevice> {
    if (messages === null) throw new Error('transport is not configured')
    if (cable === null) throw new Error('no cable')
    const first = Buffer.from(await cable.read64())
    if (first.length !== PACKET_SIZE || first.readUIntBE(0, 3) !== 0x3f2323) {
      throw new Error('broken header from the device')
    }
    const length = first.readUInt32BE(5)
    const parts = [first.subarray(HEADER)]
    for (let have = PACKET_SIZE - HEADER; have < length; have += PACKET_SIZE - 1) {
      parts.push(Buffer.from(await cable.read64()).subarray(1))
    }
    const body = Buffer.concat(parts).subarray(0, length)
    const message = wire.receiveOne(
      messages,
      Buffer.concat([first.subarray(3, HEADER), body]).toString('hex'),
    )
    watch.onMessage(message.type, message.message['code'])
    return message
  }

  class OneKeyTransport {
    name = 'BulkheadTransport'
    version = '1'
    configured = false
    isOutdated = false
    stopped = false

    init(): Promise<string> {
      return Promise.resolve(this.version)
    }

    configure(signedData: string): Promise<void> {
      // The SDK hands the schema over as JSON text, against its own type.
      messages = wire.parseConfigure(JSON.parse(signedData))
      this.configured = true
      return Promise.resolve()
    }

    /** Of several, without those that could not be opened: one held elsewhere is not in the others' way. */
    enumerate() {
      const all = link.list()
      const open = all.filter((path) => !shut.has(path))
      return Promise.resolve(
        (open.length > 0 ? open : all).map((path) => ({
          path,
          session: null,
          debug: false,
          commType: 'usb',
        })),
      )
    }

    /** Never used: presence comes from the link. */
    listen(): Promise<never[]> {
      return Promise.resolve([])
    }

    async acquire(input: { path?: string }): Promise<string> {
      await this.release()
      try {
        cable = await link.open(input.path ?? '')
      } catch (error) {
        shut.add(input.path ?? '')
        watch.onCableError(error)
        throw error
      }
      sessions += 1
      return `session-${sessions}`
    }

    async release(): Promise<void> {
      const old = cable
      cable = null
      await old?.close()
    }

    async call(_session: string, name: string, data: Record<string, unknown>) {
      try {
        const asked = cancelled ? 'Cancel' : name
        if (cancelled) unreadCancels += 1
        const answeredBefore = unreadCancels
        exchange = write(asked, cancelled ? {} : data)
        await exchange
        let message = await read()
        if (asked !== 'Initialize') return message
        // The device answers in order: before its Features come the Failures of earlier Cancels, if
        // nobody read them. A Cancel that was sent after this Initialize is answered after it.
        for (let left = answeredBefore; message.type === 'Failure' && left > 0; left--) {
          message = await read()
        }
        unreadCancels -= answeredBefore
        return message
      } catch (error) {
        watch.onCableError(error)
        throw error
      } finally {
        exchange = null
      }
    }

    post(_session: string, name: string, data: Record<string, unknown>): Promise<void> {
      return write(name, data)
    }

    read(): Promise<MessageFromDevice> {
      return read()
    }

    cancel(): Promise<void> {
      cable?.abort()
      return Promise.resolve()
    }

    stop(): void {
      this.stopped = true
    }
  }

  const control: TransportControl = {
    async cancel() {
      cancelled = true
      // Between two messages nothing is on the wire: the next one is replaced by Cancel.
      if (exchange === null) return
      await exchange
      unreadCancels += 1
      await write('Cancel', {})
    },
    reset() {
      cancelled = false
    },
    lookAgain: () => shut.clear(),
  }
  return { Transport: OneKeyTransport, control }
}
