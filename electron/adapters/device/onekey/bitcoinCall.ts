/** A bitcoin plan in the SDK's words: inputs and outputs in the plan's order, every previous transaction
 *  in full (none where all inputs are taproot, whose signatures cover the amounts: BIP341), change by path so
 *  that the device recognises it. The path's purpose names the kind of script. Amounts as decimal text. */
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

/** BIP44, 49, 84, 86. */
const SCRIPT_TYPES: { readonly [purpose: number]: { input: string; output: string } } = {
  44: { input: 'SPENDADDRESS', output: 'PAYTOADDRESS' },
  49: { input: 'SPENDP2SHWITNESS', output: 'PAYTOP2SHWITNESS' },
  84: { input: 'SPENDWITNESS', output: 'PAYTOWITNESS' },
  86: { input: 'SPENDTAPROOT', output: 'PAYTOTAPROOT' },
}

interface KnownPath {
  readonly path: readonly number[]
  readonly types: { readonly input: string; readonly output: string }
}

function knownPath(text: string): KnownPath | null {
  const path = parsePath(text)
  const types = path === null ? undefined : SCRIPT_TYPES[purposeOf(path) ?? 0]
  return path !== null && path.length === 5 && types !== undefined ? { path, types } : null
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
    const known = knownPath(input.path)
    if (known === null) return { kind: 'invalid', field: `inputs.${i}.path` }
    const previous = parseRefTransaction(input.txid, input.previousTransaction)
    if (previous === null) return { kind: 'invalid', field: `inputs.${i}.previousTransaction` }
    refTxs.set(input.txid, previous)
    inputs.push({
      address_n: known.path,
      prev_hash: input.txid,
      prev_index: input.vout,
      amount: input.value.toString(),
      sequence: input.sequence,
      script_type: known.types.input,
    })
  }
  const outputs: Record<string, unknown>[] = []
  for (const [i, output] of plan.outputs.entries()) {
    const amount = output.value.toString()
    if (output.role === 'recipient') {
      outputs.push({ address: output.address, amount, script_type: 'PAYTOADDRESS' })
      continue
    }
    const known = knownPath(output.path ?? '')
    if (known === null) return { kind: 'invalid', field: `outputs.${i}.path` }
    outputs.push({ address_n: known.path, amount, script_type: known.types.output })
  }
  const taprootOnly = inputs.every(({ script_type }) => script_type === 'SPENDTAPROOT')
  return {
    kind: 'call',
    params: {
      coin: COIN_NAMES[plan.network],
      inputs,
      outputs,
      refTxs: taprootOnly ? [] : [...refTxs.values()],
      version: plan.version,
      locktime: plan.locktime,
    },
  }
}
