/** Raw indexer answers of dYdX v4 → AccountSnapshot. One USDC pool a subaccount; the quote balance
 *  carries cost and profit together, so the wallet is quote + Σ size × entry. Oracle prices mark. The
 *  venue reports no maintenance and no liquidation price. Pure and total. */
import Big from 'big.js'
import type { AccountSnapshot, Gap, Position } from '../../../../shared/collateral/snapshot.ts'
import { type Decimal, decimalFromBig, parseDecimal } from '../../../../shared/units/decimal.ts'
import { finishPosition, finishTiers, oneForOne } from '../draft.ts'
import { isZero, lookUp, nameOf, parseExact, parseRow, readFields, type Row } from '../fields.ts'
import type { Parsed, SnapshotIdentity } from '../parsed.ts'
import { datedAt, failedAnswers, finishSnapshot, malformed, type Received } from '../snapshot.ts'

/** Raw answers; undefined where the call failed. */
export interface DydxAnswers {
  /** addresses/…/subaccountNumber/… */
  readonly subaccount: unknown
  readonly perpetualMarkets: unknown
}

function readPosition(row: Row, markets: Row, gaps: Gap[]): Position | null {
  const symbol = nameOf(row['market'])
  const fields = readFields(row, `positions.${symbol}`, gaps)
  const size = fields.decimal('size')
  if (size === null || isZero(size)) return null
  const market = parseRow(lookUp(markets, symbol))
  const said = row['side']
  const side = said === 'LONG' ? 'long' : said === 'SHORT' ? 'short' : null
  // Shorts carry a negative size; a side that disagrees with it is no side.
  const agrees = side !== null && (side === 'short') === size.startsWith('-')
  const rate = parseExact(market?.['nextFundingRate'])
  const tier = {
    floor: parseExact('0'),
    rate: parseExact(market?.['maintenanceMarginFraction']),
    deduction: parseExact('0'),
  }
  const [base = ''] = symbol.split('-')
  return finishPosition('dydx', {
    fields,
    symbol,
    base: base === '' ? null : base,
    settle: 'USDC',
    contractType: 'linear',
    side: agrees ? side : null,
    leg: 'both',
    size,
    entry: fields.decimal('entryPrice'),
    mark: parseExact(market?.['oraclePrice']) ?? null,
    marginMode: 'cross',
    marginModeSaid: 'cross',
    isolatedWallet: null,
    leverage: null,
    tiers: finishTiers(market === undefined ? [] : [tier], symbol, gaps),
    maintenance: null,
    unrealised: fields.decimal('unrealizedPnl'),
    liquidation: null,
    tickSize: parseExact(market?.['tickSize']) ?? null,
    funding: rate === undefined ? null : { rate, intervalHours: 1 },
  })
}

function quoteOf(assets: unknown, gaps: Gap[]): Decimal | null {
  const usdc = parseRow(parseRow(assets)?.['USDC'])
  if (usdc === undefined) return null
  const fields = readFields(usdc, 'assets.USDC', gaps)
  const size = fields.decimal('size')
  const side = usdc['side']
  if (size === null || (side !== 'LONG' && side !== 'SHORT')) return null
  const positive = new Big(size).abs()
  return decimalFromBig(side === 'LONG' ? positive : positive.times(-1))
}

/** Quote plus cost of every open row; null when one of them has no readable cost. */
function walletOf(quote: Decimal | null, rows: readonly (Row | undefined)[]): Decimal | null {
  if (quote === null) return null
  let wallet = new Big(quote)
  for (const row of rows) {
    const size = parseExact(row?.['size'])
    const entry = parseExact(row?.['entryPrice'])
    if (size === undefined || entry === undefined) return null
    wallet = wallet.plus(new Big(size).times(entry))
  }
  return parseDecimal(decimalFromBig(wallet.round(18))) ?? null
}

export function parseDydxAccount(
  identity: SnapshotIdentity,
  answers: DydxAnswers,
  received: Received,
): Parsed<AccountSnapshot> {
  const account = parseRow(parseRow(answers.subaccount)?.['subaccount'])
  if (account === undefined) return malformed('subaccount', answers.subaccount)
  const open = parseRow(account['openPerpetualPositions'])
  if (open === undefined) {
    return malformed('openPerpetualPositions', account['openPerpetualPositions'])
  }
  const gaps = failedAnswers(answers)
  const markets = parseRow(parseRow(answers.perpetualMarkets)?.['markets']) ?? {}
  const rows = Object.values(open).map(parseRow)
  const positions: Position[] = []
  for (const [name, row] of Object.entries(open)) {
    const read = parseRow(row)
    if (read === undefined || read['market'] !== name) {
      gaps.push({ field: `positions.${name}`, problem: 'malformed', value: null })
      continue
    }
    const position = readPosition(read, markets, gaps)
    if (position !== null) positions.push(position)
  }
  const totals = readFields(account, 'subaccount', gaps)
  const withdrawable = totals.decimal('freeCollateral')
  const wallet = walletOf(quoteOf(account['assetPositions'], gaps), rows)
  if (wallet === null) gaps.push({ field: 'assets.USDC.wallet', problem: 'missing', value: null })
  const priceUsd = parseDecimal('1') ?? null
  return finishSnapshot('dydx', identity, {
    asOf: datedAt([], received),
    source: 'dYdX indexer subaccount, perpetualMarkets',
    marginMode: 'single-asset',
    positionMode: 'one-way',
    // The venue counts one USDC as one dollar.
    collaterals:
      wallet === null
        ? []
        : [{ asset: 'USDC', wallet, priceUsd, haircuts: oneForOne, withdrawable }],
    positions,
    orderMargin: null,
    reported: { equity: totals.decimal('equity'), maintenance: null, withdrawable },
    gaps,
  })
}
