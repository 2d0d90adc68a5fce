/** What is under way and what was, each with its next step; or one of them in full. */
import { ArrowLeftRight } from 'lucide-react'
import { useRead } from '../data/host.ts'
import { routeHref } from '../data/route.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Empty } from '../ui/Empty.tsx'
import { Panel } from '../ui/Panel.tsx'
import { ReadView } from '../ui/ReadView.tsx'
import { StateTag } from '../ui/StateTag.tsx'
import { MoveForm } from './MoveForm.tsx'
import { Review } from './Review.tsx'
import {
  type Transfer,
  isUnderWay,
  nextStep,
  stateGrade,
  transferRoute,
  transferTitle,
} from './transferText.ts'

function Rows({ transfers }: { readonly transfers: readonly Transfer[] }) {
  const { t } = useText()
  const format = useFormat()
  return (
    <ul className="transfer-rows">
      {transfers.map((transfer) => {
        const next = nextStep(transfer)
        return (
          <li key={transfer.id}>
            <a href={routeHref('transfers', transfer.id)} data-transfer={transfer.id}>
              <span className="transfer-what">
                <strong>{transferTitle(transfer.plan, format, t)}</strong>
                <span className="dim">{transferRoute(transfer.plan, t)}</span>
              </span>
              <span className="transfer-next">
                <StateTag
                  grade={stateGrade(transfer.state)}
                  text={t(`transferState.${transfer.state}`)}
                />
                {next !== null && (
                  <span className="dim">
                    {t('transfer.next', { step: t(`step.${next.kind}`) })}
                  </span>
                )}
              </span>
              <span className="dim num transfer-when">{format.moment(transfer.updatedAt)}</span>
            </a>
          </li>
        )
      })}
    </ul>
  )
}

export function TransfersScreen({ id }: { readonly id: string | null }) {
  const { t } = useText()
  const read = useRead('transfers.list', {}, 5_000)
  if (id !== null && id !== 'new') return <Review id={id} />
  return (
    <div className="screen">
      <header className="screen-head">
        <div>
          <h1>{t('screen.transfers')}</h1>
          <p className="dim small-text">{t('transfers.about')}</p>
        </div>
        <span className="actions">
          <a
            className="button quiet"
            href={id === 'new' ? routeHref('transfers') : routeHref('transfers', 'new')}
            aria-expanded={id === 'new'}
          >
            {t('move.title')}
          </a>
          <a className="button quiet" href={routeHref('vault', 'send')}>
            {t('vault.send')}
          </a>
        </span>
      </header>
      {id === 'new' && <MoveForm />}
      <ReadView read={read} rows={5}>
        {({ transfers }) => {
          const open = transfers.filter(isUnderWay)
          const closed = transfers.filter((transfer) => !isUnderWay(transfer))
          if (transfers.length === 0)
            return (
              <Panel title={t('transfers.open')}>
                <Empty
                  icon={<ArrowLeftRight size={28} aria-hidden />}
                  text={t('transfers.none')}
                  action={
                    <a className="button primary" href={routeHref('overview')}>
                      {t('transfers.toOverview')}
                    </a>
                  }
                />
              </Panel>
            )
          return (
            <>
              <Panel title={t('transfers.open')}>
                {open.length === 0 ? (
                  <p className="empty-text">{t('transfers.noneOpen')}</p>
                ) : (
                  <Rows transfers={open} />
                )}
              </Panel>
              {closed.length > 0 && (
                <Panel title={t('transfers.closed')}>
                  <Rows transfers={closed} />
                </Panel>
              )}
            </>
          )
        }}
      </ReadView>
    </div>
  )
}
