/** Connects an exchange with a read-only key, or a DEX account by its address. The secret leaves this form once. */
import { useState } from 'react'
import type { Contract } from '../../shared/contract/contract.ts'
import type { InputOf } from '../../shared/contract/method.ts'
import { refusalOf, useAsk } from '../data/host.ts'
import { visibleText } from '../format/addresses.ts'
import { venueNames } from '../format/venues.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { Panel } from '../ui/Panel.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { StateTag } from '../ui/StateTag.tsx'

type Venue = InputOf<Contract['venues.connect']>['venue']

/** Venues whose adapters exist; the others follow with theirs. */
const venues: readonly Venue[] = ['binance-usdm', 'hyperliquid']
const byAddress: ReadonlySet<Venue> = new Set<Venue>(['hyperliquid', 'dydx'])

interface Draft {
  readonly venue: Venue
  readonly label: string
  readonly key: string
  readonly secret: string
}

const empty: Draft = { venue: 'binance-usdm', label: '', key: '', secret: '' }

export function ConnectForm() {
  const { t } = useText()
  const connect = useAsk('venues.connect')
  const [draft, setDraft] = useState<Draft>(empty)
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part })
  const public_ = byAddress.has(draft.venue)
  const label = draft.label.trim()
  const key = draft.key.trim()
  const why =
    label === ''
      ? t('connect.needLabel')
      : key === ''
        ? public_
          ? t('connect.needAddress')
          : t('connect.needKey')
        : !public_ && draft.secret === ''
          ? t('connect.needSecret')
          : null
  const refusal = refusalOf(connect.error)
  const submit = () => {
    if (why !== null) return
    connect.mutate(
      { venue: draft.venue, label, key, ...(public_ ? {} : { secret: draft.secret }) },
      { onSettled: () => setDraft({ ...draft, key: '', secret: '' }) },
    )
  }
  return (
    <Panel title={t('connect.title')} note={t('connect.note')}>
      <form
        className="form"
        autoComplete="off"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <label className="field">
          <span>{t('connect.venue')}</span>
          <select
            name="venue"
            value={draft.venue}
            onChange={(event) => {
              const venue = venues.find((candidate) => candidate === event.target.value)
              if (venue !== undefined) change({ venue, key: '', secret: '' })
            }}
          >
            {venues.map((venue) => (
              <option key={venue} value={venue}>
                {venueNames[venue]}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>{t('connect.label')}</span>
          <input
            name="label"
            maxLength={60}
            value={draft.label}
            onChange={(event) => change({ label: event.target.value })}
          />
        </label>
        <label className="field">
          <span>{public_ ? t('connect.address') : t('connect.key')}</span>
          <input
            name="key"
            className="mono"
            spellCheck={false}
            maxLength={300}
            value={draft.key}
            onChange={(event) => change({ key: event.target.value })}
          />
        </label>
        {!public_ && (
          <label className="field">
            <span>{t('connect.secret')}</span>
            <input
              name="secret"
              type="password"
              autoComplete="new-password"
              className="mono"
              maxLength={300}
              value={draft.secret}
              onChange={(event) => change({ secret: event.target.value })}
            />
          </label>
        )}
        <p className="dim small-text wide">
          {public_ ? t('connect.hintAddress') : t('connect.hintKey')}
        </p>
        <div className="actions wide">
          <Button
            tone="primary"
            why={why}
            busy={connect.isPending ? t('connect.busy') : null}
            onPress={submit}
          >
            {t('connect.do')}
          </Button>
          {connect.data !== undefined && (
            <StateTag
              grade="good"
              text={t('connect.done', { label: visibleText(connect.data.label) })}
            />
          )}
        </div>
      </form>
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </Panel>
  )
}
