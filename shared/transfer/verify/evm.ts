/** Is this signed EVM transaction exactly the one that was approved? Pure, fails closed.
 *  Takes the plan, the returned bytes and a curve; believes only the bytes.
 *  Every field is compared, the signer recovered; empty `to`, access lists, high-S (EIP-2), other
 *  types and all non-canonical encodings are differences. All of them are SIGNED_MISMATCH. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { ok, type Result, refuse } from '../../errors/refusal.ts'
import { checksumEvmAddress, evmAddressOfPublicKey } from '../../vault/evmAddress.ts'
import { parseEvmAddress } from '../evm/address.ts'
import { decodeTransferCall } from '../evm/erc20.ts'
import { parseSignedEvm, type SignedType0, type SignedType2 } from '../evm/parse.ts'
import type { Difference, EvmTransactionPlan } from '../plan.ts'
import type { Curve } from './curve.ts'
import { markVerified, type VerifiedTransaction } from './verified.ts'

/** A plan for a chain or device without EIP-1559. Wei. */
export type LegacyEvmTransactionPlan = Omit<
  EvmTransactionPlan,
  'type' | 'maxFeePerGas' | 'maxPriorityFeePerGas'
> & { readonly type: 0; readonly gasPrice: bigint }

const CURVE_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n

/**
 * @param digest  of the approved plan that `plan` is part of; carried into the result
 * @param rawHex  lower-case hex without 0x
 * @returns the only value that may be broadcast, or SIGNED_MISMATCH with every difference by field
 */
export function verifyEvm(input: {
  readonly plan: EvmTransactionPlan | LegacyEvmTransactionPlan
  readonly digest: string
  readonly rawHex: string
  readonly curve: Curve
}): Result<VerifiedTransaction, 'SIGNED_MISMATCH'> {
  const { plan, digest, rawHex, curve } = input
  const reading = parseSignedEvm(rawHex)
  if (!reading.ok) {
    const approved = approvedText(plan, reading.field)
    return mismatch([{ field: reading.field, approved, returned: reading.problem }])
  }
  const returned = reading.transaction
  const differences = [
    ...compareFields(plan, returned),
    ...compareMeaning(plan, returned),
    ...compareSignature(plan.from, returned, curve),
  ]
  if (differences.length > 0) return mismatch(differences)
  return ok(markVerified({ kind: 'evm', digest, rawHex, txid: returned.txid }))
}

function compareFields(
  plan: EvmTransactionPlan | LegacyEvmTransactionPlan,
  returned: SignedType0 | SignedType2,
): readonly Difference[] {
  const differences: Difference[] = []
  const compare = (field: string, approved: string, actual: string): void => {
    if (approved !== actual) differences.push({ field, approved, returned: actual })
  }
  compare('type', String(plan.type), String(returned.type))
  compare('chainId', String(plan.chainId), String(returned.chainId))
  compare('nonce', String(plan.nonce), String(returned.nonce))
  compare('gasLimit', String(plan.gasLimit), String(returned.gasLimit))
  compare('to', addressText(plan.to), returned.to ?? 'contract creation')
  compare('value', String(plan.value), String(returned.value))
  compare('data', plan.data, returned.data)
  if (plan.type === 2 && returned.type === 2) {
    compare('maxFeePerGas', String(plan.maxFeePerGas), String(returned.maxFeePerGas))
    const priority = String(plan.maxPriorityFeePerGas)
    compare('maxPriorityFeePerGas', priority, String(returned.maxPriorityFeePerGas))
    compare('accessList', '0 entries', `${returned.accessList} entries`)
  } else if (plan.type === 0 && returned.type === 0) {
    compare('gasPrice', String(plan.gasPrice), String(returned.gasPrice))
  }
  return differences
}

/** The bytes must also mean what the plan says they mean: the coin with no calldata, or one
 *  ERC-20 transfer on the token's contract. Guards against a plan that contradicts itself. */
function compareMeaning(
  plan: EvmTransactionPlan | LegacyEvmTransactionPlan,
  returned: SignedType0 | SignedType2,
): readonly Difference[] {
  if (plan.token === null) {
    if (returned.data === '') return []
    return [{ field: 'data', approved: 'none: a transfer of the coin', returned: returned.data }]
  }
  const differences: Difference[] = []
  const contract = addressText(plan.token)
  if (returned.to !== contract) {
    differences.push({ field: 'token', approved: contract, returned: returned.to ?? 'none' })
  }
  if (decodeTransferCall(returned.data) === undefined) {
    differences.push({ field: 'data', approved: 'a token transfer', returned: returned.data })
  }
  if (returned.value !== 0n) {
    differences.push({ field: 'value', approved: '0', returned: String(returned.value) })
  }
  return differences
}

function compareSignature(
  from: string,
  returned: SignedType0 | SignedType2,
  curve: Curve,
): readonly Difference[] {
  const { r, s } = returned
  if (r === 0n || r >= CURVE_ORDER) return [range('signature.r', 'from 1 to n − 1', r)]
  // EIP-2: the upper half is a second spelling of the same signature and changes the hash.
  if (s === 0n || s > CURVE_ORDER / 2n) return [range('signature.s', 'from 1 to n / 2', s)]
  const approved = addressText(from)
  const signature = hexToBytes(r.toString(16).padStart(64, '0') + s.toString(16).padStart(64, '0'))
  const key = curve.recoverEcdsa(returned.signingHash, signature, returned.yParity)
  if (key === null) return [{ field: 'from', approved, returned: 'no key has this signature' }]
  const signer = checksumEvmAddress(evmAddressOfPublicKey(key))
  if (signer !== approved) return [{ field: 'from', approved, returned: signer }]
  const compressed = Uint8Array.of(2 + ((key[64] ?? 0) & 1), ...key.subarray(1, 33))
  // Recovery and verification are separate routines of the curve; both must agree.
  if (curve.verifyEcdsa(returned.signingHash, compressed, signature)) return []
  return [{ field: 'signature', approved: 'valid', returned: bytesToHex(signature) }]
}

function range(field: string, approved: string, value: bigint): Difference {
  return { field, approved, returned: `0x${value.toString(16)}` }
}

/** Malformed text in a plan stays as it is and so equals nothing that was returned. */
function addressText(text: string): string {
  const address = parseEvmAddress(text)
  return address.ok ? address.value : `malformed ${text}`
}

/** What the plan says about a field that could not be read. */
function approvedText(plan: EvmTransactionPlan | LegacyEvmTransactionPlan, field: string): string {
  if (field === 'type') return String(plan.type)
  if (field === 'chainId') return String(plan.chainId)
  if (field === 'nonce') return String(plan.nonce)
  if (field === 'to') return plan.to
  if (field === 'value') return String(plan.value)
  if (field === 'accessList') return '0 entries'
  return 'canonical'
}

function mismatch(differences: readonly Difference[]): Result<never, 'SIGNED_MISMATCH'> {
  return refuse('SIGNED_MISMATCH', { differences })
}
