/** Compiles one probe file inside each layer's own project and expects the globals of other worlds to be
 *  unknown there, line by line. The probes live under node_modules, so no other check ever sees them. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'tsc.cmd' : 'tsc')

let folder = ''

beforeEach(() => {
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  folder = mkdtempSync(join(cache, 'bulkhead-types-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** The probe's lines that do not compile, by their text, together with all real files of the layer. */
function refusedLines(layer: string, lines: readonly string[]): readonly string[] {
  const up = relative(folder, root)
  writeFileSync(join(folder, 'probe.ts'), [...lines, 'export {}', ''].join('\n'))
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: `${up}/${layer}/tsconfig.json`,
      compilerOptions: { noUnusedLocals: false },
      files: ['probe.ts'],
      include: [`${up}/${layer}/**/*.ts`, `${up}/${layer}/**/*.tsx`],
      exclude: [`${up}/**/*.test.ts`, `${up}/**/*.test.tsx`, `${up}/renderer/vite.config.ts`],
    }),
  )
  const ran = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], {
    encoding: 'utf8',
    shell: process.platform === 'win32',
  })
  // Anything else than "compiled" or "has errors" means that nothing was proved.
  expect(ran.error).toBeUndefined()
  expect([0, 1, 2]).toContain(ran.status)
  const refused = [...ran.stdout.matchAll(/probe\.ts\((\d+),\d+\): error TS(\d+)/g)]
  // 2304 and its kin: "Cannot find name".
  for (const [, , code] of refused)
    expect(['2304', '2503', '2580', '2584', '2591', '2552']).toContain(code)
  return refused.map(([, line]) => lines[Number(line) - 1] ?? '')
}

const node = ['process.exit()', "Buffer.from('')", 'setImmediate(() => 1)']
const page = ['window.close()', "document.createElement('a')", 'new XMLHttpRequest()']
const everywhere = ['export const big: bigint = 1n', 'export const list = [1].map(String)']

describe('type boundaries', { timeout: 120_000 }, () => {
  it('shared knows neither Node nor the page', () => {
    expect(refusedLines('shared', [...everywhere, ...node, ...page])).toEqual([...node, ...page])
  })

  it('shared stays without Node when it uses its allowed packages', () => {
    const packages = [
      "import 'zod'",
      "import 'big.js'",
      "import '@noble/hashes/sha2.js'",
      "import '@noble/curves/secp256k1.js'",
      "import '@scure/base'",
    ]
    expect(refusedLines('shared', [...packages, ...node, ...page])).toEqual([...node, ...page])
  })

  it('electron knows Node but not the page', () => {
    expect(refusedLines('electron', [...everywhere, ...node, ...page])).toEqual(page)
  })

  it('renderer knows the page but not Node', () => {
    expect(refusedLines('renderer', [...everywhere, ...node, ...page])).toEqual(node)
  })
})
