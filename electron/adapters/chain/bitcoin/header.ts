/** Block headers and merkle branches as the Electrum protocol sends them. A header proves itself by
 *  its work, a transaction its place by hashing up to the header's root. Hashes in reversed hex. */
import { crypto } from 'bitcoinjs-lib'
import type { BitcoinNetwork } from '../../../../shared/vault/account.ts'

export const GENESIS_HASH: { readonly [N in BitcoinNetwork]: string } = {
  mainnet: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  regtest: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
}

/**
 * The easiest target (compact bits) of any block from a height on: on mainnet from its own history, so
 * that a block which claims to be recent costs as much to forge as a quarter of a real one of 2022.
 * This does not replace a chain of headers from a checkpoint: it prices the lie.
 */
const EASIEST_BITS: {
  readonly [N in BitcoinNetwork]: readonly (readonly [fromHeight: number, bits: number])[]
} = {
  mainnet: [
    [0, 0x1d00ffff],
    [102_816, 0x1b038dee],
    [203_616, 0x1a05a6b1],
    [304_416, 0x185d859a],
    [405_216, 0x180696f4],
    [506_016, 0x176c2146],
    [606_816, 0x1715dbd2],
    [707_616, 0x1733fb3c],
  ],
  regtest: [[0, 0x207fffff]],
}

function easiestTarget(network: BitcoinNetwork, height: number): bigint {
  const row = EASIEST_BITS[network].findLast(([fromHeight]) => height >= fromHeight)
  return row === undefined ? 0n : targetOfBits(row[1])
}

/** The number a block hash must not exceed; 0 for the encodings no node accepts. */
function targetOfBits(bits: number): bigint {
  const exponent = BigInt(bits >>> 24)
  const mantissa = BigInt(bits & 0x7fffff)
  if ((bits & 0x800000) !== 0 || exponent > 32n) return 0n
  return exponent < 3n ? mantissa >> (8n * (3n - exponent)) : mantissa << (8n * (exponent - 3n))
}

export function isHeaderHex(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{160}$/.test(value)
}

function reversed(bytes: Uint8Array): string {
  return Buffer.from(bytes).reverse().toString('hex')
}

export function blockHash(headerHex: string): string {
  return reversed(crypto.hash256(Buffer.from(headerHex, 'hex')))
}

/** True when the header's hash meets its own target, and that target is possible at this height. */
export function hasWork(headerHex: string, network: BitcoinNetwork, height: number): boolean {
  const target = targetOfBits(Buffer.from(headerHex, 'hex').readUInt32LE(72))
  return target <= easiestTarget(network, height) && BigInt(`0x${blockHash(headerHex)}`) <= target
}

export interface MerkleProof {
  /** Sibling hashes from the transaction up. */
  readonly merkle: readonly string[]
  readonly pos: number
}

/** Whether the branch leads from this txid at this position to the header's merkle root. */
export function provesPlace(txid: string, proof: MerkleProof, headerHex: string): boolean {
  // A position beyond the branch would let one branch prove several places.
  if (proof.merkle.length > 24 || proof.pos >= 2 ** proof.merkle.length) return false
  let at = proof.pos
  let node: Uint8Array = Buffer.from(txid, 'hex').reverse()
  for (const sibling of proof.merkle) {
    const other = Buffer.from(sibling, 'hex').reverse()
    node = crypto.hash256(
      at % 2 === 0 ? Buffer.concat([node, other]) : Buffer.concat([other, node]),
    )
    at = Math.floor(at / 2)
  }
  return Buffer.from(node).equals(Buffer.from(headerHex, 'hex').subarray(36, 68))
}
