/** Which coins a bitcoin transfer spends, whom it pays and what is left over: all that can be said before
 *  the coins' own transactions are read. Satoshi and sat/vB. Refuses dust, bad addresses and fees over cap. */
import { type Result, ok, refuse } from '../../errors/refusal.ts'
import { BTC, amount, amountToDecimal } from '../../units/amount.ts'
import type { Coin, PinnedBitcoinAccount } from '../../vault/account.ts'
import { type DecodedAddress, decodeBitcoinAddress } from '../../vault/address.ts'
import type { RandomBytes } from '../../vault/random.ts'
import { type Selection, selectCoins } from '../../vault/selection.ts'
import {
  ACCOUNT_OUTPUT_KIND,
  DUST_LIMIT,
  INPUT_WEIGHT,
  estimateVirtualSize,
  feeAtRate,
} from '../../vault/weight.ts'

export type BitcoinPayment =
  | {
      readonly kind: 'pay'
      readonly recipients: readonly { readonly address: string; readonly value: bigint }[]
    }
  /** Everything that is worth its own input, to one address. */
  | { readonly kind: 'send-all'; readonly address: string }
  /** The smallest coins that are worth their own input, into one of our own. */
  | { readonly kind: 'consolidate' }

export interface CoinRequest {
  readonly account: PinnedBitcoinAccount
  /** What may be spent: the caller leaves out frozen coins and unconfirmed ones of strangers. */
  readonly coins: readonly Coin[]
  readonly payment: BitcoinPayment
  readonly feeRateSatPerVb: number
  /** What spending a coin costs in quiet times; 10 unless given. */
  readonly longTermFeeRateSatPerVb?: number
  /** The fee may exceed neither. `relativeBps` is of what the recipients get, or of what comes back to us. */
  readonly feeCap: { readonly absolute: bigint; readonly relativeBps: number }
  readonly random: RandomBytes
  /** 60 unless given: each input takes the device about a second. */
  readonly maxInputs?: number
}

export interface Paid {
  readonly address: DecodedAddress
  readonly value: bigint
}

export interface CoinChoice {
  readonly selection: Selection<Coin>
  readonly paid: readonly Paid[]
}

export type CoinRefusals =
  | 'FUNDS_INSUFFICIENT'
  | 'FEE_OVER_CAP'
  | 'AMOUNT_UNDER_MINIMUM'
  | 'AMOUNT_INVALID'
  | 'ADDRESS_INVALID'
  | 'NETWORK_MISMATCH'
  | 'INPUT_INVALID'
  | 'PLAN_STATE_WRONG'

/** What a coin costs to spend in quiet times, sat/vB: Bitcoin Core's own assumption. */
export const LONG_TERM_RATE = 10
const DEFAULT_MAX_INPUTS = 60

/** Chooses by the kind of payment. @returns coins and recipients whose sums are exact, or the first reason against it */
export function chooseCoins(request: CoinRequest): Result<CoinChoice, CoinRefusals> {
  const { payment, feeRateSatPerVb: rate } = request
  if (!Number.isFinite(rate) || rate <= 0) return invalid('feeRate', `${rate} sat/vB`)
  const chosen = choose(request, payment)
  if (!chosen.ok) return chosen
  return feeOverCap(request, chosen.value) ?? chosen
}

function choose(request: CoinRequest, payment: BitcoinPayment): Result<CoinChoice, CoinRefusals> {
  switch (payment.kind) {
    case 'pay':
      return choosePayment(request, payment.recipients)
    case 'send-all':
      return chooseEverything(request, payment.address)
    case 'consolidate':
      return chooseSmallest(request)
  }
}

function invalid(field: string, problem: string): Result<never, 'INPUT_INVALID'> {
  return refuse('INPUT_INVALID', { field, problem })
}

function decimal(units: bigint): string {
  return amountToDecimal(amount(BTC, units))
}

function choosePayment(
  request: CoinRequest,
  recipients: readonly { readonly address: string; readonly value: bigint }[],
): Result<CoinChoice, CoinRefusals> {
  if (recipients.length === 0) return invalid('recipients', 'nobody to pay')
  const paid: Paid[] = []
  for (const { address, value } of recipients) {
    const decoded = decodeBitcoinAddress(address, request.account.network)
    if (!decoded.ok) return decoded
    if (value <= 0n) return refuse('AMOUNT_INVALID', { amount: decimal(value), asset: 'BTC' })
    const dust = underDust(decoded.value, value)
    if (dust !== undefined) return dust
    // Twice the same recipient is a slip more often than a wish.
    if (paid.some((known) => known.address.script === decoded.value.script))
      return invalid('recipients', `${decoded.value.address} twice`)
    paid.push({ address: decoded.value, value })
  }
  const { scriptType } = request.account
  const selection = selectCoins({
    coins: request.coins,
    scriptTypeOf: () => scriptType,
    changeType: scriptType,
    target: paid.reduce((sum, { value }) => sum + value, 0n),
    recipientKinds: paid.map(({ address }) => address.kind),
    feeRateSatPerVb: request.feeRateSatPerVb,
    longTermFeeRateSatPerVb: request.longTermFeeRateSatPerVb ?? LONG_TERM_RATE,
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

/** Coins that bring more than their input costs, the largest first. */
function worthSpending({ account, coins, feeRateSatPerVb }: CoinRequest): readonly Coin[] {
  const inputFee = (INPUT_WEIGHT[account.scriptType] / 4) * feeRateSatPerVb
  return coins
    .filter((coin) => Number(coin.value) > inputFee)
    .sort((a, b) => (a.value < b.value ? 1 : a.value > b.value ? -1 : 0))
}

/** Every coin that brings more than its input costs, largest first up to the cap; no change. */
function chooseEverything(
  request: CoinRequest,
  recipient: string,
): Result<CoinChoice, CoinRefusals> {
  const { account, feeRateSatPerVb: rate } = request
  const address = decodeBitcoinAddress(recipient, account.network)
  if (!address.ok) return address
  const coins = worthSpending(request).slice(0, request.maxInputs ?? DEFAULT_MAX_INPUTS)
  const total = coins.reduce((sum, coin) => sum + coin.value, 0n)
  const types = coins.map(() => account.scriptType)
  const virtualSize = estimateVirtualSize(types, [address.value.kind])
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

/** The smallest coins, up to the cap, into one: their sum less the fee comes back as change. */
function chooseSmallest(request: CoinRequest): Result<CoinChoice, CoinRefusals> {
  const { account, feeRateSatPerVb: rate } = request
  const worthy = worthSpending(request)
  const coins = worthy.slice(-(request.maxInputs ?? DEFAULT_MAX_INPUTS))
  if (coins.length < 2)
    return refuse('PLAN_STATE_WRONG', {
      state: `${coins.length} coins worth spending`,
      needed: 'two coins to merge',
    })
  const kind = ACCOUNT_OUTPUT_KIND[account.scriptType]
  const types = coins.map(() => account.scriptType)
  const virtualSize = estimateVirtualSize(types, [kind])
  const fee = feeAtRate(virtualSize, rate)
  const total = coins.reduce((sum, coin) => sum + coin.value, 0n)
  const change = total - fee
  if (change < DUST_LIMIT[kind]) {
    const needed = decimal(fee + DUST_LIMIT[kind])
    return refuse('FUNDS_INSUFFICIENT', { needed, available: decimal(total), asset: 'BTC' })
  }
  return ok({ selection: { inputs: coins, change, fee, virtualSize, waste: 0 }, paid: [] })
}

/**
 * What a merge saves, in satoshi and estimated: the coins' inputs at the long-term rate, less the fee now
 * and the one input that is left to pay for later. Negative where merging costs more than it saves.
 */
export function mergeSaving(
  { selection }: CoinChoice,
  {
    account,
    longTermFeeRateSatPerVb: longTermRate = LONG_TERM_RATE,
  }: Pick<CoinRequest, 'account' | 'longTermFeeRateSatPerVb'>,
): number {
  const oneInput = (INPUT_WEIGHT[account.scriptType] / 4) * longTermRate
  return (selection.inputs.length - 1) * oneInput - Number(selection.fee)
}

function feeOverCap(
  { feeCap }: CoinRequest,
  { selection, paid }: CoinChoice,
): Result<never, 'FEE_OVER_CAP'> | undefined {
  const sent =
    paid.length === 0 ? (selection.change ?? 0n) : paid.reduce((sum, { value }) => sum + value, 0n)
  const relative = (sent * BigInt(feeCap.relativeBps)) / 10_000n
  const cap = relative < feeCap.absolute ? relative : feeCap.absolute
  if (selection.fee <= cap) return undefined
  return refuse('FEE_OVER_CAP', { fee: decimal(selection.fee), cap: decimal(cap), asset: 'BTC' })
}
