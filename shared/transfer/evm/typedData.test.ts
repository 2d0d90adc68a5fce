import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { hashMessage, TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { testCurve } from '../verify/evm.fixture.ts'
import { verifyEvmMessage } from '../verify/evmMessage.ts'
import { hashPersonalMessage } from './personalMessage.ts'
import { hashTypedData, type TypedData, typedDataSchema } from './typedData.ts'

/** The example of EIP-712; its digest and signature are in the standard's own test. */
const mail: TypedData = {
  types: {
    EIP712Domain: [
      { name: 'name', type: 'string' },
      { name: 'version', type: 'string' },
      { name: 'chainId', type: 'uint256' },
      { name: 'verifyingContract', type: 'address' },
    ],
    Person: [
      { name: 'name', type: 'string' },
      { name: 'wallet', type: 'address' },
    ],
    Mail: [
      { name: 'from', type: 'Person' },
      { name: 'to', type: 'Person' },
      { name: 'contents', type: 'string' },
    ],
  },
  primaryType: 'Mail',
  domain: {
    name: 'Ether Mail',
    version: '1',
    chainId: 1,
    verifyingContract: '0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC',
  },
  message: {
    from: { name: 'Cow', wallet: '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826' },
    to: { name: 'Bob', wallet: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' },
    contents: 'Hello, Bob!',
  },
}
const mailSigner = '0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826'
const mailSignature =
  '0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c'

function hashes(data: TypedData) {
  const result = hashTypedData(data)
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

/** One field of one type around one value. */
function single(type: string, value: unknown, more: TypedData['types'] = {}): TypedData {
  return {
    types: { Thing: [{ name: 'value', type }], ...more },
    primaryType: 'Thing',
    domain: { name: 'Test' },
    message: { value },
  }
}

function problem(data: TypedData): string {
  const result = hashTypedData(data)
  if (result.ok) return 'accepted'
  return `${result.refusal.data.field}: ${result.refusal.data.problem}`
}

describe('the example of EIP-712', () => {
  test('has the digest of the standard', () => {
    const { digest, domainHash, messageHash } = hashes(mail)
    expect(bytesToHex(domainHash)).toBe(
      'f2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f',
    )
    expect(bytesToHex(messageHash)).toBe(
      'c52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e',
    )
    expect(bytesToHex(digest)).toBe(
      'be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2',
    )
  })

  test('its signature is its signer’s, and no bit of it may change', () => {
    const { digest } = hashes(mail)
    const input = { digest, signer: mailSigner, signature: mailSignature, curve: testCurve }
    expect(verifyEvmMessage(input)).toEqual({ ok: true, value: mailSignature })
    const raw = hexToBytes(mailSignature.slice(2))
    for (let bit = 0; bit < raw.length * 8; bit += 1) {
      const flipped = raw.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const verdict = verifyEvmMessage({ ...input, signature: bytesToHex(flipped) })
      expect(verdict.ok, `bit ${bit}`).toBe(false)
    }
  }, 60_000)

  test('other words, another signer and other forms are refused', () => {
    const other: TypedData = { ...mail, message: { ...mail.message, contents: 'Hello, Eve!' } }
    const input = {
      digest: hashes(mail).digest,
      signer: mailSigner,
      signature: mailSignature,
      curve: testCurve,
    }
    const fields = (change: Partial<typeof input>): string => {
      const result = verifyEvmMessage({ ...input, ...change })
      return result.ok ? 'verified' : (result.refusal.data.differences[0]?.field ?? '')
    }
    expect(fields({ digest: hashes(other).digest })).toBe('signer')
    expect(fields({ signer: '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB' })).toBe('signer')
    expect(fields({ signer: 'me' })).toBe('signer')
    expect(fields({ signature: mailSignature.slice(0, -2) })).toBe('signature')
    expect(fields({ signature: `${mailSignature}00` })).toBe('signature')
    expect(fields({ signature: `${mailSignature.slice(0, -2)}1d` })).toBe('signature.v')
    // v 1 is v 28, as some firmware returns it.
    expect(fields({ signature: `${mailSignature.slice(0, -2)}01` })).toBe('verified')
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const s = order - BigInt(`0x${mailSignature.slice(66, 130)}`)
    const highS = `${mailSignature.slice(0, 66)}${s.toString(16).padStart(64, '0')}1b`
    expect(fields({ signature: highS })).toBe('signature.s')
  })

  test('every change of a word, type, name or domain field changes the digest', () => {
    const before = bytesToHex(hashes(mail).digest)
    const types = mail.types
    const changed: readonly TypedData[] = [
      { ...mail, message: { ...mail.message, contents: 'Hello, Bob' } },
      { ...mail, message: { ...mail.message, from: mail.message['to'] } },
      { ...mail, domain: { ...mail.domain, chainId: 2 } },
      { ...mail, domain: { ...mail.domain, verifyingContract: mailSigner } },
      { ...mail, domain: { ...mail.domain, name: 'Ether Mall' } },
      { ...mail, types: { ...types, Mail: [...(types['Mail'] ?? [])].reverse() } },
    ]
    const after = changed.map((data) => bytesToHex(hashes(data).digest))
    expect(new Set([before, ...after]).size).toBe(changed.length + 1)
  })
})

describe('what other programs guess at is refused', () => {
  const rows: readonly [string, TypedData, string][] = [
    [
      'a field that is shown but not signed',
      { ...mail, message: { ...mail.message, amount: '1' } },
      'message.amount: not part of Mail',
    ],
    [
      'a missing field',
      { ...mail, message: { from: mail.message['from'], to: mail.message['to'] } },
      'message.contents: no text',
    ],
    [
      'null for a struct',
      { ...mail, message: { ...mail.message, to: null } },
      'message.to: no Person',
    ],
    [
      'a domain field that its type does not name',
      { ...mail, domain: { ...mail.domain, salt: `0x${'00'.repeat(32)}` } },
      'types.EIP712Domain: differs from the domain',
    ],
    [
      'a domain type that names more',
      { ...mail, domain: { name: 'Ether Mail' } },
      'types.EIP712Domain: differs from the domain',
    ],
    [
      'an unknown domain field',
      { ...single('bool', true), domain: { name: 'Test', owner: 'x' } },
      'domain.owner: not part of EIP712Domain',
    ],
    [
      'the domain as message',
      { ...mail, primaryType: 'EIP712Domain' },
      'primaryType: the domain itself',
    ],
    ['an unknown primary type', { ...mail, primaryType: 'Letter' }, 'message: unknown type Letter'],
    [
      'an inherited name as type',
      { ...mail, primaryType: 'constructor' },
      'message: unknown type constructor',
    ],
    ['a struct within itself', single('Thing', {}), 'message: Thing contains itself'],
    [
      'a struct within itself by a list',
      single('Loop[]', [], { Loop: [{ name: 'next', type: 'Loop[]' }] }),
      'message: Loop contains itself',
    ],
    [
      'a field named twice',
      {
        ...single('bool', true),
        types: {
          Thing: [
            { name: 'value', type: 'bool' },
            { name: 'value', type: 'bool' },
          ],
        },
      },
      'message: Thing names a field twice',
    ],
    ['the alias uint', single('uint', 1), 'message.value: unknown type uint'],
    ['an integer of 7 bits', single('uint7', 1), 'message.value: unknown type uint7'],
    ['an integer of 264 bits', single('uint264', 1), 'message.value: unknown type uint264'],
    ['33 bytes', single('bytes33', '0x'), 'message.value: unknown type bytes33'],
    ['a list of no items', single('bool[0]', []), 'message.value: unknown type bool[0]'],
    ['256 in a byte', single('uint8', 256), 'message.value: out of range of uint8'],
    ['−1 unsigned', single('uint8', -1), 'message.value: out of range of uint8'],
    ['−129 in a signed byte', single('int8', '-129'), 'message.value: out of range of int8'],
    ['a fraction', single('uint256', 1.5), 'message.value: no exact integer'],
    ['a number past 2^53', single('uint256', 2 ** 53), 'message.value: no exact integer'],
    ['a number with exponent', single('uint256', '1e18'), 'message.value: no exact integer'],
    ['a number with leading zeros', single('uint256', '007'), 'message.value: no exact integer'],
    ['a number of nothing', single('uint256', ''), 'message.value: no exact integer'],
    ['a number of null', single('uint256', null), 'message.value: no exact integer'],
    ['1 for true', single('bool', 1), 'message.value: neither true nor false'],
    ['a lone surrogate', single('string', '\ud800'), 'message.value: no Unicode text'],
    ['bytes of odd length', single('bytes', '0x123'), 'message.value: no 0x-prefixed hex'],
    ['bytes without prefix', single('bytes', '1234'), 'message.value: no 0x-prefixed hex'],
    ['too few fixed bytes', single('bytes4', '0x123456'), 'message.value: not 4 bytes'],
    [
      'an address with a wrong checksum',
      single('address', '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD'),
      'message.value: no address',
    ],
    ['a list of another length', single('bool[2]', [true]), 'message.value: 1 items, not 2'],
    ['text for a list', single('bool[]', 'true'), 'message.value: no list'],
    ['a bad item', single('bool[]', [true, 'x']), 'message.value[1]: neither true nor false'],
  ]
  test.each(rows)('%s', (_, data, expected) => {
    expect(problem(data)).toBe(expected)
  })

  test('a document with anything more or less is no typed data', () => {
    expect(typedDataSchema.safeParse(mail).success).toBe(true)
    expect(typedDataSchema.safeParse({ ...mail, extra: 1 }).success).toBe(false)
    expect(typedDataSchema.safeParse({ ...mail, domain: null }).success).toBe(false)
    expect(typedDataSchema.safeParse({ ...mail, types: { 'a b': [] } }).success).toBe(false)
    const field = { name: 'x,uint256 y', type: 'bool' }
    expect(typedDataSchema.safeParse({ ...mail, types: { Mail: [field] } }).success).toBe(false)
  })
})

test('types that double at every level are read in no time', () => {
  const levels = Array.from({ length: 60 }, (_, i) => `Level${i}`)
  const types = Object.fromEntries(
    levels.map((name, i) => [
      name,
      i === 59
        ? [{ name: 'end', type: 'bool' }]
        : ['a', 'b'].map((field) => ({ name: field, type: `Level${i + 1}[]` })),
    ]),
  )
  const data = { types, primaryType: 'Level0', domain: { name: 'x' }, message: { a: [], b: [] } }
  const started = performance.now()
  hashes(data)
  expect(performance.now() - started).toBeLessThan(1_000)
})

describe('ethers computes the same', () => {
  const bytes = fc.uint8Array({ maxLength: 70 }).map((value) => `0x${bytesToHex(value)}`)
  const fixed = (length: number) =>
    fc.uint8Array({ minLength: length, maxLength: length }).map((value) => `0x${bytesToHex(value)}`)
  const leaf = fc.oneof(
    fc.tuple(fc.constant('string'), fc.string({ unit: 'grapheme' })),
    fc.tuple(fc.constant('bytes'), bytes),
    fc.tuple(fc.constant('bool'), fc.boolean()),
    fc.tuple(fc.constant('address'), fixed(20)),
    fc.tuple(fc.constant('bytes5'), fixed(5)),
    fc.tuple(fc.constant('uint96'), fc.bigInt({ min: 0n, max: (1n << 96n) - 1n }).map(String)),
    fc.tuple(
      fc.constant('int256'),
      fc.bigInt({ min: -(1n << 255n), max: (1n << 255n) - 1n }).map(String),
    ),
  )
  const field = fc.oneof(
    leaf,
    leaf.chain(([type, value]) =>
      fc
        .array(fc.constant(value), { maxLength: 3 })
        .map((values): [string, unknown] => [`${type}[]`, values]),
    ),
    leaf.map(([type, value]): [string, unknown] => [`${type}[1][2]`, [[value], [value]]]),
  )

  test('random types and values', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 6 }), leaf, (fields, inner) => {
        const types = {
          Inner: [{ name: 'only', type: inner[0] }],
          Outer: [
            ...fields.map(([type], i) => ({ name: `f${i}`, type })),
            { name: 'inner', type: 'Inner' },
            { name: 'list', type: 'Inner[]' },
          ],
        }
        const one = { only: inner[1] }
        const message = {
          ...Object.fromEntries(fields.map(([, value], i) => [`f${i}`, value])),
          inner: one,
          list: [one, one],
        }
        const domain = { name: 'Test', chainId: 31337 }
        const data = { types, primaryType: 'Outer', domain, message }
        const digest = `0x${bytesToHex(hashes(data).digest)}`
        expect(digest).toBe(TypedDataEncoder.hash(domain, types, message))
      }),
      { numRuns: 300 },
    )
  })

  test('personal messages', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (message) => {
        expect(`0x${bytesToHex(hashPersonalMessage(message))}`).toBe(hashMessage(message))
      }),
    )
  })
})

// ── recorded vectors ──────────────────────────────────────────────────────────

const data =
  process.env['BULKHEAD_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const path = `${data}/vectors/ethers-typed-data.json`
const haveVectors = existsSync(path)
if (!haveVectors) console.log(`SKIPPED: ethers typed-data vectors, no ${path}`)
const vectorsSchema = z.array(
  z.object({
    name: z.string(),
    types: z.record(z.string(), z.array(z.object({ name: z.string(), type: z.string() }))),
    primaryType: z.string(),
    domain: z.record(z.string(), z.unknown()),
    data: z.record(z.string(), z.unknown()),
    digest: z.string(),
  }),
)

describe.skipIf(!haveVectors)('recorded ethers typed data', () => {
  test('every row has its digest', () => {
    const rows = vectorsSchema.parse(JSON.parse(readFileSync(path, 'utf8')))
    expect(rows.length).toBeGreaterThan(0)
    for (const { name, types, primaryType, domain, data: message, digest } of rows) {
      const parsed = typedDataSchema.parse({ types, primaryType, domain, message })
      expect(`0x${bytesToHex(hashes(parsed).digest)}`, name).toBe(digest)
    }
    console.log(`ethers typed data: ${rows.length} of ${rows.length} digests`)
  })
})
