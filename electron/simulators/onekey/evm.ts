/** EVM transactions as the device signs them: RLP, legacy with EIP-155, and EIP-1559 (type 2).
 *  All quantities bigint (wei, gas); `to` as 20 bytes. */
import { secp256k1 } from '@noble/curves/secp256k1'
import { keccak_256 } from '@noble/hashes/sha3'
import { fromBigInt, join } from './bytes.ts'
import type { DerivedKey } from './keys.ts'

export interface EvmFields {
  readonly chainId: bigint
  readonly nonce: bigint
  readonly to: Uint8Array
  readonly value: bigint
  readonly data: Uint8Array
  readonly gasLimit: bigint
  readonly fee:
    | { readonly kind: 'legacy'; readonly gasPrice: bigint }
    | { readonly kind: 'eip1559'; readonly maxFee: bigint; readonly priorityFee: bigint }
}

type RlpItem = Uint8Array | readonly RlpItem[]

function header(short: number, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(short + length)
  const size = fromBigInt(BigInt(length))
  return join(Uint8Array.of(short + 55 + size.length), size)
}

function rlp(item: RlpItem): Uint8Array {
  if (item instanceof Uint8Array) {
    const [only] = item
    if (item.length === 1 && only !== undefined && only < 0x80) return item
    return join(header(0x80, item.length), item)
  }
  const body = join(...item.map(rlp))
  return join(header(0xc0, body.length), body)
}

function signingHash(tx: EvmFields): Uint8Array {
  const { chainId, nonce, to, value, data, gasLimit, fee } = tx
  const n = fromBigInt
  if (fee.kind === 'legacy') {
    return keccak_256(
      rlp([n(nonce), n(fee.gasPrice), n(gasLimit), to, n(value), data, n(chainId), n(0n), n(0n)]),
    )
  }
  const list = rlp([
    n(chainId),
    n(nonce),
    n(fee.priorityFee),
    n(fee.maxFee),
    n(gasLimit),
    to,
    n(value),
    data,
    [],
  ])
  return keccak_256(join(Uint8Array.of(2), list))
}

export interface EvmSignature {
  /** 0 or 1 for EIP-1559, EIP-155 v for legacy. */
  readonly v: bigint
  readonly r: Uint8Array
  readonly s: Uint8Array
}

export function signEvmFields(tx: EvmFields, key: DerivedKey): EvmSignature {
  const signature = secp256k1.sign(signingHash(tx), key.privateKey, { lowS: true })
  const compact = signature.toBytes('compact')
  const parity = BigInt(signature.recovery)
  return {
    v: tx.fee.kind === 'legacy' ? parity + 35n + 2n * tx.chainId : parity,
    r: compact.subarray(0, 32),
    s: compact.subarray(32),
  }
}
