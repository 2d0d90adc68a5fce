/** Who is paid: typed, pasted, dropped, or scanned from a QR code; shown in groups of four and judged by the
 *  host as soon as it looks like an address. */
import { ScanQrCode } from 'lucide-react'
import { useState } from 'react'
import { refusalOf, useRead } from '../../data/host.ts'
import { visibleText } from '../../format/addresses.ts'
import { useFormat } from '../../format/useFormat.ts'
import { useText } from '../../language/text.ts'
import { AddressText } from '../../ui/AddressText.tsx'
import { StateTag } from '../../ui/StateTag.tsx'
import { refusalWords } from '../../ui/refusalText.ts'
import { QrScanner } from '../QrScanner.tsx'
import { readQrFile } from '../qrImage.ts'
import { type PaymentRequest, addressShape, parsePaymentRequest } from './paymentRequest.ts'

const judgeEveryMs = 600_000

/** What the host says of the address: sound or not, and whether it was paid before. */
function Verdict({ chain, address }: { readonly chain: string; readonly address: string }) {
  const speech = useText()
  const { t } = speech
  const format = useFormat()
  const checked = useRead('payment.checkAddress', { chain, address }, judgeEveryMs)
  const refusal = refusalOf(checked.error)
  if (refusal !== null) {
    const words = refusalWords(refusal, format, speech)
    return (
      <span className="hint breach-text" role="alert" data-verdict={refusal.code}>
        {words.message} {words.wayOut}
      </span>
    )
  }
  if (checked.data === undefined) return null
  const { known, label } = checked.data
  return (
    <span className="hint verdict" data-verdict={known}>
      <AddressText address={visibleText(checked.data.address)} />{' '}
      <StateTag
        grade={known === 'new' ? 'off' : 'good'}
        text={
          label === ''
            ? t(`send.known.${known}`)
            : `${t(`send.known.${known}`)} · ${visibleText(label)}`
        }
      />
      {known === 'new' && <span>{t('send.addressHint')}</span>}
    </span>
  )
}

export interface RecipientFieldProps {
  readonly id: string
  readonly chain: string
  readonly address: string
  readonly onAddress: (address: string) => void
  /** What was pasted, dropped or scanned may bring more than the address. */
  readonly onRequest: (request: PaymentRequest) => void
}

export function RecipientField({ id, chain, address, onAddress, onRequest }: RecipientFieldProps) {
  const { t } = useText()
  const [scanning, setScanning] = useState(false)
  const [noCode, setNoCode] = useState(false)
  const shape = addressShape(address.trim(), chain)
  const wrong = shape === 'other-chain' || shape === 'not-an-address'
  const take = (text: string) => {
    setNoCode(false)
    setScanning(false)
    onRequest(parsePaymentRequest(text))
  }
  const takeFile = async (file: File | undefined) => {
    if (file === undefined) return
    const text = await readQrFile(file)
    if (text === null) setNoCode(true)
    else take(text)
  }
  return (
    <div
      className="field wide"
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        const [file] = event.dataTransfer.files
        if (file === undefined) take(event.dataTransfer.getData('text/plain'))
        else void takeFile(file)
      }}
    >
      <label htmlFor={id}>{t('send.address')}</label>
      <div className="joined">
        <input
          id={id}
          name="address"
          className="mono"
          autoComplete="off"
          spellCheck={false}
          maxLength={400}
          value={address}
          aria-invalid={wrong}
          aria-describedby={`${id}-hint`}
          onChange={(event) => onAddress(event.target.value)}
          onPaste={(event) => {
            const [file] = event.clipboardData.files
            const text = event.clipboardData.getData('text/plain')
            if (file === undefined && !/^(bitcoin|ethereum):/i.test(text.trim())) return
            event.preventDefault()
            if (file === undefined) take(text)
            else void takeFile(file)
          }}
        />
        <button
          type="button"
          className="button quiet"
          aria-pressed={scanning}
          onClick={() => setScanning(!scanning)}
        >
          <ScanQrCode size={14} aria-hidden /> {t('send.scan')}
        </button>
      </div>
      {scanning && <QrScanner progress={null} onText={take} />}
      <span id={`${id}-hint`}>
        {shape === 'plausible' && <Verdict chain={chain} address={address.trim()} />}
        {shape === 'empty' && <span className="hint">{t('send.addressWays')}</span>}
        {wrong && <span className="hint breach-text">{t(`send.shape.${shape}`)}</span>}
        {shape === 'unfinished' && <span className="hint">{t('send.shape.unfinished')}</span>}
        {noCode && <span className="hint breach-text">{t('send.noCode')}</span>}
      </span>
    </div>
  )
}
