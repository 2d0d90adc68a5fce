import { createHash } from 'node:crypto'
import { Block, Transaction } from 'bitcoinjs-lib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { merkleBlock } from '../../../simulators/bitcoin/merkleBlock.ts'
import { provesPlace } from './header.ts'
import { readMerkleBlock } from './merkleBlock.ts'

/** A header whose root bitcoinjs-lib computed over this many transactions, and their ids. */
function blockOf(count: number) {
  const transactions = Array.from({ length: count }, (_, i) => {
    const transaction = new Transaction()
    transaction.addInput(createHash('sha256').update(`${count} ${i}`).digest(), i)
    transaction.addOutput(Uint8Array.of(0x51), BigInt(i))
    return transaction
  })
  const header = new Uint8Array(80)
  header.set(Block.calculateMerkleRoot(transactions), 36)
  return { header, txids: transactions.map((transaction) => transaction.getId()) }
}

describe('a partial merkle tree', () => {
  it('of any block proves the place of the transaction it was made for, and of no other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 70 }), fc.nat(), (count, at) => {
        const { header, txids } = blockOf(count)
        const wanted = at % count
        const hex = merkleBlock(header, txids, wanted)
        const proof = readMerkleBlock(hex, txids[wanted] ?? '')
        expect(proof?.pos).toBe(wanted)
        expect(proof && provesPlace(txids[wanted] ?? '', proof, header)).toBe(true)
        const other = txids[(wanted + 1) % count] ?? ''
        if (count > 1) expect(readMerkleBlock(hex, other)).toBeUndefined()
      }),
      { numRuns: 60 },
    )
  })

  it('with any byte changed, lost or added behind its header proves nothing', () => {
    const { header, txids } = blockOf(11)
    const [hex, txid] = [merkleBlock(header, txids, 6), txids[6] ?? '']
    const bytes = Buffer.from(hex, 'hex')
    const proves = (changed: Buffer): boolean => {
      const proof = readMerkleBlock(changed.toString('hex'), txid)
      return proof !== undefined && provesPlace(txid, proof, header) && proof.pos === 6
    }
    expect(proves(bytes)).toBe(true)
    for (let at = 80; at < bytes.length; at++) {
      // The last flag byte has bits that stand for nothing.
      if (at === bytes.length - 1) break
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 0x41
      expect(proves(changed), `byte ${at}`).toBe(false)
    }
    expect(proves(bytes.subarray(0, -1))).toBe(false)
    expect(proves(Buffer.concat([bytes, Uint8Array.of(0)]))).toBe(false)
  })

  it.each([
    ['nothing', ''],
    ['no transactions', `${'00'.repeat(80)}000000000000`],
    ['more transactions than a block has', `${'00'.repeat(80)}ffffffff01${'ab'.repeat(32)}0101`],
    ['more hashes than transactions', `${'00'.repeat(80)}01000000fdffff${'ab'.repeat(32)}0101`],
  ])('of %s is refused', (_, hex) => {
    expect(readMerkleBlock(hex, 'ab'.repeat(32))).toBeUndefined()
  })
})
