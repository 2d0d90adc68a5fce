/** Our equity beside the venue's own total. Where no liquidation price can be compared (none on either side), this
 *  is what keeps a wrong wallet figure from counting as excess. Fractions of the venue's figure. */
import type { AccountSnapshot } from '../collateral/snapshot.ts'
import type { Measure, Verification } from './report.ts'

/** Indices move between two answers of a venue; a wrong wallet is wrong by more. */
const equityTolerance = 0.005
/** Dust is not compared. */
const leastUsd = 10

/** undefined where there is nothing to compare: no total, one that may or may not hold what isolated positions
 *  have, or collateral that we count at its weight and the venue in full. */
export function verifyEquity(snapshot: AccountSnapshot, equity: Measure): Verification | undefined {
  const said = snapshot.reported.equity === null ? 0 : Number(snapshot.reported.equity)
  const isolated = snapshot.positions.some(({ marginMode }) => marginMode === 'isolated')
  const weighed = snapshot.collaterals.some(({ haircuts }) =>
    haircuts.some(({ weight }) => weight !== 1),
  )
  if (equity.kind === 'unknown' || isolated || weighed || !(said > leastUsd)) return undefined
  const error = Math.abs(equity.value - said) / said
  return {
    kind: error <= equityTolerance ? 'matches' : 'differs',
    error,
    tolerance: equityTolerance,
  }
}
