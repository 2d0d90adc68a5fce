/** Raw api/sapi answers → the port's own shapes: networks, balances, legs, addresses, rights.
 *  Pure and total; a row that cannot be read exactly makes its answer malformed. */
import type {
  DepositAddress,
  KeyPermissions,
  VenueLegState,
  VenueNetwork,
} from '../../../host/ports.ts'
import { type Amount, amountFromDecimal, type Asset } from '../../../../shared/units/amount.ts'
import type { Decimal } from '../../../../shared/units/decimal.ts'
import { parseExact, parseInstant, parseList, parseRow, quoteValue, type Row } from '../fields.ts'
import { amountRoundedUp, type Chains, chainOf } from '../networks.ts'
import type { Parsed } from '../parsed.ts'

const malformed = (field: string, value: unknown) =>
  ({ kind: 'malformed', field, value: quoteValue(value) }) as const
const parsed = <T>(value: T): Parsed<T> => ({ kind: 'parsed', value })

function textOf(row: Row | undefined, name: string): string | undefined {
  const value = row?.[name]
  return typeof value === 'string' && value.length <= 200 ? value : undefined
}

function nonNegative(value: unknown): Decimal | undefined {
  const decimal = parseExact(value)
  return decimal === undefined || decimal.startsWith('-') ? undefined : decimal
}

interface Terms {
  readonly fee: Amount
  readonly minimum: Amount
  readonly maximum: Amount
  readonly step: Amount
}

function termsOf(row: Row, asset: Asset): Terms | null {
  const fee = nonNegative(row['withdrawFee'])
  const minimum = nonNegative(row['withdrawMin'])
  const maximum = nonNegative(row['withdrawMax'])
  const step = nonNegative(row['withdrawIntegerMultiple'])
  if (fee === undefined || minimum === undefined) return null
  if (maximum === undefined || step === undefined) return null
  const terms = {
    fee: amountRoundedUp(asset, fee),
    minimum: amountRoundedUp(asset, minimum),
    maximum: amountFromDecimal(asset, maximum, 'down'),
    step: amountRoundedUp(asset, step),
  }
  if (terms.fee === undefined || terms.minimum === undefined) return null
  if (terms.maximum === undefined || terms.step === undefined) return null
  const { fee: feeAmount, minimum: least, maximum: most, step: multiple } = terms
  // Some networks answer a multiple of 0 for 'any': one base unit.
  const stepAmount = multiple.units === 0n ? { ...multiple, units: 1n } : multiple
  return { fee: feeAmount, minimum: least, maximum: most, step: stepAmount }
}

/** capital/config/getall → the networks of one asset; an unreadable network is left out. */
export function parseNetworks(
  answer: unknown,
  asset: Asset,
  chains: Chains,
): Parsed<readonly VenueNetwork[]> {
  const coins = parseList(answer)
  if (coins === undefined) return malformed('capital.config', answer)
  const coin = coins.map(parseRow).find((row) => row?.['coin'] === asset.symbol)
  if (coin === undefined) return parsed([])
  const list = parseList(coin['networkList'])
  if (list === undefined) return malformed(`${asset.symbol}.networkList`, coin['networkList'])
  const networks: VenueNetwork[] = []
  for (const item of list) {
    const row = parseRow(item)
    const network = textOf(row, 'network')
    const terms = row === undefined ? null : termsOf(row, asset)
    if (row === undefined || network === undefined || network === '' || terms === null) continue
    const contract = textOf(row, 'contractAddress')
    const dust = nonNegative(row['depositDust'])
    const confirmations = parseExact(row['minConfirm'])
    networks.push({
      asset,
      network,
      chain: chainOf(chains, network),
      // Anything but a clear yes is a no.
      withdrawEnabled: row['withdrawEnable'] === true,
      depositEnabled: row['depositEnable'] === true,
      ...terms,
      depositMinimum: dust === undefined ? null : (amountRoundedUp(asset, dust) ?? null),
      contract: contract === undefined || contract === '' ? null : contract,
      confirmations: confirmations === undefined ? null : Number(confirmations),
    })
  }
  return parsed(networks)
}

/** api/v3/account → the free balance of one asset; an asset it does not list is zero, as Binance omits those. */
export function parseSpotBalance(answer: unknown, asset: Asset): Parsed<Amount> {
  const balances = parseList(parseRow(answer)?.['balances'])
  if (balances === undefined) return malformed('balances', parseRow(answer)?.['balances'] ?? answer)
  const row = balances.map(parseRow).find((balance) => balance?.['asset'] === asset.symbol)
  if (row === undefined) return parsed({ asset: asset.symbol, decimals: asset.decimals, units: 0n })
  const free = nonNegative(row['free'])
  const read = free === undefined ? undefined : amountFromDecimal(asset, free, 'down')
  return read === undefined ? malformed(`balances.${asset.symbol}.free`, row['free']) : parsed(read)
}

/** account/apiRestrictions. A right the venue does not mention is unknown. */
export function parsePermissions(answer: unknown): Parsed<KeyPermissions> {
  const row = parseRow(answer)
  const read = row?.['enableReading']
  if (row === undefined || typeof read !== 'boolean')
    return malformed('enableReading', read ?? answer)
  const right = (name: string): boolean | null => {
    const value = row[name]
    return typeof value === 'boolean' ? value : null
  }
  const any = (...rights: readonly (boolean | null)[]): boolean | null =>
    rights.includes(true) ? true : rights.includes(null) ? null : false
  return parsed({
    read,
    trade: any(right('enableSpotAndMarginTrading'), right('enableFutures')),
    withdraw: right('enableWithdrawals'),
    internalTransfer: any(right('permitsUniversalTransfer'), right('enableInternalTransfer')),
    ipRestricted: right('ipRestrict'),
  })
}

/** capital/deposit/address */
export function parseDepositAddress(answer: unknown, network: string): Parsed<DepositAddress> {
  const row = parseRow(answer)
  const address = textOf(row, 'address')
  if (address === undefined || address === '')
    return malformed('address', row?.['address'] ?? answer)
  const tag = textOf(row, 'tag')
  return parsed({ address, network, tag: tag === undefined || tag === '' ? null : tag })
}

/** capital/deposit/address/list → its default, or its only, address. */
export function parseDepositAddressList(answer: unknown, network: string): Parsed<DepositAddress> {
  const rows = parseList(answer)
  if (rows === undefined || rows.length === 0) return malformed('address.list', answer)
  const first = rows.map(parseRow).find((row) => parseExact(row?.['isDefault']) === '1')
  return parseDepositAddress(first ?? rows[0], network)
}

/** 'YYYY-MM-DD HH:MM:SS', UTC. */
export function parseUtcText(value: unknown): number | null {
  if (typeof value !== 'string') return null
  const match = /^(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2})$/.exec(value)
  if (match === null) return null
  const at = Date.parse(`${match[1]}T${match[2]}Z`)
  return Number.isNaN(at) ? null : at
}

/** capital/withdraw/history → the withdrawal with this client id. Several rows with one id are malformed. */
export function parseWithdrawal(answer: unknown, clientId: string): Parsed<VenueLegState> {
  const rows = parseList(answer)
  if (rows === undefined) return malformed('withdraw.history', answer)
  const mine = rows.map(parseRow).filter((row) => row?.['withdrawOrderId'] === clientId)
  const [row] = mine
  if (row === undefined) return parsed({ kind: 'absent' })
  if (mine.length > 1) return malformed('withdrawOrderId', clientId)
  const txid = textOf(row, 'txId')
  switch (Number(parseExact(row['status']) ?? Number.NaN)) {
    case 0:
    case 2:
    case 4:
      return parsed({ kind: 'pending' })
    case 1:
      return parsed({ kind: 'failed', reason: 'cancelled' })
    case 3:
      return parsed({ kind: 'failed', reason: 'rejected by the venue' })
    case 5:
      return parsed({ kind: 'failed', reason: textOf(row, 'info') || 'failed at the venue' })
    case 6: {
      const at = parseUtcText(row['completeTime']) ?? parseUtcText(row['applyTime'])
      if (at === null) return malformed('completeTime', row['completeTime'])
      return parsed({ kind: 'done', txid: txid === undefined || txid === '' ? null : txid, at })
    }
  }
  return malformed('status', row['status'])
}

/** capital/deposit/hisrec → the deposit of this transaction. Ids compare without case for 0x hashes. */
export function parseDeposit(answer: unknown, txid: string): Parsed<VenueLegState> {
  const rows = parseList(answer)
  if (rows === undefined) return malformed('deposit.hisrec', answer)
  const same = (value: unknown) =>
    typeof value === 'string' &&
    (value === txid || (txid.startsWith('0x') && value.toLowerCase() === txid.toLowerCase()))
  const row = rows.map(parseRow).find((deposit) => same(deposit?.['txId']))
  if (row === undefined) return parsed({ kind: 'absent' })
  switch (Number(parseExact(row['status']) ?? Number.NaN)) {
    case 0:
    case 8:
      return parsed({ kind: 'pending' })
    case 2:
    case 7:
      return parsed({ kind: 'failed', reason: 'rejected by the venue' })
    case 1:
    case 6: {
      const at = parseInstant(row['completeTime']) ?? parseInstant(row['insertTime'])
      return at === null
        ? malformed('insertTime', row['insertTime'])
        : parsed({ kind: 'done', txid, at })
    }
  }
  return malformed('status', row['status'])
}

export interface InternalMove {
  readonly venueId: string
  readonly state: VenueLegState
}

/** asset/transfer history → moves of exactly this amount. Binance leaves `rows` out when there are none. */
export function parseInternalMoves(
  answer: unknown,
  wanted: Amount,
): Parsed<readonly InternalMove[]> {
  const page = parseRow(answer)
  if (page === undefined) return malformed('asset.transfer', answer)
  const rows = page['rows'] === undefined ? [] : parseList(page['rows'])
  if (rows === undefined) return malformed('rows', page['rows'])
  const asset = { symbol: wanted.asset, decimals: wanted.decimals }
  const moves: InternalMove[] = []
  for (const item of rows) {
    const row = parseRow(item)
    const text = nonNegative(row?.['amount'])
    const venueId = row?.['tranId']
    const named = typeof venueId === 'number' || typeof venueId === 'string'
    if (row === undefined || text === undefined || !named) return malformed('rows', item)
    const moved = amountFromDecimal(asset, text, 'exact')
    if (row['asset'] !== wanted.asset || moved?.units !== wanted.units) continue
    const at = parseInstant(row['timestamp'])
    if (at === null) return malformed('timestamp', row['timestamp'])
    moves.push({ venueId: String(venueId), state: moveState(row['status'], at) })
  }
  return parsed(moves)
}

function moveState(status: unknown, at: number): VenueLegState {
  if (status === 'CONFIRMED') return { kind: 'done', txid: null, at }
  if (status === 'FAILED') return { kind: 'failed', reason: 'failed at the venue' }
  // 'PENDING', and whatever Binance may add: not known to be done.
  return { kind: 'pending' }
}
