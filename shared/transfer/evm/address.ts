/** EVM addresses as text: 0x and 40 hex digits with the EIP-55 checksum in the letters' case. Pure.
 *  Refuses malformed text and mixed case that does not match its checksum (one digit mistyped). */
import { hexToBytes } from '@noble/hashes/utils.js'
import { ok, type Result, refuse } from '../../errors/refusal.ts'
import { checksumEvmAddress } from '../../vault/evmAddress.ts'

/** Text to its checksummed form. All-lower and all-upper digits carry no checksum and are accepted. */
export function parseEvmAddress(text: string): Result<string, 'ADDRESS_INVALID'> {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) {
    return refuse('ADDRESS_INVALID', { address: text, reason: 'malformed' })
  }
  const digits = text.slice(2)
  const checksummed = checksumEvmAddress(hexToBytes(digits))
  const bare = digits === digits.toLowerCase() || digits === digits.toUpperCase()
  if (!bare && checksummed !== text) {
    return refuse('ADDRESS_INVALID', { address: text, reason: 'checksum' })
  }
  return ok(checksummed)
}
