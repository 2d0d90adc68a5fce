/** The proof of one transaction's place as Bitcoin Core serialises it (CMerkleBlock): header, number of
 *  transactions, hashes and flag bits of the partial merkle tree in depth-first order. */
import { crypto } from 'bitcoinjs-lib'
import { concat, fromHex, toHex } from './bytes.ts'

/** @param txids  of the whole block, in order; @param wanted  position of the one to prove */
export function merkleBlock(header: Uint8Array, txids: readonly string[], wanted: number): string {
  const leaves = txids.map((txid) => fromHex(txid).reverse())
  const hashes: Uint8Array[] = []
  const flags: number[] = []

  function hashAt(height: number, pos: number): Uint8Array {
    if (height === 0) return leaves[pos] ?? new Uint8Array(32)
    const left = hashAt(height - 1, pos * 2)
    const hasRight = pos * 2 + 1 < Math.ceil(leaves.length / 2 ** (height - 1))
    return crypto.hash256(concat([left, hasRight ? hashAt(height - 1, pos * 2 + 1) : left]))
  }

  function build(height: number, pos: number): void {
    const isAbove = Math.floor(wanted / 2 ** height) === pos
    flags.push(isAbove ? 1 : 0)
    if (height === 0 || !isAbove) {
      hashes.push(hashAt(height, pos))
      return
    }
    build(height - 1, pos * 2)
    if (pos * 2 + 1 < Math.ceil(leaves.length / 2 ** (height - 1))) build(height - 1, pos * 2 + 1)
  }

  let height = 0
  while (Math.ceil(leaves.length / 2 ** height) > 1) height += 1
  build(height, 0)
  const count = Buffer.alloc(4)
  count.writeUInt32LE(leaves.length)
  const bits = new Uint8Array(Math.ceil(flags.length / 8))
  for (const [at, flag] of flags.entries())
    bits[at >> 3] = (bits[at >> 3] ?? 0) | (flag << (at & 7))
  // Both counts are below 253 here: one byte each.
  return toHex(
    concat([
      header,
      count,
      Uint8Array.of(hashes.length),
      ...hashes,
      Uint8Array.of(bits.length),
      bits,
    ]),
  )
}
