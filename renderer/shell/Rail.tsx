/** The left rail: screens in the order of their keys, with discreet mode and the palette at its foot. */
import {
  ArrowLeftRight,
  Eye,
  EyeOff,
  Gauge,
  Keyboard,
  LayoutPanelLeft,
  Search,
  Settings,
  ScrollText,
  Vault,
  Wallet,
} from 'lucide-react'
import type { ReactNode } from 'react'
import { type Screen, routeHref, screens } from '../data/route.ts'
import { useText } from '../language/text.ts'
import { usePreferenceStore, usePreferences } from '../preferencesContext.ts'
import { Tip } from '../ui/Tip.tsx'

const size = { size: 20, strokeWidth: 1.75, 'aria-hidden': true } as const

export function screenIcon(screen: Screen): ReactNode {
  switch (screen) {
    case 'overview':
      return <LayoutPanelLeft {...size} />
    case 'collateral':
      return <Wallet {...size} />
    case 'risk':
      return <Gauge {...size} />
    case 'vault':
      return <Vault {...size} />
    case 'transfers':
      return <ArrowLeftRight {...size} />
    case 'activity':
      return <ScrollText {...size} />
    case 'settings':
      return <Settings {...size} />
  }
}

export interface RailProps {
  readonly current: Screen
  readonly onPalette: () => void
  readonly onHelp: () => void
}

export function Rail({ current, onPalette, onHelp }: RailProps) {
  const { t } = useText()
  const { discreet } = usePreferences()
  const preferences = usePreferenceStore()
  return (
    <nav className="rail" aria-label={t('rail.label')}>
      {screens.map((screen) => (
        <a
          key={screen}
          href={routeHref(screen)}
          className={`rail-item rail-${screen}`}
          aria-current={screen === current ? 'page' : undefined}
        >
          {screenIcon(screen)}
          <span>{t(`screen.${screen}`)}</span>
        </a>
      ))}
      <div className="rail-foot">
        <Tip text={discreet ? t('discreet.turnOff') : t('discreet.turnOn')}>
          <button
            type="button"
            className="rail-tool"
            aria-pressed={discreet}
            aria-label={t('discreet.name')}
            onClick={() => preferences.write({ discreet: !discreet })}
          >
            {discreet ? <EyeOff {...size} /> : <Eye {...size} />}
          </button>
        </Tip>
        <Tip text={t('palette.open')}>
          <button
            type="button"
            className="rail-tool"
            aria-label={t('palette.open')}
            onClick={onPalette}
          >
            <Search {...size} />
          </button>
        </Tip>
        <Tip text={t('help.open')}>
          <button type="button" className="rail-tool" aria-label={t('help.open')} onClick={onHelp}>
            <Keyboard {...size} />
          </button>
        </Tip>
      </div>
    </nav>
  )
}
