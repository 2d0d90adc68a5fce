/** What a rollup of the OP stack charges above gas: for putting a transaction's bytes on Ethereum, and since Isthmus
 *  for its operator by the gas used. Wei. An estimate: no field of the transaction caps either.
 *  Source: GasPriceOracle.getL1Fee(bytes), which takes the unsigned bytes and adds the signature's length itself, and
 *  getOperatorFee(uint256), asked for the whole gas limit; an oracle from before Isthmus reverts there: no such fee. */
import { Interface, Transaction } from 'ethers'
import { type Refusal, ok } from '../../../../shared/errors/refusal.ts'
import type { ChainRefusals, ChainResult, EvmPort } from '../../../host/ports.ts'
import { wordSchema } from './answers.ts'
import type { EvmNode } from './node.ts'

/** The same predeployed address on every chain of the stack. */
export const GAS_PRICE_ORACLE = '0x420000000000000000000000000000000000000F'
const oracle = new Interface([
  'function getL1Fee(bytes) view returns (uint256)',
  'function getOperatorFee(uint256 gasUsed) view returns (uint256)',
])
/** Ethereum's base fee moves by an eighth a block: half more outlasts three full blocks. */
const MARGIN_PERCENT = 50n

export async function readOpStackDataFee(
  node: EvmNode,
  chainId: number,
  transaction: Parameters<EvmPort['readDataFee']>[0],
  signal: AbortSignal,
): Promise<ChainResult<bigint>> {
  const { nonce, to, value, data, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = transaction
  const { unsignedSerialized } = Transaction.from({
    type: 2,
    chainId,
    nonce,
    to,
    value,
    data: `0x${data}`,
    gasLimit,
    maxFeePerGas,
    maxPriorityFeePerGas,
  })
  const read = (name: 'getL1Fee' | 'getOperatorFee', value: string | bigint) => {
    const call = { to: GAS_PRICE_ORACLE, data: oracle.encodeFunctionData(name, [value]) }
    return node.ask('eth_call', [call, 'latest'], wordSchema, signal)
  }
  const [dataFee, operatorFee] = await Promise.all([
    read('getL1Fee', unsignedSerialized),
    read('getOperatorFee', gasLimit),
  ])
  if (!dataFee.ok) return dataFee
  const absent = !operatorFee.ok && isRevert(operatorFee.refusal)
  if (!operatorFee.ok && !absent) return operatorFee
  const withMargin = (dataFee.value * (100n + MARGIN_PERCENT) + 99n) / 100n
  return ok(withMargin + (operatorFee.ok ? operatorFee.value : 0n))
}

/** A server that limits or fails says no as well: only a revert is the contract's own word. */
function isRevert(refusal: Refusal<ChainRefusals>): boolean {
  return refusal.code === 'CHAIN_REJECTED' && /revert/i.test(refusal.data.reason)
}
