/** Who is paid: typed, pasted, dropped, or read from a picture of a QR code; shown in groups of four at once. */
import { ImageUp } from 'lucide-react'
import { useRef, useState } from 'react'
import { visibleText } from '../format/addresses.ts'
import { useText } from '../language/text.ts'
import { AddressText } from '../ui/AddressText.tsx'
import { Button } from '../ui/Button.tsx'
import { readQrPicture } from '../ui/readQrPicture.ts'
import { type PaymentRequest, addressShape, parsePaymentRequest } from './paymentRequest.ts'

export interface RecipientFieldProps {
  readonly chain: string
  readonly address: string
  /** `typed`: by hand; a request brings more than the address. */
  readonly onAddress: (address: string) => void
  readonly onRequest: (request: PaymentRequest) => void
}

export function RecipientField({ chain, address, onAddress, onRequest }: RecipientFieldProps) {
  const { t } = useText()
  const picker = useRef<HTMLInputElement>(null)
  const [noCode, setNoCode] = useState(false)
  const shape = addressShape(address.trim(), chain)
  const wrong = shape === 'other-chain' || shape === 'not-an-address'
  const take = (text: string) => {
    setNoCode(false)
    onRequest(parsePaymentRequest(text))
  }
  const takeFile = async (file: File | undefined) => {
    if (file === undefined) return
    const text = await readQrPicture(file)
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
      <label htmlFor="send-address">{t('send.address')}</label>
      <div className="joined">
        <input
          id="send-address"
          name="address"
          className="mono"
          autoComplete="off"
          spellCheck={false}
          maxLength={400}
          value={address}
          aria-invalid={wrong}
          aria-describedby="send-address-hint"
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
        <input
          ref={picker}
          type="file"
          className="unseen"
          tabIndex={-1}
          aria-label={t('send.qrPicture')}
          accept="image/*"
          onChange={(event) => {
            void takeFile(event.target.files?.[0])
            event.target.value = ''
          }}
        />
        <Button onPress={() => picker.current?.click()}>
          <ImageUp size={14} aria-hidden /> {t('send.qrPicture')}
        </Button>
      </div>
      <span id="send-address-hint">
        {shape === 'plausible' && (
          <span className="hint">
            <AddressText address={visibleText(address.trim())} />
          </span>
        )}
        {wrong && <span className="hint breach-text">{t(`send.shape.${shape}`)}</span>}
        {shape === 'unfinished' && <span className="hint">{t('send.shape.unfinished')}</span>}
        {noCode && <span className="hint breach-text">{t('send.noCode')}</span>}
      </span>
      <span className="hint">{t('send.addressHint')}</span>
    </div>
  )
}
