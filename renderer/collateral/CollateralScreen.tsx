/** Every account with what it holds and owes, opened to positions and balances; then exposure by asset. */
import { ChevronDown, ChevronRight, RefreshCw, Wallet } from 'lucide-react'
import { Fragment, useState } from 'react'
import { useNow } from '../data/clock.ts'
import { refusalOf, useAsk, useRead } from '../data/host.ts'
import { type AccountView, type Portfolio, isAged } from '../data/portfolio.ts'
import { routeHref } from '../data/route.ts'
import { visibleText } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { venueNames } from '../format/venues.ts'
import { useText } from '../language/text.ts'
import { Age } from '../ui/Age.tsx'
import { Button } from '../ui/Button.tsx'
import { DistanceText } from '../ui/DistanceText.tsx'
import { Empty } from '../ui/Empty.tsx'
import { MeasureText } from '../ui/MeasureText.tsx'
import { Panel } from '../ui/Panel.tsx'
import { ReadView } from '../ui/ReadView.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { StateTag } from '../ui/StateTag.tsx'
import { AccountDetail } from './AccountDetail.tsx'
import { ExposurePanel } from './ExposurePanel.tsx'
import { reportGrade } from './verification.ts'

function AccountRow({
  account,
  portfolio,
  open,
  onToggle,
}: {
  readonly account: AccountView
  readonly portfolio: Portfolio
  readonly open: boolean
  readonly onToggle: () => void
}) {
  const { t } = useText()
  const format = useFormat()
  const now = useNow()
  const { report, snapshot } = account
  const aged = isAged(account, now, portfolio.policy.staleAfterMs)
  const state = report === null ? null : aged ? 'stale' : report.state
  return (
    <Fragment>
      <tr className={`account-row${aged ? ' aged' : ''}`} data-account={account.accountId}>
        <td>
          <button
            type="button"
            className="linkish account-name"
            aria-expanded={open}
            aria-controls={`detail-${account.accountId}`}
            onClick={onToggle}
          >
            {open ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
            <strong>{visibleText(account.label)}</strong>
          </button>
          {snapshot !== null && (
            <div className="dim small-text under-name">
              {venueNames[snapshot.venue]} · {t(`marginMode.${snapshot.marginMode}`)}
            </div>
          )}
        </td>
        {report === null ? (
          <td colSpan={6} className="dim">
            {t('missing.snapshot')}
          </td>
        ) : (
          <>
            <td className="right">
              <MeasureText measure={report.equityUsd} show={format.usdBare} />
            </td>
            <td className="right">
              <MeasureText measure={report.maintenanceUsd} show={format.usdBare} />
            </td>
            <td className="right">
              <MeasureText measure={report.slackUsd} show={format.usdBare} />
            </td>
            <td className="right">
              <DistanceText distance={report.distanceDown} />
            </td>
            <td className="right">
              <DistanceText distance={report.distanceUp} />
            </td>
            <td className="right">
              <MeasureText measure={report.excessUsd} show={format.usdBare} />
            </td>
          </>
        )}
        <td>
          {state !== null && (
            <StateTag grade={reportGrade(state)} text={t(`reportState.${state}`)} />
          )}
        </td>
        <td className="right">
          <Age asOf={snapshot?.asOf ?? null} staleAfterMs={portfolio.policy.staleAfterMs} />
        </td>
      </tr>
      {open && (
        <tr className="account-detail" id={`detail-${account.accountId}`}>
          <td colSpan={9}>
            <AccountDetail account={account} />
          </td>
        </tr>
      )}
    </Fragment>
  )
}

function AccountsPanel({ portfolio }: { readonly portfolio: Portfolio }) {
  const { t } = useText()
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(portfolio.accounts.slice(0, 1).map(({ accountId }) => accountId)),
  )
  const toggle = (id: string) => {
    const next = new Set(open)
    if (!next.delete(id)) next.add(id)
    setOpen(next)
  }
  return (
    <Panel title={t('accounts.title')} note={t('accounts.note')}>
      <div className="wide-table">
        <table className="plain accounts">
          <thead>
            <tr>
              <th>{t('account')}</th>
              <th className="right">{t('equity')}</th>
              <th className="right">{t('maintenance')}</th>
              <th className="right">{t('slack')}</th>
              <th className="right">{t('distance.downShort')}</th>
              <th className="right">{t('distance.upShort')}</th>
              <th className="right">{t('excess')}</th>
              <th>{t('accounts.state')}</th>
              <th className="right">{t('age')}</th>
            </tr>
          </thead>
          <tbody>
            {portfolio.accounts.map((account) => (
              <AccountRow
                key={account.accountId}
                account={account}
                portfolio={portfolio}
                open={open.has(account.accountId)}
                onToggle={() => toggle(account.accountId)}
              />
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}

export function CollateralScreen() {
  const { t } = useText()
  const read = useRead('portfolio.read', {})
  const refresh = useAsk('portfolio.refresh')
  const refusal = refusalOf(refresh.error)
  return (
    <div className="screen">
      <header className="screen-head">
        <div>
          <h1>{t('screen.collateral')}</h1>
          <p className="dim small-text">{t('collateral.about')}</p>
        </div>
        <Button
          busy={refresh.isPending ? t('collateral.refreshing') : null}
          onPress={() => refresh.mutate({})}
        >
          <RefreshCw size={14} aria-hidden /> {t('collateral.refresh')}
        </Button>
      </header>
      {refusal !== null && <RefusalNote refusal={refusal} />}
      <ReadView read={read} rows={6}>
        {(portfolio) =>
          portfolio.accounts.length === 0 ? (
            <Panel title={t('accounts.title')}>
              <Empty
                icon={<Wallet size={28} aria-hidden />}
                text={t('collateral.none')}
                action={
                  <a className="button primary" href={routeHref('settings', 'connect')}>
                    {t('connect.open')}
                  </a>
                }
              />
            </Panel>
          ) : (
            <>
              <AccountsPanel portfolio={portfolio} />
              <ExposurePanel portfolio={portfolio} />
            </>
          )
        }
      </ReadView>
    </div>
  )
}
