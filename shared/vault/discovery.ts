/** Finding an account's addresses again from its key: both branches are asked about until `gapLimit`
 *  unused ones follow the last used (BIP44). Each round asks as many as all before it, so that a large account
 *  takes few; a server learns of at most as many unused scripts as used ones. Pure: the caller brings the facts. */
import type { Branch } from './derive.ts'
import type { OwnAddress } from './ownAddress.ts'

export interface DiscoveredAddress extends OwnAddress {
  readonly used: boolean
}

/** Scripts of one branch asked about at once. */
const MAX_ROUND = 1_000

interface BranchProgress {
  readonly branch: Branch
  readonly known: readonly DiscoveredAddress[]
  /** Asked about in this round; empty when the branch is done. */
  readonly asked: readonly OwnAddress[]
}

export interface Discovery {
  readonly gapLimit: number
  readonly receive: BranchProgress
  readonly change: BranchProgress
  derive(branch: Branch, index: number): OwnAddress
}

/**
 * @param derive  the account's address at a step; asked again for the same ones in every discovery, so it may remember
 * @param before  what the discovery before this one found: then all of it is asked about in one round
 * Throws when `gapLimit` is not a positive integer.
 */
export function startDiscovery(
  derive: (branch: Branch, index: number) => OwnAddress,
  gapLimit: number,
  before?: DiscoveredAccount,
): Discovery {
  if (!Number.isInteger(gapLimit) || gapLimit < 1) throw new RangeError(`gap limit ${gapLimit}`)
  const start = (branch: Branch, length: number): BranchProgress => ({
    branch,
    known: [],
    asked: Array.from({ length: Math.max(gapLimit, length) }, (_, index) => derive(branch, index)),
  })
  return {
    gapLimit,
    receive: start(0, before?.receive.length ?? 0),
    change: start(1, before?.change.length ?? 0),
    derive,
  }
}

/** Scripts (hex) to ask the chain about next, both branches in one round; empty when done. */
export function discoveryQuestion({ receive, change }: Discovery): readonly string[] {
  return [...receive.asked, ...change.asked].map((address) => address.script)
}

/** Takes in which of the asked scripts were ever used. */
export function answerDiscovery(discovery: Discovery, used: ReadonlySet<string>): Discovery {
  return {
    ...discovery,
    receive: advance(discovery, discovery.receive, used),
    change: advance(discovery, discovery.change, used),
  }
}

function advance(
  { gapLimit, derive }: Discovery,
  { branch, known, asked }: BranchProgress,
  used: ReadonlySet<string>,
): BranchProgress {
  const all = [...known, ...asked.map((own) => ({ ...own, used: used.has(own.script) }))]
  const next = firstAfterLastUsed(all)
  const missing = next + gapLimit - all.length
  const length = missing <= 0 ? 0 : Math.max(missing, Math.min(all.length, MAX_ROUND))
  const more = Array.from({ length }, (_, i) => derive(branch, all.length + i))
  return { branch, known: all, asked: more }
}

/** Up to where the gap after the last used one ends. */
function withinGap({ known }: BranchProgress, gapLimit: number): readonly DiscoveredAddress[] {
  return known.slice(0, firstAfterLastUsed(known) + gapLimit)
}

function firstAfterLastUsed(addresses: readonly DiscoveredAddress[]): number {
  return addresses.findLastIndex((address) => address.used) + 1
}

export interface DiscoveredAccount {
  readonly receive: readonly DiscoveredAddress[]
  readonly change: readonly DiscoveredAddress[]
  /** First index of each branch after the last used one. */
  readonly nextReceive: number
  readonly nextChange: number
}

/** What was found; undefined while questions are open. */
export function discoveredAccount(discovery: Discovery): DiscoveredAccount | undefined {
  if (discoveryQuestion(discovery).length > 0) return undefined
  const receive = withinGap(discovery.receive, discovery.gapLimit)
  const change = withinGap(discovery.change, discovery.gapLimit)
  return {
    receive,
    change,
    nextReceive: firstAfterLastUsed(receive),
    nextChange: firstAfterLastUsed(change),
  }
}
