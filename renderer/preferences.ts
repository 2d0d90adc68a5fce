/** What this window looks like: theme, language, discreet mode. Kept in this browser only; nothing of it
 *  protects money, so it may live in the untrusted renderer. */
import { type Language, pickLanguage } from './language/messages.ts'

export type ThemeChoice = 'system' | 'dark' | 'light'

export interface Preferences {
  readonly theme: ThemeChoice
  readonly language: Language
  readonly discreet: boolean
}

export interface PreferenceStore {
  read(): Preferences
  write(change: Partial<Preferences>): void
  subscribe(listener: () => void): () => void
}

interface KeyValue {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
}

function readTheme(text: string | null): ThemeChoice {
  return text === 'dark' || text === 'light' ? text : 'system'
}

export function createPreferences(storage: KeyValue, system: readonly string[]): PreferenceStore {
  const listeners = new Set<() => void>()
  let current: Preferences = {
    theme: readTheme(storage.getItem('bulkhead.theme')),
    language: pickLanguage(storage.getItem('bulkhead.language'), system),
    discreet: storage.getItem('bulkhead.discreet') === 'on',
  }
  return {
    read: () => current,
    write(change) {
      current = { ...current, ...change }
      storage.setItem('bulkhead.theme', current.theme)
      storage.setItem('bulkhead.language', current.language)
      storage.setItem('bulkhead.discreet', current.discreet ? 'on' : 'off')
      for (const listener of listeners) listener()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
