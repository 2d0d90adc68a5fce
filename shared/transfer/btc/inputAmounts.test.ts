import { describe, expect, it } from 'vitest'
import { BTC, amount } from '../../units/amount.ts'
import type { TransferEvent } from '../event.ts'
import { type Transfer, applyTransferEvent } from '../lifecycle.ts'
import type { BitcoinTransactionPlan, TransferPlan } from '../plan.ts'
import { checkInputAmounts } from './inputAmounts.ts'

const coin = 'ab'.repeat(32)

function planOf(id: string, value: bigint, fee = 500n, txid = coin): TransferPlan {
  const execution: BitcoinTransactionPlan = {
    kind: 'bitcoin',
    network: 'regtest',
    version: 2,
    locktime: 0,
    inputs: [
      {
        txid,
        vout: 1,
        value,
        script: '',
        path: 'm',
        publicKey: '',
        sequence: 0xfffffffd,
        previousTransaction: '',
      },
    ],
    outputs: [{ role: 'recipient', address: 'a', script: '', value: value - fee, path: null }],
    fee,
    feeRateSatPerVb: 5,
    virtualSize: 100,
  }
  return {
    id,
    purpose: 'withdraw',
    createdAt: 0,
    expiresAt: 1,
    amount: amount(BTC, value - fee),
    networkFee: amount(BTC, fee),
    recipient: { address: 'a', label: '', origin: 'new' },
    vaultAccount: 'vault',
    accountId: null,
    before: null,
    after: null,
    prices: [],
    priceLimitBps: 0,
    execution,
  }
}

/** As the journal replays it. */
function transfer(plan: TransferPlan, ...events: readonly Partial<TransferEvent>[]): Transfer {
  const planned = { kind: 'transfer.planned', transferId: plan.id, plan, digest: 'd' } as const
  return events.reduce<Transfer>(
    (state, event) =>
      applyTransferEvent(state, { transferId: plan.id, ...event } as TransferEvent, 1),
    applyTransferEvent(undefined, planned, 0),
  )
}

const approved = { kind: 'transfer.approved', digest: 'd', caller: 'window' } as const
const asked = { kind: 'transfer.intent', step: 'sign' } as const
const refused = {
  kind: 'transfer.refused',
  step: 'sign',
  refusal: { code: 'DEVICE_REJECTED', data: { what: 'signing' } },
} as const

describe('a coin that is to be signed for again', () => {
  it('at the same amount and a higher fee is a replacement', () => {
    const before = transfer(planOf('one', 50_000n), approved, asked)
    expect(checkInputAmounts(planOf('two', 50_000n, 900n), [before]).ok).toBe(true)
  })

  it('at another amount is refused with both, even when the first was rejected on the device', () => {
    for (const events of [[asked], [asked, refused]]) {
      const before = transfer(planOf('one', 50_000n), approved, ...events)
      expect(checkInputAmounts(planOf('two', 10_000n), [before])).toEqual({
        ok: false,
        refusal: {
          code: 'COIN_AMOUNT_CHANGED',
          data: {
            coin: `${coin}:1`,
            before: '0.00050000',
            now: '0.00010000',
            asset: 'BTC',
            with: 'one',
          },
        },
      })
    }
  })

  it('after a mere plan, or over another coin, is nothing to fear', () => {
    const never = transfer(planOf('one', 50_000n))
    const waiting = transfer(planOf('three', 50_000n), approved)
    const other = transfer(planOf('four', 50_000n, 500n, 'cd'.repeat(32)), approved, asked)
    expect(checkInputAmounts(planOf('two', 10_000n), [never, waiting, other]).ok).toBe(true)
    expect(
      checkInputAmounts(planOf('one', 50_000n), [transfer(planOf('one', 9n), approved, asked)]).ok,
    ).toBe(true)
  })
})
