/** An unsigned PSBT that somebody else made, as a payment of ours. Only its transaction is taken from it: coins,
 *  amounts, previous transactions and ownership come from our own side, and what it claims beside them must
 *  agree. Satoshi. Refuses with PSBT_UNFIT naming the field; signing goes through a normal plan. */
import { hex } from '@scure/base'
import { type Result, ok, refuse } from '../../errors/refusal.ts'
import { BTC, amount, amountToDecimal } from '../../units/amount.ts'
import { encodeBitcoinAddress } from '../../vault/address.ts'
import { openAccount } from '../../vault/derive.ts'
import { readOutputScript } from '../../vault/script.ts'
import { DUST_LIMIT, estimateVirtualSize } from '../../vault/weight.ts'
import type { BitcoinInput, BitcoinOutput, BitcoinTransactionPlan } from '../plan.ts'
import { parseBitcoinTransaction } from '../verify/bitcoinTransaction.ts'
import { type OwnSide, isSigned } from './describePsbt.ts'
import { planInput } from './planInput.ts'
import { INPUT_KEY, OUTPUT_KEY, type Psbt, type PsbtMap } from './psbt.ts'

export interface ForeignPsbtRequest extends OwnSide {
  readonly psbt: Psbt
  /** Master key fingerprint of the account's wallet, 8 hex digits. */
  readonly fingerprint: string
  /** Raw transaction hex by txid, for every coin that the PSBT spends. */
  readonly previousTransactions: ReadonlyMap<string, string>
  readonly feeCap: { readonly absolute: bigint; readonly relativeBps: number }
  readonly feeCapSatPerVb: number
  readonly tipHeight: number
}

export type ForeignPsbtRefusals =
  | 'PSBT_UNFIT'
  | 'NETWORK_MISMATCH'
  | 'FEE_OVER_CAP'
  | 'AMOUNT_UNDER_MINIMUM'
  | 'INPUT_INVALID'
  | 'CHAIN_LIED'

/** Below it a node would not pass the transaction on. */
const leastSatPerVb = 1
const mostInputs = 60
/** More than anyone compares on a device's screen. */
const mostRecipients = 20
/** Absolute heights only: from here on it counts seconds. */
const LOCKTIME_THRESHOLD = 500_000_000
/** Anything below would be a relative lock (BIP68) that no plan of ours has. */
const LEAST_SEQUENCE = 0xfffffffd

function unfit(field: string, problem: string): Result<never, 'PSBT_UNFIT'> {
  return refuse('PSBT_UNFIT', { field, problem })
}

/**
 * Makes a plan of exactly the PSBT's transaction.
 * @returns the plan, to be approved and signed like any other | the first reason against it
 */
export function planForeignPsbt(
  request: ForeignPsbtRequest,
): Result<BitcoinTransactionPlan, ForeignPsbtRefusals> {
  const shape = checkShape(request)
  if (!shape.ok) return shape
  const inputs = planInputs(request)
  if (!inputs.ok) return inputs
  const outputs = planOutputs(request)
  if (!outputs.ok) return outputs
  const paidIn = inputs.value.reduce((sum, { value }) => sum + value, 0n)
  const fee = paidIn - outputs.value.reduce((sum, { value }) => sum + value, 0n)
  const kinds = outputs.value.flatMap(
    ({ script }) => readOutputScript(hex.decode(script))?.kind ?? [],
  )
  const { version, locktime } = request.psbt.transaction
  const { scriptType, network } = request.account
  const types = inputs.value.map(() => scriptType)
  const virtualSize = estimateVirtualSize(types, kinds)
  const feeRateSatPerVb = Number(fee) / virtualSize
  const affordable = checkFee(request, outputs.value, fee, feeRateSatPerVb)
  if (!affordable.ok) return affordable
  return ok({
    kind: 'bitcoin',
    network,
    version,
    locktime,
    inputs: inputs.value,
    outputs: outputs.value,
    fee,
    feeRateSatPerVb,
    virtualSize,
  })
}

function checkShape({ psbt, tipHeight }: ForeignPsbtRequest): Result<void, 'PSBT_UNFIT'> {
  const { version, locktime, inputs } = psbt.transaction
  if (version !== 1 && version !== 2) return unfit('version', String(version))
  if (locktime >= LOCKTIME_THRESHOLD || locktime > tipHeight)
    return unfit('locktime', `not before ${locktime}; the chain is at ${tipHeight}`)
  if (inputs.length > mostInputs) return unfit('inputs', `${inputs.length}, at most ${mostInputs}`)
  const outpoints = new Set(inputs.map(({ txid, vout }) => `${txid}:${vout}`))
  if (outpoints.size !== inputs.length) return unfit('inputs', 'one coin twice')
  const [signed] = psbt.inputs.flatMap((input, index) => (isSigned(input) ? [index] : []))
  if (signed !== undefined) return unfit(`inputs[${signed}]`, 'signed already')
  return ok(undefined)
}

function planInputs(
  request: ForeignPsbtRequest,
): Result<readonly BitcoinInput[], ForeignPsbtRefusals> {
  const keys = openAccount(request.account)
  if (!keys.ok) return keys
  const coins = new Map(request.coins.map((coin) => [`${coin.txid}:${coin.vout}`, coin]))
  const planned: BitcoinInput[] = []
  for (const [index, { txid, vout, sequence }] of request.psbt.transaction.inputs.entries()) {
    const name = `inputs[${index}]`
    const claims = request.psbt.inputs[index] ?? new Map()
    const origin = checkOrigins(request, claims)
    if (!origin.ok) return origin
    const coin = coins.get(`${txid}:${vout}`)
    if (coin === undefined) return unfit(name, `${txid}:${vout} is no coin of ours`)
    if (sequence < LEAST_SEQUENCE) return unfit(`${name}.sequence`, String(sequence))
    const sighash = hex.encode(claims.get(INPUT_KEY.sighashType) ?? new Uint8Array(4))
    if (sighash !== '00000000' && sighash !== '01000000')
      return unfit(`${name}.sighash`, 'asks for less than all to be signed')
    const input = planInput(request, keys.value, coin)
    if (!input.ok) return input
    const lie = claimedValues(claims, txid, vout).find((told) => told !== coin.value)
    if (lie !== undefined) return unfit(`${name}.value`, `says ${lie}, is ${coin.value}`)
    planned.push({ ...input.value, sequence })
  }
  return ok(planned)
}

/** What the PSBT says the coin is worth, wherever it says so. */
function claimedValues(claims: PsbtMap, txid: string, vout: number): readonly (bigint | string)[] {
  const told: (bigint | string)[] = []
  const witness = claims.get(INPUT_KEY.witnessUtxo)
  if (witness !== undefined)
    told.push(
      witness.length < 8
        ? 'nothing'
        : new DataView(witness.buffer, witness.byteOffset).getBigUint64(0, true),
    )
  const whole = claims.get(INPUT_KEY.nonWitnessUtxo)
  if (whole !== undefined) {
    const parsed = parseBitcoinTransaction(whole)
    const own = parsed.kind === 'transaction' && parsed.transaction.txid === txid
    told.push((own ? parsed.transaction.outputs[vout]?.value : undefined) ?? 'another transaction')
  }
  return told
}

const ORIGIN_KEYS: ReadonlySet<string> = new Set([INPUT_KEY.bip32, INPUT_KEY.tapBip32])

/** A key path of our wallet under the coin type of another network says that this PSBT was made for that one. */
function checkOrigins(
  { fingerprint, account }: ForeignPsbtRequest,
  map: PsbtMap,
): Result<void, 'NETWORK_MISMATCH'> {
  const expected = account.network === 'mainnet' ? 0 : 1
  for (const [key, value] of map) {
    if (!ORIGIN_KEYS.has(key.slice(0, 2))) continue
    // A taproot origin stands behind its list of leaves; ours has none, so the list is its count alone.
    const origin = key.startsWith(INPUT_KEY.tapBip32) ? value.subarray(1) : value
    if (hex.encode(origin.subarray(0, 4)) !== fingerprint || origin.length < 12) continue
    const coinType = new DataView(origin.buffer, origin.byteOffset).getUint32(8, true) & 0x7fffffff
    if (coinType !== expected)
      return refuse('NETWORK_MISMATCH', {
        asset: 'BTC',
        asked: `keys of coin type ${coinType}`,
        expected: `bitcoin ${account.network}`,
      })
  }
  return ok(undefined)
}

function planOutputs(
  request: ForeignPsbtRequest,
): Result<readonly BitcoinOutput[], ForeignPsbtRefusals> {
  const { account, psbt } = request
  const addresses = new Map(request.addresses.map((own) => [own.script, own]))
  const planned: BitcoinOutput[] = []
  for (const [index, { value, script }] of psbt.transaction.outputs.entries()) {
    const name = `outputs[${index}]`
    const kind = readOutputScript(script)?.kind
    const address = encodeBitcoinAddress(script, account.network)
    if (kind === undefined || address === undefined) return unfit(name, 'pays no address')
    if (value < DUST_LIMIT[kind])
      return refuse('AMOUNT_UNDER_MINIMUM', {
        asked: decimal(value),
        minimum: decimal(DUST_LIMIT[kind]),
        asset: BTC.symbol,
      })
    const text = hex.encode(script)
    const own = addresses.get(text)
    const claims = psbt.outputs[index] ?? new Map()
    if (own === undefined && claimsOurs(request, claims))
      return unfit(name, 'says it is our change and is not')
    const isChange = own?.branch === 1
    planned.push({
      role: isChange ? 'change' : 'recipient',
      address,
      script: text,
      value,
      path: isChange ? own.path : null,
    })
  }
  const paid = planned.filter(({ role }) => role === 'recipient')
  if (paid.length > mostRecipients)
    return unfit('outputs', `${paid.length} recipients, at most ${mostRecipients}`)
  if (paid.length === 0 && planned.length > 1) return unfit('outputs', 'pays only our own change')
  return ok(planned)
}

/** True where the PSBT names a key path of our wallet for an output. */
function claimsOurs({ fingerprint }: ForeignPsbtRequest, map: PsbtMap): boolean {
  return [...map].some(([key, value]) => {
    const type = key.slice(0, 2)
    if (type === OUTPUT_KEY.bip32) return hex.encode(value.subarray(0, 4)) === fingerprint
    return type === OUTPUT_KEY.tapBip32 && hex.encode(value.subarray(1, 5)) === fingerprint
  })
}

function checkFee(
  { feeCap, feeCapSatPerVb }: ForeignPsbtRequest,
  outputs: readonly BitcoinOutput[],
  fee: bigint,
  rate: number,
): Result<void, 'PSBT_UNFIT' | 'FEE_OVER_CAP'> {
  if (fee < 0n) return unfit('fee', 'pays out more than it takes in')
  if (rate < leastSatPerVb) return unfit('fee', `${rate.toFixed(2)} sat/vB would not be passed on`)
  if (rate > feeCapSatPerVb)
    return refuse('FEE_OVER_CAP', {
      fee: rate.toFixed(2),
      cap: String(feeCapSatPerVb),
      asset: 'sat/vB',
    })
  const paid = outputs.filter(({ role }) => role === 'recipient')
  const sent = (paid.length > 0 ? paid : outputs).reduce((sum, { value }) => sum + value, 0n)
  const relative = (sent * BigInt(feeCap.relativeBps)) / 10_000n
  const cap = relative < feeCap.absolute ? relative : feeCap.absolute
  return fee <= cap
    ? ok(undefined)
    : refuse('FEE_OVER_CAP', { fee: decimal(fee), cap: decimal(cap), asset: BTC.symbol })
}

function decimal(units: bigint): string {
  return amountToDecimal(amount(BTC, units))
}
