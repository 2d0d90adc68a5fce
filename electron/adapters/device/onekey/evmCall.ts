/** An EVM plan in the SDK's words (EIP-1559, or legacy with EIP-155), and the signature values it returns.
 *  An empty recipient would create a contract: the SDK would sign it, this refuses it. */
import { z } from 'zod'
import type { EvmTransactionPlan } from '../../../../shared/transfer/plan.ts'
import type { LegacyEvmTransactionPlan } from '../../../../shared/transfer/verify/evm.ts'
import type { BuiltCall } from './bitcoinCall.ts'
import { coinTypeOf, parsePath } from './path.ts'

const ADDRESS = /^0x[0-9a-fA-F]{40}$/

const word = z
  .string()
  .regex(/^0x[0-9a-fA-F]{1,64}$/)
  .transform((text) => `0x${text.slice(2).toLowerCase().padStart(64, '0')}`)

/** v is the parity, 0x0 or 0x1, of type 2, and EIP-155's of type 0; r and s are 32 bytes, 0x-prefixed. */
export const signedEvmSchemas = {
  0: z.object({ v: z.string().regex(/^0x[0-9a-f]{2,10}$/), r: word, s: word }),
  2: z.object({ v: z.enum(['0x0', '0x1']), r: word, s: word }),
} as const

function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`
}

export function buildEvmCall(plan: EvmTransactionPlan | LegacyEvmTransactionPlan): BuiltCall {
  const path = parsePath(plan.path)
  if (path === null || coinTypeOf(path) !== 60) return { kind: 'invalid', field: 'path' }
  if (!ADDRESS.test(plan.to)) return { kind: 'invalid', field: 'to' }
  return {
    kind: 'call',
    params: {
      path: plan.path,
      transaction: {
        to: plan.to,
        value: hex(plan.value),
        gasLimit: hex(plan.gasLimit),
        nonce: hex(plan.nonce),
        chainId: plan.chainId,
        data: `0x${plan.data}`,
        ...(plan.type === 0
          ? { gasPrice: hex(plan.gasPrice) }
          : {
              maxFeePerGas: hex(plan.maxFeePerGas),
              maxPriorityFeePerGas: hex(plan.maxPriorityFeePerGas),
            }),
      },
    },
  }
}

export function buildEvmAddressCall(path: string, chainId: number): BuiltCall {
  if (parsePath(path) === null) return { kind: 'invalid', field: 'path' }
  return { kind: 'call', params: { path, chainId, showOnOneKey: true } }
}
