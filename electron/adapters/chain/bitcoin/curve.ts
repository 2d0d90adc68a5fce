/** secp256k1 for the verifier: the native library where its prebuild loads, else the wasm one.
 *  All functions are total: malformed input is false or null, high S is false. */
import { createHmac } from 'node:crypto'
import { createRequire } from 'node:module'
import * as tiny from 'tiny-secp256k1'
import type { DerivationMath } from '../../../../shared/vault/derive.ts'
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
    typeof value.publicKeyTweakAdd === 'function'
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

export function createWasmCurve(): Curve {
  return {
    verifyEcdsa: (hash, publicKey, signature) =>
      isHash(hash) &&
      publicKey.length === 33 &&
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
      publicKey.length === 33 &&
      signature.length === 64 &&
      total(() => native.ecdsaVerify(signature, hash, publicKey), false),
    recoverEcdsa: (hash, signature, recovery) =>
      isHash(hash) && signature.length === 64
        ? total(() => native.ecdsaRecover(signature, recovery, hash, false), null)
        : null,
  }
}

/** BIP32's two operations, by OpenSSL and the same curve: several times the pure ones' speed. */
export function createDerivationMath(): DerivationMath {
  const native = loadNative()
  return {
    hmacSha512: (key, data) => createHmac('sha512', key).update(data).digest(),
    addTweak: (publicKey, tweak) =>
      native === undefined
        ? total(() => tiny.pointAddScalar(publicKey, tweak, true), null)
        : total(() => native.publicKeyTweakAdd(publicKey, tweak, true), null),
  }
}

/** The fastest curve of this machine. */
export function createCurve(): Curve {
  return createNativeCurve() ?? createWasmCurve()
}
