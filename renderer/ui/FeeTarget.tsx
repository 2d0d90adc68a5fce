/** How soon a bitcoin payment should be in a block, with the rate that the server names for it now; or a rate of
 *  one's own. Rates shown are estimates: the plan names the one it pays, and the host caps it. */
import { useRead } from '../data/host.ts'
import { readLocalDecimal } from '../format/numbers.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'

const feeTargets = ['fast', 'normal', 'slow'] as const
export type FeeTarget = (typeof feeTargets)[number]

/** A payment of one input and two outputs, both native segwit: what most people send. */
const usualVirtualSize = 141

/** Rates change with the blocks. */
const readEveryMs = 60_000

export function useFeeRates() {
  return useRead('payment.feeRates', {}, readEveryMs).data
}

function useRateText() {
  const { t } = useText()
  const format = useFormat()
  return (rate: number) => t('send.rate', { rate: format.count(rate, rate < 10 ? 1 : 0) })
}

export interface FeeTargetProps {
  readonly value: FeeTarget
  readonly onChange: (target: FeeTarget) => void
}

/** Only the three targets: for what the host replaces or hurries. */
export function FeeTargetChoice({ value, onChange }: FeeTargetProps) {
  return <FeeChoice value={{ kind: 'target', target: value }} onTarget={onChange} />
}

export type Fee =
  | { readonly kind: 'target'; readonly target: FeeTarget }
  /** As typed, sat/vB. */
  | { readonly kind: 'own'; readonly text: string }

/** sat/vB of a typed rate; null while it is none that could be planned. */
export function ownRate(locale: string, text: string, cap: number | undefined): number | null {
  const rate = Number(readLocalDecimal(locale === 'zh-CN' ? 'zh-CN' : 'en', text))
  return Number.isFinite(rate) && rate >= 1 && rate <= (cap ?? 10_000) ? rate : null
}

export interface FeeChoiceProps {
  readonly value: Fee
  readonly onTarget: (target: FeeTarget) => void
  /** Absent where a rate of one's own is not taken. */
  readonly onOwn?: (text: string) => void
}

export function FeeChoice({ value, onTarget, onOwn }: FeeChoiceProps) {
  const { t, locale } = useText()
  const format = useFormat()
  const rateText = useRateText()
  const rates = useFeeRates()
  const own = value.kind === 'own' ? ownRate(locale, value.text, rates?.capSatPerVb) : null
  const rate = value.kind === 'own' ? own : (rates?.[value.target] ?? null)
  return (
    <div className="field wide">
      <span>{t('send.fee')}</span>
      <span className="segments fee-targets" role="group" aria-label={t('send.fee')}>
        {feeTargets.map((target) => {
          const said = rates?.[target] ?? null
          return (
            <button
              key={target}
              type="button"
              aria-pressed={value.kind === 'target' && value.target === target}
              onClick={() => onTarget(target)}
            >
              {t(`send.fee.${target}`)}
              {said !== null && <span className="dim num"> {rateText(said)}</span>}
            </button>
          )
        })}
        {onOwn !== undefined && (
          <button type="button" aria-pressed={value.kind === 'own'} onClick={() => onOwn('')}>
            {t('send.fee.own')}
          </button>
        )}
      </span>
      {value.kind === 'own' && onOwn !== undefined && (
        <span className="joined own-rate">
          <input
            name="fee-rate"
            inputMode="decimal"
            autoComplete="off"
            aria-label={t('send.fee.own')}
            value={value.text}
            aria-invalid={value.text !== '' && own === null}
            onChange={(event) => onOwn(event.target.value)}
          />
          <span className="unit">sat/vB</span>
        </span>
      )}
      {value.kind === 'own' && value.text !== '' && own === null && (
        <span className="hint breach-text">
          {t('send.badRate', { cap: format.count(rates?.capSatPerVb ?? 10_000) })}
        </span>
      )}
      <span className="hint">
        {value.kind === 'target' && t(`send.feeHint.${value.target}`)}
        {rate !== null && onOwn !== undefined && (
          <span className="num">
            {value.kind === 'target' && ' · '}
            {t('send.feeEstimate', {
              fee: format.amountExact({
                asset: 'BTC',
                decimals: 8,
                units: BigInt(Math.ceil(rate * usualVirtualSize)),
              }),
            })}
          </span>
        )}
      </span>
    </div>
  )
}
