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
  /** Asks for its PIN by the matrix, typed at the host. */
  readonly pinMatrix: boolean
  /** Takes a passphrase on its own screen. */
  readonly typesPassphrases: boolean
  /** Has GetPassphraseState and UnLockDevice (from Pro 4.15 on). */
  readonly namesWallets: boolean
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
    pinMatrix: true,
    typesPassphrases: false,
    namesWallets: false,
  },
  touch: {
    type: 'TOUCH',
    name: 'OneKey Touch',
    serialPrefix: 'TC',
    firmware: '4.11.0',
    pinMatrix: false,
    typesPassphrases: true,
    namesWallets: false,
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
    pinMatrix: false,
    typesPassphrases: true,
    namesWallets: true,
    oldFirmware: '4.4.0',
    bootloader: '2.8.0',
    trezorModel: 'T',
    capabilities: [1, 2, 4, 5, 7, 11, 12, 17, 1000],
  },
}

/** What can be changed on a device while it lies on the table. */
export interface DeviceCondition {
  readonly model: DeviceModel
  readonly locked: boolean
  readonly bootloader: boolean
  readonly initialized: boolean
  readonly firmware: string
  readonly deviceId: string
  /** Passphrases switched on. */
  readonly passphrases: boolean
  /** What a person types where the device takes the passphrase on its screen. */
  readonly typedPassphrase: string
}

export function describeFeatures(
  device: {
    readonly label: string
    readonly serial: string
    readonly condition: DeviceCondition
  },
  sessionId: Uint8Array | null,
): Record<string, unknown> {
  const { condition } = device
  const facts = MODELS[condition.model]
  const [major = 0, minor = 0, patch = 0] = condition.firmware.split('.').map(Number)
  return {
    vendor: 'onekey.so',
    major_version: major,
    minor_version: minor,
    patch_version: patch,
    bootloader_mode: condition.bootloader ? true : undefined,
    device_id: condition.deviceId,
    pin_protection: true,
    // The screen models do not say before they are unlocked.
    passphrase_protection: facts.pinMatrix || !condition.locked ? condition.passphrases : undefined,
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
