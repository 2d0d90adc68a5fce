/** Says that the host is away while the last values stay on the screen. */
import { Unplug } from 'lucide-react'
import { useNow } from '../data/clock.ts'
import { useLink } from '../data/host.ts'
import { useFormat } from '../format/useFormat.ts'
import { useText } from '../language/text.ts'

export function LinkBanner() {
  const { t } = useText()
  const format = useFormat()
  const link = useLink()
  const now = useNow()
  if (link.kind !== 'disconnected') return null
  return (
    <div className="banner" role="alert">
      <Unplug size={16} aria-hidden />
      <span>
        <strong>{t('link.lost')}</strong>{' '}
        {t('link.lostFor', { age: format.duration(now - link.since) })}
      </span>
    </div>
  )
}
