/** One server seen against the chain of headers that we verify: whether its tip is good, and whether a
 *  transaction lies where it says. Few headers missing are fetched on the spot, many in the background. */
import { type Result, ok } from '../../../../shared/errors/refusal.ts'
import type { ChainResult, ChainTip, Clock, ScriptCoin } from '../../../host/ports.ts'
import { lied, unreachable } from './answers.ts'
import { type MerkleProof, meetsOwnTarget, provesPlace } from './header.ts'
import type { HeaderChain, HeaderSource, ServerTip } from './headerChain.ts'
import { PERIOD } from './headerRules.ts'

interface PlacedTransaction {
  readonly txid: string
  readonly height: number
}

/** What a source must be able to tell. */
export interface ChainAnswers extends HeaderSource {
  readTip(signal: AbortSignal): Promise<ChainResult<ServerTip>>
  /** Branches for each, in the same order; CHAIN_LIED where the server has none for what it claimed. */
  readProofs(
    placed: readonly PlacedTransaction[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly MerkleProof[]>>
}

export interface ChainView {
  readTip(signal: AbortSignal): Promise<ChainResult<ChainTip>>
  /** Proves each coin's place; those above the verified headers stay `claimedOnly` while these are fetched. */
  prove(
    coins: readonly ScriptCoin[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly ScriptCoin[]>>
  proveOne(placed: PlacedTransaction, signal: AbortSignal): Promise<ChainResult<null>>
  close(): Promise<void>
}

export function createChainView(options: {
  readonly answers: ChainAnswers
  readonly headers: HeaderChain
  readonly clock: Clock
  /** Called when the headers went on by themselves. */
  readonly onNews: () => void
}): ChainView {
  const { answers, headers, clock } = options
  /** 'txid:height' → the header it was proved under: another one in its place undoes the proof. */
  const proved = new Map<string, Uint8Array>()
  const closing = new AbortController()
  let catchingUp: Promise<void> | undefined
  let broken: Result<never, 'CHAIN_LIED' | 'CHAIN_STALE'> | undefined

  async function catchUp(tip: ServerTip): Promise<void> {
    const followed = await headers.follow(answers, tip, closing.signal)
    catchingUp = undefined
    if (!followed.ok) {
      const { code } = followed.refusal
      if (code === 'CHAIN_LIED' || code === 'CHAIN_STALE')
        broken = { ok: false, refusal: followed.refusal }
    }
    options.onNews()
  }

  async function readTip(signal: AbortSignal): Promise<ChainResult<ChainTip>> {
    if (broken !== undefined) {
      const refused = broken
      broken = undefined
      return refused
    }
    const tip = await answers.readTip(signal)
    if (!tip.ok) return tip
    const { height, header } = tip.value
    if (!meetsOwnTarget(header)) return lied('header', `height ${height}`, 'no work')
    const told = { height, asOf: clock.now() }
    if (catchingUp === undefined && height - headers.height() <= PERIOD) {
      const followed = await headers.follow(answers, tip.value, signal)
      return followed.ok ? ok(told) : followed
    }
    catchingUp ??= catchUp(tip.value)
    return ok({ ...told, verifiedTo: headers.height() })
  }

  async function proveAll(
    placed: readonly PlacedTransaction[],
    signal: AbortSignal,
  ): Promise<ChainResult<null>> {
    const found = new Map<number, Uint8Array>()
    for (const { height } of placed) {
      if (found.has(height)) continue
      const header = await headers.readHeader(height, answers, signal)
      if (!header.ok) return header
      found.set(height, header.value)
    }
    const open = placed.filter(
      ({ txid, height }) => proved.get(`${txid}:${height}`) !== found.get(height),
    )
    if (open.length === 0) return ok(null)
    const proofs = await answers.readProofs(open, signal)
    if (!proofs.ok) return proofs
    for (const [at, { txid, height }] of open.entries()) {
      const [header, proof] = [found.get(height), proofs.value[at]]
      if (header === undefined || proof === undefined || !provesPlace(txid, proof, header))
        return lied('merkle', `${txid} at ${height}`, 'the branch leads elsewhere')
      proved.set(`${txid}:${height}`, header)
    }
    return ok(null)
  }

  /** Blocks may have come since the tip was last asked for; a coin above even the new tip is a lie. */
  async function reach(height: number, signal: AbortSignal): Promise<ChainResult<null>> {
    if (height <= headers.height()) return ok(null)
    const tip = await readTip(signal)
    if (!tip.ok) return tip
    return height > tip.value.height ? lied('height', height, `tip ${tip.value.height}`) : ok(null)
  }

  return {
    readTip,
    async prove(coins, signal) {
      const highest = coins.reduce((top, { height }) => Math.max(top, height ?? 0), 0)
      const reached = await reach(highest, signal)
      if (!reached.ok) return reached
      const verifiedTo = headers.height()
      const placed = coins.flatMap(({ txid, height }) =>
        height === null || height > verifiedTo ? [] : [{ txid, height }],
      )
      const unique = [
        ...new Map(placed.map((place) => [`${place.txid}:${place.height}`, place])).values(),
      ]
      const done = await proveAll(unique, signal)
      if (!done.ok) return done
      return ok(
        coins.map((coin) =>
          (coin.height ?? 0) > verifiedTo ? { ...coin, claimedOnly: true as const } : coin,
        ),
      )
    },
    async proveOne(placed, signal) {
      const reached = await reach(placed.height, signal)
      if (!reached.ok) return reached
      return placed.height > headers.height()
        ? unreachable(`headers are verified up to ${headers.height()} so far`)
        : proveAll([placed], signal)
    },
    async close() {
      closing.abort()
      await catchingUp
    },
  }
}

/** A reorganisation between two questions looks like a lie; the second look tells them apart. */
export async function secondLook<T>(read: () => Promise<ChainResult<T>>): Promise<ChainResult<T>> {
  const first = await read()
  return first.ok || first.refusal.code !== 'CHAIN_LIED' ? first : read()
}
