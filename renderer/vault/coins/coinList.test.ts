import { expect, test } from 'vitest'
import { transferFixtures } from '../../fixtures/transfers.ts'
import { type Coin, filterCoins, listCoins, sortCoins, sumCoins } from './coinList.ts'

const coin = (digit: string, value: bigint, change: Partial<Coin> = {}): Coin => ({
  accountId: 'one',
  txid: digit.repeat(64),
  vout: 0,
  value,
  script: `0014${digit.repeat(40)}`,
  address: `bcrt1q${digit}`,
  path: "m/84'/1'/0'/0/0",
  height: 100,
  label: null,
  frozen: false,
  warnings: [],
  ...change,
})

const small = coin('1', 5n, { label: 'Rent', height: 90 })
const large = coin('2', 900n)
const frozen = coin('3', 50n, { frozen: true, warnings: ['dust'] })
const waiting = coin('4', 70n, { height: null, script: large.script })
const all = [small, large, frozen, waiting]
const rows = listCoins(all, 101, [])

test('a coin is free, waiting or frozen, and counts the blocks on top of it', () => {
  expect(rows.map(({ state }) => state.kind)).toEqual(['free', 'free', 'frozen', 'waiting'])
  expect(rows.map(({ confirmations }) => confirmations)).toEqual([12, 2, 2, 0])
})

test('without a height nobody says how old a coin is', () => {
  expect(listCoins([large, waiting], null, []).map(({ confirmations }) => confirmations)).toEqual([
    null,
    0,
  ])
})

test('a coin of a transfer under way is taken, one of an ended or only planned transfer is not', () => {
  const now = 1_790_000_000_000
  const transfers = transferFixtures(now)
  const signing = transfers.find(({ state }) => state === 'signing')
  if (signing?.plan.execution.kind !== 'bitcoin') throw new Error('no bitcoin transfer signs')
  const [input] = signing.plan.execution.inputs
  const spent = coin('a', 1n, { txid: input?.txid ?? '', vout: input?.vout ?? 0 })
  expect(listCoins([spent], 101, transfers)[0]?.state).toEqual({
    kind: 'taken',
    transferId: signing.id,
  })
  const planned = [{ ...signing, state: 'planned' as const }]
  expect(listCoins([spent], 101, planned)[0]?.state.kind).toBe('free')
  const done = [{ ...signing, state: 'done' as const }]
  expect(listCoins([spent], 101, done)[0]?.state.kind).toBe('free')
})

test.each([
  ['all', '', [small, large, frozen, waiting]],
  ['free', '', [small, large]],
  ['waiting', '', [waiting]],
  ['frozen', '', [frozen]],
  ['warned', '', [frozen]],
  ['all', 'rENT', [small]],
  ['all', 'bcrt1q2', [large]],
  ['free', 'bcrt1q3', []],
] as const)('the filter %s with the words "%s" finds its coins', (filter, words, expected) => {
  expect(filterCoins(rows, filter, words).map((row) => row.coin)).toEqual(expected)
})

test('coins sort by each column, those without a label last both ways', () => {
  const order = (by: 'amount' | 'label' | 'age', direction: 'ascending' | 'descending') =>
    sortCoins(rows, { by, direction }).map(({ coin: { txid } }) => txid[0])
  expect(order('amount', 'descending')).toEqual(['2', '4', '3', '1'])
  expect(order('age', 'ascending')).toEqual(['4', '2', '3', '1'])
  expect(order('label', 'ascending')[0]).toBe('1')
  expect(order('label', 'descending')[0]).toBe('1')
})

test('a choice adds up, and says how many addresses it ties together', () => {
  expect(sumCoins(rows)).toEqual({ count: 4, value: 1_025n, addresses: 3 })
  expect(sumCoins([])).toEqual({ count: 0, value: 0n, addresses: 0 })
})
