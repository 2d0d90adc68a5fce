/** What the device's state means: a word, whether it can be used, and the way out. */
import type { OutputOf } from '../../shared/contract/method.ts'
import type { Contract } from '../../shared/contract/contract.ts'
import { visibleText } from '../format/addresses.ts'
import type { Text } from '../language/text.ts'

export type Status = OutputOf<Contract['status.read']>
export type DeviceState = Status['device']
export type Grade = 'good' | 'warn' | 'breach' | 'off'

export interface DeviceWords {
  readonly grade: Grade
  readonly name: string
  readonly state: string
  readonly wayOut: string | null
}

export function deviceWords(device: DeviceState, t: Text): DeviceWords {
  switch (device.kind) {
    case 'absent':
      return {
        grade: 'off',
        name: 'OneKey',
        state: t('device.absent'),
        wayOut: absenceText(device.reason, t),
      }
    case 'several':
      return {
        grade: 'warn',
        name: 'OneKey',
        state: t('device.several', { count: device.count }),
        wayOut: t('device.several.wayOut'),
      }
    case 'unusable':
      return {
        grade: 'breach',
        name: deviceName(device.device),
        state: t(`device.unusable.${device.reason}`),
        wayOut: t(`device.unusable.${device.reason}.wayOut`, { needed: device.neededFirmware }),
      }
    case 'ready':
      return {
        grade: 'good',
        name: deviceName(device.device),
        state: t('device.ready'),
        wayOut: null,
      }
    case 'locked':
      return {
        grade: 'warn',
        name: deviceName(device.device),
        state: t('device.locked'),
        wayOut: t('device.locked.wayOut'),
      }
    case 'busy':
      return {
        grade: 'good',
        name: deviceName(device.device),
        state: t('device.busy'),
        wayOut: null,
      }
    case 'asks':
      return {
        grade: 'warn',
        name: deviceName(device.device),
        state: t(`device.asks.${device.what}`),
        wayOut: t(`device.asks.${device.what}.wayOut`),
      }
    case 'waiting':
      return {
        grade: 'warn',
        name: deviceName(device.device),
        state: t('device.waiting'),
        wayOut: t('device.waiting.wayOut'),
      }
  }
}

/** Reasons the adapter names; any other is a code of the SDK or of its process. */
const namedReasons = ['starting', 'connecting', 'no-permission', 'in-use', 'no-answer'] as const

function absenceText(reason: string, t: Text): string {
  if (reason === 'not-connected') return t('device.absent.wayOut')
  const named = namedReasons.find((known) => known === reason)
  return named === undefined
    ? t('device.reason.other', { reason: visibleText(reason) })
    : t(`device.reason.${named}`)
}

function deviceName(device: { readonly label: string; readonly model: string }): string {
  const label = visibleText(device.label)
  return label === '' || label === device.model ? device.model : `${device.model} “${label}”`
}
