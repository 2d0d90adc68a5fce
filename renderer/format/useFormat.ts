/** Formatting inside React: the language of the page and the discretion of this part of it. */
import { createContext, useContext, useMemo } from 'react'
import { useText } from '../language/text.ts'
import { type Format, createFormat } from './format.ts'

/** True hides amounts below this point. The review lifts it for itself, on request. */
export const Discreet = createContext(false)

export function useFormat(): Format {
  const discreet = useContext(Discreet)
  const { t, locale } = useText()
  return useMemo(() => createFormat(locale, discreet, t), [locale, discreet, t])
}
