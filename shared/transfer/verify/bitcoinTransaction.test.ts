import { Transaction } from 'bitcoinjs-lib'
import { describe, expect, it } from 'vitest'
import {
  parseBitcoinTransaction,
  parseBitcoinTransactionHex,
  virtualSizeOf,
} from './bitcoinTransaction.ts'

const OUTPOINT = `${'aa'.repeat(32)}01000000`
const INPUT = `${OUTPOINT}00fdffffff`
const OUTPUT = `e803000000000000${`160014${'bb'.repeat(20)}`}`
const LEGACY = `02000000${`01${INPUT}`}${`01${OUTPUT}`}00000000`

function problem(text: string): string {
  const outcome = parseBitcoinTransactionHex(text)
  return outcome.kind === 'malformed' ? outcome.problem : 'none'
}

describe('a transaction is read whole or not at all', () => {
  it('reads the plainest one', () => {
    const outcome = parseBitcoinTransactionHex(LEGACY)
    expect(outcome).toMatchObject({
      kind: 'transaction',
      transaction: {
        version: 2,
        locktime: 0,
        hasWitness: false,
        txid: Transaction.fromHex(LEGACY).getId(),
        inputs: [{ txid: 'aa'.repeat(32), vout: 1, sequence: 0xfffffffd }],
        outputs: [{ value: 1000n }],
      },
    })
  })

  it('reads the example of BIP143 and weighs it as its network does', () => {
    // The signed native P2WPKH example of BIP143.
    const raw =
      '01000000000102fff7f7881a8099afa6940d42d1e7f6362bec38171ea3edf433541db4e4ad969f00000000494830450221008b9d1dc26ba6a9cb62127b02742fa9d754cd3bebf337f7a55d114c8e5cdd30be022040529b194ba3f9281a99f2b1c0a19c0489bc22ede944ccf4ecbab4cc618ef3ed01eeffffffef51e1b804cc89d182d279655c3aa89e815b1b309fe287d9b2b55d57b90ec68a0100000000ffffffff02202cb206000000001976a9148280b37df378db99f66f85c95a783a76ac7a6d5988ac9093510d000000001976a9143bde42dbee7e4dbe6a21b2d50ce2f0167faa815988ac000247304402203609e17b84f6a7d30c80bfa610b5b4542f32a8a0d5447a12fb1366d7f01cc44a0220573a954c4518331561406f90300e8f3358f51928d43c212a8caed02de67eebee0121025476c2e83188368da1ff3e292e7acafcdb3566bb0ad253f62fc70f07aeee635711000000'
    const outcome = parseBitcoinTransactionHex(raw)
    if (outcome.kind === 'malformed') throw new Error(outcome.problem)
    const peer = Transaction.fromHex(raw)
    expect(outcome.transaction.txid).toBe(peer.getId())
    expect(virtualSizeOf(outcome.transaction)).toBe(peer.virtualSize())
    expect(outcome.transaction.inputs.map((input) => input.witness.length)).toEqual([0, 2])
  })

  const rows = [
    ['odd hex', `${LEGACY}0`, 'not hex'],
    ['letters', 'zz', 'not hex'],
    ['nothing', '', 'ends too early'],
    ['a cut', LEGACY.slice(0, -2), 'ends too early'],
    ['more than one', LEGACY + LEGACY, 'bytes after the end'],
    [
      'no inputs',
      `02000000${'0001'}${'00'}${`01${OUTPUT}`}00000000`,
      'marked as segwit without any witness',
    ],
    ['no outputs', `02000000${`01${INPUT}`}${'00'}00000000`, 'no outputs'],
    [
      'an output above the supply',
      `02000000${`01${INPUT}`}${'01'}${'0140075af0750700'}${'0151'}00000000`,
      'an output above the whole supply',
    ],
    [
      'a script length of two bytes for a short script',
      LEGACY.replace('160014', 'fd16000014'),
      'a length written longer than needed',
    ],
    [
      'a length of five bytes for a short script',
      LEGACY.replace('160014', 'fe160000000014'),
      'a length written longer than needed',
    ],
    [
      'a length of nine bytes for a short script',
      LEGACY.replace('160014', 'ff16000000000000000014'),
      'a length written longer than needed',
    ],
    [
      'a length beyond any transaction',
      LEGACY.replace('160014', 'fe000000ff0014'),
      'a length beyond any transaction',
    ],
    [
      'a length near 2^64',
      LEGACY.replace('160014', 'ffffffffffffffffff0014'),
      'a length beyond any transaction',
    ],
    ['a count beyond its bytes', `02000000fdffff${'00'.repeat(40)}`, 'more items than bytes'],
    [
      'a marker without any witness',
      `02000000${'0001'}${`01${INPUT}`}${`01${OUTPUT}`}${'00'}00000000`,
      'marked as segwit without any witness',
    ],
    [
      'another flag',
      `02000000${'0002'}${`01${INPUT}`}${`01${OUTPUT}`}${'0101aa'}00000000`,
      'unknown flag after the marker',
    ],
  ] as const
  for (const [name, text, expected] of rows) {
    it(`refuses ${name}`, () => {
      expect(problem(text)).toBe(expected)
    })
  }

  it('refuses what is larger than a block without reading it', () => {
    expect(parseBitcoinTransaction(new Uint8Array(4_000_001))).toEqual({
      kind: 'malformed',
      problem: 'larger than a block',
    })
  })

  it('the whole supply in one output is still an output', () => {
    const all = `02000000${`01${INPUT}`}${'01'}${'0040075af0750700'}${'0151'}00000000`
    expect(problem(all)).toBe('none')
  })
})
