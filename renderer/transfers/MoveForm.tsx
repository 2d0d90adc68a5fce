/** A sweep or a top-up that nobody suggested: which account, which asset, how much. The host plans or refuses it. */
import { useState } from 'react'
import { useRead } from '../data/host.ts'
import type { Portfolio } from '../data/portfolio.ts'
import { visibleText } from '../format/addresses.ts'
import { readLocalDecimal } from '../format/numbers.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { Panel } from '../ui/Panel.tsx'
import { ReadView } from '../ui/ReadView.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { allAccounts, fullAccountName } from '../vault/accounts/accountName.ts'
import { usePlanning } from './usePlanning.ts'

const directions = ['sweep', 'top-up'] as const
type Direction = (typeof directions)[number]

interface Draft {
  readonly direction: Direction
  readonly accountId: string | null
  readonly asset: string | null
  readonly amount: string
  /** Account of the vault that pays a top-up; null for the one that sweeps go to. */
  readonly from: string | null
}

interface Held {
  readonly asset: string
  /** In words, with its unit. */
  readonly available: string | null
}

function Fields({ portfolio }: { readonly portfolio: Portfolio }) {
  const { t, locale } = useText()
  const format = useFormat()
  const planning = usePlanning()
  const [draft, setDraft] = useState<Draft>({
    direction: 'sweep',
    accountId: null,
    asset: null,
    amount: '',
    from: null,
  })
  const change = (part: Partial<Draft>) => setDraft({ ...draft, ...part })
  const account =
    portfolio.accounts.find(({ accountId }) => accountId === draft.accountId) ??
    portfolio.accounts[0]
  if (account === undefined) return <p className="empty-text">{t('wall.noAccounts')}</p>
  const held: readonly Held[] =
    draft.direction === 'sweep'
      ? (account.snapshot?.collaterals ?? []).map(({ asset, withdrawable }) => ({
          asset,
          available:
            withdrawable === null ? null : format.quantity(withdrawable, visibleText(asset)),
        }))
      : portfolio.vaultBalances.map(({ amount }) => ({
          asset: amount.asset,
          available: format.amountExact(amount),
        }))
  const chosen = held.find(({ asset }) => asset === draft.asset) ?? held[0]
  const vault = useRead('vault.read', {}).data
  const payers =
    vault === undefined || draft.direction === 'sweep' || chosen === undefined
      ? []
      : allAccounts(vault).filter(({ account: { id } }) =>
          vault.balances.some(
            (balance) => balance.accountId === id && balance.amount.asset === chosen.asset,
          ),
        )
  const from = payers.find(({ account: { id } }) => id === draft.from)?.account.id
  const amount = readLocalDecimal(locale, draft.amount)
  const why =
    chosen === undefined ? t('move.nothing') : amount === undefined ? t('send.need.amount') : null
  const submit = () => {
    if (chosen === undefined || amount === undefined) return
    const wish = { accountId: account.accountId, asset: chosen.asset, amount }
    planning.plan(
      draft.direction === 'sweep'
        ? { purpose: 'sweep', ...wish }
        : { purpose: 'top-up', ...wish, ...(from === undefined ? {} : { from }) },
      'move',
    )
  }
  return (
    <>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <div className="field">
          <span>{t('move.direction')}</span>
          <span className="segments" role="group" aria-label={t('move.direction')}>
            {directions.map((direction) => (
              <button
                key={direction}
                type="button"
                aria-pressed={draft.direction === direction}
                onClick={() => change({ direction, asset: null })}
              >
                {t(`move.${direction}`)}
              </button>
            ))}
          </span>
        </div>
        <label className="field">
          <span>{t('account')}</span>
          <select
            name="account"
            value={account.accountId}
            onChange={(event) => change({ accountId: event.target.value, asset: null })}
          >
            {portfolio.accounts.map(({ accountId, label }) => (
              <option key={accountId} value={accountId}>
                {visibleText(label)}
              </option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>{t('asset')}</span>
          <select
            name="move-asset"
            value={chosen?.asset ?? ''}
            onChange={(event) => change({ asset: event.target.value })}
          >
            {held.map(({ asset }) => (
              <option key={asset} value={asset}>
                {visibleText(asset)}
              </option>
            ))}
          </select>
          {chosen !== undefined && (
            <span className="hint num">
              {chosen.available === null
                ? t('move.availableUnknown')
                : t(draft.direction === 'sweep' ? 'move.available' : 'send.available', {
                    amount: chosen.available,
                  })}
            </span>
          )}
        </label>
        {vault !== undefined && payers.length > 1 && (
          <label className="field">
            <span>{t('move.from')}</span>
            <select
              name="move-from"
              value={from ?? ''}
              onChange={(event) => change({ from: event.target.value })}
            >
              <option value="">{t('move.fromUsual')}</option>
              {payers.map((each) => (
                <option key={each.account.id} value={each.account.id}>
                  {fullAccountName(vault, each, t)}
                </option>
              ))}
            </select>
          </label>
        )}
        <label className="field">
          <span>{t('amount')}</span>
          <span className="joined">
            <input
              name="move-amount"
              inputMode="decimal"
              autoComplete="off"
              value={draft.amount}
              aria-invalid={draft.amount !== '' && amount === undefined}
              onChange={(event) => change({ amount: event.target.value })}
            />
            <span className="unit">{visibleText(chosen?.asset ?? '')}</span>
          </span>
          {draft.amount !== '' && amount === undefined && (
            <span className="hint breach-text">{t('send.badAmount')}</span>
          )}
        </label>
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
    </>
  )
}

export function MoveForm() {
  const { t } = useText()
  const read = useRead('portfolio.read', {})
  return (
    <Panel title={t('move.title')} note={t('move.note')}>
      <ReadView read={read} rows={3}>
        {(portfolio) => <Fields portfolio={portfolio} />}
      </ReadView>
    </Panel>
  )
}
