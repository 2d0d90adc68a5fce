/** Scenarios against accounts: passes, fails, unknown, each with its slack; shape and word, not only colour. */
import { Check, CircleHelp, X } from 'lucide-react'
import type { ScenarioResult } from '../../shared/risk/report.ts'
import type { AccountView } from '../data/portfolio.ts'
import { visibleText } from '../format/addresses.ts'
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
    <td className={`cell ${result.outcome}`} data-outcome={result.outcome}>
      <Tip text={slack}>
        <span tabIndex={0}>
          <Icon size={14} aria-hidden /> {t(`outcome.${result.outcome}`)}
        </span>
      </Tip>
    </td>
  )
}

export function ScenarioMatrix({ accounts }: { readonly accounts: readonly AccountView[] }) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const named = new Map<string, ScenarioResult>()
  for (const { report } of accounts)
    for (const result of report?.scenarios ?? [])
      if (!named.has(result.id)) named.set(result.id, result)
  if (named.size === 0) return null
  return (
    <Panel title={t('matrix.title')} note={t('matrix.note')}>
      <div className="wide-table">
        <table className="plain matrix">
          <thead>
            <tr>
              <th>{t('scenario')}</th>
              <th className="right">{t('scenario.btcMove')}</th>
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
                  {scenario.shownOnly === true && (
                    <span className="dim small-text"> · {t('scenario.shownOnly')}</span>
                  )}
                </td>
                <td className="right num dim">
                  {scenario.shock === null ? '' : format.shock(scenario.shock)}
                </td>
                {accounts.map(({ accountId, report }) => (
                  <Cell
                    key={accountId}
                    result={report?.scenarios.find(({ id }) => id === scenario.id)}
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
