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

export interface ChartProps {
  readonly option: EChartsCoreOption
  readonly height: number
  readonly label: string
  /** The part that is redrawn while dragging, merged into `option`. */
  readonly moving?: EChartsCoreOption
  /** For pictures that place their labels by the room they have. */
  readonly onWidth?: (widthPx: number) => void
  /** A mark was pressed: its place among the data. What it does must also be reachable from the table. */
  readonly onPick?: (dataIndex: number) => void
}

export function Chart({ option, moving, height, label, onWidth, onPick }: ChartProps) {
  const box = useRef<HTMLDivElement>(null)
  const latest = useRef(option)
  latest.current = option
  const pick = useRef(onPick)
  pick.current = onPick
  const chart = useRef<ReturnType<typeof init> | null>(null)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const made = init(element, null, { renderer: 'svg' })
    chart.current = made
    made.setOption(latest.current)
    made.on('click', ({ dataIndex }) => pick.current?.(dataIndex))
    const observer = new ResizeObserver(() => {
      made.resize()
      onWidth?.(element.clientWidth)
    })
    observer.observe(element)
    return () => {
      observer.disconnect()
      made.dispose()
      chart.current = null
    }
  }, [onWidth])
  useEffect(() => {
    chart.current?.setOption(option, { notMerge: true })
  }, [option])
  // After the whole: a replaced option has lost its moving part.
  useEffect(() => {
    if (moving !== undefined) chart.current?.setOption(moving, { silent: true })
  }, [option, moving])
  useEffect(() => {
    chart.current?.resize()
  }, [height])
  return <div ref={box} className="chart" style={{ height }} role="img" aria-label={label} />
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
