import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { verifyChain } from './chain.ts'
import { type Entry, emptyHead, hashEntry, type JournalHead, sealEntry } from './entry.ts'

type Draft = { at: number; kind: string; body: string }

function build(drafts: readonly Draft[]): { entries: Entry[]; head: JournalHead } {
  let head = emptyHead
  const entries: Entry[] = []
  for (const draft of drafts) {
    const entry = sealEntry(head, draft)
    entries.push(entry)
    head = { count: entry.seq, hash: entry.hash }
  }
  return { entries, head }
}

const sample = (count: number) =>
  build(
    Array.from({ length: count }, (_, i) => ({ at: 1000 + i, kind: 'note', body: `{"n":${i}}` })),
  )

const draft = fc.record({
  at: fc.nat(),
  kind: fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' }),
  body: fc.string({ unit: 'grapheme' }),
})

test('the hash is the framing of the header comment, by an independent implementation', () => {
  const kind = Buffer.from('plan.approved')
  const body = Buffer.from('{"é":"1"}')
  const frame = (bytes: Buffer) => {
    const length = Buffer.alloc(4)
    length.writeUInt32BE(bytes.length)
    return Buffer.concat([length, bytes])
  }
  const numbers = Buffer.alloc(16)
  numbers.writeBigUInt64BE(1n, 0)
  numbers.writeBigUInt64BE(1_790_000_000_000n, 8)
  const expected = createHash('sha256')
    .update('bulkhead.journal.entry.1\0')
    .update(Buffer.alloc(32))
    .update(numbers)
    .update(frame(kind))
    .update(frame(body))
    .digest('hex')
  expect(
    sealEntry(emptyHead, { at: 1_790_000_000_000, kind: 'plan.approved', body: '{"é":"1"}' }),
  ).toEqual({
    seq: 1,
    at: 1_790_000_000_000,
    kind: 'plan.approved',
    body: '{"é":"1"}',
    hash: expected,
  })
})

test('any chain we build verifies against its head', () => {
  fc.assert(
    fc.property(fc.array(draft, { maxLength: 20 }), (drafts) => {
      const { entries, head } = build(drafts)
      expect(verifyChain(entries, head)).toEqual({ ok: true, value: head })
    }),
  )
})

test('text that moves from kind to body changes the hash', () => {
  const at = { seq: 1, at: 5 }
  expect(hashEntry(emptyHead.hash, { ...at, kind: 'ab', body: 'c' })).not.toBe(
    hashEntry(emptyHead.hash, { ...at, kind: 'a', body: 'bc' }),
  )
})

test('text that is not well-formed Unicode throws', () => {
  expect(() => sealEntry(emptyHead, { at: 1, kind: 'x', body: '\ud800' })).toThrow()
})

const broken: readonly (readonly [string, number, (entries: Entry[]) => unknown[]])[] = [
  ['an entry left out in the middle', 3, (e) => e.filter((x) => x.seq !== 3)],
  ['the last entry left out', 5, (e) => e.slice(0, 4)],
  ['an entry twice', 3, (e) => [...e.slice(0, 2), e[1], ...e.slice(2)]],
  ['a changed body', 2, (e) => e.map((x) => (x.seq === 2 ? { ...x, body: '{"n":9}' } : x))],
  ['a changed time', 2, (e) => e.map((x) => (x.seq === 2 ? { ...x, at: x.at + 1 } : x))],
  ['a changed kind', 2, (e) => e.map((x) => (x.seq === 2 ? { ...x, kind: 'other' } : x))],
  [
    'an entry rewritten together with its own hash',
    3,
    (e) =>
      e.map((x) =>
        x.seq === 2 ? sealEntry({ count: 1, hash: e[0]!.hash }, { ...x, body: '{}' }) : x,
      ),
  ],
  ['an extra field', 1, (e) => e.map((x) => ({ ...x, more: 1 }))],
  ['a lone surrogate', 4, (e) => e.map((x) => (x.seq === 4 ? { ...x, body: '\udc00' } : x))],
]
for (const [name, seq, change] of broken)
  test(`${name} is refused at its number`, () => {
    const { entries, head } = sample(5)
    const verdict = verifyChain(change(entries), head)
    expect(verdict).toMatchObject({
      ok: false,
      refusal: { code: 'JOURNAL_TAMPERED', data: { seq } },
    })
  })

test('a whole chain rewritten consistently is refused by the sealed head', () => {
  const { head } = sample(5)
  const forged = build(Array.from({ length: 5 }, () => ({ at: 1, kind: 'note', body: '{}' })))
  expect(verifyChain(forged.entries, head)).toMatchObject({
    ok: false,
    refusal: { code: 'JOURNAL_TAMPERED', data: { seq: 5 } },
  })
})
