/** The USB link: which devices it takes for a OneKey, and whole calls through the real SDK over a false
 *  libusb that stands before a software device. No real USB was touched. */
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import type { DevicePort, DeviceState } from '../../../host/ports.ts'
import { type SoftwareOneKey, serveSoftwareOneKey } from '../../../simulators/onekey/serve.ts'
import { createOneKeyDevice } from './device.ts'
import { forkFakeUsb } from './forkFakeUsb.fixture.ts'
import { CableLost } from './link.ts'
import { type UsbBus, type UsbDevice, createUsbLink } from './usbLink.ts'

const MNEMONIC =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about'
const TIMEOUT = 30_000
const PRODUCTS = [0x53c0, 0x53c1, 0x4f4a, 0x4f4b]

function stranger(vendor: number, product: number, address: number): UsbDevice {
  return {
    busNumber: 1,
    deviceAddress: address,
    deviceDescriptor: { idVendor: vendor, idProduct: product },
    open() {
      throw new Error('LIBUSB_ERROR_NO_DEVICE')
    },
    close: () => {},
    interface() {
      throw new Error('not open')
    },
  }
}

function busOf(devices: readonly UsbDevice[]) {
  const listeners = new Map<string, (device: UsbDevice) => void>()
  const bus: UsbBus = {
    getDeviceList: () => devices,
    on: (event, listener) => listeners.set(event, listener),
    off: (event) => listeners.delete(event),
  }
  return { bus, fire: (event: string, device: UsbDevice) => listeners.get(event)?.(device) }
}

describe('which devices are taken', () => {
  it.each(PRODUCTS)('product %i of the vendor', (product) => {
    const { bus } = busOf([stranger(0x1209, product, 1), stranger(0x046d, product, 2)])
    expect(createUsbLink(bus).list()).toHaveLength(1)
  })

  it('none else, and the same port again under a new path', async () => {
    const { bus, fire } = busOf([stranger(0x1209, 0x0001, 1), stranger(0x046d, 0xc077, 2)])
    const link = createUsbLink(bus)
    let changes = 0
    link.onChange(() => {
      changes += 1
    })
    expect(link.list()).toEqual([])
    const one = stranger(0x1209, 0x4f4b, 7)
    fire('attach', one)
    const [before = ''] = link.list()
    fire('detach', stranger(0x1209, 0x4f4b, 7))
    expect(link.list()).toEqual([])
    fire('attach', one)
    expect(link.list()).toHaveLength(1)
    expect(link.list()).not.toContain(before)
    expect(changes).toBe(3)
    await expect(link.open(before)).rejects.toThrow(CableLost)
  })

  it('each has its rule for udev', () => {
    const file = new URL('../../../../resources/udev/70-onekey.rules', import.meta.url)
    const rules = readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
    expect(rules).toHaveLength(PRODUCTS.length)
    for (const product of PRODUCTS) {
      const rule = rules.find((line) => line.includes(`=="${product.toString(16)}"`))
      expect(rule).toContain('ATTR{idVendor}=="1209"')
      expect(rule).toContain('MODE="0660", GROUP="plugdev", TAG+="uaccess"')
    }
  })
})

describe('calls through libusb', () => {
  const software: SoftwareOneKey[] = []
  let device: DevicePort | null = null

  afterEach(async () => {
    await device?.close()
    for (const each of software.splice(0)) await each.close()
    device = null
  })

  async function start(trouble: string, count = 1) {
    for (let i = 0; i < count; i++) {
      software.push(await serveSoftwareOneKey({ mnemonic: MNEMONIC, label: `Number ${i + 1}` }))
    }
    const [one] = software
    if (one === undefined) throw new Error('none started')
    const ports = software.map((each) => each.linkPort).join(',')
    const port = createOneKeyDevice({
      link: { kind: 'usb' },
      startChild: () => forkFakeUsb(ports, trouble),
    })
    device = port
    return { one, port }
  }

  async function reached(port: DevicePort, wanted: DeviceState['kind']): Promise<void> {
    const deadline = Date.now() + TIMEOUT
    while (port.state().kind !== wanted && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    expect(port.state().kind).toBe(wanted)
  }

  const signal = new AbortController().signal
  const account = { paths: ["m/84'/0'/0'"], network: 'mainnet', passphrase: false } as const

  it(
    'reads keys, shows an address, notices unplugging and plugging in',
    async () => {
      const { one, port } = await start('')
      expect(await port.readKeys(account, signal)).toMatchObject({
        ok: true,
        value: { fingerprint: '73c5da0a' },
      })
      const { deviceId } = one.condition()
      one.pressAutomatically('confirm')
      const wallet = { deviceId, fingerprint: '73c5da0a', passphrase: false }
      const ask = { path: "m/84'/0'/0'/0/0", network: 'mainnet', wallet } as const
      expect(await port.showBitcoinAddress(ask, signal)).toMatchObject({ ok: true })
      one.pressAutomatically(null)
      one.fail({ kind: 'unplug', at: 'first-screen' })
      expect(await port.showBitcoinAddress(ask, signal)).toMatchObject({
        refusal: { code: 'DEVICE_UNPLUGGED' },
      })
      await reached(port, 'absent')
      await one.plug()
      await reached(port, 'ready')
      const controller = new AbortController()
      const cancelled = port.showBitcoinAddress(ask, controller.signal)
      await reached(port, 'waiting')
      controller.abort()
      expect(await cancelled).toMatchObject({ refusal: { code: 'DEVICE_CANCELLED' } })
      one.pressAutomatically('confirm')
      expect(await port.showBitcoinAddress(ask, signal)).toMatchObject({ ok: true })
    },
    TIMEOUT,
  )

  it(
    'says that the permission is missing',
    async () => {
      const { port } = await start('LIBUSB_ERROR_ACCESS')
      expect(await port.readKeys(account, signal)).toEqual({
        ok: false,
        refusal: { code: 'DEVICE_NOT_FOUND', data: { reason: 'no-permission' } },
      })
      expect(port.state()).toEqual({ kind: 'absent', reason: 'no-permission' })
    },
    TIMEOUT,
  )

  it(
    'says that another program holds the device',
    async () => {
      const { port } = await start('LIBUSB_ERROR_BUSY')
      expect(await port.readKeys(account, signal)).toMatchObject({
        refusal: { code: 'DEVICE_BUSY', data: { by: 'another-program' } },
      })
      expect(port.state()).toEqual({ kind: 'absent', reason: 'in-use' })
    },
    TIMEOUT,
  )

  it(
    'lists several by name, takes the one of the wallet or the chosen one, and follows unplugging',
    async () => {
      const { one, port } = await start('', 2)
      const [, two] = software
      if (two === undefined) throw new Error('none started')
      await expect
        .poll(() => port.state(), { timeout: TIMEOUT })
        .toMatchObject({ kind: 'several', count: 2, devices: [{}, {}] })
      const state = port.state()
      const named = state.kind === 'several' ? state.devices.map((d) => d.label).sort() : []
      expect(named).toEqual(['Number 1', 'Number 2'])
      expect(await port.readKeys(account, signal)).toEqual({
        ok: false,
        refusal: { code: 'DEVICE_SEVERAL', data: { count: 2 } },
      })

      // The wallet's own device is asked, whichever else is there.
      const ask = (each: SoftwareOneKey) => {
        const { deviceId } = each.condition()
        const wallet = { deviceId, fingerprint: '73c5da0a', passphrase: false }
        return { path: "m/84'/0'/0'/0/0", network: 'mainnet', wallet } as const
      }
      for (const each of [two, one]) {
        each.pressAutomatically('confirm')
        expect(await port.showBitcoinAddress(ask(each), signal)).toMatchObject({ ok: true })
        each.pressAutomatically(null)
      }
      expect(port.state().kind).toBe('several')

      expect(port.choose('nobody')).toBe('not-there')
      expect(port.choose(two.condition().deviceId)).toBe('chosen')
      await expect
        .poll(() => port.state(), { timeout: TIMEOUT })
        .toMatchObject({ kind: 'ready', device: { label: 'Number 2' } })
      expect(await port.readKeys(account, signal)).toMatchObject({
        ok: true,
        value: { device: { label: 'Number 2' } },
      })

      two.unplug()
      await expect
        .poll(() => port.state(), { timeout: TIMEOUT })
        .toMatchObject({ kind: 'ready', device: { label: 'Number 1' } })
      expect(await port.showBitcoinAddress(ask(two), signal)).toMatchObject({
        refusal: { code: 'DEVICE_WRONG', data: { found: one.condition().deviceId } },
      })
    },
    TIMEOUT,
  )

  it(
    'uses one device although another program holds the other',
    async () => {
      const { port } = await start('LIBUSB_ERROR_BUSY', 2)
      await expect
        .poll(() => port.state(), { timeout: TIMEOUT })
        .toMatchObject({ kind: 'ready', device: { label: 'Number 2' } })
      expect(await port.readKeys(account, signal)).toMatchObject({
        ok: true,
        value: { device: { label: 'Number 2' } },
      })
    },
    TIMEOUT,
  )
})
