/** secp256k1 as the verifier needs it, handed in by the caller (native, wasm or noble), so that what
 *  checks a transaction is independent of what built it. All functions are total: malformed input is false or null. */
export interface Curve {
  /** 32-byte hash, key of 33 bytes or 65 in full, 64-byte compact signature; refuses high-S. */
  verifyEcdsa(hash: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean
  /** Uncompressed 65-byte key, or null. */
  recoverEcdsa(hash: Uint8Array, signature: Uint8Array, recovery: 0 | 1): Uint8Array | null
  /** BIP340: 32-byte message, 32-byte x-only key, 64-byte signature. */
  verifySchnorr(message: Uint8Array, publicKey: Uint8Array, signature: Uint8Array): boolean
}
