import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ETH } from '../../units/amount.ts'
import { checksumEvmAddress } from '../../vault/evmAddress.ts'
import type { EvmTransactionPlan } from '../plan.ts'
import { type EvmReplacementRequest, planEvmReplacement } from './replace.ts'

const gwei = 10n ** 9n
const ether = 10n ** 18n
const address = (byte: number): string => checksumEvmAddress(new Uint8Array(20).fill(byte))

const original: EvmTransactionPlan = {
  kind: 'evm',
  chainId: 31337,
  type: 2,
  from: address(1),
  path: "m/44'/60'/0'/0/0",
  nonce: 7,
  to: address(2),
  value: ether,
  data: '',
  gasLimit: 30_000n,
  maxFeePerGas: 20n * gwei,
  maxPriorityFeePerGas: gwei,
  token: null,
}
const base: EvmReplacementRequest = {
  original,
  kind: 'speed-up',
  outbid: [],
  market: { baseFeePerGas: gwei, maxFeePerGas: 3n * gwei, maxPriorityFeePerGas: gwei / 100n },
  cancelGasLimit: 21_000n,
  dataFeeWei: 0n,
  coin: ETH,
  coinBalance: 2n * ether,
  caps: {
    absoluteWei: ether / 100n,
    relativeBps: 500,
    relativeFloorWei: ether / 1_000n,
    movedWei: ether,
  },
}
const replace = (change: Partial<EvmReplacementRequest>) =>
  planEvmReplacement({ ...base, ...change })

describe('what is planned', () => {
  test('a speed-up keeps every field but the two fees, each an eighth higher', () => {
    expect(replace({})).toEqual({
      ok: true,
      value: {
        execution: {
          ...original,
          maxFeePerGas: (20n * gwei * 9n) / 8n,
          maxPriorityFeePerGas: (gwei * 9n) / 8n,
        },
        maxFeeWei: (30_000n * 20n * gwei * 9n) / 8n,
      },
    })
  })

  test('a cancel moves nothing to ourselves at the same nonce, and no token', () => {
    const token = { ...original, token: address(3), to: address(3), value: 0n, data: 'a9059cbb' }
    expect(replace({ kind: 'cancel', original: token })).toMatchObject({
      value: {
        execution: {
          nonce: 7,
          to: original.from,
          value: 0n,
          data: '',
          token: null,
          gasLimit: 21_000n,
        },
      },
    })
  })

  test('a market above the raise is followed', () => {
    const market = {
      baseFeePerGas: 40n * gwei,
      maxFeePerGas: 83n * gwei,
      maxPriorityFeePerGas: 3n * gwei,
    }
    expect(replace({ market })).toMatchObject({
      value: { execution: { maxFeePerGas: 83n * gwei, maxPriorityFeePerGas: 3n * gwei } },
    })
  })

  test('an earlier replacement that still waits is outbid too', () => {
    const outbid = [{ maxFeePerGas: 40n * gwei, maxPriorityFeePerGas: 8n * gwei }]
    expect(replace({ outbid })).toMatchObject({
      value: { execution: { maxFeePerGas: 45n * gwei, maxPriorityFeePerGas: 9n * gwei } },
    })
  })

  test('a rollup’s data fee is read anew and counts as fee', () => {
    const rollup = { ...original, dataFeeEstimate: 5n }
    expect(replace({ original: rollup, dataFeeWei: 9n })).toMatchObject({
      value: {
        execution: { dataFeeEstimate: 9n },
        maxFeeWei: (30_000n * 20n * gwei * 9n) / 8n + 9n,
      },
    })
    const none = replace({ original: rollup })
    expect(none.ok && 'dataFeeEstimate' in none.value.execution).toBe(false)
    expect(replace({ dataFeeWei: -1n })).toMatchObject({ refusal: { code: 'INPUT_INVALID' } })
  })

  test('both fees rise by at least 12.5 %, and the tip never passes the whole', () => {
    const fee = fc.bigInt({ min: 0n, max: 10n ** 15n })
    fc.assert(
      fc.property(fee, fee, fee, fee, (tip, more, marketTip, baseFee) => {
        const result = replace({
          original: { ...original, maxPriorityFeePerGas: tip, maxFeePerGas: tip + more },
          market: {
            baseFeePerGas: baseFee,
            maxFeePerGas: baseFee,
            maxPriorityFeePerGas: marketTip,
          },
          coinBalance: 10n ** 40n,
          caps: { ...base.caps, absoluteWei: 10n ** 40n, movedWei: null },
        })
        if (!result.ok) throw new Error(result.refusal.code)
        const { maxFeePerGas, maxPriorityFeePerGas } = result.value.execution
        expect(maxPriorityFeePerGas * 1000n).toBeGreaterThanOrEqual(tip * 1125n)
        expect(maxFeePerGas * 1000n).toBeGreaterThanOrEqual((tip + more) * 1125n)
        expect(maxPriorityFeePerGas).toBeGreaterThan(tip)
        expect(maxFeePerGas).toBeGreaterThanOrEqual(maxPriorityFeePerGas)
      }),
    )
  })
})

describe('what is refused', () => {
  test.each<[string, Partial<EvmReplacementRequest>, string]>([
    ['a fee over the absolute cap', { caps: { ...base.caps, absoluteWei: gwei } }, 'FEE_OVER_CAP'],
    [
      'a fee over its share of what is moved',
      { caps: { ...base.caps, relativeBps: 1, relativeFloorWei: 0n } },
      'FEE_OVER_CAP',
    ],
    [
      'an account that cannot pay the higher fee',
      { coinBalance: ether + 30_000n * 20n * gwei },
      'FUNDS_INSUFFICIENT',
    ],
    [
      'a cancel with less gas than any needs',
      { kind: 'cancel', cancelGasLimit: 1n },
      'INPUT_INVALID',
    ],
    [
      'a cancel with more gas than any may have',
      { kind: 'cancel', cancelGasLimit: 1n << 30n },
      'INPUT_INVALID',
    ],
  ])('%s', (_, change, code) => {
    expect(replace(change)).toMatchObject({ ok: false, refusal: { code } })
  })

  test('a cancel needs no more than its fee', () => {
    expect(replace({ kind: 'cancel', coinBalance: ether / 1_000n }).ok).toBe(true)
  })
})
