/** Frames of an animated QR code, shown over and over. One frame stands still by itself; several can be held and
 *  stepped, for cameras that need time and for people whom motion disturbs. */
import { Pause, Play, SkipForward } from 'lucide-react'
import { QRCodeSVG } from 'qrcode.react'
import { useEffect, useState } from 'react'
import { useText } from '../language/text.ts'
import { Button } from '../ui/Button.tsx'

/** Milliseconds a frame stands. */
const paces = { slow: 600, normal: 250, fast: 120 } as const
type Pace = keyof typeof paces
const paceNames = ['slow', 'normal', 'fast'] as const satisfies readonly Pace[]

export function QrFrames({ frames }: { readonly frames: readonly string[] }) {
  const { t } = useText()
  const [at, setAt] = useState(0)
  const [pace, setPace] = useState<Pace>('normal')
  const [held, setHeld] = useState(
    () => window.matchMedia('(prefers-reduced-motion: reduce)').matches,
  )
  const several = frames.length > 1
  useEffect(() => {
    if (held || !several) return
    const timer = window.setInterval(() => setAt((before) => before + 1), paces[pace])
    return () => window.clearInterval(timer)
  }, [held, several, pace])
  const shown = at % frames.length
  const place = t('airgap.frame', { number: shown + 1, count: frames.length })
  return (
    <div className="qr-frames">
      <div className="qr qr-large" data-frame={shown}>
        <QRCodeSVG value={frames[shown] ?? ''} size={296} level="L" marginSize={2} title={place} />
      </div>
      {several && (
        <div className="actions">
          <Button
            small
            label={t(held ? 'airgap.play' : 'airgap.hold')}
            onPress={() => setHeld(!held)}
          >
            {held ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
          </Button>
          {held && (
            <Button small label={t('airgap.step')} onPress={() => setAt(at + 1)}>
              <SkipForward size={14} aria-hidden />
            </Button>
          )}
          <span className="segments" role="group" aria-label={t('airgap.pace')}>
            {paceNames.map((name) => (
              <button
                key={name}
                type="button"
                aria-pressed={name === pace}
                onClick={() => setPace(name)}
              >
                {t(`airgap.pace.${name}`)}
              </button>
            ))}
          </span>
          <span className="dim small-text num">{place}</span>
        </div>
      )}
    </div>
  )
}
