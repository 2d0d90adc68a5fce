/** In the wall: what should cross it, with its effect; or why nothing is suggested. */
import { ArrowRight, ChevronDown, ChevronUp, CircleCheck, CircleSlash, Hand } from 'lucide-react'
import { useState } from 'react'
import { amountToDecimal } from '../../shared/units/amount.ts'
import { type Portfolio, usdOf } from '../data/portfolio.ts'
import { routeHref } from '../data/route.ts'
import { visibleText } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import type { Planning } from '../transfers/usePlanning.ts'
import { Button } from '../ui/Button.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { StandingRows } from '../ui/StandingRows.tsx'
import { reasonText } from '../ui/reasonText.ts'

/** Their USD figure would say the amount twice. */
const pegged: ReadonlySet<string> = new Set(['USD', 'USDC', 'USDT'])

export interface SuggestionCardProps {
  readonly suggestion: Portfolio['suggestions'][number]
  readonly portfolio: Portfolio
  readonly planning: Planning
}

export function SuggestionCard({ suggestion, portfolio, planning }: SuggestionCardProps) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const [why, setWhy] = useState(false)
  const venue = visibleText(suggestion.venueLabel)
  const sweep = suggestion.kind === 'sweep'
  const usd = usdOf(suggestion.amount, portfolio.quotes)
  const [first, ...more] = suggestion.reasons
  return (
    <article
      className={`suggestion ${suggestion.kind}`}
      data-testid={`suggestion-${suggestion.kind}`}
    >
      <h3>
        <span>
          {sweep ? venue : t('vault')}{' '}
          <ArrowRight size={16} aria-label={t('to')} className={sweep ? 'cold-text' : 'hot-text'} />{' '}
          {sweep ? t('vault') : venue}
        </span>
        <strong className="num">{format.amount(suggestion.amount)}</strong>
      </h3>
      <p className="dim">
        {sweep ? t('suggestion.sweep') : t('suggestion.top-up')}
        {usd !== null && !pegged.has(suggestion.amount.asset) && (
          <span className="num"> · ≈ {format.usd(usd)}</span>
        )}
        {first !== undefined && ` · ${reasonText(first, format, speech)}`}
      </p>
      {why && (
        <ul className="reasons" id={`why-${suggestion.id}`}>
          {more.map((reason) => (
            <li key={reason.key}>{reasonText(reason, format, speech)}</li>
          ))}
          <li>{t('suggestion.basedOn', { time: format.clock(suggestion.basedOn) })}</li>
        </ul>
      )}
      <StandingRows before={suggestion.before} after={suggestion.after} short />
      {suggestion.by === 'hand' && (
        <p className="by-hand" data-testid="by-hand">
          <Hand size={16} aria-hidden className="grade-warn" />{' '}
          <span>
            {t(`suggestion.byHand.${suggestion.kind}`, {
              venue,
              amount: format.amount(suggestion.amount),
            })}
          </span>
        </p>
      )}
      <div className="actions">
        {suggestion.by === 'bulkhead' ? (
          <Button
            tone="primary"
            busy={planning.busy && planning.of === suggestion.id ? t('plan.making') : null}
            onPress={() =>
              planning.plan(
                {
                  purpose: suggestion.kind,
                  accountId: suggestion.accountId,
                  asset: suggestion.amount.asset,
                  amount: amountToDecimal(suggestion.amount),
                },
                suggestion.id,
              )
            }
          >
            {t('suggestion.review')}
          </Button>
        ) : (
          suggestion.kind === 'sweep' && (
            <a className="button" href={routeHref('vault', 'receive')}>
              {t('suggestion.byHand.receive')}
            </a>
          )
        )}
        <button
          type="button"
          className="button quiet"
          aria-expanded={why}
          onClick={() => setWhy(!why)}
        >
          {t('suggestion.why')}{' '}
          {why ? <ChevronUp size={13} aria-hidden /> : <ChevronDown size={13} aria-hidden />}
        </button>
      </div>
      {planning.of === suggestion.id && planning.refusal !== null && (
        <RefusalNote refusal={planning.refusal} />
      )}
    </article>
  )
}

export function SuggestionSide({
  portfolio,
  planning,
}: {
  readonly portfolio: Portfolio
  readonly planning: Planning
}) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const withheld = portfolio.accounts.filter((account) => account.withheld !== null)
  const silent = portfolio.accounts.filter((account) => account.snapshot === null)
  return (
    <div className="wall-middle" data-testid="wall-middle">
      <h2 className="dim">{t('wall.middle')}</h2>
      {portfolio.suggestions.map((suggestion) => (
        <SuggestionCard
          key={suggestion.id}
          suggestion={suggestion}
          portfolio={portfolio}
          planning={planning}
        />
      ))}
      {silent.map((account) => (
        <p key={account.accountId} className="quiet-note">
          <CircleSlash size={16} aria-hidden className="grade-warn" />{' '}
          <span>
            <strong>{visibleText(account.label)}</strong> {t('suggestion.silent')}
          </span>
        </p>
      ))}
      {planning.refusal !== null && !portfolio.suggestions.some(({ id }) => id === planning.of) && (
        <RefusalNote refusal={planning.refusal} />
      )}
      {portfolio.suggestions.length + withheld.length + silent.length === 0 && (
        <p className="quiet-note">
          <CircleCheck size={16} aria-hidden className="grade-good" />{' '}
          {portfolio.accounts.length === 0 ? t('suggestion.noAccounts') : t('suggestion.none')}
        </p>
      )}
      {withheld.map((account) => (
        <p key={account.accountId} className="quiet-note">
          <CircleSlash size={16} aria-hidden className="grade-warn" />{' '}
          <span>
            <strong>{visibleText(account.label)}</strong>{' '}
            {account.withheld !== null && reasonText(account.withheld, format, speech)}
          </span>
        </p>
      ))}
    </div>
  )
}
