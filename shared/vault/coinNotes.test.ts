import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Coin } from './account.ts'
import {
  type CoinNotes,
  coinWarnings,
  frozenCoins,
  importNotes,
  labelOfCoin,
  noteCoin,
} from './coinNotes.ts'
import { type WalletLabel, writeLabels } from './labels.ts'

const txid = 'ab'.repeat(32)
const coin = (vout: number, change: Partial<Coin> = {}): Coin => ({
  txid,
  vout,
  value: 50_000n,
  script: `0014${String(vout).padStart(40, '0')}`,
  address: `bcrt1q${vout}`,
  path: 'm',
  height: 5,
  ...change,
})
const ref = `${txid}:0`

function taken(notes: CoinNotes, rows: readonly object[]) {
  const read = importNotes(notes, rows.map((row) => JSON.stringify(row)).join('\n'))
  if (!read.ok) throw new Error(read.refusal.data.problem)
  return read.value
}

describe('a note on a coin', () => {
  test('freezes, names, and changes only what is said', () => {
    const frozen = noteCoin([], ref, { frozen: true })
    expect([...frozenCoins(frozen)]).toEqual([ref])
    const named = noteCoin(frozen, ref, { label: 'cold' })
    expect(named).toEqual([{ type: 'output', ref, label: 'cold', spendable: false }])
    const free = noteCoin(named, ref, { frozen: false })
    expect(free).toEqual([{ type: 'output', ref, label: 'cold' }])
    expect(noteCoin(free, ref, { label: '' })).toEqual([])
    expect(noteCoin(named, ref, { label: '' })).toEqual([{ type: 'output', ref, spendable: false }])
  })

  test('leaves all others alone', () => {
    const others: CoinNotes = [
      { type: 'tx', ref: txid, label: 'salary' },
      { type: 'output', ref: `${txid}:1`, spendable: false },
    ]
    expect(noteCoin(others, ref, { label: 'x' }).slice(0, 2)).toEqual(others)
  })
})

test('a coin is called by its own label, else by its address’s, else by its transaction’s', () => {
  const rows: WalletLabel[] = [
    { type: 'tx', ref: txid, label: 'from the transaction' },
    { type: 'addr', ref: 'bcrt1q0', label: 'from the address' },
    { type: 'output', ref, label: 'its own' },
  ]
  expect(labelOfCoin(rows, coin(0))).toBe('its own')
  expect(labelOfCoin(rows.slice(0, 2), coin(0))).toBe('from the address')
  expect(labelOfCoin(rows.slice(0, 1), coin(0))).toBe('from the transaction')
  expect(labelOfCoin([{ type: 'output', ref, label: '' }], coin(0))).toBeNull()
})

describe('a BIP329 file', () => {
  test('comes back as it was written', () => {
    const label = fc.string({ maxLength: 40 })
    const row: fc.Arbitrary<WalletLabel> = fc.oneof(
      fc.record({ type: fc.constant('tx' as const), ref: fc.constant(txid), label }),
      fc.record({
        type: fc.constant('output' as const),
        ref: fc.nat(50).map((vout) => `${txid}:${vout}`),
        label,
        spendable: fc.constant(false),
      }),
    )
    const rows = fc.uniqueArray(row, { selector: ({ type, ref: name }) => `${type} ${name}` })
    fc.assert(
      fc.property(rows, (notes) => {
        const read = importNotes([], writeLabels(notes))
        expect(read.ok && read.value.notes).toEqual(notes)
      }),
    )
  })

  test('names and freezes, and keeps our label where it has none', () => {
    const before = noteCoin([], ref, { label: 'ours' })
    const { notes, imported } = taken(before, [
      { type: 'output', ref, spendable: false },
      { type: 'addr', ref: 'bcrt1q0', label: 'desk' },
    ])
    expect(imported).toBe(2)
    expect([...frozenCoins(notes)]).toEqual([ref])
    expect(labelOfCoin(notes, coin(0))).toBe('ours')
  })

  test('sets no frozen coin free, and says of how many it tried', () => {
    const before = noteCoin([], ref, { frozen: true })
    const { notes, stillFrozen } = taken(before, [
      { type: 'output', ref, label: 'free me', spendable: true },
    ])
    expect(stillFrozen).toBe(1)
    expect(notes).toEqual([{ type: 'output', ref, label: 'free me', spendable: false }])
    expect(taken(before, [{ type: 'output', ref }]).stillFrozen).toBe(0)
  })

  test.each([
    ['not JSON', 'hello'],
    ['an outpoint that is none', '{"type":"output","ref":"x"}'],
    ['a label of another shape', `{"type":"tx","ref":"${txid}","label":7}`],
  ])('%s is refused by its line, and changes nothing', (_, line) => {
    const good = JSON.stringify({ type: 'tx', ref: txid, label: 'a' })
    expect(importNotes([], `${good}\n${line}`)).toMatchObject({
      ok: false,
      refusal: { code: 'INPUT_INVALID', data: { field: 'line 2' } },
    })
  })

  test('more labels than we keep are refused', () => {
    const line = (index: number) =>
      JSON.stringify({ type: 'output', ref: `${txid}:${index}`, label: 'x' })
    const text = Array.from({ length: 50_001 }, (_, index) => line(index)).join('\n')
    expect(importNotes([], text)).toMatchObject({ refusal: { code: 'INPUT_INVALID' } })
  })
})

describe('a coin warns', () => {
  test('of another on its address', () => {
    const [first, second, other] = [coin(0), coin(1, { script: coin(0).script }), coin(2)]
    const all = [first, second, other]
    expect(coinWarnings(first, all, 'p2wpkh')).toEqual(['address-reused'])
    expect(coinWarnings(other, all, 'p2wpkh')).toEqual([])
  })
  test('of being worth less than spending it', () => {
    // An input of 68 vB at 10 sat/vB.
    expect(coinWarnings(coin(0, { value: 680n }), [], 'p2wpkh')).toEqual(['dust'])
    expect(coinWarnings(coin(0, { value: 700n }), [], 'p2wpkh')).toEqual([])
  })
})
