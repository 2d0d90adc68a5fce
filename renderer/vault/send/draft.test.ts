import { expect, test } from 'vitest'
import { emptyDraft, emptyRecipient, readDraft } from './draft.ts'

const first = { address: ' bcrt1qfirst ', amount: '1,000.5', label: ' Rent ' }
const second = { address: 'bcrt1qsecond', amount: '2', label: '' }

test('a draft becomes what is asked of the planner, in exact decimal text', () => {
  expect(readDraft({ ...emptyDraft, recipients: [first, second] }, 'en', 60)).toEqual({
    kind: 'ready',
    first: { address: 'bcrt1qfirst', amount: '1000.5', label: 'Rent' },
    also: [{ address: 'bcrt1qsecond', amount: '2' }],
    feeRateSatPerVb: null,
  })
})

test('all goes to one recipient, whatever was typed as its amount', () => {
  expect(
    readDraft({ ...emptyDraft, recipients: [{ ...first, amount: 'x' }], all: true }, 'en', 60),
  ).toMatchObject({ kind: 'ready', first: { amount: 'all' }, also: [] })
})

test.each([
  ['no amount', { recipients: [{ ...first, amount: '' }] }, 'amount'],
  ['a second recipient without an amount', { recipients: [first, emptyRecipient] }, 'amount'],
  ['no address', { recipients: [{ ...first, address: ' ' }] }, 'address'],
  ['a rate under one', { recipients: [first], fee: { kind: 'own', text: '0.5' } }, 'rate'],
  ['a rate over the cap', { recipients: [first], fee: { kind: 'own', text: '61' } }, 'rate'],
  ['no rate', { recipients: [first], fee: { kind: 'own', text: '' } }, 'rate'],
] as const)('with %s it is not ready', (_, change, what) => {
  expect(readDraft({ ...emptyDraft, ...change }, 'en', 60)).toEqual({ kind: 'missing', what })
})

test('a rate of one’s own is passed on', () => {
  expect(
    readDraft({ ...emptyDraft, recipients: [first], fee: { kind: 'own', text: '2.5' } }, 'en', 60),
  ).toMatchObject({ kind: 'ready', feeRateSatPerVb: 2.5 })
})
