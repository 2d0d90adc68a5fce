/** A withdrawal from the vault: account, asset, amount, recipient, fee; the host plans it or refuses with its reasons. */
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { chainName } from '../../format/chains.ts'
import { decimalText, readLocalDecimal } from '../../format/numbers.ts'
import { useFormat } from '../../format/useFormat.ts'
import { useText } from '../../language/text.ts'
import { usePlanning } from '../../transfers/usePlanning.ts'
import { Button } from '../../ui/Button.tsx'
import { FeeChoice, useFeeRates } from '../../ui/FeeTarget.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { RefusalNote } from '../../ui/RefusalNote.tsx'
import type { VaultView } from '../../data/vault.ts'
import { RecipientField } from './RecipientField.tsx'
import { RecipientName } from './RecipientName.tsx'
import { allAccounts, findAccount, fullAccountName } from '../accounts/accountName.ts'
import { type CoinRow, sumCoins } from '../coins/coinList.ts'
import {
  type RecipientDraft,
  type SendDraft,
  emptyDraft,
  emptyRecipient,
  readDraft,
} from './draft.ts'
import type { PaymentRequest } from './paymentRequest.ts'

type Balance = VaultView['balances'][number]

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
  const found = chosen.accountId === undefined ? undefined : findAccount(vault, chosen.accountId)
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
        {found !== undefined && ` · ${fullAccountName(vault, found, t)}`}
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

/** The balance that pays: the one chosen, else of the wished account, else the first that holds anything. */
function payingBalance(
  { vault, coins, from }: SendProps,
  source: string | null,
): Balance | undefined {
  const { balances, destinations } = vault
  const wished = coins?.[0]?.coin.accountId ?? from ?? destinations.bitcoin
  const inChoice =
    coins === undefined ? balances : balances.filter(({ chain }) => chain === 'bitcoin')
  const ofWished = inChoice.filter(({ accountId }) => accountId === wished)
  const holds = ({ amount }: Balance) => amount.units > 0n
  return (
    inChoice.find((each) => sourceKey(each) === source) ??
    ofWished.find(holds) ??
    // Asked for by name, an empty account is shown as empty.
    (from === null || from === undefined ? inChoice.find(holds) : undefined) ??
    ofWished[0] ??
    inChoice[0]
  )
}

interface RecipientProps {
  readonly index: number
  readonly draft: RecipientDraft
  readonly chain: string
  readonly asset: string
  /** Null where everything cannot be sent: there are several recipients. */
  readonly all: boolean | null
  readonly allHint: string
  readonly onChange: (part: Partial<RecipientDraft>) => void
  readonly onAll: (all: boolean) => void
  readonly onRequest: (request: PaymentRequest) => void
  /** Null for the only one. */
  readonly onRemove: (() => void) | null
}

function Recipient(props: RecipientProps) {
  const { index, draft, chain, asset, all, allHint, onChange, onAll, onRequest, onRemove } = props
  const { t, locale } = useText()
  const suffix = index === 0 ? '' : `-${index}`
  const wrong = draft.amount !== '' && readLocalDecimal(locale, draft.amount) === undefined
  return (
    <fieldset className="recipient wide form">
      <legend className={onRemove === null ? 'unseen' : undefined}>
        {t('send.recipient', { number: index + 1 })}
        {onRemove !== null && (
          <button
            type="button"
            className="copy"
            aria-label={t('send.removeRecipient', { number: index + 1 })}
            onClick={onRemove}
          >
            <Trash2 size={14} aria-hidden />
          </button>
        )}
      </legend>
      <RecipientField
        id={`send-address${suffix}`}
        chain={chain}
        address={draft.address}
        onAddress={(address) => onChange({ address })}
        onRequest={onRequest}
      />
      {chain !== 'bitcoin' && (
        <RecipientName
          text={draft.address.trim()}
          onFound={({ address, name }) =>
            onChange({
              address,
              ...(draft.label.trim() === '' ? { label: name.slice(0, 60) } : {}),
            })
          }
        />
      )}
      <div className="field">
        <label htmlFor={`send-amount${suffix}`}>{t('amount')}</label>
        <div className="joined">
          <input
            id={`send-amount${suffix}`}
            name="amount"
            inputMode="decimal"
            autoComplete="off"
            value={all === true ? t('send.all') : draft.amount}
            readOnly={all === true}
            aria-invalid={wrong}
            onChange={(event) => onChange({ amount: event.target.value })}
          />
          <span className="unit">{asset}</span>
          {all !== null && (
            <button
              type="button"
              className="button quiet"
              aria-pressed={all}
              onClick={() => onAll(!all)}
            >
              {t('send.all')}
            </button>
          )}
        </div>
        {wrong && <span className="hint breach-text">{t('send.badAmount')}</span>}
        {all === true && <span className="hint">{allHint}</span>}
      </div>
      <label className="field">
        <span>{t('send.label')}</span>
        <input
          name="label"
          maxLength={60}
          value={draft.label}
          onChange={(event) => onChange({ label: event.target.value })}
        />
      </label>
    </fieldset>
  )
}

/** As many as one transaction of the host takes beside the first. */
const mostRecipients = 51

export function Send(props: SendProps) {
  const { vault, coins } = props
  const { t, locale } = useText()
  const planning = usePlanning()
  const cap = useFeeRates()?.capSatPerVb
  const [draft, setDraft] = useState<SendDraft>(emptyDraft)
  const change = (part: Partial<SendDraft>) => setDraft((before) => ({ ...before, ...part }))
  const changeRecipient = (at: number, part: Partial<RecipientDraft>) =>
    setDraft((before) => ({
      ...before,
      recipients: before.recipients.map((each, index) =>
        index === at ? { ...each, ...part } : each,
      ),
    }))
  const balance = payingBalance(props, draft.source)
  if (balance === undefined)
    return (
      <Panel title={t('vault.send')}>
        <p className="empty-text">{t('send.nothing')}</p>
      </Panel>
    )
  const { chain } = balance
  const { asset } = balance.amount
  const onBitcoin = chain === 'bitcoin'
  // Another chain pays one recipient at a time: the rest waits for bitcoin to be chosen again.
  const recipients = onBitcoin ? draft.recipients : draft.recipients.slice(0, 1)
  const read = readDraft({ ...draft, recipients }, locale, cap)
  const airGapped =
    balance.accountId !== undefined &&
    findAccount(vault, balance.accountId)?.wallet.signer.kind === 'air-gapped'
  const takeRequest = (at: number, request: PaymentRequest) => {
    const other =
      request.chain === null || request.chain === chain
        ? undefined
        : vault.balances.find((each) => each.chain === request.chain)
    if (other !== undefined && coins === undefined) change({ source: sourceKey(other) })
    changeRecipient(at, {
      address: request.address,
      ...(request.label === null ? {} : { label: request.label }),
      ...(request.amount === null ? {} : { amount: decimalText(locale, request.amount, 0) }),
    })
    if (request.amount !== null) change({ all: false })
  }
  const submit = () => {
    if (read.kind === 'missing') return
    const { first, also, feeRateSatPerVb } = read
    planning.plan(
      {
        purpose: 'withdraw',
        chain,
        asset,
        ...first,
        ...(also.length === 0 ? {} : { also: [...also] }),
        ...(balance.accountId === undefined ? {} : { from: balance.accountId }),
        ...(!onBitcoin
          ? {}
          : draft.fee.kind === 'target'
            ? { feeTarget: draft.fee.target }
            : feeRateSatPerVb === null
              ? {}
              : { feeRateSatPerVb }),
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
        {recipients.map((each, index) => (
          <Recipient
            // Rows have no name of their own; the last one is what is added and removed.
            key={index}
            index={index}
            draft={each}
            chain={chain}
            asset={asset}
            all={recipients.length > 1 ? null : draft.all}
            allHint={t(coins === undefined ? 'send.allHint' : 'send.allChosen')}
            onChange={(part) => changeRecipient(index, part)}
            onAll={(all) => change({ all })}
            onRequest={(request) => takeRequest(index, request)}
            onRemove={
              recipients.length === 1
                ? null
                : () =>
                    change({ recipients: recipients.filter((_, position) => position !== index) })
            }
          />
        ))}
        {onBitcoin && !draft.all && recipients.length < mostRecipients && (
          <div className="actions wide">
            <Button small onPress={() => change({ recipients: [...recipients, emptyRecipient] })}>
              <Plus size={13} aria-hidden /> {t('send.addRecipient')}
            </Button>
            <span className="dim small-text">{t('send.addRecipientHint')}</span>
          </div>
        )}
        {onBitcoin && (
          <FeeChoice
            value={draft.fee}
            onTarget={(target) => change({ fee: { kind: 'target', target } })}
            onOwn={(text) => change({ fee: { kind: 'own', text } })}
          />
        )}
        <p className="wide dim small-text">
          {t(onBitcoin ? 'send.changeNote' : 'send.evmNote')}
          {airGapped && ` ${t('send.airGapped')}`}
        </p>
        <div className="actions wide">
          <Button
            tone="primary"
            why={read.kind === 'missing' ? t(`send.need.${read.what}`) : null}
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
