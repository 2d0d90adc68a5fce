/** What a server said would move if an EVM transaction ran at once: an estimate, part of the plan. */
import { shortId, visibleText } from '../format/addresses.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { StateTag } from '../ui/StateTag.tsx'
import type { Plan } from './transferText.ts'

export function Simulated({ plan }: { readonly plan: Plan }) {
  const { t } = useText()
  const format = useFormat()
  const { execution } = plan
  if (execution.kind !== 'evm' || execution.simulation === undefined) return null
  const { changes, method, source } = execution.simulation
  return (
    <tr data-line="simulation">
      <th scope="row">{t('review.simulation')}</th>
      <td colSpan={3}>
        <span className="tags">
          {changes.length === 0 ? (
            <span>{t('review.simulationPasses')}</span>
          ) : (
            <span className="num">
              {changes
                .map(({ address, units }) => {
                  const moved = { ...plan.amount, units: units < 0n ? -units : units }
                  const who =
                    address === execution.from ? t('review.simulationOwn') : shortId(address, 6, 4)
                  return `${who} ${units < 0n ? '−' : '+'}${format.amountExact(moved)}`
                })
                .join(' · ')}
            </span>
          )}
          <StateTag grade="warn" text={t('estimated')} />
        </span>
        <span className="dim small-text">
          {t('review.simulationNote', { method, source: visibleText(source) })}
        </span>
      </td>
    </tr>
  )
}
