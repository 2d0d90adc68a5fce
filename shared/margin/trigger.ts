/** The exact price of one symbol at which its pool has no slack left, every other price held.
 *  Quote per base unit. Tier at the trigger, fees, other positions: all in the pool's items. Long and
 *  short of one symbol (hedge mode) move together and share one trigger, as venues show it.
 *  Inverse contracts: the coin is the money, so what else is in the pool is held in coins, not in dollars. */
import { makeSolver, type Solver } from './breach.ts'
import { collateralItem, type Item, itemNotional, itemSlack, segmentAt } from './pool.ts'

export type Trigger =
  | { readonly kind: 'price'; readonly price: number }
  /** No positive price of this symbol alone liquidates the pool. */
  | { readonly kind: 'none' }

/** What moves with the symbol, and the slack of all that does not as one sum: one symbol of a large pool is priced
 *  without walking the rest of it. */
interface Split {
  readonly moving: readonly Item[]
  readonly still: number
  /** Mark of the symbol. */
  readonly mark: number
}

/** Adverse direction first (by the symbol's net exposure), then the other: a hedged pool may break on either side. */
export function triggerOf(
  items: readonly Item[],
  symbol: string,
  solve: Solver = makeSolver(),
): Trigger {
  const first = items.find((item) => item.kind === 'position' && item.symbol === symbol)
  if (first === undefined) return { kind: 'none' }
  const split = splitBy(items, first)
  const adverse = exposureOf(items, symbol) > 0 ? -1 : 1
  const back = adverse === 1 ? -1 : 1
  for (const direction of [adverse, back] as const) {
    const shock = solveSplit(split, direction, solve)
    if (shock === 0) return recovery(split, back, solve)
    if (shock !== undefined && (direction === 1 || shock < 1))
      return { kind: 'price', price: polished(split, split.mark * (1 + direction * shock)) }
  }
  return { kind: 'none' }
}

function exposureOf(items: readonly Item[], symbol: string): number {
  let exposure = 0
  for (const item of items)
    if (item.kind === 'position' && item.symbol === symbol)
      exposure += item.sign * itemNotional(item, item.price)
  return exposure
}

function splitBy(items: readonly Item[], first: Item): Split {
  const moving: Item[] = []
  let still = 0
  for (const each of items) {
    const item = isInverse(first) ? inCoins(each, first) : each
    if (moves(item, first)) moving.push(item)
    else still += itemSlack(item, item.price)
  }
  return { moving, still, mark: first.price }
}

function solveSplit(
  { moving, still }: Split,
  direction: 1 | -1,
  solve: Solver,
): number | undefined {
  const velocities = new Float64Array(moving.length + 1).fill(1, 0, moving.length)
  return solve([...moving, collateralItem('', still, 1)], velocities, direction, limitOf(direction))
}

/** The same root read off the line it lies on, so that no digits are lost on the way from the mark. */
function polished({ moving, still, mark }: Split, price: number): number {
  let constant = still
  let slope = 0
  for (const item of moving) {
    const ratio = item.price / mark
    const at = segmentAt(item.starts, price * ratio)
    constant += item.a[at] ?? 0
    slope += (item.b[at] ?? 0) * ratio
  }
  const exact = -constant / slope
  // At a jump of maintenance the trigger is the boundary, not a root.
  return Math.abs(exact - price) <= 1e-9 * price ? exact : price
}

function limitOf(direction: 1 | -1): number {
  return direction === -1 ? 1 : Infinity
}

function isInverse(item: Item): boolean {
  return item.kind === 'position' && item.notionalB === 0
}

function moves(item: Item, first: Item): boolean {
  if (item.kind === 'position') return item.symbol === first.symbol
  return isInverse(first) && item.asset === first.asset
}

/** Another contract on the same coin, as the coins it is worth at its own mark. */
function inCoins(item: Item, first: Item): Item {
  if (item.kind === 'collateral' || item.symbol === first.symbol) return item
  if (!isInverse(item) || item.asset !== first.asset) return item
  const coin = item.usdPerSettle
  return collateralItem(item.asset, itemSlack(item, item.price) / coin, coin)
}

/** Already past it: the trigger lies back where slack was last positive. */
function recovery({ moving, still, mark }: Split, back: 1 | -1, solve: Solver): Trigger {
  const negated = moving.map((item) => ({
    ...item,
    a: item.a.map((value) => -value),
    b: item.b.map((value) => -value),
  }))
  const shock = solveSplit({ moving: negated, still: -still, mark }, back, solve)
  if (shock === undefined || (back === -1 && shock >= 1)) return { kind: 'none' }
  return { kind: 'price', price: mark * (1 + back * shock) }
}
