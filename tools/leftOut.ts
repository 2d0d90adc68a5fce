/** What this machine lacks, and so what a run must leave out; each is said in one visible line.
 *  Under BULKHEAD_REQUIRE=all-but-data only recorded data and Electron's binary may be missing. */
import { existsSync, readFileSync } from 'node:fs'
import type { SkippedTest } from './tally.ts'
import {
  findAnvil,
  findChromium,
  findElectron,
  findElectrum,
  findRecordedData,
} from './programs.ts'

export interface LeftOut {
  readonly what: string
  readonly reason: string
  /** May be missing even where everything is required. */
  readonly excusable: boolean
}

interface Need {
  readonly what: string
  readonly reason: string
  readonly excusable: boolean
  readonly find: () => string | undefined
}

const needs: readonly Need[] = [
  {
    what: 'browser tests',
    reason: 'no Chromium (Debian: apt-get install chromium)',
    excusable: false,
    find: findChromium,
  },
  {
    what: 'tests against an EVM node',
    reason: 'no anvil binary for this platform',
    excusable: false,
    find: findAnvil,
  },
  {
    what: 'tests against an independent bitcoin wallet',
    reason: 'no electrum (Debian: apt-get install electrum)',
    excusable: false,
    find: findElectrum,
  },
  {
    what: 'tests against recorded venue data',
    reason: 'no ../shared/data, and BULKHEAD_DATA names no folder',
    excusable: true,
    find: findRecordedData,
  },
  {
    what: 'the desktop variant of the browser tests',
    reason: 'the Electron binary is not installed',
    excusable: true,
    find: findElectron,
  },
]

export function listLeftOut(): readonly LeftOut[] {
  return needs.filter((need) => need.find() === undefined)
}

export interface Tiers {
  readonly deep: boolean
  readonly soak: boolean
}

/** Why a test may be skipped here: what its file says it depends on. Null when nothing explains it. */
export function explainSkip(
  test: SkippedTest,
  tiers: Tiers,
  missing: readonly LeftOut[],
): string | null {
  const source = existsSync(test.file) ? readFileSync(test.file, 'utf8') : ''
  if (!tiers.deep && source.includes('BULKHEAD_DEEP')) return 'only in npm run test:deep'
  if (!tiers.soak && source.includes('BULKHEAD_SOAK')) return 'only in npm run test:soak'
  const lacks = (what: string) => missing.some((each) => each.what.includes(what))
  if (lacks('recorded') && /BULKHEAD_DATA|findRecordedData|recordedData/.test(source)) {
    return 'no recorded data'
  }
  if (lacks('desktop') && /findElectron\b|_electron/.test(source)) return 'no Electron binary'
  return null
}
