/** The link to real devices through libusb. Source: OneKey's USB identifiers; interface 0, IN 0x81,
 *  OUT 0x01. Reads have no timeout, since a person may take minutes. The bus is handed in, so that
 *  tests can give a false one and the native module is loaded only where this link is chosen. */
import { CableLost, CableRefused, type DeviceCable, type DeviceLink, PACKET_SIZE } from './link.ts'

const VENDOR = 0x1209
/** Classic/1S/Mini bootloader and firmware (also Pro/Touch in compatible mode), Pro/Touch bootloader and firmware. */
const PRODUCTS: readonly number[] = [0x53c0, 0x53c1, 0x4f4a, 0x4f4b]
const INTERFACE = 0
const ENDPOINT_IN = 0x81
const ENDPOINT_OUT = 0x01

/** The part of the `usb` package that is used here. */
export interface UsbTransfer {
  submit(buffer: Buffer): unknown
  cancel(): unknown
}

export type UsbTransferDone = (error: Error | undefined, buffer: Buffer, length: number) => void

export interface UsbEndpoint {
  readonly address: number
  makeTransfer(timeout: number, done: UsbTransferDone): UsbTransfer
}

export interface UsbInterface {
  readonly endpoints: readonly UsbEndpoint[]
  claim(): void
  release(done: (error?: Error) => void): void
}

export interface UsbDevice {
  readonly busNumber: number
  readonly deviceAddress: number
  readonly deviceDescriptor: { readonly idVendor: number; readonly idProduct: number }
  open(): void
  close(): void
  interface(number: number): UsbInterface
}

export interface UsbBus {
  getDeviceList(): readonly UsbDevice[]
  on(event: 'attach' | 'detach', listener: (device: UsbDevice) => void): unknown
  off(event: 'attach' | 'detach', listener: (device: UsbDevice) => void): unknown
}

function isOneKey(device: UsbDevice): boolean {
  const { idVendor, idProduct } = device.deviceDescriptor
  return idVendor === VENDOR && PRODUCTS.includes(idProduct)
}

export function createUsbLink(bus: UsbBus): DeviceLink {
  const listeners = new Set<() => void>()
  const present = new Map<UsbDevice, string>()
  let generation = 0

  function attach(device: UsbDevice): void {
    if (!isOneKey(device) || present.has(device)) return
    generation += 1
    present.set(device, `usb:${device.busNumber}:${device.deviceAddress}:${generation}`)
    for (const listener of listeners) listener()
  }

  function detach(device: UsbDevice): void {
    const gone = [...present.keys()].find(
      (d) =>
        d === device ||
        (d.busNumber === device.busNumber && d.deviceAddress === device.deviceAddress),
    )
    if (gone === undefined) return
    present.delete(gone)
    for (const listener of listeners) listener()
  }

  bus.on('attach', attach)
  bus.on('detach', detach)
  for (const device of bus.getDeviceList()) attach(device)

  return {
    list: () => [...present.values()],
    onChange: (listener) => listeners.add(listener),
    async open(path) {
      const device = [...present.entries()].find(([, at]) => at === path)?.[0]
      if (device === undefined) throw new CableLost()
      return openCable(device)
    },
    close() {
      bus.off('attach', attach)
      bus.off('detach', detach)
      return Promise.resolve()
    },
  }
}

/** libusb's own words for the two refusals a user can do something about. */
function refusalOf(error: unknown): Error {
  const text = error instanceof Error ? error.message : String(error)
  if (text.includes('LIBUSB_ERROR_ACCESS')) return new CableRefused('no-permission')
  if (text.includes('LIBUSB_ERROR_BUSY')) return new CableRefused('in-use')
  return new CableLost()
}

function openCable(device: UsbDevice): DeviceCable {
  let face: UsbInterface
  try {
    device.open()
    face = device.interface(INTERFACE)
    face.claim()
  } catch (error) {
    throw refusalOf(error)
  }
  const endpoint = (address: number): UsbEndpoint => {
    const found = face.endpoints.find((e) => e.address === address)
    if (found === undefined) throw new CableLost()
    return found
  }
  const [input, output] = [endpoint(ENDPOINT_IN), endpoint(ENDPOINT_OUT)]
  let reading: UsbTransfer | null = null

  function transfer(
    at: UsbEndpoint,
    buffer: Buffer,
    keep: (t: UsbTransfer) => void,
  ): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const made = at.makeTransfer(0, (error, data, length) => {
        if (error === undefined || error === null) resolve(data.subarray(0, length))
        else reject(new CableLost())
      })
      keep(made)
      try {
        made.submit(buffer)
      } catch {
        reject(new CableLost())
      }
    })
  }

  return {
    async write64(packet) {
      await transfer(output, Buffer.from(packet), () => {})
    },
    async read64() {
      for (;;) {
        const data = await transfer(input, Buffer.alloc(PACKET_SIZE), (t) => {
          reading = t
        }).finally(() => {
          reading = null
        })
        if (data.length === PACKET_SIZE) return new Uint8Array(data)
      }
    },
    abort() {
      reading?.cancel()
    },
    async close() {
      reading?.cancel()
      await new Promise<void>((resolve) => {
        try {
          face.release(() => resolve())
        } catch {
          resolve()
        }
      })
      try {
        device.close()
      } catch {
        // Already gone: nothing left to close.
      }
    },
  }
}
