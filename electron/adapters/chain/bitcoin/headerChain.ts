/** The heaviest valid chain of headers that any of our servers showed, from a built-in block on. Nothing is
 *  taken on a server's word: each header must follow the one before it, name the difficulty that the rules
 *  demand, meet it, and carry a time that a node would accept. A branch replaces ours only with more work.
 *  What headers cannot prove: that a server told us of every coin, or of every newer block. */
import { type Result, ok } from '../../../../shared/errors/refusal.ts'
import type { ChainResult } from '../../../host/ports.ts'
import { lied, malformed, stale } from './answers.ts'
import {
  HEADER_BYTES,
  bitsOf,
  headerHash,
  meetsOwnTarget,
  previousHash,
  reversedHex,
  timeOf,
  workOfBits,
} from './header.ts'
import { type HeaderRules, PERIOD, nextBits } from './headerRules.ts'

/** A server that can be asked for headers. */
export interface HeaderSource {
  /** Whole headers from a height on, at most `count`; fewer where the server's chain ends. */
  readHeaders(from: number, count: number, signal: AbortSignal): Promise<ChainResult<Uint8Array>>
}

/** Where verified headers are kept between starts, from the first above the base on. */
export interface KeptHeaders {
  read(): Uint8Array
  append(headers: Uint8Array): void
  /** Keeps the first `count`. */
  cut(count: number): void
}

export interface ServerTip {
  readonly height: number
  readonly header: Uint8Array
}

export interface HeaderChain {
  /** Of the newest verified header; the base's when none is. */
  height(): number
  /** Verified header above the base. */
  headerAt(height: number): Uint8Array | undefined
  /** Takes in the chain that ends in this tip. Refuses CHAIN_LIED what breaks a rule, CHAIN_STALE a branch with
   *  no more work than ours and a tip that is too old. What was verified before a refusal is kept. */
  follow(source: HeaderSource, tip: ServerTip, signal: AbortSignal): Promise<ChainResult<null>>
  /** The header at any height: below the base by the hash that ends its period. */
  readHeader(
    height: number,
    source: HeaderSource,
    signal: AbortSignal,
  ): Promise<ChainResult<Uint8Array>>
}

/** Seconds that a block may be ahead of our clock (Core's MAX_FUTURE_BLOCK_TIME). */
const FUTURE_SECONDS = 2 * 3_600
const MEDIAN_OF = 11
const FIRST_STEP_BACK = 8
const KEPT_OLD_HEADERS = 2_000

export function createHeaderChain(options: {
  readonly rules: HeaderRules
  /** ms since the epoch. */
  readonly now: () => number
  readonly kept?: KeptHeaders
}): HeaderChain {
  const { rules, kept } = options
  const { base } = rules
  /** Headers above the base, one after another. */
  const chain: Uint8Array[] = []
  const old = new Map<number, Uint8Array>()
  let loading: Promise<void> | undefined
  let turn: Promise<unknown> = Promise.resolve()

  const height = (): number => base.height + chain.length
  const headerAt = (at: number): Uint8Array | undefined => chain[at - base.height - 1]

  function hashAt(at: number): string {
    const header = headerAt(at)
    return header === undefined ? base.hash : reversedHex(headerHash(header))
  }

  /** Difficulty of the block that follows the first `count` of `line`. */
  function demandedBits(line: readonly Uint8Array[], count: number): number {
    const previous = line[count - 1]
    if (previous === undefined) return rules.firstBits
    if (!rules.retargets || (base.height + 1 + count) % PERIOD !== 0) return bitsOf(previous)
    const first = line[count - PERIOD]
    if (first === undefined) throw new Error('a period without its first block')
    return nextBits(bitsOf(previous), timeOf(first), timeOf(previous), rules.easiestBits)
  }

  /** What is wrong with a header as the next after the first `count` of `line`. */
  function problemOf(
    header: Uint8Array,
    line: readonly Uint8Array[],
    count: number,
  ): Result<never, 'CHAIN_LIED'> | undefined {
    const at = base.height + 1 + count
    const before = line[count - 1]
    const beforeHash = before === undefined ? base.hash : reversedHex(headerHash(before))
    const named = reversedHex(previousHash(header))
    if (named !== beforeHash) return lied('header', `${at} after ${named}`, `after ${beforeHash}`)
    const demanded = demandedBits(line, count)
    if (bitsOf(header) !== demanded)
      return lied('difficulty', `${at}: ${bitsOf(header).toString(16)}`, demanded.toString(16))
    if (!meetsOwnTarget(header)) return lied('header', `height ${at}`, 'no work')
    const time = timeOf(header)
    const last = line.slice(Math.max(0, count - MEDIAN_OF), count).map(timeOf)
    // Right above a checkpoint fewer than eleven are known, and a median of fewer is not the rule.
    if (last.length === MEDIAN_OF || base.height === 0) {
      const median = last.sort((a, b) => a - b)[last.length >> 1] ?? 0
      if (time <= median) return lied('time', `${at}: ${time}`, `after ${median}`)
    }
    const latest = Math.floor(options.now() / 1_000) + FUTURE_SECONDS
    return time > latest ? lied('time', `${at}: ${time}`, `before ${latest}`) : undefined
  }

  /** Puts headers at the end of `line` as far as they hold. */
  function extend(line: Uint8Array[], headers: readonly Uint8Array[]): ChainResult<null> {
    for (const header of headers) {
      const problem = problemOf(header, line, line.length)
      if (problem !== undefined) return problem
      line.push(header)
    }
    return ok(null)
  }

  /** In slices: a start must not stand still for it. */
  async function load(): Promise<void> {
    const bytes = kept?.read() ?? new Uint8Array(0)
    const headers = split(bytes.subarray(0, bytes.length - (bytes.length % HEADER_BYTES)))
    for (let at = 0; at < headers.length; at += PERIOD) {
      if (!extend(chain, headers.slice(at, at + PERIOD)).ok) break
      await new Promise((resolve) => setImmediate(resolve))
    }
    if (chain.length * HEADER_BYTES !== bytes.length) kept?.cut(chain.length)
  }

  /** Above this height, or at it, the server's chain is another than ours. */
  async function forkHeight(
    source: HeaderSource,
    tipHeight: number,
    signal: AbortSignal,
  ): Promise<ChainResult<number>> {
    let upTo = Math.min(height(), tipHeight)
    for (let step = FIRST_STEP_BACK; upTo > base.height; step = Math.min(step * 4, PERIOD)) {
      const from = Math.max(base.height + 1, upTo - step + 1)
      const read = await source.readHeaders(from, upTo - from + 1, signal)
      if (!read.ok) return read
      const theirs = split(read.value)
      for (let at = theirs.length - 1; at >= 0; at--) {
        const [here, there] = [headerAt(from + at), theirs[at]]
        if (here !== undefined && there !== undefined && same(here, there)) return ok(from + at)
      }
      upTo = from - 1
    }
    return ok(base.height)
  }

  function work(headers: readonly Uint8Array[]): bigint {
    return headers.reduce((sum, header) => sum + workOfBits(bitsOf(header)), 0n)
  }

  function ageOf(header: Uint8Array): number {
    return options.now() - timeOf(header) * 1_000
  }

  async function take(
    source: HeaderSource,
    tip: ServerTip,
    signal: AbortSignal,
  ): Promise<ChainResult<null>> {
    loading ??= load()
    await loading
    if (tip.height < base.height) return stale(tip.height, height(), 0)
    if (tip.height === base.height)
      return reversedHex(headerHash(tip.header)) === base.hash
        ? ok(null)
        : lied('header', reversedHex(headerHash(tip.header)), base.hash)
    const known = headerAt(tip.height)
    if (known === undefined || !same(known, tip.header)) {
      const joined = await join(source, tip, signal)
      if (!joined.ok) return joined
    }
    const age = ageOf(tip.header)
    return rules.staleAfterMs !== null && age > rules.staleAfterMs
      ? stale(tip.height, height(), age)
      : ok(null)
  }

  async function join(
    source: HeaderSource,
    tip: ServerTip,
    signal: AbortSignal,
  ): Promise<ChainResult<null>> {
    // The usual news is one block on top, and it has just been told.
    if (tip.height === height() + 1 && reversedHex(previousHash(tip.header)) === hashAt(height())) {
      const problem = problemOf(tip.header, chain, chain.length)
      if (problem !== undefined) return problem
      commit([tip.header], chain.length)
      return ok(null)
    }
    const fork =
      tip.height > height()
        ? await fits(source, tip.height, signal)
        : await forkHeight(source, tip.height, signal)
    if (!fork.ok) return fork
    const shared = fork.value - base.height
    const line = chain.slice(0, shared)
    const replaces = shared < chain.length
    for (let next = fork.value + 1; next <= tip.height; ) {
      const read = await source.readHeaders(next, Math.min(PERIOD, tip.height - next + 1), signal)
      if (!read.ok) return read
      const headers = split(read.value)
      if (headers.length === 0) return malformed('headers', `none from ${next} on`)
      const before = line.length
      const taken = extend(line, headers)
      // Of an extension what holds is kept at once; a branch must first outweigh what it replaces.
      if (!replaces) commit(line.slice(before), chain.length)
      if (!taken.ok) return taken
      next += headers.length
    }
    const last = line.at(-1)
    if (last === undefined || !same(last, tip.header))
      return lied('header', reversedHex(headerHash(tip.header)), `${hashOf(last)} at its height`)
    if (!replaces) return ok(null)
    if (work(line.slice(shared)) <= work(chain.slice(shared)))
      return stale(tip.height, height(), ageOf(tip.header))
    commit(line.slice(shared), shared)
    return ok(null)
  }

  /** Our own height when the next header follows our tip, else where the chains part. */
  async function fits(
    source: HeaderSource,
    tipHeight: number,
    signal: AbortSignal,
  ): Promise<ChainResult<number>> {
    const next = await source.readHeaders(height() + 1, 1, signal)
    if (!next.ok) return next
    const [header] = split(next.value)
    return header !== undefined && reversedHex(previousHash(header)) === hashAt(height())
      ? ok(height())
      : forkHeight(source, tipHeight, signal)
  }

  function commit(headers: readonly Uint8Array[], from: number): void {
    if (from < chain.length) {
      chain.length = from
      kept?.cut(from)
    }
    for (const header of headers) chain.push(header)
    if (headers.length > 0) kept?.append(Buffer.concat(headers))
  }

  async function readOld(
    at: number,
    source: HeaderSource,
    signal: AbortSignal,
  ): Promise<ChainResult<Uint8Array>> {
    const end = rules.endOfPeriod(at)
    if (end === undefined) return lied('height', at, 'before the chain')
    const known = old.get(at)
    if (known !== undefined) return ok(known)
    const headers: Uint8Array[] = []
    while (headers.length < end.height - at + 1) {
      const from = at + headers.length
      const read = await source.readHeaders(from, end.height - from + 1, signal)
      if (!read.ok) return read
      const more = split(read.value)
      if (more.length === 0) return malformed('headers', `none from ${from} on`)
      headers.push(...more)
    }
    // Backwards from the hash that is known: nobody can make another header for it.
    let expected = end.hash
    for (const [index, header] of [...headers.entries()].reverse()) {
      const actual = reversedHex(headerHash(header))
      if (actual !== expected) return lied('header', `${actual} at ${at + index}`, expected)
      expected = reversedHex(previousHash(header))
    }
    const [found] = headers
    if (found === undefined) throw new Error('a period without headers')
    if (old.size >= KEPT_OLD_HEADERS) old.clear()
    old.set(at, found)
    return ok(found)
  }

  return {
    height,
    headerAt,
    follow(source, tip, signal) {
      // One server after the other: two that tell of the same block would both append it.
      const mine = turn.then(() => take(source, tip, signal))
      turn = mine.catch(() => undefined)
      return mine
    },
    async readHeader(at, source, signal) {
      if (at <= base.height) return readOld(at, source, signal)
      const header = headerAt(at)
      return header === undefined ? lied('height', at, `tip ${height()}`) : ok(header)
    },
  }
}

function hashOf(header: Uint8Array | undefined): string {
  return header === undefined ? 'nothing' : reversedHex(headerHash(header))
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

function split(bytes: Uint8Array): readonly Uint8Array[] {
  const headers: Uint8Array[] = []
  for (let at = 0; at + HEADER_BYTES <= bytes.length; at += HEADER_BYTES)
    headers.push(bytes.slice(at, at + HEADER_BYTES))
  return headers
}
