/** Scenarios against accounts: passes, fails, unknown, each with its slack; shape and word, not only colour. */
import { Check, CircleHelp, X } from 'lucide-react'
import type { Policy } from '../../shared/risk/policy.ts'
import type { ScenarioResult } from '../../shared/risk/report.ts'
import type { AccountView } from '../data/portfolio.ts'
import { visibleText } from '../format/addresses.ts'
import type { Format } from '../format/format.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Panel } from '../ui/Panel.tsx'
import { Tip } from '../ui/Tip.tsx'
import { missingText } from '../ui/missing.ts'
import { scenarioName } from '../ui/scenarioName.ts'

function Cell({ result }: { readonly result: ScenarioResult | undefined }) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  if (result === undefined) return <td className="cell dim">{t('outcome.notMade')}</td>
  const slack =
    result.slackUsd.kind === 'known'
      ? t('outcome.slack', { slack: format.usd(result.slackUsd.value) })
      : t('unknown.because', { reasons: missingText(result.missing, speech) })
  const Icon = result.outcome === 'passes' ? Check : result.outcome === 'fails' ? X : CircleHelp
  return (
    <td className={`cell outcome-${result.outcome}`} data-outcome={result.outcome}>
      <Tip text={slack}>
        <span tabIndex={0}>
          <Icon size={14} aria-hidden /> {t(`outcome.${result.outcome}`)}
        </span>
      </Tip>
    </td>
  )
}

export interface ScenarioMatrixProps {
  readonly accounts: readonly AccountView[]
  readonly policy: Policy
}

/** BTC's move and those of single assets, where the scenario has its own. */
function movesText(scenario: ScenarioResult, policy: Policy, format: Format): string {
  const known = policy.scenarios.find(({ id }) => id === scenario.id)
  if (known === undefined) return scenario.shock === null ? '' : format.shock(scenario.shock)
  return [
    ...(known.btc === 0 ? [] : [`BTC ${format.shock(known.btc)}`]),
    ...Object.entries(known.assets).map(
      ([asset, move]) => `${visibleText(asset)} ${format.shock(move)}`,
    ),
  ].join(' · ')
}

export function ScenarioMatrix({ accounts, policy }: ScenarioMatrixProps) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const named = new Map<string, ScenarioResult>()
  const extremes = new Set<string>()
  for (const { report } of accounts) {
    for (const result of report?.scenarios ?? []) named.set(result.id, result)
    for (const { id } of report?.extremes ?? []) extremes.add(id)
  }
  for (const { report } of accounts)
    for (const result of report?.extremes ?? []) named.set(result.id, result)
  if (named.size === 0) return null
  return (
    <Panel title={t('matrix.title')} note={t('matrix.note')}>
      <div className="wide-table">
        <table className="plain matrix">
          <thead>
            <tr>
              <th>{t('scenario')}</th>
              <th>{t('scenario.moves')}</th>
              {accounts.map(({ accountId, label }) => (
                <th key={accountId} className="cell">
                  {visibleText(label)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {[...named.values()].map((scenario) => (
              <tr key={scenario.id}>
                <td>
                  {scenarioName(scenario, format, speech)}
                  {extremes.has(scenario.id) && (
                    <span className="dim small-text"> · {t('scenario.shownOnly')}</span>
                  )}
                </td>
                <td className="num dim">{movesText(scenario, policy, format)}</td>
                {accounts.map(({ accountId, report }) => (
                  <Cell
                    key={accountId}
                    result={[...(report?.scenarios ?? []), ...(report?.extremes ?? [])].find(
                      ({ id }) => id === scenario.id,
                    )}
                  />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
