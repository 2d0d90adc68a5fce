/** An order book as far as it can be seen. Prices quote per base unit, sizes in base units, best level first. */

export interface BookLevel {
  readonly price: number
  readonly size: number
}

export interface Book {
  readonly bids: readonly BookLevel[]
  readonly asks: readonly BookLevel[]
}

export type Books = Readonly<Record<string, Book>>

export interface Walked {
  /** Lost against the middle on the part that the book takes, in quote. */
  readonly cost: number
  /** Quote value at the middle of the part that the book takes. */
  readonly filled: number
  /** Distance of the last level reached from the middle, as a fraction. */
  readonly reached: number
}

/**
 * Walks one side with each level thinned to `depth` of its size.
 * @param notional  quote value at the middle, positive
 * @returns what the visible book takes of it, or undefined for a book without both sides
 */
export function walkBook(
  book: Book,
  side: 'sell' | 'buy',
  notional: number,
  depth: number,
): Walked | undefined {
  const [bid] = book.bids
  const [ask] = book.asks
  if (bid === undefined || ask === undefined || !(bid.price > 0)) return undefined
  const middle = (bid.price + ask.price) / 2
  let filled = 0
  let cost = 0
  let reached = 0
  for (const { price, size } of side === 'sell' ? book.bids : book.asks) {
    if (filled >= notional) break
    const takes = Math.min(size * Math.max(0, depth) * middle, notional - filled)
    reached = Math.abs(price - middle) / middle
    cost += takes * reached
    filled += takes
  }
  return { cost, filled, reached }
}

export function bookOf(books: Books | undefined, asset: string): Book | undefined {
  return books !== undefined && Object.hasOwn(books, asset) ? books[asset] : undefined
}
