/** Raw v5 answers of OKX → AccountSnapshot. Sizes are counted in contracts of ctVal × ctMult; tiers too,
 *  without deductions. cashBal leaves isolated margin out. Sources: account/balance, positions, config;
 *  public/instruments, position-tiers, mark-price, funding-rate. Pure and total. */
import type { AccountSnapshot, Gap, Position } from '../../../../shared/collateral/snapshot.ts'
import type { Decimal } from '../../../../shared/units/decimal.ts'
import {
  finishHaircuts,
  finishPosition,
  finishTiers,
  notCounted,
  oneForOne,
  priceFrom,
  zeroOrNull,
} from '../draft.ts'
import {
  isZero,
  lookUp,
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
export interface OkxAnswers {
  readonly balance: unknown
  readonly positions: unknown
  readonly config: unknown
  readonly instruments: unknown
  /** position-tiers of every family held, rows of all together. */
  readonly positionTiers: unknown
  readonly markPrice: unknown
  readonly fundingRate: unknown
  /** account/max-withdrawal */
  readonly maxWithdrawal: unknown
  /** public/discount-rate-interest-free-quota of the currencies held; asked for in multi-currency mode only. */
  readonly discountRates?: unknown
}

const dataOf = (answer: unknown): readonly unknown[] | undefined =>
  parseList(parseRow(answer)?.['data'])

interface Tables {
  readonly instruments: ReadonlyMap<string, Row>
  readonly marks: ReadonlyMap<string, Row>
  readonly funding: ReadonlyMap<string, Row>
  readonly tiers: readonly Row[]
}

const HOUR_MS = 3_600_000

function fundingOf(row: Row | undefined): Position['funding'] {
  const rate = parseExact(row?.['fundingRate'])
  const from = parseInstant(row?.['fundingTime'])
  const to = parseInstant(row?.['nextFundingTime'])
  if (rate === undefined || from === null || to === null || to <= from) return null
  return { rate, intervalHours: (to - from) / HOUR_MS }
}

/** Base (linear) or USD (inverse) a contract. */
function contractValue(instrument: Row | undefined): Decimal | null {
  const value = parsePositive(instrument?.['ctVal'])
  const multiplier = parsePositive(instrument?.['ctMult'] || '1')
  return value === undefined || multiplier === undefined ? null : times(value, multiplier)
}

/** Long and short by posSide, or by the sign of pos in net mode. */
function sideOf(row: Row, pos: Decimal | null): Position['side'] | null {
  const side = row['posSide']
  if (side === 'long' || side === 'short') return side
  if (pos === null || (side !== 'net' && side !== undefined)) return null
  return pos.startsWith('-') ? 'short' : 'long'
}

function readPosition(row: Row, tables: Tables, gaps: Gap[]): Position | null {
  const symbol = nameOf(row['instId'])
  const fields = readFields(row, `positions.${symbol}`, gaps)
  const pos = fields.decimal('pos')
  if (pos !== null && isZero(pos)) return null
  const kind = row['instType']
  if (kind !== undefined && kind !== 'SWAP' && kind !== 'FUTURES') {
    fields.report('instType', 'unsupported')
    return null
  }
  const instrument = tables.instruments.get(symbol)
  const type = instrument?.['ctType']
  const contractType = type === 'linear' || type === 'inverse' ? type : null
  const each = contractValue(instrument)
  const mark =
    fields.decimalIfSaid('markPx') ?? parseExact(tables.marks.get(symbol)?.['markPx']) ?? null
  const family = instrument?.['instFamily'] ?? instrument?.['uly']
  const [coin = ''] = symbol.split('-')
  // `ccy` is what the margin lies in; profit and loss are counted in the contract's own settle currency.
  const settles = instrument?.['settleCcy']
  const settle = typeof settles === 'string' && settles !== '' ? settles : fields.text('ccy')
  const side = sideOf(row, pos)
  const mode = row['mgnMode']
  const floorPrice = mark === null ? Number.NaN : Number(mark)
  const scale =
    each === null
      ? Number.NaN
      : Number(each) * (contractType === 'inverse' ? 1 / floorPrice : floorPrice)
  const tierRows = tables.tiers
    .filter((tier) => (tier['instFamily'] || tier['uly']) === family && family !== undefined)
    .map((tier) => ({
      floor: parseExact(tier['minSz']),
      rate: parseExact(tier['mmr']),
      deduction: parseExact('0'),
      scale,
    }))
  const unrealised = fields.decimal('upl')
  // `margin` of an isolated position is its collateral without profit and loss.
  const isolatedWallet = mode === 'isolated' ? fields.decimal('margin') : null
  return finishPosition('okx', {
    fields,
    symbol,
    base: coin === '' ? null : coin,
    settle,
    contractType,
    side,
    leg: row['posSide'] === 'long' || row['posSide'] === 'short' ? row['posSide'] : 'both',
    size: pos === null || each === null ? null : times(pos, each),
    entry: fields.decimal('avgPx'),
    mark,
    marginMode: mode === 'cross' || mode === 'isolated' ? mode : null,
    marginModeSaid: mode,
    isolatedWallet,
    leverage: fields.decimalIfSaid('lever'),
    tiers: finishTiers(tierRows, symbol, gaps),
    maintenance: fields.decimalIfSaid('mmr'),
    unrealised,
    liquidation: fields.decimalIfSaid('liqPx'),
    tickSize: parseExact(instrument?.['tickSz']) ?? null,
    funding: fundingOf(tables.funding.get(symbol)),
  })
}

const modes: Readonly<Record<string, AccountSnapshot['marginMode']>> = {
  '1': 'single-asset',
  '2': 'single-asset',
  '3': 'multi-asset',
  '4': 'portfolio',
}

export function parseOkxAccount(
  identity: SnapshotIdentity,
  answers: OkxAnswers,
  received: Received,
): Parsed<AccountSnapshot> {
  const account = parseRow(dataOf(answers.balance)?.[0])
  const details = parseList(account?.['details'])
  if (account === undefined || details === undefined) {
    return malformed('balance.details', answers.balance)
  }
  const rows = dataOf(answers.positions)
  if (rows === undefined) return malformed('positions.data', answers.positions)
  const config = parseRow(dataOf(answers.config)?.[0])
  const level = config?.['acctLv']
  const marginMode = lookUp(modes, nameOf(level))
  if (marginMode === undefined) return malformed('config.acctLv', level)
  const gaps = failedAnswers(answers)
  const tables: Tables = {
    instruments: rowsBy(dataOf(answers.instruments), 'instId'),
    marks: rowsBy(dataOf(answers.markPrice), 'instId'),
    funding: rowsBy(dataOf(answers.fundingRate), 'instId'),
    tiers: (dataOf(answers.positionTiers) ?? []).map((tier) => parseRow(tier) ?? {}),
  }
  const positions = readRows(
    rows,
    'positions',
    positionKey('instId', 'posSide'),
    (row) => readPosition(row, tables, gaps),
    gaps,
  )
  const withdrawals = rowsBy(dataOf(answers.maxWithdrawal), 'ccy')
  const discounts = rowsBy(dataOf(answers.discountRates), 'ccy')
  const steps = { floor: 'minAmt', weight: 'discountRate' }
  const orders: (Decimal | null)[] = []
  const collaterals = readRows(
    details,
    'assets',
    (row) => nameOf(row['ccy']),
    (row) => {
      const asset = nameOf(row['ccy'])
      const fields = readFields(row, `assets.${asset}`, gaps)
      const cash = fields.decimal('cashBal')
      orders.push(fields.decimalIfSaid('ordFrozen'))
      if (cash === null) return null
      const debt = fields.decimalIfSaid('interest')
      const wallet = debt === null ? cash : minus(cash, debt)
      const priceUsd = priceFrom(row['eqUsd'], row['eq'])
      if (priceUsd === null && !isZero(wallet)) fields.report('priceUsd', 'missing')
      const haircuts =
        marginMode === 'single-asset'
          ? oneForOne
          : row['collateralEnabled'] === false
            ? notCounted
            : finishHaircuts(discounts.get(asset)?.['details'], steps, fields)
      const withdrawable = parseExact(withdrawals.get(asset)?.['maxWd']) ?? null
      return { asset, wallet, priceUsd, haircuts, withdrawable }
    },
    gaps,
  )
  const totals = readFields(account, 'balance', gaps)
  const hedge = config?.['posMode']
  return finishSnapshot('okx', identity, {
    asOf: datedAt([parseInstant(account['uTime'])], received),
    source: 'OKX v5 account/balance, positions',
    marginMode,
    positionMode: hedge === 'long_short_mode' ? 'hedge' : hedge === 'net_mode' ? 'one-way' : null,
    collaterals,
    positions,
    orderMargin: zeroOrNull(orders),
    reported: {
      equity: totals.decimalIfSaid('adjEq') ?? totals.decimalIfSaid('totalEq'),
      maintenance: totals.decimalIfSaid('mmr'),
      withdrawable: null,
    },
    gaps,
  })
}
