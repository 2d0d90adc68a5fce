/** What `assess` says about one account. Fractions of the joint shock in BTC terms: −0.169 = −16.9 %.
 *  USD figures are f64 risk arithmetic; amounts that move are derived from them rounded down.
 *  Unknown is a state with its reasons, never zero and never safe. */
import { z } from 'zod'
import { venueIdSchema } from '../collateral/snapshot.ts'
import { assetVolatilitySchema } from '../market/volatility.ts'
import { decimalSchema } from '../units/decimal.ts'
import { instantSchema } from '../units/time.ts'
import { accountTouchSchema } from './touch.ts'

/** A figure that may be unknown; `missing` names the absent fields or the reason. */
export const measureSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('known'), value: z.number() }).readonly(),
  z.object({ kind: z.literal('unknown'), missing: z.array(z.string()).readonly() }).readonly(),
])
export type Measure = z.infer<typeof measureSchema>

export function knownMeasure(value: number): Measure {
  // −0 reads as a loss of nothing.
  return { kind: 'known', value: value === 0 ? 0 : value }
}

export function unknownMeasure(missing: readonly string[]): Measure {
  return { kind: 'unknown', missing: [...new Set(missing)] }
}

/** What moves on the way to a breach: everything along its beta to BTC, one asset alone, or a hedge pair's ratio
 *  (the first asset against the second, half of the way each). A hedged book dies along the last two. */
export const alongSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('joint') }).readonly(),
  z.object({ kind: z.literal('single'), asset: z.string() }).readonly(),
  z.object({ kind: z.literal('ratio'), asset: z.string(), against: z.string() }).readonly(),
])
export type Along = z.infer<typeof alongSchema>

/** Smallest shock in one direction at which slack is no longer positive. */
export const distanceSchema = z.discriminatedUnion('kind', [
  z
    .object({
      kind: z.literal('finite'),
      /** Signed shock: negative for a fall, positive for a rise, of what `along` says. */
      shock: z.number(),
      /** The nearest of all ways to the breach; absent means joint. */
      along: alongSchema.optional(),
      /** Price of each instrument at the breach. */
      prices: z.array(z.object({ symbol: z.string(), price: z.number() }).readonly()).readonly(),
      /** Shock over daily volatility of what moves; null where volatility is unknown. */
      sigmas: z.number().nullable(),
      /** Shock over the average true range of what moves, both as fractions; null where unknown. */
      atrs: z.number().nullable().optional(),
    })
    .readonly(),
  /** No breach up to `searchedTo` (a fall to zero, or a rise to that multiple). */
  z.object({ kind: z.literal('none'), searchedTo: z.number() }).readonly(),
  z.object({ kind: z.literal('breached') }).readonly(),
  z.object({ kind: z.literal('unknown'), missing: z.array(z.string()).readonly() }).readonly(),
])
export type Distance = z.infer<typeof distanceSchema>

/** Our liquidation price against the venue's. */
export const verificationSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('matches'), error: z.number(), tolerance: z.number() }).readonly(),
  z.object({ kind: z.literal('differs'), error: z.number(), tolerance: z.number() }).readonly(),
  /** The venue shows none and we find none. */
  z.object({ kind: z.literal('both-none') }).readonly(),
  z.object({ kind: z.literal('unverified'), missing: z.array(z.string()).readonly() }).readonly(),
])
export type Verification = z.infer<typeof verificationSchema>

export const positionRiskSchema = z
  .object({
    symbol: z.string(),
    leg: z.enum(['both', 'long', 'short']),
    side: z.enum(['long', 'short']),
    notionalUsd: measureSchema,
    /** Exact trigger by our solution; null when this position alone cannot trigger one. */
    trigger: measureSchema.nullable(),
    /** Ours, as the venue would display it; null when it would show none. */
    displayed: measureSchema.nullable(),
    reported: decimalSchema.nullable(),
    verification: verificationSchema,
  })
  .readonly()
export type PositionRisk = z.infer<typeof positionRiskSchema>

export const scenarioResultSchema = z
  .object({
    id: z.string(),
    /** Catalogue key of its name. */
    name: z.string(),
    /** Joint shock it applies, when it is one; null for per-instrument sets. */
    shock: z.number().nullable(),
    outcome: z.enum(['passes', 'fails', 'unknown']),
    /** Slack left after exit costs and buffer, USD; negative is the shortfall. */
    slackUsd: measureSchema,
    missing: z.array(z.string()).readonly(),
    /** Values for the name's placeholders: asset, against, percent, symbol. */
    values: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
  })
  .readonly()
export type ScenarioResult = z.infer<typeof scenarioResultSchema>

export const slackPointSchema = z.object({ shock: z.number(), slackUsd: z.number() }).readonly()

const inputRefusalSchema = z
  .object({
    code: z.literal('MARGIN_INPUT_INVALID'),
    data: z.object({ field: z.string(), value: z.string(), reason: z.string() }).readonly(),
  })
  .readonly()

/** One pool of margin inside the account: the cross pool of a settle asset, or one isolated position. */
export const poolRiskSchema = z
  .object({
    id: z.string(),
    kind: z.enum(['cross', 'isolated']),
    settle: z.string(),
    equityUsd: measureSchema,
    maintenanceUsd: measureSchema,
    slackUsd: measureSchema,
    distanceDown: distanceSchema,
    distanceUp: distanceSchema,
  })
  .readonly()
export type PoolRisk = z.infer<typeof poolRiskSchema>

export const riskReportSchema = z
  .object({
    accountId: z.string(),
    venue: venueIdSchema,
    label: z.string(),
    /** Of the snapshot it was made from. */
    asOf: instantSchema,
    /** complete: all figures known and verified; partial: something is missing; unverified: our figures differ
     *  from the venue's or cannot be checked; stale: too old to act on. Suggestions need `complete`. */
    state: z.enum(['complete', 'partial', 'unverified', 'stale']),
    missing: z.array(z.string()).readonly(),
    /** Input that was refused, by field and value; its own pool is unknown, the rest of the account is not. */
    refusals: z.array(inputRefusalSchema).readonly().optional(),
    equityUsd: measureSchema,
    maintenanceUsd: measureSchema,
    /** Of the tightest pool (see `pools`): what the account can lose before something is liquidated. */
    slackUsd: measureSchema,
    /** Pools of margin; the account's distance is that of the pool that breaks first. */
    pools: z.array(poolRiskSchema).readonly().optional(),
    distanceDown: distanceSchema,
    distanceUp: distanceSchema,
    /** Slack over one day's standard deviation of the account's value, G/√(δᵀΣδ); null without volatilities
     *  and correlations of everything it holds. */
    slackInSigmas: z.number().nullable().optional(),
    /** What σ and ATR were measured from, by asset, with source and age; absent where nobody measures. */
    volatility: z.array(assetVolatilitySchema).readonly().optional(),
    /** The account's own breach within 24 hours, either way, along joint paths. ESTIMATED, a range over models; absent
     *  where nobody estimates. */
    accountTouch: accountTouchSchema.optional(),
    /** Survives the 10 % rule in both directions. */
    tenPercent: z.enum(['passes', 'fails', 'unknown']),
    positions: z.array(positionRiskSchema).readonly(),
    /** Our equity against the venue's total, as a fraction of it; where it can be compared. */
    equityVerification: verificationSchema.optional(),
    /** What it costs to close every position at market now, at each share of normal depth. ESTIMATED. */
    exitCosts: z
      .array(z.object({ depth: z.number(), usd: measureSchema }).readonly())
      .readonly()
      .optional(),
    /** Those that make the requirement: the policy's, and the ones made for this account's instruments. */
    scenarios: z.array(scenarioResultSchema).readonly(),
    /** Worse days of the past, shown but not required (`shownOnly` in the policy). */
    extremes: z.array(scenarioResultSchema).readonly().optional(),
    /** Collateral the policy wants here, and what lies above it and may leave. */
    requiredUsd: measureSchema,
    excessUsd: measureSchema,
    /** USD short of the policy; known 0 when nothing is short. */
    shortfallUsd: measureSchema,
    /** Scenario that sets the requirement. */
    bindingScenario: z.string().nullable(),
    /** What of the report's figures rests on, by catalogue key: modes not checked against the venue, assumptions. */
    notes: z.array(z.string()).readonly().optional(),
    /** Slack of the tightest pool over the joint shock, breakpoints included, ascending; empty when unknown. */
    slackCurve: z.array(slackPointSchema).readonly(),
  })
  .readonly()
export type RiskReport = z.infer<typeof riskReportSchema>
