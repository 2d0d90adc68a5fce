import { Block, Transaction, crypto } from 'bitcoinjs-lib'
import { describe, expect, it } from 'vitest'
import {
  GENESIS_HASH,
  bitsOfTarget,
  blockHash,
  encodeHeader,
  isHeaderHex,
  meetsOwnTarget,
  provesPlace,
  targetOfBits,
  workOfBits,
} from './header.ts'

const bytes = (text: string) => Buffer.from(text, 'hex')

const GENESIS =
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c'
const REGTEST_GENESIS =
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4adae5494dffff7f2002000000'

describe('headers', () => {
  it('have the hashes of their networks’ genesis', () => {
    expect(blockHash(GENESIS)).toBe(GENESIS_HASH.mainnet)
    expect(blockHash(REGTEST_GENESIS)).toBe(GENESIS_HASH.regtest)
  })

  it('are 80 bytes of hex', () => {
    expect(isHeaderHex(GENESIS)).toBe(true)
    expect(isHeaderHex(GENESIS.slice(2))).toBe(false)
    expect(isHeaderHex(`${GENESIS}00`)).toBe(false)
    expect(isHeaderHex(GENESIS.replace('0', 'g'))).toBe(false)
    expect(isHeaderHex(7)).toBe(false)
  })

  const rows = [
    ['mainnet genesis', GENESIS, true],
    ['regtest genesis', REGTEST_GENESIS, true],
    ['another nonce', `${GENESIS.slice(0, -2)}7d`, false],
    ['a negative target', GENESIS.replace('ffff001d', 'ffff801d'), false],
    ['a target beyond 256 bits', GENESIS.replace('ffff001d', 'ffff0022'), false],
    ['a target of nothing', GENESIS.replace('ffff001d', '01000001'), false],
    ['nothing at all', '00'.repeat(80), false],
  ] as const
  for (const [name, header, expected] of rows) {
    it(`${name}: ${expected ? 'work' : 'no work'}`, () => {
      expect(meetsOwnTarget(bytes(header))).toBe(expected)
    })
  }

  it('are put together again from their fields', () => {
    const fields = {
      version: 1,
      previousHash: '00'.repeat(32),
      merkleRoot: '4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b',
      time: 1_231_006_505,
      bits: 0x1d00ffff,
      nonce: 2_083_236_893,
    }
    expect(Buffer.from(encodeHeader(fields)).toString('hex')).toBe(GENESIS)
  })

  // Bitcoin Core's arith_uint256 tests (bignum_SetCompact).
  it.each([
    [0x01123456, 0x12n, 0x01120000],
    [0x02123456, 0x1234n, 0x02123400],
    [0x03123456, 0x123456n, 0x03123456],
    [0x04123456, 0x12345600n, 0x04123456],
    [0x05009234, 0x92340000n, 0x05009234],
    [0x20123456, 0x123456n << 232n, 0x20123456],
  ])('bits %i are a target, and the target these bits', (bits, target, again) => {
    expect(targetOfBits(bits)).toBe(target)
    expect(bitsOfTarget(target)).toBe(again)
  })

  it('of difficulty one cost 2^32 hashes and a little', () => {
    expect(workOfBits(0x1d00ffff)).toBe(0x100010001n)
  })
})

describe('merkle branches', () => {
  /** A block of n transactions and the branch of each, built with bitcoinjs-lib. */
  function blockOf(count: number) {
    const transactions = Array.from({ length: count }, (_, i) => {
      const transaction = new Transaction()
      transaction.version = i + 1
      transaction.addInput(new Uint8Array(32).fill(i + 1), i)
      transaction.addOutput(Uint8Array.of(0x51), 1n)
      return transaction
    })
    const root = Buffer.from(Block.calculateMerkleRoot(transactions)).toString('hex')
    const header = bytes(GENESIS.slice(0, 72) + root + GENESIS.slice(136))
    return { transactions, header }
  }

  function branchOf(transactions: readonly Transaction[], index: number): string[] {
    let level: readonly Uint8Array[] = transactions.map((transaction) => transaction.getHash())
    const branch: string[] = []
    for (let at = index; level.length > 1; at >>= 1) {
      const last = level.at(-1)
      const even = level.length % 2 === 1 && last !== undefined ? [...level, last] : level
      branch.push(
        Buffer.from(even[at ^ 1] ?? [])
          .reverse()
          .toString('hex'),
      )
      level = Array.from({ length: even.length / 2 }, (_, i) =>
        crypto.hash256(
          Buffer.concat([even[2 * i] ?? new Uint8Array(0), even[2 * i + 1] ?? new Uint8Array(0)]),
        ),
      )
    }
    return branch
  }

  it('prove every place in blocks of one to nine transactions, and no other place', () => {
    for (let count = 1; count <= 9; count++) {
      const { transactions, header } = blockOf(count)
      for (const [pos, transaction] of transactions.entries()) {
        const merkle = branchOf(transactions, pos)
        expect(provesPlace(transaction.getId(), { merkle, pos }, header)).toBe(true)
        for (let other = 0; other < 2 ** merkle.length + 2; other++) {
          const isTwin = merkle.length > 0 && transactions[other] === undefined
          if (other === pos || isTwin) continue
          expect(provesPlace(transaction.getId(), { merkle, pos: other }, header)).toBe(false)
        }
        expect(provesPlace('ab'.repeat(32), { merkle, pos }, header)).toBe(false)
      }
    }
  })

  it('refuse positions beyond the branch and branches without end', () => {
    const { transactions, header } = blockOf(4)
    const [first] = transactions
    const merkle = branchOf(transactions, 0)
    expect(provesPlace(first?.getId() ?? '', { merkle, pos: 4 }, header)).toBe(false)
    const long = Array.from({ length: 25 }, () => '00'.repeat(32))
    expect(provesPlace(first?.getId() ?? '', { merkle: long, pos: 0 }, header)).toBe(false)
  })

  it('refuse a pair of hashes that reads as a transaction: its second half is none of the block', () => {
    // Version, one input without script, sequence, one output with a script of four bytes: 64 bytes.
    const pair = Buffer.alloc(64, 7)
    pair[4] = 1
    pair[41] = 0
    pair[46] = 1
    pair[55] = 4
    const header = Buffer.from(bytes(GENESIS))
    crypto.hash256(pair).forEach((byte, at) => {
      header[36 + at] = byte
    })
    const half = (at: number) =>
      Buffer.from(pair.subarray(at, at + 32))
        .reverse()
        .toString('hex')
    const claim = { merkle: [half(0)], pos: 1 }
    expect(provesPlace(half(32), claim, header)).toBe(false)
    pair[55] = 5
    crypto.hash256(pair).forEach((byte, at) => {
      header[36 + at] = byte
    })
    expect(provesPlace(half(32), { merkle: [half(0)], pos: 1 }, header)).toBe(true)
  })
})
