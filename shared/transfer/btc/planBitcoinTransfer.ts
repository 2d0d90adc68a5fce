/** A bitcoin payment out of the vault, complete before anyone approves it. Satoshi and sat/vB.
 *  Inputs and outputs are put in random order, so that change cannot be told by its place (BIP69's
 *  fixed order marks the wallets that use it). Every coin is proved by its own transaction first. */
import { type Result, ok, refuse } from '../../errors/refusal.ts'
import { BTC, amount, amountToDecimal } from '../../units/amount.ts'
import type { Coin, PinnedBitcoinAccount } from '../../vault/account.ts'
import { type DecodedAddress, decodeBitcoinAddress } from '../../vault/address.ts'
import { type AccountKeys, openAccount } from '../../vault/derive.ts'
import { ownAddress } from '../../vault/ownAddress.ts'
import { type RandomBytes, shuffled } from '../../vault/random.ts'
import { type Selection, selectCoins } from '../../vault/selection.ts'
import { DUST_LIMIT, INPUT_WEIGHT, estimateVirtualSize, feeAtRate } from '../../vault/weight.ts'
import type { BitcoinInput, BitcoinOutput, BitcoinTransactionPlan } from '../plan.ts'
import { antiFeeSnipingLocktime, planInput } from './planInput.ts'

export type BitcoinPayment =
  | {
      readonly kind: 'pay'
      readonly recipients: readonly { readonly address: string; readonly value: bigint }[]
    }
  /** Everything that is worth its own input, to one address. */
  | { readonly kind: 'send-all'; readonly address: string }

export interface BitcoinTransferRequest {
  readonly account: PinnedBitcoinAccount
  /** What may be spent: the caller leaves out frozen coins and unconfirmed ones of strangers. */
  readonly coins: readonly Coin[]
  /** Raw transaction hex by txid, for every coin. */
  readonly previousTransactions: ReadonlyMap<string, string>
  readonly payment: BitcoinPayment
  readonly feeRateSatPerVb: number
  /** What spending a coin costs in quiet times; 10 unless given. */
  readonly longTermFeeRateSatPerVb?: number
  /** The fee may exceed neither. `relativeBps` is of what the recipients get. */
  readonly feeCap: { readonly absolute: bigint; readonly relativeBps: number }
  /** First unused index of the change branch. */
  readonly changeIndex: number
  readonly tipHeight: number
  readonly random: RandomBytes
  /** 60 unless given: each input takes the device about a second. */
  readonly maxInputs?: number
}

export type BitcoinPlanRefusals =
  | 'FUNDS_INSUFFICIENT'
  | 'FEE_OVER_CAP'
  | 'AMOUNT_UNDER_MINIMUM'
  | 'AMOUNT_INVALID'
  | 'ADDRESS_INVALID'
  | 'NETWORK_MISMATCH'
  | 'INPUT_INVALID'
  | 'CHAIN_LIED'

const VERSION = 2
const DEFAULT_LONG_TERM_RATE = 10
const DEFAULT_MAX_INPUTS = 60

interface Paid {
  readonly address: DecodedAddress
  readonly value: bigint
}

interface Chosen {
  readonly selection: Selection<Coin>
  readonly paid: readonly Paid[]
}

/**
 * Plans a payment: coins chosen, change derived, fee within its caps.
 * @returns the whole unsigned transaction, or the first reason against it
 */
export function planBitcoinTransfer(
  request: BitcoinTransferRequest,
): Result<BitcoinTransactionPlan, BitcoinPlanRefusals> {
  const rate = request.feeRateSatPerVb
  if (!Number.isFinite(rate) || rate <= 0) return invalid('feeRate', `${rate} sat/vB`)
  const keys = openAccount(request.account)
  if (!keys.ok) return keys
  const chosen =
    request.payment.kind === 'pay'
      ? choosePayment(request, request.payment.recipients)
      : chooseEverything(request, request.payment.address)
  if (!chosen.ok) return chosen
  const { selection, paid } = chosen.value
  const over = feeOverCap(request, chosen.value)
  if (over !== undefined) return over
  const inputs: BitcoinInput[] = []
  for (const coin of shuffled(selection.inputs, request.random)) {
    const input = planInput(request, keys.value, coin)
    if (!input.ok) return input
    inputs.push(input.value)
  }
  return ok({
    kind: 'bitcoin',
    network: request.account.network,
    version: VERSION,
    locktime: antiFeeSnipingLocktime(request.tipHeight, request.random),
    inputs,
    outputs: planOutputs(request, keys.value, paid, selection.change),
    fee: selection.fee,
    feeRateSatPerVb: Number(selection.fee) / selection.virtualSize,
    virtualSize: selection.virtualSize,
  })
}

function invalid(field: string, problem: string): Result<never, 'INPUT_INVALID'> {
  return refuse('INPUT_INVALID', { field, problem })
}

function decimal(units: bigint): string {
  return amountToDecimal(amount(BTC, units))
}

function choosePayment(
  request: BitcoinTransferRequest,
  recipients: readonly { readonly address: string; readonly value: bigint }[],
): Result<Chosen, BitcoinPlanRefusals> {
  if (recipients.length === 0) return invalid('recipients', 'nobody to pay')
  const paid: Paid[] = []
  for (const { address, value } of recipients) {
    const decoded = decodeBitcoinAddress(address, request.account.network)
    if (!decoded.ok) return decoded
    if (value <= 0n) return refuse('AMOUNT_INVALID', { amount: decimal(value), asset: 'BTC' })
    const dust = underDust(decoded.value, value)
    if (dust !== undefined) return dust
    paid.push({ address: decoded.value, value })
  }
  const selection = selectCoins({
    coins: request.coins,
    scriptTypeOf: () => request.account.scriptType,
    changeType: request.account.scriptType,
    target: paid.reduce((sum, { value }) => sum + value, 0n),
    recipientKinds: paid.map(({ address }) => address.kind),
    feeRateSatPerVb: request.feeRateSatPerVb,
    longTermFeeRateSatPerVb: request.longTermFeeRateSatPerVb ?? DEFAULT_LONG_TERM_RATE,
    maxInputs: request.maxInputs ?? DEFAULT_MAX_INPUTS,
    random: request.random,
  })
  return selection.ok ? ok({ selection: selection.value, paid }) : selection
}

function underDust(
  address: DecodedAddress,
  value: bigint,
): Result<never, 'AMOUNT_UNDER_MINIMUM'> | undefined {
  const minimum = DUST_LIMIT[address.kind]
  if (value >= minimum) return undefined
  return refuse('AMOUNT_UNDER_MINIMUM', {
    asked: decimal(value),
    minimum: decimal(minimum),
    asset: 'BTC',
  })
}

/** Every coin that brings more than its input costs, largest first up to the cap; no change. */
function chooseEverything(
  request: BitcoinTransferRequest,
  recipient: string,
): Result<Chosen, BitcoinPlanRefusals> {
  const address = decodeBitcoinAddress(recipient, request.account.network)
  if (!address.ok) return address
  const { scriptType } = request.account
  const rate = request.feeRateSatPerVb
  const inputFee = (INPUT_WEIGHT[scriptType] / 4) * rate
  const coins = request.coins
    .filter((coin) => Number(coin.value) > inputFee)
    .sort((a, b) => (a.value < b.value ? 1 : a.value > b.value ? -1 : 0))
    .slice(0, request.maxInputs ?? DEFAULT_MAX_INPUTS)
  const total = coins.reduce((sum, coin) => sum + coin.value, 0n)
  const virtualSize = estimateVirtualSize(
    coins.map(() => scriptType),
    [address.value.kind],
  )
  const fee = feeAtRate(virtualSize, rate)
  const value = total - fee
  const minimum = DUST_LIMIT[address.value.kind]
  if (value < minimum) {
    const needed = decimal(fee + minimum)
    return refuse('FUNDS_INSUFFICIENT', { needed, available: decimal(total), asset: 'BTC' })
  }
  const selection = { inputs: coins, change: null, fee, virtualSize, waste: 0 }
  return ok({ selection, paid: [{ address: address.value, value }] })
}

function feeOverCap(
  { feeCap }: BitcoinTransferRequest,
  { selection, paid }: Chosen,
): Result<never, 'FEE_OVER_CAP'> | undefined {
  const sent = paid.reduce((sum, { value }) => sum + value, 0n)
  const relative = (sent * BigInt(feeCap.relativeBps)) / 10_000n
  const cap = relative < feeCap.absolute ? relative : feeCap.absolute
  if (selection.fee <= cap) return undefined
  return refuse('FEE_OVER_CAP', { fee: decimal(selection.fee), cap: decimal(cap), asset: 'BTC' })
}

function planOutputs(
  { account, changeIndex, random }: BitcoinTransferRequest,
  keys: AccountKeys,
  paid: readonly Paid[],
  change: bigint | null,
): readonly BitcoinOutput[] {
  const outputs: BitcoinOutput[] = paid.map(({ address, value }) => ({
    role: 'recipient',
    address: address.address,
    script: address.script,
    value,
    path: null,
  }))
  if (change !== null) {
    const { address, script, path } = ownAddress(account, keys, { branch: 1, index: changeIndex })
    outputs.push({ role: 'change', address, script, value: change, path })
  }
  return shuffled(outputs, random)
}
