/** What carries packets to a OneKey: a link knows which devices are there, a cable is one opened device.
 *  64-byte packets, protocol v1. All above a link is the same for USB and for the software device. */

export const PACKET_SIZE = 64

/** The device went away while it was being used. */
export class CableLost extends Error {
  constructor() {
    super('the device is gone')
  }
}

/** Opening failed for a reason the user can act on. */
export class CableRefused extends Error {
  readonly reason: 'no-permission' | 'in-use'

  constructor(reason: 'no-permission' | 'in-use') {
    super(reason)
    this.reason = reason
  }
}

export interface DeviceCable {
  write64(packet: Uint8Array): Promise<void>
  /** Waits as long as a person needs; rejects with CableLost, or when aborted. */
  read64(): Promise<Uint8Array>
  /** Ends a pending read. */
  abort(): void
  close(): Promise<void>
}

export interface DeviceLink {
  /** Paths of the devices that are there now; a device that comes back has a new path. */
  list(): readonly string[]
  onChange(listener: () => void): void
  open(path: string): Promise<DeviceCable>
  close(): Promise<void>
}
