/** Every movement is blocked: says why on every screen, and leads to where it is released. */
import { ScrollText } from 'lucide-react'
import type { Refusal } from '../../shared/errors/refusal.ts'
import { routeHref } from '../data/route.ts'
import { useText } from '../language/text.ts'
import { RefusalNote } from '../ui/RefusalNote.tsx'

export interface BlockedBannerProps {
  readonly refusal: Refusal
  /** On the screen that releases it, the link would lead nowhere. */
  readonly here: boolean
}

export function BlockedBanner({ refusal, here }: BlockedBannerProps) {
  const { t } = useText()
  return (
    <div className="blocked-banner" data-testid="blocked">
      <RefusalNote refusal={refusal} />
      {!here && (
        <a className="button primary" href={routeHref('activity')}>
          <ScrollText size={14} aria-hidden /> {t('reconcile.go')}
        </a>
      )}
    </div>
  )
}
