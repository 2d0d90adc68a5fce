/** How soon a bitcoin payment should be in a block. The host turns it into a rate and caps it. */
import { useText } from '../language/text.ts'

const feeTargets = ['fast', 'normal', 'slow'] as const
export type FeeTarget = (typeof feeTargets)[number]

export interface FeeTargetProps {
  readonly value: FeeTarget
  readonly onChange: (target: FeeTarget) => void
}

export function FeeTargetChoice({ value, onChange }: FeeTargetProps) {
  const { t } = useText()
  return (
    <div className="field">
      <span>{t('send.fee')}</span>
      <span className="segments" role="group" aria-label={t('send.fee')}>
        {feeTargets.map((target) => (
          <button
            key={target}
            type="button"
            aria-pressed={value === target}
            onClick={() => onChange(target)}
          >
            {t(`send.fee.${target}`)}
          </button>
        ))}
      </span>
      <span className="hint">{t(`send.feeHint.${value}`)}</span>
    </div>
  )
}
