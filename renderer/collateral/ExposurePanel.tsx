/** What hangs on each asset across venues and vault, with the share of the largest collateral. */
import { TriangleAlert } from 'lucide-react'
import type { Portfolio } from '../data/portfolio.ts'
import { visibleText } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Panel } from '../ui/Panel.tsx'
import { type Exposure, exposures, gross } from './exposure.ts'

function Bar({ exposure, scale }: { readonly exposure: Exposure; readonly scale: number }) {
  const { t } = useText()
  const format = useFormat()
  const width = (usd: number) => `${(Math.abs(usd) / scale) * 100}%`
  return (
    <span
      className="exposure-bar"
      role="img"
      aria-label={t('exposure.describe', {
        asset: exposure.asset,
        collateral: format.usd(exposure.collateralUsd),
        positions: format.usd(exposure.positionsUsd),
        vault: format.usd(exposure.vaultUsd),
      })}
    >
      <span className="part hot" style={{ width: width(exposure.collateralUsd) }} />
      <span
        className={`part ${exposure.positionsUsd < 0 ? 'short' : 'long'}`}
        style={{ width: width(exposure.positionsUsd) }}
      />
      <span className="part cold" style={{ width: width(exposure.vaultUsd) }} />
    </span>
  )
}

export function ExposurePanel({ portfolio }: { readonly portfolio: Portfolio }) {
  const { t } = useText()
  const format = useFormat()
  const rows = exposures(portfolio).filter((row) => gross(row) > 0 || row.unpriced.length > 0)
  const scale = Math.max(1, ...rows.map(gross))
  const collateral = rows.reduce((sum, row) => sum + Math.max(0, row.collateralUsd), 0)
  const largest = [...rows].sort((a, b) => b.collateralUsd - a.collateralUsd)[0]
  return (
    <Panel
      title={t('exposure.title')}
      note={
        largest !== undefined && collateral > 0
          ? t('exposure.concentration', {
              asset: visibleText(largest.asset),
              share: format.percent(largest.collateralUsd / collateral),
            })
          : undefined
      }
    >
      <div className="wide-table">
        <table className="plain">
          <thead>
            <tr>
              <th>{t('asset')}</th>
              <th className="bar-column">
                <span className="legend">
                  <span className="swatch hot" aria-hidden /> {t('exposure.collateral')}
                  <span className="swatch long" aria-hidden /> {t('exposure.long')}
                  <span className="swatch short" aria-hidden /> {t('exposure.short')}
                  <span className="swatch cold" aria-hidden /> {t('vault')}
                </span>
              </th>
              <th className="right">{t('exposure.collateral')}</th>
              <th className="right">{t('exposure.positions')}</th>
              <th className="right">{t('vault')}</th>
              <th className="right">{t('exposure.net')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.asset}>
                <td>
                  <strong>{visibleText(row.asset)}</strong>
                  {row.unpriced.length > 0 && (
                    <div className="small-text unknown-line">
                      <TriangleAlert size={12} aria-hidden />{' '}
                      {t('exposure.unpriced', { where: visibleText(row.unpriced.join(', ')) })}
                    </div>
                  )}
                </td>
                <td>
                  <Bar exposure={row} scale={scale} />
                </td>
                <td className="right num">{format.usd(row.collateralUsd)}</td>
                <td className="right num">{format.usd(row.positionsUsd)}</td>
                <td className="right num">{format.usd(row.vaultUsd)}</td>
                <td className="right num">
                  <strong>{format.usd(row.collateralUsd + row.positionsUsd + row.vaultUsd)}</strong>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
