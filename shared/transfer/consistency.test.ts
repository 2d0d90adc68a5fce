import { describe, expect, test } from 'vitest'
import { amount, BTC, ETH, USDC } from '../units/amount.ts'
import { planDifferences } from './consistency.ts'
import { encodeTransferCall } from './evm/erc20.ts'
import type { BitcoinTransactionPlan, EvmTransactionPlan, TransferPlan } from './plan.ts'

const payee = '0x9858EfFD232B4033E47d90003D41EC34EcaEda94'
const other = '0x00000000000000000000000000000000DeaDBeef'
const contract = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'

const base: Omit<TransferPlan, 'execution' | 'amount' | 'networkFee'> = {
  id: 't',
  purpose: 'withdraw',
  createdAt: 0,
  expiresAt: 1,
  recipient: { address: payee, label: '', origin: 'new' },
  vaultAccount: 'vault',
  accountId: null,
  before: null,
  after: null,
  prices: [],
  priceLimitBps: 0,
}

const evm: EvmTransactionPlan = {
  kind: 'evm',
  chainId: 1,
  type: 2,
  from: other,
  path: 'm',
  nonce: 0,
  to: contract,
  value: 0n,
  data: encodeTransferCall(payee, 7n),
  gasLimit: 21_000n,
  maxFeePerGas: 1n,
  maxPriorityFeePerGas: 1n,
  token: contract,
}

function tokenPlan(change: Partial<EvmTransactionPlan>): TransferPlan {
  return {
    ...base,
    amount: amount(USDC, 7n),
    networkFee: amount(ETH, 1n),
    execution: { ...evm, ...change },
  }
}

const bitcoin: BitcoinTransactionPlan = {
  kind: 'bitcoin',
  network: 'regtest',
  version: 2,
  locktime: 0,
  inputs: [
    {
      txid: '00'.repeat(32),
      vout: 0,
      value: 100n,
      script: '',
      path: 'm',
      publicKey: '',
      sequence: 0,
      previousTransaction: '',
    },
  ],
  outputs: [
    { role: 'change', address: 'mine', script: '', value: 30n, path: 'm/1' },
    { role: 'recipient', address: payee, script: '', value: 60n, path: null },
  ],
  fee: 10n,
  feeRateSatPerVb: 1,
  virtualSize: 10,
}

function bitcoinPlan(change: Partial<BitcoinTransactionPlan>, fee = 10n): TransferPlan {
  return {
    ...base,
    amount: amount(BTC, 60n),
    networkFee: amount(BTC, fee),
    execution: { ...bitcoin, ...change },
  }
}

const fields = (plan: TransferPlan) => planDifferences(plan).map(({ field }) => field)

describe('a plan that means what it says', () => {
  test.each([
    { name: 'a token transfer', plan: tokenPlan({}) },
    {
      name: 'the chain’s coin',
      plan: {
        ...tokenPlan({ token: null, to: payee, value: 7n, data: '' }),
        amount: amount(ETH, 7n),
      },
    },
    { name: 'bitcoin', plan: bitcoinPlan({}) },
  ])('$name has no differences', ({ plan }) => {
    expect(planDifferences(plan)).toEqual([])
  })
})

describe('a plan that shows one thing and signs another', () => {
  test.each([
    {
      name: 'another payee in the calldata',
      plan: tokenPlan({ data: encodeTransferCall(other, 7n) }),
      expected: ['recipient'],
    },
    {
      name: 'more units in the calldata',
      plan: tokenPlan({ data: encodeTransferCall(payee, 8n) }),
      expected: ['amount'],
    },
    {
      name: 'coin sent along with a token',
      plan: tokenPlan({ value: 1n }),
      expected: ['recipient', 'amount'],
    },
    {
      name: 'another contract called',
      plan: tokenPlan({ to: other }),
      expected: ['recipient', 'amount'],
    },
    {
      name: 'calldata on a coin transfer',
      plan: tokenPlan({ token: null, to: payee, value: 7n }),
      expected: ['recipient'],
    },
    {
      name: 'a second payee',
      plan: bitcoinPlan({
        outputs: [
          ...bitcoin.outputs,
          { role: 'recipient', address: 'x', script: '', value: 0n, path: null },
        ],
      }),
      expected: ['recipient', 'amount'],
    },
    {
      name: 'a fee that is not what is left over',
      plan: bitcoinPlan({ fee: 11n }),
      expected: ['fee'],
    },
    { name: 'another fee on the screen', plan: bitcoinPlan({}, 9n), expected: ['fee'] },
  ])('$name is found', ({ plan, expected }) => {
    expect(fields(plan)).toEqual(expected)
  })
})

describe('a bitcoin plan that pays only us', () => {
  const onlyChange = [
    { role: 'change' as const, address: payee, script: '', value: 90n, path: 'm/1' },
  ]
  const plan = (units: bigint): TransferPlan => ({
    ...base,
    amount: amount(BTC, units),
    networkFee: amount(BTC, 10n),
    execution: { ...bitcoin, outputs: onlyChange },
  })
  test('says what comes back and where', () => {
    expect(planDifferences(plan(90n))).toEqual([])
  })
  test('is held to the amount', () => {
    expect(planDifferences(plan(60n)).map(({ field }) => field)).toEqual(['amount'])
  })
})

describe('a plan that pays several in one bitcoin transaction', () => {
  const second = { address: other, label: '', origin: 'new' as const }
  const paysBoth = (units: bigint, change: Partial<TransferPlan> = {}): TransferPlan => ({
    ...bitcoinPlan({
      inputs: bitcoin.inputs.map((input) => ({ ...input, value: 120n })),
      outputs: [
        { role: 'recipient', address: other, script: '', value: 20n, path: null },
        ...bitcoin.outputs,
      ],
    }),
    amount: amount(BTC, 80n),
    alsoPays: [{ recipient: second, amount: amount(BTC, units) }],
    ...change,
  })

  test('says who gets what, whatever the order of the outputs', () => {
    expect(planDifferences(paysBoth(20n))).toEqual([])
  })

  test('is broken when one gets what another should', () => {
    expect(planDifferences(paysBoth(60n))).toEqual([
      { field: 'amount', approved: '60, 20', returned: '20, 60' },
    ])
  })

  test('is broken when a recipient is not named, or named and not paid', () => {
    const { alsoPays: _, ...unnamed } = paysBoth(20n)
    expect(planDifferences(unnamed).map(({ field }) => field)).toEqual(['recipient', 'amount'])
    const stranger = { ...second, address: contract }
    const named = paysBoth(20n, { alsoPays: [{ recipient: stranger, amount: amount(BTC, 20n) }] })
    expect(planDifferences(named).map(({ field }) => field)).toEqual(['recipient', 'amount'])
  })
})
