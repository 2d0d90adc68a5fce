/** Raw assetIndex and premiumIndex → USD prices. An asset without a dollar index is priced through its
 *  USDT or USDC contract's index times that stablecoin's dollar index, exactly; otherwise left out. */
import Big from 'big.js'
import { type Quote, quoteSchema } from '../../../../shared/market/quote.ts'
import { decimalFromBig } from '../../../../shared/units/decimal.ts'
import { parseExact, parseInstant, parseList, quoteValue, type Row, rowsBy } from '../fields.ts'
import type { Parsed } from '../parsed.ts'

interface Priced {
  readonly usd: Big
  readonly at: number
}

function read(row: Row | undefined, price: string): Priced | null {
  const usd = parseExact(row?.[price])
  const at = parseInstant(row?.['time'])
  return usd === undefined || at === null || !(Number(usd) > 0) ? null : { usd: new Big(usd), at }
}

/** @param skewMs venue clock minus ours */
export function parseQuotes(
  assets: readonly string[],
  answers: { readonly assetIndex: unknown; readonly premiumIndex: unknown },
  skewMs: number,
): Parsed<readonly Quote[]> {
  if (parseList(answers.assetIndex) === undefined) {
    return { kind: 'malformed', field: 'assetIndex', value: quoteValue(answers.assetIndex) }
  }
  const dollars = rowsBy(answers.assetIndex, 'symbol')
  const contracts = rowsBy(answers.premiumIndex, 'symbol')
  const priceOf = (asset: string): Priced | null => {
    const direct = read(dollars.get(`${asset}USD`), 'index')
    if (direct !== null) return direct
    for (const stable of ['USDT', 'USDC']) {
      const index = read(contracts.get(`${asset}${stable}`), 'indexPrice')
      const dollar = read(dollars.get(`${stable}USD`), 'index')
      if (index === null || dollar === null) continue
      return { usd: index.usd.times(dollar.usd), at: Math.min(index.at, dollar.at) }
    }
    return null
  }
  const quotes: Quote[] = []
  for (const asset of assets) {
    const priced = priceOf(asset)
    if (priced === null) continue
    const quote = quoteSchema.safeParse({
      asset,
      usd: decimalFromBig(priced.usd),
      source: 'Binance index',
      asOf: Math.max(0, Math.round(priced.at - skewMs)),
    })
    if (quote.success) quotes.push(quote.data)
  }
  return { kind: 'parsed', value: quotes }
}
