/** What-ifs, answered by the host's own pure engine on the host's own facts, so that with nothing turned the
 *  answer is the report itself (save `accountTouch`, which only the host simulates). Nothing leaves the page.
 *  Fractions and USD; f64. */
import type { AccountSnapshot } from '../../shared/collateral/snapshot.ts'
import { betaOf } from '../../shared/market/betas.ts'
import { correlationOf } from '../../shared/market/correlation.ts'
import type { AssessOptions, DailyFigures } from '../../shared/risk/options.ts'
import type { Policy } from '../../shared/risk/policy.ts'
import type { RiskReport } from '../../shared/risk/report.ts'
import { type WhatIf, assessWhatIf } from '../../shared/risk/whatIf.ts'
import { type Decimal, parseDecimal } from '../../shared/units/decimal.ts'
import type { AccountView } from '../data/portfolio.ts'

export interface Knobs {
  /** BTC's move; others follow by beta. −0.1 = −10 %. */
  readonly shock: number
  /** Taken out of the account at its first asset, USD. */
  readonly withdrawUsd: number
  /** Multiplies the betas of everything but BTC and the pegged. */
  readonly beta: number
  /** Taken from every collateral weight: 0.1 = ten points less. */
  readonly haircut: number
  /** Multiplies the depth of every scenario. */
  readonly depth: number
  /** Frozen: nothing may leave the venue. */
  readonly venue: 'open' | 'frozen'
}

export const noKnobs: Knobs = {
  shock: 0,
  withdrawUsd: 0,
  beta: 1,
  haircut: 0,
  depth: 1,
  venue: 'open',
}

export function isTurned(knobs: Knobs): boolean {
  return (
    knobs.shock !== 0 ||
    knobs.withdrawUsd !== 0 ||
    knobs.beta !== 1 ||
    knobs.haircut !== 0 ||
    knobs.depth !== 1 ||
    knobs.venue !== 'open'
  )
}

/** An account that the host assessed: what a what-if starts from. */
export interface Assessed {
  readonly snapshot: AccountSnapshot
  readonly report: RiskReport
  readonly facts: NonNullable<AccountView['facts']>
}

/** Null where the host could not assess it. */
export function assessedOf({
  snapshot,
  report,
  facts,
}: Pick<AccountView, 'snapshot' | 'report' | 'facts'>): Assessed | null {
  return snapshot === null || report === null || facts === null ? null : { snapshot, report, facts }
}

function dailyFigures(report: RiskReport, pick: 'sigma' | 'atr'): DailyFigures {
  return Object.fromEntries(
    (report.volatility ?? []).flatMap((of) => {
      const figure = of[pick]
      return figure === null ? [] : [[of.asset, figure]]
    }),
  )
}

function optionsOf({ report, facts }: Assessed, policy: Policy): AssessOptions {
  return {
    policy,
    betas: facts.betas,
    liquidity: facts.liquidity,
    now: facts.now,
    inFlightUsd: facts.inFlightUsd,
    correlation: (a, b) => correlationOf(facts.correlations, a, b),
    volatility: dailyFigures(report, 'sigma'),
    averageTrueRange: dailyFigures(report, 'atr'),
    ...(report.volatility === undefined ? {} : { measured: report.volatility }),
  }
}

/** A float as the plain decimal text that snapshots carry; undefined when it has none. */
function decimalOf(value: number): Decimal | undefined {
  return Number.isFinite(value) ? parseDecimal(value.toFixed(10)) : undefined
}

/** Units of the first asset that is held and priced; undefined where there is none. */
function transferOf(snapshot: AccountSnapshot, withdrawUsd: number): WhatIf['transfer'] {
  const first = snapshot.collaterals.find(
    ({ wallet, priceUsd }) => Number(wallet) > 0 && Number(priceUsd) > 0,
  )
  if (first === undefined) return undefined
  const delta = decimalOf(-withdrawUsd / Number(first.priceUsd))
  return delta === undefined ? undefined : { asset: first.asset, delta }
}

/** The account after the knobs; null where it cannot be said: what would move has no beta, or nothing is there
 *  to withdraw. */
export function whatIf(account: Assessed, policy: Policy, knobs: Knobs): RiskReport | null {
  const { snapshot, facts } = account
  const moving = [
    ...snapshot.positions.map(({ base }) => base),
    ...snapshot.collaterals.flatMap(({ asset, priceUsd }) => (priceUsd === null ? [] : [asset])),
  ]
  if (knobs.shock !== 0 && moving.some((asset) => betaOf(facts.betas, asset) === undefined))
    return null
  // A frozen venue pays nothing out, whatever the slider says.
  const withdrawUsd = knobs.venue === 'frozen' ? 0 : knobs.withdrawUsd
  const transfer = withdrawUsd === 0 ? undefined : transferOf(snapshot, withdrawUsd)
  if (withdrawUsd !== 0 && transfer === undefined) return null
  return assessWhatIf(snapshot, optionsOf(account, policy), {
    btc: knobs.shock,
    betaFactor: knobs.beta,
    haircutPoints: knobs.haircut,
    depthFactor: knobs.depth,
    frozen: knobs.venue === 'frozen',
    ...(transfer === undefined ? {} : { transfer }),
  })
}
