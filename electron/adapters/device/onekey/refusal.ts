/** The SDK's error numbers in our words. Source: the codes of hd-shared 1.1.24 that a call used here can
 *  meet, each met in a test or named by the SDK; any other stays DEVICE_FAILED with its number. */
import { type Refusal, type RefusalCode, refuse } from '../../../../shared/errors/refusal.ts'

export type DeviceRefusal = Refusal<Extract<RefusalCode, `DEVICE_${string}`>>

export interface CallContext {
  /** What was asked, e.g. 'sign-bitcoin'. */
  readonly what: string
  readonly deviceId: string | null
  /** Of the wallet meant; empty when any will do. */
  readonly fingerprint: string
  /** Of the device that answered last. */
  readonly foundDeviceId: string
  readonly firmware: string
  readonly neededFirmware: string
}

export function refusalOf(code: string, message: string, call: CallContext): DeviceRefusal {
  switch (code) {
    case 'lost':
    case '817':
      return refuse('DEVICE_UNPLUGGED', { what: call.what }).refusal
    case 'no-permission':
    case '821':
      return refuse('DEVICE_NOT_FOUND', { reason: 'no-permission' }).refusal
    case 'in-use':
    case '117':
      return refuse('DEVICE_BUSY', { by: 'another-program' }).refusal
    case '107':
      return refuse('DEVICE_BUSY', { by: 'another-call' }).refusal
    case '803':
      return refuse('DEVICE_REJECTED', { what: call.what }).refusal
    case '109':
    case '822':
      return refuse('DEVICE_CANCELLED', { what: call.what }).refusal
    case '801':
      return refuse('DEVICE_LOCKED', { reason: 'pin-wrong' }).refusal
    case '802':
      return refuse('DEVICE_LOCKED', { reason: 'pin-cancelled' }).refusal
    case '104':
      return refuse('DEVICE_SEVERAL', { count: 2 }).refusal
    case '105':
      return refuse('DEVICE_NOT_FOUND', { reason: 'not-connected' }).refusal
    case '110':
      return refuse('DEVICE_WRONG', {
        expected: call.deviceId ?? '',
        found: call.foundDeviceId,
      }).refusal
    case '112':
      return refuse('DEVICE_WRONG_PASSPHRASE', { expected: call.fingerprint }).refusal
    case '113':
      return refuse('DEVICE_PASSPHRASE_OFF', { device: call.foundDeviceId }).refusal
    case '114':
      return refuse('DEVICE_PASSPHRASE_ON', { device: call.foundDeviceId }).refusal
    case '118':
      return refuse('DEVICE_LOCKED', { reason: 'attached-pin' }).refusal
    case '111':
    case '407':
    case '408':
    case '412':
    case '414':
      return refuse('DEVICE_FIRMWARE_TOO_OLD', {
        found: call.firmware,
        needed: call.neededFirmware,
      }).refusal
    case '809':
      return refuse('DEVICE_TIMEOUT', { what: call.what, afterMs: 10_000 }).refusal
    default:
      return refuse('DEVICE_FAILED', { deviceCode: code, deviceMessage: message }).refusal
  }
}
