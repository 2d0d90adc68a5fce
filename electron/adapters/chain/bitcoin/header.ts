/** One block header (80 bytes) and the merkle branches under it. A header proves itself by its work, a
 *  transaction its place by hashing up to the header's root. Hashes in reversed hex, times in seconds.
 *  Source: Bitcoin Core pow.cpp, arith_uint256.cpp, merkleblock.cpp. */
import { hash } from 'node:crypto'
import type { BitcoinNetwork } from '../../../../shared/vault/account.ts'

export const GENESIS_HASH: { readonly [N in BitcoinNetwork]: string } = {
  mainnet: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  regtest: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
}

export const HEADER_BYTES = 80

export function isHeaderHex(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{160}$/.test(value)
}

export function hash256(bytes: Uint8Array): Buffer {
  return hash('sha256', hash('sha256', bytes, 'buffer'), 'buffer')
}

/** As the header of the next block writes it: not reversed. */
export function headerHash(header: Uint8Array): Buffer {
  return hash256(header)
}

export function reversedHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).reverse().toString('hex')
}

export function blockHash(headerHex: string): string {
  return reversedHex(headerHash(Buffer.from(headerHex, 'hex')))
}

function view(header: Uint8Array): DataView {
  return new DataView(header.buffer, header.byteOffset, header.byteLength)
}

export function previousHash(header: Uint8Array): Uint8Array {
  return header.subarray(4, 36)
}

export function timeOf(header: Uint8Array): number {
  return view(header).getUint32(68, true)
}

export function bitsOf(header: Uint8Array): number {
  return view(header).getUint32(72, true)
}

/** The number a block hash must not exceed; 0 for the encodings no node accepts. */
export function targetOfBits(bits: number): bigint {
  const exponent = BigInt(bits >>> 24)
  const mantissa = BigInt(bits & 0x7fffff)
  if ((bits & 0x800000) !== 0 || exponent > 32n) return 0n
  return exponent < 3n ? mantissa >> (8n * (3n - exponent)) : mantissa << (8n * (exponent - 3n))
}

export function bitsOfTarget(target: bigint): number {
  let size = Math.ceil(target.toString(16).length / 2)
  let mantissa = Number(
    size <= 3 ? target << (8n * BigInt(3 - size)) : target >> (8n * BigInt(size - 3)),
  )
  // The mantissa's top bit is a sign.
  if (mantissa & 0x800000) {
    mantissa >>>= 8
    size += 1
  }
  return ((size << 24) | mantissa) >>> 0
}

/** Hashes that a block of this target costs on average. */
export function workOfBits(bits: number): bigint {
  return (1n << 256n) / (targetOfBits(bits) + 1n)
}

/** True when the header's hash meets the target that it names itself. */
export function meetsOwnTarget(header: Uint8Array): boolean {
  const target = targetOfBits(bitsOf(header))
  return target > 0n && BigInt(`0x${reversedHex(headerHash(header))}`) <= target
}

/** The 80 bytes of a header told by its fields; hashes in reversed hex. */
export function encodeHeader(fields: {
  readonly version: number
  readonly previousHash: string
  readonly merkleRoot: string
  readonly time: number
  readonly bits: number
  readonly nonce: number
}): Uint8Array {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt32LE(fields.version >>> 0, 0)
  Buffer.from(fields.previousHash, 'hex').reverse().copy(header, 4)
  Buffer.from(fields.merkleRoot, 'hex').reverse().copy(header, 36)
  header.writeUInt32LE(fields.time, 68)
  header.writeUInt32LE(fields.bits, 72)
  header.writeUInt32LE(fields.nonce, 76)
  return header
}

export interface MerkleProof {
  /** Sibling hashes from the transaction up. */
  readonly merkle: readonly string[]
  readonly pos: number
}

/** Whether the branch leads from this txid at this position to the header's merkle root. */
export function provesPlace(txid: string, proof: MerkleProof, header: Uint8Array): boolean {
  // A position beyond the branch would let one branch prove several places.
  if (proof.merkle.length > 24 || proof.pos >= 2 ** proof.merkle.length) return false
  let at = proof.pos
  let node: Buffer = Buffer.from(txid, 'hex').reverse()
  for (const sibling of proof.merkle) {
    const other = Buffer.from(sibling, 'hex').reverse()
    const pair = at % 2 === 0 ? Buffer.concat([node, other]) : Buffer.concat([other, node])
    if (looksLikeTransaction(pair)) return false
    node = hash256(pair)
    at = Math.floor(at / 2)
  }
  return node.equals(header.subarray(36, 68))
}

/** A pair of hashes that reads as a 64-byte transaction would let its second half pass for a transaction
 *  of its own (CVE-2017-12842): one input, one output, four bytes of scripts. */
function looksLikeTransaction(pair: Uint8Array): boolean {
  const scriptSig = pair[41] ?? 0
  return (
    pair[4] === 1 &&
    scriptSig <= 4 &&
    pair[46 + scriptSig] === 1 &&
    pair[55 + scriptSig] === 4 - scriptSig
  )
}

export function sha256Reversed(bytes: Uint8Array): string {
  return reversedHex(hash('sha256', bytes, 'buffer'))
}
