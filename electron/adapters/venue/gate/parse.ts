/** Raw futures answers of Gate → AccountSnapshot. Leverage 0 means cross. Sizes are contracts × quanto
 *  multiplier (linear) or USD (inverse); `total` counts isolated margins and leaves profit and loss out.
 *  Sources: futures/{settle}/accounts, positions, contracts, risk_limit_tiers. Pure and total. */
import type { AccountSnapshot, Gap, Position } from '../../../../shared/collateral/snapshot.ts'
import { finishPosition, finishTiers, fromCaps, readBalances, sumOrNull } from '../draft.ts'
import {
  isZero,
  lookUp,
  nameOf,
  parseExact,
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
export interface GateAnswers {
  /** accounts, one answer a settle currency. */
  readonly accounts: unknown
  readonly positions: unknown
  readonly contracts: unknown
  /** risk_limit_tiers by contract name. */
  readonly riskLimitTiers: unknown
}

interface Tables {
  readonly contracts: ReadonlyMap<string, Row>
  readonly tiers: Row
}

/** Each row reaches up to its risk_limit, in the settle currency. */
function tiersOf(symbol: string, tables: Tables, gaps: Gap[]) {
  const rows = (parseList(lookUp(tables.tiers, symbol)) ?? [])
    .map((item) => parseRow(item) ?? {})
    .map((row) => ({
      cap: parseExact(row['risk_limit']),
      rate: parseExact(row['maintenance_rate']),
      deduction: parseExact(row['deduction'] || '0'),
    }))
  return finishTiers(fromCaps(rows), symbol, gaps)
}

function fundingOf(contract: Row | undefined): Position['funding'] {
  const rate = parseExact(contract?.['funding_rate'])
  const seconds = parseExact(contract?.['funding_interval'])
  if (rate === undefined || seconds === undefined || !(Number(seconds) > 0)) return null
  return { rate, intervalHours: Number(seconds) / 3600 }
}

const legs: Readonly<Record<string, Position['leg']>> = {
  single: 'both',
  dual_long: 'long',
  dual_short: 'short',
}

function readPosition(row: Row, tables: Tables, gaps: Gap[]): Position | null {
  const symbol = nameOf(row['contract'])
  const fields = readFields(row, `positions.${symbol}`, gaps)
  const contracts = fields.decimal('size')
  if (contracts === null || isZero(contracts)) return null
  const contract = tables.contracts.get(symbol)
  const type = contract?.['type']
  const contractType = type === 'direct' ? 'linear' : type === 'inverse' ? 'inverse' : null
  const multiplier = parsePositive(contract?.['quanto_multiplier'])
  const usd = contractType === 'inverse' ? contracts : null
  const coins = multiplier === undefined ? null : times(contracts, multiplier)
  const leverage = fields.decimal('leverage')
  const isolated = leverage !== null && !isZero(leverage)
  const [base = '', quote = ''] = symbol.split('_')
  return finishPosition('gate', {
    fields,
    symbol,
    base: base === '' ? null : base,
    settle: contractType === 'inverse' ? base : quote === '' ? null : quote,
    contractType,
    side: contracts.startsWith('-') ? 'short' : 'long',
    // Older answers leave it out: they know one mode only.
    leg: row['mode'] === undefined ? 'both' : (lookUp(legs, nameOf(row['mode'])) ?? null),
    size: contractType === 'inverse' ? usd : coins,
    entry: fields.decimal('entry_price'),
    mark: fields.decimal('mark_price'),
    marginMode: leverage === null ? null : isolated ? 'isolated' : 'cross',
    marginModeSaid: row['leverage'],
    isolatedWallet: isolated ? fields.decimal('margin') : null,
    leverage: isolated ? leverage : fields.decimalIfSaid('cross_leverage_limit'),
    tiers: tiersOf(symbol, tables, gaps),
    maintenance: fields.decimalIfSaid('maintenance_margin'),
    unrealised: fields.decimal('unrealised_pnl'),
    liquidation: fields.decimalIfSaid('liq_price'),
    tickSize: parseExact(contract?.['order_price_round']) ?? null,
    funding: fundingOf(contract),
  })
}

export function parseGateAccount(
  identity: SnapshotIdentity,
  answers: GateAnswers,
  received: Received,
): Parsed<AccountSnapshot> {
  const accounts = parseList(answers.accounts)
  if (accounts === undefined) return malformed('accounts', answers.accounts)
  const rows = parseList(answers.positions)
  if (rows === undefined) return malformed('positions', answers.positions)
  const gaps = failedAnswers(answers)
  const tables: Tables = {
    contracts: rowsBy(answers.contracts, 'name'),
    tiers: parseRow(answers.riskLimitTiers) ?? {},
  }
  const read = (row: Row) => readPosition(row, tables, gaps)
  const positions = readRows(rows, 'positions', positionKey('contract', 'mode'), read, gaps)
  const { collaterals, orderMargin } = readBalances(
    accounts,
    'currency',
    positions,
    gaps,
    (fields) => ({
      total: fields.decimal('total'),
      orders: fields.decimal('order_margin'),
      withdrawable: fields.decimal('available'),
    }),
  )
  const only = accounts.length === 1 ? parseRow(accounts[0]) : undefined
  const totals = only === undefined ? undefined : readFields(only, 'account', gaps)
  const dual = accounts.map(parseRow).map((row) => row?.['in_dual_mode'])
  return finishSnapshot('gate', identity, {
    asOf: datedAt([], received),
    source: 'Gate futures accounts, positions',
    marginMode: 'single-asset',
    positionMode: dual.includes(true) ? 'hedge' : dual.includes(false) ? 'one-way' : null,
    collaterals,
    positions,
    orderMargin,
    reported: {
      equity:
        totals === undefined
          ? null
          : sumOrNull([totals.decimal('total'), totals.decimal('unrealised_pnl')]),
      maintenance: totals?.decimalIfSaid('cross_maintenance_margin') ?? null,
      withdrawable: totals?.decimal('available') ?? null,
    },
    gaps,
  })
}
