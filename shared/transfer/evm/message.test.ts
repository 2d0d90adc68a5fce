import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js'
import { hashMessage, Interface, MaxUint256, Transaction, TypedDataEncoder } from 'ethers'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { describePersonalMessage } from './describePersonalMessage.ts'
import { describeTypedData, parseTypedData } from './describeTypedData.ts'
import { judgeMessage } from './judgeMessage.ts'
import { type MessageDescription, messageDescriptionSchema } from './message.ts'
import { parseSignIn } from './signIn.ts'
import type { TypedData } from './typedData.ts'
import { visibleText } from './visibleText.ts'

const signer = '0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2'
const thief = '0x1111111111111111111111111111111111111111'
const token = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
const domain = { name: 'USD Coin', version: '2', chainId: 1, verifyingContract: token }
const now = Date.parse('2026-03-01T12:00:00Z')

function described(data: TypedData) {
  const result = describeTypedData(data)
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  expect(messageDescriptionSchema.parse(result.value)).toEqual(result.value)
  return result.value
}

function personal(text: string) {
  const result = describePersonalMessage(utf8ToBytes(text), now)
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  expect(messageDescriptionSchema.parse(result.value)).toEqual(result.value)
  return result.value
}

const plain = { signer, chainId: 1, allowed: [] } as const
function verdict(message: MessageDescription, context: Parameters<typeof judgeMessage>[1] = plain) {
  const result = judgeMessage(message, context)
  return result.ok ? 'signed' : `${result.refusal.code} ${result.refusal.data.what}`
}

const permit: TypedData = {
  types: {
    Permit: [
      { name: 'owner', type: 'address' },
      { name: 'spender', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'nonce', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
    ],
  },
  primaryType: 'Permit',
  domain,
  message: {
    owner: signer,
    spender: thief,
    value: MaxUint256.toString(),
    nonce: 0,
    deadline: 1_800_000_000,
  },
}

describe('typed data in rows', () => {
  test('a permit shows who may take how much until when, and its digest is ethers’', () => {
    const message = described(permit)
    expect(message.fields.map(({ name, value, note }) => [name, value, note])).toEqual([
      ['owner', signer, null],
      ['spender', thief, null],
      ['value', MaxUint256.toString(), { kind: 'unlimited' }],
      ['nonce', '0', null],
      ['deadline', '1800000000', { kind: 'time', at: 1_800_000_000_000 }],
    ])
    expect(message.domain.map(({ name, value }) => [name, value])).toEqual([
      ['name', 'USD Coin'],
      ['version', '2'],
      ['chainId', '1'],
      ['verifyingContract', token],
    ])
    expect(message.allowance).toEqual({ kind: 'permit', spender: thief, amount: 'unlimited' })
    const types = { Permit: [...(permit.types['Permit'] ?? [])] }
    expect(`0x${message.digest}`).toBe(TypedDataEncoder.hash(domain, types, permit.message))
    expect(verdict(message)).toBe('ALLOWANCE_REFUSED permit')
    expect(verdict(message, { ...plain, allowed: ['permit2'] })).toBe('ALLOWANCE_REFUSED permit')
    expect(verdict(message, { ...plain, allowed: ['permit'] })).toBe('signed')
  })

  test('structs and lists are headings, their fields a step deeper, in the types’ order', () => {
    const message = described({
      types: {
        Group: [
          { name: 'title', type: 'string' },
          { name: 'members', type: 'Person[]' },
          { name: 'tags', type: 'bytes32[]' },
        ],
        Person: [{ name: 'wallet', type: 'address' }],
      },
      primaryType: 'Group',
      domain,
      // Another order than that of the types.
      message: {
        tags: [],
        members: [{ wallet: thief }, { wallet: signer.toLowerCase() }],
        title: 'Us',
      },
    })
    expect(message.fields.map(({ name, depth, value }) => [name, depth, value])).toEqual([
      ['title', 0, 'Us'],
      ['members', 0, null],
      ['members[0]', 1, null],
      ['wallet', 2, thief],
      ['members[1]', 1, null],
      ['wallet', 2, signer],
      ['tags', 0, '[]'],
    ])
    expect(verdict(message)).toBe('signed')
  })

  test('what a screen would hide is written out and said', () => {
    const message = described({
      types: { Note: [{ name: 'text', type: 'string' }] },
      primaryType: 'Note',
      domain: {},
      message: { text: 'pay \u202E001\u200B' },
    })
    expect(message.fields[0]?.value).toBe('pay \\u{202E}001\\u{200B}')
    expect(message.warnings.map(({ key }) => key)).toEqual([
      'chainMissing',
      'contractMissing',
      'hiddenText',
    ])
  })

  test('another chain than the one chosen is refused, whatever it holds', () => {
    const message = described({ ...permit, domain: { ...domain, chainId: '0x89' } })
    expect(message.chainId).toBe('137')
    expect(verdict(message)).toBe('MESSAGE_REFUSED it is for another chain')
  })

  test('what cannot be shown whole is refused', () => {
    const types = { List: [{ name: 'items', type: 'uint256[]' }] }
    const items = Array.from({ length: 1_001 }, () => 1)
    const data = { types, primaryType: 'List', domain, message: { items } }
    expect(describeTypedData(data)).toMatchObject({ refusal: { code: 'INPUT_INVALID' } })
    const long = { ...data, types: { List: [{ name: 'items', type: 'string' }] } }
    expect(describeTypedData({ ...long, message: { items: 'x'.repeat(10_001) } })).toMatchObject({
      refusal: { data: { field: 'items' } },
    })
  })

  test('a deadline without end is said', () => {
    const message = { ...permit.message, deadline: MaxUint256.toString() }
    const warnings = described({ ...permit, message }).warnings
    expect(warnings).toEqual([{ key: 'neverExpires', values: { field: 'deadline' } }])
  })

  test.each([
    ['no JSON', '{', 'typedData'],
    ['another field', JSON.stringify({ ...permit, extra: 1 }), 'typedData'],
    ['a type that is no list', JSON.stringify({ ...permit, types: { Permit: 1 } }), 'types.Permit'],
  ])('%s is refused', (_, text, field) => {
    expect(parseTypedData(text)).toMatchObject({
      refusal: { code: 'INPUT_INVALID', data: { field } },
    })
  })

  test('every value that is hashed stands in a row', () => {
    const leaf = fc.oneof(
      fc.record({ type: fc.constant('string'), value: fc.string({ unit: 'binary' }) }),
      fc.record({
        type: fc.constant('uint256'),
        value: fc.bigInt({ min: 0n, max: MaxUint256 }).map(String),
      }),
      fc.record({
        type: fc.constant('bytes'),
        value: fc.uint8Array().map((b) => `0x${bytesToHex(b)}`),
      }),
      fc.record({ type: fc.constant('bool'), value: fc.boolean() }),
    )
    fc.assert(
      fc.property(fc.array(leaf, { minLength: 1, maxLength: 8 }), (leaves) => {
        const fields = leaves.map(({ type }, i) => ({ name: `f${i}`, type }))
        const message = Object.fromEntries(leaves.map(({ value }, i) => [`f${i}`, value]))
        const result = describeTypedData({
          types: { Thing: fields },
          primaryType: 'Thing',
          domain,
          message,
        })
        // Lone surrogates have no UTF-8 form.
        if (!result.ok)
          return leaves.some(({ value }) => typeof value === 'string' && !value.isWellFormed())
        return leaves.every(
          ({ value }, i) => result.value.fields[i]?.value === visibleText(String(value)).text,
        )
      }),
      { numRuns: 100 },
    )
  })
})

describe('allowances under other names', () => {
  const erc20 = new Interface([
    'function approve(address,uint256)',
    'function transfer(address,uint256)',
    'function transferFrom(address,address,uint256)',
  ])
  const rows: readonly [
    string,
    string,
    TypedData['types'][string],
    Record<string, unknown>,
    string,
  ][] = [
    [
      'a meta-transaction that carries a transfer',
      'MetaTransaction',
      [{ name: 'functionSignature', type: 'bytes' }],
      { functionSignature: erc20.encodeFunctionData('transfer', [thief, 5n]) },
      'transfer-authorisation',
    ],
    [
      'an innocent name that carries an approval',
      'Greeting',
      [{ name: 'picture', type: 'bytes' }],
      { picture: erc20.encodeFunctionData('approve', [thief, 5n]) },
      'approval',
    ],
    [
      'a Safe’s transaction',
      'SafeTx',
      [
        { name: 'to', type: 'address' },
        { name: 'value', type: 'uint256' },
        { name: 'data', type: 'bytes' },
        { name: 'operation', type: 'uint8' },
      ],
      { to: thief, value: 1, data: '0x', operation: 1 },
      'call',
    ],
    [
      'a credit delegation',
      'DelegationWithSig',
      [
        { name: 'delegatee', type: 'address' },
        { name: 'value', type: 'uint256' },
      ],
      { delegatee: thief, value: 1 },
      'delegation',
    ],
    [
      'a lending market’s authorisation',
      'Authorization',
      [
        { name: 'authorized', type: 'address' },
        { name: 'isAuthorized', type: 'bool' },
      ],
      { authorized: thief, isAuthorized: true },
      'delegation',
    ],
    [
      'a marketplace’s order',
      'OrderComponents',
      [{ name: 'offerer', type: 'address' }],
      { offerer: signer },
      'order',
    ],
    [
      'an order under another name',
      'Gift',
      [{ name: 'makerAsset', type: 'address' }],
      { makerAsset: token },
      'order',
    ],
    [
      'a spender who is a struct',
      'Login',
      [{ name: 'spender', type: 'Who' }],
      { spender: { who: thief } },
      'permit',
    ],
  ]
  test.each(rows)('%s is refused', (_, primaryType, fields, message, kind) => {
    const types = { [primaryType]: fields, Who: [{ name: 'who', type: 'address' }] }
    const reading = described({ types, primaryType, domain, message })
    expect(verdict(reading)).toBe(`ALLOWANCE_REFUSED ${kind}`)
  })

  test('a hash is no calldata', () => {
    const hash = `0x095ea7b3${'00'.repeat(28)}`
    const types = { Vote: [{ name: 'proposal', type: 'bytes32' }] }
    const reading = described({ types, primaryType: 'Vote', domain, message: { proposal: hash } })
    expect(verdict(reading)).toBe('signed')
  })
})

describe('personal messages', () => {
  test('text is shown as text, its digest is ethers’', () => {
    const message = personal('Hello, wörld\n2')
    expect(message).toMatchObject({
      form: 'text',
      text: 'Hello, wörld\n2',
      length: 15,
      warnings: [],
    })
    expect(`0x${message.digest}`).toBe(hashMessage('Hello, wörld\n2'))
    expect(verdict(message)).toBe('signed')
  })

  const bytesOf = (bytes: Uint8Array) => {
    const result = describePersonalMessage(bytes, now)
    if (!result.ok) throw new Error(result.refusal.code)
    return result.value
  }

  test('bytes are shown as hex and refused unless allowed', () => {
    const hash = bytesOf(new Uint8Array(32).fill(0xab))
    expect(hash).toMatchObject({ form: 'bytes', text: `0x${'ab'.repeat(32)}` })
    expect(hash.warnings).toEqual([{ key: 'notText', values: {} }])
    expect(verdict(hash)).toBe('MESSAGE_REFUSED nobody can read it')
    expect(verdict(hash, { ...plain, allowed: ['bytes'] })).toBe('signed')
    expect(bytesOf(Uint8Array.of(1, 2, 3)).form, 'controls are no text').toBe('bytes')
    expect(bytesOf(Uint8Array.of(0xef, 0xbb, 0xbf, 0x41)).text).toBe('\\u{FEFF}A')
  })

  test.each([
    ['unsigned', { type: 2, chainId: 1, nonce: 1, to: thief, value: 1n, gasLimit: 21_000n }],
    ['unsigned legacy', { type: 0, chainId: 1, nonce: 1, to: thief, value: 1n, gasPrice: 1n }],
  ])('an %s transaction in disguise is never signed', (_, fields) => {
    const raw = hexToBytes(Transaction.from(fields).unsignedSerialized.slice(2))
    const message = bytesOf(raw)
    expect(verdict(message, { ...plain, allowed: ['bytes'] })).toBe(
      'MESSAGE_REFUSED it looks like a transaction',
    )
  })

  test('nothing and too much are refused', () => {
    for (const length of [0, 8_193]) {
      expect(describePersonalMessage(new Uint8Array(length), now).ok).toBe(false)
    }
  })

  test('hidden letters are written out', () => {
    const message = personal('safe\u2066evil\u00A0\\u{41}')
    expect(message.text).toBe('safe\\u{2066}evil\\u{A0}\\\\u{41}')
    expect(message.warnings).toEqual([{ key: 'hiddenText', values: { field: 'message' } }])
  })
})

describe('signing in with Ethereum (EIP-4361)', () => {
  /** The example of the standard. */
  const example = [
    'example.com wants you to sign in with your Ethereum account:',
    signer,
    '',
    'I accept the ExampleOrg Terms of Service: https://example.com/tos',
    '',
    'URI: https://example.com/login',
    'Version: 1',
    'Chain ID: 1',
    'Nonce: 32891756',
    'Issued At: 2021-09-30T16:25:24Z',
    'Resources:',
    '- ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/',
    '- https://example.com/my-web2-claim.json',
  ].join('\n')

  test('the standard’s example is read whole', () => {
    const message = personal(example)
    expect(message.warnings).toEqual([])
    expect(message.signIn).toEqual({
      scheme: null,
      domain: 'example.com',
      address: signer,
      statement: 'I accept the ExampleOrg Terms of Service: https://example.com/tos',
      uri: 'https://example.com/login',
      chainId: '1',
      nonce: '32891756',
      issuedAt: '2021-09-30T16:25:24Z',
      expirationTime: null,
      notBefore: null,
      requestId: null,
      resources: [
        'ipfs://bafybeiemxf5abjwjbikoz4mc3a3dla6ual3jsgpdr4cjr3oz3evfyavhwq/',
        'https://example.com/my-web2-claim.json',
      ],
    })
    expect(verdict(message)).toBe('signed')
    expect(verdict(message, { ...plain, signer: thief })).toBe(
      'MESSAGE_REFUSED it is for another account',
    )
    expect(verdict(message, { ...plain, chainId: 10 })).toBe(
      'MESSAGE_REFUSED it is for another chain',
    )
  })

  test('without a statement, with a scheme, a port and all optional fields', () => {
    const text = example
      .replace('example.com wants', 'https://example.com:8080 wants')
      .replace(/I accept.*\n/, '')
      .replace('login', 'login')
      .replace(
        'Resources:',
        'Expiration Time: 2026-03-01T11:59:59Z\nNot Before: 2026-03-02T00:00:00Z\nRequest ID: x\nResources:',
      )
    const message = personal(text)
    expect(message.signIn).toMatchObject({
      scheme: 'https',
      domain: 'example.com:8080',
      statement: null,
    })
    expect(message.warnings.map(({ key }) => key)).toEqual([
      'signInElsewhere',
      'signInExpired',
      'signInNotYet',
    ])
  })

  const broken: readonly [string, string][] = [
    ['another version', example.replace('Version: 1', 'Version: 2')],
    ['an address without its checksum', example.replace(signer, signer.toLowerCase())],
    ['a short nonce', example.replace('32891756', '1')],
    ['no time', example.replace('2021-09-30T16:25:24Z', 'yesterday')],
    [
      'fields in another order',
      example.replace(/Version: 1\nChain ID: 1/, 'Chain ID: 1\nVersion: 1'),
    ],
    ['a line more', `${example}\nand your keys`],
    ['a path in the domain', example.replace('example.com wants', 'evil.com/example.com wants')],
    ['words before it', `Hello\n${example}`],
    ['no blank line', example.replace(`${signer}\n`, signer)],
  ]
  test.each(broken)('%s is malformed', (_, text) => {
    expect(parseSignIn(text)).toBe('malformed')
    expect(personal(text).warnings.map(({ key }) => key)).toEqual(['signInMalformed'])
  })

  test('a letter is none', () => {
    expect(parseSignIn('Dear all')).toBe(null)
  })
})
