/** Block headers and merkle branches as the Electrum protocol sends them. A header proves itself by
 *  its work, a transaction its place by hashing up to the header's root. Hashes in reversed hex. */
import { crypto } from 'bitcoinjs-lib'
import type { BitcoinNetwork } from '../../../../shared/vault/account.ts'

export const GENESIS_HASH: { readonly [N in BitcoinNetwork]: string } = {
  mainnet: '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f',
  regtest: '0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206',
}

/** The easiest target each network allows. */
const WORK_LIMIT: { readonly [N in BitcoinNetwork]: bigint } = {
  mainnet: 0xffffn << 208n,
  regtest: 0x7fffffn << 232n,
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

/** True when the header's hash meets its own target and the target is one the network allows. */
export function hasWork(headerHex: string, network: BitcoinNetwork): boolean {
  const bits = Buffer.from(headerHex, 'hex').readUInt32LE(72)
  const exponent = BigInt(bits >>> 24)
  const mantissa = BigInt(bits & 0x7fffff)
  if ((bits & 0x800000) !== 0 || exponent > 32n) return false
  const target =
    exponent < 3n ? mantissa >> (8n * (3n - exponent)) : mantissa << (8n * (exponent - 3n))
  return target <= WORK_LIMIT[network] && BigInt(`0x${blockHash(headerHex)}`) <= target
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
