/** How far each account is, what slack is left along the way, which scenarios it survives, and what-ifs. */
import { Gauge } from 'lucide-react'
import { useCallback, useMemo, useState } from 'react'
import { useNow } from '../data/clock.ts'
import { useRead } from '../data/host.ts'
import { type AccountView, type Portfolio, isAged } from '../data/portfolio.ts'
import type { Distance, RiskReport } from '../../shared/risk/report.ts'
import { goTo, routeHref } from '../data/route.ts'
import { visibleText } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { RailPanel } from '../overview/RailPanel.tsx'
import { Age } from '../ui/Age.tsx'
import { DistanceText } from '../ui/DistanceText.tsx'
import { Empty } from '../ui/Empty.tsx'
import { MeasureText, UnknownText } from '../ui/MeasureText.tsx'
import { Panel } from '../ui/Panel.tsx'
import { ReadView } from '../ui/ReadView.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { ReportNotes } from '../ui/ReportNotes.tsx'
import { StateTag } from '../ui/StateTag.tsx'
import { scenarioById } from '../ui/scenarioName.ts'
import { touchHint, touchRange } from '../ui/touchText.ts'
import { Tip } from '../ui/Tip.tsx'
import { measuredText, whyNoVolatility } from '../ui/volatilityText.ts'
import { ScenarioMatrix } from './ScenarioMatrix.tsx'
import { SlackPanel } from './SlackPanel.tsx'
import { WhatIfPanel } from './WhatIfPanel.tsx'
import { type Assessed, type Knobs, assessedOf, isTurned, noKnobs, whatIf } from './whatIf.ts'

function outcomeGrade(outcome: 'passes' | 'fails' | 'unknown') {
  return outcome === 'passes' ? 'good' : outcome === 'fails' ? 'breach' : 'off'
}

/** A distance in daily moves; the hint says how they were measured. */
function InDays({
  report,
  distance,
}: {
  readonly report: RiskReport
  readonly distance: Distance
}) {
  const { t } = useText()
  const format = useFormat()
  const now = useNow()
  if (distance.kind !== 'finite') return null
  const { sigmas, atrs } = distance
  const missing = whyNoVolatility(report, distance)
  return (
    <dd>
      <span className="dim small-text">
        {sigmas === null ? (
          <UnknownText missing={missing} />
        ) : (
          <Tip text={measuredText(report, now, format, t)}>
            <span className="num" tabIndex={0}>
              {t('distance.sigmas', { count: format.count(sigmas, 1) })}
            </span>
          </Tip>
        )}
        {' · '}
        {atrs === null || atrs === undefined
          ? t('distance.atrsUnknown')
          : t('distance.atrs', { count: format.count(atrs, 1) })}
      </span>
    </dd>
  )
}

/** Probability of liquidation within a day: a range over models, and the account's own record. */
function TouchFigure({ report }: { readonly report: RiskReport }) {
  const { t } = useText()
  const format = useFormat()
  const now = useNow()
  const { accountTouch: touch } = report
  if (touch === undefined) return null
  return (
    <div>
      <dt>{t('touch.title')}</dt>
      <dd>
        {touch.kind === 'unknown' ? (
          <UnknownText missing={touch.missing} />
        ) : (
          <Tip text={touchHint(touch, now, format, t)}>
            <span className="num" tabIndex={0}>
              {touchRange(touch, format, t)}
            </span>
          </Tip>
        )}
        <span className="dim small-text">{t('estimated')}</span>
      </dd>
    </div>
  )
}

function Figures({
  account,
  policy,
}: {
  readonly account: AccountView
  readonly policy: Portfolio['policy']
}) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const now = useNow()
  const { report, snapshot } = account
  if (report === null)
    return account.refusal === null ? (
      <p className="empty-text">{t('missing.snapshot')}</p>
    ) : (
      <RefusalNote refusal={account.refusal} />
    )
  const short = report.shortfallUsd.kind === 'known' && report.shortfallUsd.value > 0
  return (
    <dl className={`risk-figures${isAged(account, now, policy.staleAfterMs) ? ' aged' : ''}`}>
      <div>
        <dt>{t('distance.down')}</dt>
        <dd className="big">
          <DistanceText distance={report.distanceDown} />
        </dd>
        <InDays report={report} distance={report.distanceDown} />
      </div>
      <div>
        <dt>{t('distance.up')}</dt>
        <dd className="big">
          <DistanceText distance={report.distanceUp} />
        </dd>
        <InDays report={report} distance={report.distanceUp} />
      </div>
      <TouchFigure report={report} />
      <div>
        <dt>{t('risk.tenPercent')}</dt>
        <dd>
          <StateTag
            grade={outcomeGrade(report.tenPercent)}
            text={t(`outcome.${report.tenPercent}`)}
          />
        </dd>
      </div>
      <div>
        <dt>{t('equity')}</dt>
        <dd>
          <MeasureText measure={report.equityUsd} show={format.usd} />
        </dd>
      </div>
      <div>
        <dt>{t('maintenance')}</dt>
        <dd>
          <MeasureText measure={report.maintenanceUsd} show={format.usd} />
        </dd>
      </div>
      <div>
        <dt>{t('slack')}</dt>
        <dd>
          <MeasureText measure={report.slackUsd} show={format.usd} />
        </dd>
      </div>
      <div>
        <dt>{t('required')}</dt>
        <dd>
          <MeasureText measure={report.requiredUsd} show={format.usd} />
          {report.bindingScenario !== null && (
            <span className="dim small-text">
              {t('risk.binding', {
                scenario: scenarioById(report.bindingScenario, format, speech),
              })}
            </span>
          )}
        </dd>
      </div>
      <div className={short ? 'breach-text' : ''}>
        <dt>{short ? t('shortfall') : t('excess')}</dt>
        <dd>
          <MeasureText measure={short ? report.shortfallUsd : report.excessUsd} show={format.usd} />
        </dd>
      </div>
      <div>
        <dt>{t('age')}</dt>
        <dd>
          <Age asOf={snapshot?.asOf ?? null} staleAfterMs={policy.staleAfterMs} />
        </dd>
      </div>
    </dl>
  )
}

function OneAccount({
  account,
  portfolio,
}: {
  readonly account: AccountView
  readonly portfolio: Portfolio
}) {
  const { t } = useText()
  const assessed = useMemo(() => assessedOf(account), [account])
  return (
    <>
      <Panel title={t('risk.account')} note={visibleText(account.label)}>
        <Figures account={account} policy={portfolio.policy} />
        <ReportNotes report={account.report} snapshot={account.snapshot} />
      </Panel>
      {assessed !== null && <WhatIf account={assessed} policy={portfolio.policy} />}
    </>
  )
}

/** All that a slider moves: nothing outside is drawn again while one is dragged. */
function WhatIf({
  account,
  policy,
}: {
  readonly account: Assessed
  readonly policy: Portfolio['policy']
}) {
  const [knobs, setKnobs] = useState<Knobs>(noKnobs)
  const turn = useCallback((turned: Partial<Knobs>) => setKnobs((at) => ({ ...at, ...turned })), [])
  const answer = useMemo(
    () => (isTurned(knobs) ? whatIf(account, policy, knobs) : null),
    [account, policy, knobs],
  )
  return (
    <div className="risk-pair">
      <SlackPanel report={account.report} other={answer} />
      <WhatIfPanel account={account} answer={answer} knobs={knobs} onTurn={turn} />
    </div>
  )
}

export function RiskScreen({ account }: { readonly account: string | null }) {
  const { t } = useText()
  const read = useRead('portfolio.read', {})
  return (
    <div className="screen">
      <ReadView read={read} rows={8}>
        {(portfolio) => {
          const chosen =
            portfolio.accounts.find(({ accountId }) => accountId === account) ??
            portfolio.accounts[0]
          return (
            <>
              <header className="screen-head">
                <div>
                  <h1>{t('screen.risk')}</h1>
                  <p className="dim small-text">{t('risk.about')}</p>
                </div>
                {portfolio.accounts.length > 1 && (
                  <span className="segments" role="group" aria-label={t('account')}>
                    {portfolio.accounts.map(({ accountId, label }) => (
                      <button
                        key={accountId}
                        type="button"
                        aria-pressed={accountId === chosen?.accountId}
                        onClick={() => goTo('risk', accountId)}
                      >
                        {visibleText(label)}
                      </button>
                    ))}
                  </span>
                )}
              </header>
              {chosen === undefined ? (
                <Panel title={t('risk.account')}>
                  <Empty
                    icon={<Gauge size={28} aria-hidden />}
                    text={t('risk.none')}
                    action={
                      <a className="button primary" href={routeHref('settings', 'connect')}>
                        {t('connect.open')}
                      </a>
                    }
                  />
                </Panel>
              ) : (
                <>
                  <OneAccount key={chosen.accountId} account={chosen} portfolio={portfolio} />
                  <ScenarioMatrix accounts={portfolio.accounts} policy={portfolio.policy} />
                  <RailPanel portfolio={portfolio} />
                </>
              )}
            </>
          )
        }}
      </ReadView>
    </div>
  )
}
