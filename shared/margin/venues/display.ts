/** How venues turn a trigger into the price they show. Quote per base unit; undefined is shown as none. */
import { itemMaintenance, itemSlack } from '../pool.ts'
import type { DisplayInput } from './rule.ts'

/** The trigger itself; a price that is not positive is none. */
export function exactPrice({ trigger }: DisplayInput): number | undefined {
  return positiveOrNone(trigger)
}

/** Maintenance frozen at the current mark: mark − s·(equity − maintenance)/q; in coins for inverse contracts. */
export function frozenPrice({ item, items }: DisplayInput): number | undefined {
  let slack = 0
  for (const each of items) slack += itemSlack(each, each.price)
  const { price, sign } = item
  if (item.notionalB === 0) {
    const coins = item.notionalA / price + (sign * slack) / price
    return positiveOrNone(item.notionalA / coins)
  }
  return positiveOrNone(price - (sign * slack) / item.notionalB)
}

/** Equity shared out by notional: each position is shown as if its share were all it had. */
export function sharePrice({ item, items }: DisplayInput): number | undefined {
  let equity = 0
  let gross = 0
  for (const each of items) {
    equity += itemSlack(each, each.price) + itemMaintenance(each, each.price)
    if (each.kind === 'position') gross += each.notionalA + each.notionalB * each.price
  }
  const { price, sign } = item
  const notional = item.notionalA + item.notionalB * price
  const rate = itemMaintenance(item, price) / notional
  const share = equity / gross
  if (item.notionalB === 0) return positiveOrNone((price * (1 + sign * rate)) / (1 + sign * share))
  return positiveOrNone((price * (1 - sign * share)) / (1 - sign * rate))
}

export function positiveOrNone(price: number | undefined): number | undefined {
  return price !== undefined && Number.isFinite(price) && price > 0 ? price : undefined
}
