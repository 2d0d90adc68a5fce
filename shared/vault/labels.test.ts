import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type WalletLabel, parseLabels, writeLabels } from './labels.ts'

const TXID = 'f91d0a8a78462bc59398f2c5d7a84fcff491c26ba54c4833478b202796c8aafd'

describe('wallet labels (BIP329)', () => {
  // The example lines of BIP329, of the types this file knows.
  const example = [
    `{ "type": "tx", "ref": "${TXID}", "label": "Transaction", "origin": "wpkh([d34db33f/84'/0'/0'])" }`,
    '{ "type": "addr", "ref": "bc1q34aq5drpuwy3wgl9lhup9892qp6svr8ldzyy7c", "label": "Address" }',
    '{ "type": "pubkey", "ref": "0283409659355b6d1cc3c32decd5d561abaac86c37a353b52895a5e6c196d6f448", "label": "Public Key" }',
    `{ "type": "input", "ref": "${TXID}:0", "label": "Input" }`,
    `{ "type": "output", "ref": "${TXID}:1", "label": "Output", "spendable": false }`,
    '{ "type": "xpub", "ref": "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8", "label": "Extended Public Key" }',
    `{ "type": "tx", "ref": "${TXID}", "label": "Transaction", "future": [1] }`,
    '{ "type": "moon", "ref": "x" }',
    '',
  ].join('\r\n')

  it('are read as written, unknown types counted', () => {
    const result = parseLabels(example)
    if (!result.ok) throw new Error(JSON.stringify(result.refusal))
    expect(result.value.leftOut).toBe(1)
    expect(result.value.labels.map((row) => row.type)).toEqual([
      'tx',
      'addr',
      'pubkey',
      'input',
      'output',
      'xpub',
      'tx',
    ])
    expect(result.value.labels[4]).toEqual({
      type: 'output',
      ref: `${TXID}:1`,
      label: 'Output',
      spendable: false,
    })
  })

  it('survive writing and reading, whatever the text', () => {
    const row = fc.record({
      type: fc.constant('addr' as const),
      ref: fc.string({ maxLength: 100 }),
      label: fc.string({ maxLength: 300, unit: 'binary' }),
    })
    fc.assert(
      fc.property(fc.array(row, { maxLength: 20 }), (labels: readonly WalletLabel[]) => {
        expect(parseLabels(writeLabels(labels))).toEqual({
          ok: true,
          value: { labels, leftOut: 0 },
        })
      }),
      { numRuns: 300 },
    )
  })

  const refused = [
    ['a line that is no JSON', '{"type":"tx"', 'line 1'],
    ['a txid that is none', '\n{"type":"tx","ref":"abc","label":"x"}', 'line 2'],
    ['an outpoint without index', `{"type":"output","ref":"${TXID}"}`, 'line 1'],
    ['a label that is no text', '{"type":"addr","ref":"x","label":7}', 'line 1'],
    [
      'spendable that is no yes or no',
      `{"type":"output","ref":"${TXID}:0","spendable":"no"}`,
      'line 1',
    ],
    ['a list', '[1]', 'line 1'],
  ] as const
  for (const [name, text, field] of refused) {
    it(`refuse ${name}`, () => {
      expect(parseLabels(text)).toMatchObject({
        ok: false,
        refusal: { code: 'INPUT_INVALID', data: { field } },
      })
    })
  }

  it('refuse a file too large to be one', () => {
    expect(parseLabels(' '.repeat(20_000_001))).toMatchObject({ ok: false })
  })
})
