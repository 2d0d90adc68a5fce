/** Whether a change of policy lowers any protection. Fails closed: anything not plainly at least as strict loosens. */
import { encodeCanonical } from '../units/canonical.ts'
import { type Policy, policySchema, type Scenario } from './policy.ts'

type NumericLimit = Exclude<keyof Policy, 'scenarios'>

/** +1: a larger figure protects more; −1: a smaller one does. Every numeric field has a row, or this does not compile. */
const stricter: { readonly [K in NumericLimit]: 1 | -1 } = {
  bufferOfMaintenance: 1,
  floorUsd: 1,
  exposureCap: -1,
  staleAfterMs: -1,
  planLifetimeMs: -1,
  priceLimitBps: -1,
  minimumSweepUsd: -1,
  firstPaymentCapUsd: -1,
  coolOffHours: 1,
  feeCapOfAmount: -1,
  feeCapSatPerVb: -1,
  feeCapGwei: -1,
}

const limits: readonly NumericLimit[] = [
  'bufferOfMaintenance',
  'floorUsd',
  'exposureCap',
  'staleAfterMs',
  'planLifetimeMs',
  'priceLimitBps',
  'minimumSweepUsd',
  'firstPaymentCapUsd',
  'coolOffHours',
  'feeCapOfAmount',
  'feeCapSatPerVb',
  'feeCapGwei',
]

/** True when `after` protects less than `before` in any respect, or cannot be compared. */
export function loosensPolicy(before: Policy, after: Policy): boolean {
  if (!policySchema.safeParse(after).success) return true
  for (const limit of limits) {
    const change = (after[limit] - before[limit]) * stricter[limit]
    if (!(change >= 0)) return true
  }
  if (new Set(after.scenarios.map(({ id }) => id)).size !== after.scenarios.length) return true
  const kept = new Map(after.scenarios.map((scenario) => [scenario.id, scenario]))
  return before.scenarios.some((scenario) => !keeps(scenario, kept.get(scenario.id)))
}

/** A scenario may only be kept as it is, or start to count. A changed one is not compared: it loosens. */
function keeps(before: Scenario, after: Scenario | undefined): boolean {
  if (after === undefined) return false
  if (after.shownOnly === true && before.shownOnly !== true) return false
  const assets = Object.keys({ ...before.assets, ...after.assets })
  return (
    before.kind === after.kind &&
    before.btc === after.btc &&
    before.closes === after.closes &&
    after.depth <= before.depth &&
    assets.every((asset) => before.assets[asset] === after.assets[asset])
  )
}

/** Every difference in words for the one who confirms it: 'floorUsd: 500 → 0'. */
export function policyChanges(before: Policy, after: Policy): readonly string[] {
  const numbers = limits.flatMap((limit) =>
    before[limit] === after[limit] ? [] : [`${limit}: ${before[limit]} → ${after[limit]}`],
  )
  const text = (scenario: Scenario) => encodeCanonical(scenario)
  const kept = new Set(after.scenarios.map(text))
  const had = new Set(before.scenarios.map(text))
  return [
    ...numbers,
    ...before.scenarios.flatMap((one) => (kept.has(text(one)) ? [] : [`− ${text(one)}`])),
    ...after.scenarios.flatMap((one) => (had.has(text(one)) ? [] : [`+ ${text(one)}`])),
  ]
}
