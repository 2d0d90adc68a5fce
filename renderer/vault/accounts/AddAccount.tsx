/** A further account of a paired wallet: of a chosen kind and number, or all that were ever used. */
import { useState } from 'react'
import { refusalOf, useAsk } from '../../data/host.ts'
import { goTo } from '../../data/route.ts'
import type { VaultView } from '../../data/vault.ts'
import { useText } from '../../language/text.ts'
import { Button } from '../../ui/Button.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { RefusalNote } from '../../ui/RefusalNote.tsx'
import { BackToAccounts } from './BackToAccounts.tsx'
import { type WalletView, nextNumber, walletName } from './accountName.ts'

const kinds = ['p2wpkh', 'p2tr', 'p2sh-p2wpkh', 'p2pkh', 'evm'] as const
type Kind = (typeof kinds)[number]

const mostAccounts = 100

function Fields({ wallet }: { readonly wallet: WalletView }) {
  const { t } = useText()
  const add = useAsk('vault.addAccount')
  const find = useAsk('vault.findAccounts')
  const [kind, setKind] = useState<Kind>('p2wpkh')
  const [typed, setTyped] = useState<string | null>(null)
  const chain = kind === 'evm' ? 'evm' : 'bitcoin'
  const next = nextNumber(wallet, chain, kind)
  // People count from one, paths from zero.
  const number = typed === null ? next : Number(typed) - 1
  const sound = Number.isInteger(number) && number >= 0 && number < mostAccounts
  const refusal = refusalOf(add.error) ?? refusalOf(find.error)
  const { fingerprint } = wallet
  const submit = () => {
    find.reset()
    add.mutate(
      { fingerprint, chain, number, ...(kind === 'evm' ? {} : { scriptType: kind }) },
      { onSuccess: ({ id }) => goTo('vault', `account/${id}`) },
    )
  }
  return (
    <>
      <form
        className="form"
        onSubmit={(event) => {
          event.preventDefault()
          if (sound) submit()
        }}
      >
        <label className="field">
          <span>{t('accounts.kind')}</span>
          <select
            name="kind"
            value={kind}
            onChange={(event) => {
              setKind(kinds.find((each) => each === event.target.value) ?? 'p2wpkh')
              setTyped(null)
            }}
          >
            {kinds.map((each) => (
              <option key={each} value={each}>
                {t(`accountKind.${each}`)}
              </option>
            ))}
          </select>
          <span className="hint">{t(`accountKind.${kind}.about`)}</span>
        </label>
        <label className="field">
          <span>{t('addAccount.number')}</span>
          <input
            name="number"
            type="number"
            min={1}
            max={mostAccounts}
            value={typed ?? String(next + 1)}
            aria-invalid={!sound}
            onChange={(event) => setTyped(event.target.value)}
          />
          <span className="hint">{t('addAccount.numberHint', { number: next + 1 })}</span>
        </label>
        <div className="actions wide">
          <Button
            tone="primary"
            why={sound ? null : t('addAccount.badNumber')}
            busy={add.isPending ? t('pair.busy') : null}
            onPress={submit}
          >
            {t('addAccount.do')}
          </Button>
          <span className="dim small-text">{t('addAccount.then')}</span>
        </div>
      </form>
      <div className="actions">
        <Button
          busy={find.isPending ? t('addAccount.finding') : null}
          onPress={() => {
            add.reset()
            find.mutate({ fingerprint })
          }}
        >
          {t('addAccount.find')}
        </Button>
        <span className="dim small-text">{t('addAccount.findAbout')}</span>
      </div>
      {find.data !== undefined && refusal === null && (
        <p className="quiet-note" role="status">
          {t('addAccount.found', { count: find.data.added.length })}
        </p>
      )}
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </>
  )
}

export interface AddAccountProps {
  readonly fingerprint: string
  readonly vault: VaultView
}

export function AddAccount({ fingerprint, vault }: AddAccountProps) {
  const { t } = useText()
  const wallet = vault.wallets.find((each) => each.fingerprint === fingerprint)
  return (
    <>
      <BackToAccounts />
      <Panel
        title={t('accounts.add')}
        note={wallet === undefined ? undefined : walletName(wallet, t)}
      >
        {wallet === undefined ? (
          <p className="empty-text">{t('accounts.gone')}</p>
        ) : (
          <Fields key={wallet.fingerprint} wallet={wallet} />
        )}
      </Panel>
    </>
  )
}
