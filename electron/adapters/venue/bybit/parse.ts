/** Raw v5 answers of a Bybit unified account → AccountSnapshot. Sizes in base for linear, in USD for
 *  inverse. A position's margin is positionBalance. Sources: account/wallet-balance, account/info,
 *  position/list, market/instruments-info, risk-limit, tickers. Pure and total. */
import type { AccountSnapshot, Gap, Position } from '../../../../shared/collateral/snapshot.ts'
import type { Decimal } from '../../../../shared/units/decimal.ts'
import {
  crossWallet,
  finishHaircuts,
  finishPosition,
  finishTiers,
  fromCaps,
  notCounted,
  oneForOne,
  priceFrom,
  zeroOrNull,
} from '../draft.ts'
import {
  isZero,
  lookUp,
  nameOf,
  parseExact,
  parseInstant,
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
export interface BybitAnswers {
  readonly wallet: unknown
  /** position/list, one answer a category and settle coin, pages joined by the caller. */
  readonly positions: unknown
  readonly accountInfo: unknown
  readonly instruments: unknown
  readonly riskLimits: unknown
  readonly tickers: unknown
  /** spot-margin-trade/collateral; asked for in cross (multi-asset) mode only. */
  readonly collateralRatios?: unknown
}

const resultOf = (answer: unknown): Row | undefined => parseRow(parseRow(answer)?.['result'])
const listOf = (answer: unknown): readonly unknown[] | undefined =>
  parseList(resultOf(answer)?.['list'])

interface Tables {
  readonly instruments: ReadonlyMap<string, Row>
  readonly tickers: ReadonlyMap<string, Row>
  readonly limits: readonly Row[]
  readonly accountIsolated: boolean
}

/** Each row reaches up to its riskLimitValue; rates come as percent or as a fraction, by field. */
function tiersOf(symbol: string, tables: Tables, gaps: Gap[]) {
  const rows = tables.limits
    .filter((row) => row['symbol'] === symbol)
    .map((row) => ({
      cap: parseExact(row['riskLimitValue']),
      rate: parseExact(row['maintenanceMargin']),
      deduction: parseExact(row['mmDeduction'] || '0'),
    }))
  return finishTiers(fromCaps(rows), symbol, gaps)
}

function fundingOf(instrument: Row | undefined, ticker: Row | undefined): Position['funding'] {
  const rate = parseExact(ticker?.['fundingRate'])
  const minutes = parseExact(instrument?.['fundingInterval'])
  if (rate === undefined || minutes === undefined || !(Number(minutes) > 0)) return null
  return { rate, intervalHours: Number(minutes) / 60 }
}

const legs: Readonly<Record<string, Position['leg']>> = { '0': 'both', '1': 'long', '2': 'short' }

function readPosition(row: Row, tables: Tables, gaps: Gap[]): Position | null {
  const symbol = nameOf(row['symbol'])
  const fields = readFields(row, `positions.${symbol}`, gaps)
  const size = fields.decimal('size')
  if (size === null || isZero(size)) return null
  const instrument = tables.instruments.get(symbol)
  const ticker = tables.tickers.get(symbol)
  const type = nameOf(instrument?.['contractType'])
  const side = row['side']
  // Unified accounts have one mode for all; older rows say it themselves, and must not say anything else.
  const own = row['tradeMode'] === undefined ? '0' : nameOf(row['tradeMode'])
  const said = own === '0' || own === '1' || own === ''
  const isolated = tables.accountIsolated || own === '1'
  const base = instrument?.['baseCoin']
  const settle = instrument?.['settleCoin']
  const tick = parseRow(instrument?.['priceFilter'])?.['tickSize']
  const mark = fields.decimalIfSaid('markPrice') ?? parseExact(ticker?.['markPrice']) ?? null
  return finishPosition('bybit', {
    fields,
    symbol,
    base: typeof base === 'string' ? base : null,
    settle: typeof settle === 'string' ? settle : null,
    contractType: type.startsWith('Linear')
      ? 'linear'
      : type.startsWith('Inverse')
        ? 'inverse'
        : null,
    side: side === 'Buy' ? 'long' : side === 'Sell' ? 'short' : null,
    leg: lookUp(legs, nameOf(row['positionIdx'])) ?? null,
    size,
    entry: fields.decimalIfSaid('avgPrice') ?? fields.decimal('entryPrice'),
    mark,
    marginMode: said ? (isolated ? 'isolated' : 'cross') : null,
    marginModeSaid: row['tradeMode'],
    isolatedWallet: isolated ? fields.decimal('positionBalance') : null,
    leverage: fields.decimalIfSaid('leverage'),
    tiers: tiersOf(symbol, tables, gaps),
    maintenance: fields.decimalIfSaid('positionMM'),
    unrealised: fields.decimal('unrealisedPnl'),
    liquidation: fields.decimalIfSaid('liqPrice'),
    tickSize: parseExact(tick) ?? null,
    funding: fundingOf(instrument, ticker),
  })
}

const modes: Readonly<Record<string, AccountSnapshot['marginMode']>> = {
  ISOLATED_MARGIN: 'single-asset',
  REGULAR_MARGIN: 'multi-asset',
  PORTFOLIO_MARGIN: 'portfolio',
}

export function parseBybitAccount(
  identity: SnapshotIdentity,
  answers: BybitAnswers,
  received: Received,
): Parsed<AccountSnapshot> {
  const account = parseRow(listOf(answers.wallet)?.[0])
  const coins = parseList(account?.['coin'])
  if (account === undefined || coins === undefined) return malformed('wallet.coin', answers.wallet)
  const pages = parseList(answers.positions)
  if (pages === undefined) return malformed('positions', answers.positions)
  const lists = pages.map(listOf)
  const broken = lists.findIndex((list) => list === undefined)
  if (broken >= 0) return malformed(`positions.${broken}.list`, pages[broken])
  const mode = resultOf(answers.accountInfo)?.['marginMode']
  const marginMode = lookUp(modes, nameOf(mode))
  if (marginMode === undefined) return malformed('accountInfo.marginMode', mode)
  const gaps = failedAnswers(answers)
  const tables: Tables = {
    instruments: rowsBy(listOf(answers.instruments), 'symbol'),
    tickers: rowsBy(listOf(answers.tickers), 'symbol'),
    limits: (listOf(answers.riskLimits) ?? []).map((row) => parseRow(row) ?? {}),
    accountIsolated: mode === 'ISOLATED_MARGIN',
  }
  const positions = readRows(
    lists.flatMap((list) => list ?? []),
    'positions',
    positionKey('symbol', 'positionIdx'),
    (row) => readPosition(row, tables, gaps),
    gaps,
  )
  const ratios = rowsBy(listOf(answers.collateralRatios), 'currency')
  const steps = { floor: 'minQty', weight: 'collateralRatio' }
  const orders: (Decimal | null)[] = []
  const collaterals = readRows(
    coins,
    'assets',
    (row) => nameOf(row['coin']),
    (row) => {
      const asset = nameOf(row['coin'])
      const fields = readFields(row, `assets.${asset}`, gaps)
      const total = fields.decimal('walletBalance')
      orders.push(fields.decimalIfSaid('totalOrderIM'))
      if (total === null) return null
      const wallet = crossWallet(total, asset, positions)
      const priceUsd = priceFrom(row['usdValue'], row['equity'])
      if (priceUsd === null && !isZero(total)) fields.report('priceUsd', 'missing')
      const haircuts =
        marginMode === 'single-asset'
          ? oneForOne
          : row['collateralSwitch'] === false || row['marginCollateral'] === false
            ? notCounted
            : finishHaircuts(ratios.get(asset)?.['collateralRatioList'], steps, fields)
      const withdrawable = fields.decimalIfSaid('availableToWithdraw')
      return { asset, wallet, priceUsd, haircuts, withdrawable }
    },
    gaps,
  )
  const totals = readFields(account, 'wallet', gaps)
  const dates = [answers.wallet, ...pages].map((answer) => parseInstant(parseRow(answer)?.['time']))
  return finishSnapshot('bybit', identity, {
    asOf: datedAt(dates, received),
    source: 'Bybit v5 wallet-balance, position/list',
    marginMode,
    positionMode: null,
    collaterals,
    positions,
    orderMargin: zeroOrNull(orders),
    reported: {
      equity: totals.decimalIfSaid('totalEquity'),
      maintenance: totals.decimalIfSaid('totalMaintenanceMargin'),
      withdrawable: null,
    },
    gaps,
  })
}
