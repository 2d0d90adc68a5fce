/** Addresses derived here from the pinned keys, with what the device has confirmed. */
import { chainName } from '../format/chains.ts'
import { useText } from '../language/text.ts'
import { AddressText } from '../ui/AddressText.tsx'
import { Panel } from '../ui/Panel.tsx'
import { Verified } from './Verified.tsx'
import type { VaultView } from '../data/vault.ts'

export function Addresses({ vault }: { readonly vault: VaultView }) {
  const { t } = useText()
  return (
    <Panel title={t('vault.addresses')} note={t('addresses.note')}>
      <div className="wide-table">
        <table className="plain">
          <thead>
            <tr>
              <th>{t('chain')}</th>
              <th>{t('address')}</th>
              <th>{t('addresses.used')}</th>
              <th>{t('addresses.verified')}</th>
            </tr>
          </thead>
          <tbody>
            {vault.addresses.map((entry) => (
              <tr key={`${entry.accountId} ${entry.chain} ${entry.path}`}>
                <td>{chainName(entry.chain)}</td>
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
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  )
}
