/** The simulated Hyperliquid account in its own arithmetic (big.js): maintenance is half the initial
 *  margin at the tier's top leverage, with a deduction per tier; mark price; no liquidation fee. */
import Big from 'big.js'
import type { PricePath } from '../pricePath.ts'

export interface MarginTier {
  /** Notional in USDC from which the tier holds. */
  readonly lowerBound: string
  readonly maxLeverage: number
}

export interface PerpMarket {
  readonly name: string
  readonly szDecimals: number
  readonly maxLeverage: number
  readonly marginTableId: number
  readonly tiers: readonly MarginTier[]
}

export const perpMarkets: readonly PerpMarket[] = [
  {
    name: 'BTC',
    szDecimals: 5,
    maxLeverage: 40,
    marginTableId: 56,
    tiers: [
      { lowerBound: '0.0', maxLeverage: 40 },
      { lowerBound: '150000000.0', maxLeverage: 20 },
    ],
  },
  {
    name: 'ETH',
    szDecimals: 4,
    maxLeverage: 25,
    marginTableId: 55,
    tiers: [
      { lowerBound: '0.0', maxLeverage: 25 },
      { lowerBound: '100000000.0', maxLeverage: 15 },
    ],
  },
  {
    name: 'SOL',
    szDecimals: 2,
    maxLeverage: 20,
    marginTableId: 54,
    tiers: [
      { lowerBound: '0.0', maxLeverage: 20 },
      { lowerBound: '70000000.0', maxLeverage: 10 },
    ],
  },
]

export interface PerpHolding {
  readonly coin: string
  /** Signed decimal text. */
  readonly size: string
  readonly entry: string
  readonly leverage: number
  /** Isolated margin without profit and loss; absent in cross. */
  readonly isolatedWallet?: string
}

export interface PerpPosition {
  readonly market: PerpMarket
  readonly size: Big
  readonly entry: Big
  readonly mark: Big
  readonly leverage: number
  readonly isolatedWallet: Big | null
}

export interface HyperliquidAccount {
  positions(): readonly PerpPosition[]
  /** USDC of the cross pool without profit and loss. */
  crossWallet(): Big
  spotUsdc(): Big
  liquidations(): readonly { readonly at: number; readonly coin: string; readonly price: string }[]
}

const ZERO = new Big(0)
export const sum = (values: readonly Big[]): Big =>
  values.reduce((total, value) => total.plus(value), ZERO)
export const notionalOf = (position: PerpPosition): Big => position.size.abs().times(position.mark)
export const profitOf = (position: PerpPosition): Big =>
  position.size.times(position.mark.minus(position.entry))
export const isCross = (position: PerpPosition): boolean => position.isolatedWallet === null

interface Rate {
  readonly floor: Big
  readonly rate: Big
  readonly deduction: Big
}

function ratesOf(market: PerpMarket): readonly Rate[] {
  const rates: Rate[] = []
  for (const tier of market.tiers) {
    const floor = new Big(tier.lowerBound)
    const rate = new Big(1).div(2 * tier.maxLeverage)
    const before = rates.at(-1)
    const deduction =
      before === undefined ? ZERO : before.deduction.plus(floor.times(rate.minus(before.rate)))
    rates.push({ floor, rate, deduction })
  }
  return rates
}

export function maintenanceOf(position: PerpPosition): Big {
  const notional = notionalOf(position)
  const rate = ratesOf(position.market).findLast(({ floor }) => notional.gte(floor))
  if (rate === undefined) throw new Error('a simulated market without tiers')
  return notional.times(rate.rate).minus(rate.deduction)
}

/** Equity (cash plus size × price) meets maintenance at this price; null where no positive price does. */
export function liquidationPriceOf(position: PerpPosition, equityWithout: Big): Big | null {
  const rates = ratesOf(position.market)
  const size = position.size.abs()
  for (const [index, { floor, rate, deduction }] of rates.entries()) {
    // equityWithout + size·(p − entry) = rate·|size|·p − deduction
    const numerator = position.size.times(position.entry).minus(equityWithout).minus(deduction)
    const denominator = position.size.minus(size.times(rate))
    const price = numerator.div(denominator)
    const ceiling = rates[index + 1]?.floor
    const notional = size.times(price)
    if (price.gt(0) && notional.gte(floor) && (ceiling === undefined || notional.lt(ceiling))) {
      return price
    }
  }
  return null
}

export function createHyperliquidAccount(options: {
  readonly path: PricePath
  readonly now: () => number
  readonly crossWallet: string
  readonly holdings: readonly PerpHolding[]
  readonly spotUsdc: string
}): HyperliquidAccount {
  let crossWallet = new Big(options.crossWallet)
  let holdings = [...options.holdings]
  const liquidations: { at: number; coin: string; price: string }[] = []

  const open = (holding: PerpHolding): PerpPosition => {
    const market = perpMarkets.find(({ name }) => name === holding.coin)
    if (market === undefined) throw new RangeError(`no such simulated perp: ${holding.coin}`)
    return {
      market,
      size: new Big(holding.size),
      entry: new Big(holding.entry),
      mark: new Big(options.path.price(holding.coin)),
      leverage: holding.leverage,
      isolatedWallet: holding.isolatedWallet === undefined ? null : new Big(holding.isolatedWallet),
    }
  }
  const close = (closed: readonly PerpPosition[]) => {
    for (const position of closed) {
      const coin = position.market.name
      if (isCross(position)) crossWallet = crossWallet.plus(profitOf(position))
      holdings = holdings.filter((holding) => holding.coin !== coin)
      liquidations.push({ at: options.now(), coin, price: position.mark.toFixed() })
    }
    if (crossWallet.lt(0)) crossWallet = ZERO
  }
  options.path.onChange(() => {
    const positions = holdings.map(open)
    for (const position of positions) {
      const { isolatedWallet } = position
      if (isolatedWallet?.plus(profitOf(position)).lt(maintenanceOf(position))) close([position])
    }
    const cross = positions.filter(isCross)
    const equity = crossWallet.plus(sum(cross.map(profitOf)))
    if (equity.lt(sum(cross.map(maintenanceOf)))) close(cross)
  })
  return {
    positions: () => holdings.map(open),
    crossWallet: () => crossWallet,
    spotUsdc: () => new Big(options.spotUsdc),
    liquidations: () => liquidations,
  }
}
