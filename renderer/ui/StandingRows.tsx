/** Before and after of an account, row by row: what a plan or a suggestion changes. */
import { ArrowRight } from 'lucide-react'
import type { Suggestion } from '../../shared/suggestion/suggestion.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'

export type Standing = Suggestion['before']

interface Row {
  readonly name: string
  readonly before: number | 'none' | null
  readonly after: number | 'none' | null
  readonly show: (value: number) => string
}

export interface StandingRowsProps {
  readonly before: Standing
  readonly after: Standing
  readonly short?: true
}

export function StandingRows({ before, after, short }: StandingRowsProps) {
  const { t } = useText()
  const format = useFormat()
  const all: readonly (Row & { readonly always: boolean })[] = [
    {
      name: short === true ? t('distance.downShort') : t('distance.down'),
      before: before.distanceDown,
      after: after.distanceDown,
      show: format.shock,
      always: true,
    },
    {
      name: short === true ? t('distance.upShort') : t('distance.up'),
      before: before.distanceUp,
      after: after.distanceUp,
      show: format.shock,
      always: true,
    },
    {
      name: t('equity'),
      before: before.equityUsd,
      after: after.equityUsd,
      show: format.usd,
      always: false,
    },
    {
      name: t('required'),
      before: before.requiredUsd,
      after: after.requiredUsd,
      show: format.usd,
      always: false,
    },
    {
      name: t('excess'),
      before: before.excessUsd,
      after: after.excessUsd,
      show: format.usd,
      always: true,
    },
  ]
  const rows =
    short === true
      ? all.filter((row) => row.always && (row.before !== null || row.after !== null))
      : all
  const cell = (value: Row['before'], show: Row['show']) =>
    value === null ? t('unknown') : value === 'none' ? t('distance.none') : show(value)
  return (
    <table className="standing">
      <thead className="unseen">
        <tr>
          <th>{t('standing.what')}</th>
          <th>{t('standing.before')}</th>
          <th>{t('standing.after')}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name}>
            <th scope="row">{row.name}</th>
            <td className="num dim">{cell(row.before, row.show)}</td>
            <td className="num">
              <ArrowRight size={12} aria-hidden /> {cell(row.after, row.show)}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
