/** Raw answers of Binance portfolio margin (papi) → AccountSnapshot in portfolio mode: the venue's own figures, for
 *  showing; its risk model nets across products and is not recomputed. USD totals are the venue's. Sources:
 *  papi/v1/account, balance, um/positionRisk, cm/positionRisk; fapi and dapi exchangeInfo. Pure and total. */
import type { AccountSnapshot, Gap, Position } from '../../../../shared/collateral/snapshot.ts'
import { finishPosition } from '../draft.ts'
import {
  isZero,
  nameOf,
  parseExact,
  parseInstant,
  parseList,
  parsePositive,
  parseRow,
  type Row,
  readFields,
  rowsBy,
  times,
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
export interface BinancePortfolioAnswers {
  readonly account: unknown
  readonly balance: unknown
  readonly umPositionRisk: unknown
  readonly cmPositionRisk: unknown
  /** fapi/v1/exchangeInfo */
  readonly umExchangeInfo: unknown
  /** dapi/v1/exchangeInfo */
  readonly cmExchangeInfo: unknown
}

function readPosition(
  row: Row,
  contractType: Position['contractType'],
  symbols: ReadonlyMap<string, Row>,
  gaps: Gap[],
): Position | null {
  const symbol = nameOf(row['symbol'])
  const fields = readFields(row, `positions.${symbol}`, gaps)
  const amount = fields.decimal('positionAmt')
  if (amount === null || isZero(amount)) return null
  const listed = symbols.get(symbol)
  const base = listed?.['baseAsset']
  const settle = listed?.['marginAsset']
  const each = contractType === 'linear' ? parseExact('1') : parsePositive(listed?.['contractSize'])
  const leg = row['positionSide']
  const filter = rowsBy(listed?.['filters'], 'filterType').get('PRICE_FILTER')
  return finishPosition(contractType === 'linear' ? 'binance-usdm' : 'binance-coinm', {
    fields,
    symbol,
    base: typeof base === 'string' ? base : null,
    settle: typeof settle === 'string' ? settle : null,
    contractType,
    side: amount.startsWith('-') ? 'short' : 'long',
    leg: leg === 'LONG' ? 'long' : leg === 'SHORT' ? 'short' : 'both',
    size: each === undefined ? null : times(amount, each),
    entry: fields.decimal('entryPrice'),
    mark: fields.decimal('markPrice'),
    marginMode: 'cross',
    marginModeSaid: 'cross',
    isolatedWallet: null,
    leverage: fields.decimalIfSaid('leverage'),
    // Maintenance is the account's, by the venue's model; tiers of single contracts do not apply.
    tiers: [],
    maintenance: null,
    unrealised: fields.decimal('unRealizedProfit'),
    liquidation: fields.decimalIfSaid('liquidationPrice'),
    tickSize: parseExact(filter?.['tickSize']) ?? null,
    funding: null,
  })
}

export function parseBinancePortfolioAccount(
  identity: SnapshotIdentity,
  answers: BinancePortfolioAnswers,
  received: Received,
): Parsed<AccountSnapshot> {
  const account = parseRow(answers.account)
  if (account === undefined) return malformed('account', answers.account)
  const balances = parseList(answers.balance)
  if (balances === undefined) return malformed('balance', answers.balance)
  const um = parseList(answers.umPositionRisk)
  if (um === undefined) return malformed('umPositionRisk', answers.umPositionRisk)
  const cm = parseList(answers.cmPositionRisk)
  if (cm === undefined) return malformed('cmPositionRisk', answers.cmPositionRisk)
  const gaps = failedAnswers(answers)
  const key = positionKey('symbol', 'positionSide')
  const held = (
    rows: readonly unknown[],
    type: Position['contractType'],
    info: unknown,
  ): Position[] => {
    const symbols = rowsBy(parseRow(info)?.['symbols'], 'symbol')
    return readRows(rows, 'positions', key, (row) => readPosition(row, type, symbols, gaps), gaps)
  }
  const positions = [
    ...held(um, 'linear', answers.umExchangeInfo),
    ...held(cm, 'inverse', answers.cmExchangeInfo),
  ]
  const collaterals = readRows(
    balances,
    'assets',
    (row) => nameOf(row['asset']),
    (row) => {
      const asset = nameOf(row['asset'])
      const fields = readFields(row, `assets.${asset}`, gaps)
      const wallet = fields.decimal('totalWalletBalance')
      if (wallet === null || isZero(wallet)) return null
      fields.report('priceUsd', 'missing')
      return { asset, wallet, priceUsd: null, haircuts: [], withdrawable: null }
    },
    gaps,
  )
  const totals = readFields(account, 'account', gaps)
  return finishSnapshot('binance-usdm', identity, {
    asOf: datedAt([parseInstant(account['updateTime'])], received),
    source: 'Binance papi v1 account, balance, positionRisk',
    marginMode: 'portfolio',
    positionMode: null,
    collaterals,
    positions,
    orderMargin: null,
    reported: {
      equity: totals.decimal('accountEquity'),
      maintenance: totals.decimal('accountMaintMargin'),
      withdrawable: totals.decimal('virtualMaxWithdrawAmount'),
    },
    gaps,
  })
}
