/** The axes of the slack chart: what is drawn over the chart while a slider moves uses the same. Fractions, USD. */
import type { RiskReport } from '../../shared/risk/report.ts'
import type { Frame } from '../ui/Chart.tsx'

type Curve = RiskReport['slackCurve']

/** Distance between two lines of the money axis; four or so of them. */
export interface SlackFrame extends Frame {
  readonly step: number
}

/** The part of a curve inside [from, to], with its ends interpolated. */
export function clipCurve(curve: Curve, from: number, to: number): Curve {
  const inside = curve.filter(({ shock }) => shock > from && shock < to)
  const at = (shock: number) => {
    const exact = curve.find((point) => point.shock === shock)
    if (exact !== undefined) return [exact]
    const right = curve.findIndex((point) => point.shock > shock)
    const [a, b] = [curve[right - 1], curve[right]]
    if (a === undefined || b === undefined) return []
    const share = (shock - a.shock) / (b.shock - a.shock)
    return [{ shock, slackUsd: a.slackUsd + share * (b.slackUsd - a.slackUsd) }]
  }
  return [...at(from), ...inside, ...at(to)]
}

/** Round numbers around every curve and zero. */
export function frameOf(curves: readonly Curve[], from: number, to: number): SlackFrame {
  const slacks = curves.flatMap((curve) =>
    clipCurve(curve, from, to).map((point) => point.slackUsd),
  )
  const [low, high] = [Math.min(0, ...slacks), Math.max(0, ...slacks)]
  const step = roundStep((high - low || 1) / 4)
  const least = Math.floor(low / step) * step
  const most = Math.ceil(high / step) * step
  return { from, to, least, most: most > least ? most : least + step, step }
}

/** The next of 1, 2, 5 times a power of ten. */
function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough))
  return power * ([1, 2, 5].find((times) => times * power >= rough) ?? 10)
}
