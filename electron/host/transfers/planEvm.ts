/** The EVM half of planning: one EIP-1559 transfer of a chain's coin or a token, its nonce, gas, fees and balances
 *  read now, its ends looked at. Reads only; what a server says is capped and checked, never believed. */
import type { CodeOf } from '../../../shared/contract/method.ts'
import type { transfersPlan } from '../../../shared/contract/methods/transfers.ts'
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import { parseEvmAddress } from '../../../shared/transfer/evm/address.ts'
import { encodeTransferCall } from '../../../shared/transfer/evm/erc20.ts'
import { type EvmFeeCaps, planEvmTransfer } from '../../../shared/transfer/evm/plan.ts'
import { checkSimulation } from '../../../shared/transfer/evm/simulation.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import { recipientWarnings } from '../../../shared/transfer/evm/warnings.ts'
import type { EvmTransactionPlan, PlanWarning } from '../../../shared/transfer/plan.ts'
import { type Amount, type Asset, amount, amountToDecimal } from '../../../shared/units/amount.ts'
import type { ChainRefusals, ChainResult, EvmPort } from '../ports.ts'

/** Caps of the fee of one transfer: by its gas, what it moves, and the chain's coin. */
export type EvmCaps = (gasLimit: bigint, moved: Amount, port: EvmPort) => EvmFeeCaps

export interface EvmPlanRequest {
  readonly port: EvmPort
  /** The account that pays. */
  readonly from: { readonly address: string; readonly path: string }
  readonly asset: Asset
  /** null moves the chain's coin. */
  readonly contract: string | null
  readonly recipient: string
  readonly units: Amount | 'all'
  readonly caps: EvmCaps
  /** Ours: a nonce that one of them used up is a lagging server's word. */
  readonly transfers: readonly Transfer[]
}

export interface PlannedEvm {
  readonly execution: EvmTransactionPlan
  readonly amount: Amount
  readonly fee: Amount
  readonly warnings: readonly PlanWarning[]
}

/** The chain's coin or a configured token by its symbol. */
export function assetOn(
  port: EvmPort,
  symbol: string,
): { readonly asset: Asset; readonly contract: string | null } | undefined {
  if (symbol === port.coin.symbol) return { asset: port.coin, contract: null }
  return port.tokens.find((token) => token.asset.symbol === symbol)
}

/** The highest nonce of this account that our own confirmed transactions used; null where there is none. */
function highestMined(
  transfers: readonly Transfer[],
  chainId: number,
  from: string,
): number | null {
  const nonces = transfers.flatMap(({ state, plan: { execution } }) =>
    state === 'done' &&
    execution.kind === 'evm' &&
    execution.chainId === chainId &&
    execution.from === from
      ? [execution.nonce]
      : [],
  )
  return nonces.length === 0 ? null : Math.max(...nonces)
}

/** What lies at both ends of a payment; an answer that did not come is no all-clear. */
export async function readEvmWarnings(
  port: EvmPort,
  own: string,
  recipient: string,
  signal: AbortSignal,
): Promise<ChainResult<readonly PlanWarning[]>> {
  const [ownCode, recipientCode] = await Promise.all([
    port.readCode(own, signal),
    recipient === own ? ok(null) : port.readCode(recipient, signal),
  ])
  if (!ownCode.ok) return ownCode
  if (!recipientCode.ok) return recipientCode
  const codes = { ownCode: ownCode.value, recipientCode: recipientCode.value }
  return ok(recipientWarnings({ own, recipient, ...codes }))
}

/** The same plan with what the chain says it would move now; refused where that is anything else. */
export async function simulatePlan(
  execution: EvmTransactionPlan,
  port: EvmPort,
  signal: AbortSignal,
): Promise<Result<EvmTransactionPlan, 'SIMULATION_DIFFERS' | ChainRefusals>> {
  const simulated = await port.simulate(execution, signal)
  if (!simulated.ok) return simulated
  const simulation = checkSimulation(execution, simulated.value, port.source)
  return simulation.ok ? ok({ ...execution, simulation: simulation.value }) : simulation
}

export async function planEvm(
  request: EvmPlanRequest,
  signal: AbortSignal,
): Promise<Result<PlannedEvm, CodeOf<typeof transfersPlan>>> {
  const { port, asset, contract } = request
  const from = request.from.address
  const recipient = parseEvmAddress(request.recipient)
  if (!recipient.ok) return recipient
  const [warnings, nonce, fees, balances] = await Promise.all([
    readEvmWarnings(port, from, recipient.value, signal),
    port.readNonce(from, signal),
    port.readFees(signal),
    port.readBalances(from, signal),
  ])
  if (!warnings.ok) return warnings
  if (!nonce.ok) return nonce
  const used = highestMined(request.transfers, port.chainId, from)
  if (used !== null && nonce.value <= used) {
    const data = { chain: `evm:${port.chainId}`, field: 'nonce', claimed: String(nonce.value) }
    return refuse('CHAIN_LIED', { ...data, actual: `above ${used}, which was mined` })
  }
  if (!fees.ok) return fees
  if (!balances.ok) return balances
  const coin = balances.value.find((held) => held.asset === port.coin.symbol)
  const held = balances.value.find((balance) => balance.asset === asset.symbol)
  if (coin === undefined || held === undefined)
    return refuse('NOT_FOUND', { what: 'balance', id: asset.symbol })
  const units = request.units === 'all' ? held.units : request.units.units
  if (units > held.units || units === 0n) {
    // Before asking the chain for gas, which would only say "reverted".
    return refuse('FUNDS_INSUFFICIENT', {
      needed: amountToDecimal(amount(asset, units)),
      available: amountToDecimal(held),
      asset: asset.symbol,
    })
  }
  const call =
    contract === null
      ? { from, to: recipient.value, value: request.units === 'all' ? 0n : units, data: '' }
      : { from, to: contract, value: 0n, data: encodeTransferCall(recipient.value, units) }
  const gasLimit = await port.estimateGas(call, signal)
  if (!gasLimit.ok) return gasLimit
  const dataFee = await port.readDataFee(
    {
      ...call,
      // As many bytes as the real one may have.
      value: request.units === 'all' && contract === null ? held.units : call.value,
      nonce: nonce.value,
      gasLimit: gasLimit.value,
      maxFeePerGas: fees.value.maxFeePerGas,
      maxPriorityFeePerGas: fees.value.maxPriorityFeePerGas,
    },
    signal,
  )
  if (!dataFee.ok) return dataFee
  const planned = planEvmTransfer({
    chainId: port.chainId,
    from,
    path: request.from.path,
    recipient: recipient.value,
    coin: port.coin,
    token: contract === null ? null : { asset, contract },
    amount: request.units === 'all' ? { kind: 'all' } : { kind: 'exact', units },
    balances: { coin: coin.units, token: contract === null ? null : held.units },
    nonce: nonce.value,
    gasLimit: gasLimit.value,
    maxFeePerGas: fees.value.maxFeePerGas,
    maxPriorityFeePerGas: fees.value.maxPriorityFeePerGas,
    dataFeeWei: dataFee.value,
    caps: request.caps(gasLimit.value, amount(asset, units), port),
    knownContracts: port.tokens.map((token) => token.contract),
  })
  if (!planned.ok) return planned
  const execution = await simulatePlan(planned.value.execution, port, signal)
  if (!execution.ok) return execution
  return ok({
    execution: execution.value,
    amount: amount(asset, planned.value.units),
    fee: amount(port.coin, planned.value.maxFeeWei),
    warnings: warnings.value,
  })
}
