/** One account opened: balances, positions with our liquidation price beside the venue's, gaps, notes. */
import { TriangleAlert } from 'lucide-react'
import type { AccountSnapshot, Collateral } from '../../shared/collateral/snapshot.ts'
import type { PositionRisk } from '../../shared/risk/report.ts'
import type { AccountView } from '../data/portfolio.ts'
import { routeHref } from '../data/route.ts'
import { visibleText } from '../format/addresses.ts'
import type { Format } from '../format/format.ts'
import { useFormat } from '../format/useFormat.ts'
import { type Text, useText } from '../language/text.ts'
import { MeasureText, UnknownText } from '../ui/MeasureText.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { ReportNotes } from '../ui/ReportNotes.tsx'
import { StateTag } from '../ui/StateTag.tsx'
import { missingText } from '../ui/missing.ts'
import { verificationGrade } from './verification.ts'

type Position = AccountSnapshot['positions'][number]

function Verification({ risk }: { readonly risk: PositionRisk }) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const { verification } = risk
  const detail =
    verification.kind === 'matches' || verification.kind === 'differs'
      ? t('verification.error', { error: format.percent(verification.error, 3) })
      : verification.kind === 'unverified'
        ? missingText(verification.missing, speech)
        : null
  return (
    <>
      <StateTag
        grade={verificationGrade(verification.kind)}
        text={t(`verification.${verification.kind}`)}
      />
      {detail !== null && <div className="dim small-text">{detail}</div>}
    </>
  )
}

function PositionRow({
  position,
  risk,
}: {
  readonly position: Position
  readonly risk: PositionRisk | undefined
}) {
  const { t } = useText()
  const format = useFormat()
  return (
    <tr>
      <td>
        <strong>{visibleText(position.symbol)}</strong>
        <div className="dim small-text">
          {t(`side.${position.side}`)} · {t(`positionMargin.${position.marginMode}`)}
          {position.leverage !== null && ` · ${format.priceExact(position.leverage)}×`}
        </div>
      </td>
      <td className="right num">
        {format.quantity(
          position.size,
          position.contractType === 'inverse' ? 'USD' : visibleText(position.base),
        )}
        <div className="dim small-text">
          {risk !== undefined && <MeasureText measure={risk.notionalUsd} show={format.usd} />}
        </div>
      </td>
      <td className="right num">{format.priceExact(position.entry)}</td>
      <td className="right num">{format.priceExact(position.mark)}</td>
      <td className="right num">
        {position.unrealised === null ? (
          <UnknownText missing={['unrealised']} />
        ) : (
          format.quantity(position.unrealised, visibleText(position.settle))
        )}
      </td>
      <td className="right">
        {risk === undefined ? (
          <UnknownText missing={['snapshot']} />
        ) : risk.displayed === null ? (
          <span className="dim">{t('verification.noneShown')}</span>
        ) : (
          <MeasureText measure={risk.displayed} show={format.price} />
        )}
      </td>
      <td className="right num">
        {position.reportedLiquidation === null ? (
          <span className="dim">{t('verification.noneShown')}</span>
        ) : (
          <span title={position.reportedLiquidation}>
            {format.price(Number(position.reportedLiquidation))}
          </span>
        )}
      </td>
      <td>{risk !== undefined && <Verification risk={risk} />}</td>
      <td className="right num">
        {position.funding === null ? (
          <UnknownText missing={['funding']} />
        ) : (
          <>
            {format.percent(Number(position.funding.rate), 4)}
            <div className="dim small-text">
              {t('funding.every', { hours: String(position.funding.intervalHours) })}
            </div>
          </>
        )}
      </td>
    </tr>
  )
}

function Positions({ account }: { readonly account: AccountView }) {
  const { t } = useText()
  const positions = account.snapshot?.positions ?? []
  if (positions.length === 0) return <p className="empty-text">{t('positions.none')}</p>
  return (
    <table className="plain">
      <thead>
        <tr>
          <th>{t('positions.title')}</th>
          <th className="right">{t('positions.size')}</th>
          <th className="right">{t('positions.entry')}</th>
          <th className="right">{t('positions.mark')}</th>
          <th className="right">{t('positions.unrealised')}</th>
          <th className="right">{t('positions.ours')}</th>
          <th className="right">{t('positions.venues')}</th>
          <th>{t('positions.check')}</th>
          <th className="right">{t('positions.funding')}</th>
        </tr>
      </thead>
      <tbody>
        {positions.map((position) => (
          <PositionRow
            key={`${position.symbol} ${position.leg}`}
            position={position}
            risk={account.report?.positions.find(
              ({ symbol, leg }) => symbol === position.symbol && leg === position.leg,
            )}
          />
        ))}
      </tbody>
    </table>
  )
}

/** The venue's model weighs what lies in portfolio margin; elsewhere a weight that could not be read is a gap. */
function isWeightKnown({ asset, haircuts }: Collateral, snapshot: AccountSnapshot): boolean {
  if (haircuts.length > 0) return true
  const gaps = [`assets.${asset}.haircuts`, `assets.${asset}.bidBuffer`]
  return (
    snapshot.marginMode !== 'portfolio' && !snapshot.gaps.some((gap) => gaps.includes(gap.field))
  )
}

function weightText(haircuts: Collateral['haircuts'], format: Format, t: Text): string {
  if (haircuts.length === 0) return format.percent(1, 0)
  return haircuts
    .map(({ floor, weight }) =>
      floor === 0
        ? format.percent(weight, 0)
        : t('collaterals.weightFrom', {
            floor: format.count(floor),
            weight: format.percent(weight, 0),
          }),
    )
    .join(' · ')
}

function Balances({ snapshot }: { readonly snapshot: AccountSnapshot }) {
  const { t } = useText()
  const format = useFormat()
  if (snapshot.collaterals.length === 0)
    return <p className="empty-text">{t('collaterals.none')}</p>
  return (
    <table className="plain">
      <thead>
        <tr>
          <th>{t('collaterals.title')}</th>
          <th className="right">{t('collaterals.wallet')}</th>
          <th className="right">{t('collaterals.price')}</th>
          <th className="right">{t('vault.value')}</th>
          <th className="right">{t('collaterals.weight')}</th>
          <th className="right">{t('collaterals.withdrawable')}</th>
        </tr>
      </thead>
      <tbody>
        {snapshot.collaterals.map((collateral) => (
          <tr key={collateral.asset}>
            <td>
              <strong>{visibleText(collateral.asset)}</strong>
            </td>
            <td className="right num">
              {format.quantity(collateral.wallet, visibleText(collateral.asset))}
            </td>
            <td className="right num">
              {collateral.priceUsd === null ? (
                <UnknownText missing={['price']} />
              ) : (
                format.priceExact(collateral.priceUsd)
              )}
            </td>
            <td className="right num">
              {collateral.priceUsd === null ? (
                <UnknownText missing={['price']} />
              ) : (
                format.usd(Number(collateral.wallet) * Number(collateral.priceUsd))
              )}
            </td>
            <td className="right num">
              {isWeightKnown(collateral, snapshot) ? (
                weightText(collateral.haircuts, format, t)
              ) : (
                <UnknownText missing={['weight']} />
              )}
            </td>
            <td className="right num">
              {collateral.withdrawable === null ? (
                <UnknownText missing={['withdrawable']} />
              ) : (
                format.quantity(collateral.withdrawable, visibleText(collateral.asset))
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

export function AccountDetail({ account }: { readonly account: AccountView }) {
  const speech = useText()
  const { t } = speech
  const { snapshot, report, refusal } = account
  return (
    <div className="detail">
      {refusal !== null && (
        <RefusalNote refusal={refusal} tone={snapshot === null ? 'breach' : 'warn'} />
      )}
      {report !== null && report.missing.length > 0 && (
        <p className="quiet-note">
          <TriangleAlert size={16} aria-hidden className="grade-warn" />
          <span>{t('detail.partial', { missing: missingText(report.missing, speech) })}</span>
        </p>
      )}
      <ReportNotes report={report} snapshot={snapshot} />
      {snapshot !== null && (
        <>
          <Positions account={account} />
          <Balances snapshot={snapshot} />
          {snapshot.gaps.length > 0 && (
            <ul className="gaps">
              {snapshot.gaps.map((gap) => (
                <li key={gap.field}>
                  <code>{visibleText(gap.field)}</code> {t(`gap.${gap.problem}`)}
                  {gap.value !== null && (
                    <>
                      : <code>{visibleText(gap.value)}</code>
                    </>
                  )}
                </li>
              ))}
            </ul>
          )}
          <p className="dim small-text">
            {t('detail.source', { source: visibleText(snapshot.source) })} ·{' '}
            {t(`positionMode.${snapshot.positionMode}`)} ·{' '}
            <a href={routeHref('risk', account.accountId)}>{t('detail.toRisk')}</a>
          </p>
        </>
      )}
    </div>
  )
}
