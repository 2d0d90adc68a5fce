/** Which screen is shown, in the address bar's fragment: `#/transfers/7f3a`. */
import { useSyncExternalStore } from 'react'

export const screens = [
  'overview',
  'collateral',
  'risk',
  'vault',
  'transfers',
  'activity',
  'settings',
] as const
export type Screen = (typeof screens)[number]

export interface Route {
  readonly screen: Screen
  /** A transfer's id, an account's id or a section, where the screen has one. */
  readonly part: string | null
}

export function parseRoute(fragment: string): Route {
  const [, name = '', part] = /^#\/([a-z]+)(?:\/(.+))?$/.exec(fragment) ?? []
  const screen = screens.find((candidate) => candidate === name) ?? 'overview'
  if (part === undefined) return { screen, part: null }
  try {
    return { screen, part: decodeURIComponent(part) }
  } catch {
    return { screen, part: null }
  }
}

export function routeHref(screen: Screen, part?: string): string {
  return part === undefined ? `#/${screen}` : `#/${screen}/${encodeURIComponent(part)}`
}

export function goTo(screen: Screen, part?: string): void {
  window.location.hash = routeHref(screen, part)
}

function subscribe(listener: () => void): () => void {
  window.addEventListener('hashchange', listener)
  return () => window.removeEventListener('hashchange', listener)
}

export function useRoute(): Route {
  const fragment = useSyncExternalStore(
    subscribe,
    () => window.location.hash,
    () => '',
  )
  return parseRoute(fragment)
}
