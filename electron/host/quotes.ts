/** What several venues say one asset costs. One venue may lie: a limit counts by the highest price, and nothing is
 *  planned or approved while they disagree. USD per whole unit. */
import { type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import type { Quote } from '../../shared/market/quote.ts'

/** Venues' marks and indices of one asset stay well within this of each other. */
const disagreeAbove = 0.03

/** Distance in time, either way: what is dated in the future is no fresher than what is as old. Clocks go back. */
export function ageOf(at: number, now: number): number {
  return Math.abs(now - at)
}

export function freshOf(
  quotes: readonly Quote[],
  now: number,
  staleAfterMs: number,
): readonly Quote[] {
  return quotes.filter((quote) => ageOf(quote.asOf, now) <= staleAfterMs)
}

/** The quote that makes an amount worth most; undefined when none is a price. */
export function highestOf(quotes: readonly Quote[]): Quote | undefined {
  return quotes
    .filter((quote) => Number(quote.usd) > 0)
    .reduce<Quote | undefined>(
      (high, quote) => (high === undefined || Number(quote.usd) > Number(high.usd) ? quote : high),
      undefined,
    )
}

/** Refuses fresh quotes of one asset that lie further apart than venues do; zero and nonsense agree with nothing. */
export function checkAgreement(quotes: readonly Quote[]): Result<void, 'PRICES_DISAGREE'> {
  const [low, ...rest] = [...quotes].sort((a, b) => Number(a.usd) - Number(b.usd))
  const high = rest.at(-1)
  if (low === undefined || high === undefined) return ok(undefined)
  return quotes.every((quote) => Number(quote.usd) <= Number(low.usd) * (1 + disagreeAbove))
    ? ok(undefined)
    : refuse('PRICES_DISAGREE', {
        asset: low.asset,
        low: low.usd,
        lowSource: low.source,
        high: high.usd,
        highSource: high.source,
      })
}
