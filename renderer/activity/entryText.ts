/** One journal entry in a line of words. Kinds of another version are shown as they are. */
import { decode } from '../../shared/contract/codec.ts'
import type { Contract } from '../../shared/contract/contract.ts'
import type { OutputOf } from '../../shared/contract/method.ts'
import { visibleText } from '../format/addresses.ts'
import type { Speech } from '../language/text.ts'

export type Entry = OutputOf<Contract['journal.list']>['entries'][number]

export function entryTitle(entry: Entry, speech: Speech): string {
  const said = entryFields(entry).find(({ name }) => name === 'step')?.value
  const step = said === undefined ? speech.t('unknown') : speech.open(`step.${said}`, {}, said)
  return speech.open(`entry.${entry.kind}`, { step }, visibleText(entry.kind))
}

export interface EntryField {
  readonly name: string
  readonly value: string
}

function flatten(prefix: string, value: unknown, into: EntryField[]): void {
  if (into.length >= 200) return
  if (typeof value === 'object' && value !== null) {
    for (const [name, member] of Object.entries(value))
      flatten(prefix === '' ? name : `${prefix}.${name}`, member, into)
    return
  }
  into.push({ name: prefix, value: visibleText(String(value)) })
}

/** The body's fields as rows; the text itself where it is not ours to read. */
export function entryFields(entry: Entry): readonly EntryField[] {
  const decoded = decode(entry.body)
  if (!decoded.ok) return [{ name: '', value: visibleText(entry.body) }]
  const fields: EntryField[] = []
  flatten('', decoded.value, fields)
  return fields
}
