/** The frame: rail on the left, status bar below, banners on top, one screen inside. Keyboard lives here. */
import { Component, type ReactNode, useEffect, useState } from 'react'
import { ActivityScreen } from '../activity/ActivityScreen.tsx'
import { CollateralScreen } from '../collateral/CollateralScreen.tsx'
import { useHostEvents, useRead } from '../data/host.ts'
import { type Route, type Screen, goTo, screens, useRoute } from '../data/route.ts'
import { useText } from '../language/text.ts'
import { OverviewScreen } from '../overview/OverviewScreen.tsx'
import { usePreferenceStore } from '../preferencesContext.ts'
import { RiskScreen } from '../risk/RiskScreen.tsx'
import { SettingsScreen } from '../settings/SettingsScreen.tsx'
import { TransfersScreen } from '../transfers/TransfersScreen.tsx'
import { VaultScreen } from '../vault/VaultScreen.tsx'
import { BlockedBanner } from './BlockedBanner.tsx'
import { DeviceDrawer } from './DeviceDrawer.tsx'
import { Help } from './Help.tsx'
import { LinkBanner } from './LinkBanner.tsx'
import { Palette } from './Palette.tsx'
import { Rail } from './Rail.tsx'
import { StatusBar } from './StatusBar.tsx'

interface GuardProps {
  readonly text: string
  readonly children: ReactNode
}

/** A screen that throws must not take the status bar and the other screens with it. */
class Guard extends Component<GuardProps, { readonly failed: boolean }> {
  override state = { failed: false }
  static getDerivedStateFromError() {
    return { failed: true }
  }
  override render() {
    return this.state.failed ? (
      <p className="refusal breach" role="alert">
        {this.props.text}
      </p>
    ) : (
      this.props.children
    )
  }
}

function Inside({ route }: { readonly route: Route }) {
  switch (route.screen) {
    case 'overview':
      return <OverviewScreen />
    case 'collateral':
      return <CollateralScreen />
    case 'risk':
      return <RiskScreen account={route.part} />
    case 'vault':
      return <VaultScreen section={route.part} />
    case 'transfers':
      return <TransfersScreen id={route.part} />
    case 'activity':
      return <ActivityScreen />
    case 'settings':
      return <SettingsScreen section={route.part} />
  }
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(input|textarea|select)$/i.test(target.tagName))
  )
}

type Overlay = 'none' | 'palette' | 'help'

function useKeyboard(setOverlay: (overlay: Overlay) => void): void {
  const preferences = usePreferenceStore()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === 'k') {
        event.preventDefault()
        setOverlay('palette')
        return
      }
      if (event.metaKey || event.ctrlKey || event.altKey || isTyping(event.target)) return
      if (document.querySelector('dialog[open]') !== null) return
      if (event.key === '?') setOverlay('help')
      else if (event.key === 'd' || event.key === 'D')
        preferences.write({ discreet: !preferences.read().discreet })
      else {
        const screen: Screen | undefined = /^[1-7]$/.test(event.key)
          ? screens[Number(event.key) - 1]
          : undefined
        if (screen !== undefined) goTo(screen)
      }
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [preferences, setOverlay])
}

export function Shell() {
  const { t } = useText()
  const route = useRoute()
  const [overlay, setOverlay] = useState<Overlay>('none')
  useHostEvents()
  useKeyboard(setOverlay)
  const blocked = useRead('status.read', {}, 5_000).data?.blocked ?? null
  useEffect(() => {
    document.title = `${t(`screen.${route.screen}`)} · Bulkhead`
  }, [t, route.screen])
  return (
    <div className="shell">
      <a
        className="skip"
        href="#main"
        onClick={(event) => {
          // The fragment is the route: jump by focus instead.
          event.preventDefault()
          document.getElementById('main')?.focus()
        }}
      >
        {t('skip')}
      </a>
      <Rail
        current={route.screen}
        onPalette={() => setOverlay('palette')}
        onHelp={() => setOverlay('help')}
      />
      <main id="main" tabIndex={-1}>
        <LinkBanner />
        {blocked !== null && <BlockedBanner refusal={blocked} here={route.screen === 'activity'} />}
        <Guard key={`${route.screen}/${route.part ?? ''}`} text={t('state.screenFailed')}>
          <Inside route={route} />
        </Guard>
      </main>
      <DeviceDrawer route={route} />
      <StatusBar />
      {overlay === 'palette' && (
        <Palette onClose={() => setOverlay('none')} onHelp={() => setOverlay('help')} />
      )}
      {overlay === 'help' && <Help onClose={() => setOverlay('none')} />}
    </div>
  )
}
