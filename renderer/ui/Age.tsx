/** How old a figure is; too old is said with a word and an icon, not only with grey. */
import { Clock3 } from 'lucide-react'
import { useNow } from '../data/clock.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'

export interface AgeProps {
  readonly asOf: number | null
  readonly staleAfterMs: number
}

export function Age({ asOf, staleAfterMs }: AgeProps) {
  const { t } = useText()
  const format = useFormat()
  const now = useNow()
  if (asOf === null) return <span className="dim">{t('age.never')}</span>
  const age = now - asOf
  return age > staleAfterMs ? (
    <span className="stale-mark">
      <Clock3 size={12} aria-hidden /> {t('age.stale', { age: format.duration(age) })}
    </span>
  ) : (
    <span className="dim num">{format.duration(age)}</span>
  )
}
