/** The page as a whole: language, theme, discretion, host, then the shell around the chosen screen. */
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { Tooltip } from 'radix-ui'
import { type ReactNode, useEffect, useSyncExternalStore } from 'react'
import { IntlProvider } from 'react-intl'
import { ClockContext, type Clock } from './data/clock.ts'
import { type HostAccess, HostContext } from './data/host.ts'
import { Discreet } from './format/useFormat.ts'
import { catalogues } from './language/messages.ts'
import type { PreferenceStore } from './preferences.ts'
import { PreferencesContext, usePreferences } from './preferencesContext.ts'
import { Shell } from './shell/Shell.tsx'
import { type Theme, ThemeContext } from './ui/chartInk.ts'

const darkQuery = '(prefers-color-scheme: dark)'

function useSystemDark(): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = window.matchMedia(darkQuery)
      media.addEventListener('change', listener)
      return () => media.removeEventListener('change', listener)
    },
    () => window.matchMedia(darkQuery).matches,
    () => true,
  )
}

function Looks({ children }: { readonly children: ReactNode }) {
  const { theme, language, discreet } = usePreferences()
  const systemDark = useSystemDark()
  const shown: Theme = theme === 'system' ? (systemDark ? 'dark' : 'light') : theme
  useEffect(() => {
    document.documentElement.dataset['theme'] = shown
    document.documentElement.lang = language
  }, [shown, language])
  return (
    <IntlProvider locale={language} messages={catalogues[language]}>
      <ThemeContext value={shown}>
        <Discreet value={discreet}>{children}</Discreet>
      </ThemeContext>
    </IntlProvider>
  )
}

export interface AppProps {
  readonly host: HostAccess
  readonly queries: QueryClient
  readonly preferences: PreferenceStore
  readonly clock: Clock
}

export function App({ host, queries, preferences, clock }: AppProps) {
  return (
    <PreferencesContext value={preferences}>
      <ClockContext value={clock}>
        <HostContext value={host}>
          <QueryClientProvider client={queries}>
            <Tooltip.Provider>
              <Looks>
                <Shell />
              </Looks>
            </Tooltip.Provider>
          </QueryClientProvider>
        </HostContext>
      </ClockContext>
    </PreferencesContext>
  )
}
