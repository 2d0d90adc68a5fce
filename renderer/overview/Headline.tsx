/** The first line: the nearest liquidation in percent and σ, the scenarios, the share on venues. */
import { TriangleAlert } from 'lucide-react'
import {
  type Portfolio,
  accountsWithoutDistance,
  countScenarios,
  nearestLiquidation,
  sumMeasures,
} from '../data/portfolio.ts'
import { useNow } from '../data/clock.ts'
import { visibleText } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { UnknownText } from '../ui/MeasureText.tsx'
import { Tip } from '../ui/Tip.tsx'
import { touchHint, touchRange } from '../ui/touchText.ts'
import { measuredText, whyNoVolatility } from '../ui/volatilityText.ts'
import { isNear } from '../ui/DistanceText.tsx'

function NearestFigure({ portfolio }: { readonly portfolio: Portfolio }) {
  const { t } = useText()
  const format = useFormat()
  const now = useNow()
  const nearest = nearestLiquidation(portfolio.accounts)
  const blind = accountsWithoutDistance(portfolio.accounts)
  const without =
    blind.length > 0 ? t('headline.blind', { count: blind.length }) : t('headline.allKnown')
  if (nearest === null)
    return (
      <div className="figure">
        <dt>{t('headline.nearest')}</dt>
        <dd>
          {blind.length > 0 ? (
            <UnknownText missing={blind.flatMap(({ report }) => report?.missing ?? [])} />
          ) : (
            t('distance.none')
          )}
        </dd>
        <dd className="figure-note">{without}</dd>
      </div>
    )
  const { account, report, distance } = nearest
  const touch = report.accountTouch
  const sigmas = distance.kind === 'finite' ? distance.sigmas : null
  const first = distance.kind === 'finite' ? distance.prices[0] : undefined
  return (
    <>
      <div className="figure" data-testid="nearest">
        <dt>{t('headline.nearest')}</dt>
        <dd className={isNear(distance) ? 'breach-text' : ''}>
          {isNear(distance) && <TriangleAlert size={16} aria-label={t('distance.near')} />}
          {visibleText(account.label)}{' '}
          <span className="num">
            {distance.kind === 'finite' ? format.shock(distance.shock) : t('distance.breached')}
          </span>
        </dd>
        <dd className="figure-note">
          {first === undefined
            ? without
            : t('headline.atPrice', {
                symbol: visibleText(first.symbol),
                price: format.price(first.price),
              })}
          {first !== undefined && blind.length > 0 && ` · ${without}`}
        </dd>
      </div>
      <div className="figure">
        <dt>{t('headline.sigmas')}</dt>
        <dd className="num">
          {sigmas === null ? (
            <UnknownText missing={whyNoVolatility(report, distance)} />
          ) : (
            <Tip text={measuredText(report, now, format, t)}>
              <span tabIndex={0}>{`${format.count(sigmas, 1)} σ`}</span>
            </Tip>
          )}
        </dd>
        <dd className="figure-note">
          {touch?.kind === 'known' ? (
            <Tip text={touchHint(touch, now, format, t)}>
              <span tabIndex={0} className="num" data-testid="touch">
                {t('headline.touch', { range: touchRange(touch, format, t) })}
              </span>
            </Tip>
          ) : sigmas === null ? (
            t('headline.sigmasUnknown')
          ) : (
            t('headline.sigmasNote')
          )}
        </dd>
      </div>
    </>
  )
}

export function Headline({ portfolio }: { readonly portfolio: Portfolio }) {
  const { t } = useText()
  const format = useFormat()
  const now = useNow()
  const counts = countScenarios(portfolio.accounts)
  const all = counts.passed + counts.failed + counts.unknown
  const total = sumMeasures([portfolio.venuesUsd, portfolio.vaultUsd])
  const newest = portfolio.quotes.reduce<(typeof portfolio.quotes)[number] | null>(
    (best, quote) => (best === null || quote.asOf > best.asOf ? quote : best),
    null,
  )
  return (
    <header className="headline">
      <div className="headline-title">
        <h1>{t('screen.overview')}</h1>
        <p className="dim">
          {format.day(now)} ·{' '}
          {newest === null
            ? t('headline.noPrices')
            : t('headline.prices', {
                source: visibleText(newest.source),
                age: format.duration(now - newest.asOf),
              })}
        </p>
      </div>
      <dl className="figures">
        <NearestFigure portfolio={portfolio} />
        <div className="figure">
          <dt>{t('headline.scenarios')}</dt>
          <dd className="num">
            {all === 0
              ? t('none')
              : t('headline.scenariosPassed', {
                  passed: format.count(counts.passed),
                  all: format.count(all),
                })}
          </dd>
          <dd className="figure-note">
            {all === 0
              ? t('headline.scenariosNone')
              : counts.unknown > 0
                ? t('headline.scenariosUnknown', { count: counts.unknown })
                : counts.failed > 0
                  ? t('headline.scenariosFailed', { count: counts.failed })
                  : t('headline.scenariosFine')}
          </dd>
        </div>
        <div className="figure">
          <dt>{t('headline.onVenues')}</dt>
          <dd className="num">
            {total.kind === 'known' && portfolio.venuesUsd.kind === 'known' && total.value > 0 ? (
              format.percent(portfolio.venuesUsd.value / total.value)
            ) : (
              <UnknownText missing={total.kind === 'unknown' ? total.missing : []} />
            )}
          </dd>
          <dd className="figure-note">
            {total.kind === 'known'
              ? t('headline.ofTotal', { total: format.usd(total.value) })
              : t('headline.totalUnknown')}
          </dd>
        </div>
      </dl>
    </header>
  )
}
