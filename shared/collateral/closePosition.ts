/** The same account after one position was closed at its mark, profit or loss in the wallet it settles in.
 *  Exact decimals for linear contracts; an inverse profit is cut at 18 decimals. For auto-deleveraging and what-ifs. */
import Big from 'big.js'
import { type Decimal, decimalFromBig } from '../units/decimal.ts'
import type { AccountSnapshot, Position } from './snapshot.ts'

/** The cross one where `symbol:leg` is held both ways. `undefined` when the account has no such position or does
 *  not hold its settle asset. */
export function closePosition(snapshot: AccountSnapshot, key: string): AccountSnapshot | undefined {
  const closed = snapshot.positions
    .filter(({ symbol, leg }) => `${symbol}:${leg}` === key)
    .toSorted((a, b) => Number(a.marginMode !== 'cross') - Number(b.marginMode !== 'cross'))[0]
  if (closed === undefined) return undefined
  const held = snapshot.collaterals.find(({ asset }) => asset === closed.settle)
  const profit = profitAtMark(closed)
  if (held === undefined || profit === undefined) return undefined
  const back = new Big(profit).plus(closed.isolatedWallet ?? 0)
  return {
    ...snapshot,
    positions: snapshot.positions.filter((position) => position !== closed),
    collaterals: snapshot.collaterals.map((collateral) =>
      collateral === held
        ? { ...collateral, wallet: decimalFromBig(new Big(collateral.wallet).plus(back)) }
        : collateral,
    ),
  }
}

/** Unrealised profit in the settle asset; undefined for prices that are none. */
export function profitAtMark(position: Position): Decimal | undefined {
  const entry = new Big(position.entry)
  const mark = new Big(position.mark)
  if (entry.lte(0) || mark.lte(0)) return undefined
  const sign = position.side === 'long' ? 1 : -1
  const profit =
    position.contractType === 'linear'
      ? mark.minus(entry).times(position.size)
      : new Big(position.size).times(mark.minus(entry)).div(entry.times(mark))
  return decimalFromBig(profit.times(sign).round(18, Big.roundDown))
}
