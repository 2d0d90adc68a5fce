/** The device beside what it must show. In the demo its own page stands here, from another origin:
 *  nothing of ours can press its buttons. */
import { MonitorSmartphone } from 'lucide-react'
import { useContext } from 'react'
import { deviceWords } from '../data/device.ts'
import { useRead } from '../data/host.ts'
import { useText } from '../language/text.ts'
import { DeviceAsks } from './DeviceAsks.tsx'
import { DeviceTrouble } from './DeviceTrouble.tsx'
import { StateTag } from './StateTag.tsx'
import { ThemeContext } from './chartInk.ts'

/** The simulator's page in our looks. Null for what is no loopback page: it is not framed. */
export function deviceFrameUrl(
  text: string | null,
  theme: string,
  language: string,
): string | null {
  if (text === null || !URL.canParse(text)) return null
  const url = new URL(text)
  if (url.protocol !== 'http:' || (url.hostname !== '127.0.0.1' && url.hostname !== 'localhost'))
    return null
  url.searchParams.set('theme', theme)
  url.searchParams.set('lang', language.startsWith('zh') ? 'zh' : 'en')
  return url.href
}

export function DevicePanel({ hint }: { readonly hint: string | null }) {
  const { t, locale } = useText()
  const theme = useContext(ThemeContext)
  const status = useRead('status.read', {}, 5_000).data
  if (status === undefined) return <aside className="panel device-panel" aria-busy="true" />
  const words = deviceWords(status.device, t)
  const frame = deviceFrameUrl(status.simulatedDeviceUrl, theme, locale)
  return (
    <aside className="panel device-panel" aria-label={t('device.panel')}>
      <h2 className="cold-text">
        <MonitorSmartphone size={15} aria-hidden /> {words.name}
      </h2>
      <StateTag grade={words.grade} text={words.state} />
      {words.wayOut !== null && <p className="small-text">{words.wayOut}</p>}
      {status.device.kind === 'asks' && <DeviceAsks device={status.device} />}
      <DeviceTrouble device={status.device} />
      {hint !== null && <p className="dim small-text">{hint}</p>}
      {frame !== null && (
        <figure>
          <iframe
            className="device-frame"
            src={frame}
            title={t('device.simulated')}
            sandbox="allow-scripts allow-same-origin allow-forms"
          />
          <figcaption className="dim small-text">{t('device.simulated')}</figcaption>
        </figure>
      )}
      <p className="dim small-text">{t('device.checked')}</p>
    </aside>
  )
}
