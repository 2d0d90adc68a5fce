/** The hot side of the wall: one tank per account on a common scale. */
import { Flame, TriangleAlert } from 'lucide-react'
import { useNow } from '../data/clock.ts'
import { type AccountView, type Portfolio, isAged, sumMeasures } from '../data/portfolio.ts'
import { routeHref } from '../data/route.ts'
import { visibleText } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Age } from '../ui/Age.tsx'
import { DistanceText } from '../ui/DistanceText.tsx'
import { MeasureText, UnknownText } from '../ui/MeasureText.tsx'
import { refusalWords } from '../ui/refusalText.ts'
import { Tip } from '../ui/Tip.tsx'
import { type Tank, tankOf, tankScale } from './tank.ts'

function TankPicture({ tank, label }: { readonly tank: Tank; readonly label: string }) {
  const { t } = useText()
  if (tank.kind === 'unknown')
    return (
      <div className="tank unknown-tank" role="img" aria-label={`${label}: ${t('unknown')}`}>
        <UnknownText missing={tank.missing} />
      </div>
    )
  const percent = (level: number) => `${level * 100}%`
  return (
    <div className={`tank${tank.short ? ' short' : ''}`} role="img" aria-label={label}>
      <span className="tank-fill" style={{ height: percent(tank.equity) }} />
      <span
        className="tank-excess"
        style={{ height: percent(tank.excess), bottom: percent(tank.equity - tank.excess) }}
      />
      <span className="tank-required" style={{ bottom: percent(tank.required) }}>
        <span className={tank.required > 0.86 ? 'under' : ''}>{t('tank.required')}</span>
      </span>
    </div>
  )
}

function TankColumn({
  account,
  scale,
  staleAfterMs,
}: {
  readonly account: AccountView
  readonly scale: number
  readonly staleAfterMs: number
}) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const now = useNow()
  const { report } = account
  const tank = tankOf(report, scale)
  const label = visibleText(account.label)
  const describe = (measure: { kind: string; value?: number }) =>
    measure.kind === 'known' && measure.value !== undefined
      ? format.usd(measure.value)
      : t('unknown')
  const failure = account.refusal === null ? null : refusalWords(account.refusal, format, speech)
  return (
    <li className={`tank-column${isAged(account, now, staleAfterMs) ? ' aged' : ''}`}>
      <TankPicture
        tank={tank}
        label={
          report === null
            ? label
            : t('tank.describe', {
                account: label,
                equity: describe(report.equityUsd),
                required: describe(report.requiredUsd),
                excess: describe(report.excessUsd),
              })
        }
      />
      <a className="tank-name" href={routeHref('risk', account.accountId)}>
        {label}
      </a>
      {report !== null && (
        <dl className="tank-figures">
          <div>
            <dt>{t('equity')}</dt>
            <dd>
              <MeasureText measure={report.equityUsd} show={format.usd} />
            </dd>
          </div>
          <div>
            <dt>{t('required')}</dt>
            <dd>
              <MeasureText measure={report.requiredUsd} show={format.usd} />
            </dd>
          </div>
          {report.shortfallUsd.kind === 'known' && report.shortfallUsd.value > 0 ? (
            <div className="breach-text">
              <dt>
                <TriangleAlert size={12} aria-hidden /> {t('shortfall')}
              </dt>
              <dd className="num">{format.usd(report.shortfallUsd.value)}</dd>
            </div>
          ) : (
            <div className="excess-row">
              <dt>
                <span className="swatch hatch" aria-hidden /> {t('excess')}
              </dt>
              <dd>
                <MeasureText measure={report.excessUsd} show={format.usd} />
              </dd>
            </div>
          )}
          <div>
            <dt>{t('distance.downUp')}</dt>
            <dd>
              <DistanceText distance={report.distanceDown} />
              <span className="dim"> / </span>
              <DistanceText distance={report.distanceUp} />
            </dd>
          </div>
        </dl>
      )}
      <p className="tank-age">
        {failure !== null && (
          <Tip text={`${failure.message} ${failure.wayOut}`}>
            <span className="breach-text" tabIndex={0}>
              <TriangleAlert size={12} aria-hidden /> {t('tank.failed')}{' '}
            </span>
          </Tip>
        )}
        <span className="dim">{t('age')}</span>{' '}
        <Age asOf={account.snapshot?.asOf ?? null} staleAfterMs={staleAfterMs} />
      </p>
    </li>
  )
}

export function TankSide({ portfolio }: { readonly portfolio: Portfolio }) {
  const { t } = useText()
  const format = useFormat()
  const { accounts } = portfolio
  const scale = tankScale(accounts.map(({ report }) => report))
  const excess = sumMeasures(
    accounts.map(({ report }) => report?.excessUsd ?? { kind: 'unknown', missing: ['snapshot'] }),
  )
  const venues = new Set(accounts.map(({ accountId }) => accountId)).size
  return (
    <div className="wall-side hot-side" data-testid="hot-side">
      <h2 className="hot-text">
        <Flame size={15} aria-hidden /> {t('wall.hot')}
      </h2>
      {accounts.length === 0 ? (
        <p className="empty-text">
          {t('wall.noAccounts')} <a href={routeHref('settings', 'connect')}>{t('connect.open')}</a>
        </p>
      ) : (
        <>
          <p className="wall-total">
            <strong>
              <MeasureText measure={portfolio.venuesUsd} show={format.usdBare} />
            </strong>{' '}
            <span className="dim">
              {t('wall.hotNote', { count: venues })} ·{' '}
              {excess.kind === 'known'
                ? t('wall.excess', { excess: format.usdBare(excess.value) })
                : t('wall.excessUnknown')}
            </span>
          </p>
          <ul className="tanks">
            {accounts.map((account) => (
              <TankColumn
                key={account.accountId}
                account={account}
                scale={scale}
                staleAfterMs={portfolio.policy.staleAfterMs}
              />
            ))}
          </ul>
        </>
      )}
    </div>
  )
}
