/** What-ifs, answered by the same pure engine as the host's: the snapshot is changed, then assessed again.
 *  Nothing here leaves the page. Fractions and USD; f64. */
import { applyTransfer } from '../../shared/collateral/applyTransfer.ts'
import type { AccountSnapshot } from '../../shared/collateral/snapshot.ts'
import { type Betas, betaOf, defaultBetas } from '../../shared/market/betas.ts'
import { assess } from '../../shared/risk/assess.ts'
import type { Policy } from '../../shared/risk/policy.ts'
import type { RiskReport } from '../../shared/risk/report.ts'
import { type Decimal, parseDecimal } from '../../shared/units/decimal.ts'

export interface Knobs {
  /** BTC's move; others follow by beta. −0.1 = −10 %. */
  readonly shock: number
  /** Taken out of the account at its first asset, USD; negative is paid in. */
  readonly withdrawUsd: number
  /** Multiplies the betas of everything but BTC and the pegged. */
  readonly beta: number
  /** Multiplies the depth of every scenario. */
  readonly depth: number
}

export const noKnobs: Knobs = { shock: 0, withdrawUsd: 0, beta: 1, depth: 1 }

/** A float as the plain decimal text that snapshots carry; undefined when it has none. */
function decimalOf(value: number): Decimal | undefined {
  return Number.isFinite(value) ? parseDecimal(value.toFixed(10)) : undefined
}

function scaledBetas(factor: number): Betas {
  return Object.fromEntries(
    Object.entries(defaultBetas).map(([asset, beta]) => [
      asset,
      asset === 'BTC' ? beta : { ...beta, value: beta.value * factor },
    ]),
  )
}

/** Null when an instrument that would move has no beta: then nothing can be said. */
function movedBy(text: Decimal, asset: string, shock: number, betas: Betas): Decimal | null {
  const beta = betaOf(betas, asset)
  if (shock === 0) return text
  if (beta === undefined) return null
  return decimalOf(Math.max(0, Number(text) * (1 + beta * shock))) ?? null
}

function movedSnapshot(
  snapshot: AccountSnapshot,
  knobs: Knobs,
  betas: Betas,
): AccountSnapshot | null {
  const positions = snapshot.positions.map((position) => {
    const mark = movedBy(position.mark, position.base, knobs.shock, betas)
    // What the venue said of the old price does not hold at the new one.
    return mark === null ? null : { ...position, mark, unrealised: null, maintenance: null }
  })
  const collaterals = snapshot.collaterals.map((collateral) => {
    if (collateral.priceUsd === null) return collateral
    const priceUsd = movedBy(collateral.priceUsd, collateral.asset, knobs.shock, betas)
    return priceUsd === null ? null : { ...collateral, priceUsd }
  })
  if (positions.includes(null) || collaterals.includes(null)) return null
  const moved: AccountSnapshot = {
    ...snapshot,
    positions: positions.flatMap((position) => (position === null ? [] : [position])),
    collaterals: collaterals.flatMap((collateral) => (collateral === null ? [] : [collateral])),
    // The venue's own totals are of now; after a change only ours are shown.
    reported: { equity: null, maintenance: null, withdrawable: snapshot.reported.withdrawable },
  }
  const first = moved.collaterals.find(
    ({ wallet, priceUsd }) => Number(wallet) > 0 && Number(priceUsd) > 0,
  )
  if (knobs.withdrawUsd === 0 || first === undefined) return moved
  const units = decimalOf(-knobs.withdrawUsd / Number(first.priceUsd))
  return units === undefined ? null : applyTransfer(moved, first.asset, units)
}

/** The account after the knobs; null where it cannot be said (an instrument without a beta). */
export function whatIf(snapshot: AccountSnapshot, policy: Policy, knobs: Knobs): RiskReport | null {
  const betas = scaledBetas(knobs.beta)
  const moved = movedSnapshot(snapshot, knobs, betas)
  if (moved === null) return null
  const scenarios = policy.scenarios.map((scenario) => ({
    ...scenario,
    depth: scenario.depth * knobs.depth,
  }))
  return assess(moved, { policy: { ...policy, scenarios }, betas, now: snapshot.asOf })
}
