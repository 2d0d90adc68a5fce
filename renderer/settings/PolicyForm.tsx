/** What every account must survive, as numbers a person can change. What loosens protection is said before it is
 *  sent, and confirmed outside this window by the host. */
import { ShieldAlert } from 'lucide-react'
import { useState } from 'react'
import { loosensPolicy } from '../../shared/risk/loosens.ts'
import type { Policy } from '../../shared/risk/policy.ts'
import { refusalOf, useAsk } from '../data/host.ts'
import { decimalText, readLocalDecimal } from '../format/numbers.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { Panel } from '../ui/Panel.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { StateTag } from '../ui/StateTag.tsx'
import { scenarioName } from '../ui/scenarioName.ts'

type Limit = Exclude<keyof Policy, 'scenarios'>

interface LimitRow {
  readonly key: Limit
  readonly unit: 'x' | 'usd' | 'percent' | 's' | 'min' | 'h' | 'satvb' | 'gwei'
  /** Shown figure = stored figure × scale. */
  readonly scale: number
  readonly whole?: true
}

const rows: readonly LimitRow[] = [
  { key: 'bufferOfMaintenance', unit: 'x', scale: 1 },
  { key: 'floorUsd', unit: 'usd', scale: 1 },
  { key: 'exposureCap', unit: 'percent', scale: 100 },
  { key: 'minimumSweepUsd', unit: 'usd', scale: 1 },
  { key: 'staleAfterMs', unit: 's', scale: 1 / 1_000, whole: true },
  { key: 'planLifetimeMs', unit: 'min', scale: 1 / 60_000, whole: true },
  { key: 'priceLimitBps', unit: 'percent', scale: 1 / 100, whole: true },
  { key: 'firstPaymentCapUsd', unit: 'usd', scale: 1 },
  { key: 'coolOffHours', unit: 'h', scale: 1 },
  { key: 'feeCapOfAmount', unit: 'percent', scale: 100 },
  { key: 'feeCapSatPerVb', unit: 'satvb', scale: 1 },
  { key: 'feeCapGwei', unit: 'gwei', scale: 1 },
]

function shownFigure(policy: Policy, row: LimitRow, locale: string): string {
  return decimalText(locale, String(Number((policy[row.key] * row.scale).toFixed(6))), 0)
}

/** Zero is a number too here; everything else as amounts are read. */
function readFigure(locale: string, typed: string): number | undefined {
  if (/^0([.,]0*)?$/.test(typed.trim())) return 0
  const text = readLocalDecimal(locale, typed)
  return text === undefined ? undefined : Number(text)
}

export function readPolicy(
  before: Policy,
  typed: Readonly<Partial<Record<Limit, string>>>,
  locale: string,
): { readonly policy: Policy; readonly wrong: readonly Limit[] } {
  let policy = before
  const wrong: Limit[] = []
  for (const row of rows) {
    const text = typed[row.key]
    if (text === undefined) continue
    const figure = readFigure(locale, text)
    if (figure === undefined) {
      wrong.push(row.key)
      continue
    }
    const stored = figure / row.scale
    policy = {
      ...policy,
      [row.key]: row.whole === true ? Math.round(stored) : Number(stored.toFixed(9)),
    }
  }
  return { policy, wrong }
}

export function PolicyForm({ policy }: { readonly policy: Policy }) {
  const speech = useText()
  const { t, locale } = speech
  const format = useFormat()
  const write = useAsk('settings.writePolicy')
  const [typed, setTyped] = useState<Readonly<Partial<Record<Limit, string>>>>({})
  const read = readPolicy(policy, typed, locale)
  const changed = Object.keys(typed).length > 0
  const loosens = changed && read.wrong.length === 0 && loosensPolicy(policy, read.policy)
  const refusal = refusalOf(write.error)
  return (
    <Panel title={t('policy.title')} note={t('policy.note')}>
      <div className="form">
        {rows.map((row) => (
          <label key={row.key} className="field">
            <span>{t(`policy.${row.key}`)}</span>
            <span className="joined">
              <input
                name={row.key}
                inputMode="decimal"
                className="num"
                value={typed[row.key] ?? shownFigure(policy, row, locale)}
                aria-invalid={read.wrong.includes(row.key)}
                onChange={(event) => setTyped({ ...typed, [row.key]: event.target.value })}
              />
              <span className="unit">{t(`unit.${row.unit}`)}</span>
            </span>
            <span className="hint">{t(`policy.${row.key}.hint`)}</span>
          </label>
        ))}
      </div>
      <details className="scenarios-list">
        <summary>{t('policy.scenarios', { count: policy.scenarios.length })}</summary>
        <ul>
          {policy.scenarios.map((scenario) => (
            <li key={scenario.id}>
              <span>{scenarioName(scenario, format, speech)}</span>{' '}
              <span className="dim num">
                BTC {format.shock(scenario.btc)}
                {Object.entries(scenario.assets).map(
                  ([asset, move]) => ` · ${asset} ${format.shock(move)}`,
                )}
                {scenario.shownOnly === true && ` · ${t('scenario.shownOnly')}`}
              </span>
            </li>
          ))}
        </ul>
      </details>
      {loosens && (
        <p className="quiet-note">
          <ShieldAlert size={16} aria-hidden className="grade-warn" />{' '}
          <span>
            {t('policy.loosens')} {t('policy.onDevice')}
          </span>
        </p>
      )}
      <div className="actions">
        <Button
          tone="primary"
          why={!changed ? t('policy.unchanged') : read.wrong.length > 0 ? t('policy.wrong') : null}
          busy={write.isPending ? t(loosens ? 'policy.asking' : 'policy.saving') : null}
          onPress={() => write.mutate({ policy: read.policy }, { onSuccess: () => setTyped({}) })}
        >
          {t('policy.save')}
        </Button>
        {changed && !write.isPending && <Button onPress={() => setTyped({})}>{t('cancel')}</Button>}
        {write.isSuccess && !changed && <StateTag grade="good" text={t('policy.saved')} />}
      </div>
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </Panel>
  )
}
