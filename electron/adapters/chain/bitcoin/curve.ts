/** secp256k1 for the verifier: the native library where its prebuild loads, else the wasm one.
 *  All functions are total: malformed input is false or null, high S is false. */
import { createHmac, hash } from 'node:crypto'
import { createRequire } from 'node:module'
import * as tiny from 'tiny-secp256k1'
import type { DerivationMath } from '../../../../shared/vault/derive.ts'
import { equalBytes } from '../../../../shared/vault/hash.ts'
import type { Curve } from '../../../../shared/transfer/verify/curve.ts'

/** What is used of the native `secp256k1` package, which brings no types. It throws on bad input. */
interface NativeLibrary {
  ecdsaVerify(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean
  ecdsaRecover(
    signature: Uint8Array,
    recovery: number,
    message: Uint8Array,
    compressed: boolean,
  ): Uint8Array
  publicKeyTweakAdd(publicKey: Uint8Array, tweak: Uint8Array, compressed: boolean): Uint8Array
  publicKeyConvert(publicKey: Uint8Array, compressed: boolean): Uint8Array
}

function isNativeLibrary(value: unknown): value is NativeLibrary {
  return (
    typeof value === 'object' &&
    value !== null &&
    'ecdsaVerify' in value &&
    typeof value.ecdsaVerify === 'function' &&
    'ecdsaRecover' in value &&
    typeof value.ecdsaRecover === 'function' &&
    'publicKeyTweakAdd' in value &&
    typeof value.publicKeyTweakAdd === 'function' &&
    'publicKeyConvert' in value &&
    typeof value.publicKeyConvert === 'function'
  )
}

/** The package's own entry falls back to a slow JavaScript curve; this asks for the native part or nothing. */
function loadNative(): NativeLibrary | undefined {
  try {
    const loaded: unknown = createRequire(import.meta.url)('secp256k1/bindings.js')
    return isNativeLibrary(loaded) ? loaded : undefined
  } catch {
    return undefined
  }
}

/** A thrown complaint about malformed input becomes the given answer. */
function total<T>(work: () => T, otherwise: T): T {
  try {
    return work()
  } catch {
    return otherwise
  }
}

function isHash(bytes: Uint8Array): boolean {
  return bytes.length === 32
}

/** Compressed, or written out in full: never the hybrid form of 65 bytes. */
function isKey(bytes: Uint8Array): boolean {
  return bytes.length === 33 || (bytes.length === 65 && bytes[0] === 4)
}

export function createWasmCurve(): Curve {
  return {
    verifyEcdsa: (hash, publicKey, signature) =>
      isHash(hash) &&
      isKey(publicKey) &&
      signature.length === 64 &&
      total(() => tiny.verify(hash, publicKey, signature, true), false),
    recoverEcdsa: (hash, signature, recovery) =>
      isHash(hash) && signature.length === 64
        ? total(() => tiny.recover(hash, signature, recovery, false), null)
        : null,
    verifySchnorr: (message, publicKey, signature) =>
      isHash(message) &&
      publicKey.length === 32 &&
      signature.length === 64 &&
      total(() => tiny.verifySchnorr(message, publicKey, signature), false),
  }
}

/** Null where the native library does not load. It has no Schnorr: that stays with wasm. */
export function createNativeCurve(): Curve | null {
  const native = loadNative()
  if (native === undefined) return null
  return {
    ...createWasmCurve(),
    verifyEcdsa: (hash, publicKey, signature) =>
      isHash(hash) &&
      isKey(publicKey) &&
      signature.length === 64 &&
      total(() => native.ecdsaVerify(signature, hash, publicKey), false),
    recoverEcdsa: (hash, signature, recovery) =>
      isHash(hash) && signature.length === 64
        ? total(() => native.ecdsaRecover(signature, recovery, hash, false), null)
        : null,
  }
}

const SHA512_BLOCK = 128

/** HMAC by two plain hashes: for keys of a block or less several times as fast as a keyed Hmac object.
 *  Each instance works in two buffers of its own, as nothing waits in between. */
function createHmacSha512(): DerivationMath['hmacSha512'] {
  const outer = new Uint8Array(SHA512_BLOCK + 64)
  let inner = new Uint8Array(SHA512_BLOCK)
  return (key, data) => {
    if (key.length > SHA512_BLOCK) return createHmac('sha512', key).update(data).digest()
    if (inner.length !== SHA512_BLOCK + data.length)
      inner = new Uint8Array(SHA512_BLOCK + data.length)
    for (let at = 0; at < SHA512_BLOCK; at++) {
      const byte = key[at] ?? 0
      inner[at] = byte ^ 0x36
      outer[at] = byte ^ 0x5c
    }
    inner.set(data, SHA512_BLOCK)
    outer.set(hash('sha512', inner, 'buffer'), SHA512_BLOCK)
    return hash('sha512', outer, 'buffer')
  }
}

/** BIP32's operations by OpenSSL and the wasm curve. */
export function createWasmDerivationMath(): DerivationMath {
  return {
    hmacSha512: createHmacSha512(),
    addTweak: (publicKey, tweak, form) =>
      total(() => tiny.pointAddScalar(publicKey, tweak, form === 'compressed'), null),
  }
}

/** The same with the native curve where its prebuild loads: several times as fast. */
export function createDerivationMath(): DerivationMath {
  const native = loadNative()
  if (native === undefined) return createWasmDerivationMath()
  // The children of one branch share a parent: written out in full it need not be decompressed for each.
  const parent: { compressed: Uint8Array; full: Uint8Array } = {
    compressed: new Uint8Array(33),
    full: new Uint8Array(65),
  }
  const inFull = (publicKey: Uint8Array): Uint8Array => {
    if (!equalBytes(publicKey, parent.compressed)) {
      parent.full = native.publicKeyConvert(publicKey, false)
      parent.compressed = Uint8Array.from(publicKey)
    }
    return parent.full
  }
  return {
    hmacSha512: createHmacSha512(),
    addTweak: (publicKey, tweak, form) =>
      total(() => native.publicKeyTweakAdd(inFull(publicKey), tweak, form === 'compressed'), null),
  }
}

/** The fastest curve of this machine. */
export function createCurve(): Curve {
  return createNativeCurve() ?? createWasmCurve()
}
