/** Raw /info answers → AccountSnapshot. Exact decimals; what is missing becomes a gap, never a zero.
 *  Pure and total. Rates: half the initial margin at each tier's top leverage, with a deduction
 *  (Hyperliquid docs, liquidations and margin tiers); no liquidation fee; funding every hour. */
import Big from 'big.js'
import type {
  AccountSnapshot,
  Gap,
  MaintenanceTier,
  Position,
} from '../../../../shared/collateral/snapshot.ts'
import { hyperliquidTiers } from '../../../../shared/margin/venues/hyperliquid.ts'
import { type Decimal, decimalFromBig, parseDecimal } from '../../../../shared/units/decimal.ts'
import type { Parsed, SnapshotIdentity } from '../parsed.ts'
import {
  isZero,
  magnitude,
  nameOf,
  parseExact,
  parseInstant,
  parseList,
  parseRow,
  quoteValue,
  type Fields,
  type Row,
  readFields,
} from '../fields.ts'

/** Raw answers; undefined where the call failed. */
export interface HyperliquidAnswers {
  readonly clearinghouseState: unknown
  readonly metaAndAssetCtxs: unknown
  readonly frontendOpenOrders: unknown
}

const malformed = (field: string, value: unknown) =>
  ({ kind: 'malformed', field, value: quoteValue(value) }) as const

export interface PerpMarket {
  readonly universe: Row
  readonly context: Row
}

/** Markets by coin, and the margin tables by id. */
export interface PerpMeta {
  readonly markets: ReadonlyMap<string, PerpMarket>
  readonly tables: ReadonlyMap<string, Row>
}

/** Universe and contexts run in parallel: one context a market, by position in the list. */
export function parseMeta(answer: unknown): PerpMeta {
  const [meta, contexts] = parseList(answer) ?? []
  const universe = parseList(parseRow(meta)?.['universe']) ?? []
  const rows = parseList(contexts) ?? []
  const markets = new Map<string, PerpMarket>()
  const aligned = rows.length === universe.length
  for (const [index, item] of universe.entries()) {
    const market = parseRow(item)
    const name = market?.['name']
    const context = aligned ? parseRow(rows[index]) : undefined
    if (market === undefined || typeof name !== 'string') continue
    markets.set(name, { universe: market, context: context ?? {} })
  }
  const tables = new Map<string, Row>()
  for (const item of parseList(parseRow(meta)?.['marginTables']) ?? []) {
    const [id, table] = parseList(item) ?? []
    const row = parseRow(table)
    if (row !== undefined) tables.set(nameOf(id), row)
  }
  return { markets, tables }
}

interface Step {
  readonly lowerBound: number
  readonly maxLeverage: number
}

/** Null where the market's table is not there or not sound. */
function stepsOf(market: Row, tables: PerpMeta['tables']): readonly Step[] | null {
  const id = market['marginTableId']
  const table = tables.get(nameOf(id))
  if (table !== undefined) {
    const tiers = parseList(table['marginTiers'])
    return tiers === undefined || tiers.length === 0 ? null : tiers.map(parseRow).map(stepOf)
  }
  // Table ids under 50 are not listed: one tier at that leverage, which is the market's own.
  const listed = id !== undefined && !(Number(parseExact(id) ?? Number.NaN) < 50)
  return listed || parseExact(market['maxLeverage']) === undefined
    ? null
    : [stepOf({ lowerBound: '0', maxLeverage: market['maxLeverage'] })]
}

function stepOf(row: Row | undefined): Step {
  const figure = (name: string) => Number(parseExact(row?.[name]) ?? Number.NaN)
  return { lowerBound: figure('lowerBound'), maxLeverage: figure('maxLeverage') }
}

/** Ascending tiers with deductions; empty with a gap when unusable. */
export function parseTiers(
  coin: string,
  market: Row | undefined,
  tables: PerpMeta['tables'],
  gaps: Gap[],
): readonly MaintenanceTier[] {
  const steps = market === undefined ? null : stepsOf(market, tables)
  if (steps === null) {
    const id = market?.['marginTableId']
    const value = id === undefined ? null : quoteValue(id)
    gaps.push({ field: `tiers.${coin}`, problem: 'missing', value })
    return []
  }
  const sorted = steps.toSorted((a, b) => a.lowerBound - b.lowerBound)
  const sound = sorted.every(
    ({ lowerBound, maxLeverage }, i) =>
      maxLeverage >= 1 &&
      (i === 0 ? lowerBound === 0 : lowerBound > (sorted[i - 1]?.lowerBound ?? Number.NaN)),
  )
  if (sound) return hyperliquidTiers(sorted)
  gaps.push({ field: `tiers.${coin}`, problem: 'malformed', value: quoteValue(steps) })
  return []
}

/** Prices have at most five significant figures and 6 − szDecimals decimals; integers always pass. */
export function tickSizeOf(mark: Decimal, szDecimals: unknown): Decimal | null {
  const decimals = typeof szDecimals === 'string' ? Number(szDecimals) : szDecimals
  if (typeof decimals !== 'number' || !Number.isInteger(decimals)) return null
  if (decimals < 0 || decimals > 6) return null
  const price = new Big(mark)
  if (price.lte(0)) return null
  const figures = Math.min(0, price.e - 4)
  const exponent = Math.max(figures, decimals - 6)
  return parseDecimal(decimalFromBig(new Big(10).pow(exponent))) ?? null
}

function fundingOf(context: Row | undefined): Position['funding'] {
  const rate = parseExact(context?.['funding'])
  return rate === undefined ? null : { rate, intervalHours: 1 }
}

interface Margin {
  readonly mode: Position['marginMode']
  readonly leverage: Decimal | null
}

function marginOf(row: Row): Margin | null {
  const leverage = parseRow(row['leverage'])
  const type = leverage?.['type']
  if (type !== 'cross' && type !== 'isolated') return null
  return { mode: type, leverage: parseExact(leverage?.['value']) ?? null }
}

/** Margin without profit and loss: the position's dollar balance plus what it paid for the coins. Only where the
 *  venue leaves the balance out, marginUsed less the profit, whose last digit is rounded. */
function isolatedWalletOf(
  fields: Fields,
  size: Decimal,
  entry: Decimal,
  unrealised: Decimal | null,
): Decimal | null {
  const raw = parseExact(parseRow(fields.row['leverage'])?.['rawUsd'])
  if (raw !== undefined)
    return parseDecimal(decimalFromBig(new Big(raw).plus(new Big(size).times(entry)))) ?? null
  const used = fields.decimal('marginUsed')
  if (used === null || unrealised === null) return null
  return decimalFromBig(new Big(used).minus(unrealised))
}

/** One assetPositions row's `position`; null (with gaps) when a figure the risk rests on is unusable. */
export function parsePosition(row: Row, meta: PerpMeta, gaps: Gap[]): Position | null {
  const coin = typeof row['coin'] === 'string' ? row['coin'] : '?'
  const fields = readFields(row, `positions.${coin}`, gaps)
  const symbol = fields.text('coin')
  const amount = fields.decimal('szi')
  const entry = fields.positive('entryPx')
  const unrealised = fields.decimal('unrealizedPnl')
  const margin = marginOf(row)
  if (margin === null) fields.report('leverage', 'malformed')
  const market = meta.markets.get(coin)
  const context = readFields(market?.context ?? {}, `markets.${coin}`, gaps)
  const mark = context.positive('markPx')
  if (symbol === null || amount === null || entry === null || mark === null) return null
  if (margin === null) return null
  const isolatedWallet =
    margin.mode === 'isolated' ? isolatedWalletOf(fields, amount, entry, unrealised) : null
  if (margin.mode === 'isolated' && isolatedWallet === null) return null
  const funding = fundingOf(market?.context)
  if (funding === null) context.report('funding', 'missing')
  const tickSize = tickSizeOf(mark, market?.universe['szDecimals'])
  if (tickSize === null) context.report('szDecimals', 'missing')
  const liquidation = fields.decimalIfSaid('liquidationPx')
  return {
    symbol,
    base: symbol,
    settle: 'USDC',
    contractType: 'linear',
    side: amount.startsWith('-') ? 'short' : 'long',
    leg: 'both',
    size: magnitude(amount),
    entry,
    mark,
    marginMode: margin.mode,
    isolatedWallet,
    leverage: margin.leverage,
    tiers: parseTiers(coin, market?.universe, meta.tables, gaps),
    liquidationFeeRate: 0,
    maintenance: null,
    unrealised,
    reportedLiquidation: liquidation === null || Number(liquidation) <= 0 ? null : liquidation,
    tickSize,
    funding,
  }
}

function parsePositions(rows: readonly unknown[], meta: PerpMeta, gaps: Gap[]): Position[] {
  const positions: Position[] = []
  const seen = new Set<string>()
  for (const [index, item] of rows.entries()) {
    const row = parseRow(parseRow(item)?.['position'])
    if (row === undefined) {
      gaps.push({ field: `positions.${index}`, problem: 'malformed', value: quoteValue(item) })
      continue
    }
    const size = parseExact(row['szi'])
    if (size !== undefined && isZero(size)) continue
    const coin = nameOf(row['coin'])
    if (seen.has(coin)) {
      gaps.push({ field: `positions.${coin}`, problem: 'duplicate', value: quoteValue(row) })
      continue
    }
    seen.add(coin)
    const position = parsePosition(row, meta, gaps)
    if (position !== null) positions.push(position)
  }
  return positions
}

/** Cross equity less the profit of *every* cross row, readable or not; null when one has none. */
function crossWalletOf(equity: Decimal, rows: readonly unknown[]): Decimal | null {
  let wallet = new Big(equity)
  const seen = new Set<string>()
  for (const item of rows) {
    const row = parseRow(parseRow(item)?.['position'])
    if (row === undefined) return null
    const margin = marginOf(row)
    if (margin === null) return null
    const coin = nameOf(row['coin'])
    if (margin.mode === 'isolated' || seen.has(coin)) continue
    seen.add(coin)
    const profit = parseExact(row['unrealizedPnl'])
    if (profit === undefined) return null
    wallet = wallet.minus(profit)
  }
  return decimalFromBig(wallet)
}

/**
 * @param ourTime  when the answer came, our clock: used only when the venue did not date it
 * @param skewMs   venue clock minus ours
 */
export function parseHyperliquidAccount(
  identity: SnapshotIdentity,
  answers: HyperliquidAnswers,
  ourTime: number,
  skewMs: number,
): Parsed<AccountSnapshot> {
  const state = parseRow(answers.clearinghouseState)
  if (state === undefined) return malformed('clearinghouseState', answers.clearinghouseState)
  const rows = parseList(state['assetPositions'])
  if (rows === undefined) return malformed('assetPositions', state['assetPositions'])
  const time = parseInstant(state['time'])
  if (time === null) return malformed('time', state['time'])

  const gaps: Gap[] = []
  for (const [field, answer] of Object.entries(answers)) {
    if (answer === undefined) gaps.push({ field, problem: 'failed', value: null })
  }
  const cross = readFields(parseRow(state['crossMarginSummary']) ?? {}, 'crossMarginSummary', gaps)
  const summary = readFields(parseRow(state['marginSummary']) ?? {}, 'marginSummary', gaps)
  const totals = readFields(state, '', gaps)
  const crossEquity = cross.decimal('accountValue')
  const withdrawable = totals.decimal('withdrawable')
  const positions = parsePositions(rows, parseMeta(answers.metaAndAssetCtxs), gaps)
  const wallet = crossEquity === null ? null : crossWalletOf(crossEquity, rows)
  if (wallet === null) gaps.push({ field: 'assets.USDC.wallet', problem: 'missing', value: null })
  const orders = parseList(answers.frontendOpenOrders)
  const zero = parseDecimal('0') ?? null
  const one = parseDecimal('1') ?? null
  return {
    kind: 'parsed',
    value: {
      ...identity,
      venue: 'hyperliquid',
      asOf: Math.max(0, Math.min(Math.round(time - skewMs), ourTime)),
      source: 'Hyperliquid info clearinghouseState, metaAndAssetCtxs',
      marginMode: 'single-asset',
      positionMode: 'one-way',
      collaterals:
        wallet === null
          ? []
          : [
              {
                asset: 'USDC',
                wallet,
                // The venue's own arithmetic: marks are in dollars and one USDC counts as one.
                priceUsd: one,
                haircuts: [{ floor: 0, weight: 1 }],
                withdrawable,
              },
            ],
      positions,
      // The venue says nothing of margin held by resting orders; without orders it is zero.
      orderMargin: orders !== undefined && orders.length === 0 ? zero : null,
      reported: {
        equity: summary.decimal('accountValue'),
        maintenance: totals.decimal('crossMaintenanceMarginUsed'),
        withdrawable,
      },
      gaps,
    },
  }
}
