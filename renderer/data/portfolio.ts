/** Readings of the portfolio that several screens share. Pure; unknown stays unknown. */
import { type Amount, amountToNumber } from '../../shared/units/amount.ts'
import type { Contract } from '../../shared/contract/contract.ts'
import type { OutputOf } from '../../shared/contract/method.ts'
import type { Quote } from '../../shared/market/quote.ts'
import type { Distance, Measure, RiskReport } from '../../shared/risk/report.ts'

export type Portfolio = OutputOf<Contract['portfolio.read']>
export type AccountView = Portfolio['accounts'][number]

export interface Nearest {
  readonly account: AccountView
  readonly report: RiskReport
  readonly distance: Extract<Distance, { kind: 'finite' | 'breached' }>
}

function closeness(distance: Distance): number {
  if (distance.kind === 'breached') return 0
  return distance.kind === 'finite' ? Math.abs(distance.shock) : Infinity
}

/** The direction in which this account is liquidated first. */
export function nearerSide(report: RiskReport): Distance {
  return closeness(report.distanceUp) < closeness(report.distanceDown)
    ? report.distanceUp
    : report.distanceDown
}

/** The nearest liquidation of all accounts; null when none is finite. */
export function nearestLiquidation(accounts: readonly AccountView[]): Nearest | null {
  let nearest: Nearest | null = null
  for (const account of accounts) {
    if (account.report === null) continue
    const distance = nearerSide(account.report)
    if (distance.kind !== 'finite' && distance.kind !== 'breached') continue
    if (nearest === null || closeness(distance) < closeness(nearest.distance))
      nearest = { account, report: account.report, distance }
  }
  return nearest
}

/** Accounts of which nobody can say how far they are. */
export function accountsWithoutDistance(accounts: readonly AccountView[]): readonly AccountView[] {
  return accounts.filter(
    ({ report }) =>
      report === null ||
      report.distanceDown.kind === 'unknown' ||
      report.distanceUp.kind === 'unknown',
  )
}

export interface ScenarioCount {
  readonly passed: number
  readonly failed: number
  readonly unknown: number
}

/** Scenarios that count for the policy, over all accounts. */
export function countScenarios(accounts: readonly AccountView[]): ScenarioCount {
  const outcomes = accounts.flatMap(({ report }) =>
    (report?.scenarios ?? []).map(({ outcome }) => outcome),
  )
  const count = (wanted: string) => outcomes.filter((outcome) => outcome === wanted).length
  return { passed: count('passes'), failed: count('fails'), unknown: count('unknown') }
}

export function quoteOf(quotes: readonly Quote[], asset: string): Quote | undefined {
  return quotes.find((quote) => quote.asset === asset)
}

/** USD of an amount, for display only; null without a price. */
export function usdOf(amount: Amount, quotes: readonly Quote[]): number | null {
  const quote = quoteOf(quotes, amount.asset)
  return quote === undefined ? null : amountToNumber(amount) * Number(quote.usd)
}

/** Sum of measures, unknown as soon as one of them is. */
export function sumMeasures(measures: readonly Measure[]): Measure {
  const missing = measures.flatMap((measure) => (measure.kind === 'unknown' ? measure.missing : []))
  if (missing.length > 0) return { kind: 'unknown', missing: [...new Set(missing)] }
  return {
    kind: 'known',
    value: measures.reduce(
      (sum, measure) => sum + (measure.kind === 'known' ? measure.value : 0),
      0,
    ),
  }
}

export function ageOf(account: AccountView, now: number): number | null {
  return account.snapshot === null ? null : Math.max(0, now - account.snapshot.asOf)
}

/** Too old to act on: by its report, or because time has passed since it was read. */
export function isAged(account: AccountView, now: number, staleAfterMs: number): boolean {
  const age = ageOf(account, now)
  return account.report?.state === 'stale' || (age !== null && age > staleAfterMs)
}
