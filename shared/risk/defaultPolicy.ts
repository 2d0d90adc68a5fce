/** The policy of a new data directory: careful, and the user's to change. */
import { MINUTE_MS } from '../units/time.ts'
import type { Policy } from './policy.ts'
import { defaultScenarios } from './scenarios.ts'

export const defaultPolicy: Policy = {
  scenarios: defaultScenarios,
  bufferOfMaintenance: 1,
  floorUsd: 1_000,
  exposureCap: 0.5,
  staleAfterMs: 2 * MINUTE_MS,
  planLifetimeMs: 10 * MINUTE_MS,
  priceLimitBps: 100,
  minimumSweepUsd: 500,
  firstPaymentCapUsd: 1_000,
  coolOffHours: 24,
  feeCapOfAmount: 0.05,
  feeCapSatPerVb: 300,
  feeCapGwei: 300,
}
