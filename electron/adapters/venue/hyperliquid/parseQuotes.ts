/** Raw metaAndAssetCtxs → USD mark prices. The answer carries no time of its own, so it is dated when
 *  it arrived; USDC, in which the marks are kept, is not quoted. */
import { type Quote, quoteSchema } from '../../../../shared/market/quote.ts'
import { parseExact, parseList, quoteValue } from '../fields.ts'
import type { Parsed } from '../parsed.ts'
import { parseMeta } from './parseAccount.ts'

export function parseMarkQuotes(
  assets: readonly string[],
  answer: unknown,
  receivedAt: number,
): Parsed<readonly Quote[]> {
  if (parseList(answer)?.length !== 2) {
    return { kind: 'malformed', field: 'metaAndAssetCtxs', value: quoteValue(answer) }
  }
  const { markets } = parseMeta(answer)
  const quotes: Quote[] = []
  for (const asset of assets) {
    const usd = parseExact(markets.get(asset)?.context['markPx'])
    if (usd === undefined || !(Number(usd) > 0)) continue
    const source = 'Hyperliquid mark'
    const quote = quoteSchema.safeParse({ asset, usd, source, asOf: receivedAt })
    if (quote.success) quotes.push(quote.data)
  }
  return { kind: 'parsed', value: quotes }
}
