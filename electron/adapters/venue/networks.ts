/** Venue networks and assets in our words. A name we do not know maps to null and moves nothing. */
import { amountFromDecimal, type Amount, amount, type Asset } from '../../../shared/units/amount.ts'
import type { Decimal } from '../../../shared/units/decimal.ts'
import { lookUp } from './fields.ts'

/** Decimals we count an asset in, wherever it lies. */
const decimalsBySymbol: Readonly<Record<string, number>> = {
  BTC: 8,
  ETH: 18,
  USDC: 6,
  USDT: 6,
}

/** An asset we can count exactly; undefined for all others. */
export function knownAsset(symbol: string): Asset | undefined {
  const decimals = lookUp(decimalsBySymbol, symbol)
  return decimals === undefined ? undefined : { symbol, decimals }
}

/** Venue network name → 'bitcoin' or 'evm:<chainId>'. */
export type Chains = Readonly<Record<string, string>>

export const binanceChains: Chains = {
  BTC: 'bitcoin',
  ETH: 'evm:1',
  ARBITRUM: 'evm:42161',
  BASE: 'evm:8453',
  OPTIMISM: 'evm:10',
  MATIC: 'evm:137',
  BSC: 'evm:56',
}

export function chainOf(chains: Chains, network: string): string | null {
  return lookUp(chains, network) ?? null
}

/** Exact, or the next base unit up: for fees and minimums, which must not be understated. */
export function amountRoundedUp(asset: Asset, text: Decimal): Amount | undefined {
  const exact = amountFromDecimal(asset, text, 'exact')
  if (exact !== undefined) return exact
  const down = amountFromDecimal(asset, text, 'down')
  return down === undefined ? undefined : amount(asset, down.units + 1n)
}
