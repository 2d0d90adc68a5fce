/** Entry of an SDK process whose libusb is false: its bus carries a mouse and, for each loopback port of the
 *  first argument (comma-separated) on which a software device can be reached, a OneKey. Second argument: what
 *  libusb says when the first of them is opened, e.g. `LIBUSB_ERROR_BUSY`. */
import { type Socket, connect } from 'node:net'
import { runOneKeyChild } from './runChild.ts'
import type { UsbBus, UsbDevice, UsbEndpoint, UsbTransferDone } from './usbLink.ts'

const PACKET = 64
const [ports = '', trouble = ''] = process.argv.slice(2)

type Listener = (device: UsbDevice) => void

function device(product: number, socket: Socket | null, address: number, refusal = ''): UsbDevice {
  const packets: Buffer[] = []
  let waiting: ((packet: Buffer | null) => void) | null = null
  let rest: Buffer = Buffer.alloc(0)
  socket?.on('data', (data) => {
    rest = Buffer.concat([rest, data])
    for (; rest.length >= PACKET; rest = rest.subarray(PACKET)) {
      const packet = rest.subarray(0, PACKET)
      if (waiting === null) packets.push(packet)
      else waiting(packet)
    }
  })
  socket?.on('close', () => waiting?.(null))
  const input: UsbEndpoint = {
    address: 0x81,
    makeTransfer: (timeout: number, done: UsbTransferDone) => ({
      submit(buffer: Buffer) {
        if (timeout !== 0) throw new Error('a person may need longer')
        const finish = (packet: Buffer | null): void => {
          waiting = null
          if (packet === null) done(new Error('LIBUSB_TRANSFER_CANCELLED'), buffer, 0)
          else done(undefined, packet, packet.length)
        }
        const ready = packets.shift()
        if (ready === undefined) waiting = finish
        else setImmediate(() => finish(ready))
      },
      cancel: () => waiting?.(null),
    }),
  }
  const output: UsbEndpoint = {
    address: 0x01,
    makeTransfer: (_timeout: number, done: UsbTransferDone) => ({
      submit(buffer: Buffer) {
        if (buffer.length !== PACKET) throw new Error('a packet has 64 bytes')
        socket?.write(buffer, (error) => done(error ?? undefined, buffer, buffer.length))
      },
      cancel: () => true,
    }),
  }
  return {
    busNumber: 1,
    deviceAddress: address,
    deviceDescriptor: { idVendor: 0x1209, idProduct: product },
    open() {
      if (refusal !== '') throw new Error(refusal)
    },
    close: () => {},
    interface: () => ({
      endpoints: [output, input],
      claim: () => {},
      release: (done) => setImmediate(done),
    }),
  }
}

function createBus(): UsbBus {
  const listeners = { attach: new Set<Listener>(), detach: new Set<Listener>() }
  const mouse = device(0x0001, null, 2)
  let addresses = 10
  const dial = (port: number, refusal: string): void => {
    const socket = connect(port, '127.0.0.1')
    let mine: UsbDevice | null = null
    socket.on('connect', () => {
      addresses += 1
      mine = device(0x4f4b, socket, addresses, refusal)
      for (const listener of listeners.attach) listener(mine)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      if (mine !== null) for (const listener of listeners.detach) listener(mine)
      setTimeout(() => dial(port, refusal), 100)
    })
  }
  for (const [i, port] of ports.split(',').entries()) dial(Number(port), i === 0 ? trouble : '')
  return {
    getDeviceList: () => [mouse],
    on: (event, listener) => listeners[event].add(listener),
    off: (event, listener) => listeners[event].delete(listener),
  }
}

process.on('disconnect', () => process.exit(0))
runOneKeyChild({
  send: (message) => process.send?.(message),
  onMessage: (listener) => process.on('message', listener),
  end: () => process.exit(1),
  loadUsb: () => Promise.resolve(createBus()),
})
