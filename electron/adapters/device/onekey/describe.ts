/** From a device's Features to what the app says about it: identity, model, and whether it can be used. */
import type { DeviceInfo } from '../../../host/ports.ts'
import type { Features } from './protocol.ts'

interface ModelFacts {
  readonly name: string
  /** Below this the SDK falls back to an older message set, which is not used here. */
  readonly needs: string
  /** Whether a passphrase can be typed on its own screen. */
  readonly types: 'here' | 'here-or-on-device'
}

const MODELS: { readonly [type: string]: ModelFacts } = {
  CLASSIC: { name: 'OneKey Classic', needs: '3.3.0', types: 'here' },
  CLASSIC1S: { name: 'OneKey Classic 1S', needs: '3.3.0', types: 'here' },
  PURE: { name: 'OneKey Classic 1S Pure', needs: '3.3.0', types: 'here' },
  MINI: { name: 'OneKey Mini', needs: '3.3.0', types: 'here' },
  TOUCH: { name: 'OneKey Touch', needs: '4.5.0', types: 'here-or-on-device' },
  PRO: { name: 'OneKey Pro', needs: '4.5.0', types: 'here-or-on-device' },
}
/** A model newer than this table, or a firmware too old to name its own: held to the newest demand. */
const UNKNOWN: ModelFacts = { name: 'OneKey', needs: '4.5.0', types: 'here-or-on-device' }

export interface DeviceDescription {
  readonly info: DeviceInfo
  /** What the SDK finds this device by. */
  readonly connectId: string
  readonly usable: 'usable' | 'bootloader' | 'firmware-too-old' | 'not-initialised'
  readonly lock: 'locked' | 'unlocked'
  readonly neededFirmware: string
  readonly passphrases: 'on' | 'off'
  readonly passphraseEntry: ModelFacts['types']
}

export function describeDevice(features: Features): DeviceDescription {
  const model = MODELS[features.onekey_device_type ?? ''] ?? UNKNOWN
  const firmware = features.onekey_firmware_version ?? features.onekey_version ?? ''
  return {
    info: {
      deviceId: features.device_id ?? '',
      label: features.label ?? model.name,
      model: model.name,
      firmware,
    },
    connectId: features.onekey_serial_no ?? features.onekey_serial ?? features.serial_no ?? '',
    usable: usability(features, firmware, model.needs),
    lock: features.unlocked === false ? 'locked' : 'unlocked',
    neededFirmware: model.needs,
    passphrases: features.passphrase_protection === true ? 'on' : 'off',
    passphraseEntry: model.types,
  }
}

function usability(
  features: Features,
  firmware: string,
  needs: string,
): DeviceDescription['usable'] {
  if (features.bootloader_mode === true) return 'bootloader'
  if (isOlder(firmware, needs)) return 'firmware-too-old'
  return features.initialized === true ? 'usable' : 'not-initialised'
}

/** Unreadable versions are older than anything. */
export function isOlder(version: string, than: string): boolean {
  const parts = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number)
  if (parts === undefined) return true
  const needed = than.split('.').map(Number)
  for (const [i, part] of parts.entries()) {
    const other = needed[i] ?? 0
    if (part !== other) return part < other
  }
  return false
}
