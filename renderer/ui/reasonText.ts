/** A reason of the engine in words. Keys of another version are shown as they are, with their values. */
import type { Suggestion } from '../../shared/suggestion/suggestion.ts'
import { visibleText } from '../format/addresses.ts'
import type { Format } from '../format/format.ts'
import type { Speech } from '../language/text.ts'
import { scenarioById } from './scenarioName.ts'

export type Reason = Suggestion['reasons'][number]

function valueText(name: string, value: string | number, format: Format, speech: Speech): string {
  if (typeof value === 'number') {
    if (name.endsWith('Usd') || name === 'usd') return format.usd(value)
    if (name === 'asOf') return format.clock(value)
    if (name.endsWith('Ms')) return format.duration(value)
    if (name.endsWith('Bps')) return format.percent(value / 10_000, 2)
    if (/shock|move|share|fraction|distance|cap$/i.test(name)) return format.percent(value)
    return format.count(value, Number.isInteger(value) ? 0 : 2)
  }
  if (name === 'scenario') return scenarioById(value, format, speech)
  return visibleText(value)
}

export function reasonText(reason: Reason, format: Format, speech: Speech): string {
  const values = Object.fromEntries(
    Object.entries(reason.values).map(([name, value]) => [
      name,
      valueText(name, value, format, speech),
    ]),
  )
  const plain = [reason.key, ...Object.entries(values).map(([name, value]) => `${name} ${value}`)]
  const key = reason.key.startsWith('reason.') ? reason.key : `reason.${reason.key}`
  return speech.open(key, values, visibleText(plain.join(' · ')))
}
