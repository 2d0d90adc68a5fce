/** Plants promises in a project of its own and expects exactly the unattended ones to be found. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { findFloatingPromises } from './floatingPromises.ts'

const cache = fileURLToPath(new URL('../node_modules/.cache', import.meta.url))
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, 'bulkhead-promises-'))

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const attended = [
  'void work()',
  'await work()',
  'let kept = work()',
  'kept = work()',
  'work().catch(() => 0)',
  'work().then(() => 0, () => 1)',
  'work().catch(() => 0).finally(() => 0)',
  '[1].map((n) => n + 1)',
]
const unattended = [
  'work()',
  'work().then(() => 0)',
  'work().finally(() => 0)',
  'maybe && work()',
  'maybe?.work()',
  'Promise.all([work()])',
  'import("node:fs")',
]

it('finds every promise that nobody waits for, and no other', () => {
  const opening = [
    'async function work(): Promise<number> { return 1 }',
    'declare const maybe: { work(): Promise<void> } | undefined',
  ]
  const lines = [...opening, ...attended, ...unattended, 'export { kept }']
  writeFileSync(join(folder, 'a.ts'), lines.join('\n'))
  const options = { strict: true, target: 'es2024', module: 'esnext', noEmit: true }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: options }))
  const { files, floating } = findFloatingPromises(folder, ['tsconfig.json'])
  expect(files).toBe(1)
  expect(floating.map((each) => lines[each.line - 1])).toEqual(unattended)
})

it('a project that cannot be loaded is a failure', () => {
  expect(() => findFloatingPromises(folder, ['nowhere/tsconfig.json'])).toThrow()
})
