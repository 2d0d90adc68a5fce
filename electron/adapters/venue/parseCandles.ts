/** Raw hourly candles → CandleSeries. Binance sends rows, Hyperliquid objects; both prices as text.
 *  One unreadable or impossible candle makes the whole answer malformed: a hole would pass for calm. */
import { z } from 'zod'
import { type Candle, type CandleSeries, checkCandles } from '../../../shared/market/candle.ts'
import { parseExact, quoteValue } from './fields.ts'
import type { Parsed } from './parsed.ts'

const priceSchema = z.unknown().transform((value, context) => {
  const exact = parseExact(value)
  if (exact !== undefined) return Number(exact)
  context.addIssue({ code: 'custom', message: 'not a price' })
  return z.NEVER
})

/** [openTime, open, high, low, close, …] */
const klinesSchema = z.array(
  z
    .tuple([z.int(), priceSchema, priceSchema, priceSchema, priceSchema], z.unknown())
    .transform(
      ([openTime, open, high, low, close]): Candle => ({ openTime, open, high, low, close }),
    ),
)

const snapshotSchema = z.array(
  z
    .object({ t: z.int(), o: priceSchema, h: priceSchema, l: priceSchema, c: priceSchema })
    .transform(
      ({ t, o, h, l, c }): Candle => ({ openTime: t, open: o, high: h, low: l, close: c }),
    ),
)

interface Origin {
  readonly asset: string
  readonly source: string
  /** The venue's clock, ms. */
  readonly venueNow: number
  /** The newest that many are kept. */
  readonly limit: number
}

export function parseKlines(answer: unknown, origin: Origin): Parsed<CandleSeries> {
  return seriesOf(klinesSchema.safeParse(answer), 'klines', answer, origin)
}

export function parseCandleSnapshot(answer: unknown, origin: Origin): Parsed<CandleSeries> {
  return seriesOf(snapshotSchema.safeParse(answer), 'candleSnapshot', answer, origin)
}

function seriesOf(
  read: z.ZodSafeParseResult<readonly Candle[]>,
  field: string,
  answer: unknown,
  { asset, source, venueNow, limit }: Origin,
): Parsed<CandleSeries> {
  if (!read.success) {
    const path = [field, ...(read.error.issues[0]?.path ?? [])].map(String).join('.')
    return { kind: 'malformed', field: path, value: quoteValue(answer) }
  }
  const checked = checkCandles(read.data, venueNow, limit)
  if (checked.kind === 'impossible')
    return {
      kind: 'malformed',
      field: `${field}.${checked.index}`,
      value: `${checked.reason}: ${quoteValue(read.data[checked.index])}`,
    }
  const { candles, missingHours } = checked
  return { kind: 'parsed', value: { asset, source, candles, missingHours } }
}
