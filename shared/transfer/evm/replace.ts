/** Replaces a transaction that waits: the same account and nonce at higher fees, so that only one of the two can
 *  ever be mined. Pure; wei. Speeding up keeps everything else, cancelling moves nothing to ourselves.
 *  Refuses fees over the caps and what the account cannot pay; nothing read from a server is believed. */
import { ok, type Result, refuse } from '../../errors/refusal.ts'
import { amount, amountToDecimal, type Asset } from '../../units/amount.ts'
import type { EvmTransactionPlan } from '../plan.ts'

/** Nodes take a replacement whose two fees are both a tenth higher; an eighth leaves room for the strictest. */
const RAISE_NUMERATOR = 9n
const RAISE_DENOMINATOR = 8n
/** EIP-7825, and the least any transaction costs. */
const MIN_GAS = 21_000n
const MAX_GAS = 16_777_216n

export interface EvmReplacementRequest {
  readonly original: EvmTransactionPlan
  readonly kind: 'speed-up' | 'cancel'
  /** Fees of every transaction with this nonce that may still wait, the original's among them: all are outbid. */
  readonly outbid: readonly Pick<EvmTransactionPlan, 'maxFeePerGas' | 'maxPriorityFeePerGas'>[]
  /** What the chain asks now. */
  readonly market: {
    readonly baseFeePerGas: bigint
    readonly maxFeePerGas: bigint
    readonly maxPriorityFeePerGas: bigint
  }
  /** For a cancel; a speed-up keeps the original's. */
  readonly cancelGasLimit: bigint
  /** Estimate for the new bytes, wei; 0 where the chain charges none. */
  readonly dataFeeWei: bigint
  readonly coin: Asset
  readonly coinBalance: bigint
  /** The larger of the caps holds for a fee that is below its floor anyway. */
  readonly caps: {
    readonly absoluteWei: bigint
    readonly relativeBps: number
    readonly relativeFloorWei: bigint
    /** What the original moves, in wei; null without a price: then only the absolute cap holds. */
    readonly movedWei: bigint | null
  }
}

export interface PlannedEvmReplacement {
  readonly execution: EvmTransactionPlan
  /** The largest fee this can cost. */
  readonly maxFeeWei: bigint
}

export function planEvmReplacement(
  request: EvmReplacementRequest,
): Result<PlannedEvmReplacement, 'INPUT_INVALID' | 'FEE_OVER_CAP' | 'FUNDS_INSUFFICIENT'> {
  const { original, kind, market, coin } = request
  const bids = [original, ...request.outbid]
  const maxPriorityFeePerGas = highest([
    market.maxPriorityFeePerGas,
    ...bids.map((bid) => raise(bid.maxPriorityFeePerGas)),
  ])
  const maxFeePerGas = highest([
    market.maxFeePerGas,
    2n * market.baseFeePerGas + maxPriorityFeePerGas,
    ...bids.map((bid) => raise(bid.maxFeePerGas)),
  ])
  const gasLimit = kind === 'cancel' ? request.cancelGasLimit : original.gasLimit
  if (gasLimit < MIN_GAS || gasLimit > MAX_GAS) {
    return refuse('INPUT_INVALID', { field: 'gasLimit', problem: String(gasLimit) })
  }
  if (request.dataFeeWei < 0n) {
    return refuse('INPUT_INVALID', { field: 'dataFeeWei', problem: String(request.dataFeeWei) })
  }
  const maxFeeWei = gasLimit * maxFeePerGas + request.dataFeeWei
  const cap = capOf(request.caps)
  if (maxFeeWei > cap) {
    return refuse('FEE_OVER_CAP', {
      fee: amountToDecimal(amount(coin, maxFeeWei)),
      cap: amountToDecimal(amount(coin, cap)),
      asset: coin.symbol,
    })
  }
  const target =
    kind === 'cancel'
      ? { to: original.from, value: 0n, data: '', token: null }
      : { to: original.to, value: original.value, data: original.data, token: original.token }
  const needed = target.value + maxFeeWei
  if (needed > request.coinBalance) {
    return refuse('FUNDS_INSUFFICIENT', {
      needed: amountToDecimal(amount(coin, needed)),
      available: amountToDecimal(amount(coin, request.coinBalance)),
      asset: coin.symbol,
    })
  }
  const { dataFeeEstimate: _, simulation: __, ...signed } = original
  const execution = {
    ...signed,
    ...target,
    gasLimit,
    maxFeePerGas,
    maxPriorityFeePerGas,
    ...(request.dataFeeWei === 0n ? {} : { dataFeeEstimate: request.dataFeeWei }),
  }
  return ok({ execution, maxFeeWei })
}

/** An eighth more, rounded up; a zero fee becomes one wei. */
function raise(fee: bigint): bigint {
  const raised = (fee * RAISE_NUMERATOR + RAISE_DENOMINATOR - 1n) / RAISE_DENOMINATOR
  return raised > fee ? raised : fee + 1n
}

function capOf({
  absoluteWei,
  relativeBps,
  relativeFloorWei,
  movedWei,
}: EvmReplacementRequest['caps']) {
  if (movedWei === null) return absoluteWei
  const share = (movedWei * BigInt(relativeBps)) / 10_000n
  const relative = share > relativeFloorWei ? share : relativeFloorWei
  return relative < absoluteWei ? relative : absoluteWei
}

function highest(values: readonly bigint[]): bigint {
  return values.reduce((most, value) => (value > most ? value : most), 0n)
}
