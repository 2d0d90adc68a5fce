/** Raw v5 answers of HTX linear swaps → AccountSnapshot. Sizes are contracts × contract_size; the rate is
 *  adjust_factor / leverage by ladder of contracts, without deduction. A negative liquidation price is
 *  none. Sources: account/balance, position/opens, contract_info, adjustfactor. Pure and total. */
import Big from 'big.js'
import type { AccountSnapshot, Gap, Position } from '../../../../shared/collateral/snapshot.ts'
import { type Decimal, decimalFromBig } from '../../../../shared/units/decimal.ts'
import { finishPosition, finishTiers, oneForOne, zeroOrNull } from '../draft.ts'
import {
  isZero,
  minus,
  nameOf,
  parseExact,
  parseInstant,
  parseList,
  parsePositive,
  parseRow,
  readFields,
  rowsBy,
  times,
  type Row,
} from '../fields.ts'
import type { Parsed, SnapshotIdentity } from '../parsed.ts'
import {
  datedAt,
  failedAnswers,
  finishSnapshot,
  malformed,
  positionKey,
  type Received,
  readRows,
} from '../snapshot.ts'

/** Raw answers with their envelope; undefined where the call failed. */
export interface HtxAnswers {
  readonly balance: unknown
  readonly positions: unknown
  readonly contracts: unknown
  readonly adjustFactors: unknown
  /** account/asset_mode */
  readonly assetMode: unknown
  readonly fundingRates: unknown
}

const dataOf = (answer: unknown): unknown => parseRow(answer)?.['data']

interface Tables {
  readonly contracts: ReadonlyMap<string, Row>
  readonly factors: readonly Row[]
  readonly funding: ReadonlyMap<string, Row>
}

interface Ladder {
  readonly symbol: string
  readonly mode: unknown
  readonly leverage: Decimal | null
  /** Contract value in the settle asset at the mark. */
  readonly scale: number
}

function rateOf(factor: Decimal | undefined, leverage: Decimal): Decimal | undefined {
  if (factor === undefined || !(Number(leverage) > 0)) return undefined
  return parseExact(decimalFromBig(new Big(factor).div(leverage).round(18)))
}

function tiersOf(ladder: Ladder, tables: Tables, gaps: Gap[]) {
  const { leverage } = ladder
  const table = tables.factors.find(
    (row) =>
      row['contract_code'] === ladder.symbol &&
      (row['margin_mode'] === undefined || row['margin_mode'] === ladder.mode),
  )
  const level = (parseList(table?.['list']) ?? [])
    .map((item) => parseRow(item) ?? {})
    .find((row) => leverage !== null && parseExact(row['lever_rate']) === leverage)
  const rows = leverage === null ? [] : (parseList(level?.['ladders']) ?? [])
  const drafts = rows.map((item) => {
    const row = parseRow(item)
    const rate =
      leverage === null ? undefined : rateOf(parseExact(row?.['adjust_factor']), leverage)
    return {
      floor: parseExact(row?.['min_size']),
      rate,
      deduction: parseExact('0'),
      scale: ladder.scale,
    }
  })
  return finishTiers(drafts, ladder.symbol, gaps)
}

function readPosition(row: Row, tables: Tables, gaps: Gap[]): Position | null {
  const symbol = nameOf(row['contract_code'])
  const fields = readFields(row, `positions.${symbol}`, gaps)
  const volume = fields.decimal('volume')
  if (volume === null || isZero(volume)) return null
  const contract = tables.contracts.get(symbol)
  const each = parsePositive(contract?.['contract_size'])
  if (each === undefined) fields.report('contract_size', 'missing')
  const mark = fields.decimal('mark_price')
  const leverage = fields.decimal('lever_rate')
  const direction = row['direction']
  const side = row['position_side']
  const mode = row['margin_mode']
  const [base = ''] = symbol.split('-')
  const rate = parseExact(tables.funding.get(symbol)?.['funding_rate'])
  const scale = each === undefined || mark === null ? Number.NaN : Number(each) * Number(mark)
  const unrealised = fields.decimal('profit_unreal')
  return finishPosition('htx', {
    fields,
    symbol,
    base: base === '' ? null : base,
    settle: fields.text('margin_currency'),
    contractType: symbol.endsWith('-USD') ? 'inverse' : 'linear',
    side: direction === 'buy' ? 'long' : direction === 'sell' ? 'short' : null,
    leg: side === 'long' || side === 'short' ? side : 'both',
    size: each === undefined ? null : times(volume, each),
    entry: fields.decimal('open_avg_price'),
    mark,
    marginMode: mode === 'cross' || mode === 'isolated' ? mode : null,
    marginModeSaid: mode,
    isolatedWallet: mode === 'isolated' ? fields.decimal('margin') : null,
    leverage,
    tiers: tiersOf({ symbol, mode, leverage, scale }, tables, gaps),
    maintenance: fields.decimalIfSaid('maintenance_margin'),
    unrealised,
    liquidation: fields.decimalIfSaid('liquidation_price'),
    tickSize: parseExact(contract?.['price_tick']) ?? null,
    funding: rate === undefined ? null : { rate, intervalHours: 8 },
  })
}

export function parseHtxAccount(
  identity: SnapshotIdentity,
  answers: HtxAnswers,
  received: Received,
): Parsed<AccountSnapshot> {
  const balance = parseRow(dataOf(answers.balance))
  const details = parseList(balance?.['details'])
  if (balance === undefined || details === undefined) {
    return malformed('balance.details', answers.balance)
  }
  const rows = parseList(dataOf(answers.positions))
  if (rows === undefined) return malformed('positions.data', answers.positions)
  const assetMode = nameOf(parseRow(dataOf(answers.assetMode))?.['asset_mode'])
  if (assetMode !== '0' && assetMode !== '1') return malformed('assetMode.asset_mode', assetMode)
  const gaps = failedAnswers(answers)
  const tables: Tables = {
    contracts: rowsBy(dataOf(answers.contracts), 'contract_code'),
    factors: (parseList(dataOf(answers.adjustFactors)) ?? []).map((row) => parseRow(row) ?? {}),
    funding: rowsBy(dataOf(answers.fundingRates), 'contract_code'),
  }
  const key = positionKey('contract_code', 'position_side')
  const read = (row: Row) => readPosition(row, tables, gaps)
  const positions = readRows(rows, 'positions', key, read, gaps)
  const multi = assetMode === '1'
  const initial: (Decimal | null)[] = []
  const collaterals = readRows(
    details,
    'assets',
    (row) => nameOf(row['currency']),
    (row) => {
      const asset = nameOf(row['currency'])
      const fields = readFields(row, `assets.${asset}`, gaps)
      // `equity` is the cross pool's: isolated equity stands in a field of its own.
      const equity = fields.decimal('equity')
      const profit = fields.decimal('profit_unreal')
      initial.push(fields.decimal('initial_margin'))
      if (equity === null || profit === null) return null
      if (!isZero(equity)) fields.report('priceUsd', 'missing')
      if (multi) fields.report('haircuts', 'missing')
      const withdrawable = fields.decimal('withdraw_available')
      const haircuts = multi ? [] : oneForOne
      return { asset, wallet: minus(equity, profit), priceUsd: null, haircuts, withdrawable }
    },
    gaps,
  )
  const totals = readFields(balance, 'balance', gaps)
  const dates = [answers.balance, answers.positions].map((answer) =>
    parseInstant(parseRow(answer)?.['ts']),
  )
  return finishSnapshot('htx', identity, {
    asOf: datedAt(dates, received),
    source: 'HTX v5 account/balance, position/opens',
    marginMode: multi ? 'multi-asset' : 'single-asset',
    positionMode: null,
    collaterals,
    positions,
    // Initial margin covers positions and orders alike: zero of it is zero of orders.
    orderMargin: zeroOrNull(initial),
    reported: {
      equity: totals.decimal('equity'),
      maintenance: totals.decimalIfSaid('maintenance_margin'),
      withdrawable: null,
    },
    gaps,
  })
}
