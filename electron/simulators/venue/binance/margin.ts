/** USDⓈ-M margin in the simulator's own arithmetic (big.js): single-asset mode, one-way positions.
 *  Maintenance = notional × rate − cum; liquidation price as Binance's FAQ states it, tier taken at
 *  the price found. Amounts in the settle asset, prices in it per unit of base. */
import Big from 'big.js'

export interface Bracket {
  readonly bracket: number
  readonly initialLeverage: number
  readonly notionalFloor: number
  readonly notionalCap: number
  readonly maintMarginRatio: number
  readonly cum: number
}

/** [cap, rate, leverage] rows to brackets; cum makes maintenance continuous over floors. */
export function bracketsFrom(rows: readonly (readonly [number, number, number])[]): Bracket[] {
  const brackets: Bracket[] = []
  let floor = 0
  let cum = new Big(0)
  let previousRate = new Big(rows[0]?.[1] ?? 0)
  for (const [index, [cap, rate, leverage]] of rows.entries()) {
    cum = cum.plus(new Big(floor).times(new Big(rate).minus(previousRate)))
    brackets.push({
      bracket: index + 1,
      initialLeverage: leverage,
      notionalFloor: floor,
      notionalCap: cap,
      maintMarginRatio: rate,
      cum: cum.toNumber(),
    })
    floor = cap
    previousRate = new Big(rate)
  }
  return brackets
}

export interface OpenPosition {
  readonly symbol: string
  /** Signed, base units. */
  readonly amount: Big
  readonly entry: Big
  readonly mark: Big
  readonly leverage: number
  /** Isolated margin without profit and loss; null in cross. */
  readonly isolatedWallet: Big | null
  readonly brackets: readonly Bracket[]
}

const ZERO = new Big(0)

export const notionalOf = (position: OpenPosition): Big => position.amount.times(position.mark)
export const profitOf = (position: OpenPosition): Big =>
  position.amount.times(position.mark.minus(position.entry))
export const initialMarginOf = (position: OpenPosition): Big =>
  notionalOf(position).abs().div(position.leverage)

function bracketAt(brackets: readonly Bracket[], notional: Big): Bracket {
  let found = brackets[0]
  for (const bracket of brackets) if (notional.gt(bracket.notionalFloor)) found = bracket
  if (found === undefined) throw new Error('a simulated symbol without brackets')
  return found
}

export function maintenanceOf(position: OpenPosition): Big {
  const notional = notionalOf(position).abs()
  const bracket = bracketAt(position.brackets, notional)
  return notional.times(bracket.maintMarginRatio).minus(bracket.cum)
}

export function sum(values: readonly Big[]): Big {
  return values.reduce((total, value) => total.plus(value), ZERO)
}

/** Price at which the pool that carries `position` is liquidated, all other marks held; null for none. */
export function liquidationPriceOf(
  position: OpenPosition,
  crossWallet: Big,
  others: readonly OpenPosition[],
): Big | null {
  const pool =
    position.isolatedWallet ??
    crossWallet.minus(sum(others.map(maintenanceOf))).plus(sum(others.map(profitOf)))
  const size = position.amount.abs()
  const side = position.amount.gt(0) ? 1 : -1
  for (const bracket of position.brackets) {
    const numerator = pool.plus(bracket.cum).minus(size.times(position.entry).times(side))
    const denominator = size.times(new Big(bracket.maintMarginRatio).minus(side))
    const price = numerator.div(denominator)
    const notional = size.times(price)
    if (notional.gt(bracket.notionalFloor) && notional.lte(bracket.notionalCap)) return price
  }
  return null
}

export interface PoolFigures {
  readonly crossWallet: Big
  readonly wallet: Big
  readonly unrealised: Big
  readonly crossUnrealised: Big
  readonly initial: Big
  readonly maintenance: Big
  readonly available: Big
  readonly withdrawable: Big
}

/** One settle asset's pool. `crossWallet` leaves isolated margin out. */
export function figuresOf(crossWallet: Big, positions: readonly OpenPosition[]): PoolFigures {
  const cross = positions.filter((position) => position.isolatedWallet === null)
  const isolated = positions.filter((position) => position.isolatedWallet !== null)
  const crossUnrealised = sum(cross.map(profitOf))
  const available = crossWallet.plus(crossUnrealised).minus(sum(cross.map(initialMarginOf)))
  const floored = available.lt(0) ? ZERO : available
  return {
    crossWallet,
    wallet: crossWallet.plus(sum(isolated.map((position) => position.isolatedWallet ?? ZERO))),
    unrealised: sum(positions.map(profitOf)),
    crossUnrealised,
    initial: sum(positions.map(initialMarginOf)),
    maintenance: sum(positions.map(maintenanceOf)),
    available: floored,
    // Unrealised profit does not leave the venue.
    withdrawable: floored.gt(crossWallet) ? crossWallet : floored,
  }
}
