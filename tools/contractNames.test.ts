/** Proves at the compiler that a method's name can stand in the contract once, and only under itself. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))
const tsc = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'tsc.cmd' : 'tsc')

/** Error codes of the compiler for a contract with these members. */
function compile(members: string): readonly string[] {
  const cache = join(root, 'node_modules', '.cache')
  mkdirSync(cache, { recursive: true })
  const folder = mkdtempSync(join(cache, 'bulkhead-contract-'))
  try {
    const shared = `${relative(folder, root)}/shared`
    writeFileSync(
      join(folder, 'probe.ts'),
      `import { defineContract } from '${shared}/contract/contract.ts'
import { journalVerify } from '${shared}/contract/methods/journal.ts'
import { statusRead } from '${shared}/contract/methods/status.ts'
export const probe = defineContract({ ${members} })
`,
    )
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        extends: `${relative(folder, root)}/shared/tsconfig.json`,
        compilerOptions: { noUnusedLocals: false },
        files: ['probe.ts'],
        include: [],
      }),
    )
    const ran = spawnSync(tsc, ['-p', folder, '--pretty', 'false'], {
      encoding: 'utf8',
      shell: process.platform === 'win32',
    })
    expect(ran.error).toBeUndefined()
    return [...ran.stdout.matchAll(/error (TS\d+)/g)].map(([, code]) => code ?? '')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

test('two methods under their own names compile', () => {
  expect(compile(`'status.read': statusRead, 'journal.verify': journalVerify`)).toEqual([])
})

test('the same name twice does not compile', () => {
  expect(compile(`'status.read': statusRead, 'status.read': statusRead`)).toContain('TS1117')
})

test('a method under another name does not compile', () => {
  expect(compile(`'status.write': statusRead`)).toContain('TS2322')
})
