/** One ECharts chart: SVG, sized to its box, described for screen readers, with a table of the same figures.
 *  Tooltips are built as text nodes: nothing from outside is ever parsed as markup. */
import { BarChart, CustomChart, LineChart } from 'echarts/charts'
import {
  AriaComponent,
  GridComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
} from 'echarts/components'
import { type EChartsCoreOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { ChartLine, Table2 } from 'lucide-react'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useText } from '../language/text.ts'

/** ECharts knows only what is registered: only these parts are shipped. Called once, by main.tsx. */
export function registerCharts(): void {
  use([
    BarChart,
    CustomChart,
    LineChart,
    AriaComponent,
    GridComponent,
    MarkAreaComponent,
    MarkLineComponent,
    TooltipComponent,
    SVGRenderer,
  ])
}

/** Ends of the axes that `option` has, in its own units. */
export interface Frame {
  readonly from: number
  readonly to: number
  readonly least: number
  readonly most: number
}

/** A curve drawn over the chart in its coordinates: it moves while dragging, and the chart stays as it is. */
export interface Overlay {
  readonly points: readonly (readonly [number, number])[]
  readonly dots: boolean
}

/** Where the frame lies in the chart's box, CSS pixels. */
interface Place {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

export interface ChartProps {
  readonly option: EChartsCoreOption
  readonly height: number
  readonly label: string
  /** Needed for `over`. */
  readonly frame?: Frame
  readonly over?: Overlay | null
  /** For pictures that place their labels by the room they have. */
  readonly onWidth?: (widthPx: number) => void
  /** A mark was pressed: its place among the data. What it does must also be reachable from the table. */
  readonly onPick?: (dataIndex: number) => void
}

type Drawn = ReturnType<typeof init>

function placeOf(chart: Drawn, { from, to, least, most }: Frame): Place | null {
  const axes = { xAxisIndex: 0, yAxisIndex: 0 }
  const [left, top] = chart.convertToPixel(axes, [from, most])
  const [right, bottom] = chart.convertToPixel(axes, [to, least])
  if (left === undefined || top === undefined || right === undefined || bottom === undefined)
    return null
  return { left, top, width: right - left, height: bottom - top }
}

export function Chart({ option, frame, over = null, height, label, onWidth, onPick }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const latest = useRef({ option, frame })
  latest.current = { option, frame }
  const pick = useRef(onPick)
  pick.current = onPick
  const chart = useRef<Drawn | null>(null)
  const [place, setPlace] = useState<Place | null>(null)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const made = init(element, null, { renderer: 'svg' })
    chart.current = made
    made.setOption(latest.current.option)
    made.on('click', ({ dataIndex }) => pick.current?.(dataIndex))
    const observer = new ResizeObserver(() => {
      made.resize()
      onWidth?.(element.clientWidth)
      if (latest.current.frame !== undefined) setPlace(placeOf(made, latest.current.frame))
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.dispose()
      chart.current = null
    }
  }, [onWidth])
  useEffect(() => {
    const made = chart.current
    made?.setOption(option, { notMerge: true })
    if (made !== null && frame !== undefined) setPlace(placeOf(made, frame))
  }, [option, frame])
  useEffect(() => {
    chart.current?.resize()
  }, [height])
  return (
    <div className="chart" style={{ height }} role="img" aria-label={label}>
      <div ref={box} className="chart-box" />
      {frame !== undefined && place !== null && over !== null && (
        <OverCurve frame={frame} place={place} over={over} />
      )}
    </div>
  )
}

export function OverCurve({
  frame: { from, to, least, most },
  place: { left, top, width, height },
  over,
}: {
  readonly frame: Frame
  readonly place: Place
  readonly over: Overlay
}) {
  const at = over.points.map(([x, y]) => {
    const across = ((x - from) / (to - from)) * width
    const down = ((most - y) / (most - least)) * height
    return `${across.toFixed(1)} ${down.toFixed(1)}`
  })
  return (
    <svg className="chart-over" style={{ left, top, width, height }} aria-hidden>
      <path d={`M${at.join('L')}`} />
      {over.dots && (
        <path className="dots" d={at.map((point) => `M${point}m-4 0l4-4 4 4-4 4z`).join('')} />
      )}
    </svg>
  )
}

export interface ChartOrTableProps {
  readonly chart: ReactNode
  readonly table: ReactNode
}

/** The same figures twice: as a picture, or as a table for those who want or need one. */
export function ChartOrTable({ chart, table }: ChartOrTableProps) {
  const { t } = useText()
  const [view, setView] = useState<'chart' | 'table'>('chart')
  return (
    <div className="chart-or-table">
      <button
        type="button"
        className="copy view-switch"
        aria-pressed={view === 'table'}
        onClick={() => setView(view === 'chart' ? 'table' : 'chart')}
      >
        {view === 'chart' ? <Table2 size={14} aria-hidden /> : <ChartLine size={14} aria-hidden />}
        <span>{view === 'chart' ? t('chart.asTable') : t('chart.asChart')}</span>
      </button>
      {view === 'chart' ? chart : table}
    </div>
  )
}
