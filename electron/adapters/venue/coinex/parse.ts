/** Raw v2 answers of CoinEx futures → AccountSnapshot. open_interest is the size (base for linear, USD
 *  for inverse), margin_avbl the isolated margin. Levels reach up to their amount, in size units, without
 *  deduction. Sources: assets/futures/balance, pending-position, market, position-level, ticker. */
import type { AccountSnapshot, Gap, Position } from '../../../../shared/collateral/snapshot.ts'
import { finishPosition, finishTiers, readBalances, sumOrNull } from '../draft.ts'
import {
  isZero,
  nameOf,
  parseExact,
  parseList,
  parseRow,
  readFields,
  rowsBy,
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
export interface CoinexAnswers {
  readonly balance: unknown
  readonly positions: unknown
  readonly markets: unknown
  readonly levels: unknown
  readonly tickers: unknown
  readonly fundingRates: unknown
}

const dataOf = (answer: unknown): readonly unknown[] | undefined =>
  parseList(parseRow(answer)?.['data'])

interface Tables {
  readonly markets: ReadonlyMap<string, Row>
  readonly levels: ReadonlyMap<string, Row>
  readonly tickers: ReadonlyMap<string, Row>
  readonly funding: ReadonlyMap<string, Row>
}

function tiersOf(symbol: string, scale: number, tables: Tables, gaps: Gap[]) {
  const rows = (parseList(tables.levels.get(symbol)?.['level']) ?? [])
    .map((item) => parseRow(item) ?? {})
    .map((row) => ({
      cap: parseExact(row['amount']),
      rate: parseExact(row['maintenance_margin_rate']),
    }))
    .sort((a, b) => Number(a.cap ?? Number.NaN) - Number(b.cap ?? Number.NaN))
  const tiers = rows.map(({ rate }, index) => ({
    floor: index === 0 ? parseExact('0') : rows[index - 1]?.cap,
    rate,
    deduction: parseExact('0'),
    scale,
  }))
  return finishTiers(tiers, symbol, gaps)
}

function readPosition(row: Row, tables: Tables, gaps: Gap[]): Position | null {
  const symbol = nameOf(row['market'])
  const fields = readFields(row, `positions.${symbol}`, gaps)
  const size = fields.decimal('open_interest')
  if (size === null || isZero(size)) return null
  const market = tables.markets.get(symbol)
  const type = market?.['contract_type']
  const contractType = type === 'linear' || type === 'inverse' ? type : null
  const base = market?.['base_ccy']
  const quote = market?.['quote_ccy']
  const settle = contractType === 'inverse' ? base : quote
  const mark = parseExact(tables.tickers.get(symbol)?.['mark_price']) ?? null
  const price = mark === null ? Number.NaN : Number(mark)
  const side = row['side']
  const mode = row['margin_mode']
  const rate = parseExact(tables.funding.get(symbol)?.['latest_funding_rate'])
  return finishPosition('coinex', {
    fields,
    symbol,
    base: typeof base === 'string' ? base : null,
    settle: typeof settle === 'string' ? settle : null,
    contractType,
    side: side === 'long' || side === 'short' ? side : null,
    leg: 'both',
    size,
    entry: fields.decimal('avg_entry_price'),
    mark,
    marginMode: mode === 'cross' || mode === 'isolated' ? mode : null,
    marginModeSaid: mode,
    isolatedWallet: mode === 'isolated' ? fields.decimal('margin_avbl') : null,
    leverage: fields.decimalIfSaid('leverage'),
    tiers: tiersOf(symbol, contractType === 'inverse' ? 1 / price : price, tables, gaps),
    maintenance: fields.decimalIfSaid('maintenance_margin_value'),
    unrealised: fields.decimal('unrealized_pnl'),
    liquidation: fields.decimalIfSaid('liq_price'),
    tickSize: parseExact(market?.['tick_size']) ?? null,
    funding: rate === undefined ? null : { rate, intervalHours: 8 },
  })
}

export function parseCoinexAccount(
  identity: SnapshotIdentity,
  answers: CoinexAnswers,
  received: Received,
): Parsed<AccountSnapshot> {
  const balances = dataOf(answers.balance)
  if (balances === undefined) return malformed('balance.data', answers.balance)
  const rows = dataOf(answers.positions)
  if (rows === undefined) return malformed('positions.data', answers.positions)
  const gaps = failedAnswers(answers)
  const tables: Tables = {
    markets: rowsBy(dataOf(answers.markets), 'market'),
    levels: rowsBy(dataOf(answers.levels), 'market'),
    tickers: rowsBy(dataOf(answers.tickers), 'market'),
    funding: rowsBy(dataOf(answers.fundingRates), 'market'),
  }
  const read = (row: Row) => readPosition(row, tables, gaps)
  const positions = readRows(rows, 'positions', positionKey('market', 'side'), read, gaps)
  const { collaterals, orderMargin } = readBalances(balances, 'ccy', positions, gaps, (fields) => {
    const orders = fields.decimal('frozen')
    const total = sumOrNull([fields.decimal('available'), orders, fields.decimal('margin')])
    return { total, orders, withdrawable: fields.decimal('transferrable') }
  })
  return finishSnapshot('coinex', identity, {
    asOf: datedAt([], received),
    source: 'CoinEx v2 futures balance, pending-position',
    marginMode: 'single-asset',
    positionMode: 'one-way',
    collaterals,
    positions,
    orderMargin,
    reported: { equity: null, maintenance: null, withdrawable: null },
    gaps,
  })
}
