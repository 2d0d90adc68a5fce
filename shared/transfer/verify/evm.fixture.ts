/** For tests only: a signer that signs anything, random plans, and a curve by @noble/curves.
 *  The key is hashed from a label, so that no key is written down. */
import { secp256k1 } from '@noble/curves/secp256k1.js'
import { keccak_256 } from '@noble/hashes/sha3.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { checksumEvmAddress, evmAddressOfPublicKey } from '../../vault/evmAddress.ts'
import { assembleSigned, evmSigningHash } from '../evm/encode.ts'
import { encodeTransferCall } from '../evm/erc20.ts'
import type { EvmTransactionPlan } from '../plan.ts'
import type { Curve } from './curve.ts'

export const CURVE_ORDER = secp256k1.Point.Fn.ORDER

/** ECDSA only. */
export const testCurve: Curve = {
  verifyEcdsa(hash, publicKey, signature) {
    try {
      return secp256k1.verify(signature, hash, publicKey, { lowS: true, prehash: false })
    } catch {
      return false
    }
  },
  recoverEcdsa(hash, signature, recovery) {
    try {
      return secp256k1.Signature.fromCompact(signature)
        .addRecoveryBit(recovery)
        .recoverPublicKey(hash)
        .toBytes(false)
    } catch {
      return null
    }
  },
  verifySchnorr: () => false,
}

export interface TestSigner {
  readonly address: string
  /** The valid signature over any 32 bytes; low-S. */
  sign(hash: Uint8Array): { readonly parity: 0 | 1; readonly r: bigint; readonly s: bigint }
  /** The raw signed transaction of a plan, hex. */
  signPlan(plan: EvmTransactionPlan): string
}

export function testSigner(label: string): TestSigner {
  const key = keccak_256(utf8ToBytes(label))
  const sign: TestSigner['sign'] = (hash) => {
    const signature = secp256k1.sign(hash, key, { lowS: true, prehash: false })
    return { parity: signature.recovery === 1 ? 1 : 0, r: signature.r, s: signature.s }
  }
  return {
    address: checksumEvmAddress(evmAddressOfPublicKey(secp256k1.getPublicKey(key, false))),
    sign,
    signPlan(plan) {
      const { parity, r, s } = sign(evmSigningHash(plan))
      const assembled = assembleSigned(plan, {
        v: `0x${parity}`,
        r: `0x${r.toString(16)}`,
        s: `0x${s.toString(16)}`,
      })
      if (!assembled.ok) throw new Error('the test signer made no signature')
      return assembled.value
    },
  }
}

/** Numbers that are the same for the same seed (xorshift), so that a failure can be repeated. */
export function seededBytes(seed: number): (length: number) => Uint8Array {
  let state = seed >>> 0 || 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state & 0xff
  }
  return (length) => Uint8Array.from({ length }, next)
}

/** A plan of the given kind with random fields, `from` the signer's address. */
export function randomPlan(
  from: string,
  kind: 'coin' | 'token',
  bytes: (length: number) => Uint8Array,
): EvmTransactionPlan {
  const integer = (length: number): bigint =>
    bytes(length).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n)
  const common = {
    kind: 'evm',
    chainId: 1 + Number(integer(3)),
    type: 2,
    from,
    path: "m/44'/60'/0'/0/0",
    nonce: Number(integer(2)),
    gasLimit: 21_000n + integer(2),
    maxFeePerGas: 1n + integer(5),
    maxPriorityFeePerGas: integer(4),
  } as const
  const recipient = checksumEvmAddress(bytes(20))
  if (kind === 'coin') return { ...common, to: recipient, value: integer(8), data: '', token: null }
  const contract = checksumEvmAddress(bytes(20))
  const data = encodeTransferCall(recipient, integer(5))
  return { ...common, to: contract, value: 0n, data, token: contract }
}
