import { decodeRlp as ethersDecode, encodeRlp as ethersEncode } from 'ethers'
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeRlp, encodeRlp, integerBytes, type RlpInput, type RlpItem } from './rlp.ts'

function strip(item: RlpItem): RlpInput {
  return item.kind === 'bytes' ? item.bytes : item.items.map(strip)
}

function decoded(hex: string): RlpInput | string {
  const reading = decodeRlp(hexToBytes(hex))
  return reading.ok ? strip(reading.item) : reading.problem
}

const { tree } = fc.letrec<{ tree: RlpInput }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    fc.uint8Array({ maxLength: 80 }),
    fc.array(tie('tree'), { maxLength: 6 }),
  ),
}))

type HexTree = string | readonly HexTree[]
function toHex(input: RlpInput): HexTree {
  return input instanceof Uint8Array ? `0x${bytesToHex(input)}` : input.map(toHex)
}

describe('the examples of the specification', () => {
  const rows: readonly [string, RlpInput, string][] = [
    ['dog', utf8ToBytes('dog'), '83646f67'],
    ['cat and dog', [utf8ToBytes('cat'), utf8ToBytes('dog')], 'c88363617483646f67'],
    ['the empty string', new Uint8Array(0), '80'],
    ['the empty list', [], 'c0'],
    ['the integer 0', integerBytes(0n), '80'],
    ['the byte 00', Uint8Array.of(0), '00'],
    ['the byte 0f', Uint8Array.of(15), '0f'],
    ['the integer 1024', integerBytes(1024n), '820400'],
    ['three, as sets', [[], [[]], [[], [[]]]], 'c7c0c1c0c3c0c1c0'],
    [
      '56 bytes',
      utf8ToBytes('Lorem ipsum dolor sit amet, consectetur adipisicing elit'),
      'b8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164697069736963696e6720656c6974',
    ],
  ]
  test.each(rows)('%s', (_, input, hex) => {
    expect(bytesToHex(encodeRlp(input))).toBe(hex)
    expect(decoded(hex)).toEqual(input)
  })
})

describe('a second spelling is refused', () => {
  const rows: readonly [string, string, string][] = [
    ['nothing at all', '', 'ends too early'],
    ['a wrapped single byte', '8101', 'a single byte with a length prefix'],
    ['a wrapped zero', '8100', 'a single byte with a length prefix'],
    ['a long form of 55 bytes', `b837${'ff'.repeat(55)}`, 'long form of a short length'],
    ['a length with leading zeros', `b90038${'ff'.repeat(56)}`, 'length with leading zeros'],
    ['a length of zero in long form', 'b800', 'length with leading zeros'],
    ['a long list of few bytes', 'f80101', 'long form of a short length'],
    [
      'a list with leading zeros in its length',
      `f90038${'01'.repeat(56)}`,
      'length with leading zeros',
    ],
    ['bytes after a string', '83646f6700', 'bytes after the end'],
    ['bytes after a list', 'c000', 'bytes after the end'],
    ['two items', '0102', 'bytes after the end'],
    ['a string that is cut off', '83646f', 'ends too early'],
    ['a list that is cut off', 'c88363617483646f', 'ends too early'],
    ['an item that leaves its list', 'c28363', 'ends too early'],
    ['a length that is cut off', 'b9ff', 'ends too early'],
    ['a length of eight bytes', `bf${'ff'.repeat(8)}`, 'ends too early'],
    ['a length of four bytes, no payload', 'faffffff', 'ends too early'],
    ['lists nested without end', 'c9c8c7c6c5c4c3c2c1c0', 'nested too deeply'],
  ]
  test.each(rows)('%s', (_, hex, problem) => {
    expect(decoded(hex)).toBe(problem)
  })
})

describe('properties', () => {
  test('what is written reads back, and ethers writes the same bytes', () => {
    fc.assert(
      fc.property(tree, (input) => {
        const bytes = encodeRlp(input)
        expect(`0x${bytesToHex(bytes)}`).toBe(ethersEncode(toHex(input) as never))
        const reading = decodeRlp(bytes)
        if (!reading.ok) throw new Error(reading.problem)
        expect(strip(reading.item)).toEqual(input)
        expect(reading.item.raw).toEqual(bytes)
      }),
      { numRuns: 500 },
    )
  })

  test('whatever is read writes back to the same bytes: there is one spelling', () => {
    const mutated = fc.tuple(tree, fc.nat(), fc.nat(255)).map(([input, at, byte]) => {
      const bytes = encodeRlp(input)
      bytes[at % bytes.length] = byte
      return bytes
    })
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), mutated), (bytes) => {
        const reading = decodeRlp(bytes)
        if (!reading.ok) return
        expect(encodeRlp(strip(reading.item))).toEqual(bytes)
        expect(ethersDecode(bytes)).toEqual(toHex(strip(reading.item)))
      }),
      { numRuns: 3_000 },
    )
  })

  test('integers have no leading zero and read back', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 256n) - 1n }), (value) => {
        const bytes = integerBytes(value)
        expect(bytes[0]).not.toBe(0)
        expect(bytes.length === 0 ? 0n : BigInt(`0x${bytesToHex(bytes)}`)).toBe(value)
      }),
    )
    expect(() => integerBytes(-1n)).toThrow(RangeError)
  })
})
