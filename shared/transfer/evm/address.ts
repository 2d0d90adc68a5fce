/** EVM addresses as text: 0x and 40 hex digits with the EIP-55 checksum in the letters' case. Pure.
 *  Refuses malformed text and mixed case that does not match its checksum (one digit mistyped). */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { ok, type Result, refuse } from '../../errors/refusal.ts'

/** Text to its checksummed form. All-lower and all-upper digits carry no checksum and are accepted. */
export function parseEvmAddress(text: string): Result<string, 'ADDRESS_INVALID'> {
  if (!/^0x[0-9a-fA-F]{40}$/.test(text)) {
    return refuse('ADDRESS_INVALID', { address: text, reason: 'malformed' })
  }
  const digits = text.slice(2)
  const checksummed = withChecksum(digits.toLowerCase())
  const bare = digits === digits.toLowerCase() || digits === digits.toUpperCase()
  if (!bare && checksummed !== text) {
    return refuse('ADDRESS_INVALID', { address: text, reason: 'checksum' })
  }
  return ok(checksummed)
}

/** Twenty bytes to checksummed text. Throws on any other length. */
export function formatEvmAddress(bytes: Uint8Array): string {
  if (bytes.length !== 20) throw new RangeError(`an address has 20 bytes, not ${bytes.length}`)
  return withChecksum(bytesToHex(bytes))
}

/** The address of an uncompressed public key (65 bytes, 04 first). Throws on any other form. */
export function evmAddressFromPublicKey(publicKey: Uint8Array): string {
  if (publicKey.length !== 65 || publicKey[0] !== 4) {
    throw new RangeError('an uncompressed public key is needed')
  }
  return formatEvmAddress(keccak_256(publicKey.subarray(1)).subarray(12))
}

/** EIP-55: a letter is upper case where the same digit of keccak(lower-case text) is 8 or more. */
function withChecksum(lower: string): string {
  const hash = bytesToHex(keccak_256(utf8ToBytes(lower)))
  const digits = [...lower].map((digit, i) =>
    (hash[i] ?? '0') >= '8' ? digit.toUpperCase() : digit,
  )
  return `0x${digits.join('')}`
}
