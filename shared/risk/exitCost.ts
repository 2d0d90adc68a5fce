/** What it costs to close a position at market under stress, and what funding takes meanwhile. USD, f64.
 *  Impact by the square-root law: ⅔·Y·σ·√(size / volume), Y ≈ 1, with the day's volume thinned to the share of
 *  depth that is left. Where a book is at hand its walk counts if it costs more. ESTIMATED. */
import { type Book, walkBook } from '../market/book.ts'
import type { Liquidity } from '../market/liquidity.ts'

/** Hours that funding is paid for before collateral can be brought. */
export const fundingHours = 24

/** Paid by whichever side we are on when the venue did not tell its rate: thrice the usual 0.01 % each 8 hours. */
export const assumedFunding = { rate: 0.0003, intervalHours: 8 } as const

/** Share of normal depth left, from a quiet day to the worst hour on record. */
export const stressDepths = [1, 0.67, 0.3, 0.1, 0.02] as const

export interface Exit {
  readonly notionalUsd: number
  /** 1 sells a long, −1 buys back a short. */
  readonly sign: 1 | -1
  readonly feeRate: number
  readonly liquidity: Liquidity
  /** Share of normal depth left. */
  readonly depth: number
  readonly book: Book | undefined
}

/** The larger of a walk through the visible book and the square-root law, plus the fee; at most everything. */
export function exitCostUsd(exit: Exit): number {
  const { notionalUsd, feeRate } = exit
  const slippage = Math.max(impactUsd(notionalUsd, exit), walkUsd(exit))
  return Math.min(slippage, notionalUsd) + notionalUsd * feeRate
}

function impactUsd(notionalUsd: number, { liquidity, depth }: Exit): number {
  const volume = liquidity.dailyVolumeUsd * Math.max(depth, 1e-6)
  return notionalUsd * (2 / 3) * liquidity.dailyVolatility * Math.sqrt(notionalUsd / volume)
}

/** Beyond the visible book the rest pays the last level and the square-root law's increment. */
function walkUsd(exit: Exit): number {
  if (exit.book === undefined) return 0
  const { notionalUsd, sign, depth } = exit
  const walked = walkBook(exit.book, sign === 1 ? 'sell' : 'buy', notionalUsd, depth)
  if (walked === undefined) return 0
  const rest = notionalUsd - walked.filled
  if (rest <= 0) return walked.cost
  const increment = impactUsd(notionalUsd, exit) - impactUsd(walked.filled, exit)
  return walked.cost + rest * walked.reached + increment
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
