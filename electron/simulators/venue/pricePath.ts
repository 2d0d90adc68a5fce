/** The one market all simulated venues agree on: USD prices that move both ways, from a seed.
 *  Steps by timer or by hand; `setPrice` and `shock` move it on demand. Prices are decimal text. */
import Big from 'big.js'

export interface SimCandle {
  /** Open time, ms. */
  readonly at: number
  readonly open: string
  readonly high: string
  readonly low: string
  readonly close: string
}

export interface PricePath {
  readonly symbols: readonly string[]
  /** USD per unit. Throws for a symbol the market does not have. */
  price(symbol: string): string
  setPrice(symbol: string, usd: string): void
  /** Multiplies each named price by 1 + fraction: { ETH: -0.1 } is a fall of 10 %. */
  shock(fractions: Readonly<Record<string, number>>): void
  /** One random step of `elapsedMs` of market time for every symbol. */
  step(elapsedMs: number): void
  /** Steps every `everyMs` of real time; returns the stop. */
  start(everyMs: number): () => void
  onChange(listener: () => void): () => void
  /** Hourly candles before `endAt`, oldest first; the last one closes at the current price. */
  hourlyCandles(symbol: string, limit: number, endAt: number): readonly SimCandle[]
}

const HOUR_MS = 3_600_000
const YEAR_MS = 365 * 24 * HOUR_MS

interface Mover {
  readonly decimals: number
  /** Annual volatility as a fraction. */
  readonly volatility: number
  /** Share of the common factor in the variance. */
  readonly common: number
}

const movers: Readonly<Record<string, Mover>> = {
  BTC: { decimals: 1, volatility: 0.5, common: 0.9 },
  ETH: { decimals: 2, volatility: 0.7, common: 0.85 },
  SOL: { decimals: 2, volatility: 0.85, common: 0.75 },
}

/** Deterministic uniform numbers in (0, 1) from a 32-bit state. */
export function createUniform(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x9e3779b9) >>> 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    mixed ^= mixed >>> 15
    return ((mixed >>> 0) + 0.5) / 0x1_0000_0000
  }
}

function createGaussian(uniform: () => number): () => number {
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
}

function moverOf(symbol: string): Mover {
  const mover = movers[symbol]
  if (mover === undefined) throw new RangeError(`no such simulated symbol: ${symbol}`)
  return mover
}

/** Same seed, same starting prices, same calls: same prices. */
export function createPricePath(options: {
  readonly seed: number
  readonly prices: Readonly<Record<string, string>>
}): PricePath {
  const gaussian = createGaussian(createUniform(options.seed))
  const symbols = Object.keys(options.prices)
  const current = new Map<string, number>()
  const anchors = new Map<string, number>()
  for (const symbol of symbols) {
    moverOf(symbol)
    current.set(symbol, Number(options.prices[symbol]))
    anchors.set(symbol, Number(options.prices[symbol]))
  }
  const listeners = new Set<() => void>()
  const returns = pastReturns(symbols, options.seed)

  const numberOf = (symbol: string): number => {
    const value = current.get(symbol)
    if (value === undefined) throw new RangeError(`no such simulated symbol: ${symbol}`)
    return value
  }
  const text = (symbol: string, value: number): string =>
    new Big(value).toFixed(moverOf(symbol).decimals)
  const changed = () => {
    for (const listener of listeners) listener()
  }
  const write = (symbol: string, value: number) => {
    if (!(value > 0) || !Number.isFinite(value)) throw new RangeError(`not a price: ${value}`)
    current.set(symbol, Number(text(symbol, value)))
  }

  const step = (elapsedMs: number) => {
    const factor = gaussian()
    for (const symbol of symbols) {
      const { volatility, common } = moverOf(symbol)
      const scale = volatility * Math.sqrt(elapsedMs / YEAR_MS)
      const noise = Math.sqrt(common) * factor + Math.sqrt(1 - common) * gaussian()
      // A weak pull to the anchor keeps a long-running demo in sight of its story.
      const pull = 0.01 * Math.log((anchors.get(symbol) ?? 1) / numberOf(symbol))
      write(symbol, numberOf(symbol) * Math.exp(scale * noise + pull))
    }
    changed()
  }

  return {
    symbols,
    price: (symbol) => text(symbol, numberOf(symbol)),
    setPrice: (symbol, usd) => {
      numberOf(symbol)
      write(symbol, Number(usd))
      anchors.set(symbol, Number(usd))
      changed()
    },
    shock: (fractions) => {
      for (const [symbol, fraction] of Object.entries(fractions)) {
        write(symbol, numberOf(symbol) * (1 + fraction))
        anchors.set(symbol, numberOf(symbol))
      }
      changed()
    },
    step,
    start: (everyMs) => {
      const timer = setInterval(() => step(everyMs * 30), everyMs)
      timer.unref()
      return () => clearInterval(timer)
    },
    onChange: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    hourlyCandles: (symbol, limit, endAt) =>
      walkBack(returns.get(symbol) ?? [], limit, endAt, numberOf(symbol), (value) =>
        text(symbol, value),
      ),
  }
}

const HISTORY_HOURS = 1500

function pastReturns(symbols: readonly string[], seed: number): Map<string, number[]> {
  const gaussian = createGaussian(createUniform(seed ^ 0x5bd1e995))
  const past = new Map<string, number[]>(symbols.map((symbol) => [symbol, []]))
  for (let hour = 0; hour < HISTORY_HOURS; hour += 1) {
    const factor = gaussian()
    for (const symbol of symbols) {
      const { volatility, common } = moverOf(symbol)
      const noise = Math.sqrt(common) * factor + Math.sqrt(1 - common) * gaussian()
      past.get(symbol)?.push(volatility * Math.sqrt(HOUR_MS / YEAR_MS) * noise)
    }
  }
  return past
}

function walkBack(
  returns: readonly number[],
  limit: number,
  endAt: number,
  last: number,
  text: (value: number) => string,
): readonly SimCandle[] {
  const candles: SimCandle[] = []
  let close = last
  let at = Math.floor(endAt / HOUR_MS) * HOUR_MS
  for (const change of returns.slice(0, limit)) {
    const open = close / Math.exp(change)
    const wick = 1 + Math.abs(change) / 2
    candles.push({
      at,
      open: text(open),
      high: text(Math.max(open, close) * wick),
      low: text(Math.min(open, close) / wick),
      close: text(close),
    })
    close = open
    at -= HOUR_MS
  }
  return candles.reverse()
}
