import { bytesToHex } from '@noble/hashes/utils.js'
import { Signature, Transaction } from 'ethers'
import { describe, expect, test } from 'vitest'
import { randomPlan, seededBytes, testSigner } from '../verify/evm.fixture.ts'
import type { EvmTransactionPlan } from '../plan.ts'
import { assembleSigned, evmSigningHash } from './encode.ts'

const signer = testSigner('encode test')
const bytes = seededBytes(7)
const plans = Array.from({ length: 20 }, (_, i) =>
  randomPlan(signer.address, i % 2 === 0 ? 'coin' : 'token', bytes),
)

function ethersUnsigned(plan: EvmTransactionPlan): Transaction {
  return Transaction.from({
    type: 2,
    chainId: plan.chainId,
    nonce: plan.nonce,
    maxFeePerGas: plan.maxFeePerGas,
    maxPriorityFeePerGas: plan.maxPriorityFeePerGas,
    gasLimit: plan.gasLimit,
    to: plan.to,
    value: plan.value,
    data: `0x${plan.data}`,
    accessList: [],
  })
}

const hex = (value: bigint): string => `0x${value.toString(16)}`

describe('building', () => {
  test('the bytes to sign and the signed bytes are those of ethers', () => {
    for (const plan of plans) {
      const theirs = ethersUnsigned(plan)
      const hash = evmSigningHash(plan)
      expect(`0x${bytesToHex(hash)}`).toBe(theirs.unsignedHash)
      const { parity, r, s } = signer.sign(hash)
      const word = (value: bigint): string => `0x${value.toString(16).padStart(64, '0')}`
      theirs.signature = Signature.from({ r: word(r), s: word(s), yParity: parity })
      const ours = assembleSigned(plan, { v: hex(BigInt(parity)), r: word(r), s: word(s) })
      expect(ours).toEqual({ ok: true, value: theirs.serialized.slice(2) })
    }
  })

  test('values with and without prefix or leading zeros give the same bytes', () => {
    const [plan] = plans
    if (plan === undefined) throw new Error('no plan')
    const short = assembleSigned(plan, { v: '1', r: '1f', s: '2' })
    const long = assembleSigned(plan, { v: '0x01', r: `0x${'1f'.padStart(64, '0')}`, s: '0x02' })
    expect(short).toEqual(long)
    expect(short.ok).toBe(true)
  })

  const bad: readonly [string, { v: string; r: string; s: string }, string][] = [
    ['v of 27', { v: '0x1b', r: '0x1', s: '0x1' }, 'signature.v'],
    ['v of EIP-155', { v: '0xf4f5', r: '0x1', s: '0x1' }, 'signature.v'],
    ['no v', { v: '', r: '0x1', s: '0x1' }, 'signature.v'],
    ['v of text', { v: 'zero', r: '0x1', s: '0x1' }, 'signature.v'],
    ['r of zero', { v: '0x0', r: '0x0', s: '0x1' }, 'signature.r'],
    ['r of 33 bytes', { v: '0x0', r: `0x1${'0'.repeat(64)}`, s: '0x1' }, 'signature.r'],
    ['r undefined', { v: '0x0', r: '0xundefined', s: '0x1' }, 'signature.r'],
    ['s of zero', { v: '0x0', r: '0x1', s: '' }, 'signature.s'],
    ['s negative', { v: '0x0', r: '0x1', s: '-0x1' }, 'signature.s'],
  ]
  test.each(bad)('%s is refused', (_, signature, field) => {
    const [plan] = plans
    if (plan === undefined) throw new Error('no plan')
    expect(assembleSigned(plan, signature)).toMatchObject({
      refusal: { code: 'SIGNED_MISMATCH', data: { differences: [{ field }] } },
    })
  })
})
