/** What lies on venues and in the vault over time, stacked; drawn from two points on. */
import type { EChartsCoreOption } from 'echarts/core'
import { useMemo } from 'react'
import type { Portfolio } from '../data/portfolio.ts'
import type { Format } from '../format/format.ts'
import { useFormat } from '../format/useFormat.ts'
import { type Text, useText } from '../language/text.ts'
import { Chart, ChartOrTable } from '../ui/Chart.tsx'
import { Panel } from '../ui/Panel.tsx'
import { type Ink, chartFont, useInk } from '../ui/chartInk.ts'

export type History = Portfolio['history']

function tooltipOf(index: number, history: History, format: Format, t: Text): HTMLElement {
  const box = document.createElement('div')
  const point = history[index]
  if (point === undefined) return box
  const lines = [
    format.moment(point.at),
    `${t('wall.hot')}: ${format.usd(point.venuesUsd)}`,
    `${t('vault')}: ${format.usd(point.vaultUsd)}`,
    `${t('networth.total')}: ${format.usd(point.venuesUsd + point.vaultUsd)}`,
  ]
  for (const text of lines) {
    const line = document.createElement('div')
    line.textContent = text
    box.append(line)
  }
  return box
}

export function netWorthOption(
  history: History,
  ink: Ink,
  format: Format,
  t: Text,
): EChartsCoreOption {
  const area = (
    name: string,
    colour: string,
    soft: string,
    pick: (point: History[number]) => number,
  ) => ({
    type: 'line',
    name,
    stack: 'all',
    showSymbol: false,
    lineStyle: { color: colour, width: 1.5 },
    itemStyle: { color: colour },
    areaStyle: { color: soft, opacity: 0.9 },
    // Named at its end, so that the two are told apart without their colour.
    endLabel: { show: true, formatter: name, color: ink.ink, fontSize: 11, distance: 6 },
    data: history.map((point) => [point.at, pick(point)]),
  })
  return {
    animation: false,
    textStyle: { fontFamily: chartFont },
    grid: { left: 52, right: 118, top: 12, bottom: 24 },
    tooltip: {
      trigger: 'axis',
      renderMode: 'html',
      backgroundColor: ink.raised,
      borderColor: ink.line,
      textStyle: { color: ink.ink, fontSize: 12 },
      formatter: (points: unknown) => {
        const first: unknown = Array.isArray(points) ? points[0] : points
        const index =
          typeof first === 'object' && first !== null && 'dataIndex' in first
            ? Number(first.dataIndex)
            : -1
        return tooltipOf(index, history, format, t)
      },
    },
    xAxis: {
      type: 'time',
      axisLabel: {
        color: ink.dim,
        fontSize: 11,
        hideOverlap: true,
        formatter: (at: number) => format.clock(at).slice(0, 5),
      },
      axisLine: { lineStyle: { color: ink.line } },
      axisTick: { show: false },
    },
    yAxis: {
      type: 'value',
      splitNumber: 3,
      axisLabel: { color: ink.dim, fontSize: 11, formatter: (usd: number) => format.usdAxis(usd) },
      splitLine: { lineStyle: { color: ink.line, opacity: 0.6 } },
    },
    series: [
      area(t('vault'), ink.cold, ink.coldSoft, (point) => point.vaultUsd),
      area(t('wall.hot'), ink.hot, ink.hotSoft, (point) => point.venuesUsd),
    ],
  }
}

export function NetWorth({ history }: { readonly history: History }) {
  const { t } = useText()
  const format = useFormat()
  const ink = useInk()
  const option = useMemo(() => netWorthOption(history, ink, format, t), [history, ink, format, t])
  const last = history.at(-1)
  return (
    <Panel title={t('networth.title')} note={t('networth.note')}>
      {history.length < 2 || last === undefined ? (
        <p className="empty-text">{t('networth.tooShort')}</p>
      ) : (
        <ChartOrTable
          chart={
            <Chart
              option={option}
              height={190}
              label={t('networth.describe', {
                venues: format.usd(last.venuesUsd),
                vault: format.usd(last.vaultUsd),
              })}
            />
          }
          table={
            <div className="scroll-table">
              <table className="plain">
                <thead>
                  <tr>
                    <th>{t('time')}</th>
                    <th className="right">{t('wall.hot')}</th>
                    <th className="right">{t('vault')}</th>
                    <th className="right">{t('networth.total')}</th>
                  </tr>
                </thead>
                <tbody>
                  {[...history]
                    .reverse()
                    .slice(0, 60)
                    .map((point) => (
                      <tr key={point.at}>
                        <td className="num">{format.moment(point.at)}</td>
                        <td className="right num">{format.usd(point.venuesUsd)}</td>
                        <td className="right num">{format.usd(point.vaultUsd)}</td>
                        <td className="right num">
                          {format.usd(point.venuesUsd + point.vaultUsd)}
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
