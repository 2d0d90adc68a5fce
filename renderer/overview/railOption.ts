/** The rail as an ECharts option: bars with capped ends, scenario lines, the ±10 % band. Readable without
 *  colour: ends carry their figure, near ones a warning sign, unknown ones are hatched and say so. */
import type { EChartsCoreOption } from 'echarts/core'
import { visibleText } from '../format/addresses.ts'
import type { Format } from '../format/format.ts'
import type { Text } from '../language/text.ts'
import { type Ink, chartFont } from '../ui/chartInk.ts'
import { type End, type RailBar, labelRows, railFrom, railTo } from './rail.ts'

export interface RailPictureInput {
  readonly bars: readonly RailBar[]
  readonly marks: readonly { readonly id: string; readonly label: string; readonly shock: number }[]
  readonly width: number
  readonly ink: Ink
  readonly format: Format
  readonly t: Text
}

export const railRowPx = 56
const labelRowPx = 15
const leftPx = 150
const rightPx = 36
const barPx = 24
const capPx = 6

interface Api {
  value(dimension: number): number | string
  coord(point: readonly [number, number]): readonly [number, number]
}

function edge(end: End, side: -1 | 1): number {
  if (end.kind === 'at') return end.shock
  if (end.kind === 'beyond') return side === -1 ? railFrom : railTo
  return 0
}

function endLabel(end: End, format: Format, t: Text): string {
  switch (end.kind) {
    case 'at':
      return `${end.near ? '⚠ ' : ''}${format.shock(end.shock)}`
    case 'beyond':
      return end.shock === null ? t('rail.never') : format.shock(end.shock)
    case 'breached':
      return t('distance.breached')
    case 'unknown':
      return t('unknown')
  }
}

function textWidth(text: string): number {
  return [...text].reduce(
    (sum, letter) => sum + ((letter.codePointAt(0) ?? 0) > 0x2e80 ? 11.5 : 6.2),
    0,
  )
}

function drawEnd(
  end: End,
  aged: boolean,
  x: number,
  y: number,
  side: -1 | 1,
  input: RailPictureInput,
) {
  const { ink, format, t } = input
  const near = end.kind === 'breached' || (end.kind === 'at' && end.near)
  const colour = near ? ink.breach : end.kind === 'unknown' ? ink.dim : ink.ink
  // Beyond the axis there is no room outside: the figure stands inside the bar.
  const inside = end.kind === 'beyond'
  const text = {
    type: 'text',
    silent: true,
    style: {
      text: endLabel(end, format, t),
      x: inside ? x - side * 8 : x + side * (capPx + 4),
      y,
      textAlign: (side === -1) === inside ? 'left' : 'right',
      textVerticalAlign: 'middle',
      fontSize: 12,
      fontWeight: 600,
      fontFamily: chartFont,
      fill: inside ? ink.ink : colour,
    },
  }
  if (end.kind !== 'at') return [text]
  const cap = {
    type: 'rect',
    silent: true,
    shape: { x: x - capPx / 2, y: y - barPx / 2 - 5, width: capPx, height: barPx + 10, r: 2 },
    style: { fill: aged ? ink.dim : near ? ink.breach : ink.hot },
  }
  return [cap, text]
}

function drawBar(bar: RailBar, api: Api, index: number, input: RailPictureInput) {
  const { ink } = input
  const [left, y] = api.coord([edge(bar.down, -1), index])
  const [right] = api.coord([edge(bar.up, 1), index])
  const half = (end: End, from: number, to: number) => {
    const unknown = end.kind === 'unknown' || end.kind === 'breached'
    const [zero] = api.coord([0, index])
    const reach = end === bar.down ? api.coord([railFrom, index])[0] : api.coord([railTo, index])[0]
    const [a, b] = unknown ? [Math.min(zero, reach), Math.max(zero, reach)] : [from, to]
    return {
      type: 'rect',
      shape: {
        x: a,
        y: y - barPx / 2,
        width: Math.max(0, b - a),
        height: barPx,
        r: unknown ? 4 : 0,
      },
      style: unknown
        ? { fill: 'transparent', stroke: ink.dim, lineDash: [3, 4], lineWidth: 1 }
        : { fill: bar.aged ? ink.line : ink.hotSoft },
    }
  }
  const [zero] = api.coord([0, index])
  return {
    type: 'group',
    children: [
      half(bar.down, left, zero),
      half(bar.up, zero, right),
      ...(bar.down.kind === 'unknown' || bar.down.kind === 'breached'
        ? drawEnd(bar.down, bar.aged, zero - 10, y, -1, input)
        : drawEnd(bar.down, bar.aged, left, y, -1, input)),
      ...(bar.up.kind === 'unknown' || bar.up.kind === 'breached'
        ? drawEnd(bar.up, bar.aged, zero + 10, y, 1, input)
        : drawEnd(bar.up, bar.aged, right, y, 1, input)),
    ],
  }
}

/** Height that the chart needs for its rows and label rows. */
export function railHeight(bars: number, rows: number): number {
  return rows * labelRowPx + 16 + bars * railRowPx + 34
}

export function markRows(
  input: Pick<RailPictureInput, 'marks' | 'width' | 't'>,
): readonly number[] {
  const perShock = Math.max(100, input.width - leftPx - rightPx) / (railTo - railFrom)
  return labelRows(
    [...input.marks, { label: input.t('rail.now'), shock: 0 }].map(({ label, shock }) => ({
      x: shock * perShock,
      width: textWidth(label),
    })),
  )
}

export function railOption(input: RailPictureInput): EChartsCoreOption {
  const { bars, marks, ink, format, t } = input
  const rows = markRows(input)
  const rowCount = Math.max(0, ...rows) + 1
  // Characters with a meaning in ECharts' rich text must not come from outside.
  const tame = (text: string) => visibleText(text).replace(/[{}|]/g, ' ')
  return {
    animation: false,
    textStyle: { fontFamily: chartFont },
    aria: { enabled: false },
    grid: { left: leftPx, right: rightPx, top: rowCount * labelRowPx + 16, bottom: 30 },
    xAxis: {
      type: 'value',
      min: railFrom,
      max: railTo,
      interval: 0.1,
      axisLabel: {
        color: ink.dim,
        fontSize: 11,
        formatter: (value: number) =>
          Math.abs(value) < 1e-9 ? '0 %' : format.shock(value).replace(/[.,]0/, ''),
      },
      axisLine: { show: false },
      axisTick: { show: false },
      splitLine: { lineStyle: { color: ink.line, opacity: 0.45 } },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ label, aged }) =>
        aged ? `${tame(label)} · ${t('reportState.stale')}` : tame(label),
      ),
      axisLine: { show: false },
      axisTick: { show: false },
      axisLabel: {
        color: ink.ink,
        fontSize: 12,
        fontWeight: 600,
        width: leftPx - 20,
        overflow: 'truncate',
        align: 'left',
        margin: leftPx - 8,
      },
    },
    series: [
      {
        type: 'custom',
        data: bars.map((_, index) => [0, index]),
        encode: { x: 0, y: 1 },
        clip: false,
        renderItem: (_params: unknown, api: Api) => {
          const index = Number(api.value(1))
          const bar = bars[index]
          return bar === undefined ? null : drawBar(bar, api, index, input)
        },
        z: 3,
        markArea: {
          silent: true,
          itemStyle: { color: ink.dim, opacity: 0.1 },
          data: [[{ xAxis: -0.1 }, { xAxis: 0.1 }]],
        },
        markLine: {
          silent: true,
          symbol: 'none',
          z: 4,
          data: [
            {
              xAxis: 0,
              lineStyle: { color: ink.ink, type: 'solid', width: 1.5 },
              label: {
                formatter: t('rail.now'),
                color: ink.ink,
                fontWeight: 700,
                fontSize: 11,
                position: 'start',
                distance: 3 + (rows[marks.length] ?? 0) * labelRowPx,
              },
            },
            ...marks.map(({ shock, label }, index) => ({
              xAxis: shock,
              lineStyle: { color: ink.dim, type: [2, 4], width: 1, opacity: 0.9 },
              label: {
                formatter: tame(label),
                color: ink.dim,
                fontSize: 11,
                position: 'start',
                distance: 3 + (rows[index] ?? 0) * labelRowPx,
              },
            })),
          ],
        },
      },
    ],
  }
}
