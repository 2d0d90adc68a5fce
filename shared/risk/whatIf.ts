/** What-ifs over a snapshot: prices, betas, haircuts, depth, a frozen venue, money taken out or put in. Pure, so that
 *  the same engine answers in the browser while a slider is dragged. Risk arithmetic: f64, written back as decimals. */
import { applyTransfer } from '../collateral/applyTransfer.ts'
import type { AccountSnapshot } from '../collateral/snapshot.ts'
import { type Betas, betaOf } from '../market/betas.ts'
import { amountFromNumberDown, amountToDecimal } from '../units/amount.ts'
import { type Decimal, decimalSchema } from '../units/decimal.ts'
import { assess } from './assess.ts'
import type { AssessOptions } from './options.ts'
import { knownMeasure, type RiskReport } from './report.ts'

export interface WhatIf {
  /** BTC's move; the rest follow by beta. −0.1 = −10 %. */
  readonly btc?: number
  /** Moves of single assets, instead of their beta's. */
  readonly assets?: Readonly<Record<string, number>>
  /** Every beta other than BTC's is multiplied by this. */
  readonly betaFactor?: number
  /** Taken from every collateral weight: 0.1 = ten points less. */
  readonly haircutPoints?: number
  /** Depth in every scenario is multiplied by this. */
  readonly depthFactor?: number
  /** Nothing may leave the venue. */
  readonly frozen?: boolean
  /** Units of an asset that come (positive) or go (negative). */
  readonly transfer?: { readonly asset: string; readonly delta: Decimal }
}

/** The report as it would read; an asset without beta keeps its price, and the report says what is missing. */
export function assessWhatIf(
  snapshot: AccountSnapshot,
  options: AssessOptions,
  change: WhatIf,
): RiskReport {
  const betas = scaledBetas(options.betas, change.betaFactor ?? 1)
  const moved = movePrices(snapshot, betas, change)
  const weighed = loosenWeights(moved, change.haircutPoints ?? 0)
  const { transfer } = change
  const changed =
    transfer === undefined ? weighed : applyTransfer(weighed, transfer.asset, transfer.delta)
  const report = assess(changed, { ...options, betas, policy: thinned(options.policy, change) })
  return change.frozen === true ? { ...report, excessUsd: knownMeasure(0) } : report
}

function scaledBetas(betas: Betas, factor: number): Betas {
  if (factor === 1) return betas
  return Object.fromEntries(
    Object.entries(betas).map(([asset, beta]) => [
      asset,
      asset === 'BTC' ? beta : { ...beta, value: beta.value * factor },
    ]),
  )
}

function movePrices(snapshot: AccountSnapshot, betas: Betas, change: WhatIf): AccountSnapshot {
  const factors = new Map<string, number>()
  const factorOf = (asset: string) => {
    const known = factors.get(asset)
    if (known !== undefined) return known
    const own = change.assets !== undefined && Object.hasOwn(change.assets, asset)
    const move = own
      ? (change.assets?.[asset] ?? 0)
      : (betaOf(betas, asset) ?? 0) * (change.btc ?? 0)
    const factor = Math.max(0, 1 + move)
    factors.set(asset, factor)
    return factor
  }
  const { positions, collaterals } = snapshot
  if (
    [...positions.map(({ base }) => base), ...collaterals.map(({ asset }) => asset)].every(
      (asset) => factorOf(asset) === 1,
    )
  )
    return snapshot
  return {
    ...snapshot,
    // What the venue said of the old prices does not hold at these.
    reported: { ...snapshot.reported, equity: null },
    positions: positions.map((position) => ({
      ...position,
      mark: scaled(position.mark, factorOf(position.base)),
      reportedLiquidation: null,
    })),
    collaterals: collaterals.map((collateral) => ({
      ...collateral,
      priceUsd:
        collateral.priceUsd === null
          ? null
          : scaled(collateral.priceUsd, factorOf(collateral.asset)),
    })),
  }
}

function loosenWeights(snapshot: AccountSnapshot, points: number): AccountSnapshot {
  if (points === 0) return snapshot
  return {
    ...snapshot,
    collaterals: snapshot.collaterals.map((collateral) => ({
      ...collateral,
      haircuts: collateral.haircuts.map((tier) => ({
        ...tier,
        weight: Math.min(1, Math.max(0, tier.weight - points)),
      })),
    })),
  }
}

function thinned(policy: AssessOptions['policy'], change: WhatIf): AssessOptions['policy'] {
  const factor = change.depthFactor ?? 1
  if (factor === 1) return policy
  const scenarios = policy.scenarios.map((s) => ({ ...s, depth: s.depth * factor }))
  return { ...policy, scenarios }
}

/** Sixteen decimals are beyond what an f64 price carries. */
function scaled(value: Decimal, factor: number): Decimal {
  if (factor === 1) return value
  const asset = { symbol: 'price', decimals: 16 }
  return decimalSchema.parse(amountToDecimal(amountFromNumberDown(asset, Number(value) * factor)))
}
