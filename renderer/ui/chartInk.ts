/** The tokens of styles/tokens.css as chart colours (tokens.test.ts compares the two). */
import { createContext, useContext } from 'react'

export interface Ink {
  readonly ground: string
  readonly panel: string
  readonly raised: string
  readonly line: string
  readonly ink: string
  readonly dim: string
  readonly hot: string
  readonly hotSoft: string
  readonly cold: string
  readonly coldSoft: string
  readonly breach: string
  readonly good: string
}

const dark: Ink = {
  ground: '#0d1117',
  panel: '#131a22',
  raised: '#182130',
  line: '#243041',
  ink: '#e8edf4',
  dim: '#8b98aa',
  hot: '#f0a33c',
  hotSoft: '#7a5220',
  cold: '#4ea3ff',
  coldSoft: '#1f4a7d',
  breach: '#ff6b5e',
  good: '#57c78a',
}

const light: Ink = {
  ground: '#f4f6f9',
  panel: '#ffffff',
  raised: '#f8fafc',
  line: '#dbe2ea',
  ink: '#16202c',
  dim: '#586779',
  hot: '#c87a12',
  hotSoft: '#f3dcb6',
  cold: '#1769c9',
  coldSoft: '#cfe3fa',
  breach: '#c9372c',
  good: '#1f8a54',
}

export type Theme = 'dark' | 'light'

export const inks: Readonly<Record<Theme, Ink>> = { dark, light }

export const ThemeContext = createContext<Theme>('dark')

export const chartFont =
  "'Inter Variable', 'Noto Sans SC Variable', 'Noto Sans SC', system-ui, sans-serif"

export function useInk(): Ink {
  const theme = useContext(ThemeContext)
  return inks[theme]
}
