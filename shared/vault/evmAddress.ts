/** Ethereum addresses: keccak of the public key, and the EIP-55 checksum in the letters' case. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/** Last 20 bytes of keccak-256 over x ‖ y. Takes the 65-byte uncompressed key. */
export function evmAddressOfPublicKey(uncompressed: Uint8Array): Uint8Array {
  if (uncompressed.length !== 65 || uncompressed[0] !== 4) {
    throw new TypeError('not an uncompressed public key')
  }
  return keccak_256(uncompressed.subarray(1)).slice(12)
}

/** 0x-prefixed with EIP-55 capitals. */
export function checksumEvmAddress(address: Uint8Array): string {
  if (address.length !== 20) throw new TypeError('an EVM address has 20 bytes')
  const digits = bytesToHex(address)
  const hash = keccak_256(utf8ToBytes(digits))
  let cased = '0x'
  for (let at = 0; at < digits.length; at++) {
    const byte = hash[at >> 1] ?? 0
    const nibble = at % 2 === 0 ? byte >> 4 : byte & 0x0f
    const digit = digits.charAt(at)
    cased += nibble >= 8 ? digit.toUpperCase() : digit
  }
  return cased
}
