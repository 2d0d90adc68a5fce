/** One account: what it is made of, whether sweeps arrive on it, and taking it out of the vault. What the device must
 *  confirm happens beside this page, on its own screen. */
import { ShieldCheck } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { refusalOf, useAsk, useRead } from '../../data/host.ts'
import { goTo, routeHref } from '../../data/route.ts'
import type { VaultView } from '../../data/vault.ts'
import { useText } from '../../language/text.ts'
import { AddressText } from '../../ui/AddressText.tsx'
import { Button } from '../../ui/Button.tsx'
import { CopyButton } from '../../ui/CopyButton.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { RefusalNote } from '../../ui/RefusalNote.tsx'
import { AccountLabel } from './AccountLabel.tsx'
import { BackToAccounts } from './BackToAccounts.tsx'
import {
  type AccountView,
  type FoundAccount,
  accountKind,
  accountName,
  findAccount,
  walletName,
} from './accountName.ts'

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

function Facts({ found: { wallet, account } }: { readonly found: FoundAccount }) {
  const { t } = useText()
  const exported = useRead('vault.exportDescriptors', {}, 60_000).data?.accounts
  const row = exported?.find(({ accountId }) => accountId === account.id)
  return (
    <dl className="facts">
      <Fact name={t('accounts.kind')}>{accountKind(account, t)}</Fact>
      <Fact name={t('accounts.wallet')}>
        {walletName(wallet, t)} · {t('vault.fingerprint')}{' '}
        <span className="mono">{wallet.fingerprint}</span>
      </Fact>
      <Fact name={t('accounts.path')}>
        <span className="mono">{account.path}</span>
      </Fact>
      <Fact name={t('accounts.key')}>
        <code className="hex">{account.xpub}</code>
        {account.chain === 'bitcoin' && <CopyButton text={account.xpub} label={t('copy.do')} />}
        <span className="dim small-text">{t('accounts.keyNote')}</span>
      </Fact>
      {row?.descriptor != null && (
        <Fact name={t('accounts.descriptor')}>
          <code className="hex">{row.descriptor}</code>
          <CopyButton text={row.descriptor} label={t('copy.do')} />
        </Fact>
      )}
      {row !== undefined && (
        <Fact name={t('accounts.firstAddress')}>
          <AddressText address={row.firstAddress} />
        </Fact>
      )}
    </dl>
  )
}

function Sweeps({ found, vault }: { readonly found: FoundAccount; readonly vault: VaultView }) {
  const { t } = useText()
  const use = useAsk('vault.useForSweeps')
  const { account, wallet } = found
  const refusal = refusalOf(use.error)
  const now = vault.destinations[account.chain]
  const current = now === null ? undefined : findAccount(vault, now)
  if (now === account.id)
    return (
      <p className="done-note">
        <ShieldCheck size={16} aria-hidden /> {t('sweeps.here')}
      </p>
    )
  return (
    <>
      <p>
        {current === undefined
          ? t('sweeps.nowhere')
          : t('sweeps.elsewhere', { name: accountName(current.account, t) })}
      </p>
      <p className="dim small-text">{t('sweeps.about')}</p>
      <div className="actions">
        <Button
          why={wallet.signer.kind === 'air-gapped' ? t('sweeps.airGapped') : null}
          busy={use.isPending ? t('receive.look') : null}
          onPress={() => use.mutate({ accountId: account.id })}
        >
          {t('sweeps.use')}
        </Button>
      </div>
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </>
  )
}

function Remove({ account }: { readonly account: AccountView }) {
  const { t } = useText()
  const remove = useAsk('vault.removeAccount')
  const [sure, setSure] = useState(false)
  const refusal = refusalOf(remove.error)
  return (
    <>
      <p className="dim small-text">{t('removeAccount.about')}</p>
      <div className="actions">
        <label className="check">
          <input
            type="checkbox"
            checked={sure}
            onChange={(event) => setSure(event.target.checked)}
          />
          {t('removeAccount.sure')}
        </label>
        <Button
          tone="danger"
          why={sure ? null : t('removeAccount.first')}
          busy={remove.isPending ? t('saving') : null}
          onPress={() =>
            remove.mutate({ accountId: account.id }, { onSuccess: () => goTo('vault') })
          }
        >
          {t('removeAccount.do')}
        </Button>
      </div>
      {refusal !== null && <RefusalNote refusal={refusal} />}
    </>
  )
}

export function AccountPage({ id, vault }: { readonly id: string; readonly vault: VaultView }) {
  const { t } = useText()
  const found = findAccount(vault, id)
  return (
    <>
      <BackToAccounts />
      {found === undefined ? (
        <p className="empty-text">{t('accounts.gone')}</p>
      ) : (
        <>
          <Panel
            title={t('account')}
            note={walletName(found.wallet, t)}
            actions={
              <>
                <a className="button quiet small" href={routeHref('vault', `receive/${id}`)}>
                  {t('vault.receive')}
                </a>
                <a className="button quiet small" href={routeHref('vault', `send/${id}`)}>
                  {t('accounts.send')}
                </a>
              </>
            }
          >
            <p className="account-title">
              <AccountLabel account={found.account} />
            </p>
            <Facts found={found} />
          </Panel>
          <Panel title={t('sweeps.title')}>
            <Sweeps found={found} vault={vault} />
          </Panel>
          <Panel title={t('removeAccount.title')}>
            <Remove account={found.account} />
          </Panel>
        </>
      )}
    </>
  )
}
