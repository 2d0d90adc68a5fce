/** One account (one margin pool on one venue) at one instant, exactly as the venue reported it.
 *  Exact decimals as text; `null` means the venue did not say, never zero.
 *  Refuses nothing itself: parsers in electron/adapters/venue make it, shared/margin reads it. */
import { z } from 'zod'
import { decimalSchema } from '../units/decimal.ts'
import { instantSchema } from '../units/time.ts'

export const venueIds = [
  'binance-usdm',
  'binance-coinm',
  'okx',
  'bybit',
  'kucoin',
  'hyperliquid',
  'dydx',
  'gate',
  'bitget',
  'htx',
  'coinex',
] as const

export const venueIdSchema = z.enum(venueIds)
export type VenueId = z.infer<typeof venueIdSchema>

/** Maintenance margin from `floor` notional (in the settle asset) up: notional × rate − deduction. */
export const maintenanceTierSchema = z
  .object({ floor: z.number(), rate: z.number(), deduction: z.number() })
  .readonly()
export type MaintenanceTier = z.infer<typeof maintenanceTierSchema>

/** Collateral value counts `weight` of each unit from `floor` units up (a tiered haircut). */
export const haircutTierSchema = z.object({ floor: z.number(), weight: z.number() }).readonly()
export type HaircutTier = z.infer<typeof haircutTierSchema>

export const collateralSchema = z
  .object({
    asset: z.string(),
    /** Cross wallet balance: without unrealised PnL and without what isolated positions hold
     *  (their `isolatedWallet`); negative when borrowed. */
    wallet: decimalSchema,
    /** USD per unit by the venue's own index; null when the venue did not say. */
    priceUsd: decimalSchema.nullable(),
    haircuts: z.array(haircutTierSchema).readonly(),
    /** What the venue itself would let out now; null when it did not say. */
    withdrawable: decimalSchema.nullable(),
  })
  .readonly()
export type Collateral = z.infer<typeof collateralSchema>

export const positionSchema = z
  .object({
    /** The venue's own symbol, e.g. 'BTCUSDT'. */
    symbol: z.string(),
    base: z.string(),
    /** Asset in which profit, loss and margin are counted. */
    settle: z.string(),
    contractType: z.enum(['linear', 'inverse']),
    side: z.enum(['long', 'short']),
    /** 'both' in one-way mode. */
    leg: z.enum(['both', 'long', 'short']),
    /** Positive; base units for linear, USD for inverse. */
    size: decimalSchema,
    entry: decimalSchema,
    mark: decimalSchema,
    marginMode: z.enum(['cross', 'isolated']),
    /** Isolated margin without unrealised PnL, in the settle asset; null in cross. */
    isolatedWallet: decimalSchema.nullable(),
    /** Isolated only: the venue adds margin from the cross balance by itself before it liquidates. Absent: it does not. */
    autoAddMargin: z.boolean().optional(),
    leverage: decimalSchema.nullable(),
    /** Ascending by floor, first floor 0; empty when the venue did not say. */
    tiers: z.array(maintenanceTierSchema).readonly(),
    /** Rate added to maintenance by the venue's rule (liquidation or taker fee), as a fraction. */
    liquidationFeeRate: z.number(),
    /** The venue's maintenance margin now, in the settle asset. */
    maintenance: decimalSchema.nullable(),
    unrealised: decimalSchema.nullable(),
    /** The venue's displayed liquidation price; null when it shows none. */
    reportedLiquidation: decimalSchema.nullable(),
    tickSize: decimalSchema.nullable(),
    /** Current funding rate per interval (longs pay when positive) and the interval in hours. */
    funding: z.object({ rate: decimalSchema, intervalHours: z.number() }).readonly().nullable(),
  })
  .readonly()
export type Position = z.infer<typeof positionSchema>

/** Something the snapshot lacks or could not read, and what that means for the figures. */
export const gapSchema = z
  .object({
    field: z.string(),
    problem: z.enum(['missing', 'malformed', 'unsupported', 'duplicate', 'failed']),
    value: z.string().nullable(),
  })
  .readonly()
export type Gap = z.infer<typeof gapSchema>

export const accountSnapshotSchema = z
  .object({
    accountId: z.string(),
    venue: venueIdSchema,
    label: z.string(),
    /** When the venue said so (its clock, offset-corrected to ours). */
    asOf: instantSchema,
    /** Which endpoints the figures come from. */
    source: z.string(),
    /** single-asset: each settle asset is a pool of its own; multi-asset: one USD pool; portfolio: reported figures only. */
    marginMode: z.enum(['single-asset', 'multi-asset', 'portfolio']),
    positionMode: z.enum(['one-way', 'hedge']),
    collaterals: z.array(collateralSchema).readonly(),
    positions: z.array(positionSchema).readonly(),
    /** Margin locked by resting orders, in USD or the settle asset; null when not said. */
    orderMargin: decimalSchema.nullable(),
    /** Totals as the venue reports them, in USD (or the one settle asset); null when not said. */
    reported: z
      .object({
        equity: decimalSchema.nullable(),
        maintenance: decimalSchema.nullable(),
        withdrawable: decimalSchema.nullable(),
      })
      .readonly(),
    gaps: z.array(gapSchema).readonly(),
  })
  .readonly()
export type AccountSnapshot = z.infer<typeof accountSnapshotSchema>
