/** Two servers as one BitcoinPort. The first answers; the second is asked the same about height, coins and fee.
 *  A difference that stays after asking again is CHAIN_LIED with both named: we cannot know which of them lies.
 *  A second that is away changes no answer, but `agreement` says that only one stands behind it. */
import { ok, refuse } from '../../../../shared/errors/refusal.ts'
import type {
  BitcoinPort,
  ChainResult,
  Clock,
  ScriptCoin,
  SourceAgreement,
} from '../../../host/ports.ts'

export interface CrossCheckOptions {
  readonly first: BitcoinPort
  readonly second: BitcoinPort
  readonly clock: Clock
  /** The second gets this long for an answer; 8 s unless given. */
  readonly secondTimeoutMs?: number
  /** Before asking both again about a difference: blocks and payments travel for a while; 1.5 s unless given. */
  readonly askAgainMs?: number
}

/** Blocks that one server may be behind. */
const HEIGHT_TOLERANCE = 3
/** Estimates differ honestly: only a rate over this multiple and this far away is a difference. */
const FEE_RATIO = 3
const FEE_TOLERANCE_SAT_PER_VB = 5
const TRIES = 3
/** After silence the second is left alone for this long. */
const REST_MS = 30_000

interface Told {
  readonly field: string
  readonly first: string
  readonly second: string
}

/** Closes both. */
export function crossCheckedBitcoin(options: CrossCheckOptions): BitcoinPort {
  const { first, second, clock } = options
  let agreement: SourceAgreement = { kind: 'not-asked', second: second.source }
  let restUntil = 0

  function secondSignal(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, AbortSignal.timeout(options.secondTimeoutMs ?? 8_000)])
  }

  async function askSecond<T>(
    read: (port: BitcoinPort, signal: AbortSignal) => Promise<ChainResult<T>>,
    signal: AbortSignal,
  ): Promise<ChainResult<T> | undefined> {
    if (clock.now() < restUntil) return undefined
    const answer = await read(second, secondSignal(signal))
    if (answer.ok) return answer
    const { code } = answer.refusal
    // Caught lying by its own proofs, or on another chain: that is no silence.
    if (code === 'CHAIN_LIED' || code === 'CHAIN_WRONG_NETWORK') return answer
    agreement = { kind: 'one-source', second: second.source, refusal: answer.refusal }
    restUntil = clock.now() + REST_MS
    return undefined
  }

  /** Reads from both until they agree, a few times; `compare` gives the first difference. */
  async function agreed<T>(
    read: (port: BitcoinPort, signal: AbortSignal) => Promise<ChainResult<T>>,
    compare: (first: T, second: T) => Told | undefined,
    signal: AbortSignal,
  ): Promise<ChainResult<T>> {
    for (let attempt = 1; ; attempt++) {
      const [own, other] = await Promise.all([read(first, signal), askSecond(read, signal)])
      if (!own.ok || other === undefined) return own
      if (!other.ok) {
        agreement = { kind: 'differ', second: second.source, refusal: other.refusal }
        return other
      }
      const told = compare(own.value, other.value)
      if (told === undefined) {
        agreement = { kind: 'agree', second: second.source, asOf: clock.now() }
        return own
      }
      if (attempt === TRIES || signal.aborted) {
        const refused = differ(told)
        agreement = { kind: 'differ', second: second.source, refusal: refused.refusal }
        return refused
      }
      await clock.sleep(options.askAgainMs ?? 1_500, signal).catch(() => undefined)
    }
  }

  function differ(told: Told) {
    return refuse('CHAIN_LIED', {
      chain: 'bitcoin',
      field: told.field,
      claimed: `${first.source}: ${told.first}`,
      actual: `${second.source}: ${told.second}`,
    })
  }

  async function heights(signal: AbortSignal): Promise<ChainResult<number>> {
    const [own, other] = await Promise.all([
      first.readTip(signal),
      askSecond((port, limited) => port.readTip(limited), signal),
    ])
    if (!own.ok) return own
    return ok(Math.min(own.value.height, other?.ok === true ? other.value.height : Infinity))
  }

  return {
    get source() {
      return agreement.kind === 'one-source'
        ? `${first.source} (one source, unchecked)`
        : `${first.source} + ${second.source}`
    },
    agreement: () => agreement,
    readTip: (signal) =>
      agreed(
        (port, limited) => port.readTip(limited),
        (own, other) =>
          Math.abs(own.height - other.height) <= HEIGHT_TOLERANCE
            ? undefined
            : { field: 'height', first: String(own.height), second: String(other.height) },
        signal,
      ),
    /** Whatever either has seen was used: an omission must not hide coins. */
    readUsedScripts: async (scripts, signal) => {
      const read = (port: BitcoinPort, limited: AbortSignal) =>
        port.readUsedScripts(scripts, limited)
      const [own, other] = await Promise.all([read(first, signal), askSecond(read, signal)])
      if (!own.ok || other === undefined) return own
      return other.ok ? ok(new Set([...own.value, ...other.value])) : other
    },
    readCoins: async (scripts, signal) => {
      const settled = await heights(signal)
      if (!settled.ok) return settled
      return agreed(
        (port, limited) => port.readCoins(scripts, limited),
        (own, other) => compareCoins(own, other, settled.value),
        signal,
      )
    },
    readTransaction: first.readTransaction,
    readFeeRate: (blocks, signal) =>
      agreed((port, limited) => port.readFeeRate(blocks, limited), compareRates, signal),
    readConfirmation: first.readConfirmation,
    broadcast: async (transaction, signal) => {
      const sent = await first.broadcast(transaction, signal)
      // Told to both, so that the second does not take our own payment for a difference; its answer decides nothing.
      if (sent.ok) await second.broadcast(transaction, secondSignal(signal))
      return sent
    },
    async close() {
      await Promise.all([first.close(), second.close()])
    },
  }
}

function compareRates(first: number, second: number): Told | undefined {
  const [low, high] = first < second ? [first, second] : [second, first]
  return high - low <= FEE_TOLERANCE_SAT_PER_VB || high <= low * FEE_RATIO
    ? undefined
    : { field: 'feeRate', first: `${first} sat/vB`, second: `${second} sat/vB` }
}

/** Coins in blocks that both know must be told by both; the newest and the unconfirmed may travel still. */
function compareCoins(
  first: readonly ScriptCoin[],
  second: readonly ScriptCoin[],
  commonHeight: number,
): Told | undefined {
  const name = ({ txid, vout }: ScriptCoin) => `${txid}:${vout}`
  const missing = (coins: readonly ScriptCoin[], from: readonly ScriptCoin[]) => {
    const known = new Set(from.map(name))
    return coins.filter(
      (coin) => coin.height !== null && coin.height <= commonHeight && !known.has(name(coin)),
    )
  }
  const [absentThere, absentHere] = [missing(first, second), missing(second, first)]
  if (absentThere.length + absentHere.length === 0) return undefined
  return { field: 'coins', first: sumOf(first, absentHere), second: sumOf(second, absentThere) }
}

function sumOf(coins: readonly ScriptCoin[], absent: readonly ScriptCoin[]): string {
  const sats = coins.reduce((sum, coin) => sum + coin.value, 0n)
  const [lost] = absent
  const lacks = lost === undefined ? '' : `, not ${lost.txid}:${lost.vout}`
  return `${coins.length} coins, ${sats} sat${lacks}`
}
