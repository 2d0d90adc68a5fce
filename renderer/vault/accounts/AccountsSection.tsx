/** The vault as a tree: wallets, in each its accounts with what they hold, and what can be added. */
import { KeyRound, ShieldCheck, Vault as VaultIcon } from 'lucide-react'
import { deviceWords } from '../../data/device.ts'
import { useRead } from '../../data/host.ts'
import { quoteOf, usdOf } from '../../data/portfolio.ts'
import { routeHref } from '../../data/route.ts'
import type { VaultView } from '../../data/vault.ts'
import { visibleText } from '../../format/addresses.ts'
import { chainName } from '../../format/chains.ts'
import { useFormat } from '../../format/useFormat.ts'
import { useText } from '../../language/text.ts'
import { Age } from '../../ui/Age.tsx'
import { Panel } from '../../ui/Panel.tsx'
import { StateTag } from '../../ui/StateTag.tsx'
import { Tip } from '../../ui/Tip.tsx'
import { AccountLabel } from './AccountLabel.tsx'
import { type AccountView, type WalletView, accountKind, walletName } from './accountName.ts'

const staleAfterMs = 10 * 60_000

type Balance = VaultView['balances'][number]

function BalanceLines({ balances }: { readonly balances: readonly Balance[] }) {
  const { t } = useText()
  const format = useFormat()
  const quotes = useRead('portfolio.read', {}).data?.quotes ?? []
  if (balances.length === 0) return <p className="dim">{t('accounts.notRead')}</p>
  return (
    <table className="balance-lines">
      <tbody>
        {balances.map(({ chain, amount, unconfirmed, unproven, asOf, source }) => {
          const usd = usdOf(amount, quotes)
          const quote = quoteOf(quotes, amount.asset)
          return (
            <tr key={`${chain} ${amount.asset}`}>
              <td className="dim">{chainName(chain)}</td>
              <td className="right num">
                <strong>{format.amountExact(amount)}</strong>
                {unproven !== undefined && (
                  <div>
                    <StateTag
                      grade="warn"
                      text={t('vault.unproven', { amount: format.amountExact(unproven) })}
                    />
                  </div>
                )}
                {unconfirmed !== null && unconfirmed.units !== 0n && (
                  <div className="small-text hot-text">
                    {t('accounts.unconfirmed', { amount: format.amountExact(unconfirmed) })}
                  </div>
                )}
              </td>
              <td className="right num dim">
                {usd === null || quote === undefined ? (
                  t('price.unknown')
                ) : (
                  <Tip text={visibleText(quote.source)}>
                    <span tabIndex={0}>{format.usd(usd)}</span>
                  </Tip>
                )}
              </td>
              <td className="right">
                <Tip text={visibleText(source)}>
                  <span tabIndex={0}>
                    <Age asOf={asOf} staleAfterMs={staleAfterMs} />
                  </span>
                </Tip>
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}

interface AccountRowProps {
  readonly account: AccountView
  readonly balances: readonly Balance[]
  readonly receivesSweeps: boolean
}

function AccountRow({ account, balances, receivesSweeps }: AccountRowProps) {
  const { t } = useText()
  return (
    <li className="vault-account" data-account={account.id}>
      <div>
        <AccountLabel account={account} />
        <p className="dim small-text">
          {accountKind(account, t)} · <span className="mono">{account.path}</span>
        </p>
        {receivesSweeps && (
          <p className="small-text cold-text">
            <ShieldCheck size={13} aria-hidden /> {t('accounts.receivesSweeps')}
          </p>
        )}
      </div>
      <BalanceLines balances={balances} />
      <div className="actions">
        <a className="button quiet small" href={routeHref('vault', `receive/${account.id}`)}>
          {t('vault.receive')}
        </a>
        <a className="button quiet small" href={routeHref('vault', `send/${account.id}`)}>
          {t('accounts.send')}
        </a>
        <a className="button quiet small" href={routeHref('vault', `account/${account.id}`)}>
          {t('accounts.manage')}
        </a>
      </div>
    </li>
  )
}

/** Balances stay without the device; only signing and showing addresses need it. */
function Connected({ deviceId }: { readonly deviceId: string }) {
  const { t } = useText()
  const device = useRead('status.read', {}, 5_000).data?.device
  if (device === undefined) return null
  const here = 'device' in device && device.device.deviceId === deviceId
  const words = deviceWords(device, t)
  const tag = here ? (
    <StateTag grade={words.grade} text={words.state} />
  ) : (
    <StateTag grade="off" text={t('wallet.away')} />
  )
  const hint = here ? words.wayOut : t('wallet.away.wayOut')
  return hint === null ? (
    tag
  ) : (
    <Tip text={hint}>
      <span tabIndex={0}>{tag}</span>
    </Tip>
  )
}

function WalletPanel({
  wallet,
  vault,
}: {
  readonly wallet: WalletView
  readonly vault: VaultView
}) {
  const { t } = useText()
  const format = useFormat()
  const { signer } = wallet
  const chosen = new Set([vault.destinations.bitcoin, vault.destinations.evm])
  return (
    <Panel
      title={walletName(wallet, t)}
      note={
        <>
          {t('vault.fingerprint')} <span className="mono">{wallet.fingerprint}</span> ·{' '}
          {t(signer.kind === 'device' ? 'vault.paired' : 'wallet.added', {
            time: format.moment(wallet.addedAt),
          })}
        </>
      }
      actions={
        signer.kind === 'device' ? (
          <>
            {signer.passphrase && <span className="tag">{t('wallet.passphrase')}</span>}
            <Connected deviceId={signer.deviceId} />
            <a
              className="button quiet small"
              href={routeHref('vault', `add/${wallet.fingerprint}`)}
            >
              {t('accounts.add')}
            </a>
          </>
        ) : (
          <Tip text={t(signer.originKnown ? 'wallet.airGapped.about' : 'wallet.bareKey.about')}>
            <span className="tag" tabIndex={0}>
              {t('wallet.airGapped')}
            </span>
          </Tip>
        )
      }
    >
      <ul className="vault-accounts">
        {wallet.accounts.map((account) => (
          <AccountRow
            key={account.id}
            account={account}
            balances={vault.balances.filter(({ accountId }) => accountId === account.id)}
            receivesSweeps={chosen.has(account.id)}
          />
        ))}
      </ul>
    </Panel>
  )
}

export function AccountsSection({ vault }: { readonly vault: VaultView }) {
  const { t } = useText()
  return (
    <>
      {vault.wallets.map((wallet) => (
        <WalletPanel key={wallet.fingerprint} wallet={wallet} vault={vault} />
      ))}
      <nav className="further" aria-label={t('accounts.further')}>
        <a href={routeHref('vault', 'passphrase')}>
          <KeyRound size={16} aria-hidden />
          <strong>{t('passphrase.open')}</strong>
          <span className="dim small-text">{t('passphrase.short')}</span>
        </a>
        <a href={routeHref('vault', 'watch')}>
          <VaultIcon size={16} aria-hidden />
          <strong>{t('watch.open')}</strong>
          <span className="dim small-text">{t('watch.short')}</span>
        </a>
        <a href={routeHref('vault', 'recovery')}>
          <ShieldCheck size={16} aria-hidden />
          <strong>{t('recovery.open')}</strong>
          <span className="dim small-text">{t('recovery.short')}</span>
        </a>
      </nav>
    </>
  )
}
