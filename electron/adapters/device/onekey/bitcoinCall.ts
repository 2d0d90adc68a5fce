/** A bitcoin plan in the SDK's words: inputs and outputs in the plan's order, every previous transaction
 *  in full, change by path so that the device recognises it. Amounts travel as decimal text. */
import { z } from 'zod'
import type { BitcoinTransactionPlan } from '../../../../shared/transfer/plan.ts'
import { parsePath, purposeOf } from './path.ts'
import { type RefTransaction, parseRefTransaction } from './refTransaction.ts'

/** The SDK's coin names. Regtest is one of its coins: paths m/84'/1'/…, addresses bcrt1…, keys vpub. */
export const COIN_NAMES = { mainnet: 'Bitcoin', regtest: 'Regtest' } as const

export const signedBitcoinSchema = z.object({
  serializedTx: z.string().regex(/^([0-9a-f]{2})+$/),
})

export const addressSchema = z.object({ address: z.string().min(1) })

export type BuiltCall =
  | { readonly kind: 'call'; readonly params: Record<string, unknown> }
  | { readonly kind: 'invalid'; readonly field: string }

function segwitPath(text: string): readonly number[] | null {
  const path = parsePath(text)
  return path !== null && path.length === 5 && purposeOf(path) === 84 ? path : null
}

/** The SDK takes the kind of address from the path's purpose (44, 49, 84, 86). */
export function buildBitcoinAddressCall(request: {
  readonly path: string
  readonly network: keyof typeof COIN_NAMES
}): BuiltCall {
  if (parsePath(request.path) === null) return { kind: 'invalid', field: 'path' }
  const coin = COIN_NAMES[request.network]
  return { kind: 'call', params: { path: request.path, coin, showOnOneKey: true } }
}

export function buildBitcoinCall(plan: BitcoinTransactionPlan): BuiltCall {
  const inputs: Record<string, unknown>[] = []
  const refTxs = new Map<string, RefTransaction>()
  for (const [i, input] of plan.inputs.entries()) {
    const path = segwitPath(input.path)
    if (path === null) return { kind: 'invalid', field: `inputs.${i}.path` }
    const previous = parseRefTransaction(input.txid, input.previousTransaction)
    if (previous === null) return { kind: 'invalid', field: `inputs.${i}.previousTransaction` }
    refTxs.set(input.txid, previous)
    inputs.push({
      address_n: path,
      prev_hash: input.txid,
      prev_index: input.vout,
      amount: input.value.toString(),
      sequence: input.sequence,
      script_type: 'SPENDWITNESS',
    })
  }
  const outputs: Record<string, unknown>[] = []
  for (const [i, output] of plan.outputs.entries()) {
    const amount = output.value.toString()
    if (output.role === 'recipient') {
      outputs.push({ address: output.address, amount, script_type: 'PAYTOADDRESS' })
      continue
    }
    const path = segwitPath(output.path ?? '')
    if (path === null) return { kind: 'invalid', field: `outputs.${i}.path` }
    outputs.push({ address_n: path, amount, script_type: 'PAYTOWITNESS' })
  }
  return {
    kind: 'call',
    params: {
      coin: COIN_NAMES[plan.network],
      inputs,
      outputs,
      refTxs: [...refTxs.values()],
      version: plan.version,
      locktime: plan.locktime,
    },
  }
}
