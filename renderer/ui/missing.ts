/** Names of what a figure lacks, in words where the catalogue has them, else as the engine names them. */
import { visibleText } from '../format/addresses.ts'
import { type Speech, useText } from '../language/text.ts'

export function missingText(missing: readonly string[], speech: Speech): string {
  if (missing.length === 0) return speech.t('missing.unsaid')
  return missing
    .map((name) => speech.open(`missing.${name}`, {}, visibleText(name)))
    .join(speech.t('list.separator'))
}

export function useMissing(missing: readonly string[]): string {
  return missingText(missing, useText())
}
