/** The proof that Bitcoin Core gives for a transaction's place (`gettxoutproof`): a header and a partial merkle
 *  tree, read into the branch that everything else here checks. Refuses what is longer or shorter than it says.
 *  Source: Bitcoin Core merkleblock.h. */
import { HEADER_BYTES, type MerkleProof, hash256, reversedHex } from './header.ts'

/** A block has no more transactions than this: 4,000,000 weight units at 240 each. */
const MOST_TRANSACTIONS = 16_667

interface Node {
  readonly hash: Uint8Array
  /** From the wanted transaction up to here; absent where it is not below. */
  readonly branch?: readonly string[]
  readonly pos?: number
}

/** The branch of `txid`; undefined when the proof is malformed or of other transactions. */
export function readMerkleBlock(hex: string, txid: string): MerkleProof | undefined {
  const bytes = Buffer.from(hex, 'hex')
  if (bytes.length < HEADER_BYTES + 6) return undefined
  const count = bytes.readUInt32LE(HEADER_BYTES)
  if (count < 1 || count > MOST_TRANSACTIONS) return undefined
  let at = HEADER_BYTES + 4
  /** CompactSize up to 0xffff: more would be more than a block has. */
  const readCount = (): number => {
    const first = bytes[at++] ?? 0
    if (first < 0xfd) return first
    const value = first === 0xfd && at + 2 <= bytes.length ? bytes.readUInt16LE(at) : Number.NaN
    at += 2
    return value
  }
  const hashCount = readCount()
  if (!(hashCount <= count)) return undefined
  const hashes = Array.from({ length: hashCount }, (_, i) =>
    bytes.subarray(at + 32 * i, at + 32 * i + 32),
  )
  at += 32 * hashCount
  const flagBytes = readCount()
  const flags = bytes.subarray(at, at + flagBytes)
  if (at + flagBytes !== bytes.length) return undefined
  let nextHash = 0
  let nextFlag = 0

  const widthAt = (height: number): number => Math.ceil(count / 2 ** height)

  function walk(height: number, pos: number): Node | undefined {
    const flag = ((flags[nextFlag >> 3] ?? 0) >> (nextFlag & 7)) & 1
    nextFlag += 1
    if (height === 0 || flag === 0) {
      const hash = hashes[nextHash++]
      if (hash === undefined || hash.length !== 32) return undefined
      const isWanted = height === 0 && flag === 1 && reversedHex(hash) === txid
      return isWanted ? { hash, branch: [], pos } : { hash }
    }
    const left = walk(height - 1, pos * 2)
    const right = pos * 2 + 1 < widthAt(height - 1) ? walk(height - 1, pos * 2 + 1) : left
    if (left === undefined || right === undefined) return undefined
    const hash = hash256(Buffer.concat([left.hash, right.hash]))
    if (left.branch !== undefined)
      return { hash, branch: [...left.branch, reversedHex(right.hash)], pos: left.pos ?? 0 }
    if (right.branch !== undefined)
      return { hash, branch: [...right.branch, reversedHex(left.hash)], pos: right.pos ?? 0 }
    return { hash }
  }

  const root = walk(Math.ceil(Math.log2(count)), 0)
  if (root?.branch === undefined || nextHash !== hashCount) return undefined
  return { merkle: root.branch, pos: root.pos ?? 0 }
}
