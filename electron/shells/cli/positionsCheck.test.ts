import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { checkPositions } from './positionsCheck.ts'

const folder =
  process.env.BULKHEAD_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const recorded = `${folder}/recorded-positions.json`
const present = existsSync(recorded)
if (!present) console.warn(`SKIPPED: no recorded positions at ${recorded}`)

/** Made up, shaped like the recorded rows; prices worked by hand. */
const rows = [
  {
    id: 'a',
    exchange: 'binance',
    marginMode: 'isolated',
    contractType: 'linear',
    rule: 'current',
    // (2·100 − 20)/(2·(1 − 0.1)) = 100
    inputs: { side: 'long', qty: 2, entry: 100, W: 20, r: 0.1, cum: 0 },
    reportedLiq: 100,
    tolerance: 1e-6,
    recomputable: true,
  },
  {
    id: 'b',
    exchange: 'okx',
    marginMode: 'cross',
    contractType: 'inverse',
    rule: 'current',
    // 1000·(−1 + 0.1)/(11 − 1000/100) < 0: none
    inputs: { side: 'short', qty: 1_000, entry: 100, W: 11, r: 0.1 },
    reportedLiq: null,
    tolerance: 1e-6,
    recomputable: true,
  },
]

function check(given: readonly unknown[]) {
  const result = checkPositions(JSON.stringify(given))
  return { ...result, lines: result.lines.map((line) => JSON.parse(line)) }
}

describe('checkPositions', () => {
  it('matches what agrees, with none against none', () => {
    const { lines, exitCode } = check(rows)
    expect(lines.map(({ status }) => status)).toEqual(['match', 'match'])
    expect(lines[0].computed).toBeCloseTo(100, 9)
    expect(lines[1].computed).toBeNull()
    expect(exitCode).toBe(0)
  })

  it('exits 1 on a mismatch', () => {
    const { lines, exitCode } = check([{ ...rows[0], reportedLiq: 100.01 }, rows[1]])
    expect(lines[0]).toMatchObject({
      status: 'mismatch',
      venue: 'binance',
      mode: 'isolated',
    })
    expect(exitCode).toBe(1)
  })

  it('names what is absent instead of guessing, and exits 2 when too little matches', () => {
    const { lines, exitCode } = check([
      { ...rows[0], inputs: { side: 'long', qty: 2, entry: 100 } },
    ])
    expect(lines[0]).toMatchObject({ status: 'unverified', missing: ['inputs.W', 'inputs.r'] })
    expect(exitCode).toBe(2)
  })

  it('takes the lowest price a venue can show for none', () => {
    const none = { ...rows[0], inputs: { side: 'long', qty: 2, entry: 100, W: 300, r: 0.1 } }
    const lowest = check([{ ...none, reportedLiq: 0.01, tick: 0.01 }])
    expect(lowest.lines[0]).toMatchObject({ status: 'match', computed: null })
    const real = check([{ ...none, reportedLiq: 5, tick: 0.01 }])
    expect(real.lines[0].status).toBe('mismatch')
    const negative = check([{ ...none, reportedLiq: -110_163.8 }])
    expect(negative.lines[0].status).toBe('match')
  })

  it('does not compute portfolio margin', () => {
    expect(check([{ ...rows[0], marginMode: 'portfolio' }]).lines[0].status).toBe('unverified')
  })

  it.each(['', '{}', '[1,2', 'null'])('refuses a file that is no list of rows: %s', (text) => {
    const { exitCode, lines } = checkPositions(text)
    expect(exitCode).toBe(2)
    expect(lines).toEqual([])
  })

  it('counts rows called what every object knows like any other', () => {
    const text = JSON.stringify([
      { ...rows[0], exchange: '__proto__', marginMode: 'constructor' },
      { ...rows[0], exchange: 'toString' },
    ])
    const { coverage } = JSON.parse(checkPositions(text).summary)
    expect(Object.keys(coverage)).toEqual(['__proto__', 'toString'])
    expect(Object.keys(Object.prototype)).toEqual([])
    const cell: unknown = Object.getOwnPropertyDescriptor(coverage, '__proto__')?.value
    expect(cell).toEqual({ constructor: { rows: 1, match: 1, mismatch: 0, unverified: 0 } })
  })

  it('keeps going past a row that is not one', () => {
    const { lines } = check([7, { ...rows[0], inputs: { side: 'up' } }, rows[1]])
    expect(lines.map(({ status }) => status)).toEqual(['unverified', 'unverified', 'match'])
    expect(lines[1].missing).toEqual(['inputs.side'])
  })

  it.skipIf(!present)('reproduces every recomputable recorded position', () => {
    const given = JSON.parse(readFileSync(recorded, 'utf8'))
    const { lines, summary, exitCode } = check(given)
    expect(lines.filter(({ status }) => status === 'mismatch')).toEqual([])
    expect(JSON.parse(summary)).toMatchObject({ recomputable: 47, mismatched: 0, matchedShare: 1 })
    expect(exitCode).toBe(0)
  })

  it.skipIf(!present)('computes the same without the answers', () => {
    const given: Record<string, unknown>[] = JSON.parse(readFileSync(recorded, 'utf8'))
    const blind = given.map(({ exchange, marginMode, contractType, rule, inputs }) => ({
      exchange,
      marginMode,
      contractType,
      rule,
      inputs,
    }))
    const values = (list: readonly unknown[]) =>
      check(list).lines.map(({ computed, displayed }) => ({ computed, displayed }))
    expect(values(blind)).toEqual(values(given))
  })
})
