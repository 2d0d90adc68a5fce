/** What a chain of headers must obey, per network, and where ours begins. On mainnet that is the last of the
 *  built-in checkpoints: everything up to there is known by the hash that ends each difficulty period, and
 *  everything after it must show its work at the difficulty that the rules demand.
 *  Source: resources/bitcoinCheckpoints.json; Bitcoin Core pow.cpp `CalculateNextWorkRequired`. */
import checkpoints from '../../../../resources/bitcoinCheckpoints.json' with { type: 'json' }
import type { BitcoinNetwork } from '../../../../shared/vault/account.ts'
import { GENESIS_HASH, bitsOfTarget, targetOfBits } from './header.ts'

/** Blocks of one difficulty. */
export const PERIOD = 2_016
const PERIOD_SECONDS = 14 * 24 * 3_600

export interface HeaderRules {
  /** Height of the block that the chain hangs on, and its hash in reversed hex. */
  readonly base: { readonly height: number; readonly hash: string }
  /** Compact target of the first block above the base. */
  readonly firstBits: number
  readonly easiestBits: number
  readonly retargets: boolean
  /** The newest block is never older than this, ms; null where blocks come when they like. */
  readonly staleAfterMs: number | null
  /** Hash (reversed hex) of the last block of the period that this height below the base lies in. */
  endOfPeriod(height: number): { readonly height: number; readonly hash: string } | undefined
}

/** A gap of four hours between two blocks has a chance of e^-24. */
const STALE_AFTER_MS = 4 * 3_600_000
const MAINNET_EASIEST = 0x1d00ffff
const REGTEST_EASIEST = 0x207fffff

export interface Checkpoint {
  readonly hash: string
  /** Compact target of the period that follows. */
  readonly nextBits: number
}

export function readCheckpoints(): readonly Checkpoint[] {
  return checkpoints.periods.map((row) => {
    const [hash = '', bits = ''] = row.split(' ')
    return { hash, nextBits: Number.parseInt(bits, 16) }
  })
}

export function headerRules(network: BitcoinNetwork): HeaderRules {
  return network === 'mainnet' ? mainnetRules() : regtestRules
}

const regtestRules: HeaderRules = {
  base: { height: 0, hash: GENESIS_HASH.regtest },
  firstBits: REGTEST_EASIEST,
  easiestBits: REGTEST_EASIEST,
  retargets: false,
  staleAfterMs: null,
  endOfPeriod: () => undefined,
}

function mainnetRules(): HeaderRules {
  const rows = readCheckpoints()
  const last = rows.at(-1)
  if (last === undefined) throw new Error('no checkpoints')
  return {
    base: { height: rows.length * PERIOD - 1, hash: last.hash },
    firstBits: last.nextBits,
    easiestBits: MAINNET_EASIEST,
    retargets: true,
    staleAfterMs: STALE_AFTER_MS,
    endOfPeriod(height) {
      const period = Math.floor(height / PERIOD)
      const row = rows[period]
      return row && { height: (period + 1) * PERIOD - 1, hash: row.hash }
    },
  }
}

/** The target after a period that took from `firstTime` to `lastTime` (seconds, its first and last block). */
export function nextBits(
  bits: number,
  firstTime: number,
  lastTime: number,
  easiestBits: number,
): number {
  const took = Math.min(Math.max(lastTime - firstTime, PERIOD_SECONDS / 4), PERIOD_SECONDS * 4)
  const target = (targetOfBits(bits) * BigInt(took)) / BigInt(PERIOD_SECONDS)
  const easiest = targetOfBits(easiestBits)
  return bitsOfTarget(target > easiest ? easiest : target)
}
