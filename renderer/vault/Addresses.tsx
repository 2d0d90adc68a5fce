/** Every address that was used or comes next, derived here from the pinned keys, with what the device has confirmed. */
import { QrCode } from 'lucide-react'
import { useState } from 'react'
import { useRead } from '../data/host.ts'
import { chainName } from '../format/chains.ts'
import { useText } from '../language/text.ts'
import { AddressText } from '../ui/AddressText.tsx'
import { Button } from '../ui/Button.tsx'
import { Panel } from '../ui/Panel.tsx'
import { AddressCard } from './AddressCard.tsx'
import { Verified } from './Verified.tsx'
import { allAccounts, findAccount, fullAccountName } from './accounts/accountName.ts'
import type { VaultView } from '../data/vault.ts'

const rowsAtOnce = 100

export function Addresses({ vault }: { readonly vault: VaultView }) {
  const { t } = useText()
  const demo = useRead('status.read', {}, 5_000).data?.mode === 'demo'
  const [accountId, setAccountId] = useState('')
  const [open, setOpen] = useState<string | null>(null)
  const [shown, setShown] = useState(rowsAtOnce)
  const accounts = allAccounts(vault)
  const entries = vault.addresses.filter(
    (entry) => accountId === '' || entry.accountId === accountId,
  )
  const keyOf = ({ accountId: id, chain, path }: (typeof entries)[number]) =>
    `${id} ${chain} ${path}`
  const opened = entries.find((entry) => keyOf(entry) === open)
  const left = entries.length - shown
  return (
    <>
      {opened !== undefined && (
        <Panel
          title={t('address')}
          actions={
            <Button small onPress={() => setOpen(null)}>
              {t('close')}
            </Button>
          }
        >
          <AddressCard
            key={open}
            entry={opened}
            signer={findAccount(vault, opened.accountId)?.wallet.signer.kind ?? 'device'}
            demo={demo}
          />
        </Panel>
      )}
      <Panel
        title={t('vault.addresses')}
        note={t('addresses.note')}
        actions={
          accounts.length > 1 && (
            <select
              className="compact"
              aria-label={t('account')}
              value={accountId}
              onChange={(event) => setAccountId(event.target.value)}
            >
              <option value="">{t('addresses.allAccounts')}</option>
              {accounts.map((each) => (
                <option key={each.account.id} value={each.account.id}>
                  {fullAccountName(vault, each, t)}
                </option>
              ))}
            </select>
          )
        }
      >
        <details className="gap-limit">
          <summary>{t('addresses.gap.title')}</summary>
          <p>{t('addresses.gap.text')}</p>
        </details>
        <div className="wide-table">
          <table className="plain">
            <thead>
              <tr>
                <th>{t('account')}</th>
                <th>{t('address')}</th>
                <th>{t('addresses.used')}</th>
                <th>{t('addresses.verified')}</th>
                <th>
                  <span className="unseen">{t('coins.actions')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {entries.slice(0, shown).map((entry) => {
                const found = findAccount(vault, entry.accountId)
                return (
                  <tr key={keyOf(entry)}>
                    <td>
                      {found !== undefined && fullAccountName(vault, found, t)}
                      <div className="dim small-text">{chainName(entry.chain)}</div>
                    </td>
                    <td>
                      <AddressText address={entry.address} />
                      <div className="dim small-text mono">{entry.path}</div>
                    </td>
                    <td className="dim">
                      {entry.used ? t('addresses.usedYes') : t('addresses.usedNo')}
                    </td>
                    <td>
                      <Verified at={entry.verifiedAt} />
                    </td>
                    <td className="right">
                      <Button
                        small
                        onPress={() => {
                          setOpen(keyOf(entry))
                          document.getElementById('main')?.scrollTo({ top: 0 })
                        }}
                      >
                        <QrCode size={13} aria-hidden /> {t('addresses.open')}
                      </Button>
                    </td>
                  </tr>
                )
              })}
            </tbody>
          </table>
        </div>
        {left > 0 && (
          <div className="actions">
            <Button onPress={() => setShown(shown + rowsAtOnce * 4)}>
              {t('addresses.more', { count: left })}
            </Button>
          </div>
        )}
      </Panel>
    </>
  )
}
