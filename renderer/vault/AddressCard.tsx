/** One address in full: groups of four, whether the device has shown it, then QR and copy. */
import { ShieldAlert } from 'lucide-react'
import { QRCodeSVG } from 'qrcode.react'
import { refusalOf, useAsk } from '../data/host.ts'
import type { VaultView } from '../data/vault.ts'
import { useText } from '../language/text.ts'
import { AddressText } from '../ui/AddressText.tsx'
import { Button } from '../ui/Button.tsx'
import { CopyButton } from '../ui/CopyButton.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { Verified } from './Verified.tsx'

export type Address = VaultView['addresses'][number]

/** In the demo EVM addresses look real: they stay on the page. */
export function mayLeave(entry: Address, signer: 'device' | 'air-gapped', demo: boolean): boolean {
  // Keys that lie elsewhere cannot be shown here: the holder compares on their own device.
  const known = entry.verifiedAt !== null || signer === 'air-gapped'
  return known && !(demo && entry.chain.startsWith('evm:'))
}

export interface AddressCardProps {
  readonly entry: Address
  readonly signer: 'device' | 'air-gapped'
  readonly demo: boolean
}

export function AddressCard({ entry, signer, demo }: AddressCardProps) {
  const { t } = useText()
  const show = useAsk('vault.showAddress')
  const refusal = refusalOf(show.error)
  const ask = () =>
    show.mutate({ accountId: entry.accountId, chain: entry.chain, path: entry.path })
  const leaves = mayLeave(entry, signer, demo)
  return (
    <div className="receive">
      <div className="stack">
        <p className="big-address">
          <AddressText address={entry.address} />
        </p>
        <p className="dim small-text mono">{entry.path}</p>
        {signer === 'device' && (
          <p>
            <Verified at={entry.verifiedAt} />
          </p>
        )}
        <p className="dim small-text">
          {signer === 'air-gapped'
            ? t('receive.airGapped')
            : entry.verifiedAt === null
              ? t('receive.unverified')
              : t('receive.verified')}
        </p>
        <div className="actions">
          {signer === 'device' && (
            <Button
              tone={entry.verifiedAt === null ? 'primary' : 'quiet'}
              busy={show.isPending ? t('receive.look') : null}
              onPress={ask}
            >
              {t('receive.show')}
            </Button>
          )}
          {leaves && <CopyButton text={entry.address} label={t('receive.copy')} />}
        </div>
        {demo && entry.chain.startsWith('evm:') && (
          <p className="quiet-note">
            <ShieldAlert size={16} aria-hidden className="grade-warn" /> {t('receive.demoEvm')}
          </p>
        )}
        {refusal !== null && <RefusalNote refusal={refusal} onRetry={ask} />}
      </div>
      {leaves ? (
        <div className="qr">
          <QRCodeSVG value={entry.address} size={176} marginSize={2} title={t('receive.qr')} />
        </div>
      ) : (
        <div className="qr qr-hidden dim small-text">{t('receive.qrLater')}</div>
      )}
    </div>
  )
}
