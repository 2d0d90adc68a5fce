/** Exposure and risk of everything at one instant: Overview, Collateral and Risk read this. */
import { z } from 'zod'
import { refusalSchema } from '../../errors/refusalSchema.ts'
import { accountSnapshotSchema } from '../../collateral/snapshot.ts'
import { betasSchema } from '../../market/betas.ts'
import { correlationsSchema } from '../../market/correlation.ts'
import { liquidityTableSchema } from '../../market/liquidity.ts'
import { quoteSchema } from '../../market/quote.ts'
import { policySchema } from '../../risk/policy.ts'
import { measureSchema, riskReportSchema } from '../../risk/report.ts'
import { reasonSchema, suggestionSchema } from '../../suggestion/suggestion.ts'
import { instantSchema } from '../../units/time.ts'
import { vaultBalanceSchema } from '../../vault/account.ts'
import { defineMethod } from '../method.ts'
import { venueRefusals } from '../refusals.ts'

/** What the report was made with besides snapshot and policy, so that a what-if on the page rests on the same.
 *  Volatilities and ATR are the report's own `volatility`. */
const assessFactsSchema = z
  .object({
    now: instantSchema,
    betas: betasSchema,
    liquidity: liquidityTableSchema,
    correlations: correlationsSchema.nullable(),
    /** Sweeps on their way out of the account that its snapshot still shows: not excess a second time. */
    inFlightUsd: z.number().min(0),
  })
  .readonly()

export const accountViewSchema = z
  .object({
    accountId: z.string(),
    label: z.string(),
    /** Newest good snapshot; null before the first. */
    snapshot: accountSnapshotSchema.nullable(),
    report: riskReportSchema.nullable(),
    /** Null where there is no report. */
    facts: assessFactsSchema.nullable(),
    refusal: refusalSchema.nullable(),
    /** Why there is no suggestion for it; null when there is one or none is needed. */
    withheld: reasonSchema.nullable(),
  })
  .readonly()

/** Who can carry it out: Bulkhead, or only the user by hand at the venue. */
export const shownSuggestionSchema = z
  .object({ ...suggestionSchema.unwrap().shape, by: z.enum(['bulkhead', 'hand']) })
  .readonly()

export const netWorthPointSchema = z
  .object({ at: instantSchema, venuesUsd: z.number(), vaultUsd: z.number() })
  .readonly()

export const portfolioRead = defineMethod({
  name: 'portfolio.read',
  effect: 'read',
  input: z.object({}).strict(),
  output: z
    .object({
      now: instantSchema,
      accounts: z.array(accountViewSchema).readonly(),
      suggestions: z.array(shownSuggestionSchema).readonly(),
      quotes: z.array(quoteSchema).readonly(),
      vaultPaired: z.boolean(),
      vaultBalances: z.array(vaultBalanceSchema).readonly(),
      venuesUsd: measureSchema,
      vaultUsd: measureSchema,
      /** Oldest first; only instants at which both figures were known. */
      history: z.array(netWorthPointSchema).readonly(),
      policy: policySchema,
    })
    .readonly(),
  refusals: [],
})

export const portfolioRefresh = defineMethod({
  name: 'portfolio.refresh',
  effect: 'read',
  input: z.object({ accountId: z.string().optional() }).strict(),
  output: z.object({ refreshed: z.int() }).readonly(),
  refusals: ['NOT_FOUND', ...venueRefusals],
})
