/** The committed artifacts are what the committed sources compile to. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { artifactPath, compileContract, contractSources } from './compileContracts.ts'

/** biome lays arrays out in its own way; the content is what counts. */
function content(text: string): unknown {
  return JSON.parse(text)
}

describe('contract artifacts', () => {
  test('there is at least one contract', () => {
    expect(contractSources()).toContain('UsdCoin.sol')
  })

  test.each(contractSources())(
    '%s compiles to its committed artifact',
    (file) => {
      const committed = readFileSync(artifactPath(file), 'utf8')
      expect(content(compileContract(file))).toEqual(content(committed))
    },
    60_000,
  )
})
