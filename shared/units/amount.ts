/** Money that moves: an exact count of an asset's base units (satoshi, wei, 1e-6 USDC).
 *  Arithmetic refuses to mix assets; nothing here rounds up. */
import { z } from 'zod'
import { type Decimal, parseDecimal } from './decimal.ts'

export const assetSchema = z
  .object({ symbol: z.string().min(1).max(20), decimals: z.int().min(0).max(30) })
  .readonly()

export type Asset = z.infer<typeof assetSchema>

export const amountSchema = z
  .object({
    asset: z.string().min(1).max(20),
    decimals: z.int().min(0).max(30),
    units: z.bigint(),
  })
  .readonly()

/** `units` counts 10^-decimals of `asset`. */
export type Amount = z.infer<typeof amountSchema>

export const BTC: Asset = { symbol: 'BTC', decimals: 8 }
export const ETH: Asset = { symbol: 'ETH', decimals: 18 }
export const USDC: Asset = { symbol: 'USDC', decimals: 6 }
export const USDT: Asset = { symbol: 'USDT', decimals: 6 }

export function amount(asset: Asset, units: bigint): Amount {
  return { asset: asset.symbol, decimals: asset.decimals, units }
}

/**
 * Reads decimal text as an exact amount.
 * `rounding: 'exact'` gives undefined when digits below one base unit are lost; `'down'` drops them toward zero.
 */
export function amountFromDecimal(
  asset: Asset,
  text: Decimal | string,
  rounding: 'exact' | 'down',
): Amount | undefined {
  const decimal = parseDecimal(text)
  if (decimal === undefined) return undefined
  const negative = decimal.startsWith('-')
  const [whole = '0', fraction = ''] = (negative ? decimal.slice(1) : decimal).split('.')
  const kept = fraction.slice(0, asset.decimals).padEnd(asset.decimals, '0')
  const lost = fraction.slice(asset.decimals)
  if (rounding === 'exact' && /[1-9]/.test(lost)) return undefined
  const units = BigInt(whole + kept)
  return amount(asset, negative ? -units : units)
}

/** Rounds a non-negative f64 down to base units. Throws on NaN, infinite or negative input. */
export function amountFromNumberDown(asset: Asset, value: number): Amount {
  if (!Number.isFinite(value) || value < 0) throw new RangeError(`not an amount: ${value}`)
  // Sixty decimals: a double has no run of nines that long, so rounding here never carries into a kept digit.
  const text = value >= 1e21 ? BigInt(Math.floor(value)).toString() : value.toFixed(60)
  const [whole = '0', fraction = ''] = text.split('.')
  const units = BigInt(whole + fraction.slice(0, asset.decimals).padEnd(asset.decimals, '0'))
  return amount(asset, units)
}

/** Plain decimal text with every decimal of the asset: '0.05000000'. */
export function amountToDecimal(value: Amount): Decimal {
  const negative = value.units < 0n
  const digits = (negative ? -value.units : value.units)
    .toString()
    .padStart(value.decimals + 1, '0')
  const whole = digits.slice(0, digits.length - value.decimals)
  const fraction = value.decimals === 0 ? '' : `.${digits.slice(digits.length - value.decimals)}`
  return `${negative ? '-' : ''}${whole}${fraction}` as Decimal
}

/** The nearest f64 in whole units of the asset, for risk arithmetic and charts only. */
export function amountToNumber(value: Amount): number {
  return Number(amountToDecimal(value))
}

function assertSameAsset(a: Amount, b: Amount): void {
  if (a.asset !== b.asset || a.decimals !== b.decimals) {
    throw new TypeError(
      `amounts of ${a.asset}/${a.decimals} and ${b.asset}/${b.decimals} do not mix`,
    )
  }
}

/** a + b, same asset only. */
export function addAmounts(a: Amount, b: Amount): Amount {
  assertSameAsset(a, b)
  return { ...a, units: a.units + b.units }
}

/** a − b, same asset only; may be negative. */
export function subtractAmounts(a: Amount, b: Amount): Amount {
  assertSameAsset(a, b)
  return { ...a, units: a.units - b.units }
}

/** −1, 0 or 1; same asset only. */
export function compareAmounts(a: Amount, b: Amount): -1 | 0 | 1 {
  assertSameAsset(a, b)
  return a.units < b.units ? -1 : a.units > b.units ? 1 : 0
}
