/** What the user wants every account to survive. Fractions, USD, milliseconds.
 *  Loosening any of it needs a confirmation outside the renderer (see `loosensPolicy`). */
import { z } from 'zod'

/** A joint move of the market: each asset moves by its own figure, the rest by beta to BTC. */
export const scenarioSchema = z
  .object({
    id: z.string(),
    /** Catalogue key. */
    name: z.string(),
    kind: z.enum(['joint', 'historical', 'single', 'ratio', 'adl']),
    /** BTC's move, −0.1 = −10 %; what assets without an own figure follow by beta. */
    btc: z.number(),
    /** Moves of single assets by symbol where known. */
    assets: z.record(z.string(), z.number()),
    /** Share of normal depth left, for the cost to get out. */
    depth: z.number(),
    /** Shown with its outcome, but not part of the requirement. Absent: it counts. */
    shownOnly: z.boolean().optional(),
    /** 'adl' only: the position (symbol:leg) that auto-deleveraging closes at the mark before the move. */
    closes: z.string().optional(),
  })
  .readonly()
export type Scenario = z.infer<typeof scenarioSchema>

export const policySchema = z
  .object({
    scenarios: z.array(scenarioSchema).readonly(),
    /** Slack kept in every scenario, as a multiple of maintenance margin. */
    bufferOfMaintenance: z.number().min(0).max(10),
    /** Never leave less than this on a venue with positions. */
    floorUsd: z.number().min(0),
    /** Warn when one venue holds more than this share of everything. */
    exposureCap: z.number().min(0).max(1),
    /** Snapshots older than this disable suggestions. */
    staleAfterMs: z.int().positive(),
    /** Plans older than this are void. */
    planLifetimeMs: z.int().positive(),
    /** A plan is void when one of its prices moved by more than this. */
    priceLimitBps: z.int().min(0).max(10_000),
    /** Sweeps smaller than this are not suggested. */
    minimumSweepUsd: z.number().min(0),
    /** First payment to an address that was never paid before. */
    firstPaymentCapUsd: z.number().min(0),
    /** Hours a new recipient waits after its first confirmed payment. */
    coolOffHours: z.number().min(0),
    /** Fee caps for vault transactions: share of the amount, and absolute rates. */
    feeCapOfAmount: z.number().min(0).max(1),
    feeCapSatPerVb: z.number().positive(),
    feeCapGwei: z.number().positive(),
  })
  .readonly()
export type Policy = z.infer<typeof policySchema>
