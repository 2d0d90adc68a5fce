/** What `personal_sign` signs (EIP-191, version 0x45): the prefix keeps it from being a transaction. Pure. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { concatBytes } from '../../vault/hash.ts'

/** keccak256('\x19Ethereum Signed Message:\n' ‖ length in bytes ‖ message), 32 bytes. */
export function hashPersonalMessage(message: Uint8Array): Uint8Array {
  const prefix = utf8ToBytes(`\x19Ethereum Signed Message:\n${message.length}`)
  return keccak_256(concatBytes([prefix, message]))
}
