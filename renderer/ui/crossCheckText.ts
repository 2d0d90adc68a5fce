/** What a second, independent server said of a chain's figures: a word, its grade, what it means and the way out.
 *  Pure. One source alone is never called checked. */
import type { Grade, Status } from '../data/device.ts'
import { visibleText } from '../format/addresses.ts'
import type { Format } from '../format/format.ts'
import type { Speech } from '../language/text.ts'
import { refusalWords } from './refusalText.ts'

type CrossCheck = Status['chains'][number]['crossCheck']

export interface CrossCheckWords {
  readonly kind: NonNullable<CrossCheck>['kind'] | 'single'
  readonly grade: Grade
  readonly state: string
  /** The same for the status bar; null where nothing was compared. */
  readonly short: string | null
  readonly meaning: string
  readonly wayOut: string | null
  /** When both last said the same; null otherwise. */
  readonly asOf: number | null
}

export function crossCheckWords(
  crossCheck: CrossCheck,
  format: Format,
  speech: Speech,
): CrossCheckWords {
  const { t } = speech
  if (crossCheck === null)
    return {
      kind: 'single',
      grade: 'off',
      state: t('crossCheck.single'),
      short: null,
      meaning: t('crossCheck.single.about'),
      wayOut: t('crossCheck.single.wayOut'),
      asOf: null,
    }
  const second = visibleText(crossCheck.second)
  const said = {
    kind: crossCheck.kind,
    state: t(`crossCheck.${crossCheck.kind}`),
    short: crossCheck.kind === 'not-asked' ? null : t(`crossCheck.${crossCheck.kind}.short`),
  } as const
  switch (crossCheck.kind) {
    case 'agree':
      return {
        ...said,
        grade: 'good',
        meaning: t('crossCheck.agree.about', { second }),
        wayOut: null,
        asOf: crossCheck.asOf,
      }
    case 'not-asked':
      return {
        ...said,
        grade: 'off',
        meaning: t('crossCheck.not-asked.about', { second }),
        wayOut: null,
        asOf: null,
      }
    case 'one-source':
    case 'differ':
      return {
        ...said,
        grade: crossCheck.kind === 'differ' ? 'breach' : 'warn',
        meaning: [
          t(`crossCheck.${crossCheck.kind}.about`, { second }),
          refusalWords(crossCheck.refusal, format, speech).message,
        ].join(' '),
        wayOut: t(`crossCheck.${crossCheck.kind}.wayOut`),
        asOf: null,
      }
  }
}
