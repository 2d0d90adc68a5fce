import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { ok } from '../../../../shared/errors/refusal.ts'
import {
  bitsOf,
  encodeHeader,
  headerHash,
  meetsOwnTarget,
  previousHash,
  reversedHex,
  targetOfBits,
  timeOf,
  workOfBits,
} from './header.ts'
import { type HeaderSource, type KeptHeaders, createHeaderChain } from './headerChain.ts'
import { headerFile } from './headerFile.ts'
import { type HeaderRules, PERIOD, headerRules, nextBits, readCheckpoints } from './headerRules.ts'

const never = new AbortController().signal
const START = 1_700_000_000
const EASY = 0x207fffff
const HARDER = 0x201fffff
const ROOT = 'ab'.repeat(32)

/** Mainnet's rules at a difficulty that a test can pay: a period below the base, then the chain. */
const below = mine({ after: undefined, count: PERIOD, firstTime: START - PERIOD * 600, bits: EASY })
const base = { height: 2 * PERIOD - 1, hash: reversedHex(headerHash(last(below))) }
const rules: HeaderRules = {
  base,
  firstBits: HARDER,
  easiestBits: EASY,
  retargets: true,
  staleAfterMs: null,
  endOfPeriod: (height) =>
    height >= PERIOD && height <= base.height
      ? { height: base.height, hash: base.hash }
      : undefined,
}
const now = () => (START + 10_000 * 600) * 1_000

function last(headers: readonly Uint8Array[]): Uint8Array {
  const header = headers.at(-1)
  if (header === undefined) throw new Error('no headers')
  return header
}

function mineOne(fields: {
  readonly previousHash: string
  readonly time: number
  readonly bits: number
  readonly root?: string
}): Uint8Array {
  for (let nonce = 0; ; nonce++) {
    const header = encodeHeader({ version: 2, merkleRoot: fields.root ?? ROOT, ...fields, nonce })
    if (meetsOwnTarget(header)) return header
  }
}

/** Headers one after another; difficulty by mainnet's rule unless `bits` is given. */
function mine(how: {
  readonly after: Uint8Array | undefined
  readonly count: number
  readonly firstTime: number
  readonly spacing?: number
  readonly bits?: number
  readonly root?: string
  readonly line?: readonly Uint8Array[]
}): Uint8Array[] {
  const line = [...(how.line ?? [])]
  const start = line.length
  let previous = how.after
  for (let at = 0; at < how.count; at++) {
    const before = line.at(-1)
    const turns = line.length > 0 && line.length % PERIOD === 0
    const [first, end] = [line.at(-PERIOD), line.at(-1)]
    const ruled =
      turns && first !== undefined && end !== undefined
        ? nextBits(bitsOf(end), timeOf(first), timeOf(end), EASY)
        : before === undefined
          ? HARDER
          : bitsOf(before)
    const header = mineOne({
      previousHash: previous === undefined ? '00'.repeat(32) : reversedHex(headerHash(previous)),
      time: how.firstTime + at * (how.spacing ?? 600),
      bits: how.bits ?? ruled,
      ...(how.root === undefined ? {} : { root: how.root }),
    })
    line.push(header)
    previous = header
  }
  return line.slice(start)
}

/** A server that has these headers above the base, and the period below it. */
function server(headers: readonly Uint8Array[]) {
  const asked: [number, number][] = []
  const source: HeaderSource = {
    readHeaders: async (from, count) => {
      asked.push([from, count])
      const all = [...below, ...headers]
      const at = from - PERIOD
      return ok(Buffer.concat(all.slice(at, at + Math.min(count, PERIOD))))
    },
  }
  const tip = { height: base.height + headers.length, header: headers.at(-1) ?? last(below) }
  return { source, tip, asked }
}

function chainWith(kept?: KeptHeaders, over: Partial<HeaderRules> = {}, at = now) {
  return createHeaderChain({
    rules: { ...rules, ...over },
    now: at,
    ...(kept === undefined ? {} : { kept }),
  })
}

const honest = mine({ after: last(below), count: PERIOD + 40, firstTime: START, spacing: 500 })

describe('an honest chain', () => {
  it('is taken whole, its difficulty changing where a period ends', async () => {
    const chain = chainWith()
    const { source, tip } = server(honest)
    expect(await chain.follow(source, tip, never)).toEqual(ok(null))
    expect(chain.height()).toBe(tip.height)
    const [before, after] = [honest[PERIOD - 1], honest[PERIOD]]
    // Blocks came every 500 s instead of 600: a sixth harder.
    const ratio =
      Number(targetOfBits(bitsOf(after ?? last(honest)))) /
      Number(targetOfBits(bitsOf(before ?? last(honest))))
    expect(ratio).toBeCloseTo((2_015 * 500) / (14 * 86_400), 3)
    expect(chain.headerAt(base.height + 1)).toEqual(honest[0])
  })

  it('grows by a block that was just told without another question', async () => {
    const chain = chainWith()
    const first = server(honest.slice(0, 20))
    await chain.follow(first.source, first.tip, never)
    const next = server(honest.slice(0, 21))
    expect(await chain.follow(next.source, next.tip, never)).toEqual(ok(null))
    expect(next.asked).toEqual([])
    expect(chain.height()).toBe(base.height + 21)
  })

  it('knows headers below the base by the hash that ends their period, and asks for each once', async () => {
    const chain = chainWith()
    const { source, asked } = server([])
    const wanted = base.height - 100
    expect(await chain.readHeader(wanted, source, never)).toEqual(ok(below[PERIOD - 101]))
    expect(await chain.readHeader(wanted, source, never)).toMatchObject({ ok: true })
    expect(asked).toEqual([[wanted, 101]])
    expect(await chain.readHeader(3, source, never)).toMatchObject({ ok: false })
  })

  it('of a server that is behind is not ours to refuse', async () => {
    const chain = chainWith()
    const whole = server(honest.slice(0, 50))
    await chain.follow(whole.source, whole.tip, never)
    const behind = server(honest.slice(0, 45))
    expect(await chain.follow(behind.source, behind.tip, never)).toEqual(ok(null))
    expect(chain.height()).toBe(base.height + 50)
  })
})

describe('a branch', () => {
  const fork = (length: number, at = 30) =>
    [
      ...honest.slice(0, at),
      ...mine({
        after: honest[at - 1],
        count: length,
        firstTime: START + at * 500 + 1,
        line: honest.slice(0, at),
        root: 'cd'.repeat(32),
      }),
    ] as const

  it('with more work replaces ours, also far back', async () => {
    for (const [at, length] of [
      [39, 2],
      [5, 40],
      [0, 41],
    ] as const) {
      const chain = chainWith()
      const ours = server(honest.slice(0, 40))
      await chain.follow(ours.source, ours.tip, never)
      const branch =
        at === 0
          ? mine({
              after: last(below),
              count: length,
              firstTime: START + 1,
              root: 'cd'.repeat(32),
            })
          : fork(length, at)
      const theirs = server(branch)
      expect(await chain.follow(theirs.source, theirs.tip, never)).toEqual(ok(null))
      expect(chain.height()).toBe(theirs.tip.height)
      expect(chain.headerAt(base.height + at + 1)).toEqual(branch[at])
    }
  })

  it.each([
    ['less', 5],
    ['as much', 10],
  ])('with %s work does not', async (_, length) => {
    const chain = chainWith()
    const ours = server(honest.slice(0, 40))
    await chain.follow(ours.source, ours.tip, never)
    const theirs = server(fork(length))
    expect(await chain.follow(theirs.source, theirs.tip, never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_STALE', data: { best: base.height + 40 } },
    })
    expect(chain.headerAt(base.height + 31)).toEqual(honest[30])
  })

  it('that breaks down half way leaves ours as it was', async () => {
    const chain = chainWith()
    const ours = server(honest.slice(0, 40))
    await chain.follow(ours.source, ours.tip, never)
    const branch = [...fork(30)]
    branch[45] = encodeHeader({
      version: 2,
      previousHash: reversedHex(headerHash(branch[44] ?? last(branch))),
      merkleRoot: ROOT,
      time: START + 60_000,
      bits: EASY,
      nonce: 0,
    })
    const theirs = server(branch)
    expect(await chain.follow(theirs.source, theirs.tip, never)).toMatchObject({ ok: false })
    expect(chain.height()).toBe(base.height + 40)
    expect(chain.headerAt(base.height + 35)).toEqual(honest[34])
  })
})

it('whatever valid branches are shown in whatever order, the heaviest of them is held', async () => {
  const root = mine({ after: last(below), count: 12, firstTime: START })
  const branch = (at: number, length: number, seed: number) => [
    ...root.slice(0, at),
    ...mine({
      after: root[at - 1],
      count: length,
      firstTime: START + at * 600 + seed,
      line: root.slice(0, at),
      root: seed.toString(16).padStart(2, '0').repeat(32),
    }),
  ]
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          at: fc.integer({ min: 1, max: 12 }),
          length: fc.integer({ min: 1, max: 12 }),
          seed: fc.integer({ min: 1, max: 255 }),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      async (shown) => {
        const chain = chainWith()
        let best = 0
        for (const { at, length, seed } of shown) {
          const headers = branch(at, length, seed)
          const { source, tip } = server(headers)
          const followed = await chain.follow(source, tip, never)
          best = Math.max(best, headers.length)
          // All at one difficulty here: more blocks are more work.
          expect(chain.height()).toBe(base.height + best)
          if (followed.ok && headers.length === best)
            expect(chain.headerAt(tip.height)).toBeDefined()
          for (let height = base.height + 2; height <= chain.height(); height++)
            expect(
              reversedHex(previousHash(chain.headerAt(height) ?? root[0] ?? last(below))),
            ).toBe(reversedHex(headerHash(chain.headerAt(height - 1) ?? last(below))))
        }
      },
    ),
    { numRuns: 40 },
  )
})

describe('a server that lies about headers is refused', () => {
  const good = honest.slice(0, 20)
  const previousHash = reversedHex(headerHash(last(good)))
  const time = START + 20 * 500
  function workless(): Uint8Array {
    for (let nonce = 0; ; nonce++) {
      const header = encodeHeader({
        version: 2,
        merkleRoot: ROOT,
        previousHash,
        time,
        bits: HARDER,
        nonce,
      })
      if (!meetsOwnTarget(header)) return header
    }
  }
  const rows: readonly (readonly [string, string, () => Uint8Array])[] = [
    ['no work', 'header', workless],
    ['an easier difficulty', 'difficulty', () => mineOne({ previousHash, time, bits: EASY })],
    [
      'a harder one than demanded',
      'difficulty',
      () => mineOne({ previousHash, time, bits: 0x200fffff }),
    ],
    ['another parent', 'header', () => mineOne({ previousHash: ROOT, time, bits: HARDER })],
    [
      'a time not after the median of eleven',
      'time',
      () => mineOne({ previousHash, time: START + 14 * 500, bits: HARDER }),
    ],
    [
      'a time more than two hours ahead',
      'time',
      () => mineOne({ previousHash, time: now() / 1_000 + 7_300, bits: HARDER }),
    ],
  ]
  it.each(rows)('%s', async (_, field, header) => {
    const chain = chainWith()
    const { source, tip } = server([...good, header()])
    expect(await chain.follow(source, tip, never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_LIED', data: { field } },
    })
    expect(chain.height()).toBeLessThanOrEqual(base.height + 20)
  })

  it('the old difficulty after a period that was faster', async () => {
    const chain = chainWith()
    const period = honest.slice(0, PERIOD)
    const easy = mineOne({
      previousHash: reversedHex(headerHash(last(period))),
      time: START + PERIOD * 500,
      bits: HARDER,
    })
    const { source, tip } = server([...period, easy])
    expect(await chain.follow(source, tip, never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_LIED', data: { field: 'difficulty' } },
    })
  })

  it('a tip that its own headers do not lead to', async () => {
    const { source, tip } = server(honest.slice(0, 20))
    const other = { ...tip, header: honest[20] ?? tip.header }
    expect(await chainWith().follow(source, other, never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_LIED', data: { field: 'header' } },
    })
  })

  it('headers of another chain than the checkpoint’s', async () => {
    const alien = mine({ after: undefined, count: 5, firstTime: START })
    const { source, tip } = server(alien)
    expect(await chainWith().follow(source, tip, never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_LIED', data: { field: 'header' } },
    })
  })

  it('other headers below the base', async () => {
    const source: HeaderSource = {
      readHeaders: async (_, count) => ok(Buffer.concat(honest.slice(0, count))),
    }
    expect(await chainWith().readHeader(base.height - 10, source, never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_LIED', data: { field: 'header' } },
    })
  })

  it('headers it does not have, and none at all', async () => {
    const empty: HeaderSource = { readHeaders: async () => ok(new Uint8Array(0)) }
    const { tip } = server(honest.slice(0, 20))
    expect(await chainWith().follow(empty, tip, never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_ANSWER_MALFORMED' },
    })
  })

  it('a tip that is too old, and one below the checkpoint', async () => {
    const { source, tip } = server(honest.slice(0, 20))
    const late = () => (START + 20 * 500 + 5 * 3_600) * 1_000
    const stale = await chainWith(undefined, { staleAfterMs: 4 * 3_600_000 }, late).follow(
      source,
      tip,
      never,
    )
    expect(stale).toMatchObject({ ok: false, refusal: { code: 'CHAIN_STALE' } })
    const old = { height: base.height - 5, header: last(below) }
    expect(await chainWith().follow(source, old, never)).toMatchObject({
      ok: false,
      refusal: { code: 'CHAIN_STALE' },
    })
  })
})

describe('the chain on disk', () => {
  const directories: string[] = []
  afterEach(() => {
    for (const directory of directories.splice(0)) rmSync(directory, { recursive: true })
  })
  function file(): string {
    const directory = mkdtempSync(join(tmpdir(), 'bulkhead-headers-'))
    directories.push(directory)
    return join(directory, 'headers.bin')
  }

  it('is there at the next start, without a question; what a reorganisation replaced is not', async () => {
    const path = file()
    const first = server(honest.slice(0, 40))
    await chainWith(headerFile(path)).follow(first.source, first.tip, never)
    const again = server(honest.slice(0, 40))
    const chain = chainWith(headerFile(path))
    expect(await chain.follow(again.source, again.tip, never)).toEqual(ok(null))
    expect(again.asked).toEqual([])
    const branch = mine({
      after: honest[37],
      count: 4,
      firstTime: START + 40 * 500,
      line: honest.slice(0, 38),
      root: 'cd'.repeat(32),
    })
    const other = server([...honest.slice(0, 38), ...branch])
    expect(await chain.follow(other.source, other.tip, never)).toEqual(ok(null))
    expect(readFileSync(path)).toEqual(Buffer.concat([...honest.slice(0, 38), ...branch]))
  })

  it.each([
    ['cut in the middle of a header', (bytes: Buffer) => bytes.subarray(0, 30 * 80 + 17), 30],
    [
      'altered',
      (bytes: Buffer) => {
        bytes[12 * 80 + 40] = 1
        return bytes
      },
      12,
    ],
    ['garbage', () => Buffer.alloc(800, 9), 0],
  ])('%s is taken as far as it holds, and mended', async (_, harm, holds) => {
    const path = file()
    const first = server(honest.slice(0, 40))
    await chainWith(headerFile(path)).follow(first.source, first.tip, never)
    writeFileSync(path, harm(readFileSync(path)))
    const again = server(honest.slice(0, 40))
    const chain = chainWith(headerFile(path))
    expect(await chain.follow(again.source, again.tip, never)).toEqual(ok(null))
    expect(again.asked.at(-1)?.[0]).toBe(base.height + holds + 1)
    expect(readFileSync(path)).toEqual(Buffer.concat(honest.slice(0, 40)))
  })

  it('that cannot be written costs nothing but time', async () => {
    const { source, tip } = server(honest.slice(0, 40))
    const chain = chainWith(headerFile('/nowhere/at/all/headers.bin'))
    expect(await chain.follow(source, tip, never)).toEqual(ok(null))
  })
})

describe('the built-in checkpoints of mainnet', () => {
  const rows = readCheckpoints()

  it('each prove their own work, at a difficulty that follows from the one before', () => {
    let bits = 0x1d00ffff
    for (const { hash, nextBits: next } of rows) {
      expect(BigInt(`0x${hash}`)).toBeLessThanOrEqual(targetOfBits(bits))
      const [before, after] = [targetOfBits(bits), targetOfBits(next)]
      // A period changes the target by no more than four times either way (and rounding).
      expect(after * 1_000n).toBeLessThanOrEqual(before * 4_001n)
      expect(after * 4_001n).toBeGreaterThanOrEqual(before * 1_000n)
      bits = next
    }
  })

  it('end at a block of 2026 and hold the work of all blocks up to it', () => {
    const { base: start } = headerRules('mainnet')
    expect(start).toEqual({
      height: 953_567,
      hash: '00000000000000000001b315e72169bef4867bf780527aa97c625ee9c001dc5d',
    })
    let bits = 0x1d00ffff
    let work = 0n
    for (const row of rows) {
      work += workOfBits(bits) * BigInt(PERIOD)
      bits = row.nextBits
    }
    expect(work).toBe(0x12fa7ecf8d5705e356fd4a680n)
  })
})

// Difficulty of block 32,256 (the first change on mainnet): Bitcoin Core, pow_tests.cpp.
it.each([
  [0x1d00ffff, 1_261_130_161, 1_262_152_739, 0x1d00d86a],
  [0x1d00ffff, 1_231_006_505, 1_233_061_996, 0x1d00ffff],
  [0x1c05a3f4, 1_279_008_237, 1_279_297_671, 0x1c0168fd],
  [0x1c387f6f, 1_263_163_443, 1_269_211_443, 0x1d00e1fd],
])('the difficulty after a period, as Core computes it: %i', (bits, first, end, expected) => {
  expect(nextBits(bits, first, end, 0x1d00ffff)).toBe(expected)
})
