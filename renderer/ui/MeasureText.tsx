/** A figure that may be unknown. Unknown is written as a word with its reasons, never as zero. */
import { CircleHelp } from 'lucide-react'
import type { Measure } from '../../shared/risk/report.ts'
import { useText } from '../language/text.ts'
import { useMissing } from './missing.ts'
import { Tip } from './Tip.tsx'

export function UnknownText({ missing }: { readonly missing: readonly string[] }) {
  const { t } = useText()
  const reasons = useMissing(missing)
  return (
    <Tip text={t('unknown.because', { reasons })}>
      <span className="unknown" tabIndex={0}>
        <CircleHelp size={12} aria-hidden /> {t('unknown')}
      </span>
    </Tip>
  )
}

export interface MeasureTextProps {
  readonly measure: Measure
  readonly show: (value: number) => string
}

export function MeasureText({ measure, show }: MeasureTextProps) {
  return measure.kind === 'known' ? (
    <span className="num">{show(measure.value)}</span>
  ) : (
    <UnknownText missing={measure.missing} />
  )
}
