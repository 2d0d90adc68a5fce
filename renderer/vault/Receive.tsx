/** An address to be paid to: shown on the device first, then as QR and copy. In the demo its EVM addresses are
 *  neither copied nor drawn: real money could be sent to keys that anyone may have. */
import { ShieldAlert } from 'lucide-react'
import { QRCodeSVG } from 'qrcode.react'
import { useState } from 'react'
import { refusalOf, useAsk, useRead } from '../data/host.ts'
import { chainName } from '../format/chains.ts'
import { useText } from '../language/text.ts'
import { AddressText } from '../ui/AddressText.tsx'
import { Button } from '../ui/Button.tsx'
import { CopyButton } from '../ui/CopyButton.tsx'
import { DevicePanel } from '../ui/DevicePanel.tsx'
import { Panel } from '../ui/Panel.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { Verified } from './Verified.tsx'
import type { VaultView } from '../data/vault.ts'

type Address = VaultView['addresses'][number]

/** The first address of each chain is the next to be used. */
function firstByChain(addresses: VaultView['addresses']): readonly Address[] {
  return addresses.filter(
    (entry, index) => addresses.findIndex(({ chain }) => chain === entry.chain) === index,
  )
}

function ReceiveCard({ entry, demo }: { readonly entry: Address; readonly demo: boolean }) {
  const { t } = useText()
  const show = useAsk('vault.showAddress')
  const refusal = refusalOf(show.error)
  const ask = () =>
    show.mutate({ accountId: entry.accountId, chain: entry.chain, path: entry.path })
  const mayLeave = entry.verifiedAt !== null && !(demo && entry.chain.startsWith('evm:'))
  return (
    <div className="receive">
      <div className="stack">
        <p className="big-address">
          <AddressText address={entry.address} />
        </p>
        <p className="dim small-text mono">{entry.path}</p>
        <p>
          <Verified at={entry.verifiedAt} />
        </p>
        <p className="dim small-text">
          {entry.verifiedAt === null ? t('receive.unverified') : t('receive.verified')}
        </p>
        <div className="actions">
          <Button
            tone={entry.verifiedAt === null ? 'primary' : 'quiet'}
            busy={show.isPending ? t('receive.look') : null}
            onPress={ask}
          >
            {t('receive.show')}
          </Button>
          {mayLeave && <CopyButton text={entry.address} label={t('receive.copy')} />}
        </div>
        {demo && entry.chain.startsWith('evm:') && (
          <p className="quiet-note">
            <ShieldAlert size={16} aria-hidden className="grade-warn" /> {t('receive.demoEvm')}
          </p>
        )}
        {refusal !== null && <RefusalNote refusal={refusal} onRetry={ask} />}
      </div>
      {mayLeave ? (
        <div className="qr">
          <QRCodeSVG value={entry.address} size={176} marginSize={2} title={t('receive.qr')} />
        </div>
      ) : (
        <div className="qr qr-hidden dim small-text">{t('receive.qrLater')}</div>
      )}
    </div>
  )
}

export function Receive({ vault }: { readonly vault: VaultView }) {
  const { t } = useText()
  const firsts = firstByChain(vault.addresses)
  const [chosen, setChosen] = useState<string | null>(null)
  const demo = useRead('status.read', {}, 5_000).data?.mode === 'demo'
  const entry = firsts.find(({ chain }) => chain === chosen) ?? firsts[0]
  return (
    <div className="review">
      <Panel
        title={t('vault.receive')}
        actions={
          <span className="segments" role="group" aria-label={t('chain')}>
            {firsts.map(({ chain }) => (
              <button
                key={chain}
                type="button"
                aria-pressed={chain === entry?.chain}
                onClick={() => setChosen(chain)}
              >
                {chainName(chain)}
              </button>
            ))}
          </span>
        }
      >
        {entry === undefined ? (
          <p className="empty-text">{t('receive.none')}</p>
        ) : (
          <ReceiveCard key={entry.path} entry={entry} demo={demo} />
        )}
      </Panel>
      <DevicePanel hint={t('receive.hint')} />
    </div>
  )
}
