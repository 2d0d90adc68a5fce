/** Accounts for tests: short to write, complete as a parser would make them. Tests only. */
import { parseDecimal, type Decimal } from '../units/decimal.ts'
import type { AccountSnapshot, Collateral, MaintenanceTier, Position } from './snapshot.ts'

export function decimal(value: number | string): Decimal {
  const text = typeof value === 'string' ? value : value.toFixed(12)
  const parsed = parseDecimal(text)
  if (parsed === undefined) throw new TypeError(`not a decimal: ${value}`)
  return parsed
}

/** Binance's own lowest brackets for BTC, with their deductions. */
export const btcTiers: readonly MaintenanceTier[] = [
  { floor: 0, rate: 0.004, deduction: 0 },
  { floor: 50_000, rate: 0.005, deduction: 50 },
  { floor: 250_000, rate: 0.01, deduction: 1_300 },
  { floor: 3_000_000, rate: 0.025, deduction: 46_300 },
]

export const ethTiers: readonly MaintenanceTier[] = [
  { floor: 0, rate: 0.005, deduction: 0 },
  { floor: 50_000, rate: 0.0065, deduction: 75 },
  { floor: 500_000, rate: 0.01, deduction: 1_825 },
]

export function cash(units: number, over: Partial<Collateral> = {}): Collateral {
  return {
    asset: 'USDC',
    wallet: decimal(units),
    priceUsd: decimal('1'),
    haircuts: [],
    withdrawable: decimal(Math.max(0, units)),
    ...over,
  }
}

export function position(over: Partial<Position> = {}): Position {
  return {
    symbol: 'BTCUSDC',
    base: 'BTC',
    settle: 'USDC',
    contractType: 'linear',
    side: 'long',
    leg: 'both',
    size: decimal(1),
    entry: decimal(92_000),
    mark: decimal(92_000),
    marginMode: 'cross',
    isolatedWallet: null,
    leverage: decimal(10),
    tiers: btcTiers,
    liquidationFeeRate: 0,
    maintenance: null,
    unrealised: null,
    reportedLiquidation: null,
    tickSize: decimal('0.1'),
    funding: { rate: decimal('0.0001'), intervalHours: 8 },
    ...over,
  }
}

export function ethPosition(over: Partial<Position> = {}): Position {
  return position({
    symbol: 'ETHUSDC',
    base: 'ETH',
    size: decimal(10),
    entry: decimal(3_160),
    mark: decimal(3_160),
    tiers: ethTiers,
    tickSize: decimal('0.01'),
    ...over,
  })
}

export const fixtureInstant = 1_770_000_000_000

export function account(over: Partial<AccountSnapshot> = {}): AccountSnapshot {
  return {
    accountId: 'a1',
    venue: 'binance-usdm',
    label: 'Binance',
    asOf: fixtureInstant,
    source: 'fixture',
    marginMode: 'single-asset',
    positionMode: 'one-way',
    collaterals: [cash(120_000)],
    positions: [],
    orderMargin: decimal(0),
    reported: { equity: null, maintenance: null, withdrawable: null },
    gaps: [],
    ...over,
  }
}
