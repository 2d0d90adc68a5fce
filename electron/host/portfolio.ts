/** Reads every account at its own pace, keeps the newest good snapshot of each with its age, and assesses it.
 *  A venue that fails leaves the last snapshot standing, aged and with the reason; nothing becomes zero. */
import type { AccountSnapshot } from '../../shared/collateral/snapshot.ts'
import type { Refusal, Result } from '../../shared/errors/refusal.ts'
import { ok, refuse } from '../../shared/errors/refusal.ts'
import { defaultBetas } from '../../shared/market/betas.ts'
import { defaultLiquidity } from '../../shared/market/liquidity.ts'
import type { Quote } from '../../shared/market/quote.ts'
import { assess } from '../../shared/risk/assess.ts'
import { raisedBy } from '../../shared/risk/accountTouch.ts'
import type { AssessOptions } from '../../shared/risk/options.ts'
import type { Policy } from '../../shared/risk/policy.ts'
import type { RiskReport } from '../../shared/risk/report.ts'
import { createTouchBook } from './accountTouch.ts'
import { type VolatilityFacts, createVolatilityBook } from './volatility.ts'
import type { Clock, VenuePort, VenueRefusals, VenueResult } from './ports.ts'

export interface AccountState {
  readonly port: VenuePort
  readonly snapshot: AccountSnapshot | null
  /** Why the newest attempt failed; null when it did not. */
  readonly refusal: Refusal<VenueRefusals> | null
}

/** Assets whose USD price the vault and the plans need. */
const quotedAssets = ['BTC', 'ETH', 'USDC', 'USDT', 'SOL', 'BNB', 'POL']
const pollEveryMs = 3_000
const readTimeoutMs = 15_000

const describe = (error: unknown) =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)

/** What an assessment rests on besides the snapshot, in full: whoever has it can make the same report. */
export type AssessFacts = AssessOptions &
  VolatilityFacts &
  Required<Pick<AssessOptions, 'liquidity' | 'inFlightUsd'>>

export interface Portfolio {
  accounts(): readonly AccountState[]
  account(accountId: string): AccountState | undefined
  /** Newest quote of each asset, whichever venue said it last. */
  quotes(): readonly Quote[]
  quote(asset: string): Quote | undefined
  /** Each account's own newest quote of the asset. */
  quotesOf(asset: string): readonly Quote[]
  /** Assessed now, so that its age and staleness are those of this moment. */
  report(snapshot: AccountSnapshot): RiskReport
  /** The same with what it was made from. `inFlightUsd`: on its way out, and still in the snapshot. */
  assessed(
    snapshot: AccountSnapshot,
    inFlightUsd: number,
  ): { readonly report: RiskReport; readonly facts: AssessFacts }
  /** Reads one account, or all, and waits for the answers. */
  refresh(accountId?: string): Promise<Result<number, 'NOT_FOUND'>>
  add(port: VenuePort): void
  remove(accountId: string): Promise<boolean>
  close(): Promise<void>
}

export function createPortfolio(options: {
  readonly venues: readonly VenuePort[]
  readonly clock: Clock
  readonly policy: () => Policy
  readonly onChange: () => void
  readonly log: (line: string) => void
}): Portfolio {
  const accounts = new Map<string, AccountState>()
  /** By account, then by asset: what one venue says never takes the place of another's word. */
  const quotes = new Map<string, Map<string, Quote>>()
  const volatility = createVolatilityBook({
    clock: options.clock,
    timeoutMs: readTimeoutMs,
    onChange: options.onChange,
    log: options.log,
  })
  const touches = createTouchBook({ clock: options.clock, volatility })
  const loops = new Map<
    string,
    { readonly controller: AbortController; readonly done: Promise<void> }
  >()

  const now = () => options.clock.now()
  /** Questions are counted, so that answers can be put in the order they were asked in. */
  let asked = 0
  const taken = new Map<string, number>()

  function withTimeout(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, AbortSignal.timeout(readTimeoutMs)])
  }

  function takeSnapshot(
    accountId: string,
    order: number,
    read: VenueResult<AccountSnapshot>,
  ): void {
    const before = accounts.get(accountId)
    if (before === undefined) return
    // A slow answer to an earlier question says what was, not what is.
    if (order < (taken.get(accountId) ?? 0)) return
    taken.set(accountId, order)
    accounts.set(
      accountId,
      read.ok
        ? { ...before, snapshot: read.value, refusal: null }
        : { ...before, refusal: read.refusal },
    )
    options.onChange()
  }

  function takeQuotes(accountId: string, read: VenueResult<readonly Quote[]>): void {
    if (!read.ok || !accounts.has(accountId)) return
    const own = quotes.get(accountId) ?? new Map<string, Quote>()
    quotes.set(accountId, own)
    for (const quote of read.value) {
      const known = own.get(quote.asset)
      if (known === undefined || isNewer(quote, known)) own.set(quote.asset, quote)
    }
  }

  /** A quote dated in the future would otherwise stand for ever. */
  function isNewer(quote: Quote, known: Quote): boolean {
    return known.asOf <= quote.asOf || known.asOf > now()
  }

  function quotesOf(asset: string): readonly Quote[] {
    return [...quotes.values()].flatMap((own) => own.get(asset) ?? [])
  }

  function newestOf(asset: string): Quote | undefined {
    const [first, ...rest] = quotesOf(asset)
    return rest.reduce<Quote | undefined>(
      (known, quote) =>
        known === undefined || (quote.asOf <= now() && isNewer(quote, known)) ? quote : known,
      first,
    )
  }

  async function readOnce(port: VenuePort, signal: AbortSignal): Promise<void> {
    takeQuotes(port.accountId, await port.readQuotes(quotedAssets, withTimeout(signal)))
    const order = ++asked
    takeSnapshot(port.accountId, order, await port.readAccount(withTimeout(signal)))
  }

  async function look(port: VenuePort, signal: AbortSignal): Promise<void> {
    await readOnce(port, signal)
    const snapshot = accounts.get(port.accountId)?.snapshot ?? null
    if (snapshot === null) return
    volatility.refresh(port, snapshot, signal)
    touches.refresh(snapshot)
  }

  async function poll(port: VenuePort, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      // A broken invariant in one venue's adapter must not end the watch over the others, nor the process.
      await look(port, signal).catch((error: unknown) =>
        options.log(`reading ${port.accountId} broke: ${describe(error)}`),
      )
      await options.clock.sleep(pollEveryMs, signal).catch(() => undefined)
    }
  }

  function add(port: VenuePort): void {
    accounts.set(port.accountId, { port, snapshot: null, refusal: null })
    const controller = new AbortController()
    loops.set(port.accountId, { controller, done: poll(port, controller.signal) })
  }

  async function stop(accountId: string): Promise<void> {
    const loop = loops.get(accountId)
    loops.delete(accountId)
    loop?.controller.abort()
    await loop?.done
  }

  function assessed(snapshot: AccountSnapshot, inFlightUsd: number) {
    const facts: AssessFacts = {
      policy: options.policy(),
      betas: defaultBetas,
      liquidity: defaultLiquidity,
      now: options.clock.now(),
      inFlightUsd,
      ...volatility.facts(snapshot),
    }
    const report = assess(snapshot, facts)
    const accountTouch = raisedBy(touches.touch(snapshot), [report.distanceDown, report.distanceUp])
    return { report: { ...report, accountTouch }, facts }
  }

  for (const port of options.venues) add(port)

  return {
    accounts: () => [...accounts.values()],
    account: (accountId) => accounts.get(accountId),
    quotes: () => quotedAssets.flatMap((asset) => newestOf(asset) ?? []),
    quote: newestOf,
    quotesOf,
    report: (snapshot) => assessed(snapshot, 0).report,
    assessed,
    async refresh(accountId) {
      const wanted =
        accountId === undefined
          ? [...accounts.values()]
          : [...accounts.values()].filter((account) => account.port.accountId === accountId)
      if (accountId !== undefined && wanted.length === 0)
        return refuse('NOT_FOUND', { what: 'account', id: accountId })
      const { signal } = new AbortController()
      await Promise.all(wanted.map((account) => readOnce(account.port, signal)))
      return ok(wanted.length)
    },
    add,
    async remove(accountId) {
      const account = accounts.get(accountId)
      if (account === undefined) return false
      await stop(accountId)
      accounts.delete(accountId)
      quotes.delete(accountId)
      touches.forget(accountId)
      await account.port.close()
      options.onChange()
      return true
    },
    async close() {
      await Promise.all([...loops.keys()].map(stop))
      await volatility.settled()
      await Promise.all([...accounts.values()].map((account) => account.port.close()))
    },
  }
}
