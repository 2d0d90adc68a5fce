/** A withdrawal from the vault: asset, amount, recipient, fee; the host plans it or refuses with its reasons. */
import { useState } from 'react'
import { chainName } from '../format/chains.ts'
import { readLocalDecimal } from '../format/numbers.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { usePlanning } from '../transfers/usePlanning.ts'
import { AddressText } from '../ui/AddressText.tsx'
import { Button } from '../ui/Button.tsx'
import { Panel } from '../ui/Panel.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { type FeeTarget, FeeTargetChoice } from '../ui/FeeTarget.tsx'
import type { VaultView } from '../data/vault.ts'
import { type CoinRow, sumCoins } from './coins/coinList.ts'

interface Draft {
  readonly which: number
  readonly amount: string
  readonly all: boolean
  readonly address: string
  readonly label: string
  readonly target: FeeTarget
}

const empty: Draft = { which: 0, amount: '', all: false, address: '', label: '', target: 'normal' }

export interface SendProps {
  readonly vault: VaultView
  /** Chosen by hand: these pay and no others. */
  readonly coins?: readonly CoinRow[]
}

export function Send({ vault, coins }: SendProps) {
  const { t, locale } = useText()
  const format = useFormat()
  const planning = usePlanning()
  const [draft, setDraft] = useState<Draft>(empty)
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part })
  const balance =
    coins === undefined
      ? (vault.balances[draft.which] ?? vault.balances[0])
      : vault.balances.find(({ chain }) => chain === 'bitcoin')
  if (balance === undefined)
    return (
      <Panel title={t('vault.send')}>
        <p className="empty-text">{t('send.nothing')}</p>
      </Panel>
    )
  const amount = draft.all ? 'all' : readLocalDecimal(locale, draft.amount)
  const address = draft.address.trim()
  const why =
    amount === undefined ? t('send.needAmount') : address === '' ? t('send.needAddress') : null
  const submit = () => {
    if (amount === undefined || why !== null) return
    planning.plan(
      {
        purpose: 'withdraw',
        chain: balance.chain,
        asset: balance.amount.asset,
        amount,
        address,
        ...(draft.label.trim() === '' ? {} : { label: draft.label.trim() }),
        ...(balance.chain === 'bitcoin' ? { feeTarget: draft.target } : {}),
        ...(coins === undefined ? {} : { coins: coins.map(({ outpoint }) => outpoint) }),
      },
      'send',
    )
  }
  return (
    <Panel title={t('vault.send')} note={t('send.note')}>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        {coins === undefined ? (
          <label className="field">
            <span>{t('asset')}</span>
            <select
              name="asset"
              value={draft.which}
              onChange={(event) => change({ which: Number(event.target.value), all: false })}
            >
              {vault.balances.map((each, index) => (
                <option key={`${each.chain} ${each.amount.asset}`} value={index}>
                  {each.amount.asset} · {chainName(each.chain)}
                </option>
              ))}
            </select>
            <span className="hint num">
              {t('send.available', { amount: format.amountExact(balance.amount) })}
            </span>
          </label>
        ) : (
          <div className="field">
            <span>{t('send.chosen', { count: coins.length })}</span>
            <strong className="num">
              {format.amountExact({ ...balance.amount, units: sumCoins(coins).value })}
            </strong>
            <span className="hint">{t('send.chosenNote')}</span>
          </div>
        )}
        <div className="field">
          <label htmlFor="send-amount">{t('amount')}</label>
          <div className="joined">
            <input
              id="send-amount"
              name="amount"
              inputMode="decimal"
              autoComplete="off"
              value={draft.all ? t('send.all') : draft.amount}
              readOnly={draft.all}
              aria-invalid={draft.amount !== '' && amount === undefined}
              onChange={(event) => change({ amount: event.target.value })}
            />
            <span className="unit">{balance.amount.asset}</span>
            <button
              type="button"
              className="button quiet"
              aria-pressed={draft.all}
              onClick={() => change({ all: !draft.all })}
            >
              {t('send.all')}
            </button>
          </div>
          {draft.amount !== '' && amount === undefined && (
            <span className="hint breach-text">{t('send.badAmount')}</span>
          )}
        </div>
        <label className="field wide">
          <span>{t('send.address')}</span>
          <input
            name="address"
            className="mono"
            autoComplete="off"
            spellCheck={false}
            maxLength={200}
            value={draft.address}
            onChange={(event) => change({ address: event.target.value })}
          />
          {address !== '' && (
            <span className="hint">
              <AddressText address={address} />
            </span>
          )}
          <span className="hint">{t('send.addressHint')}</span>
        </label>
        <label className="field">
          <span>{t('send.label')}</span>
          <input
            name="label"
            maxLength={60}
            value={draft.label}
            onChange={(event) => change({ label: event.target.value })}
          />
        </label>
        {balance.chain === 'bitcoin' && (
          <FeeTargetChoice value={draft.target} onChange={(target) => change({ target })} />
        )}
        <div className="actions wide">
          <Button
            tone="primary"
            why={why}
            busy={planning.busy ? t('plan.making') : null}
            onPress={submit}
          >
            {t('send.plan')}
          </Button>
          <span className="dim small-text">{t('send.planHint')}</span>
        </div>
      </form>
      {planning.refusal !== null && <RefusalNote refusal={planning.refusal} />}
    </Panel>
  )
}
