/** What the contract offers of the device itself; what is asked of it for accounts and transfers is theirs. */
import { ok, refuse } from '../../shared/errors/refusal.ts'
import type { Handlers } from './dispatch.ts'
import type { DevicePort } from './ports.ts'

export function createDeviceMethods(
  device: DevicePort,
): Pick<Handlers, 'device.answer' | 'device.choose'> {
  return {
    'device.answer': (answer) =>
      device.answer(answer) === 'taken'
        ? ok({})
        : refuse('NOTHING_ASKED', { state: device.state().kind }),
    'device.choose': ({ deviceId }) =>
      device.choose(deviceId) === 'chosen'
        ? ok({})
        : refuse('NOT_FOUND', { what: 'device', id: deviceId }),
  }
}
