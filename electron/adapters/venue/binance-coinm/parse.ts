/** Raw dapi answers of Binance COIN-M → AccountSnapshot. Sizes in USD (contracts × contractSize), tiers
 *  and margin in the coin. Sources: dapi v1 account, positionRisk; v2 leverageBracket. Pure and total. */
import type { AccountSnapshot, Gap, Position } from '../../../../shared/collateral/snapshot.ts'
import { finishPosition, finishTiers, oneForOne, zeroOrNull } from '../draft.ts'
import {
  isZero,
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

/** Raw answers; undefined where the call failed. */
export interface BinanceCoinmAnswers {
  readonly account: unknown
  readonly positionRisk: unknown
  /** positionSide/dual */
  readonly positionMode: unknown
  readonly leverageBracket: unknown
  readonly premiumIndex: unknown
  readonly exchangeInfo: unknown
}

interface Tables {
  readonly brackets: ReadonlyMap<string, Row>
  readonly premium: ReadonlyMap<string, Row>
  readonly symbols: ReadonlyMap<string, Row>
}

function tiersOf(symbol: string, tables: Tables, gaps: Gap[]) {
  const brackets = parseList(tables.brackets.get(symbol)?.['brackets']) ?? []
  const rows = brackets.map((item) => {
    const row = parseRow(item)
    return {
      // The venue's own documentation spells it both ways.
      floor: parseExact(row?.['qtyFloor'] ?? row?.['qtylFloor']),
      rate: parseExact(row?.['maintMarginRatio']),
      deduction: parseExact(row?.['cum']),
    }
  })
  return finishTiers(rows, symbol, gaps)
}

function readPosition(row: Row, tables: Tables, gaps: Gap[]): Position | null {
  const symbol = nameOf(row['symbol'])
  const fields = readFields(row, `positions.${symbol}`, gaps)
  const listed = tables.symbols.get(symbol)
  const contracts = fields.decimal('positionAmt')
  if (contracts === null || isZero(contracts)) return null
  const contractSize = parsePositive(listed?.['contractSize'])
  if (contractSize === undefined) fields.report('contractSize', 'missing')
  const filters = rowsBy(listed?.['filters'], 'filterType')
  const rate = parseExact(tables.premium.get(symbol)?.['lastFundingRate'])
  const coin = listed?.['baseAsset']
  const name = typeof coin === 'string' ? coin : symbol.replace(/USD.*$/, '')
  const side = row['positionSide']
  const type = row['marginType']
  return finishPosition('binance-coinm', {
    fields,
    symbol,
    base: name,
    settle: name,
    contractType: 'inverse',
    side: contracts.startsWith('-') ? 'short' : 'long',
    leg: side === 'LONG' ? 'long' : side === 'SHORT' ? 'short' : 'both',
    size: contractSize === undefined ? null : times(contracts, contractSize),
    entry: fields.decimal('entryPrice'),
    mark: fields.decimal('markPrice'),
    marginMode: type === 'cross' || type === 'isolated' ? type : null,
    marginModeSaid: type,
    isolatedWallet: type === 'isolated' ? fields.decimal('isolatedWallet') : null,
    leverage: fields.decimal('leverage'),
    tiers: tiersOf(symbol, tables, gaps),
    maintenance: fields.decimalIfSaid('maintMargin'),
    unrealised: fields.decimal('unRealizedProfit'),
    liquidation: fields.decimalIfSaid('liquidationPrice'),
    tickSize: parseExact(filters.get('PRICE_FILTER')?.['tickSize']) ?? null,
    funding: rate === undefined ? null : { rate, intervalHours: 8 },
  })
}

export function parseBinanceCoinmAccount(
  identity: SnapshotIdentity,
  answers: BinanceCoinmAnswers,
  received: Received,
): Parsed<AccountSnapshot> {
  const assets = parseList(parseRow(answers.account)?.['assets'])
  if (assets === undefined) return malformed('account.assets', answers.account)
  const risk = parseList(answers.positionRisk)
  if (risk === undefined) return malformed('positionRisk', answers.positionRisk)
  const gaps = failedAnswers(answers)
  const tables: Tables = {
    brackets: rowsBy(answers.leverageBracket, 'symbol'),
    premium: rowsBy(answers.premiumIndex, 'symbol'),
    symbols: rowsBy(parseRow(answers.exchangeInfo)?.['symbols'], 'symbol'),
  }
  const key = positionKey('symbol', 'positionSide')
  const read = (row: Row) => readPosition(row, tables, gaps)
  const positions = readRows(risk, 'positions', key, read, gaps)
  const orders: (ReturnType<typeof parseExact> | null)[] = []
  const collaterals = readRows(
    assets,
    'assets',
    (row) => nameOf(row['asset']),
    (row) => {
      const asset = nameOf(row['asset'])
      const total = parseExact(row['walletBalance'])
      if (total !== undefined && isZero(total)) return null
      const fields = readFields(row, `assets.${asset}`, gaps)
      const wallet = fields.decimal('crossWalletBalance')
      orders.push(fields.decimal('openOrderInitialMargin'))
      if (wallet === null) return null
      const priceUsd = parseExact(tables.premium.get(`${asset}USD_PERP`)?.['indexPrice']) ?? null
      if (priceUsd === null) fields.report('priceUsd', 'missing')
      const withdrawable = fields.decimal('maxWithdrawAmount')
      return { asset, wallet, priceUsd, haircuts: oneForOne, withdrawable }
    },
    gaps,
  )
  const dual = parseRow(answers.positionMode)?.['dualSidePosition']
  const dates = positions.map(({ symbol }) => parseInstant(tables.premium.get(symbol)?.['time']))
  return finishSnapshot('binance-coinm', identity, {
    asOf: datedAt(dates, received),
    source: 'Binance dapi account, positionRisk',
    marginMode: 'single-asset',
    positionMode: typeof dual === 'boolean' ? (dual ? 'hedge' : 'one-way') : null,
    collaterals,
    positions,
    orderMargin: zeroOrNull(orders.map((order) => order ?? null)),
    // Every coin is an account of its own; the venue gives no total.
    reported: { equity: null, maintenance: null, withdrawable: null },
    gaps,
  })
}
