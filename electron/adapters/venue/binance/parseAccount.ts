/** Raw fapi answers → AccountSnapshot. Exact decimals; what is missing becomes a gap, never a zero.
 *  Pure and total. Source of each field: Binance USDⓈ-M v3 account and positionRisk, symbolConfig,
 *  accountConfig, leverageBracket, premiumIndex, assetIndex, fundingInfo, exchangeInfo. */
import Big from 'big.js'
import type {
  AccountSnapshot,
  Collateral,
  Gap,
  MaintenanceTier,
  Position,
} from '../../../../shared/collateral/snapshot.ts'
import { type Decimal, decimalFromBig, sumDecimals } from '../../../../shared/units/decimal.ts'
import {
  isZero,
  lookUp,
  magnitude,
  nameOf,
  parseExact,
  parseInstant,
  parseList,
  parseRow,
  quoteValue,
  readFields,
  rowsBy,
  type Fields,
  type Row,
} from '../fields.ts'
import type { Parsed, SnapshotIdentity } from '../parsed.ts'

/** Raw answers; undefined where the call failed. */
export interface BinanceAnswers {
  readonly account: unknown
  readonly positionRisk: unknown
  readonly accountConfig: unknown
  readonly symbolConfig: unknown
  readonly leverageBracket: unknown
  readonly premiumIndex: unknown
  readonly assetIndex: unknown
  readonly fundingInfo: unknown
  readonly exchangeInfo: unknown
}

const malformed = (field: string, value: unknown) =>
  ({ kind: 'malformed', field, value: quoteValue(value) }) as const

/** Maintenance tiers of one leverageBracket row, ascending; empty with a gap when unusable. */
export function parseTiers(row: Row | undefined, symbol: string, gaps: Gap[]): MaintenanceTier[] {
  const field = `tiers.${symbol}`
  const brackets = parseList(row?.['brackets'])
  if (brackets === undefined || brackets.length === 0) {
    gaps.push({ field, problem: 'missing', value: null })
    return []
  }
  const tiers: MaintenanceTier[] = []
  for (const item of brackets) {
    const bracket = parseRow(item)
    const floor = parseExact(bracket?.['notionalFloor'])
    const rate = parseExact(bracket?.['maintMarginRatio'])
    const deduction = parseExact(bracket?.['cum'])
    if (floor === undefined || rate === undefined || deduction === undefined) {
      gaps.push({ field, problem: 'malformed', value: quoteValue(item) })
      return []
    }
    tiers.push({ floor: Number(floor), rate: Number(rate), deduction: Number(deduction) })
  }
  tiers.sort((a, b) => a.floor - b.floor)
  const sound = tiers.every(
    ({ floor, rate }, index) =>
      rate > 0 && rate < 1 && (index === 0 ? floor === 0 : floor > (tiers[index - 1]?.floor ?? 0)),
  )
  if (sound) return tiers
  gaps.push({ field, problem: 'malformed', value: quoteValue(brackets) })
  return []
}

interface Tables {
  readonly config: ReadonlyMap<string, Row>
  readonly brackets: ReadonlyMap<string, Row>
  readonly premium: ReadonlyMap<string, Row>
  readonly funding: ReadonlyMap<string, Row> | null
  readonly symbols: ReadonlyMap<string, Row>
}

function tickSizeOf(symbol: Row | undefined): Decimal | null {
  for (const item of parseList(symbol?.['filters']) ?? []) {
    const filter = parseRow(item)
    if (filter?.['filterType'] !== 'PRICE_FILTER') continue
    const tick = parseExact(filter['tickSize'])
    if (tick !== undefined && Number(tick) > 0) return tick
  }
  return null
}

function fundingOf(symbol: string, tables: Tables): Position['funding'] {
  const rate = parseExact(tables.premium.get(symbol)?.['lastFundingRate'])
  if (rate === undefined || tables.funding === null) return null
  const adjusted = parseExact(tables.funding.get(symbol)?.['fundingIntervalHours'])
  // Binance lists only contracts whose terms were adjusted; all others settle every 8 hours.
  const intervalHours = tables.funding.has(symbol) ? Number(adjusted ?? Number.NaN) : 8
  return intervalHours > 0 && Number.isFinite(intervalHours) ? { rate, intervalHours } : null
}

function marginModeOf(fields: Fields, config: Row | undefined): Position['marginMode'] | null {
  const type = config?.['marginType'] ?? fields.row['marginType']
  if (type === 'ISOLATED' || type === 'isolated') return 'isolated'
  if (type === 'CROSSED' || type === 'cross') return 'cross'
  if (type !== undefined) return null
  const wallet = parseExact(fields.row['isolatedWallet'])
  return wallet === undefined ? null : isZero(wallet) ? 'cross' : 'isolated'
}

/** Margin without profit and loss: the venue's isolatedWallet, or isolatedMargin less it (v2 shapes). */
function isolatedWalletOf(fields: Fields, unrealised: Decimal | null): Decimal | null {
  const said = fields.decimalIfSaid('isolatedWallet')
  if (said !== null) return said
  const margin = fields.decimal('isolatedMargin')
  if (margin === null || unrealised === null) return null
  return decimalFromBig(new Big(margin).minus(unrealised))
}

/** Binance writes booleans, and in older answers 'true'. */
const saysYes = (value: unknown): boolean => value === true || value === 'true'

const legs: Readonly<Record<string, Position['leg']>> = {
  BOTH: 'both',
  LONG: 'long',
  SHORT: 'short',
}

/** One held position; null (with gaps) when a figure the risk rests on is unusable. */
export function parsePosition(row: Row, tables: Tables, gaps: Gap[]): Position | null {
  const symbol = typeof row['symbol'] === 'string' ? row['symbol'] : '?'
  const fields = readFields(row, `positions.${symbol}`, gaps)
  const config = tables.config.get(symbol)
  const amount = fields.decimal('positionAmt')
  const entry = fields.positive('entryPrice')
  const mark = fields.positive('markPrice')
  // Version 2 of the answer leaves the margin asset to exchangeInfo.
  const listed = tables.symbols.get(symbol)?.['marginAsset']
  const named = row['marginAsset'] === undefined && typeof listed === 'string' ? listed : null
  const settle = named ?? fields.text('marginAsset')
  const unrealised = fields.decimal('unRealizedProfit')
  const side = nameOf(row['positionSide'])
  const leg = lookUp(legs, side)
  if (leg === undefined) fields.report('positionSide', 'malformed')
  const marginMode = marginModeOf(fields, config)
  if (marginMode === null) {
    const type = config?.['marginType'] ?? row['marginType']
    fields.report('marginType', type === undefined ? 'missing' : 'malformed', type)
  }
  const isolatedWallet = marginMode === 'isolated' ? isolatedWalletOf(fields, unrealised) : null
  if (amount === null || entry === null || mark === null || settle === null) return null
  if (leg === undefined || marginMode === null) return null
  if (marginMode === 'isolated' && isolatedWallet === null) return null
  const size = magnitude(amount)
  const long = !amount.startsWith('-')
  if (leg !== 'both' && (leg === 'long') !== long) {
    fields.report('positionAmt', 'malformed')
    return null
  }
  const said = tables.symbols.get(symbol)?.['baseAsset']
  const stem = symbol.replace(/_\d+$/, '')
  const cut = stem.endsWith(settle) ? stem.slice(0, -settle.length) : stem
  const base = typeof said === 'string' ? said : cut
  const leverage = parseExact(config?.['leverage'] ?? row['leverage']) ?? null
  if (leverage === null) fields.report('leverage', 'missing')
  const tickSize = tickSizeOf(tables.symbols.get(symbol))
  if (tickSize === null) fields.report('tickSize', 'missing')
  const funding = fundingOf(symbol, tables)
  if (funding === null) fields.report('funding', 'missing')
  const liquidation = fields.decimalIfSaid('liquidationPrice')
  return {
    symbol,
    base,
    settle,
    contractType: 'linear',
    side: long ? 'long' : 'short',
    leg,
    size,
    entry,
    mark,
    marginMode,
    isolatedWallet,
    autoAddMargin:
      marginMode === 'isolated' && saysYes(config?.['isAutoAddMargin'] ?? row['isAutoAddMargin']),
    leverage,
    tiers: parseTiers(tables.brackets.get(symbol), symbol, gaps),
    liquidationFeeRate: 0,
    maintenance: fields.decimal('maintMargin'),
    unrealised,
    // Binance writes 0 where no positive price liquidates.
    reportedLiquidation: liquidation === null || Number(liquidation) <= 0 ? null : liquidation,
    tickSize,
    funding,
  }
}

function parsePositions(rows: readonly unknown[], tables: Tables, gaps: Gap[]): Position[] {
  const positions: Position[] = []
  const seen = new Set<string>()
  for (const [index, item] of rows.entries()) {
    const row = parseRow(item)
    if (row === undefined) {
      gaps.push({ field: `positions.${index}`, problem: 'malformed', value: quoteValue(item) })
      continue
    }
    const amount = parseExact(row['positionAmt'])
    if (amount !== undefined && isZero(amount)) continue
    const key = `${nameOf(row['symbol'])}/${nameOf(row['positionSide'])}`
    if (seen.has(key)) {
      gaps.push({ field: `positions.${key}`, problem: 'duplicate', value: quoteValue(row) })
      continue
    }
    seen.add(key)
    const position = parsePosition(row, tables, gaps)
    if (position !== null) positions.push(position)
  }
  return positions
}

/** Positions that the account names and positionRisk does not: the snapshot would look safer than it is. */
function missingPositions(account: Row, risk: readonly unknown[], gaps: Gap[]): void {
  const known = new Set(risk.map((item) => `${keyOf(parseRow(item))}`))
  for (const item of parseList(account['positions']) ?? []) {
    const row = parseRow(item)
    const amount = parseExact(row?.['positionAmt'])
    if (row === undefined || amount === undefined || isZero(amount) || known.has(keyOf(row)))
      continue
    gaps.push({ field: `positions.${keyOf(row)}`, problem: 'missing', value: amount })
  }
}

function keyOf(row: Row | undefined): string {
  return `${nameOf(row?.['symbol'])}/${nameOf(row?.['positionSide'])}`
}

interface AssetPool {
  readonly collateral: Collateral
  readonly fields: Fields
}

function parseAsset(
  row: Row,
  indices: ReadonlyMap<string, Row>,
  multiAsset: boolean,
  gaps: Gap[],
): AssetPool | null {
  const asset = typeof row['asset'] === 'string' ? row['asset'] : '?'
  const fields = readFields(row, `assets.${asset}`, gaps)
  const name = fields.text('asset')
  const wallet = fields.decimal('crossWalletBalance')
  const withdrawable = fields.decimal('maxWithdrawAmount')
  if (name === null || wallet === null) return null
  const index = indices.get(`${name}USD`)
  const priceUsd = parseExact(index?.['index']) ?? null
  if (priceUsd === null && !isZero(wallet)) fields.report('priceUsd', 'missing')
  const buffer = multiAsset ? Number(parseExact(index?.['bidBuffer']) ?? Number.NaN) : 0
  const known = buffer >= 0 && buffer <= 1
  if (!known) fields.report('bidBuffer', 'missing')
  // Outside multi-assets mode an asset backs its own contracts one for one.
  const haircuts = known ? [{ floor: 0, weight: 1 - buffer }] : []
  return { fields, collateral: { asset: name, wallet, priceUsd, haircuts, withdrawable } }
}

interface Totals {
  readonly reported: AccountSnapshot['reported']
  readonly orderMargin: Decimal | null
}

/** In single-asset mode the account's own totals count USDT only, so they are taken per asset. */
function totalsOf(
  account: Row,
  pools: readonly AssetPool[],
  multiAsset: boolean,
  gaps: Gap[],
): Totals {
  const fields = multiAsset ? readFields(account, '', gaps) : pools[0]?.fields
  if (fields === undefined || (!multiAsset && pools.length > 1)) {
    const orders = pools.map((pool) => pool.fields.decimal('openOrderInitialMargin'))
    const known = orders.filter((order) => order !== null)
    const zero = known.length === orders.length && known.every(isZero)
    return {
      reported: { equity: null, maintenance: null, withdrawable: null },
      orderMargin: zero ? sumDecimals(known) : null,
    }
  }
  return {
    reported: {
      equity: fields.decimal(multiAsset ? 'totalMarginBalance' : 'marginBalance'),
      maintenance: fields.decimal(multiAsset ? 'totalMaintMargin' : 'maintMargin'),
      withdrawable: fields.decimal('maxWithdrawAmount'),
    },
    orderMargin: fields.decimal(
      multiAsset ? 'totalOpenOrderInitialMargin' : 'openOrderInitialMargin',
    ),
  }
}

function parsePools(
  rows: readonly unknown[],
  positions: readonly Position[],
  indices: ReadonlyMap<string, Row>,
  multiAsset: boolean,
  gaps: Gap[],
): AssetPool[] {
  const pools: AssetPool[] = []
  const seen = new Set<string>()
  for (const [index, item] of rows.entries()) {
    const row = parseRow(item)
    if (row === undefined) {
      gaps.push({ field: `assets.${index}`, problem: 'malformed', value: quoteValue(item) })
      continue
    }
    const wallet = parseExact(row['walletBalance'])
    const used = positions.some(({ settle }) => settle === row['asset'])
    if (wallet !== undefined && isZero(wallet) && !used) continue
    const asset = nameOf(row['asset'])
    if (seen.has(asset)) {
      gaps.push({ field: `assets.${asset}`, problem: 'duplicate', value: quoteValue(row) })
      continue
    }
    seen.add(asset)
    const pool = parseAsset(row, indices, multiAsset, gaps)
    if (pool !== null) pools.push(pool)
  }
  return pools
}

/** The oldest of the prices that this snapshot stands on, the venue's clock; null when none is dated. */
export function pricedAt(answers: BinanceAnswers, symbols: readonly string[]): number | null {
  const premium = rowsBy(answers.premiumIndex, 'symbol')
  const times = symbols.map((symbol) => parseInstant(premium.get(symbol)?.['time']))
  if (times.length === 0) return null
  const known = times.filter((time) => time !== null)
  return known.length === times.length ? Math.min(...known) : null
}

/**
 * @param venueTime  the venue's clock when it answered, ms; positions are dated by their prices
 * @param skewMs     venue clock minus ours
 * @returns malformed only where no snapshot is possible: no account, no positions, no modes
 */
export function parseBinanceAccount(
  identity: SnapshotIdentity,
  answers: BinanceAnswers,
  venueTime: number,
  skewMs: number,
): Parsed<AccountSnapshot> {
  const account = parseRow(answers.account)
  if (account === undefined) return malformed('account', answers.account)
  const assets = parseList(account['assets'])
  if (assets === undefined) return malformed('account.assets', account['assets'])
  const risk = parseList(answers.positionRisk)
  if (risk === undefined) return malformed('positionRisk', answers.positionRisk)
  const modes = parseRow(answers.accountConfig)
  const multiAsset = modes?.['multiAssetsMargin']
  const dual = modes?.['dualSidePosition']
  if (typeof multiAsset !== 'boolean') {
    return malformed('accountConfig.multiAssetsMargin', multiAsset)
  }
  if (typeof dual !== 'boolean') return malformed('accountConfig.dualSidePosition', dual)

  const gaps: Gap[] = []
  for (const [field, answer] of Object.entries(answers)) {
    if (answer === undefined) gaps.push({ field, problem: 'failed', value: null })
  }
  const tables: Tables = {
    config: rowsBy(answers.symbolConfig, 'symbol'),
    brackets: rowsBy(answers.leverageBracket, 'symbol'),
    premium: rowsBy(answers.premiumIndex, 'symbol'),
    funding: answers.fundingInfo === undefined ? null : rowsBy(answers.fundingInfo, 'symbol'),
    symbols: rowsBy(parseRow(answers.exchangeInfo)?.['symbols'], 'symbol'),
  }
  const positions = parsePositions(risk, tables, gaps)
  missingPositions(account, risk, gaps)
  const indices = rowsBy(answers.assetIndex, 'symbol')
  const pools = parsePools(assets, positions, indices, multiAsset, gaps)
  const totals = totalsOf(account, pools, multiAsset, gaps)
  const dated = pricedAt(
    answers,
    positions.map(({ symbol }) => symbol),
  )
  if (dated === null && positions.length > 0) {
    gaps.push({ field: 'premiumIndex.time', problem: 'missing', value: null })
  }
  const asOf = Math.max(0, Math.round(Math.min(dated ?? venueTime, venueTime) - skewMs))
  return {
    kind: 'parsed',
    value: {
      ...identity,
      venue: 'binance-usdm',
      asOf,
      source: 'Binance fapi v3 account, positionRisk',
      marginMode: multiAsset ? 'multi-asset' : 'single-asset',
      positionMode: dual ? 'hedge' : 'one-way',
      collaterals: pools.map(({ collateral }) => collateral),
      positions,
      ...totals,
      gaps,
    },
  }
}
