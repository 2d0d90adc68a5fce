/** What a rollup of the OP stack charges for putting a transaction's bytes on Ethereum. Wei.
 *  An estimate: the price is Ethereum's own at the moment of inclusion, and no field of the transaction caps it.
 *  Source: GasPriceOracle.getL1Fee(bytes), which takes the unsigned bytes and adds the signature's length itself. */
import { Interface, Transaction } from 'ethers'
import { ok } from '../../../../shared/errors/refusal.ts'
import type { ChainResult, EvmPort } from '../../../host/ports.ts'
import { wordSchema } from './answers.ts'
import type { EvmNode } from './node.ts'

/** The same predeployed address on every chain of the stack. */
export const GAS_PRICE_ORACLE = '0x420000000000000000000000000000000000000F'
const oracle = new Interface(['function getL1Fee(bytes) view returns (uint256)'])
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
  const call = {
    to: GAS_PRICE_ORACLE,
    data: oracle.encodeFunctionData('getL1Fee', [unsignedSerialized]),
  }
  const fee = await node.ask('eth_call', [call, 'latest'], wordSchema, signal)
  return fee.ok ? ok((fee.value * (100n + MARGIN_PERCENT) + 99n) / 100n) : fee
}
