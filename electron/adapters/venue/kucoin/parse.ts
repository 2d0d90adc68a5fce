/** Raw answers of KuCoin futures → AccountSnapshot. Sizes are contracts × multiplier; `posMaint` is the
 *  maintenance (maintMargin is not), `posMargin` the isolated margin. XBT reads as BTC. Sources:
 *  account-overview, positions, contracts/active, risk-limit. Pure and total. */
import type { AccountSnapshot, Gap, Position } from '../../../../shared/collateral/snapshot.ts'
import { commonName, finishPosition, finishTiers, readBalances } from '../draft.ts'
import {
  isZero,
  magnitude,
  nameOf,
  parseExact,
  parseInstant,
  parseList,
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
export interface KucoinAnswers {
  /** account-overview, one answer a currency. */
  readonly overviews: unknown
  readonly positions: unknown
  readonly contracts: unknown
  /** Risk limit rows of every symbol held. */
  readonly riskLimits: unknown
}

const dataOf = (answer: unknown): unknown => parseRow(answer)?.['data']
const HOUR_MS = 3_600_000

interface Tables {
  readonly contracts: ReadonlyMap<string, Row>
  readonly limits: readonly Row[]
}

function fundingOf(contract: Row | undefined): Position['funding'] {
  const rate = parseExact(contract?.['fundingFeeRate'])
  const interval = parseExact(contract?.['fundingRateGranularity'])
  if (rate === undefined || interval === undefined || !(Number(interval) > 0)) return null
  return { rate, intervalHours: Number(interval) / HOUR_MS }
}

function readPosition(row: Row, tables: Tables, gaps: Gap[]): Position | null {
  const symbol = nameOf(row['symbol'])
  const fields = readFields(row, `positions.${symbol}`, gaps)
  const contracts = fields.decimal('currentQty')
  if (contracts === null || isZero(contracts)) return null
  const contract = tables.contracts.get(symbol)
  const multiplier = parseExact(contract?.['multiplier'])
  if (multiplier === undefined) fields.report('multiplier', 'missing')
  const inverse = row['isInverse'] ?? contract?.['isInverse']
  const settle = fields.text('settleCurrency')
  const base = contract?.['baseCurrency']
  const crossMode = row['crossMode']
  const said = row['marginMode']
  const isolated = said === 'ISOLATED' || (said === undefined && crossMode === false)
  const cross = said === 'CROSS' || (said === undefined && crossMode === true)
  const side = row['positionSide']
  const tiers = tables.limits
    .filter((limit) => limit['symbol'] === symbol)
    .map((limit) => ({
      floor: parseExact(limit['minRiskLimit']),
      rate: parseExact(limit['maintainMargin']),
      deduction: parseExact('0'),
    }))
  return finishPosition('kucoin', {
    fields,
    symbol,
    base: typeof base === 'string' ? commonName(base) : null,
    settle: settle === null ? null : commonName(settle),
    contractType: inverse === true ? 'inverse' : inverse === false ? 'linear' : null,
    side: contracts.startsWith('-') ? 'short' : 'long',
    leg: side === 'LONG' ? 'long' : side === 'SHORT' ? 'short' : 'both',
    size: multiplier === undefined ? null : times(magnitude(contracts), magnitude(multiplier)),
    entry: fields.decimal('avgEntryPrice'),
    mark: fields.decimal('markPrice'),
    marginMode: isolated ? 'isolated' : cross ? 'cross' : null,
    marginModeSaid: said ?? crossMode,
    isolatedWallet: isolated ? fields.decimal('posMargin') : null,
    leverage: fields.decimalIfSaid('leverage') ?? fields.decimalIfSaid('realLeverage'),
    tiers: finishTiers(tiers, symbol, gaps),
    maintenance: fields.decimalIfSaid('posMaint'),
    unrealised: fields.decimal('unrealisedPnl'),
    liquidation: fields.decimalIfSaid('liquidationPrice'),
    tickSize: parseExact(contract?.['tickSize']) ?? null,
    funding: fundingOf(contract),
  })
}

export function parseKucoinAccount(
  identity: SnapshotIdentity,
  answers: KucoinAnswers,
  received: Received,
): Parsed<AccountSnapshot> {
  const overviews = parseList(answers.overviews)
  if (overviews === undefined) return malformed('overviews', answers.overviews)
  const rows = parseList(dataOf(answers.positions))
  if (rows === undefined) return malformed('positions.data', answers.positions)
  const gaps = failedAnswers(answers)
  const tables: Tables = {
    contracts: rowsBy(dataOf(answers.contracts), 'symbol'),
    limits: (parseList(dataOf(answers.riskLimits)) ?? []).map((row) => parseRow(row) ?? {}),
  }
  const key = positionKey('symbol', 'positionSide')
  const read = (row: Row) => readPosition(row, tables, gaps)
  const positions = readRows(rows, 'positions', key, read, gaps)
  const { collaterals, orderMargin } = readBalances(
    overviews.map(dataOf),
    'currency',
    positions,
    gaps,
    (fields) => ({
      // Balance without profit and loss; isolated margins are still in it.
      total: fields.decimal('marginBalance'),
      orders: fields.decimalIfSaid('orderMargin'),
      withdrawable:
        fields.decimalIfSaid('maxWithdrawAmount') ?? fields.decimalIfSaid('availableBalance'),
    }),
  )
  const only = overviews.length === 1 ? parseRow(dataOf(overviews[0])) : undefined
  const totals = only === undefined ? undefined : readFields(only, 'overview', gaps)
  const dates = rows.map((row) => parseInstant(parseRow(row)?.['currentTimestamp']))
  return finishSnapshot('kucoin', identity, {
    asOf: datedAt(dates, received),
    source: 'KuCoin futures account-overview, positions',
    marginMode: 'single-asset',
    positionMode: null,
    collaterals,
    positions,
    orderMargin,
    reported: {
      equity: totals?.decimalIfSaid('accountEquity') ?? null,
      maintenance: null,
      withdrawable: totals?.decimalIfSaid('availableBalance') ?? null,
    },
    gaps,
  })
}
