/** Slack over the joint shock as an ECharts option: breakpoints as dots, zero as the line that must not be crossed. */
import type { EChartsCoreOption } from 'echarts/core'
import type { RiskReport } from '../../shared/risk/report.ts'
import type { Format } from '../format/format.ts'
import type { Text } from '../language/text.ts'
import { type Ink, chartFont } from '../ui/chartInk.ts'
import { type SlackFrame, clipCurve } from './slackFrame.ts'

/** More breakpoints than this are a line, not dots. */
export const mostDots = 30

export interface SlackInput {
  readonly curve: RiskReport['slackCurve']
  readonly frame: SlackFrame
  readonly ink: Ink
  readonly format: Format
  readonly t: Text
}

function tooltip(shock: number, slackUsd: number, format: Format, t: Text): HTMLElement {
  const box = document.createElement('div')
  for (const text of [
    t('curve.atShock', { shock: format.shock(shock) }),
    `${t('slack')}: ${format.usd(slackUsd)}`,
  ]) {
    const line = document.createElement('div')
    line.textContent = text
    box.append(line)
  }
  return box
}

export function slackOption(input: SlackInput): EChartsCoreOption {
  const { ink, format, t } = input
  const { from, to, least, most, step } = input.frame
  return {
    animation: false,
    textStyle: { fontFamily: chartFont },
    grid: { left: 60, right: 24, top: 26, bottom: 30 },
    tooltip: {
      trigger: 'axis',
      backgroundColor: ink.raised,
      borderColor: ink.line,
      textStyle: { color: ink.ink, fontSize: 12 },
      formatter: (point: unknown) => {
        const first: unknown = Array.isArray(point) ? point[0] : point
        const value: unknown =
          typeof first === 'object' && first !== null && 'value' in first ? first.value : null
        return Array.isArray(value)
          ? tooltip(Number(value[0]), Number(value[1]), format, t)
          : document.createElement('div')
      },
    },
    xAxis: {
      type: 'value',
      min: from,
      max: to,
      interval: 0.1,
      axisLabel: {
        color: ink.dim,
        fontSize: 11,
        formatter: (value: number) =>
          Math.abs(value) < 1e-9 ? '0 %' : format.shock(value).replace(/[.,]0/, ''),
      },
      axisLine: { onZero: false, lineStyle: { color: ink.line } },
      axisTick: { show: false },
      splitLine: { show: false },
    },
    yAxis: {
      type: 'value',
      min: least,
      max: most,
      interval: step,
      axisLabel: { color: ink.dim, fontSize: 11, formatter: (usd: number) => format.usdAxis(usd) },
      splitLine: { lineStyle: { color: ink.line, opacity: 0.6 } },
    },
    series: [
      {
        type: 'line',
        id: 'now',
        name: t('slack'),
        data: clipCurve(input.curve, from, to).map(({ shock, slackUsd }) => [shock, slackUsd]),
        symbol: 'circle',
        showSymbol: input.curve.length <= mostDots,
        symbolSize: 7,
        lineStyle: { color: ink.hot, width: 2 },
        itemStyle: { color: ink.hot },
        markLine: {
          silent: true,
          symbol: 'none',
          data: [
            {
              yAxis: 0,
              lineStyle: { color: ink.breach, type: 'solid', width: 1.5 },
              label: {
                formatter: t('curve.zero'),
                position: 'insideStartTop',
                color: ink.breach,
                fontSize: 11,
              },
            },
            {
              xAxis: 0,
              lineStyle: { color: ink.ink, type: 'solid', width: 1 },
              label: { formatter: t('rail.now'), color: ink.ink, fontSize: 11 },
            },
            ...[-0.1, 0.1].map((shock) => ({
              xAxis: shock,
              lineStyle: { color: ink.dim, type: [2, 4], width: 1 },
              label: {
                formatter: format.shock(shock).replace(/[.,]0/, ''),
                color: ink.dim,
                fontSize: 11,
              },
            })),
          ],
        },
      },
    ],
  }
}
