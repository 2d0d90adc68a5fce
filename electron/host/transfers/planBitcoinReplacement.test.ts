import { expect, test } from 'vitest'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import type { TransferPlan } from '../../../shared/transfer/plan.ts'
import { BTC, amount } from '../../../shared/units/amount.ts'
import { checkConflict } from './inFlight.ts'
import { rivalsOf } from './planBitcoinReplacement.ts'

const input = (vout: number) => ({
  txid: 'aa'.repeat(32),
  vout,
  value: 100n,
  script: '',
  path: 'm',
  publicKey: '',
  sequence: 0xfffffffd,
  previousTransaction: '',
})

function transfer(
  id: string,
  vouts: readonly number[],
  rest: Partial<Transfer> & { readonly replaces?: string } = {},
): Transfer {
  const { replaces, ...changes } = rest
  const plan: TransferPlan = {
    id,
    purpose: 'withdraw',
    createdAt: 0,
    expiresAt: 1,
    amount: amount(BTC, 90n),
    networkFee: amount(BTC, 10n),
    recipient: { address: 'a', label: '', origin: 'new' },
    vaultAccount: 'vault',
    accountId: null,
    before: null,
    after: null,
    prices: [],
    priceLimitBps: 0,
    execution: {
      kind: 'bitcoin',
      network: 'regtest',
      version: 2,
      locktime: 0,
      inputs: vouts.map(input),
      outputs: [{ role: 'recipient', address: 'a', script: `0014${id}`, value: 90n, path: null }],
      fee: 10n,
      feeRateSatPerVb: 1,
      virtualSize: 10,
    },
    ...(replaces === undefined
      ? {}
      : { replaces: { transferId: replaces, txid: 'bb'.repeat(32), kind: 'speed-up' as const } }),
  }
  return {
    id,
    plan,
    digest: '',
    state: 'sent',
    steps: [],
    signed: { rawHex: '', txid: id },
    refusal: null,
    createdAt: 0,
    updatedAt: 0,
    ...changes,
  }
}

test('rivals are signed transfers that share a coin, whoever replaced whom', () => {
  const first = transfer('01', [0, 1])
  const second = transfer('02', [1], { replaces: '01' })
  const third = transfer('03', [2])
  const unsigned = transfer('04', [0], { signed: null })
  const all = [first, second, third, unsigned]
  expect(rivalsOf(first, all)).toEqual([{ id: '02', txid: '02', script: '001402' }])
  expect(rivalsOf(second, all).map(({ id }) => id)).toEqual(['01'])
  expect(rivalsOf(third, all)).toEqual([])
})

test('a replacement may share coins with what it replaces, and with what that replaced', () => {
  const first = transfer('01', [0])
  const second = transfer('02', [0], { replaces: '01' })
  const third = transfer('03', [0], { replaces: '02', state: 'planned' })
  expect(checkConflict(third.plan, [first, second, third]).ok).toBe(true)
})

test('a replacement may not share coins with anything else', () => {
  const first = transfer('01', [0, 1])
  const sibling = transfer('02', [0], { replaces: '01', state: 'signing' })
  const stranger = transfer('05', [1])
  const third = transfer('03', [0, 1], { replaces: '01', state: 'planned' })
  expect(checkConflict(third.plan, [first, sibling])).toMatchObject({
    refusal: { code: 'PLAN_CONFLICTS', data: { with: '02' } },
  })
  expect(checkConflict(third.plan, [first, stranger])).toMatchObject({
    refusal: { code: 'PLAN_CONFLICTS', data: { with: '05' } },
  })
})

test('a journal whose replacements lead in a circle ends nowhere', () => {
  const first = transfer('01', [0], { replaces: '02' })
  const second = transfer('02', [0], { replaces: '01' })
  expect(checkConflict(first.plan, [first, second]).ok).toBe(true)
})
