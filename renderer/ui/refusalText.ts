/** A refusal as sentences: what happened, with its numbers, and the way out. The catalogue has both for each code. */
import type { Refusal } from '../../shared/errors/refusal.ts'
import { groupsOfFour, visibleText } from '../format/addresses.ts'
import { chainName } from '../format/chains.ts'
import type { Format } from '../format/format.ts'
import { venueNames } from '../format/venues.ts'
import type { Speech } from '../language/text.ts'
import { scenarioById } from './scenarioName.ts'

const amountFields = new Set([
  'asked',
  'excess',
  'minimum',
  'maximum',
  'needed',
  'available',
  'cap',
  'fee',
  'slackAfter',
  'before',
  'after',
])
const priceFields: ReadonlySet<string> = new Set(['planned', 'now', 'low', 'high'])

/** A field of a transaction, in the words of the review where it has them. */
export function fieldName(field: string, speech: Speech): string {
  return speech.open(`deviceLine.${field}`, {}, visibleText(field))
}

/** Fields whose values are the host's own words, for which the catalogue may have better ones. */
const wordFields: ReadonlySet<string> = new Set(['what', 'action', 'where', 'needed', 'by', 'over'])

function fieldText(name: string, value: unknown, format: Format, speech: Speech): string {
  const { t } = speech
  if (value === null || value === undefined) return t('unknown')
  if (typeof value === 'number') {
    if (name.endsWith('Ms')) return format.duration(value)
    if (name.endsWith('Bps')) return format.percent(value / 10_000, 2)
    if (name === 'since') return format.moment(value)
    return format.count(value)
  }
  if (typeof value === 'string') {
    if (name === 'address' || name === 'first' || name === 'second')
      return groupsOfFour(visibleText(value)).join(' ')
    if (name === 'step') return speech.open(`step.${value}`, {}, visibleText(value))
    if (name === 'state') return speech.open(`transferState.${value}`, {}, visibleText(value))
    if (wordFields.has(name)) return speech.open(`word.${value}`, {}, visibleText(value))
    if (name === 'scenario') return scenarioById(value, format, speech)
    if (name === 'chain') return chainName(visibleText(value))
    if (name === 'venue')
      return Object.entries(venueNames).find(([id]) => id === value)?.[1] ?? visibleText(value)
    if (/^-?\d+(\.\d+)?$/.test(value) && (amountFields.has(name) || priceFields.has(name))) {
      return priceFields.has(name) ? format.priceExact(value) : format.quantity(value)
    }
    return visibleText(value)
  }
  if (Array.isArray(value))
    return value
      .map((item: unknown) =>
        typeof item === 'object' && item !== null && 'field' in item
          ? fieldName(String(item.field), speech)
          : visibleText(String(item)),
      )
      .join(', ')
  return t('unknown')
}

/** The data of a refusal as values for its messages: every field under its own name, as local text. */
export function refusalValues(
  refusal: Refusal,
  format: Format,
  speech: Speech,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(refusal.data).map(([name, value]) => [
      name,
      fieldText(name, value, format, speech),
    ]),
  )
}

export interface RefusalWords {
  readonly message: string
  readonly wayOut: string
}

export function refusalWords(refusal: Refusal, format: Format, speech: Speech): RefusalWords {
  const { t } = speech
  const values = refusalValues(refusal, format, speech)
  return {
    message: t(`error.${refusal.code}`, values),
    wayOut: t(`error.${refusal.code}.wayOut`, values),
  }
}
