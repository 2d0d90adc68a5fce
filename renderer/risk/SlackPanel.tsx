/** The slack curve of one account, with its breakpoints, as a chart or as a table. */
import { useEffect, useMemo, useState } from 'react'
import type { RiskReport } from '../../shared/risk/report.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Chart, ChartOrTable, type Overlay } from '../ui/Chart.tsx'
import { UnknownText } from '../ui/MeasureText.tsx'
import { Panel } from '../ui/Panel.tsx'
import { useInk } from '../ui/chartInk.ts'
import { type SlackFrame, clipCurve, frameOf } from './slackFrame.ts'
import { mostDots, slackOption } from './slackOption.ts'

const reach = 0.6
/** The chart takes new axes when the slider has rested for so long; until then only the curve moves. */
const restMs = 300

/** Axes around both curves once the second has come to rest; the same object while they are the same. */
function useFrame(report: RiskReport, other: RiskReport | null): SlackFrame {
  const [rested, setRested] = useState(other)
  useEffect(() => {
    const timer = setTimeout(() => setRested(other), restMs)
    return () => clearTimeout(timer)
  }, [other])
  const { least, most, step } = useMemo(
    () => frameOf([report.slackCurve, rested?.slackCurve ?? []], -reach, reach),
    [report, rested],
  )
  return useMemo(() => ({ from: -reach, to: reach, least, most, step }), [least, most, step])
}

/** The curve under the what-if, as the engine answers it: every point, nothing in between. */
export function overlayOf(report: RiskReport | null): Overlay | null {
  if (report === null || report.slackCurve.length === 0) return null
  return {
    points: clipCurve(report.slackCurve, -reach, reach).map(({ shock, slackUsd }) => [
      shock,
      slackUsd,
    ]),
    dots: report.slackCurve.length <= mostDots,
  }
}

export interface SlackPanelProps {
  readonly report: RiskReport
  readonly other: RiskReport | null
}

export function SlackPanel({ report, other }: SlackPanelProps) {
  const { t } = useText()
  const format = useFormat()
  const ink = useInk()
  const frame = useFrame(report, other)
  const option = useMemo(
    () => slackOption({ curve: report.slackCurve, frame, ink, format, t }),
    [report, frame, ink, format, t],
  )
  const over = useMemo(() => overlayOf(other), [other])
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
              frame={frame}
              over={over}
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
