/** What the app says of the device, from what is known of it. Pure.
 *  `absent` reasons: starting, not-connected, connecting, no-permission, in-use, no-answer, or a code of
 *  the SDK or its process. `busy` and `waiting` name the task; `waiting` for what is typed on its screen says 'pin' or 'passphrase'. */
import type { DeviceInfo, DeviceState } from '../../../host/ports.ts'
import type { DeviceDescription } from './describe.ts'
import type { Stage } from './protocol.ts'

export interface Known {
  /** Devices on the link; null until its process has reported. */
  readonly presence: number | null
  /** Of the device that is meant, once it has said who it is. */
  readonly description: DeviceDescription | null
  /** Of several, those that said who they are. */
  readonly listed: readonly DeviceInfo[]
  readonly wrongPins: number
  /** Why it has not. */
  readonly absence: string
  readonly operation: { readonly what: string; readonly stage: Stage } | null
}

export function stateOf(known: Known): DeviceState {
  const { presence, description, absence, operation, wrongPins } = known
  if (presence === null) return { kind: 'absent', reason: 'starting' }
  if (presence === 0) return { kind: 'absent', reason: 'not-connected' }
  if (description === null) {
    if (presence === 1) return { kind: 'absent', reason: absence }
    return { kind: 'several', count: presence, devices: known.listed }
  }
  const device = description.info
  switch (operation?.stage) {
    case 'working':
      return { kind: 'busy', device, what: operation.what }
    case 'button':
      return { kind: 'waiting', device, what: operation.what }
    case 'pin':
      return { kind: 'waiting', device, what: 'pin' }
    case 'passphrase-on-device':
      return { kind: 'waiting', device, what: 'passphrase' }
    case 'pin-matrix':
      return { kind: 'asks', device, what: 'pin-matrix', wrongPins, onDevice: true }
    case 'passphrase': {
      const onDevice = description.passphraseEntry === 'here-or-on-device'
      return { kind: 'asks', device, what: 'passphrase', wrongPins, onDevice }
    }
    case undefined:
      break
  }
  if (description.usable !== 'usable') {
    const { usable: reason, neededFirmware } = description
    return { kind: 'unusable', device, reason, neededFirmware }
  }
  return description.lock === 'locked' ? { kind: 'locked', device } : { kind: 'ready', device }
}
