import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { inks } from '../ui/chartInk.ts'

// Not `new URL('./tokens.css', …)`: the bundler would make an asset of it.
const css = readFileSync(join(import.meta.dirname, 'tokens.css'), 'utf8')

function token(theme: 'dark' | 'light', name: string): string {
  const block = css.slice(css.search(new RegExp(`data-theme=["']${theme}["']`)))
  return new RegExp(`--${name}: (#[0-9a-f]{6})`).exec(block)?.[1] ?? ''
}

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

function contrast(a: string, b: string): number {
  const [low = 0, high = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (high + 0.05) / (low + 0.05)
}

const themes = ['dark', 'light'] as const

test.each(themes)('charts draw the %s theme in the page’s own tokens', (theme) => {
  for (const [name, colour] of Object.entries(inks[theme]))
    expect(
      token(
        theme,
        name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      ),
    ).toBe(colour)
})

test.each(
  themes.flatMap((theme) =>
    ['ink', 'dim', 'cold', 'breach', 'hot-text', 'good-text'].flatMap((text) =>
      ['ground', 'panel', 'raised'].map((under) => [theme, text, under] as const),
    ),
  ),
)('%s: %s on %s is readable (WCAG AA)', (theme, text, under) => {
  expect(contrast(token(theme, text), token(theme, under))).toBeGreaterThanOrEqual(4.5)
})

test.each(themes)('%s: the words on a primary button are readable', (theme) => {
  expect(contrast(token(theme, 'on-cold'), token(theme, 'primary'))).toBeGreaterThanOrEqual(4.5)
})
