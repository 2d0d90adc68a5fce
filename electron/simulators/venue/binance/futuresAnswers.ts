/** Raw fapi answers in Binance's shapes. In single-asset mode the account totals count USDT only, as
 *  Binance documents: with USDC-margined contracts they stay zero, and the truth is per asset. */
import Big from 'big.js'
import type { PricePath } from '../pricePath.ts'
import type { BinanceAccount } from './account.ts'
import { contracts } from './instruments.ts'
import {
  initialMarginOf,
  liquidationPriceOf,
  maintenanceOf,
  notionalOf,
  profitOf,
} from './margin.ts'

const eight = (value: Big | string | number): string => new Big(value).toFixed(8)

function positionRows(account: BinanceAccount) {
  const positions = account.positions()
  return positions.map(({ contract, open }) => {
    const others = positions
      .map((other) => other.open)
      .filter((other) => other.symbol !== open.symbol && other.isolatedWallet === null)
    const liquidation = liquidationPriceOf(open, account.pool(contract.settle).crossWallet, others)
    const isolated = open.isolatedWallet
    return {
      contract,
      open,
      liquidation: liquidation === null ? '0' : eight(liquidation),
      isolatedMargin: isolated === null ? '0' : eight(isolated.plus(profitOf(open))),
      isolatedWallet: isolated === null ? '0' : eight(isolated),
    }
  })
}

/** GET /fapi/v3/positionRisk */
export function positionRiskV3(account: BinanceAccount): unknown {
  return positionRows(account).map(({ contract, open, ...row }) => ({
    symbol: open.symbol,
    positionSide: 'BOTH',
    positionAmt: open.amount.toFixed(),
    entryPrice: open.entry.toFixed(),
    breakEvenPrice: open.entry.times(open.amount.gt(0) ? '1.0005' : '0.9995').toFixed(8),
    markPrice: eight(open.mark),
    unRealizedProfit: eight(profitOf(open)),
    liquidationPrice: row.liquidation,
    isolatedMargin: row.isolatedMargin,
    notional: eight(notionalOf(open)),
    marginAsset: contract.settle,
    isolatedWallet: row.isolatedWallet,
    initialMargin: eight(initialMarginOf(open)),
    maintMargin: eight(maintenanceOf(open)),
    positionInitialMargin: eight(initialMarginOf(open)),
    openOrderInitialMargin: '0',
    adl: 2,
    bidNotional: '0',
    askNotional: '0',
    updateTime: account.updatedAt(),
  }))
}

/** GET /fapi/v2/positionRisk: every contract, held or not. */
export function positionRiskV2(account: BinanceAccount, path: PricePath): unknown {
  const rows = positionRows(account)
  return contracts.map((contract) => {
    const row = rows.find(({ open }) => open.symbol === contract.symbol)
    const open = row?.open
    return {
      symbol: contract.symbol,
      positionAmt: open?.amount.toFixed() ?? '0.000',
      entryPrice: open?.entry.toFixed() ?? '0.0',
      breakEvenPrice: open?.entry.toFixed() ?? '0.0',
      markPrice: eight(path.price(contract.base)),
      unRealizedProfit: open === undefined ? '0.00000000' : eight(profitOf(open)),
      liquidationPrice: row?.liquidation ?? '0',
      leverage: String(open?.leverage ?? 20),
      maxNotionalValue: String(contract.brackets.at(-1)?.notionalCap ?? 0),
      marginType: open?.isolatedWallet ? 'isolated' : 'cross',
      isolatedMargin: row?.isolatedMargin ?? '0.00000000',
      isAutoAddMargin: 'false',
      positionSide: 'BOTH',
      notional: open === undefined ? '0' : eight(notionalOf(open)),
      isolatedWallet: row?.isolatedWallet ?? '0',
      updateTime: open === undefined ? 0 : account.updatedAt(),
      isolated: Boolean(open?.isolatedWallet),
      adlQuantile: 2,
    }
  })
}

/** GET /fapi/v3/account (v2 the same with more fields that nobody here reads). */
export function futuresAccount(account: BinanceAccount): unknown {
  const usdt = account.pool('USDT')
  const assets = account.futuresAssets().map((asset) => {
    const pool = account.pool(asset)
    return {
      asset,
      walletBalance: eight(pool.wallet),
      unrealizedProfit: eight(pool.unrealised),
      marginBalance: eight(pool.wallet.plus(pool.unrealised)),
      maintMargin: eight(pool.maintenance),
      initialMargin: eight(pool.initial),
      positionInitialMargin: eight(pool.initial),
      openOrderInitialMargin: eight(0),
      crossWalletBalance: eight(pool.crossWallet),
      crossUnPnl: eight(pool.crossUnrealised),
      availableBalance: eight(pool.available),
      maxWithdrawAmount: eight(pool.withdrawable),
      updateTime: account.updatedAt(),
    }
  })
  return {
    totalInitialMargin: eight(usdt.initial),
    totalMaintMargin: eight(usdt.maintenance),
    totalWalletBalance: eight(usdt.wallet),
    totalUnrealizedProfit: eight(usdt.unrealised),
    totalMarginBalance: eight(usdt.wallet.plus(usdt.unrealised)),
    totalPositionInitialMargin: eight(usdt.initial),
    totalOpenOrderInitialMargin: eight(0),
    totalCrossWalletBalance: eight(usdt.crossWallet),
    totalCrossUnPnl: eight(usdt.crossUnrealised),
    availableBalance: eight(usdt.available),
    maxWithdrawAmount: eight(usdt.withdrawable),
    assets,
    positions: positionRows(account).map(({ open, isolatedMargin, isolatedWallet }) => ({
      symbol: open.symbol,
      positionSide: 'BOTH',
      positionAmt: open.amount.toFixed(),
      unrealizedProfit: eight(profitOf(open)),
      isolatedMargin,
      notional: eight(notionalOf(open)),
      isolatedWallet,
      initialMargin: eight(initialMarginOf(open)),
      maintMargin: eight(maintenanceOf(open)),
      updateTime: account.updatedAt(),
    })),
  }
}

export function leverageBrackets(symbol: string | null): unknown {
  return contracts
    .filter((contract) => symbol === null || contract.symbol === symbol)
    .map(({ symbol: name, brackets }) => ({ symbol: name, brackets }))
}

export function symbolConfigs(account: BinanceAccount): unknown {
  const positions = account.positions()
  return contracts.map((contract) => {
    const open = positions.find((position) => position.contract.symbol === contract.symbol)?.open
    return {
      symbol: contract.symbol,
      marginType: open?.isolatedWallet ? 'ISOLATED' : 'CROSSED',
      isAutoAddMargin: false,
      leverage: open?.leverage ?? 20,
      maxNotionalValue: String(contract.brackets.at(-1)?.notionalCap ?? 0),
    }
  })
}

/** The simulated USDC trades a hair off the dollar, so that nobody takes it for 1. */
export const usdcIndex = '0.99980000'

export function premiumIndex(path: PricePath, now: number): unknown {
  const funding: Readonly<Record<string, string>> = { BTC: '0.00010000', ETH: '0.00008200' }
  const eightHours = 8 * 3_600_000
  return contracts.map(({ symbol, base }) => ({
    symbol,
    markPrice: eight(path.price(base)),
    // The index quotes in USDC as the contract does; the asset index below is in USD.
    indexPrice: eight(path.price(base)),
    estimatedSettlePrice: eight(path.price(base)),
    lastFundingRate: funding[base] ?? '0.00005000',
    interestRate: '0.00010000',
    nextFundingTime: (Math.floor(now / eightHours) + 1) * eightHours,
    time: now,
  }))
}

export function assetIndex(path: PricePath, now: number): unknown {
  const rows = [
    ...path.symbols.map((asset) => [asset, eight(path.price(asset)), '0.05000000'] as const),
    ['USDC', usdcIndex, '0.00100000'] as const,
    ['USDT', '1.00010000', '0.00100000'] as const,
  ]
  return rows.map(([asset, index, buffer]) => ({
    symbol: `${asset}USD`,
    time: now,
    index,
    bidBuffer: buffer,
    askBuffer: buffer,
    bidRate: eight(new Big(index).times(new Big(1).minus(buffer))),
    askRate: eight(new Big(index).times(new Big(1).plus(buffer))),
    autoExchangeBidBuffer: buffer,
    autoExchangeAskBuffer: buffer,
    autoExchangeBidRate: eight(new Big(index).times(new Big(1).minus(buffer))),
    autoExchangeAskRate: eight(new Big(index).times(new Big(1).plus(buffer))),
  }))
}

export function exchangeInfo(now: number): unknown {
  return {
    timezone: 'UTC',
    serverTime: now,
    futuresType: 'U_MARGINED',
    rateLimits: [
      { rateLimitType: 'REQUEST_WEIGHT', interval: 'MINUTE', intervalNum: 1, limit: 2400 },
    ],
    exchangeFilters: [],
    assets: [{ asset: 'USDC', marginAvailable: true, autoAssetExchange: '0' }],
    symbols: contracts.map((contract) => ({
      symbol: contract.symbol,
      pair: contract.symbol,
      contractType: 'PERPETUAL',
      deliveryDate: 4133404800000,
      onboardDate: 1704268800000,
      status: 'TRADING',
      maintMarginPercent: '2.5000',
      requiredMarginPercent: '5.0000',
      baseAsset: contract.base,
      quoteAsset: 'USDC',
      marginAsset: contract.settle,
      pricePrecision: contract.pricePrecision,
      quantityPrecision: 3,
      baseAssetPrecision: 8,
      quotePrecision: 8,
      underlyingType: 'COIN',
      underlyingSubType: [],
      triggerProtect: '0.0500',
      liquidationFee: '0.012500',
      marketTakeBound: '0.05',
      filters: [
        {
          filterType: 'PRICE_FILTER',
          minPrice: contract.tickSize,
          maxPrice: '1000000',
          tickSize: contract.tickSize,
        },
        {
          filterType: 'LOT_SIZE',
          minQty: contract.stepSize,
          maxQty: '1000',
          stepSize: contract.stepSize,
        },
        { filterType: 'MIN_NOTIONAL', notional: '20' },
      ],
      orderTypes: ['LIMIT', 'MARKET'],
      timeInForce: ['GTC', 'IOC', 'FOK', 'GTX'],
    })),
  }
}

/** [openTime, open, high, low, close, volume, closeTime, quoteVolume, trades, takerBase, takerQuote, ignore] */
export function klines(path: PricePath, symbol: string, limit: number, now: number): unknown {
  const contract = contracts.find((candidate) => candidate.symbol === symbol)
  if (contract === undefined) return []
  return path
    .hourlyCandles(contract.base, limit, now)
    .map(({ at, open, high, low, close }) => [
      at,
      open,
      high,
      low,
      close,
      '1200.000',
      at + 3_599_999,
      '0',
      1000,
      '600.000',
      '0',
      '0',
    ])
}
