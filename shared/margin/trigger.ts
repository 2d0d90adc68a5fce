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

/** Adverse direction first (by the symbol's net exposure), then the other: a hedged pool may break on either side. */
export function triggerOf(
  items: readonly Item[],
  symbol: string,
  solve: Solver = makeSolver(),
): Trigger {
  const own = items.filter((item) => item.kind === 'position' && item.symbol === symbol)
  const [first] = own
  if (first === undefined) return { kind: 'none' }
  const held = isInverse(first) ? items.map((item) => inCoins(item, first)) : items
  const velocities = Float64Array.from(held, (item) => (moves(item, first) ? 1 : 0))
  const exposure = own.reduce((sum, item) => sum + item.sign * itemNotional(item, item.price), 0)
  const adverse = exposure > 0 ? -1 : 1
  const back = adverse === 1 ? -1 : 1
  for (const direction of [adverse, back] as const) {
    const shock = solve(held, velocities, direction, limitOf(direction))
    if (shock === 0) return recovery(held, velocities, first.price, back, solve)
    if (shock !== undefined && (direction === 1 || shock < 1))
      return { kind: 'price', price: polished(held, first, first.price * (1 + direction * shock)) }
  }
  return { kind: 'none' }
}

/** The same root read off the line it lies on, so that no digits are lost on the way from the mark. */
function polished(items: readonly Item[], first: Item, price: number): number {
  let constant = 0
  let slope = 0
  for (const item of items) {
    if (!moves(item, first)) constant += itemSlack(item, item.price)
    else {
      const ratio = item.price / first.price
      const at = segmentAt(item.starts, price * ratio)
      constant += item.a[at] ?? 0
      slope += (item.b[at] ?? 0) * ratio
    }
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
function recovery(
  items: readonly Item[],
  velocities: Float64Array,
  mark: number,
  back: 1 | -1,
  solve: Solver,
): Trigger {
  const negated = items.map((item) => ({
    ...item,
    a: item.a.map((value) => -value),
    b: item.b.map((value) => -value),
  }))
  const shock = solve(negated, velocities, back, limitOf(back))
  if (shock === undefined || (back === -1 && shock >= 1)) return { kind: 'none' }
  return { kind: 'price', price: mark * (1 + back * shock) }
}
