import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const renderer = fileURLToPath(new URL('..', import.meta.url))

/** Paper has one page only: what it hides belongs to whoever prints. */
function onScreen(css: string): string {
  return css.replace(/@media print \{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/g, '')
}

/** Classes that a file gives looks to on their own: `.name {` or `tag.name {`, wherever they stand. */
function ownClasses(css: string): ReadonlySet<string> {
  const selectors = [...css.matchAll(/(?:^|[{},])\s*([^{},@]+?)\s*(?=[,{])/g)].map(
    ([, selector = '']) => selector.trim(),
  )
  return new Set(
    selectors.flatMap((selector) => /^[a-z]*\.([a-z][\w-]*)$/.exec(selector)?.[1] ?? []),
  )
}

test('no class gets its looks from two files, where one screen would spoil another', () => {
  const owners = new Map<string, string[]>()
  for (const file of readdirSync(renderer, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.css')) continue
    for (const name of ownClasses(onScreen(readFileSync(join(renderer, file), 'utf8'))))
      owners.set(name, [...(owners.get(name) ?? []), file])
  }
  expect([...owners].filter(([, files]) => files.length > 1)).toEqual([])
})
