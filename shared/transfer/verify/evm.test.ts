/** The EVM verifier against every mutation: bit flips, and wrong transactions with valid signatures. */
import { keccak_256 } from '@noble/hashes/sha3.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { Transaction } from 'ethers'
import * as tiny from 'tiny-secp256k1'
import { describe, expect, test } from 'vitest'
import { parseSignedEvm } from '../evm/parse.ts'
import { concatBytes } from '../../vault/hash.ts'
import { decodeTransferCall, encodeTransferCall } from '../evm/erc20.ts'
import { encodeRlp, integerBytes, type RlpInput } from '../evm/rlp.ts'
import type { EvmTransactionPlan } from '../plan.ts'
import { type LegacyEvmTransactionPlan, verifyEvm } from './evm.ts'
import type { Curve } from './curve.ts'
import { CURVE_ORDER, randomPlan, seededBytes, testCurve, testSigner } from './evm.fixture.ts'
import { isVerified } from './verified.ts'

const deep = process.env['BULKHEAD_DEEP'] === '1'
const COUNT = deep ? 200 : 5
const TIMEOUT_MS = deep ? 1_800_000 : 60_000
const digest = 'ab'.repeat(32)
const signer = testSigner('evm verifier test')
const thief = testSigner('another key')
const bytes = seededBytes(20_261_122)

/** libsecp256k1 as wasm: six times faster than the kit's curve, and another implementation. */
const fastCurve: Curve = {
  verifyEcdsa: (hash, key, signature) => tiny.verify(hash, key, signature, true),
  recoverEcdsa(hash, signature, recovery) {
    try {
      return tiny.recover(hash, signature, recovery, false)
    } catch {
      return null
    }
  },
  verifySchnorr: () => false,
}

function verify(plan: EvmTransactionPlan | LegacyEvmTransactionPlan, rawHex: string) {
  return verifyEvm({ plan, digest, rawHex, curve: testCurve })
}

/** The fields that differ; empty when verified. */
function differs(plan: EvmTransactionPlan | LegacyEvmTransactionPlan, rawHex: string): string[] {
  const result = verify(plan, rawHex)
  if (result.ok) return []
  expect(result.refusal.code).toBe('SIGNED_MISMATCH')
  return result.refusal.data.differences.map((difference) => difference.field)
}

/** Numbers of the bits whose flip goes unnoticed. */
function flipsThatPass(
  plan: EvmTransactionPlan | LegacyEvmTransactionPlan,
  rawHex: string,
): readonly number[] {
  expect(verifyEvm({ plan, digest, rawHex, curve: fastCurve }).ok, 'not flipped').toBe(true)
  const raw = hexToBytes(rawHex)
  const passed: number[] = []
  for (let bit = 0; bit < raw.length * 8; bit += 1) {
    const flipped = raw.slice()
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    const rawFlipped = bytesToHex(flipped)
    if (verifyEvm({ plan, digest, rawHex: rawFlipped, curve: fastCurve }).ok) passed.push(bit)
  }
  return passed
}

type Fields = Record<
  | 'chainId'
  | 'nonce'
  | 'maxPriorityFeePerGas'
  | 'maxFeePerGas'
  | 'gasLimit'
  | 'to'
  | 'value'
  | 'data'
  | 'accessList',
  RlpInput
>

function fieldsOf(plan: EvmTransactionPlan): Fields {
  return {
    chainId: integerBytes(BigInt(plan.chainId)),
    nonce: integerBytes(BigInt(plan.nonce)),
    maxPriorityFeePerGas: integerBytes(plan.maxPriorityFeePerGas),
    maxFeePerGas: integerBytes(plan.maxFeePerGas),
    gasLimit: integerBytes(plan.gasLimit),
    to: hexToBytes(plan.to.slice(2)),
    value: integerBytes(plan.value),
    data: hexToBytes(plan.data),
    accessList: [],
  }
}

/** Signs whatever the fields are, with the right key: what a lying device would return. */
function signFields(fields: readonly RlpInput[], type = 2, by = signer): string {
  const prefix = Uint8Array.of(type)
  const { parity, r, s } = by.sign(keccak_256(concatBytes([prefix, encodeRlp(fields)])))
  const signed = [...fields, integerBytes(BigInt(parity)), integerBytes(r), integerBytes(s)]
  return bytesToHex(concatBytes([prefix, encodeRlp(signed)]))
}

function resign(plan: EvmTransactionPlan, change: Partial<Fields>): string {
  return signFields(Object.values({ ...fieldsOf(plan), ...change }))
}

const plans = Array.from({ length: COUNT }, (_, i) => {
  const kind = i % 2 === 0 ? 'token' : 'coin'
  return { name: `${i + 1}: ${kind}`, plan: randomPlan(signer.address, kind, bytes) }
})

describe('what was approved is verified', () => {
  test.each(plans)('$name', ({ plan }) => {
    const rawHex = signer.signPlan(plan)
    const result = verify(plan, rawHex)
    if (!result.ok) throw new Error(JSON.stringify(result.refusal))
    expect(isVerified(result.value)).toBe(true)
    expect(result.value).toMatchObject({ kind: 'evm', digest, rawHex })
    expect(result.value.txid).toBe(Transaction.from(`0x${rawHex}`).hash)
  })
})

describe('every single-bit flip is refused', () => {
  test.each(plans)(
    '$name',
    ({ plan }) => {
      expect(flipsThatPass(plan, signer.signPlan(plan))).toEqual([])
    },
    TIMEOUT_MS,
  )
})

describe('a valid signature over another transaction is refused', () => {
  test.each(plans)(
    '$name',
    ({ plan }) => {
      const fields = fieldsOf(plan)
      const other = randomPlan(signer.address, 'token', bytes)
      const changes: readonly [string, Partial<Fields>][] = [
        ['chainId', { chainId: integerBytes(BigInt(plan.chainId) + 1n) }],
        ['nonce', { nonce: integerBytes(BigInt(plan.nonce) + 1n) }],
        ['maxFeePerGas', { maxFeePerGas: integerBytes(plan.maxFeePerGas + 1n) }],
        [
          'maxPriorityFeePerGas',
          { maxPriorityFeePerGas: integerBytes(plan.maxPriorityFeePerGas + 1n) },
        ],
        ['gasLimit', { gasLimit: integerBytes(plan.gasLimit + 1n) }],
        ['to', { to: hexToBytes(thief.address.slice(2)) }],
        ['to', { to: new Uint8Array(0) }],
        ['value', { value: integerBytes(plan.value + 1n) }],
        ['data', { data: hexToBytes(other.data) }],
        ['data', { data: plan.data === '' ? Uint8Array.of(0) : new Uint8Array(0) }],
        ['data', { data: concatBytes([hexToBytes(plan.data), Uint8Array.of(0)]) }],
        ['accessList', { accessList: [[hexToBytes(thief.address.slice(2)), []]] }],
      ]
      for (const [field, change] of changes) {
        expect(differs(plan, resign(plan, change)), field).toContain(field)
      }
      expect(differs(plan, resign(plan, {})), 'nothing changed').toEqual([])
      expect(differs(plan, thief.signPlan(plan)), 'another key').toEqual(['from'])

      const zeros = concatBytes([Uint8Array.of(0), integerBytes(plan.gasLimit)])
      expect(differs(plan, resign(plan, { gasLimit: zeros }))).toEqual(['gasLimit'])
      expect(differs(plan, resign(plan, { to: new Uint8Array(19) }))).toEqual(['to'])
      expect(differs(plan, resign(plan, { value: [] }))).toEqual(['value'])
      expect(differs(plan, resign(plan, { accessList: new Uint8Array(0) }))).toEqual(['accessList'])
      expect(differs(plan, signFields([...Object.values(fields), []]))).toEqual(['encoding'])
      for (const type of [0, 1, 3, 4, 5, 0x7f]) {
        expect(differs(plan, signFields(Object.values(fields), type)), `type ${type}`).toEqual([
          'type',
        ])
      }
      const legacy = signLegacy({ ...plan, type: 0, gasPrice: plan.maxFeePerGas })
      expect(differs(plan, legacy), 'legacy').toContain('type')
    },
    TIMEOUT_MS,
  )
})

describe('well-formed transactions of other types are refused though their signature is valid', () => {
  test.each(plans)('$name', ({ plan }) => {
    const { maxPriorityFeePerGas: _, maxFeePerGas, ...rest } = fieldsOf(plan)
    const { chainId, nonce, ...target } = rest
    const entry = [[hexToBytes(plan.to.slice(2)), [new Uint8Array(32)]]]
    const berlin = [chainId, nonce, maxFeePerGas, ...Object.values(target)]
    expect(differs(plan, signFields(berlin, 1)), 'EIP-2930').toEqual(['type'])
    const authorisation = [
      integerBytes(BigInt(plan.chainId)),
      hexToBytes(thief.address.slice(2)),
      integerBytes(0n),
      integerBytes(0n),
      integerBytes(1n),
      integerBytes(1n),
    ]
    const fields = Object.values(fieldsOf(plan))
    expect(differs(plan, signFields([...fields, [authorisation]], 4)), 'EIP-7702').toEqual(['type'])
    // The same fields as a type 2 with an access list, or with the list of authorisations, are none either.
    expect(differs(plan, resign(plan, { accessList: entry }))).toEqual(['accessList'])
    expect(differs(plan, signFields([...fields, [authorisation]]))).toEqual(['encoding'])
  })
})

describe('calldata that means something else is refused though its signature is valid', () => {
  const tokens = plans.filter(({ plan }) => plan.token !== null)
  test.each(tokens)('$name', ({ plan }) => {
    const { data } = plan
    const call = decodeTransferCall(data)
    if (call === undefined) throw new Error('no transfer')
    const mutated = [
      encodeTransferCall(thief.address, call.units),
      encodeTransferCall(call.recipient, call.units + 1n),
      `${data.slice(0, 8)}01${data.slice(10)}`,
      `23b872dd${data.slice(8)}`,
      data.slice(0, -2),
      `${data}${'00'.repeat(32)}`,
      '',
    ]
    for (const other of mutated) {
      expect(differs(plan, resign(plan, { data: hexToBytes(other) })), other).toContain('data')
    }
    const paid = resign(plan, { value: integerBytes(1n) })
    expect(differs(plan, paid)).toContain('value')
    const elsewhere = resign(plan, { to: hexToBytes(thief.address.slice(2)) })
    expect(differs(plan, elsewhere)).toEqual(expect.arrayContaining(['to', 'token']))
  })
})

describe('a second spelling of the signed transaction is refused', () => {
  test.each(plans)('$name', ({ plan }) => {
    const rawHex = signer.signPlan(plan)
    const reading = parseSignedEvm(rawHex)
    if (!reading.ok) throw new Error(reading.problem)
    const { yParity, r, s } = reading.transaction
    const spell = (v: Uint8Array, rBytes: Uint8Array, sBytes: Uint8Array): string => {
      const fields = [...Object.values(fieldsOf(plan)), v, rBytes, sBytes]
      return bytesToHex(concatBytes([Uint8Array.of(2), encodeRlp(fields)]))
    }
    const v = integerBytes(BigInt(yParity))
    const zero = Uint8Array.of(0)
    const flippedParity = integerBytes(BigInt(1 - yParity))
    expect(spell(v, integerBytes(r), integerBytes(s))).toBe(rawHex)
    // High-S is the same signer's valid signature with another transaction hash.
    const highS = spell(flippedParity, integerBytes(r), integerBytes(CURVE_ORDER - s))
    expect(Transaction.from(`0x${rawHex}`).from).toBe(signer.address)
    expect(differs(plan, highS)).toEqual(['signature.s'])
    expect(differs(plan, spell(flippedParity, integerBytes(r), integerBytes(s)))).toEqual(['from'])
    expect(
      differs(plan, spell(Uint8Array.of(27 + yParity), integerBytes(r), integerBytes(s))),
    ).toEqual(['signature.v'])
    expect(differs(plan, spell(zero, integerBytes(r), integerBytes(s)))).toEqual(['signature.v'])
    const padded = concatBytes([zero, integerBytes(r)])
    expect(differs(plan, spell(v, padded, integerBytes(s)))).toEqual(['signature.r'])
    const paddedS = concatBytes([zero, integerBytes(s)])
    expect(differs(plan, spell(v, integerBytes(r), paddedS))).toEqual(['signature.s'])
    expect(differs(plan, spell(v, integerBytes(0n), integerBytes(s)))).toEqual(['signature.r'])
    expect(differs(plan, spell(v, integerBytes(r), integerBytes(0n)))).toEqual(['signature.s'])
    expect(differs(plan, spell(v, integerBytes(CURVE_ORDER), integerBytes(s)))).toEqual([
      'signature.r',
    ])
    expect(differs(plan, `${rawHex}00`)).toEqual(['encoding'])
    expect(differs(plan, `0x${rawHex}`)).toEqual(['encoding'])
    expect(differs(plan, rawHex.toUpperCase())).toEqual(['encoding'])
    expect(differs(plan, rawHex.slice(0, -2))).toEqual(['encoding'])
    expect(differs(plan, '')).toEqual(['encoding'])
    expect(differs(plan, '02')).toEqual(['encoding'])
  })
})

describe('a plan that contradicts itself is refused even when the bytes match it', () => {
  const coin = randomPlan(signer.address, 'coin', bytes)
  const token = randomPlan(signer.address, 'token', bytes)
  const rows: readonly [string, EvmTransactionPlan, string][] = [
    ['the coin with calldata', { ...coin, data: token.data }, 'data'],
    ['a token with other calldata', { ...token, data: `095ea7b3${token.data.slice(8)}` }, 'data'],
    ['a token with value', { ...token, value: 1n }, 'value'],
    ['a token sent to another contract', { ...token, to: coin.to }, 'token'],
    ['a recipient with a wrong checksum', { ...coin, to: wrongCase(coin.to) }, 'to'],
  ]
  test.each(rows)('%s', (_, plan, field) => {
    expect(differs(plan, signer.signPlan(plan))).toContain(field)
  })

  test('several differences are all named', () => {
    const rawHex = resign(coin, { nonce: integerBytes(99_999n), value: integerBytes(1n) })
    expect(differs(coin, rawHex)).toEqual(['nonce', 'value'])
  })
})

describe('legacy transactions (EIP-155)', () => {
  const legacyPlans = plans.map(({ name, plan: { maxFeePerGas, ...rest } }) => {
    const plan: LegacyEvmTransactionPlan = { ...rest, type: 0, gasPrice: maxFeePerGas }
    return { name, plan }
  })

  test.each(legacyPlans)('$name: what was approved is verified', ({ plan }) => {
    expect(differs(plan, signLegacy(plan))).toEqual([])
  })

  test.each(plans)('$name: a type 2 is refused', ({ plan }) => {
    const legacy: LegacyEvmTransactionPlan = { ...plan, type: 0, gasPrice: plan.maxFeePerGas }
    expect(differs(legacy, signer.signPlan(plan))).toContain('type')
  })

  test.each(legacyPlans)(
    '$name: another chain, price, nonce, gas or value is refused',
    ({ plan }) => {
      expect(differs(plan, signLegacy({ ...plan, chainId: plan.chainId + 1 }))).toEqual(['chainId'])
      expect(differs(plan, signLegacy({ ...plan, gasPrice: plan.gasPrice + 1n }))).toEqual([
        'gasPrice',
      ])
      expect(differs(plan, signLegacy({ ...plan, nonce: plan.nonce + 1 }))).toEqual(['nonce'])
      expect(differs(plan, signLegacy({ ...plan, gasLimit: plan.gasLimit + 1n }))).toEqual([
        'gasLimit',
      ])
      expect(differs(plan, signLegacy({ ...plan, value: plan.value + 1n }))).toContain('value')
      expect(differs(plan, signLegacy({ ...plan, to: thief.address }))).toContain('to')
    },
  )

  test.each(legacyPlans)('$name: a signature without a chain id is refused', ({ plan }) => {
    expect(differs(plan, signLegacy(plan, 'any chain'))).toEqual(['chainId'])
  })

  test.each(legacyPlans)(
    '$name: every single-bit flip is refused',
    ({ plan }) => {
      expect(flipsThatPass(plan, signLegacy(plan))).toEqual([])
    },
    TIMEOUT_MS,
  )
})

function signLegacy(plan: LegacyEvmTransactionPlan, replay: 'EIP-155' | 'any chain' = 'EIP-155') {
  const fields = [
    integerBytes(BigInt(plan.nonce)),
    integerBytes(plan.gasPrice),
    integerBytes(plan.gasLimit),
    hexToBytes(plan.to.slice(2)),
    integerBytes(plan.value),
    hexToBytes(plan.data),
  ]
  const chainId = BigInt(plan.chainId)
  const protectedFields = [...fields, integerBytes(chainId), new Uint8Array(0), new Uint8Array(0)]
  const signed = replay === 'EIP-155' ? protectedFields : fields
  const { parity, r, s } = signer.sign(keccak_256(encodeRlp(signed)))
  const v = replay === 'EIP-155' ? 35n + 2n * chainId + BigInt(parity) : 27n + BigInt(parity)
  return bytesToHex(encodeRlp([...fields, integerBytes(v), integerBytes(r), integerBytes(s)]))
}

function wrongCase(address: string): string {
  const at = [...address].findIndex((digit, i) => i > 1 && /[a-fA-F]/.test(digit))
  const digit = address.charAt(at)
  const swapped = digit === digit.toLowerCase() ? digit.toUpperCase() : digit.toLowerCase()
  return address.slice(0, at) + swapped + address.slice(at + 1)
}

// ── another reader ────────────────────────────────────────────────────────────

describe('ethers reads the same fields', () => {
  test.each(plans)('$name as a legacy transaction', ({ plan }) => {
    const rawHex = signLegacy({ ...plan, type: 0, gasPrice: plan.maxFeePerGas })
    const reading = parseSignedEvm(rawHex)
    if (!reading.ok || reading.transaction.type !== 0) throw new Error('not read')
    const ours = reading.transaction
    const theirs = Transaction.from(`0x${rawHex}`)
    expect({ ...ours, signingHash: bytesToHex(ours.signingHash) }).toEqual({
      type: theirs.type,
      chainId: theirs.chainId,
      nonce: BigInt(theirs.nonce),
      gasPrice: theirs.gasPrice,
      gasLimit: theirs.gasLimit,
      to: theirs.to,
      value: theirs.value,
      data: theirs.data.slice(2),
      yParity: theirs.signature?.yParity,
      r: BigInt(theirs.signature?.r ?? 0),
      s: BigInt(theirs.signature?.s ?? 0),
      signingHash: theirs.unsignedHash.slice(2),
      txid: theirs.hash,
    })
    expect(theirs.from).toBe(plan.from)
  })

  test.each(plans)('$name', ({ plan }) => {
    const rawHex = signer.signPlan(plan)
    const reading = parseSignedEvm(rawHex)
    if (!reading.ok || reading.transaction.type !== 2) throw new Error('not read')
    const ours = reading.transaction
    const theirs = Transaction.from(`0x${rawHex}`)
    expect({ ...ours, signingHash: bytesToHex(ours.signingHash) }).toEqual({
      type: theirs.type,
      chainId: theirs.chainId,
      nonce: BigInt(theirs.nonce),
      maxPriorityFeePerGas: theirs.maxPriorityFeePerGas,
      maxFeePerGas: theirs.maxFeePerGas,
      gasLimit: theirs.gasLimit,
      to: theirs.to,
      value: theirs.value,
      data: theirs.data.slice(2),
      accessList: theirs.accessList?.length,
      yParity: theirs.signature?.yParity,
      r: BigInt(theirs.signature?.r ?? 0),
      s: BigInt(theirs.signature?.s ?? 0),
      signingHash: theirs.unsignedHash.slice(2),
      txid: theirs.hash,
    })
    expect(theirs.from).toBe(plan.from)
  })
})
