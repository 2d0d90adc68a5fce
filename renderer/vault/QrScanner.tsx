/** Reads QR codes from the camera, while it is open, or from a picture. Hands on text; what it means is for the host.
 *  Nothing of the picture is kept or sent anywhere. */
import { Camera, CameraOff, ImageUp } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'
import { readQr, readQrFile } from './qrImage.ts'

const lookEveryMs = 90

export interface QrScannerProps {
  readonly onText: (text: string) => void
  /** What is known so far, for those who look at the camera's picture. */
  readonly progress: string | null
}

type Trouble = 'denied' | 'absent' | 'noCode'

/** Runs while it is on the page: the camera is on exactly that long. */
function CameraView({
  onText,
  onTrouble,
}: {
  readonly onText: (text: string) => void
  readonly onTrouble: (trouble: Trouble) => void
}) {
  const { t } = useText()
  const video = useRef<HTMLVideoElement>(null)
  useEffect(() => {
    const player = video.current
    if (player === null) return
    let stream: MediaStream | null = null
    let over = false
    const canvas = document.createElement('canvas')
    const end = () => {
      over = true
      for (const track of stream?.getTracks() ?? []) track.stop()
    }
    const look = () => {
      const text =
        player.videoWidth > 0 ? readQr(player, player.videoWidth, player.videoHeight, canvas) : null
      if (text !== null) onText(text)
    }
    navigator.mediaDevices
      .getUserMedia({ video: { facingMode: 'environment' }, audio: false })
      .then(
        (opened) => {
          stream = opened
          if (over) return end()
          player.srcObject = opened
          void player.play().catch(() => undefined)
        },
        (error: unknown) => {
          const denied = error instanceof DOMException && error.name === 'NotAllowedError'
          onTrouble(denied ? 'denied' : 'absent')
        },
      )
    const timer = window.setInterval(look, lookEveryMs)
    return () => {
      window.clearInterval(timer)
      end()
    }
  }, [onText, onTrouble])
  return <video ref={video} muted playsInline aria-label={t('airgap.cameraPicture')} />
}

export function QrScanner({ onText, progress }: QrScannerProps) {
  const { t } = useText()
  const [open, setOpen] = useState(false)
  const [trouble, setTrouble] = useState<Trouble | null>(null)
  const file = useRef<HTMLInputElement>(null)
  const latest = useRef(onText)
  latest.current = onText
  const [handlers] = useState(() => ({
    text: (text: string) => latest.current(text),
    trouble(found: Trouble) {
      setTrouble(found)
      setOpen(false)
    },
  }))
  const possible = 'mediaDevices' in navigator
  return (
    <div className="qr-scanner">
      <div className="actions">
        <Button
          tone={open ? 'quiet' : 'primary'}
          why={possible ? null : t('airgap.trouble.absent')}
          onPress={() => {
            setTrouble(null)
            setOpen(!open)
          }}
        >
          {open ? <CameraOff size={15} aria-hidden /> : <Camera size={15} aria-hidden />}{' '}
          {open ? t('airgap.cameraClose') : t('airgap.cameraOpen')}
        </Button>
        <Button onPress={() => file.current?.click()}>
          <ImageUp size={15} aria-hidden /> {t('airgap.picture')}
        </Button>
        <input
          ref={file}
          type="file"
          accept="image/*"
          multiple
          className="unseen"
          tabIndex={-1}
          aria-label={t('airgap.picture')}
          onChange={(event) => {
            setTrouble(null)
            const pictures = [...(event.target.files ?? [])]
            event.target.value = ''
            for (const picture of pictures)
              void readQrFile(picture).then((text) =>
                text === null ? setTrouble('noCode') : handlers.text(text),
              )
          }}
        />
      </div>
      {open && (
        <figure className="camera">
          <CameraView onText={handlers.text} onTrouble={handlers.trouble} />
          <figcaption className="small-text" role="status">
            {progress ?? t('airgap.aim')}
          </figcaption>
        </figure>
      )}
      {trouble !== null && (
        <p className="quiet-note" role="alert">
          {t(`airgap.trouble.${trouble}`)}
        </p>
      )}
    </div>
  )
}
