/** Two RPC servers as one chain: what one says about balances, nonces, fees, gas and receipts, the other must say
 *  too. They may be a block apart, so a difference is looked at again for `lagMs` before it is CHAIN_LIED with both
 *  values. While one is away the other's answers stand and `source` says that it is alone.
 *  Both may still lie together: a second source makes a lie dearer, not impossible. */
import { ok, refuse, type Result } from '../../../../shared/errors/refusal.ts'
import type { EvmSimulation } from '../../../../shared/transfer/evm/simulation.ts'
import type { Amount } from '../../../../shared/units/amount.ts'
import type {
  ChainRefusals,
  ChainResult,
  ChainTip,
  Clock,
  Confirmation,
  EvmFees,
  EvmNames,
  EvmPort,
  SourceAgreement,
} from '../../../host/ports.ts'

/** A base fee rises or falls by an eighth a block (EIP-1559): two blocks apart it is this many percent at most. */
const BASE_FEE_PERCENT = 127n
/** Tips are a median over ten blocks; a window one block later may hold another median. */
const TIP_FACTOR = 2n
const TIP_FLOOR_WEI = 1_000_000_000n
/** Nodes estimate gas by different searches. */
const GAS_PERCENT = 150n
/** Ethereum's price as two rollup blocks know it. */
const DATA_FEE_PERCENT = 150n
const LOOK_EVERY_MS = 500
const DIFFERENCE_SHOWN_MS = 30_000

export interface CrossCheckOptions {
  readonly clock: Pick<Clock, 'now' | 'sleep'>
  /** How long the two may differ: a block's time and some. */
  readonly lagMs: number
  /** How far apart their heights may be. */
  readonly lagBlocks: number
}

/** A field that differs, in words for a refusal; null where both say the same. */
interface Disagreement {
  readonly field: string
  readonly first: string
  readonly second: string
}
type Compare<T> = (first: T, second: T) => Disagreement | null

export function crossChecked(
  first: EvmPort,
  second: EvmPort,
  { clock, lagMs, lagBlocks }: CrossCheckOptions,
): EvmPort {
  if (first.chainId !== second.chainId) throw new Error('two servers of two chains')
  const chain = `evm:${first.chainId}`
  let alone: EvmPort | null = null
  let agreement: SourceAgreement = { kind: 'not-asked', second: second.source }
  let differedAt = Number.NEGATIVE_INFINITY

  function differ({ field, first: claimed, second: actual }: Disagreement) {
    const refused = refuse('CHAIN_LIED', {
      chain,
      field,
      claimed: `${first.source}: ${claimed}`,
      actual: `${second.source}: ${actual}`,
    })
    agreement = { kind: 'differ', second: second.source, refusal: refused.refusal }
    differedAt = clock.now()
    return refused
  }

  /** A difference over one question stays to be seen though they agree on the next. */
  function note(next: SourceAgreement): void {
    if (clock.now() - differedAt >= DIFFERENCE_SHOWN_MS) agreement = next
  }

  /** Asks both; one that is away leaves the other's answer standing. */
  async function askBoth<T>(
    read: (port: EvmPort) => Promise<ChainResult<T>>,
    away: (answer: ChainResult<T>) => boolean,
  ): Promise<
    | { readonly kind: 'one'; readonly answer: ChainResult<T> }
    | { readonly kind: 'both'; readonly first: T; readonly second: T }
  > {
    const [a, b] = await Promise.all([read(first), read(second)])
    if (a.ok && b.ok) {
      alone = null
      return { kind: 'both', first: a.value, second: b.value }
    }
    if (a.ok && !b.ok && away(b)) {
      alone = first
      note({ kind: 'one-source', second: second.source, refusal: b.refusal })
      return { kind: 'one', answer: a }
    }
    if (b.ok && !a.ok && away(a)) {
      alone = second
      note({ kind: 'one-source', second: first.source, refusal: a.refusal })
      return { kind: 'one', answer: b }
    }
    return { kind: 'one', answer: a.ok || (!b.ok && away(a)) ? b : a }
  }

  /** The newest value that both have said; CHAIN_LIED when `lagMs` did not bring them together. */
  async function agree<T>(
    read: (port: EvmPort) => Promise<ChainResult<T>>,
    compare: Compare<T>,
    signal: AbortSignal,
    away: (answer: ChainResult<T>) => boolean = isAway,
  ): Promise<ChainResult<T>> {
    const deadline = clock.now() + lagMs
    const saidByFirst: T[] = []
    const saidBySecond: T[] = []
    for (;;) {
      const said = await askBoth(read, away)
      if (said.kind === 'one') return said.answer
      saidByFirst.unshift(said.first)
      saidBySecond.unshift(said.second)
      const shared = saidByFirst.find((value) =>
        saidBySecond.some((other) => compare(value, other) === null),
      )
      if (shared !== undefined) {
        note({ kind: 'agree', second: second.source, asOf: clock.now() })
        return ok(shared)
      }
      const difference = compare(said.first, said.second)
      if (difference === null) throw new Error('two equal answers that nobody shares')
      if (clock.now() >= deadline) return differ(difference)
      await clock.sleep(LOOK_EVERY_MS, signal).catch(() => undefined)
      if (signal.aborted) return refuse('CHAIN_UNREACHABLE', { chain, reason: 'aborted' })
    }
  }

  const compareTips: Compare<ChainTip> = (a, b) =>
    Math.abs(a.height - b.height) <= lagBlocks
      ? null
      : { field: 'height', first: String(a.height), second: String(b.height) }

  /** Done only when both say so; one that could not know yet holds it back, one that should know is a lie. */
  async function readConfirmation(
    txid: string,
    signal: AbortSignal,
  ): Promise<ChainResult<Confirmation>> {
    const said = await askBoth((port) => port.readConfirmation(txid, signal), isAway)
    if (said.kind === 'one') return said.answer
    const [a, b] = [said.first, said.second]
    if (isMined(a) && isMined(b)) {
      if (a.kind !== b.kind || heightOf(a) !== heightOf(b)) {
        return differ({ field: 'receipt', first: describe(a), second: describe(b) })
      }
      return ok(confirmationsOf(a) <= confirmationsOf(b) ? a : b)
    }
    const [mined, other, behind] = isMined(a) ? [a, b, second] : [b, a, first]
    if (!isMined(mined)) return ok(mined.kind === 'mempool' ? mined : other)
    const tip = await behind.readTip(signal)
    const height = heightOf(mined)
    if (tip.ok && height !== null && tip.value.height >= height + lagBlocks) {
      return differ({ field: 'receipt', first: describe(a), second: describe(b) })
    }
    return ok<Confirmation>({ kind: 'mempool' })
  }

  return {
    ...(first.names === undefined || second.names === undefined
      ? {}
      : { names: crossCheckedNames(first.names, second.names, differ) }),
    chainId: first.chainId,
    coin: first.coin,
    tokens: first.tokens,
    agreement: () => agreement,
    get source() {
      return alone === null
        ? `${first.source} + ${second.source}`
        : `${alone.source} (one source, unchecked)`
    },
    readTip: (signal) => agree((port) => port.readTip(signal), compareTips, signal),
    readBalances: (address, signal) =>
      agree((port) => port.readBalances(address, signal), compareBalances, signal),
    readAllBalances: (addresses, signal) =>
      agree(
        (port) => port.readAllBalances(addresses, signal),
        (a, b) => compareBalances(a.flat(), b.flat()),
        signal,
      ),
    readNonce: (address, signal) =>
      agree((port) => port.readNonce(address, signal), compareCounts('nonce'), signal),
    readMinedNonce: (address, signal) =>
      agree((port) => port.readMinedNonce(address, signal), compareCounts('mined nonce'), signal),
    readFees: (signal) => agree((port) => port.readFees(signal), compareFees, signal),
    // Here a no is an answer: what fails on one side is not signed on the other's word.
    estimateGas: (call, signal) =>
      agree((port) => port.estimateGas(call, signal), compareGas, signal, isSilent),
    simulate: (call, signal) =>
      agree((port) => port.simulate(call, signal), compareSimulations, signal, isSilent),
    readCode: (address, signal) =>
      agree((port) => port.readCode(address, signal), compareCode, signal),
    readDataFee: (transaction, signal) =>
      agree((port) => port.readDataFee(transaction, signal), compareDataFees, signal),
    async readTokenMovements(addresses, signal) {
      const read = await first.readTokenMovements(addresses, signal)
      // Nothing stands on the list: one that answers is enough.
      return read.ok ? read : second.readTokenMovements(addresses, signal)
    },
    readConfirmation,
    async broadcast(transaction, signal) {
      const [a, b] = await Promise.all([
        first.broadcast(transaction, signal),
        second.broadcast(transaction, signal),
      ])
      if (a.ok) return a
      if (b.ok) return b
      // One that went silent may have passed it on: a refusal of the other proves nothing.
      return isSilent(a) ? a : b
    },
    async readReceived(query, signal) {
      const said = await askBoth((port) => port.readReceived(query, signal), isAway)
      if (said.kind === 'one') return said.answer
      if (said.first === null || said.second === null) return ok(null)
      return said.first === said.second
        ? ok(said.first)
        : differ({
            field: 'received',
            first: String(said.first),
            second: String(said.second),
          })
    },
    async close() {
      await Promise.all([first.close(), second.close()])
    },
  }
}

/** Names change rarely: no lag is waited for. */
function crossCheckedNames(
  inFirst: EvmNames,
  inSecond: EvmNames,
  differ: (disagreement: Disagreement) => ReturnType<typeof refuse<'CHAIN_LIED'>>,
): EvmNames {
  async function both<Said extends Result<string | null, ChainRefusals | 'NAME_REFUSED'>>(
    field: string,
    ask: (names: EvmNames) => Promise<Said>,
  ): Promise<Said | ReturnType<typeof differ>> {
    const [one, other] = await Promise.all([ask(inFirst), ask(inSecond)])
    if (!one.ok || !other.ok) return one.ok ? other : one
    return one.value === other.value
      ? one
      : differ({ field, first: one.value ?? 'none', second: other.value ?? 'none' })
  }
  return {
    resolve: (name, signal) => both(`name ${name}`, (names) => names.resolve(name, signal)),
    reverse: (address, signal) =>
      both(`name of ${address}`, (names) => names.reverse(address, signal)),
  }
}

/** No usable answer came. */
function isSilent(answer: ChainResult<unknown>): boolean {
  return (
    !answer.ok &&
    (answer.refusal.code === 'CHAIN_UNREACHABLE' ||
      answer.refusal.code === 'CHAIN_ANSWER_MALFORMED')
  )
}

/** For a plain reading a server's error (rate limit, method off) says nothing about the chain. */
function isAway(answer: ChainResult<unknown>): boolean {
  return isSilent(answer) || (!answer.ok && answer.refusal.code === 'CHAIN_REJECTED')
}

function compareCounts(field: string): Compare<number> {
  return (a, b) => (a === b ? null : { field, first: String(a), second: String(b) })
}

function compareBalances(a: readonly Amount[], b: readonly Amount[]): Disagreement | null {
  const at = a.findIndex((held, index) => held.units !== b[index]?.units)
  const [claimed, actual] = [a[at], b[at]]
  if (claimed === undefined) return null
  return {
    field: `balance ${claimed.asset}`,
    first: String(claimed.units),
    second: String(actual?.units ?? 'none'),
  }
}

function compareFees(a: EvmFees, b: EvmFees): Disagreement | null {
  if (!within(a.baseFeePerGas, b.baseFeePerGas, BASE_FEE_PERCENT)) {
    return {
      field: 'baseFeePerGas',
      first: String(a.baseFeePerGas),
      second: String(b.baseFeePerGas),
    }
  }
  const [low, high] = inOrder(a.maxPriorityFeePerGas, b.maxPriorityFeePerGas)
  if (high <= low * TIP_FACTOR || high <= low + TIP_FLOOR_WEI) return null
  return {
    field: 'maxPriorityFeePerGas',
    first: String(a.maxPriorityFeePerGas),
    second: String(b.maxPriorityFeePerGas),
  }
}

function compareGas(a: bigint, b: bigint): Disagreement | null {
  return within(a, b, GAS_PERCENT) ? null : { field: 'gas', first: String(a), second: String(b) }
}

/** A server that cannot say what moves contradicts nobody; what both say must be the same. */
function compareSimulations(a: EvmSimulation, b: EvmSimulation): Disagreement | null {
  const [first, second] = [textOf(a), textOf(b)]
  const silent = [a, b].some(({ kind }) => kind === 'goes-through')
  const failed = [a, b].some(({ kind }) => kind === 'fails')
  return first === second || (silent && !failed) ? null : { field: 'simulation', first, second }
}

function textOf(simulation: EvmSimulation): string {
  if (simulation.kind !== 'moves') return simulation.kind
  const moves = simulation.moves.map(
    ({ contract, from, to, units }) => `${units} of ${contract ?? 'coin'} ${from} → ${to}`,
  )
  const grants = simulation.grants.map(
    ({ contract, spender }) => `leave to ${spender} by ${contract}`,
  )
  return [...moves, ...grants].join(', ').toLowerCase().slice(0, 300)
}

function compareCode(a: string, b: string): Disagreement | null {
  return a === b ? null : { field: 'code', first: clip(a), second: clip(b) }
}

/** A delegation whole, a contract's first bytes. */
function clip(code: string): string {
  return code.length > 48 ? `${code.slice(0, 48)}…` : code
}

function compareDataFees(a: bigint, b: bigint): Disagreement | null {
  return within(a, b, DATA_FEE_PERCENT)
    ? null
    : { field: 'data fee', first: String(a), second: String(b) }
}

function within(a: bigint, b: bigint, percent: bigint): boolean {
  const [low, high] = inOrder(a, b)
  return high * 100n <= low * percent
}

function inOrder(a: bigint, b: bigint): readonly [bigint, bigint] {
  return a < b ? [a, b] : [b, a]
}

type Mined = Extract<Confirmation, { kind: 'confirmed' | 'failed' }>

function isMined(confirmation: Confirmation): confirmation is Mined {
  return confirmation.kind === 'confirmed' || confirmation.kind === 'failed'
}

function heightOf(mined: Mined): number | null {
  return mined.kind === 'confirmed' ? mined.height : null
}

function confirmationsOf(mined: Mined): number {
  return mined.kind === 'confirmed' ? mined.confirmations : 0
}

function describe(confirmation: Confirmation): string {
  return confirmation.kind === 'confirmed'
    ? `confirmed at ${confirmation.height}`
    : confirmation.kind
}
