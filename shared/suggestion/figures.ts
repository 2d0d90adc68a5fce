/** What the suggestions share: options, reasons, and figures of a report read as numbers. */
import type { AssessOptions } from '../risk/options.ts'
import type { Measure, RiskReport } from '../risk/report.ts'
import type { Amount, Asset } from '../units/amount.ts'
import type { Reason } from './suggestion.ts'

export interface SuggestOptions extends AssessOptions {
  /** What the vault holds, by asset; a top-up is taken from here. */
  readonly vault: readonly Amount[]
  /** Exact units of the assets that can move; an asset that is not here is never suggested. */
  readonly assets: readonly Asset[]
}

export function reason(key: string, values: Reason['values']): Reason {
  return { key, values }
}

/** Of a report that is complete; an unknown figure suggests nothing. */
export function valueOf(measure: Measure): number {
  return measure.kind === 'known' ? measure.value : 0
}

export function shortfallOf(report: RiskReport): number {
  return valueOf(report.shortfallUsd)
}

export function roundCents(usd: number): number {
  return Math.round(usd * 100) / 100
}
