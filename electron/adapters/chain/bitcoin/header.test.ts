import { Block, Transaction, crypto } from 'bitcoinjs-lib'
import { describe, expect, it } from 'vitest'
import { GENESIS_HASH, blockHash, hasWork, isHeaderHex, provesPlace } from './header.ts'

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
    ['mainnet genesis at its height', GENESIS, 'mainnet', 0, true],
    ['a block of 2009 that claims to be of 2022', GENESIS, 'mainnet', 750_000, false],
    ['a block of 2009 that claims to be of 2011', GENESIS, 'mainnet', 110_000, false],
    ['regtest work on mainnet', REGTEST_GENESIS, 'mainnet', 0, false],
    ['regtest genesis', REGTEST_GENESIS, 'regtest', 0, true],
    ['another nonce', `${GENESIS.slice(0, -2)}7d`, 'mainnet', 0, false],
    ['a negative target', GENESIS.replace('ffff001d', 'ffff801d'), 'mainnet', 0, false],
    ['a target beyond 256 bits', GENESIS.replace('ffff001d', 'ffff0022'), 'mainnet', 0, false],
    ['a target of nothing', GENESIS.replace('ffff001d', '01000001'), 'mainnet', 0, false],
  ] as const
  for (const [name, header, network, height, expected] of rows) {
    it(`${name}: ${expected ? 'work' : 'no work'}`, () => {
      expect(hasWork(header, network, height)).toBe(expected)
    })
  }
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
    const header = GENESIS.slice(0, 72) + root + GENESIS.slice(136)
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
})
