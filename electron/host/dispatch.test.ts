import { expect, test } from 'vitest'
import { contract, type MethodName } from '../../shared/contract/contract.ts'
import { ok } from '../../shared/errors/refusal.ts'
import { decodeCanonical, encodeCanonical } from '../../shared/units/canonical.ts'
import { createDispatch, type Handlers } from './dispatch.ts'

const logged: string[] = []

function dispatchWith(overrides: Partial<Handlers>) {
  const untouched = () => {
    throw new Error('handler must not run')
  }
  const handlers = Object.fromEntries(
    Object.keys(contract).map((name) => [name, overrides[name as MethodName] ?? untouched]),
  ) as unknown as Handlers
  return createDispatch({ handlers, log: (line) => logged.push(line), reference: () => 'ref1' })
}

const answer = async (text: Promise<string>) => decodeCanonical(await text)?.value

test('an unknown method is refused by name', async () => {
  expect(await answer(dispatchWith({})('vault.drain', '{}', { kind: 'renderer' }))).toEqual({
    ok: false,
    refusal: { code: 'METHOD_UNKNOWN', data: { method: 'vault.drain' } },
  })
})

test.each(['__proto__', 'constructor', 'toString'])('%s is not a method', async (name) => {
  expect(await answer(dispatchWith({})(name, '{}', { kind: 'renderer' }))).toMatchObject({
    refusal: { code: 'METHOD_UNKNOWN' },
  })
})

test.each(['not json', '{"amount":', '[]', '{"extra":1}', '{"__proto__":{}}'])(
  'input %s never reaches a handler',
  async (input) => {
    expect(
      await answer(dispatchWith({})('portfolio.read', input, { kind: 'renderer' })),
    ).toMatchObject({
      ok: false,
      refusal: { code: 'INPUT_INVALID' },
    })
  },
)

test('a watcher reads and nothing else', async () => {
  const refused = await answer(
    dispatchWith({})('transfers.approve', encodeCanonical({ id: 'a', digest: 'b' }), {
      kind: 'watcher',
    }),
  )
  expect(refused).toMatchObject({ refusal: { code: 'NOT_AUTHORISED' } })
  const read = dispatchWith({ 'journal.verify': () => ok({ count: 1, head: 'h' }) })
  expect(await answer(read('journal.verify', '{}', { kind: 'watcher' }))).toMatchObject({
    ok: true,
  })
})

test('a broken invariant is logged under a reference and told to the caller by it alone', async () => {
  const call = dispatchWith({
    'journal.verify': () => {
      throw new Error('secret detail')
    },
  })
  const text = await call('journal.verify', '{}', { kind: 'renderer' })
  expect(decodeCanonical(text)?.value).toEqual({
    ok: false,
    refusal: { code: 'INTERNAL', data: { reference: 'ref1' } },
  })
  expect(text).not.toContain('secret detail')
  expect(logged.at(-1)).toContain('secret detail')
})
