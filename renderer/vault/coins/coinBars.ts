/** The coins as bars by size, as an ECharts option. Readable without colour: what cannot be spent is hatched, what
 *  is chosen has a thick edge, and the table below has the same figures. */
import type { EChartsCoreOption } from 'echarts/core'
import { visibleText } from '../../format/addresses.ts'
import type { Format } from '../../format/format.ts'
import type { Text } from '../../language/text.ts'
import { type Ink, chartFont } from '../../ui/chartInk.ts'
import { type CoinRow, canPay, sortCoins } from './coinList.ts'

/** More bars than this cannot be told apart; the rest stand together as the last one. */
const mostBars = 48

export interface CoinBar {
  readonly row: CoinRow | null
  readonly label: string
  /** BTC, for drawing only. */
  readonly height: number
}

export function coinBars(rows: readonly CoinRow[], format: Format, t: Text): readonly CoinBar[] {
  const sorted = sortCoins(rows, { by: 'amount', direction: 'descending' })
  const own = sorted.length > mostBars ? sorted.slice(0, mostBars - 1) : sorted
  const rest = sorted.slice(own.length)
  const btc = (units: bigint) => format.amountExact({ asset: 'BTC', decimals: 8, units })
  const bars: CoinBar[] = own.map((row) => ({
    row,
    label: [
      btc(row.coin.value),
      ...(row.coin.label === null ? [] : [visibleText(row.coin.label)]),
      t(`coinState.${row.state.kind}`),
    ].join(' · '),
    height: Number(row.coin.value) / 1e8,
  }))
  if (rest.length > 0) {
    const value = rest.reduce((sum, { coin }) => sum + coin.value, 0n)
    bars.push({
      row: null,
      label: t('coins.rest', { count: rest.length, amount: btc(value) }),
      height: Number(value) / 1e8,
    })
  }
  return bars
}

export function coinBarsOption(
  bars: readonly CoinBar[],
  chosen: ReadonlySet<string>,
  ink: Ink,
  format: Format,
): EChartsCoreOption {
  const highest = Math.max(0, ...bars.map(({ height }) => height))
  const decimals = highest >= 2 ? 1 : Math.min(8, 2 - Math.floor(Math.log10(highest || 1)))
  const hatch = { symbol: 'rect', dashArrayX: [1, 0], dashArrayY: [3, 4], rotation: -Math.PI / 4 }
  return {
    animation: false,
    textStyle: { fontFamily: chartFont },
    grid: { left: 4, right: 4, top: 12, bottom: 6, containLabel: true },
    tooltip: {
      trigger: 'item',
      confine: true,
      backgroundColor: ink.raised,
      borderColor: ink.line,
      textStyle: { color: ink.ink, fontSize: 12 },
      formatter: ({ dataIndex }: { readonly dataIndex: number }) => {
        const box = document.createElement('div')
        box.textContent = bars[dataIndex]?.label ?? ''
        return box
      },
    },
    xAxis: {
      type: 'category',
      data: bars.map((_, index) => String(index)),
      axisLabel: { show: false },
      axisTick: { show: false },
      axisLine: { lineStyle: { color: ink.line } },
    },
    yAxis: {
      type: 'value',
      splitNumber: 3,
      axisLabel: {
        color: ink.dim,
        fontSize: 11,
        formatter: (value: number) =>
          format.discreet ? '' : `${format.count(value, decimals)} BTC`,
      },
      splitLine: { lineStyle: { color: ink.line } },
    },
    series: [
      {
        type: 'bar',
        barMaxWidth: 72,
        barMinHeight: 2,
        barCategoryGap: '18%',
        data: bars.map(({ row, height }) => ({
          value: height,
          itemStyle: {
            color: row === null || canPay(row) ? ink.cold : ink.coldSoft,
            borderRadius: [3, 3, 0, 0],
            ...(row !== null && chosen.has(row.outpoint)
              ? { borderColor: ink.ink, borderWidth: 3 }
              : {}),
            ...(row === null || canPay(row) ? {} : { decal: { ...hatch, color: ink.dim } }),
          },
        })),
      },
    ],
  }
}
