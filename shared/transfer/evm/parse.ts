/** Reads signed transactions from bytes, by itself: type 2 (EIP-1559) and type 0 with EIP-155. Pure.
 *  The hash that was signed is taken over the received bytes, not over anything rebuilt from a plan.
 *  Refuses types 1, 3, 4 and unknown ones, unprotected legacy signatures, and any second spelling
 *  of a number (leading zeros, over-long). */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { checksumEvmAddress } from '../../vault/evmAddress.ts'
import { concatBytes } from '../../vault/hash.ts'
import { decodeRlp, encodeRlp, encodeRlpList, integerBytes, type RlpItem } from './rlp.ts'

interface SignedCommon {
  readonly chainId: bigint
  readonly nonce: bigint
  readonly gasLimit: bigint
  /** Checksummed; null creates a contract. */
  readonly to: string | null
  readonly value: bigint
  /** Hex without 0x. */
  readonly data: string
  readonly yParity: 0 | 1
  readonly r: bigint
  readonly s: bigint
  /** What the signature is over, 32 bytes. */
  readonly signingHash: Uint8Array
  /** keccak256 of the whole, 0x-prefixed. */
  readonly txid: string
}

export interface SignedType2 extends SignedCommon {
  readonly type: 2
  readonly maxPriorityFeePerGas: bigint
  readonly maxFeePerGas: bigint
  /** Number of entries. */
  readonly accessList: number
}

export interface SignedType0 extends SignedCommon {
  readonly type: 0
  readonly gasPrice: bigint
}

export type EvmReading =
  | { readonly ok: true; readonly transaction: SignedType0 | SignedType2 }
  | { readonly ok: false; readonly field: string; readonly problem: string }

/** @param rawHex lower-case hex without 0x, the form everything here stores. */
export function parseSignedEvm(rawHex: string): EvmReading {
  if (!/^([0-9a-f]{2})+$/.test(rawHex)) return bad('encoding', 'not lower-case hex')
  const bytes = hexToBytes(rawHex)
  const type = bytes[0] ?? 0
  if (type === 2) return parseType2(bytes)
  if (type >= 0xc0) return parseType0(bytes)
  return bad('type', `0x${type.toString(16).padStart(2, '0')}`)
}

/** 0x02 ‖ rlp([chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, accessList, yParity, r, s]) */
function parseType2(bytes: Uint8Array): EvmReading {
  const fields = readFields(bytes.subarray(1), 12)
  if (!fields.ok) return fields
  const { items, raw } = fields
  const chainId = readInteger(items[0], 8)
  const nonce = readInteger(items[1], 8)
  const maxPriorityFeePerGas = readInteger(items[2], 32)
  const maxFeePerGas = readInteger(items[3], 32)
  const gasLimit = readInteger(items[4], 8)
  const to = readRecipient(items[5])
  const value = readInteger(items[6], 32)
  const data = readData(items[7])
  const accessList = items[8]?.kind === 'list' ? items[8].items.length : undefined
  const yParity = readInteger(items[9], 1)
  const r = readInteger(items[10], 32)
  const s = readInteger(items[11], 32)
  if (chainId === undefined) return bad('chainId', 'not a canonical integer')
  if (nonce === undefined) return bad('nonce', 'not a canonical integer')
  if (maxPriorityFeePerGas === undefined)
    return bad('maxPriorityFeePerGas', 'not a canonical integer')
  if (maxFeePerGas === undefined) return bad('maxFeePerGas', 'not a canonical integer')
  if (gasLimit === undefined) return bad('gasLimit', 'not a canonical integer')
  if (to === undefined) return bad('to', 'neither empty nor 20 bytes')
  if (value === undefined) return bad('value', 'not a canonical integer')
  if (data === undefined) return bad('data', 'a list')
  if (accessList === undefined) return bad('accessList', 'not a list')
  if (yParity !== 0n && yParity !== 1n) return bad('signature.v', 'neither 0 nor 1')
  if (r === undefined) return bad('signature.r', 'not a canonical integer')
  if (s === undefined) return bad('signature.s', 'not a canonical integer')
  const transaction: SignedType2 = {
    type: 2,
    chainId,
    nonce,
    maxPriorityFeePerGas,
    maxFeePerGas,
    gasLimit,
    to,
    value,
    data,
    accessList,
    yParity: yParity === 1n ? 1 : 0,
    r,
    s,
    signingHash: keccak_256(concatBytes([bytes.subarray(0, 1), encodeRlpList(raw.slice(0, 9))])),
    txid: hashOf(bytes),
  }
  return { ok: true, transaction }
}

/** rlp([nonce, gasPrice, gasLimit, to, value, data, v, r, s]), v = 35 + 2·chainId + parity (EIP-155) */
function parseType0(bytes: Uint8Array): EvmReading {
  const fields = readFields(bytes, 9)
  if (!fields.ok) return fields
  const { items, raw } = fields
  const nonce = readInteger(items[0], 8)
  const gasPrice = readInteger(items[1], 32)
  const gasLimit = readInteger(items[2], 8)
  const to = readRecipient(items[3])
  const value = readInteger(items[4], 32)
  const data = readData(items[5])
  const v = readInteger(items[6], 9)
  const r = readInteger(items[7], 32)
  const s = readInteger(items[8], 32)
  if (nonce === undefined) return bad('nonce', 'not a canonical integer')
  if (gasPrice === undefined) return bad('gasPrice', 'not a canonical integer')
  if (gasLimit === undefined) return bad('gasLimit', 'not a canonical integer')
  if (to === undefined) return bad('to', 'neither empty nor 20 bytes')
  if (value === undefined) return bad('value', 'not a canonical integer')
  if (data === undefined) return bad('data', 'a list')
  if (v === undefined) return bad('signature.v', 'not a canonical integer')
  // Below 35 there is no chain id in the signature: it would be valid on every chain.
  if (v < 35n) return bad('chainId', 'none in the signature (not EIP-155)')
  if (r === undefined) return bad('signature.r', 'not a canonical integer')
  if (s === undefined) return bad('signature.s', 'not a canonical integer')
  const chainId = (v - 35n) / 2n
  const chainIdBytes = encodeRlp(integerBytes(chainId))
  const zero = Uint8Array.of(0x80)
  const signed = encodeRlpList([...raw.slice(0, 6), chainIdBytes, zero, zero])
  const transaction: SignedType0 = {
    type: 0,
    chainId,
    nonce,
    gasPrice,
    gasLimit,
    to,
    value,
    data,
    yParity: (v - 35n) % 2n === 1n ? 1 : 0,
    r,
    s,
    signingHash: keccak_256(signed),
    txid: hashOf(bytes),
  }
  return { ok: true, transaction }
}

function readFields(
  bytes: Uint8Array,
  count: number,
):
  | { readonly ok: true; readonly items: readonly RlpItem[]; readonly raw: readonly Uint8Array[] }
  | { readonly ok: false; readonly field: string; readonly problem: string } {
  const reading = decodeRlp(bytes)
  if (!reading.ok) return bad('encoding', reading.problem)
  if (reading.item.kind !== 'list') return bad('encoding', 'not a list')
  const { items } = reading.item
  if (items.length !== count) return bad('encoding', `${items.length} fields instead of ${count}`)
  return { ok: true, items, raw: items.map((item) => item.raw) }
}

function readInteger(item: RlpItem | undefined, maxBytes: number): bigint | undefined {
  if (item?.kind !== 'bytes' || item.bytes.length > maxBytes || item.bytes[0] === 0)
    return undefined
  return item.bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(item.bytes)}`)
}

function readRecipient(item: RlpItem | undefined): string | null | undefined {
  if (item?.kind !== 'bytes') return undefined
  if (item.bytes.length === 0) return null
  return item.bytes.length === 20 ? checksumEvmAddress(item.bytes) : undefined
}

function readData(item: RlpItem | undefined): string | undefined {
  return item?.kind === 'bytes' ? bytesToHex(item.bytes) : undefined
}

function hashOf(bytes: Uint8Array): string {
  return `0x${bytesToHex(keccak_256(bytes))}`
}

function bad(
  field: string,
  problem: string,
): { readonly ok: false; readonly field: string; readonly problem: string } {
  return { ok: false, field, problem }
}
