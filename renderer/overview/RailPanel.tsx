/** How far the market may move: the rail, and the same figures as a table. */
import { useMemo, useState } from 'react'
import { type Portfolio } from '../data/portfolio.ts'
import { visibleText } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Chart, ChartOrTable } from '../ui/Chart.tsx'
import { DistanceText, distancePlain } from '../ui/DistanceText.tsx'
import { UnknownText } from '../ui/MeasureText.tsx'
import { Panel } from '../ui/Panel.tsx'
import { useInk } from '../ui/chartInk.ts'
import { scenarioName } from '../ui/scenarioName.ts'
import { railBars, railMarks } from './rail.ts'
import { markRows, railHeight, railOption } from './railOption.ts'

function RailPicture({ portfolio }: { readonly portfolio: Portfolio }) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const ink = useInk()
  const [width, setWidth] = useState(1100)
  const bars = useMemo(() => railBars(portfolio), [portfolio])
  const input = useMemo(() => {
    const marks = railMarks(portfolio).map(({ id, name, shock }) => ({
      id,
      shock,
      label: scenarioName({ name }, format, speech),
    }))
    return { bars, marks, width, ink, format, t }
  }, [bars, portfolio, width, ink, format, speech, t])
  const option = useMemo(() => railOption(input), [input])
  const rows = Math.max(0, ...markRows(input)) + 1
  const label = portfolio.accounts
    .map(({ label: name, report }) =>
      report === null
        ? `${visibleText(name)}: ${t('unknown')}`
        : t('rail.describe', {
            account: visibleText(name),
            down: distancePlain(report.distanceDown, format, t),
            up: distancePlain(report.distanceUp, format, t),
          }),
    )
    .join('. ')
  return (
    <Chart
      option={option}
      height={railHeight(bars.length, rows)}
      label={label}
      onWidth={setWidth}
    />
  )
}

function RailTable({ portfolio }: { readonly portfolio: Portfolio }) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  return (
    <div className="two-tables">
      <table className="plain">
        <thead>
          <tr>
            <th>{t('account')}</th>
            <th className="right">{t('distance.down')}</th>
            <th className="right">{t('distance.up')}</th>
          </tr>
        </thead>
        <tbody>
          {portfolio.accounts.map(({ accountId, label, report }) => (
            <tr key={accountId}>
              <td>{visibleText(label)}</td>
              <td className="right">
                {report === null ? (
                  <UnknownText missing={['snapshot']} />
                ) : (
                  <DistanceText distance={report.distanceDown} />
                )}
              </td>
              <td className="right">
                {report === null ? (
                  <UnknownText missing={['snapshot']} />
                ) : (
                  <DistanceText distance={report.distanceUp} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <table className="plain">
        <thead>
          <tr>
            <th>{t('scenario')}</th>
            <th className="right">{t('scenario.btcMove')}</th>
          </tr>
        </thead>
        <tbody>
          {railMarks(portfolio).map((mark) => (
            <tr key={mark.id}>
              <td>{scenarioName(mark, format, speech)}</td>
              <td className="right num">{format.shock(mark.shock)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export function RailPanel({ portfolio }: { readonly portfolio: Portfolio }) {
  const { t } = useText()
  if (portfolio.accounts.length === 0) return null
  return (
    <Panel title={t('rail.title')} note={t('rail.note')}>
      <ChartOrTable
        chart={<RailPicture portfolio={portfolio} />}
        table={<RailTable portfolio={portfolio} />}
      />
    </Panel>
  )
}
