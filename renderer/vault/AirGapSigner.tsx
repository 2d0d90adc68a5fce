/** Where a transfer of an air-gapped wallet is signed: out as QR or file, back the same way, checked by the host.
 *  It stands where the device stands for wallets that have one. */
import { Download, QrCode } from 'lucide-react'
import { useNow } from '../data/clock.ts'
import { refusalOf, useAsk, useRead } from '../data/host.ts'
import { useFormat } from '../format/useFormat.ts'
import type { MessageKey } from '../language/messages.ts'
import { useText } from '../language/text.ts'
import type { Transfer } from '../transfers/transferText.ts'
import { Button } from '../ui/Button.tsx'
import { CopyButton } from '../ui/CopyButton.tsx'
import { DevicePanel } from '../ui/DevicePanel.tsx'
import { RefusalNote } from '../ui/RefusalNote.tsx'
import { saveFile } from '../ui/saveFile.ts'
import { Skeleton } from '../ui/ReadView.tsx'
import { PsbtInput } from './PsbtInput.tsx'
import { QrFrames } from './QrFrames.tsx'
import { useAirGapped } from './useAirGapped.ts'

function bytesOf(psbt: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(psbt), (letter) => letter.charCodeAt(0))
}

export function AirGapSigning({ transfer }: { readonly transfer: Transfer }) {
  const { t } = useText()
  const format = useFormat()
  const now = useNow()
  const request = useRead('airGap.request', { transferId: transfer.id }, 3_000)
  const answer = useAsk('airGap.answer')
  const refusal = refusalOf(answer.error)
  const { data } = request
  if (data === undefined) return <Skeleton rows={4} />
  return (
    <div className="air-gap">
      <section aria-label={t('airgap.out')}>
        <h3>{t('airgap.out')}</h3>
        <p className="dim small-text">{t('airgap.outHint')}</p>
        <QrFrames frames={data.frames} />
        <div className="actions">
          <Button onPress={() => saveFile(data.filename, bytesOf(data.psbt))}>
            <Download size={15} aria-hidden /> {t('airgap.save')}
          </Button>
          <CopyButton text={data.psbt} label={t('airgap.copy')} />
        </div>
      </section>
      <section aria-label={t('airgap.back')}>
        <h3>{t('airgap.back')}</h3>
        <p className="dim small-text">
          {t('airgap.backHint', { left: format.duration(data.expiresAt - now) })}
        </p>
        {refusal !== null && (
          <>
            <RefusalNote refusal={refusal} />
            <p className="quiet-note">{t('airgap.stillWaiting')}</p>
          </>
        )}
        <PsbtInput
          action={t('airgap.check')}
          busy={answer.isPending}
          onPsbt={(psbt) => answer.mutate({ transferId: transfer.id, psbt })}
        />
        {answer.isSuccess && <p className="quiet-note">{t('airgap.taken')}</p>}
      </section>
    </div>
  )
}

/** What is true of the PSBT while nobody waits for it. */
function elsewhereText({ state, txid }: Transfer): MessageKey {
  if (state === 'planned') return 'airgap.later'
  return txid === null ? 'airgap.over' : 'airgap.done'
}

/** The device, or for a wallet without one the way over the air gap. */
export function SignerPanel({
  transfer,
  hint,
}: {
  readonly transfer: Transfer
  readonly hint: string | null
}) {
  const { t } = useText()
  const airGapped = useAirGapped(transfer.plan.vaultAccount)
  if (!airGapped) return <DevicePanel hint={hint} />
  return (
    <aside className="panel device-panel" aria-label={t('airgap.title')}>
      <h2 className="cold-text">
        <QrCode size={15} aria-hidden /> {t('airgap.title')}
      </h2>
      {transfer.state === 'signing' ? (
        <AirGapSigning transfer={transfer} />
      ) : (
        <p className="dim small-text">{t(elsewhereText(transfer))}</p>
      )}
    </aside>
  )
}
