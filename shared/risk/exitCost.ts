/** What it costs to close a position at market under stress, and what funding takes meanwhile. USD, f64.
 *  Impact by the square-root law: ⅔·Y·σ·√(size / volume), Y ≈ 1, with the day's volume thinned to the share of
 *  depth that is left. Beyond what a book shows this is the only estimate: ESTIMATED. */
import type { Liquidity } from '../market/liquidity.ts'

/** Hours that funding is paid for before collateral can be brought. */
export const fundingHours = 24

/** Paid by whichever side we are on when the venue did not tell its rate: thrice the usual 0.01 % each 8 hours. */
export const assumedFunding = { rate: 0.0003, intervalHours: 8 } as const

export function exitCostUsd(
  notionalUsd: number,
  feeRate: number,
  liquidity: Liquidity,
  depth: number,
): number {
  const volume = liquidity.dailyVolumeUsd * Math.max(depth, 1e-6)
  const impact = (2 / 3) * liquidity.dailyVolatility * Math.sqrt(notionalUsd / volume)
  return notionalUsd * (Math.min(impact, 1) + feeRate)
}

/** Longs pay a positive rate, shorts a negative one; what is received is not counted on. */
export function fundingCostUsd(
  notionalUsd: number,
  sign: 1 | -1,
  funding: { readonly rate: number; readonly intervalHours: number } | null,
): number {
  const known = funding !== null && funding.intervalHours > 0
  const rate = known ? sign * funding.rate : assumedFunding.rate
  const interval = known ? funding.intervalHours : assumedFunding.intervalHours
  return notionalUsd * Math.max(0, rate) * (fundingHours / interval)
}
