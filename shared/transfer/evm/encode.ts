/** Builds transactions: the bytes to sign, and the signed bytes from a plan and the device's values. Pure.
 *  Type 2 (EIP-1559) with an empty access list. Whether the result is what was approved is decided
 *  elsewhere (../verify/evm.ts), from the bytes alone. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { ok, type Result, refuse } from '../../errors/refusal.ts'
import { concatBytes } from '../../vault/hash.ts'
import type { EvmTransactionPlan } from '../plan.ts'
import { encodeRlp, integerBytes, type RlpInput } from './rlp.ts'

const TYPE_2 = Uint8Array.of(2)

/** What the device returned, as text: v 0x0 or 0x1, r and s up to 32 bytes of hex, 0x optional. */
export interface DeviceSignature {
  readonly v: string
  readonly r: string
  readonly s: string
}

/** keccak256(0x02 ‖ rlp(fields)): what the device signs for this plan. */
export function evmSigningHash(plan: EvmTransactionPlan): Uint8Array {
  return keccak_256(concatBytes([TYPE_2, encodeRlp(unsignedFields(plan))]))
}

/**
 * The plan's own fields with the device's signature, as raw hex without 0x.
 * Refuses values that are no signature with SIGNED_MISMATCH; a valid signature over something else
 * passes here and is refused by `verifyEvm`.
 */
export function assembleSigned(
  plan: EvmTransactionPlan,
  signature: DeviceSignature,
): Result<string, 'SIGNED_MISMATCH'> {
  const parity = parseHexInteger(signature.v)
  const r = parseHexInteger(signature.r)
  const s = parseHexInteger(signature.s)
  if (parity === undefined || parity > 1n) return badValue('v', '0 or 1', signature.v)
  if (r === undefined || r === 0n) return badValue('r', '1 to 32 bytes, not zero', signature.r)
  if (s === undefined || s === 0n) return badValue('s', '1 to 32 bytes, not zero', signature.s)
  const fields = [...unsignedFields(plan), integerBytes(parity), integerBytes(r), integerBytes(s)]
  return ok(bytesToHex(concatBytes([TYPE_2, encodeRlp(fields)])))
}

function unsignedFields(plan: EvmTransactionPlan): readonly RlpInput[] {
  return [
    integerBytes(BigInt(plan.chainId)),
    integerBytes(BigInt(plan.nonce)),
    integerBytes(plan.maxPriorityFeePerGas),
    integerBytes(plan.maxFeePerGas),
    integerBytes(plan.gasLimit),
    hexToBytes(plan.to.slice(2)),
    integerBytes(plan.value),
    hexToBytes(plan.data),
    [],
  ]
}

function parseHexInteger(text: string): bigint | undefined {
  const match = /^(?:0x)?([0-9a-fA-F]{1,64})$/.exec(text)
  return match === null ? undefined : BigInt(`0x${match[1]}`)
}

function badValue(
  name: 'v' | 'r' | 's',
  approved: string,
  returned: string,
): Result<never, 'SIGNED_MISMATCH'> {
  const difference = { field: `signature.${name}`, approved, returned: returned.slice(0, 80) }
  return refuse('SIGNED_MISMATCH', { differences: [difference] })
}
