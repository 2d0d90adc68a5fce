/** Plans one transfer of the chain's coin or a token: an EIP-1559 transaction in every field. Pure.
 *  Units: wei for the coin and fees, base units for tokens. Nonce, fees, gas and balances were read
 *  by the caller and are not believed: fees are capped, sums are checked.
 *  Refuses recipients that would burn the money, amounts and fees that the account cannot carry. */
import { ok, type Result, refuse } from '../../errors/refusal.ts'
import { amount, amountToDecimal, type Asset } from '../../units/amount.ts'
import type { EvmTransactionPlan } from '../plan.ts'
import { parseEvmAddress } from './address.ts'
import { encodeTransferCall } from './erc20.ts'

/** The least any transaction costs. */
const MIN_GAS = 21_000n
/** EIP-7825: no transaction may ask for more. */
const MAX_GAS = 16_777_216n
/** The zero address, precompiles and the customary burn addresses lie below this. */
const BURN_BELOW = 0x10000n

/** The fee meant is the largest possible one, gasLimit × maxFeePerGas and the data fee, in wei. For the coin itself
 *  the part is of the amount moved. */
export interface EvmFeeCaps {
  /** Never more than this. */
  readonly absoluteWei: bigint
  /** Never more than this part of what is moved… */
  readonly relativeBps: number
  /** …unless the fee is below this: small first payments must stay possible. */
  readonly relativeFloorWei: bigint
  /** Value of the tokens moved, in wei; null when they have no price: then only the absolute cap
   *  holds. Unused for the coin. */
  readonly movedWei: bigint | null
}

export interface EvmTransferRequest {
  readonly chainId: number
  readonly from: string
  readonly path: string
  readonly recipient: string
  readonly coin: Asset
  /** null moves the coin. */
  readonly token: { readonly asset: Asset; readonly contract: string } | null
  /** All: the whole token balance, or the coin's less the largest fee. */
  readonly amount: { readonly kind: 'exact'; readonly units: bigint } | { readonly kind: 'all' }
  readonly balances: { readonly coin: bigint; readonly token: bigint | null }
  readonly nonce: number
  readonly gasLimit: bigint
  readonly maxFeePerGas: bigint
  readonly maxPriorityFeePerGas: bigint
  /** Estimate of what the chain charges on top for the bytes, wei; 0 where there is none. */
  readonly dataFeeWei: bigint
  readonly caps: EvmFeeCaps
  /** Every token contract known on this chain: money sent to one of them is lost. */
  readonly knownContracts: readonly string[]
}

export interface PlannedEvmTransfer {
  readonly execution: EvmTransactionPlan
  /** Base units of the token or wei that the recipient gets. */
  readonly units: bigint
  /** The largest fee this can cost, as far as the data fee's estimate holds. */
  readonly maxFeeWei: bigint
}

type PlanRefusals =
  | 'INPUT_INVALID'
  | 'ADDRESS_INVALID'
  | 'AMOUNT_INVALID'
  | 'FUNDS_INSUFFICIENT'
  | 'FEE_OVER_CAP'

export function planEvmTransfer(
  request: EvmTransferRequest,
): Result<PlannedEvmTransfer, PlanRefusals> {
  const from = parseEvmAddress(request.from)
  if (!from.ok) return from
  const recipient = checkRecipient(request, from.value)
  if (!recipient.ok) return recipient
  const fee = checkFee(request)
  if (!fee.ok) return fee
  const units = chooseUnits(request, fee.value)
  if (!units.ok) return units
  const capped = checkRelativeCap(request, units.value, fee.value)
  if (!capped.ok) return capped

  const target = describeTarget(request, recipient.value, units.value)
  if (!target.ok) return target
  const execution: EvmTransactionPlan = {
    kind: 'evm',
    chainId: request.chainId,
    type: 2,
    from: from.value,
    path: request.path,
    nonce: request.nonce,
    ...target.value,
    gasLimit: request.gasLimit,
    maxFeePerGas: request.maxFeePerGas,
    maxPriorityFeePerGas: request.maxPriorityFeePerGas,
    ...(request.dataFeeWei === 0n ? {} : { dataFeeEstimate: request.dataFeeWei }),
  }
  return ok({ execution, units: units.value, maxFeeWei: fee.value })
}

/** The checksummed recipient. Refuses what would burn the money or move it nowhere. */
function checkRecipient(
  request: EvmTransferRequest,
  from: string,
): Result<string, 'ADDRESS_INVALID'> {
  const parsed = parseEvmAddress(request.recipient)
  if (!parsed.ok) return parsed
  const address = parsed.value
  const lower = address.toLowerCase()
  const contracts = [...request.knownContracts, ...(request.token ? [request.token.contract] : [])]
  if (BigInt(address) < BURN_BELOW) {
    return refuse('ADDRESS_INVALID', { address, reason: 'burn-address' })
  }
  if (contracts.some((contract) => contract.toLowerCase() === lower)) {
    return refuse('ADDRESS_INVALID', { address, reason: 'token-contract' })
  }
  if (address === from) return refuse('ADDRESS_INVALID', { address, reason: 'own-address' })
  return ok(address)
}

/** The largest fee in wei, of numbers that could be a fee at all, under the absolute cap. Comes
 *  before the balance is looked at: a false fee must not read as a lack of funds. */
function checkFee(request: EvmTransferRequest): Result<bigint, 'INPUT_INVALID' | 'FEE_OVER_CAP'> {
  const { chainId, nonce, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = request
  const problem = (field: string, text: string): Result<never, 'INPUT_INVALID'> =>
    refuse('INPUT_INVALID', { field, problem: text })
  if (!Number.isSafeInteger(chainId) || chainId < 1) return problem('chainId', String(chainId))
  if (!Number.isSafeInteger(nonce) || nonce < 0) return problem('nonce', String(nonce))
  if (gasLimit < MIN_GAS || gasLimit > MAX_GAS) return problem('gasLimit', String(gasLimit))
  if (maxFeePerGas <= 0n) return problem('maxFeePerGas', String(maxFeePerGas))
  if (maxPriorityFeePerGas < 0n || maxPriorityFeePerGas > maxFeePerGas) {
    return problem('maxPriorityFeePerGas', String(maxPriorityFeePerGas))
  }
  if (request.dataFeeWei < 0n) return problem('dataFeeWei', String(request.dataFeeWei))
  const maxFeeWei = gasLimit * maxFeePerGas + request.dataFeeWei
  const cap = request.caps.absoluteWei
  return maxFeeWei > cap ? overCap(request.coin, maxFeeWei, cap) : ok(maxFeeWei)
}

/** What the recipient gets, after checking that the account can pay it and the fee. */
function chooseUnits(
  request: EvmTransferRequest,
  maxFeeWei: bigint,
): Result<bigint, 'AMOUNT_INVALID' | 'FUNDS_INSUFFICIENT' | 'INPUT_INVALID'> {
  const { coin, token, balances } = request
  const moved = token?.asset ?? coin
  if (request.amount.kind === 'exact' && request.amount.units <= 0n) {
    const text = amountToDecimal(amount(moved, request.amount.units))
    return refuse('AMOUNT_INVALID', { amount: text, asset: moved.symbol })
  }
  if (token === null) {
    const rest = balances.coin - maxFeeWei
    const units = request.amount.kind === 'all' ? rest : request.amount.units
    if (units > rest || units <= 0n) {
      const asked = request.amount.kind === 'all' ? 1n : request.amount.units
      return insufficient(coin, asked + maxFeeWei, balances.coin)
    }
    return ok(units)
  }
  // A balance nobody read is not a balance of zero.
  if (balances.token === null) {
    return refuse('INPUT_INVALID', { field: 'balances.token', problem: 'unknown' })
  }
  const units = request.amount.kind === 'all' ? balances.token : request.amount.units
  if (units > balances.token || units <= 0n) {
    return insufficient(moved, units <= 0n ? 1n : units, balances.token)
  }
  if (maxFeeWei > balances.coin) return insufficient(coin, maxFeeWei, balances.coin)
  return ok(units)
}

function checkRelativeCap(
  request: EvmTransferRequest,
  units: bigint,
  maxFeeWei: bigint,
): Result<void, 'FEE_OVER_CAP' | 'INPUT_INVALID'> {
  const { caps, coin, token } = request
  if (!Number.isSafeInteger(caps.relativeBps) || caps.relativeBps < 0) {
    return refuse('INPUT_INVALID', { field: 'caps.relativeBps', problem: String(caps.relativeBps) })
  }
  const movedWei = token === null ? units : caps.movedWei
  if (movedWei === null) return ok(undefined)
  const share = (movedWei * BigInt(caps.relativeBps)) / 10_000n
  const cap = share > caps.relativeFloorWei ? share : caps.relativeFloorWei
  return maxFeeWei > cap ? overCap(coin, maxFeeWei, cap) : ok(undefined)
}

function describeTarget(
  request: EvmTransferRequest,
  recipient: string,
  units: bigint,
): Result<Pick<EvmTransactionPlan, 'to' | 'value' | 'data' | 'token'>, 'ADDRESS_INVALID'> {
  if (request.token === null) return ok({ to: recipient, value: units, data: '', token: null })
  const contract = parseEvmAddress(request.token.contract)
  if (!contract.ok) return contract
  const data = encodeTransferCall(recipient, units)
  return ok({ to: contract.value, value: 0n, data, token: contract.value })
}

function overCap(coin: Asset, fee: bigint, cap: bigint): Result<never, 'FEE_OVER_CAP'> {
  return refuse('FEE_OVER_CAP', {
    fee: amountToDecimal(amount(coin, fee)),
    cap: amountToDecimal(amount(coin, cap)),
    asset: coin.symbol,
  })
}

function insufficient(
  asset: Asset,
  needed: bigint,
  available: bigint,
): Result<never, 'FUNDS_INSUFFICIENT'> {
  return refuse('FUNDS_INSUFFICIENT', {
    needed: amountToDecimal(amount(asset, needed)),
    available: amountToDecimal(amount(asset, available)),
    asset: asset.symbol,
  })
}
