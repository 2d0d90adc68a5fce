import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeCanonical, encodeCanonical } from './canonical.ts'

const key = fc.string().filter((text) => text !== '__proto__')
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.string(),
    fc.bigInt(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => number + 0),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(key, fc.constantFrom('$n', '$', '$$n')), tie('value'), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
}))

test('decoding gives back what was encoded', () => {
  fc.assert(
    fc.property(value, (original) => {
      expect(decodeCanonical(encodeCanonical(original))).toEqual({ value: original })
    }),
    { numRuns: 2_000 },
  )
})

test('the order of keys does not change the text', () => {
  expect(encodeCanonical({ b: 1n, a: [{ d: 2, c: 'x' }] })).toBe(
    encodeCanonical({ a: [{ c: 'x', d: 2 }], b: 1n }),
  )
})

test.each([Number.NaN, Number.POSITIVE_INFINITY, () => 1, [undefined], new Date(0), Symbol('x')])(
  'refuses to encode %s',
  (bad) => {
    expect(() => encodeCanonical(bad)).toThrow(TypeError)
  },
)

test.each([
  '',
  '{',
  '{"$n":"1.5"}',
  '{"$n":"01"}',
  '{"$x":1}',
  '{"__proto__":{"admin":true}}',
  '[{"$n":5}]',
])('refuses to decode %s', (text) => {
  expect(decodeCanonical(text)).toBeUndefined()
})
