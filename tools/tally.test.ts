/** The sums of a test run: nothing that broke, was skipped or never loaded may look like a pass. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { explainSkip } from './leftOut.ts'
import { addTallies, readPlaywrightReport, readVitestReport } from './tally.ts'

let folder = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'bulkhead-tally-'))
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, content: unknown): string {
  const file = join(folder, name)
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

function vitestFile(statuses: readonly string[], status = 'passed') {
  return {
    name: '/a.test.ts',
    status,
    assertionResults: statuses.map((each, index) => ({ status: each, fullName: `case ${index}` })),
  }
}

describe('vitest report', () => {
  it('counts passes, failures and skips, and names the skips', () => {
    const testResults = [vitestFile(['passed', 'passed', 'failed', 'skipped', 'todo', 'pending'])]
    const report = readVitestReport(write('a.json', { success: false, testResults }))
    expect(report).toMatchObject({ passed: 2, failed: 1, skipped: 3 })
    expect(report.skippedTests.map((test) => test.title)).toEqual(['case 3', 'case 4', 'case 5'])
  })

  it('a file that could not be loaded is a failure', () => {
    const testResults = [vitestFile(['passed']), vitestFile([], 'failed')]
    const report = readVitestReport(write('a.json', { success: false, testResults }))
    expect(report).toMatchObject({ passed: 1, failed: 1 })
  })

  it('an error outside every test is a failure', () => {
    const testResults = [vitestFile(['passed'])]
    const report = readVitestReport(write('a.json', { success: false, testResults }))
    expect(report).toMatchObject({ passed: 1, failed: 1 })
  })

  it('a missing report is a failure', () => {
    expect(readVitestReport(join(folder, 'none.json'))).toMatchObject({ passed: 0, failed: 1 })
  })
})

describe('playwright report', () => {
  const spec = (title: string, status: string) => ({
    title,
    file: 'a.spec.ts',
    tests: [{ status }],
  })

  it('counts nested suites; flaky is failed', () => {
    const inner = { specs: [spec('c', 'flaky'), spec('d', 'skipped')] }
    const suites = [{ specs: [spec('a', 'expected'), spec('b', 'unexpected')], suites: [inner] }]
    const report = readPlaywrightReport(write('b.json', { suites, errors: [] }))
    expect(report).toMatchObject({ passed: 1, failed: 2, skipped: 1 })
    expect(report.skippedTests).toEqual([{ file: 'a.spec.ts', title: 'd' }])
  })

  it('an error outside every test is a failure', () => {
    const report = readPlaywrightReport(write('b.json', { suites: [], errors: [{}] }))
    expect(report).toMatchObject({ passed: 0, failed: 1 })
  })
})

describe('skipped tests', () => {
  const tiers = { deep: false, soak: false }
  const noData = [{ what: 'tests against recorded venue data', reason: '', excusable: true }]

  it('are explained by what their file depends on', () => {
    const deep = { file: write('deep.test.ts', 'process.env.BULKHEAD_DEEP'), title: '' }
    const data = { file: write('data.test.ts', 'process.env.BULKHEAD_DATA'), title: '' }
    expect(explainSkip(deep, tiers, [])).toBe('only in npm run test:deep')
    expect(explainSkip(data, tiers, noData)).toBe('no recorded data')
  })

  it('are not explained where the thing is there, or by nothing at all', () => {
    const deep = { file: write('deep.test.ts', 'process.env.BULKHEAD_DEEP'), title: '' }
    const data = { file: write('data.test.ts', 'process.env.BULKHEAD_DATA'), title: '' }
    const plain = { file: write('plain.test.ts', 'it.skip()'), title: '' }
    expect(explainSkip(deep, { deep: true, soak: false }, [])).toBeNull()
    expect(explainSkip(data, tiers, [])).toBeNull()
    expect(explainSkip(plain, tiers, noData)).toBeNull()
  })
})

it('tallies add up', () => {
  const one = { passed: 1, failed: 2, skipped: 3 }
  expect(addTallies([one, one])).toEqual({ passed: 2, failed: 4, skipped: 6 })
  expect(addTallies([])).toEqual({ passed: 0, failed: 0, skipped: 0 })
})
