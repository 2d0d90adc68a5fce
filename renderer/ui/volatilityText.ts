/** How σ and ATR were measured, in words: from what, over how many hours, how old; or why they are not known. */
import type { Distance, RiskReport } from '../../shared/risk/report.ts'
import { visibleText } from '../format/addresses.ts'
import type { Format } from '../format/format.ts'
import type { Text } from '../language/text.ts'

/** Keys of `missing.*`; a breached account has no distance to tell in σ. */
export function whyNoVolatility(report: RiskReport, distance: Distance): readonly string[] {
  const reasons = (report.volatility ?? []).flatMap(({ missing }) => missing)
  if (reasons.length > 0) return [...new Set(reasons)]
  const ofRatio = distance.kind === 'finite' && distance.along?.kind === 'ratio'
  return [ofRatio ? 'volatilityOfRatio' : 'volatility']
}

/** One line an asset, and how the figures are made. */
export function measuredText(report: RiskReport, now: number, format: Format, t: Text): string {
  const lines = (report.volatility ?? []).flatMap(
    ({ asset, source, asOf, samples, missingHours, sigma, atr }) =>
      sigma === null || asOf === null
        ? []
        : [
            t('volatility.of', {
              asset: visibleText(asset),
              sigma: format.percent(sigma),
              atr: atr === null ? t('unknown') : format.percent(atr),
              source: visibleText(source),
              hours: samples,
              absent: missingHours,
              age: format.duration(Math.max(0, now - asOf)),
            }),
          ],
  )
  return [...lines, t('volatility.how')].join(' · ')
}
