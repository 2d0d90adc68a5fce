/** A sheet to print and keep with the backup: what the vault is made of and how to get at it without this program.
 *  It holds no secret and asks for none: words and passphrases are written down elsewhere, by hand. */
import { Download, Printer } from 'lucide-react'
import { QRCodeSVG } from 'qrcode.react'
import { useState } from 'react'
import { useRead } from '../../data/host.ts'
import type { VaultView } from '../../data/vault.ts'
import { useFormat } from '../../format/useFormat.ts'
import { useNow } from '../../data/clock.ts'
import { useText } from '../../language/text.ts'
import { AddressText } from '../../ui/AddressText.tsx'
import { Button } from '../../ui/Button.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { ReadView } from '../../ui/ReadView.tsx'
import { saveFile } from '../../ui/saveFile.ts'
import { BackToAccounts } from './BackToAccounts.tsx'
import {
  type AccountView,
  type WalletView,
  accountKind,
  accountName,
  walletName,
} from './accountName.ts'

interface Exported {
  readonly accountId: string
  readonly descriptor: string | null
  readonly firstAddress: string
}

function AccountPart({ account, row }: { readonly account: AccountView; readonly row: Exported }) {
  const { t } = useText()
  return (
    <section className="sheet-account">
      <div>
        <h4>{accountName(account, t)}</h4>
        <dl>
          <dt>{t('accounts.kind')}</dt>
          <dd>{accountKind(account, t)}</dd>
          <dt>{t('accounts.path')}</dt>
          <dd className="mono">{account.path}</dd>
          {row.descriptor !== null && (
            <>
              <dt>{t('accounts.descriptor')}</dt>
              <dd>
                <code className="hex">{row.descriptor}</code>
              </dd>
            </>
          )}
          <dt>{t('accounts.firstAddress')}</dt>
          <dd>
            <AddressText address={row.firstAddress} />
          </dd>
        </dl>
      </div>
      {row.descriptor !== null && (
        <QRCodeSVG
          value={row.descriptor}
          size={112}
          marginSize={1}
          level="M"
          title={t('recovery.descriptorQr')}
        />
      )}
    </section>
  )
}

function WalletPart({
  wallet,
  rows,
}: {
  readonly wallet: WalletView
  readonly rows: readonly Exported[]
}) {
  const { t } = useText()
  const { signer } = wallet
  return (
    <section className="sheet-wallet">
      <h3>{walletName(wallet, t)}</h3>
      <p>
        {t('vault.fingerprint')} <strong className="mono">{wallet.fingerprint}</strong> ·{' '}
        {signer.kind === 'device'
          ? t(signer.passphrase ? 'recovery.withPassphrase' : 'recovery.withoutPassphrase')
          : t('recovery.elsewhere')}
      </p>
      {wallet.accounts.map((account) => {
        const row = rows.find(({ accountId }) => accountId === account.id)
        return row === undefined ? null : (
          <AccountPart key={account.id} account={account} row={row} />
        )
      })}
    </section>
  )
}

/** Lines to fill in by hand. Places, never the words themselves. */
const handLines = ['backup', 'passphrase', 'device', 'person', 'checked'] as const

function Sheet({ vault, rows }: { readonly vault: VaultView; readonly rows: readonly Exported[] }) {
  const { t } = useText()
  const format = useFormat()
  const now = useNow()
  const demo = useRead('status.read', {}, 5_000).data?.mode === 'demo'
  // The moment it was opened: a sheet does not tick.
  const [madeAt] = useState(now)
  const withEvm = vault.wallets.some(({ accounts }) =>
    accounts.some(({ chain }) => chain === 'evm'),
  )
  const withTaproot = vault.wallets.some(({ accounts }) =>
    accounts.some((account) => account.chain === 'bitcoin' && account.scriptType === 'p2tr'),
  )
  return (
    <article className="sheet" lang={format.locale} data-testid="recovery-sheet">
      <header>
        <h2>{t('recovery.title')}</h2>
        <p>{t('recovery.made', { time: format.moment(madeAt) })}</p>
      </header>
      {demo && (
        <p className="sheet-demo">
          <strong>{t('recovery.demo')}</strong>
        </p>
      )}
      <p>{t('recovery.what')}</p>
      <p>
        <strong>{t('recovery.noSecret')}</strong>
      </p>
      {vault.wallets.map((wallet) => (
        <WalletPart key={wallet.fingerprint} wallet={wallet} rows={rows} />
      ))}
      <section>
        <h3>{t('recovery.how')}</h3>
        <ol>
          <li>{t('recovery.step.words')}</li>
          <li>{t('recovery.step.passphrase')}</li>
          <li>{t('recovery.step.sparrow')}</li>
          <li>{t('recovery.step.electrum')}</li>
          {withTaproot && <li>{t('recovery.step.taproot')}</li>}
          {withEvm && <li>{t('recovery.step.evm')}</li>}
          <li>{t('recovery.step.check')}</li>
        </ol>
      </section>
      <section>
        <h3>{t('recovery.hand')}</h3>
        <dl className="hand-lines">
          {handLines.map((line) => (
            <div key={line}>
              <dt>{t(`recovery.hand.${line}`)}</dt>
              <dd />
            </div>
          ))}
        </dl>
      </section>
    </article>
  )
}

export function RecoverySheet({ vault }: { readonly vault: VaultView }) {
  const { t } = useText()
  const exported = useRead('vault.exportDescriptors', {}, 60_000)
  return (
    <>
      <BackToAccounts />
      <Panel title={t('recovery.open')} className="no-print">
        <p>{t('recovery.about')}</p>
        <div className="actions">
          <Button
            tone="primary"
            why={exported.data === undefined ? t('state.loading') : null}
            onPress={() => window.print()}
          >
            <Printer size={14} aria-hidden /> {t('recovery.print')}
          </Button>
          <Button
            why={exported.data === undefined ? t('state.loading') : null}
            onPress={() => {
              if (exported.data !== undefined) saveFile(exported.data.filename, exported.data.text)
            }}
          >
            <Download size={14} aria-hidden /> {t('recovery.save')}
          </Button>
          <span className="dim small-text">{t('recovery.privacy')}</span>
        </div>
      </Panel>
      <ReadView read={exported} rows={8}>
        {({ accounts }) => <Sheet vault={vault} rows={accounts} />}
      </ReadView>
    </>
  )
}
