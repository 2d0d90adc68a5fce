/** How fast the risk engine is: one account's distance against a 4,001-point scan in the same run, a thousand
 *  accounts' requirement over forty scenarios, a whole report, and a what-if on fifty positions. */
import { fixtureInstant } from '../shared/collateral/snapshot.fixture.ts'
import type { AccountSnapshot } from '../shared/collateral/snapshot.ts'
import { type Pool, readMarginAccount } from '../shared/margin/account.ts'
import { makeSolver, slackAt } from '../shared/margin/breach.ts'
import { defaultBetas } from '../shared/market/betas.ts'
import { assess } from '../shared/risk/assess.ts'
import { defaultPolicy } from '../shared/risk/defaultPolicy.ts'
import { factsOf } from '../shared/risk/options.ts'
import type { Scenario } from '../shared/risk/policy.ts'
import { poolNow } from '../shared/risk/requirement.ts'
import { poolMargins } from '../shared/risk/poolMargin.ts'
import { assessWhatIf } from '../shared/risk/whatIf.ts'
import { bookOf, wideBook } from './book.ts'
import { type BenchLine, line, medianMicroseconds } from './line.ts'

const options = { policy: defaultPolicy, betas: defaultBetas, now: fixtureInstant }

function poolOf(snapshot: AccountSnapshot): Pool {
  const pool = readMarginAccount(snapshot).pools[0]
  if (pool === undefined || pool.missing.length > 0)
    throw new Error('the bench account is not whole')
  return pool
}

function distance(): readonly BenchLine[] {
  const pool = poolOf(bookOf(8, 0))
  const velocities = Float64Array.from(pool.items, ({ asset }) => defaultBetas[asset]?.value ?? 0)
  const solve = makeSolver()
  const steps = 4_000
  let solved = 0
  let scanned = 0
  const ours = medianMicroseconds(() => {
    solved = solve(pool.items, velocities, -1, 1) ?? Number.NaN
  }, 20_000)
  const scan = medianMicroseconds(() => {
    let k = 0
    while (k <= steps && slackAt(pool.items, velocities, -k / steps) > 0) k++
    scanned = k / steps
  }, 50)
  // Both must have found the same breach, well out, or the figures mean nothing.
  if (!(solved > 0.3 && scanned - solved >= 0 && scanned - solved <= 1 / steps))
    throw new Error(`the bench account has no such distance: ${solved}, ${scanned}`)
  return [
    line('account distance, 3 collaterals, 8 cross positions', 'µs', ours, {
      name: '4,001-point scan, stopped at the breach',
      value: scan,
    }),
  ]
}

function requirement(): readonly BenchLine[] {
  const snapshots = Array.from({ length: 1_000 }, (_, i) => bookOf(4, i))
  const pools = snapshots.map(poolOf)
  const first = snapshots[0]
  if (first === undefined) throw new Error('no account')
  const facts = factsOf(first, options)
  const scenarios: readonly Scenario[] = Array.from({ length: 40 }, (_, i) => ({
    id: `s${i}`,
    name: 's',
    kind: 'joint',
    btc: (i - 20) / 100,
    assets: i % 2 === 0 ? {} : { ETH: (i - 20) / 80 },
    depth: 0.3,
  }))
  let total = 0
  const whole = medianMicroseconds(() => {
    for (const pool of pools) {
      let least = Infinity
      const marginUnder = poolMargins(pool, facts)
      for (const scenario of scenarios) {
        const margin = marginUnder(scenario)
        if (margin.kind === 'known') least = Math.min(least, margin.usd)
      }
      const { equity } = poolNow(pool)
      total += Math.max(0, least) + Math.max(0, equity - least)
    }
  }, 2)
  if (!(total > 0)) throw new Error('nothing was computed')
  return [line('required and excess, 1,000 accounts × 40 scenarios', 'ms', whole / 1_000, null)]
}

function reports(): readonly BenchLine[] {
  const small = bookOf(8, 0)
  const { snapshot: large, ...facts } = wideBook(50)
  let curve = 0
  const full = medianMicroseconds(() => {
    curve += assess(small, options).slackCurve.length
  }, 200)
  const redraw = medianMicroseconds(() => {
    curve += assessWhatIf(large, { ...options, ...facts }, { btc: -0.05 }).slackCurve.length
  }, 5)
  if (curve === 0) throw new Error('nothing was computed')
  return [
    line('whole report, 3 collaterals, 8 cross positions', 'µs', full, null),
    line('what-if report, 50 instruments (in Node)', 'ms', redraw / 1_000, null),
  ]
}

export function benchRisk(): readonly BenchLine[] {
  return [...distance(), ...requirement(), ...reports()]
}
