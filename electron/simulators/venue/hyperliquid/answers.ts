/** Raw /info answers in Hyperliquid's shapes: numbers as text with at least one decimal. */
import Big from 'big.js'
import type { PricePath } from '../pricePath.ts'
import {
  type HyperliquidAccount,
  isCross,
  liquidationPriceOf,
  maintenanceOf,
  notionalOf,
  type PerpPosition,
  perpMarkets,
  profitOf,
  sum,
} from './account.ts'

function text(value: Big | string, places = 6): string {
  const plain = new Big(value).round(places, Big.roundHalfUp).toFixed()
  return plain.includes('.') ? plain : `${plain}.0`
}

const initialOf = (position: PerpPosition): Big => notionalOf(position).div(position.leverage)

function usedOf(position: PerpPosition): Big {
  const { isolatedWallet } = position
  return isolatedWallet === null ? initialOf(position) : isolatedWallet.plus(profitOf(position))
}

function leverageOf(position: PerpPosition): unknown {
  const { isolatedWallet, leverage } = position
  if (isolatedWallet === null) return { type: 'cross', value: leverage }
  const rawUsd = isolatedWallet.minus(position.size.times(position.entry))
  return { type: 'isolated', value: leverage, rawUsd: text(rawUsd) }
}

function positionRow(position: PerpPosition, pool: Big, others: readonly PerpPosition[]): unknown {
  const equityWithout =
    position.isolatedWallet ??
    pool.plus(sum(others.map(profitOf))).minus(sum(others.map(maintenanceOf)))
  const liquidation = liquidationPriceOf(position, equityWithout)
  const margin = position.size.abs().times(position.entry).div(position.leverage)
  return {
    type: 'oneWay',
    position: {
      coin: position.market.name,
      szi: text(position.size),
      leverage: leverageOf(position),
      entryPx: text(position.entry),
      positionValue: text(notionalOf(position)),
      unrealizedPnl: text(profitOf(position)),
      returnOnEquity: text(profitOf(position).div(margin), 10),
      liquidationPx: liquidation === null ? null : text(liquidation, 8),
      marginUsed: text(usedOf(position)),
      maxLeverage: position.market.maxLeverage,
      cumFunding: { allTime: '12.4', sinceOpen: '3.1', sinceChange: '0.0' },
    },
  }
}

export function clearinghouseState(account: HyperliquidAccount, now: number): unknown {
  const positions = account.positions()
  const cross = positions.filter(isCross)
  const isolated = positions.filter((position) => !isCross(position))
  const crossValue = account.crossWallet().plus(sum(cross.map(profitOf)))
  const value = crossValue.plus(sum(isolated.map(usedOf)))
  const rawUsd = (rows: readonly PerpPosition[], equity: Big) =>
    equity.minus(sum(rows.map((row) => row.size.times(row.mark))))
  // Documented: the larger of initial margin and a tenth of the notional stays.
  const initial = sum(cross.map(initialOf))
  const tenth = sum(cross.map(notionalOf)).times('0.1')
  const withdrawable = crossValue.minus(initial.gt(tenth) ? initial : tenth)
  return {
    marginSummary: {
      accountValue: text(value),
      totalNtlPos: text(sum(positions.map(notionalOf))),
      totalRawUsd: text(rawUsd(positions, value)),
      totalMarginUsed: text(sum(positions.map(usedOf))),
    },
    crossMarginSummary: {
      accountValue: text(crossValue),
      totalNtlPos: text(sum(cross.map(notionalOf))),
      totalRawUsd: text(rawUsd(cross, crossValue)),
      totalMarginUsed: text(sum(cross.map(initialOf))),
    },
    crossMaintenanceMarginUsed: text(sum(cross.map(maintenanceOf))),
    withdrawable: text(withdrawable.lt(0) ? '0' : withdrawable),
    assetPositions: positions.map((position) =>
      positionRow(
        position,
        account.crossWallet(),
        cross.filter((other) => other.market.name !== position.market.name),
      ),
    ),
    time: now,
  }
}

export function spotClearinghouseState(account: HyperliquidAccount): unknown {
  return {
    balances: [
      { coin: 'USDC', token: 0, total: text(account.spotUsdc()), hold: '0.0', entryNtl: '0.0' },
    ],
  }
}

export function meta(): unknown {
  return {
    universe: perpMarkets.map(({ name, szDecimals, maxLeverage, marginTableId }) => ({
      szDecimals,
      name,
      maxLeverage,
      marginTableId,
    })),
    marginTables: perpMarkets.map(({ marginTableId, maxLeverage, tiers }) => [
      marginTableId,
      { description: `tiered ${maxLeverage}x`, marginTiers: tiers },
    ]),
    collateralToken: 0,
  }
}

export function metaAndAssetCtxs(path: PricePath): unknown {
  return [
    meta(),
    perpMarkets.map(({ name }) => {
      const price = path.price(name)
      return {
        funding: '0.0000125',
        openInterest: '20000.0',
        prevDayPx: price,
        dayNtlVlm: '900000000.0',
        premium: '0.0001',
        oraclePx: price,
        markPx: price,
        midPx: price,
        impactPxs: [price, price],
        dayBaseVlm: '10000.0',
      }
    }),
  ]
}

export function allMids(path: PricePath): unknown {
  return Object.fromEntries(perpMarkets.map(({ name }) => [name, path.price(name)]))
}

/** At most the newest 5000, as the venue has it; null for a coin without a market. */
export function candleSnapshot(
  path: PricePath,
  query: { readonly coin: string; readonly startTime: number; readonly endTime: number },
  now: number,
): unknown {
  const { coin, startTime, endTime } = query
  if (!perpMarkets.some(({ name }) => name === coin)) return null
  return path
    .hourlyCandles(coin, 5000, now)
    .filter(({ at }) => at + 3_599_999 >= startTime && at <= endTime)
    .map((candle) => ({
      t: candle.at,
      T: candle.at + 3_599_999,
      s: coin,
      i: '1h',
      o: candle.open,
      c: candle.close,
      h: candle.high,
      l: candle.low,
      v: '1200.0',
      n: 1000,
    }))
}
