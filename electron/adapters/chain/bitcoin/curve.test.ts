import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pureDerivationMath } from '../../../../shared/vault/derive.ts'
import {
  createCurve,
  createDerivationMath,
  createNativeCurve,
  createWasmCurve,
  createWasmDerivationMath,
} from './curve.ts'

const wasm = createWasmCurve()
const native = createNativeCurve()
if (native === null)
  console.log('SKIPPED: the native secp256k1 did not load, only wasm is compared')
const curves = native === null ? [wasm] : [wasm, native]

const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 })
const privateKey = bytes32.filter((key) => secp256k1.utils.isValidPrivateKey(key))

function highS(signature: Uint8Array): Uint8Array {
  const parsed = secp256k1.Signature.fromBytes(signature, 'compact')
  const order = secp256k1.Point.Fn.ORDER
  return new secp256k1.Signature(parsed.r, order - parsed.s).toBytes('compact')
}

describe('native, wasm and noble are one curve', () => {
  it('for true, false and malleated ECDSA signatures', () => {
    fc.assert(
      fc.property(privateKey, bytes32, bytes32, (key, hash, other) => {
        const publicKey = secp256k1.getPublicKey(key, true)
        const signature = secp256k1.sign(hash, key, { prehash: false }).toBytes('compact')
        for (const curve of curves) {
          expect(curve.verifyEcdsa(hash, publicKey, signature)).toBe(true)
          const full = secp256k1.getPublicKey(key, false)
          expect(curve.verifyEcdsa(hash, full, signature)).toBe(true)
          const hybrid = Uint8Array.from(full)
          hybrid[0] = 6 + ((full[64] ?? 0) & 1)
          expect(curve.verifyEcdsa(hash, hybrid, signature)).toBe(false)
          expect(curve.verifyEcdsa(hash, publicKey, highS(signature))).toBe(false)
          const expected = secp256k1.verify(signature, other, publicKey, { prehash: false })
          expect(curve.verifyEcdsa(other, publicKey, signature)).toBe(expected)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('for recovery', () => {
    fc.assert(
      fc.property(privateKey, bytes32, (key, hash) => {
        const signature = secp256k1.sign(hash, key, { prehash: false })
        const recovery = signature.recovery === 1 ? 1 : 0
        for (const curve of curves) {
          expect(curve.recoverEcdsa(hash, signature.toBytes('compact'), recovery)).toEqual(
            secp256k1.getPublicKey(key, false),
          )
        }
      }),
      { numRuns: 30 },
    )
  })

  it('for Schnorr', () => {
    fc.assert(
      fc.property(privateKey, bytes32, bytes32, (key, message, other) => {
        const publicKey = schnorr.getPublicKey(key)
        const signature = schnorr.sign(message, key)
        for (const curve of curves) {
          expect(curve.verifySchnorr(message, publicKey, signature)).toBe(true)
          expect(curve.verifySchnorr(other, publicKey, signature)).toBe(
            Buffer.compare(other, message) === 0,
          )
        }
      }),
      { numRuns: 30 },
    )
  })

  it('never throw, whatever they are given', () => {
    const junk = fc.uint8Array({ maxLength: 70 })
    fc.assert(
      fc.property(junk, junk, junk, (a, b, c) => {
        for (const curve of [...curves, createCurve()]) {
          expect(curve.verifyEcdsa(a, b, c)).toBe(false)
          expect(curve.verifySchnorr(a, b, c)).toBe(false)
          expect(curve.recoverEcdsa(a, b, 0)).toBeNull()
        }
      }),
      { numRuns: 300 },
    )
  })

  it('refuse the edges: zero, the order, points off the curve', () => {
    const hash = new Uint8Array(32).fill(1)
    const publicKey = secp256k1.getPublicKey(new Uint8Array(32).fill(2), true)
    const order = Buffer.from(secp256k1.Point.Fn.ORDER.toString(16), 'hex')
    const one = new Uint8Array(32)
    one[31] = 1
    const rows = [
      [new Uint8Array(32), one],
      [one, new Uint8Array(32)],
      [order, one],
      [one, order],
    ] as const
    for (const curve of curves) {
      for (const [r, s] of rows) {
        expect(curve.verifyEcdsa(hash, publicKey, Uint8Array.from([...r, ...s]))).toBe(false)
      }
      const offCurve = Uint8Array.from([2, ...new Uint8Array(31), 5])
      expect(curve.verifyEcdsa(hash, offCurve, Uint8Array.from([...one, ...one]))).toBe(false)
    }
  })
})

describe('derivation by the fast curves is the pure one', () => {
  const maths = [createDerivationMath(), createWasmDerivationMath()]

  it('for any key and tweak in both forms, and for HMAC with any key and text', () => {
    fc.assert(
      fc.property(privateKey, bytes32, fc.uint8Array({ maxLength: 200 }), (key, tweak, text) => {
        const publicKey = secp256k1.getPublicKey(key, true)
        for (const fast of maths) {
          for (const form of ['compressed', 'uncompressed'] as const) {
            const sum = fast.addTweak(publicKey, tweak, form)
            expect(sum && Buffer.from(sum)).toEqual(
              Buffer.from(pureDerivationMath.addTweak(publicKey, tweak, form) ?? []),
            )
          }
          expect(Buffer.from(fast.hmacSha512(text, tweak))).toEqual(
            Buffer.from(pureDerivationMath.hmacSha512(text, tweak)),
          )
        }
      }),
      { numRuns: 60 },
    )
  })

  it('at the edges: tweak zero, the order and above, the sum at infinity', () => {
    const key = new Uint8Array(32).fill(3)
    const publicKey = secp256k1.getPublicKey(key, true)
    const { ORDER } = secp256k1.Point.Fn
    const bytes = (value: bigint) =>
      Uint8Array.from(Buffer.from(value.toString(16).padStart(64, '0'), 'hex'))
    const secret = key.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
    for (const fast of maths) {
      for (const tweak of [0n, ORDER, ORDER + 1n, 2n ** 256n - 1n, ORDER - secret]) {
        const pure = pureDerivationMath.addTweak(publicKey, bytes(tweak), 'compressed')
        const sum = fast.addTweak(publicKey, bytes(tweak), 'compressed')
        expect(sum && Buffer.from(sum)).toEqual(pure && Buffer.from(pure))
      }
    }
  })
})
