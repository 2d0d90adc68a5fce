/** Puts an account's small coins together while fees are low: fewer inputs to pay for later, at the price of showing
 *  that they are one owner's. The host refuses above the limit. */
import { Merge } from 'lucide-react'
import { useState } from 'react'
import { refusalOf, useAsk } from '../../data/host.ts'
import { goTo } from '../../data/route.ts'
import type { VaultView } from '../../data/vault.ts'
import { plainNumber } from '../../format/numbers.ts'
import { useFormat } from '../../format/useFormat.ts'
import { useText } from '../../language/text.ts'
import { Button } from '../../ui/Button.tsx'
import { Dialog } from '../../ui/Dialog.tsx'
import { ownRate, useFeeRates } from '../../ui/FeeTarget.tsx'
import { RefusalNote } from '../../ui/RefusalNote.tsx'
import { StateTag } from '../../ui/StateTag.tsx'
import { allAccounts, fullAccountName } from '../accounts/accountName.ts'
import type { CoinRow } from './coinList.ts'

/** What a coin costs to spend in usual times, sat/vB: below it merging pays. */
const usualRate = 10

export interface ConsolidateProps {
  readonly vault: VaultView
  readonly rows: readonly CoinRow[]
  readonly onClose: () => void
}

/** Those that may be merged: free, and in a block. */
function countIn(rows: readonly CoinRow[], accountId: string): number {
  return rows.filter(({ coin, state }) => state.kind === 'free' && coin.accountId === accountId)
    .length
}

export function Consolidate({ vault, rows, onClose }: ConsolidateProps) {
  const { t, locale } = useText()
  const format = useFormat()
  const rates = useFeeRates()
  const merge = useAsk('transfers.consolidate')
  const accounts = allAccounts(vault).filter(({ account }) => account.chain === 'bitcoin')
  const [from, setFrom] = useState(
    () =>
      accounts
        .map(({ account }) => account.id)
        .sort((a, b) => countIn(rows, b) - countIn(rows, a))[0] ?? '',
  )
  const [typed, setTyped] = useState<string | null>(null)
  const slow = rates?.slow ?? null
  const text =
    typed ?? plainNumber(locale, Math.min(usualRate, rates?.capSatPerVb ?? usualRate), 0, 1)
  const limit = ownRate(locale, text, rates?.capSatPerVb)
  const refusal = refusalOf(merge.error)
  return (
    <Dialog title={t('merge.title')} onClose={onClose}>
      <p>{t('merge.about')}</p>
      {slow !== null && (
        <p className="tags">
          <StateTag
            grade={slow < usualRate ? 'good' : 'warn'}
            text={t(slow < usualRate ? 'merge.low' : 'merge.high')}
          />
          <span className="num">{t('merge.now', { rate: format.count(slow, 1) })}</span>
        </p>
      )}
      {accounts.length > 1 && (
        <label className="field">
          <span>{t('account')}</span>
          <select value={from} onChange={(event) => setFrom(event.target.value)}>
            {accounts.map((each) => (
              <option key={each.account.id} value={each.account.id}>
                {fullAccountName(vault, each, t)}
              </option>
            ))}
          </select>
        </label>
      )}
      <label className="field">
        <span>{t('merge.limit')}</span>
        <span className="joined">
          <input
            name="limit"
            inputMode="decimal"
            autoComplete="off"
            value={text}
            aria-invalid={limit === null}
            onChange={(event) => setTyped(event.target.value)}
          />
          <span className="unit">sat/vB</span>
        </span>
        <span className="hint">{t('merge.limitHint')}</span>
      </label>
      <p className="small-text hot-text">{t('merge.links')}</p>
      {refusal !== null && <RefusalNote refusal={refusal} />}
      <div className="actions">
        <Button
          tone="primary"
          why={
            countIn(rows, from) < 2
              ? t('merge.tooFew')
              : limit === null
                ? t('send.badRate', { cap: format.count(rates?.capSatPerVb ?? 10_000) })
                : null
          }
          busy={merge.isPending ? t('plan.making') : null}
          onPress={() => {
            if (limit !== null)
              merge.mutate(
                { ...(from === '' ? {} : { from }), feeRateLimitSatPerVb: limit },
                { onSuccess: ({ id }) => goTo('transfers', id) },
              )
          }}
        >
          <Merge size={14} aria-hidden /> {t('boost.plan')}
        </Button>
        <Button onPress={onClose}>{t('cancel')}</Button>
      </div>
    </Dialog>
  )
}
