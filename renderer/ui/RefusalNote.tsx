/** A refusal as well made as a success: words, numbers, way out, code, details to copy. */
import { CircleX, RefreshCw, TriangleAlert } from 'lucide-react'
import { type Refusal, refusalRetryable } from '../../shared/errors/refusal.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Button } from './Button.tsx'
import { CopyButton } from './CopyButton.tsx'
import { visibleText } from '../format/addresses.ts'
import { fieldName, refusalWords } from './refusalText.ts'

export interface RefusalNoteProps {
  readonly refusal: Refusal
  readonly tone?: 'breach' | 'warn'
  readonly onRetry?: () => void
}

export function RefusalNote({ refusal, tone, onRetry }: RefusalNoteProps) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const words = refusalWords(refusal, format, speech)
  const Icon = tone === 'warn' ? TriangleAlert : CircleX
  return (
    <div className={`refusal ${tone ?? 'breach'}`} role="alert" data-code={refusal.code}>
      <Icon size={16} aria-hidden />
      <div>
        <p className="refusal-message">{words.message}</p>
        <p className="refusal-way">{words.wayOut}</p>
        {refusal.code === 'SIGNED_MISMATCH' && (
          <table className="plain">
            <thead>
              <tr>
                <th>{t('mismatch.field')}</th>
                <th>{t('review.approved')}</th>
                <th>{t('mismatch.returned')}</th>
              </tr>
            </thead>
            <tbody>
              {refusal.data.differences.map((difference) => (
                <tr key={difference.field}>
                  <td>{fieldName(difference.field, speech)}</td>
                  <td className="mono">{visibleText(difference.approved)}</td>
                  <td className="mono">{visibleText(difference.returned)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <p className="refusal-foot">
          <code>{refusal.code}</code>
          {!format.discreet && (
            <CopyButton
              label={t('copy.details')}
              text={`${refusal.code}\n${words.message}\n${JSON.stringify(refusal.data)}`}
            />
          )}
          {onRetry !== undefined && refusalRetryable[refusal.code] && (
            <Button small onPress={onRetry}>
              <RefreshCw size={13} aria-hidden /> {t('retry')}
            </Button>
          )}
        </p>
      </div>
    </div>
  )
}
