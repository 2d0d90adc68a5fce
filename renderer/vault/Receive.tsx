/** An address to be paid to, by account and chain: shown on the device first, then as QR and copy. In the demo its
 *  EVM addresses are neither copied nor drawn: real money could be sent to keys that anyone may have. */
import { useState } from 'react'
import { useRead } from '../data/host.ts'
import { chainName } from '../format/chains.ts'
import { useText } from '../language/text.ts'
import { DevicePanel } from '../ui/DevicePanel.tsx'
import { Panel } from '../ui/Panel.tsx'
import { AddressCard } from './AddressCard.tsx'
import { allAccounts, findAccount, fullAccountName } from './accounts/accountName.ts'
import type { VaultView } from '../data/vault.ts'

/** Of each account and chain the first address is the next to be used. */
function firstByChain(
  addresses: VaultView['addresses'],
  accountId: string | undefined,
): VaultView['addresses'] {
  const own = addresses.filter((entry) => entry.accountId === accountId)
  return own.filter((entry, index) => own.findIndex(({ chain }) => chain === entry.chain) === index)
}

export interface ReceiveProps {
  readonly vault: VaultView
  /** The account to start with; null for the one that sweeps go to. */
  readonly accountId: string | null
}

export function Receive({ vault, accountId }: ReceiveProps) {
  const { t } = useText()
  const [chosen, setChosen] = useState(accountId ?? vault.destinations.bitcoin)
  const [chain, setChain] = useState<string | null>(null)
  const demo = useRead('status.read', {}, 5_000).data?.mode === 'demo'
  const accounts = allAccounts(vault)
  const found = (chosen === null ? undefined : findAccount(vault, chosen)) ?? accounts[0]
  const firsts = firstByChain(vault.addresses, found?.account.id)
  const entry = firsts.find((each) => each.chain === chain) ?? firsts[0]
  return (
    <div className="review">
      <Panel
        title={t('vault.receive')}
        actions={
          <>
            {accounts.length > 1 && (
              <select
                className="compact"
                aria-label={t('account')}
                value={found?.account.id ?? ''}
                onChange={(event) => setChosen(event.target.value)}
              >
                {accounts.map((each) => (
                  <option key={each.account.id} value={each.account.id}>
                    {fullAccountName(vault, each, t)}
                  </option>
                ))}
              </select>
            )}
            {firsts.length > 1 && (
              <span className="segments" role="group" aria-label={t('chain')}>
                {firsts.map((each) => (
                  <button
                    key={each.chain}
                    type="button"
                    aria-pressed={each.chain === entry?.chain}
                    onClick={() => setChain(each.chain)}
                  >
                    {chainName(each.chain)}
                  </button>
                ))}
              </span>
            )}
          </>
        }
      >
        {entry === undefined || found === undefined ? (
          <p className="empty-text">{t('receive.none')}</p>
        ) : (
          <AddressCard
            key={`${entry.chain} ${entry.address}`}
            entry={entry}
            signer={found.wallet.signer.kind}
            demo={demo}
          />
        )}
      </Panel>
      <DevicePanel hint={t('receive.hint')} />
    </div>
  )
}
