/** Preferences inside React. */
import { createContext, useContext, useSyncExternalStore } from 'react'
import type { PreferenceStore, Preferences } from './preferences.ts'

export const PreferencesContext = createContext<PreferenceStore | null>(null)

export function usePreferenceStore(): PreferenceStore {
  const store = useContext(PreferencesContext)
  if (store === null) throw new Error('no preferences above this part')
  return store
}

export function usePreferences(): Preferences {
  const store = usePreferenceStore()
  return useSyncExternalStore(store.subscribe, store.read, store.read)
}
