/** The way of a transfer, step by step: done, running, failed, unknown, each with its own sign. */
import { Check, CircleDashed, CircleDot, HelpCircle, LoaderCircle, X } from 'lucide-react'
import { shortId } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { useAirGapped } from '../vault/useAirGapped.ts'
import type { Transfer } from './transferText.ts'

type Step = Transfer['steps'][number]

function StepIcon({ step: { kind, state } }: { readonly step: Step }) {
  const props = { size: 14, 'aria-hidden': true } as const
  switch (state) {
    case 'done':
      return <Check {...props} />
    case 'active':
      // The one step that waits for a person at this window does not turn.
      return kind === 'approve' ? (
        <CircleDot {...props} />
      ) : (
        <LoaderCircle {...props} className="turning" />
      )
    case 'failed':
      return <X {...props} />
    case 'unknown':
      return <HelpCircle {...props} />
    case 'waiting':
      return <CircleDashed {...props} />
  }
}

export function Steps({ transfer }: { readonly transfer: Transfer }) {
  const { t } = useText()
  const format = useFormat()
  const airGapped = useAirGapped(transfer.plan.vaultAccount)
  const nameOf = ({ kind }: Step) =>
    kind === 'sign' && airGapped ? t('stepName.signAirGapped') : t(`stepName.${kind}`)
  return (
    <ol className="steps" aria-label={t('steps.label')}>
      {transfer.steps.map((step) => (
        <li
          key={step.kind}
          data-step={step.kind}
          data-state={step.state}
          className={`step step-${step.state}`}
          aria-current={step.state === 'active' ? 'step' : undefined}
        >
          <span className="step-name">
            <StepIcon step={step} /> {nameOf(step)}
          </span>
          <span className="dim step-note num">
            {step.at !== null ? format.clock(step.at) : t(`stepState.${step.state}`)}
            {step.reference !== null && (
              <span className="mono" title={step.reference}>
                {' '}
                {shortId(step.reference, 4, 4)}
              </span>
            )}
          </span>
        </li>
      ))}
    </ol>
  )
}
