import fc from 'fast-check'
import { script } from 'bitcoinjs-lib'
import { describe, expect, it } from 'vitest'
import { readDerSignature } from './bitcoinSignature.ts'

function read(text: string): ReturnType<typeof readDerSignature> {
  return readDerSignature(Buffer.from(text, 'hex'))
}

const R = '11'.repeat(32)
const S = '22'.repeat(32)

describe('a strict DER signature with its hash type', () => {
  it('is read as r and s of 32 bytes', () => {
    const outcome = read(`3044${`0220${R}`}${`0220${S}`}01`)
    expect(outcome).toEqual({
      kind: 'signature',
      compact: Uint8Array.from(Buffer.from(R + S, 'hex')),
      hashType: 1,
    })
  })

  it('pads short integers and drops the sign byte of r', () => {
    const outcome = read(`3027022100${'ff'.repeat(32)}02020102 81`.replace(' ', ''))
    expect(outcome).toEqual({
      kind: 'signature',
      compact: Uint8Array.from(Buffer.from(`${'ff'.repeat(32)}${'00'.repeat(30)}0102`, 'hex')),
      hashType: 0x81,
    })
  })

  it('is what bitcoinjs-lib writes, for any r and low s', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (r, s) => {
          s[0] = (s[0] ?? 0) & 0x3f
          s[31] = (s[31] ?? 0) | 1
          r[31] = (r[31] ?? 0) | 1
          const compact = Uint8Array.from([...r, ...s])
          const outcome = readDerSignature(script.signature.encode(compact, 1))
          expect(outcome).toEqual({ kind: 'signature', compact, hashType: 1 })
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('anything else is malformed (BIP66, BIP146)', () => {
  const half = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0'
  const rows = [
    ['nothing', ''],
    ['eight bytes', '3005020101020101'],
    ['no sequence tag', `3144${`0220${R}`}${`0220${S}`}01`],
    ['a wrong total length', `3045${`0220${R}`}${`0220${S}`}01`],
    ['a wrong tag of r', `3044${`0320${R}`}${`0220${S}`}01`],
    ['a wrong tag of s', `3044${`0220${R}`}${`0320${S}`}01`],
    ['an empty r', `3024${'0200'}${`0220${S}`}01`],
    ['an empty s', `3024${`0220${R}`}${'0200'}01`],
    ['a negative r', `3044${`0220${`91${R.slice(2)}`}`}${`0220${S}`}01`],
    ['a negative s', `3044${`0220${R}`}${`0220${`92${S.slice(2)}`}`}01`],
    ['a padded r', `3045${`022100${R}`}${`0220${S}`}01`],
    ['a padded s', `3045${`0220${R}`}${`022100${S}`}01`],
    ['a zero written as two zeros', `3026${'02020000'}${`0220${S}`}01`],
    ['r longer than its bytes', `3044${`0240${R}`}${`0220${S}`}01`],
    ['s cut short', `3044${`0220${R}`}${`0221${S}`}01`],
    ['a byte between s and the hash type', `3045${`0220${R}`}${`0220${S}`}0001`],
    ['a 33-byte r without a sign', `3045${`0221${`11${R}`}`}${`0220${S}`}01`],
    ['a 34-byte r', `3046${`022200${`ff${R}`}`}${`0220${S}`}01`],
    ['74 bytes', `3047${`022100${'ff'.repeat(32)}`}${`022200${'7f'.repeat(33)}`}01`],
    ['s one above half the order', `3044${`0220${R}`}${`0220${half.slice(0, -1)}1`}01`],
  ] as const
  for (const [name, text] of rows) {
    it(name, () => {
      expect(read(text).kind).toBe('malformed')
    })
  }

  it('s at exactly half the order is still low', () => {
    expect(read(`3044${`0220${R}`}${`0220${half}`}01`).kind).toBe('signature')
  })
})
