/** The slack curve of one account, with its breakpoints, as a chart or as a table. */
import { useMemo } from 'react'
import type { RiskReport } from '../../shared/risk/report.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Chart, ChartOrTable } from '../ui/Chart.tsx'
import { UnknownText } from '../ui/MeasureText.tsx'
import { Panel } from '../ui/Panel.tsx'
import { useInk } from '../ui/chartInk.ts'
import { slackOption, thenOption } from './slackOption.ts'

const reach = 0.6

export interface SlackPanelProps {
  readonly report: RiskReport
  readonly other: RiskReport | null
}

export function SlackPanel({ report, other }: SlackPanelProps) {
  const { t } = useText()
  const format = useFormat()
  const ink = useInk()
  const option = useMemo(
    () =>
      slackOption({
        curve: report.slackCurve,
        from: -reach,
        to: reach,
        ink,
        format,
        t,
      }),
    [report, ink, format, t],
  )
  const then = useMemo(() => thenOption(other?.slackCurve ?? [], -reach, reach), [other])
  return (
    <Panel title={t('curve.title')} note={t('curve.note')}>
      {report.slackCurve.length === 0 ? (
        <p className="empty-text">
          {report.missing.length > 0 ? (
            <UnknownText missing={report.missing} />
          ) : (
            t('positions.none')
          )}
        </p>
      ) : (
        <ChartOrTable
          chart={
            <Chart
              option={option}
              moving={then}
              height={470}
              label={t('curve.describe', { count: report.slackCurve.length })}
            />
          }
          table={
            <div className="scroll-table tall">
              <table className="plain">
                <thead>
                  <tr>
                    <th className="right">{t('scenario.btcMove')}</th>
                    <th className="right">{t('slack')}</th>
                  </tr>
                </thead>
                <tbody>
                  {report.slackCurve.map((point) => (
                    <tr key={point.shock}>
                      <td className="right num">{format.shock(point.shock)}</td>
                      <td className={`right num${point.slackUsd <= 0 ? ' breach-text' : ''}`}>
                        {format.usd(point.slackUsd)}
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          }
        />
      )}
    </Panel>
  )
}
