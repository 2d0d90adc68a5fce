/** A withdrawal from the vault: account, asset, amount, recipient, fee; the host plans it or refuses with its reasons. */
import { useState } from 'react'
import { chainName } from '../format/chains.ts'
import { decimalText, readLocalDecimal } from '../format/numbers.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'
import { usePlanning } from '../transfers/usePlanning.ts'
import { Button } from '../ui/Button.tsx'
import { type FeeTarget, FeeTargetChoice } from '../ui/FeeTarget.tsx'
import { Panel } from '../ui/Panel.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import type { VaultView } from '../data/vault.ts'
import { RecipientField } from './RecipientField.tsx'
import { RecipientName } from './RecipientName.tsx'
import { allAccounts, findAccount, fullAccountName } from './accounts/accountName.ts'
import { type CoinRow, sumCoins } from './coins/coinList.ts'
import type { PaymentRequest } from './paymentRequest.ts'

type Balance = VaultView['balances'][number]

interface Draft {
  /** `account chain asset`; null for the first. */
  readonly source: string | null
  readonly amount: string
  readonly all: boolean
  readonly address: string
  readonly label: string
  readonly target: FeeTarget
}

const empty: Draft = {
  source: null,
  amount: '',
  all: false,
  address: '',
  label: '',
  target: 'normal',
}

function sourceKey({ accountId = '', chain, amount }: Balance): string {
  return [accountId, chain, amount.asset].join(' ')
}

interface SourceChoiceProps {
  readonly vault: VaultView
  readonly chosen: Balance
  readonly onChange: (key: string) => void
}

function SourceChoice({ vault, chosen, onChange }: SourceChoiceProps) {
  const { t } = useText()
  const format = useFormat()
  return (
    <label className="field">
      <span>{t('asset')}</span>
      <select
        name="asset"
        value={sourceKey(chosen)}
        onChange={(event) => onChange(event.target.value)}
      >
        {allAccounts(vault).map((found) => {
          const own = vault.balances.filter(({ accountId }) => accountId === found.account.id)
          return own.length === 0 ? null : (
            <optgroup key={found.account.id} label={fullAccountName(vault, found, t)}>
              {own.map((each) => (
                <option key={sourceKey(each)} value={sourceKey(each)}>
                  {each.amount.asset} · {chainName(each.chain)}
                </option>
              ))}
            </optgroup>
          )
        })}
      </select>
      <span className="hint num">
        {t('send.available', { amount: format.amountExact(chosen.amount) })}
      </span>
    </label>
  )
}

function ChosenCoins({ coins }: { readonly coins: readonly CoinRow[] }) {
  const { t } = useText()
  const format = useFormat()
  return (
    <div className="field">
      <span>{t('send.chosen', { count: coins.length })}</span>
      <strong className="num">
        {format.amountExact({ asset: 'BTC', decimals: 8, units: sumCoins(coins).value })}
      </strong>
      <span className="hint">{t('send.chosenNote')}</span>
    </div>
  )
}

export interface SendProps {
  readonly vault: VaultView
  /** Chosen by hand, all of one account: these pay and no others. */
  readonly coins?: readonly CoinRow[]
  /** The account to start with; null for the one that sweeps go to. */
  readonly from?: string | null
}

/** The balance that pays: the one chosen, else the first of the wished account, else the first of all. */
function payingBalance(
  { vault, coins, from }: SendProps,
  source: string | null,
): Balance | undefined {
  const { balances, destinations } = vault
  const wished = coins?.[0]?.coin.accountId ?? from ?? destinations.bitcoin
  const inChoice =
    coins === undefined ? balances : balances.filter(({ chain }) => chain === 'bitcoin')
  return (
    inChoice.find((each) => sourceKey(each) === source) ??
    inChoice.find(({ accountId }) => accountId === wished) ??
    inChoice[0]
  )
}

export function Send(props: SendProps) {
  const { vault, coins } = props
  const { t, locale } = useText()
  const planning = usePlanning()
  const [draft, setDraft] = useState<Draft>(empty)
  const change = (part: Partial<Draft>) => setDraft((before) => ({ ...before, ...part }))
  const balance = payingBalance(props, draft.source)
  if (balance === undefined)
    return (
      <Panel title={t('vault.send')}>
        <p className="empty-text">{t('send.nothing')}</p>
      </Panel>
    )
  const { chain } = balance
  const { asset } = balance.amount
  const amount = draft.all ? 'all' : readLocalDecimal(locale, draft.amount)
  const address = draft.address.trim()
  const airGapped =
    balance.accountId !== undefined &&
    findAccount(vault, balance.accountId)?.wallet.signer.kind === 'air-gapped'
  const why =
    amount === undefined ? t('send.needAmount') : address === '' ? t('send.needAddress') : null
  const takeRequest = (request: PaymentRequest) => {
    const other =
      request.chain === null || request.chain === chain
        ? undefined
        : vault.balances.find((each) => each.chain === request.chain)
    change({
      address: request.address,
      ...(other === undefined || coins !== undefined ? {} : { source: sourceKey(other) }),
      ...(request.label === null ? {} : { label: request.label }),
      ...(request.amount === null
        ? {}
        : { amount: decimalText(locale, request.amount, 0), all: false }),
    })
  }
  const submit = () => {
    if (amount === undefined || why !== null) return
    planning.plan(
      {
        purpose: 'withdraw',
        chain,
        asset,
        amount,
        address,
        ...(balance.accountId === undefined ? {} : { from: balance.accountId }),
        ...(draft.label.trim() === '' ? {} : { label: draft.label.trim() }),
        ...(chain === 'bitcoin' ? { feeTarget: draft.target } : {}),
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
          <SourceChoice
            vault={vault}
            chosen={balance}
            onChange={(source) => change({ source, all: false })}
          />
        ) : (
          <ChosenCoins coins={coins} />
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
            <span className="unit">{asset}</span>
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
          {draft.all && (
            <span className="hint">
              {t(coins === undefined ? 'send.allHint' : 'send.allChosen')}
            </span>
          )}
        </div>
        <RecipientField
          chain={chain}
          address={draft.address}
          onAddress={(text) => change({ address: text })}
          onRequest={takeRequest}
        />
        {chain !== 'bitcoin' && (
          <RecipientName
            text={draft.address.trim()}
            onFound={(found) =>
              change({
                address: found.address,
                label: draft.label.trim() === '' ? found.name.slice(0, 60) : draft.label,
              })
            }
          />
        )}
        <label className="field">
          <span>{t('send.label')}</span>
          <input
            name="label"
            maxLength={60}
            value={draft.label}
            onChange={(event) => change({ label: event.target.value })}
          />
        </label>
        {chain === 'bitcoin' && (
          <FeeTargetChoice value={draft.target} onChange={(target) => change({ target })} />
        )}
        <p className="hint wide dim small-text">
          {t(chain === 'bitcoin' ? 'send.changeNote' : 'send.evmNote')}
          {airGapped && ` ${t('send.airGapped')}`}
        </p>
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
