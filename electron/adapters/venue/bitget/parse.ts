/** Raw v2 mix answers of Bitget (USDT- and USDC-margined) → AccountSnapshot. `total` is in base units,
 *  `marginSize` the isolated margin. Coin-margined products are reported as unsupported. Sources:
 *  mix/account/accounts, position/all-position, market/contracts, query-position-lever. Pure and total. */
import type { AccountSnapshot, Gap, Position } from '../../../../shared/collateral/snapshot.ts'
import type { Decimal } from '../../../../shared/units/decimal.ts'
import { finishPosition, finishTiers, readBalances } from '../draft.ts'
import {
  isZero,
  minus,
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
export interface BitgetAnswers {
  readonly accounts: unknown
  readonly positions: unknown
  readonly contracts: unknown
  /** query-position-lever rows of every symbol held. */
  readonly tiers: unknown
  readonly tickers: unknown
}

const dataOf = (answer: unknown): readonly unknown[] | undefined =>
  parseList(parseRow(answer)?.['data'])

interface Tables {
  readonly contracts: ReadonlyMap<string, Row>
  readonly tickers: ReadonlyMap<string, Row>
  readonly tiers: readonly Row[]
}

/** One tick: priceEndStep steps of the last decimal place. */
function tickSizeOf(contract: Row | undefined): Decimal | null {
  const places = Number(parseExact(contract?.['pricePlace']) ?? Number.NaN)
  const step = parseExact(contract?.['priceEndStep'])
  if (!Number.isInteger(places) || places < 0 || places > 18 || step === undefined) return null
  const unit = parseExact(`1e-${places}`)
  return unit === undefined ? null : times(unit, step)
}

function fundingOf(contract: Row | undefined, ticker: Row | undefined): Position['funding'] {
  const rate = parseExact(ticker?.['fundingRate'])
  const hours = parseExact(contract?.['fundInterval'])
  if (rate === undefined || hours === undefined || !(Number(hours) > 0)) return null
  return { rate, intervalHours: Number(hours) }
}

function readPosition(row: Row, tables: Tables, gaps: Gap[]): Position | null {
  const symbol = nameOf(row['symbol'])
  const fields = readFields(row, `positions.${symbol}`, gaps)
  const size = fields.decimal('total')
  if (size === null || isZero(size)) return null
  const settle = fields.text('marginCoin')
  const contract = tables.contracts.get(symbol)
  const quote = contract?.['quoteCoin']
  if (settle !== null && typeof quote === 'string' && settle !== quote) {
    fields.report('marginCoin', 'unsupported')
    return null
  }
  const said = row['baseCoin'] ?? contract?.['baseCoin']
  const side = row['holdSide']
  const held = side === 'long' || side === 'short' ? side : null
  const mode = row['marginMode']
  const marginMode = mode === 'crossed' ? 'cross' : mode === 'isolated' ? 'isolated' : null
  const tiers = tables.tiers
    .filter((tier) => tier['symbol'] === symbol)
    .map((tier) => ({
      floor: parseExact(tier['startUnit']),
      rate: parseExact(tier['keepMarginRate']),
      deduction: parseExact(tier['deduction'] || '0'),
    }))
  return finishPosition('bitget', {
    fields,
    symbol,
    base: typeof said === 'string' ? said : null,
    settle,
    contractType: 'linear',
    side: held,
    leg: row['posMode'] === 'hedge_mode' && held !== null ? held : 'both',
    size,
    entry: fields.decimal('openPriceAvg'),
    mark: fields.decimal('markPrice'),
    marginMode,
    marginModeSaid: mode,
    isolatedWallet: marginMode === 'isolated' ? fields.decimal('marginSize') : null,
    leverage: fields.decimalIfSaid('leverage'),
    tiers: finishTiers(tiers, symbol, gaps),
    maintenance: null,
    unrealised: fields.decimal('unrealizedPL'),
    liquidation: fields.decimalIfSaid('liquidationPrice'),
    tickSize: tickSizeOf(contract),
    funding: fundingOf(contract, tables.tickers.get(symbol)),
  })
}

export function parseBitgetAccount(
  identity: SnapshotIdentity,
  answers: BitgetAnswers,
  received: Received,
): Parsed<AccountSnapshot> {
  const accounts = dataOf(answers.accounts)
  if (accounts === undefined) return malformed('accounts.data', answers.accounts)
  const rows = dataOf(answers.positions)
  if (rows === undefined) return malformed('positions.data', answers.positions)
  const gaps = failedAnswers(answers)
  const tables: Tables = {
    contracts: rowsBy(dataOf(answers.contracts), 'symbol'),
    tickers: rowsBy(dataOf(answers.tickers), 'symbol'),
    tiers: (dataOf(answers.tiers) ?? []).map((row) => parseRow(row) ?? {}),
  }
  const read = (row: Row) => readPosition(row, tables, gaps)
  const positions = readRows(rows, 'positions', positionKey('symbol', 'holdSide'), read, gaps)
  const { collaterals, orderMargin } = readBalances(
    accounts,
    'marginCoin',
    positions,
    gaps,
    (fields) => {
      const equity = fields.decimal('accountEquity')
      const profit = fields.decimal('unrealizedPL')
      return {
        total: equity === null || profit === null ? null : minus(equity, profit),
        orders: fields.decimal('locked'),
        withdrawable: fields.decimal('maxTransferOut'),
      }
    },
  )
  const union = accounts.map(parseRow).some((row) => row?.['assetMode'] === 'union')
  const only = accounts.length === 1 ? parseRow(accounts[0]) : undefined
  const totals = only === undefined ? undefined : readFields(only, 'account', gaps)
  const dates = [answers.accounts, answers.positions].map((answer) =>
    parseInstant(parseRow(answer)?.['requestTime']),
  )
  const mode = parseRow(rows[0])?.['posMode']
  return finishSnapshot('bitget', identity, {
    asOf: datedAt(dates, received),
    source: 'Bitget v2 mix accounts, all-position',
    marginMode: union ? 'multi-asset' : 'single-asset',
    positionMode: mode === 'hedge_mode' ? 'hedge' : mode === 'one_way_mode' ? 'one-way' : null,
    collaterals,
    positions,
    orderMargin,
    reported: {
      equity: totals?.decimal('accountEquity') ?? null,
      maintenance: null,
      withdrawable: totals?.decimal('maxTransferOut') ?? null,
    },
    gaps,
  })
}
