/** The models the software device can be, and the Features each reports.
 *  Source: what the SDK reads from Features to tell models, versions and abilities apart. */
import { z } from 'zod'

export const deviceModelSchema = z.enum(['classic1s', 'touch', 'pro'])
export type DeviceModel = z.infer<typeof deviceModelSchema>

interface ModelFacts {
  readonly type: 'CLASSIC1S' | 'TOUCH' | 'PRO'
  readonly name: string
  readonly serialPrefix: string
  readonly firmware: string
  /** Below the version from which the SDK speaks today's messages. */
  readonly oldFirmware: string
  readonly bootloader: string
  readonly trezorModel: string
  /** Capability numbers; 1000 is typed data, which the Classic lacks. */
  readonly capabilities: readonly number[]
}

export const MODELS: { readonly [M in DeviceModel]: ModelFacts } = {
  classic1s: {
    type: 'CLASSIC1S',
    name: 'OneKey Classic 1S',
    serialPrefix: 'CL',
    firmware: '3.13.0',
    oldFirmware: '3.2.0',
    bootloader: '2.1.0',
    trezorModel: '1',
    capabilities: [1, 2, 5, 7, 17],
  },
  touch: {
    type: 'TOUCH',
    name: 'OneKey Touch',
    serialPrefix: 'TC',
    firmware: '4.11.0',
    oldFirmware: '4.3.0',
    bootloader: '2.5.3',
    trezorModel: 'T',
    capabilities: [1, 2, 4, 5, 7, 11, 12, 17, 1000],
  },
  pro: {
    type: 'PRO',
    name: 'OneKey Pro',
    serialPrefix: 'PR',
    firmware: '4.16.0',
    oldFirmware: '4.4.0',
    bootloader: '2.8.0',
    trezorModel: 'T',
    capabilities: [1, 2, 4, 5, 7, 11, 12, 17, 1000],
  },
}

/** What can be changed on a device while it lies on the table. */
export interface DeviceCondition {
  readonly locked: boolean
  readonly bootloader: boolean
  readonly initialized: boolean
  readonly firmware: string
  readonly deviceId: string
}

export function describeFeatures(
  device: {
    readonly model: DeviceModel
    readonly label: string
    readonly serial: string
    readonly condition: DeviceCondition
  },
  sessionId: Uint8Array | null,
): Record<string, unknown> {
  const facts = MODELS[device.model]
  const { condition } = device
  const [major = 0, minor = 0, patch = 0] = condition.firmware.split('.').map(Number)
  return {
    vendor: 'onekey.so',
    major_version: major,
    minor_version: minor,
    patch_version: patch,
    bootloader_mode: condition.bootloader ? true : undefined,
    device_id: condition.deviceId,
    pin_protection: true,
    passphrase_protection: false,
    language: 'en-US',
    label: device.label,
    initialized: condition.initialized,
    unlocked: !condition.locked,
    firmware_present: true,
    needs_backup: false,
    model: facts.trezorModel,
    fw_vendor: 'OneKey',
    no_backup: false,
    capabilities: facts.capabilities,
    backup_type: 'Bip39',
    session_id: sessionId ?? undefined,
    safety_checks: 'Strict',
    auto_lock_delay_ms: 600_000,
    bootloader_version: facts.bootloader,
    onekey_version: condition.firmware,
    onekey_device_type: facts.type,
    onekey_boot_version: facts.bootloader,
    onekey_firmware_version: condition.firmware,
    onekey_serial_no: device.serial,
    serial_no: device.serial,
    onekey_ble_version: '2.3.3',
  }
}
