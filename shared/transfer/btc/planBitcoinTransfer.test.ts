import { Transaction } from 'bitcoinjs-lib'
import { describe, expect, it } from 'vitest'
import { createTestWallet } from '../../../electron/simulators/bitcoin/testWallet.ts'
import type { Coin, PinnedBitcoinAccount } from '../../vault/account.ts'
import { deriveBitcoinAddress } from '../../vault/ownAddress.ts'
import { bitcoinTransactionPlanSchema } from '../plan.ts'
import { chooseCoins, mergeSaving } from './chooseCoins.ts'
import { type BitcoinTransferRequest, planBitcoinTransfer } from './planBitcoinTransfer.ts'

const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')
const account: PinnedBitcoinAccount = {
  chain: 'bitcoin',
  id: 'vault',
  network: 'regtest',
  path: "m/84'/1'/0'",
  xpub: wallet.xpub("m/84'/1'/0'"),
  scriptType: 'p2wpkh',
}
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

function own(branch: 0 | 1, index: number) {
  const derived = deriveBitcoinAddress(account, { branch, index })
  if (!derived.ok) throw new Error(derived.refusal.code)
  return derived.value
}

/** Coins of ours with the transactions that made them. */
function coinsOf(values: readonly bigint[]) {
  const previousTransactions = new Map<string, string>()
  const coins = values.map((value, index): Coin => {
    const { address, script, path } = own(0, index)
    const previous = new Transaction()
    previous.version = 2
    previous.addInput(new Uint8Array(32).fill(index + 1), 0)
    previous.addOutput(Buffer.from(script, 'hex'), value)
    previousTransactions.set(previous.getId(), previous.toHex())
    return { txid: previous.getId(), vout: 0, value, script, address, path, height: 100 }
  })
  return { coins, previousTransactions }
}

/** Bytes that make every choice the same: 0 sets the locktime back, 0xff… keeps it. */
function always(byte: number) {
  return { bytes: (length: number) => new Uint8Array(length).fill(byte) }
}

function request(change: Partial<BitcoinTransferRequest> = {}): BitcoinTransferRequest {
  return {
    account,
    ...coinsOf([500_000n, 300_000n]),
    payment: { kind: 'pay', recipients: [{ address: STRANGER, value: 400_000n }] },
    feeRateSatPerVb: 5,
    longTermFeeRateSatPerVb: 1,
    feeCap: { absolute: 20_000n, relativeBps: 500 },
    changeIndex: 7,
    tipHeight: 820_000,
    random: always(0x11),
    ...change,
  }
}

function planned(change: Partial<BitcoinTransferRequest> = {}) {
  const result = planBitcoinTransfer(request(change))
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

describe('a planned payment', () => {
  it('is a whole transaction: version 2, replaceable, tied to the tip, change at the given index', () => {
    const plan = planned()
    expect(bitcoinTransactionPlanSchema.parse(plan)).toEqual(plan)
    expect(plan.version).toBe(2)
    expect(plan.locktime).toBe(820_000)
    expect(plan.inputs.map((input) => input.sequence)).toEqual([0xfffffffd])
    const change = plan.outputs.find((output) => output.role === 'change')
    expect(change).toMatchObject({ path: "m/84'/1'/0'/1/7", address: own(1, 7).address })
    const paidIn = plan.inputs.reduce((sum, input) => sum + input.value, 0n)
    const paidOut = plan.outputs.reduce((sum, output) => sum + output.value, 0n)
    expect(paidIn - paidOut).toBe(plan.fee)
    // One input and two P2WPKH outputs: 140.5 vB rounded up.
    expect(plan.virtualSize).toBe(141)
    expect(plan.fee).toBe(705n)
    expect(plan.feeRateSatPerVb).toBe(5)
  })

  it('pays several recipients', () => {
    const recipients = [
      { address: STRANGER, value: 100_000n },
      { address: own(0, 9).address, value: 200_000n },
      { address: 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn', value: 50_000n },
    ]
    const plan = planned({ payment: { kind: 'pay', recipients } })
    const paid = plan.outputs.filter((output) => output.role === 'recipient')
    expect(paid.map((output) => output.address).sort()).toEqual(
      recipients.map((recipient) => recipient.address).sort(),
    )
    expect(paid.every((output) => output.path === null)).toBe(true)
  })

  it('refuses the same recipient twice', () => {
    const twice = [
      { address: STRANGER, value: 100_000n },
      { address: STRANGER.toUpperCase(), value: 50_000n },
    ]
    expect(planBitcoinTransfer(request({ payment: { kind: 'pay', recipients: twice } }))).toEqual({
      ok: false,
      refusal: {
        code: 'INPUT_INVALID',
        data: { field: 'recipients', problem: `${STRANGER} twice` },
      },
    })
  })

  it('puts change first and last over many plans: its place tells nothing', () => {
    let state = 1
    const random = {
      bytes: (length: number) =>
        Uint8Array.from({ length }, () => {
          state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
          return state >>> 24
        }),
    }
    const plans = Array.from({ length: 200 }, () => planned({ random }))
    const places = plans.map((plan) => plan.outputs.findIndex((output) => output.role === 'change'))
    const first = places.filter((place) => place === 0).length
    expect(first).toBeGreaterThan(60)
    expect(first).toBeLessThan(140)
    const locktimes = plans.map((plan) => plan.locktime)
    const back = locktimes.filter((locktime) => locktime < 820_000).length
    expect(back).toBeGreaterThan(5)
    expect(back).toBeLessThan(45)
    expect(Math.min(...locktimes)).toBeGreaterThan(820_000 - 100)
  })

  it('sends everything without change, less the fee', () => {
    const plan = planned({ payment: { kind: 'send-all', address: STRANGER } })
    expect(plan.inputs).toHaveLength(2)
    expect(plan.outputs).toHaveLength(1)
    expect(plan.outputs[0]?.value).toBe(800_000n - plan.fee)
    // Two inputs, one output: 177.5 vB rounded up.
    expect(plan.virtualSize).toBe(178)
    expect(plan.fee).toBe(890n)
  })

  it('sends everything but leaves dust coins behind', () => {
    const payment = { kind: 'send-all', address: STRANGER } as const
    const plan = planned({ ...coinsOf([500_000n, 300n]), payment })
    expect(plan.inputs.map((input) => input.value)).toEqual([500_000n])
  })

  it('gives change below dust to the fee', () => {
    const recipients = [{ address: STRANGER, value: 499_300n }]
    const plan = planned({
      ...coinsOf([500_000n]),
      payment: { kind: 'pay', recipients },
    })
    expect(plan.outputs).toHaveLength(1)
    expect(plan.fee).toBe(700n)
  })
})

describe('a payment that is refused', () => {
  const pay = (address: string, value: bigint) =>
    ({ payment: { kind: 'pay', recipients: [{ address, value }] } }) as const
  const { coins, previousTransactions } = coinsOf([500_000n, 300_000n])
  const [coin, second] = coins
  if (coin === undefined || second === undefined) throw new Error('two coins')
  const rows: readonly {
    readonly name: string
    readonly change: Partial<BitcoinTransferRequest>
    readonly code: string
    readonly data?: object
  }[] = [
    {
      name: 'more than there is',
      change: pay(STRANGER, 800_000n),
      code: 'FUNDS_INSUFFICIENT',
      data: { available: '0.00800000', asset: 'BTC' },
    },
    {
      name: 'less than a node relays',
      change: pay(STRANGER, 293n),
      code: 'AMOUNT_UNDER_MINIMUM',
      data: { asked: '0.00000293', minimum: '0.00000294', asset: 'BTC' },
    },
    { name: 'nothing', change: pay(STRANGER, 0n), code: 'AMOUNT_INVALID' },
    { name: 'less than nothing', change: pay(STRANGER, -5n), code: 'AMOUNT_INVALID' },
    {
      name: 'to a mainnet address',
      change: pay('bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 1_000n),
      code: 'NETWORK_MISMATCH',
    },
    { name: 'to nobody', change: pay('', 1_000n), code: 'ADDRESS_INVALID' },
    {
      name: 'to no recipients',
      change: { payment: { kind: 'pay', recipients: [] } },
      code: 'INPUT_INVALID',
    },
    {
      name: 'a fee above the absolute cap',
      change: { feeCap: { absolute: 700n, relativeBps: 10_000 } },
      code: 'FEE_OVER_CAP',
      data: { fee: '0.00000705', cap: '0.00000700', asset: 'BTC' },
    },
    {
      name: 'a fee above the share of what is sent',
      change: { feeCap: { absolute: 100_000n, relativeBps: 17 } },
      code: 'FEE_OVER_CAP',
      data: { fee: '0.00000705', cap: '0.00000680', asset: 'BTC' },
    },
    { name: 'a rate that is none', change: { feeRateSatPerVb: Number.NaN }, code: 'INPUT_INVALID' },
    { name: 'a rate of zero', change: { feeRateSatPerVb: 0 }, code: 'INPUT_INVALID' },
    {
      name: 'sending everything when the fee takes it all',
      change: { ...coinsOf([800n]), payment: { kind: 'send-all', address: STRANGER } },
      code: 'FUNDS_INSUFFICIENT',
    },
    {
      name: 'a coin whose transaction is absent',
      change: { previousTransactions: new Map() },
      code: 'INPUT_INVALID',
    },
    {
      name: 'a coin said to be worth more than it is',
      change: { coins: [{ ...coin, value: 600_000n }], previousTransactions },
      code: 'CHAIN_LIED',
      data: { field: 'value', claimed: '600000', actual: '500000' },
    },
    {
      name: 'a coin with the transaction of another',
      change: {
        coins: [coin],
        previousTransactions: new Map([[coin.txid, previousTransactions.get(second.txid) ?? '']]),
      },
      code: 'CHAIN_LIED',
      data: { field: 'transaction' },
    },
    {
      name: 'a coin at an output that does not exist',
      change: { coins: [{ ...coin, vout: 3 }], previousTransactions },
      code: 'CHAIN_LIED',
      data: { field: 'coin' },
    },
    {
      name: 'a coin at a path that is not ours',
      change: { coins: [{ ...coin, path: "m/84'/1'/1'/0/0" }], previousTransactions },
      code: 'INPUT_INVALID',
    },
    {
      name: 'a coin at another path of ours',
      change: { coins: [{ ...coin, path: "m/84'/1'/0'/0/5" }], previousTransactions },
      code: 'INPUT_INVALID',
    },
    {
      name: 'an account that does not open',
      change: { account: { ...account, path: "m/84'/1'/1'" } },
      code: 'INPUT_INVALID',
    },
  ]
  for (const { name, change, code, data } of rows) {
    it(name, () => {
      expect(planBitcoinTransfer(request(change))).toMatchObject({
        ok: false,
        refusal: { code, data: data ?? {} },
      })
    })
  }
})

describe('a merge of small coins', () => {
  const small = [900_000n, 20_000n, 30_000n, 40_000n, 500n]
  const merge = (change: Partial<BitcoinTransferRequest> = {}) =>
    request({
      ...coinsOf(small),
      payment: { kind: 'consolidate' },
      feeRateSatPerVb: 2,
      longTermFeeRateSatPerVb: 10,
      feeCap: { absolute: 20_000n, relativeBps: 1_000 },
      ...change,
    })

  it('pays nobody but us: the smallest coins that are worth it into one change address', () => {
    const asked = merge({ maxInputs: 4 })
    const plan = planBitcoinTransfer(asked)
    if (!plan.ok) throw new Error(plan.refusal.code)
    const values = plan.value.inputs.map(({ value }) => value)
    expect([...values].sort()).toEqual([20_000n, 30_000n, 40_000n, 500n])
    expect(plan.value.outputs).toEqual([
      expect.objectContaining({
        role: 'change',
        path: "m/84'/1'/0'/1/7",
        value: 90_500n - plan.value.fee,
      }),
    ])
  })

  it('leaves alone what costs more than it brings', () => {
    const plan = planBitcoinTransfer(merge({ feeRateSatPerVb: 9, maxInputs: 3 }))
    if (!plan.ok) throw new Error(plan.refusal.code)
    expect(plan.value.inputs.map(({ value }) => value).sort()).toEqual([20_000n, 30_000n, 40_000n])
  })

  it('says what it saves at the long-term rate, which may be nothing', () => {
    const saving = (rate: number): number => {
      const asked = merge({ feeRateSatPerVb: rate, maxInputs: 3 })
      const choice = chooseCoins(asked)
      if (!choice.ok) throw new Error(choice.refusal.code)
      return mergeSaving(choice.value, asked)
    }
    // Three inputs of 68 vB, one output of 31, 10.5 of the rest: 246 vB with the last one rounded up.
    expect(saving(2)).toBe(2 * 680 - 2 * 246)
    expect(saving(9)).toBeLessThan(0)
  })

  it('needs two coins, and a result above dust', () => {
    expect(planBitcoinTransfer(merge(coinsOf([50_000n])))).toMatchObject({
      refusal: { code: 'PLAN_STATE_WRONG' },
    })
    expect(planBitcoinTransfer(merge(coinsOf([200n, 210n])))).toMatchObject({
      refusal: { code: 'FUNDS_INSUFFICIENT' },
    })
    expect(
      planBitcoinTransfer(merge({ feeCap: { absolute: 100n, relativeBps: 1_000 } })),
    ).toMatchObject({
      refusal: { code: 'FEE_OVER_CAP' },
    })
  })
})
