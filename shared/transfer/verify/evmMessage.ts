/** Is this the approved signer's signature over the digest that we computed? Pure, fails closed.
 *  For personal messages and typed data. 65 bytes r ‖ s ‖ v, v 27, 28, 0 or 1; high-S is refused. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { ok, type Result, refuse } from '../../errors/refusal.ts'
import { checksumEvmAddress, evmAddressOfPublicKey } from '../../vault/evmAddress.ts'
import { parseEvmAddress } from '../evm/address.ts'
import type { Curve } from './curve.ts'

/**
 * @param digest     32 bytes, computed here from what was approved (hashTypedData, hashPersonalMessage)
 * @param signer     the address that was approved
 * @param signature  as returned by the device, hex, 0x optional
 * @returns the signature in its one form: 0x, lower case, v 27 or 28
 */
export function verifyEvmMessage(input: {
  readonly digest: Uint8Array
  readonly signer: string
  readonly signature: string
  readonly curve: Curve
}): Result<string, 'SIGNED_MISMATCH'> {
  const { digest, signer, signature, curve } = input
  const hex = signature.replace(/^0x/, '').toLowerCase()
  if (!/^[0-9a-f]{130}$/.test(hex)) return differs('signature', '65 bytes of hex', signature)
  const bytes = hexToBytes(hex)
  const compact = bytes.subarray(0, 64)
  const v = bytes[64] ?? 255
  const parity = v === 27 || v === 0 ? 0 : v === 28 || v === 1 ? 1 : undefined
  if (parity === undefined) return differs('signature.v', '0, 1, 27 or 28', String(v))
  const expected = parseEvmAddress(signer)
  if (!expected.ok) return differs('signer', signer, 'not an address')
  const key = curve.recoverEcdsa(digest, compact, parity)
  if (key === null) return differs('signer', expected.value, 'no key has this signature')
  const actual = checksumEvmAddress(evmAddressOfPublicKey(key))
  if (actual !== expected.value) return differs('signer', expected.value, actual)
  const compressed = Uint8Array.of(2 + ((key[64] ?? 0) & 1), ...key.subarray(1, 33))
  // Also refuses high-S, a second spelling that some contracts would take for another signature.
  if (!curve.verifyEcdsa(digest, compressed, compact)) {
    return differs('signature.s', 'at most n / 2', `0x${bytesToHex(compact.subarray(32))}`)
  }
  return ok(`0x${bytesToHex(compact)}${(27 + parity).toString(16)}`)
}

function differs(
  field: string,
  approved: string,
  returned: string,
): Result<never, 'SIGNED_MISMATCH'> {
  return refuse('SIGNED_MISMATCH', {
    differences: [{ field, approved, returned: returned.slice(0, 140) }],
  })
}
