/** Two servers as one BitcoinPort. The first answers; the second is asked the same about height, coins and fee.
 *  A difference that stays after asking again is CHAIN_LIED with both named: we cannot know which of them lies.
 *  A second that is away changes no answer, but `agreement` says that only one stands behind it. */
import { type Refusal, ok, refuse } from '../../../../shared/errors/refusal.ts'
import { encodeCanonical } from '../../../../shared/units/canonical.ts'
import type {
  BitcoinPort,
  ChainResult,
  ChainRefusals,
  ChainTip,
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
  /** While the first says the same as when both agreed, the second is left in peace for this long: public servers
   *  count questions. A minute unless given. */
  readonly recheckMs?: number
}

/** Blocks that one server may be behind. */
const HEIGHT_TOLERANCE = 3
/** Estimates differ honestly: only a rate over this multiple and this far away is a difference. */
const FEE_RATIO = 3
const FEE_TOLERANCE_SAT_PER_VB = 5
const TRIES = 3
/** After silence the second is left alone for this long. */
const REST_MS = 30_000
const REMEMBERED = 64
/** A difference over a question that nobody asked again, such as a fee, is shown for this long. */
const REMEMBERED_MS = 300_000

interface Told {
  readonly field: string
  readonly first: string
  readonly second: string
}

/** Closes both. */
export function crossCheckedBitcoin(options: CrossCheckOptions): BitcoinPort {
  const { first, second, clock } = options
  let away: Refusal<ChainRefusals> | null = null
  let agreedAt: number | null = null
  /** By question: the difference found last. */
  const differences = new Map<
    string,
    { readonly refusal: Refusal<ChainRefusals>; readonly at: number }
  >()
  let restUntil = 0
  /** By question: what both said when they last agreed. */
  const agreedOn = new Map<string, { readonly said: string; readonly at: number }>()
  /** By the scripts asked for: what the second has seen used. */
  const usedThere = new Map<string, { readonly used: ReadonlySet<string>; readonly at: number }>()

  function isFresh(at: number): boolean {
    return clock.now() - at < (options.recheckMs ?? 60_000)
  }

  function secondSignal(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, AbortSignal.timeout(options.secondTimeoutMs ?? 8_000)])
  }

  async function askSecond<T>(
    read: (port: BitcoinPort, signal: AbortSignal) => Promise<ChainResult<T>>,
    signal: AbortSignal,
  ): Promise<ChainResult<T> | undefined> {
    if (clock.now() < restUntil) return undefined
    const answer = await read(second, secondSignal(signal))
    if (answer.ok) {
      away = null
      return answer
    }
    const { code } = answer.refusal
    // Caught lying by its own proofs, or on another chain: that is no silence.
    if (code === 'CHAIN_LIED' || code === 'CHAIN_WRONG_NETWORK') return answer
    away = answer.refusal
    restUntil = clock.now() + REST_MS
    return undefined
  }

  /** Reads from both until they agree, a few times; `compare` gives the first difference. */
  async function agreed<T>(
    question: { readonly name: string; readonly said: (value: T) => string },
    read: (port: BitcoinPort, signal: AbortSignal) => Promise<ChainResult<T>>,
    compare: (first: T, second: T) => Told | undefined,
    signal: AbortSignal,
  ): Promise<ChainResult<T>> {
    for (let attempt = 1; ; attempt++) {
      const own = await read(first, signal)
      if (!own.ok) return own
      const said = question.said(own.value)
      const before = agreedOn.get(question.name)
      if (before?.said === said && isFresh(before.at)) return own
      const other = await askSecond(read, signal)
      if (other === undefined) return own
      if (!other.ok) {
        noteDifference(question.name, other.refusal)
        return other
      }
      const told = compare(own.value, other.value)
      if (told === undefined) {
        agreedAt = clock.now()
        differences.delete(question.name)
        agreedOn.set(question.name, { said, at: clock.now() })
        return own
      }
      if (attempt === TRIES || signal.aborted) {
        const refused = differ(told)
        noteDifference(question.name, refused.refusal)
        return refused
      }
      await clock.sleep(options.askAgainMs ?? 1_500, signal).catch(() => undefined)
    }
  }

  /** What they once agreed on is asked again after a difference, whichever of them spoke otherwise. */
  function noteDifference(question: string, refusal: Refusal<ChainRefusals>): void {
    agreedOn.delete(question)
    differences.set(question, { refusal, at: clock.now() })
  }

  function agreement(): SourceAgreement {
    const named = { second: second.source }
    if (away !== null) return { kind: 'one-source', ...named, refusal: away }
    const open = [...differences.values()].find(({ at }) => clock.now() - at < REMEMBERED_MS)
    if (open !== undefined) return { kind: 'differ', ...named, refusal: open.refusal }
    return agreedAt === null
      ? { kind: 'not-asked', ...named }
      : { kind: 'agree', ...named, asOf: agreedAt }
  }

  function differ(told: Told) {
    return refuse('CHAIN_LIED', {
      chain: 'bitcoin',
      field: told.field,
      claimed: `${first.source}: ${told.first}`,
      actual: `${second.source}: ${told.second}`,
    })
  }

  async function readCoinsAndHeight(
    port: BitcoinPort,
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<CoinsAndHeight>> {
    // The height first: every block up to it was known when the coins were told.
    const tip = await port.readTip(signal)
    if (!tip.ok) return tip
    const coins = await port.readCoins(scripts, signal)
    return coins.ok ? ok({ coins: coins.value, height: tip.value.height }) : coins
  }

  return {
    get source() {
      return away !== null
        ? `${first.source} (one source, unchecked)`
        : `${first.source} + ${second.source}`
    },
    agreement,
    readTip: (signal) =>
      agreed(
        // Each block would be news: once in a while is enough.
        { name: 'tip', said: () => '' },
        (port, limited) => port.readTip(limited),
        compareTips,
        signal,
      ),
    /** Whatever either has seen was used: an omission must not hide coins. */
    readUsedScripts: async (scripts, signal) => {
      const own = await first.readUsedScripts(scripts, signal)
      if (!own.ok) return own
      const name = scripts.join(' ')
      const known = usedThere.get(name)
      if (known !== undefined && isFresh(known.at))
        return ok(new Set([...own.value, ...known.used]))
      const other = await askSecond(
        (port, limited) => port.readUsedScripts(scripts, limited),
        signal,
      )
      if (other === undefined) return own
      if (!other.ok) return other
      if (usedThere.size >= REMEMBERED) usedThere.clear()
      usedThere.set(name, { used: other.value, at: clock.now() })
      return ok(new Set([...own.value, ...other.value]))
    },
    readCoins: async (scripts, signal) => {
      const read = await agreed(
        { name: 'coins', said: ({ coins }) => encodeCanonical([scripts, coins]) },
        (port, limited) => readCoinsAndHeight(port, scripts, limited),
        compareCoins,
        signal,
      )
      return read.ok ? ok(read.value.coins) : read
    },
    readClaims: first.readClaims,
    readTransaction: first.readTransaction,
    readFeeRate: async (blocks, signal) => {
      const rate = await agreed(
        { name: `fee ${blocks}`, said: String },
        (port, limited) => port.readFeeRate(blocks, limited),
        compareRates,
        signal,
      )
      if (rate.ok || rate.refusal.code !== 'CHAIN_UNREACHABLE') return rate
      // A node of one's own that has just started estimates nothing for hours; the plan's caps bound what the other says.
      const other = await askSecond((port, limited) => port.readFeeRate(blocks, limited), signal)
      return other ?? rate
    },
    readConfirmation: first.readConfirmation,
    broadcast: async (transaction, signal) => {
      const sent = await first.broadcast(transaction, signal)
      // Told to both, so that the second does not take our own payment for a difference; its answer decides nothing.
      if (sent.ok) await second.broadcast(transaction, secondSignal(signal))
      return sent
    },
    // The second is never waited for: news of the first one's is what makes both be asked.
    ...(first.onNews === undefined ? {} : { onNews: first.onNews }),
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

function compareTips(first: ChainTip, second: ChainTip): Told | undefined {
  return Math.abs(first.height - second.height) <= HEIGHT_TOLERANCE
    ? undefined
    : { field: 'height', first: String(first.height), second: String(second.height) }
}

interface CoinsAndHeight {
  readonly coins: readonly ScriptCoin[]
  readonly height: number
}

/** Coins in blocks that both know must be told by both; the newest and the unconfirmed may travel still. */
function compareCoins(here: CoinsAndHeight, there: CoinsAndHeight): Told | undefined {
  const commonHeight = Math.min(here.height, there.height)
  const [first, second] = [here.coins, there.coins]
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
