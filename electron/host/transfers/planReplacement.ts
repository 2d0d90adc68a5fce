/** Plans what takes the place of a sent EVM transaction: the same nonce at higher fees. A plan like any other,
 *  with its own digest, approval and signing; the two transfers are tied by the nonce, so only one is ever paid.
 *  Refuses what is not waiting on an EVM chain. */
import type { CodeOf } from '../../../shared/contract/method.ts'
import type { transfersSpeedUp } from '../../../shared/contract/methods/transfers.ts'
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import { planEvmReplacement } from '../../../shared/transfer/evm/replace.ts'
import { currentStep, hasEnded, type Transfer } from '../../../shared/transfer/lifecycle.ts'
import type { EvmTransactionPlan, TransferPlan } from '../../../shared/transfer/plan.ts'
import { amount } from '../../../shared/units/amount.ts'
import type { EvmPort } from '../ports.ts'
import type { EvmCaps } from './planEvm.ts'

export type ReplacementKind = NonNullable<TransferPlan['replaces']>['kind']

/** The sent transaction that may still be replaced; null for every other transfer. */
export function replaceable(
  transfer: Transfer,
): { readonly execution: EvmTransactionPlan; readonly txid: string } | null {
  const { execution } = transfer.plan
  const step = currentStep(transfer)?.kind
  if (execution.kind !== 'evm' || transfer.signed === null || hasEnded(transfer)) return null
  return step === 'broadcast' || step === 'confirm'
    ? { execution, txid: transfer.signed.txid }
    : null
}

/** Other signed transactions of this one's account and nonce. */
export function nonceSiblings(
  transfer: Transfer,
  transfers: readonly Transfer[],
): readonly { readonly execution: EvmTransactionPlan; readonly txid: string }[] {
  const mine = transfer.plan.execution
  if (mine.kind !== 'evm') return []
  return transfers.flatMap(({ id, signed, plan: { execution } }) =>
    id !== transfer.id &&
    signed !== null &&
    execution.kind === 'evm' &&
    execution.chainId === mine.chainId &&
    execution.from === mine.from &&
    execution.nonce === mine.nonce
      ? [{ execution, txid: signed.txid }]
      : [],
  )
}

export async function planReplacement(
  request: {
    readonly transfer: Transfer
    readonly kind: ReplacementKind
    readonly transfers: readonly Transfer[]
    readonly evmPort: (chain: string) => EvmPort | undefined
    readonly caps: EvmCaps
  },
  signal: AbortSignal,
): Promise<
  Result<
    Pick<
      TransferPlan,
      'purpose' | 'amount' | 'networkFee' | 'recipient' | 'execution' | 'replaces'
    >,
    CodeOf<typeof transfersSpeedUp>
  >
> {
  const { transfer, kind } = request
  const waiting = replaceable(transfer)
  if (waiting === null) {
    return refuse('PLAN_STATE_WRONG', { state: transfer.state, needed: 'waiting on an EVM chain' })
  }
  const { execution: original, txid } = waiting
  const chain = `evm:${original.chainId}`
  const port = request.evmPort(chain)
  if (port === undefined) return refuse('NOT_FOUND', { what: 'chain', id: chain })
  const self = { from: original.from, to: original.from, value: 0n, data: '' }
  const [mined, fees, balances, cancelGas] = await Promise.all([
    port.readMinedNonce(original.from, signal),
    port.readFees(signal),
    port.readBalances(original.from, signal),
    kind === 'cancel' ? port.estimateGas(self, signal) : ok(0n),
  ])
  if (!mined.ok) return mined
  if (!fees.ok) return fees
  if (!balances.ok) return balances
  if (!cancelGas.ok) return cancelGas
  if (mined.value > original.nonce) {
    return refuse('PLAN_STATE_WRONG', { state: 'in a block', needed: 'waiting on an EVM chain' })
  }
  const coin = balances.value.find((held) => held.asset === port.coin.symbol)
  if (coin === undefined) return refuse('NOT_FOUND', { what: 'balance', id: port.coin.symbol })
  const gasLimit = kind === 'cancel' ? cancelGas.value : original.gasLimit
  const dataFee = await port.readDataFee({ ...original, ...fees.value, gasLimit }, signal)
  if (!dataFee.ok) return dataFee
  const planned = planEvmReplacement({
    original,
    kind,
    outbid: nonceSiblings(transfer, request.transfers).map((sibling) => sibling.execution),
    market: fees.value,
    cancelGasLimit: gasLimit,
    dataFeeWei: dataFee.value,
    coin: port.coin,
    coinBalance: coin.units,
    caps: request.caps(gasLimit, transfer.plan.amount, port),
  })
  if (!planned.ok) return planned
  const same = { recipient: transfer.plan.recipient, amount: transfer.plan.amount }
  const nothing = {
    recipient: { address: original.from, label: '', origin: 'vault' as const },
    amount: amount(port.coin, 0n),
  }
  return ok({
    // A cancelled top-up arrives nowhere: what is left of it is a payment to ourselves.
    purpose: kind === 'cancel' ? 'withdraw' : transfer.plan.purpose,
    ...(kind === 'cancel' ? nothing : same),
    networkFee: amount(port.coin, planned.value.maxFeeWei),
    execution: planned.value.execution,
    replaces: { transferId: transfer.id, txid, kind },
  })
}
