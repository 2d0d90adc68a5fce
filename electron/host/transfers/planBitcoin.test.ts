/** Payments out of a bitcoin account, planned over a vault and a chain made here: nothing leaves the process. */
import { Transaction } from 'bitcoinjs-lib'
import { describe, expect, test } from 'vitest'
import { createTestWallet } from '../../simulators/bitcoin/testWallet.ts'
import { ok } from '../../../shared/errors/refusal.ts'
import { defaultPolicy } from '../../../shared/risk/defaultPolicy.ts'
import type { Policy } from '../../../shared/risk/policy.ts'
import { planDifferences } from '../../../shared/transfer/consistency.ts'
import { digestPlan } from '../../../shared/transfer/digest.ts'
import { type Transfer, applyTransferEvent } from '../../../shared/transfer/lifecycle.ts'
import { type TransferPlan, paymentsOf } from '../../../shared/transfer/plan.ts'
import { BTC, amount } from '../../../shared/units/amount.ts'
import type { Decimal } from '../../../shared/units/decimal.ts'
import type { BitcoinVaultAccount, Coin, Wallet } from '../../../shared/vault/account.ts'
import { outpointOf } from '../../../shared/vault/coinNotes.ts'
import { openAccount } from '../../../shared/vault/derive.ts'
import { deriveBitcoinAddress } from '../../../shared/vault/ownAddress.ts'
import type { Portfolio } from '../portfolio.ts'
import type { BitcoinPort } from '../ports.ts'
import type { Vault } from '../vault/vault.ts'
import { createBitcoinReplacementPlanner } from './planBitcoinReplacement.ts'
import { type PlanInput, createPlanner } from './planning.ts'
import { knownRecipients } from './recipients.ts'
import { viewTransfer } from './view.ts'

const calm = new AbortController().signal
const seed = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')
const path = "m/84'/1'/0'"
const account: BitcoinVaultAccount = {
  chain: 'bitcoin',
  id: 'vault',
  label: '',
  network: 'regtest',
  path,
  xpub: seed.xpub(path),
  scriptType: 'p2wpkh',
}
const alice = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const bob = 'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn'

const opened = openAccount(account)
if (!opened.ok) throw new Error(opened.refusal.code)
const keys = opened.value

function own(branch: 0 | 1, index: number) {
  const derived = deriveBitcoinAddress(account, { branch, index })
  if (!derived.ok) throw new Error(derived.refusal.code)
  return derived.value
}

const transactions = new Map<string, string>()

function coin(value: bigint, branch: 0 | 1, index: number, height: number | null): Coin {
  const { address, script, path: coinPath } = own(branch, index)
  const previous = new Transaction()
  previous.addInput(new Uint8Array(32).fill(index + 1), branch)
  previous.addOutput(Buffer.from(script, 'hex'), value)
  transactions.set(previous.getId(), previous.toHex())
  return { txid: previous.getId(), vout: 0, value, script, address, path: coinPath, height }
}

interface World {
  readonly coins: readonly Coin[]
  readonly rate?: number
  readonly policy?: Partial<Policy>
  readonly transfers?: readonly Transfer[]
  readonly frozen?: ReadonlySet<string>
}

function planners(world: World) {
  const read: string[] = []
  const vault: Partial<Vault> = {
    refresh: () => Promise.resolve(),
    chains: () => [],
    bitcoinAccount: () => ({ wallet: {} as Wallet, account }),
    bitcoin: () => ({ coins: world.coins, receive: [], change: [], asOf: 0 }) as never,
    nextChange: () => own(1, 7) as never,
    bitcoinKeys: () => keys,
    ownAddresses: () => [],
    trustedAddresses: () => [],
  }
  const quote: Portfolio['quote'] = (asset) => ({
    asset,
    usd: '50000' as Decimal,
    source: 'test',
    asOf: 0,
  })
  const context = {
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    random: { bytes: (length: number) => crypto.getRandomValues(new Uint8Array(length)) },
    portfolio: {
      quote,
      quotesOf: (asset) => [quote(asset) ?? []].flat(),
    } as Partial<Portfolio> as Portfolio,
    vault: vault as Vault,
    bitcoin: {
      readTip: () => Promise.resolve(ok({ height: 800_000, asOf: 0 })),
      readFeeRate: () => Promise.resolve(ok(world.rate ?? 5)),
      readTransaction: (txid: string) => {
        read.push(txid)
        return Promise.resolve(ok(transactions.get(txid) ?? ''))
      },
    } as Partial<BitcoinPort> as BitcoinPort,
    policy: () => ({ ...defaultPolicy, firstPaymentCapUsd: 5_000, ...world.policy }),
    transfers: () => world.transfers ?? [],
    frozen: () => world.frozen ?? new Set<string>(),
    isGiven: () => true,
  }
  return {
    read,
    plan: (input: Partial<Extract<PlanInput, { purpose: 'withdraw' }>>) =>
      createPlanner(context).plan(
        {
          purpose: 'withdraw',
          chain: 'bitcoin',
          asset: 'BTC',
          amount: '0.004',
          address: alice,
          ...input,
        },
        calm,
      ),
    consolidate: (feeRateLimitSatPerVb: number) =>
      createBitcoinReplacementPlanner(context)({ kind: 'consolidate', feeRateLimitSatPerVb }, calm),
  }
}

type Outcome = Awaited<ReturnType<ReturnType<typeof planners>['plan']>>

function planOf(outcome: Outcome): TransferPlan {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.refusal))
  expect(planDifferences(outcome.value)).toEqual([])
  return outcome.value
}

function spentBy({ execution }: TransferPlan): readonly string[] {
  return execution.kind === 'bitcoin' ? execution.inputs.map(outpointOf) : []
}

function transferOf(plan: TransferPlan): Transfer {
  const digest = digestPlan(plan)
  return applyTransferEvent(
    undefined,
    { kind: 'transfer.planned', transferId: plan.id, plan, digest },
    0,
  )
}

const many = [coin(900_000n, 0, 0, 100), coin(500_000n, 0, 1, 100), coin(30_000n, 0, 2, 100)]

describe('several recipients', () => {
  const both: Partial<Extract<PlanInput, { purpose: 'withdraw' }>> = {
    amount: '0.004',
    also: [{ address: bob, amount: '0.001', label: 'Bob' }],
  }

  test('are paid in one transaction, each named, and each shown by the device in its order', async () => {
    const plan = planOf(await planners({ coins: many }).plan(both))
    expect(plan.amount.units).toBe(500_000n)
    const payments = paymentsOf(plan)
    expect(payments).toHaveLength(2)
    expect(payments).toContainEqual({
      recipient: { address: bob, label: 'Bob', origin: 'new' },
      amount: amount(BTC, 100_000n),
    })
    expect(payments).toContainEqual({
      recipient: { address: alice, label: '', origin: 'new' },
      amount: amount(BTC, 400_000n),
    })
    if (plan.execution.kind !== 'bitcoin') throw new Error('not bitcoin')
    const shown = viewTransfer(transferOf(plan), 0).deviceLines
    expect(shown.map(({ key }) => key)).toEqual(['to', 'amount', 'to', 'amount', 'fee'])
    const paid = plan.execution.outputs.filter(({ role }) => role === 'recipient')
    expect(shown.filter(({ key }) => key === 'to').map(({ device }) => device)).toEqual(
      paid.map(({ address }) => address),
    )
    expect(shown.filter(({ key }) => key === 'amount').map(({ device }) => device)).toEqual(
      paid.map(({ value }) => (value === 400_000n ? '0.004 REGTEST' : '0.001 REGTEST')),
    )
  })

  test('each earn trust by it, and each are held to the first payment’s cap', async () => {
    const plan = planOf(await planners({ coins: many }).plan(both))
    const done = { ...transferOf(plan), state: 'done' as const }
    expect(new Set(knownRecipients([done]).map(({ address }) => address))).toEqual(
      new Set([alice, bob]),
    )
    const capped = planners({ coins: many, policy: { firstPaymentCapUsd: 60 } })
    expect(await capped.plan({ ...both, amount: '0.001' })).toMatchObject({ ok: true })
    expect(
      await capped.plan({ ...both, also: [{ address: bob, amount: '0.003' }], amount: '0.001' }),
    ).toMatchObject({ refusal: { code: 'FIRST_PAYMENT_OVER_CAP', data: { address: bob } } })
  })

  test.each([
    { name: 'everything to one of two', change: { amount: 'all' }, code: 'AMOUNT_INVALID' },
    {
      name: 'the same one twice',
      change: { also: [{ address: alice, amount: '0.001' }] },
      code: 'INPUT_INVALID',
    },
    {
      name: 'a second one on another network',
      change: {
        also: [{ address: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', amount: '0.001' }],
      },
      code: 'NETWORK_MISMATCH',
    },
    {
      name: 'a second one that gets dust',
      change: { also: [{ address: bob, amount: '0.000001' }] },
      code: 'AMOUNT_UNDER_MINIMUM',
    },
  ])('refuses $name', async ({ change, code }) => {
    expect(await planners({ coins: many }).plan({ ...both, ...change })).toMatchObject({
      refusal: { code },
    })
  })
})

describe('the fee', () => {
  test('follows a rate in place of a target', async () => {
    const plan = planOf(await planners({ coins: many, rate: 5 }).plan({ feeRateSatPerVb: 3 }))
    if (plan.execution.kind !== 'bitcoin') throw new Error('not bitcoin')
    expect(plan.execution.feeRateSatPerVb).toBeGreaterThanOrEqual(3)
    expect(plan.execution.feeRateSatPerVb).toBeLessThan(5)
  })

  test('is refused over the rate’s cap, over the absolute and over the relative one, with the numbers', async () => {
    const { plan } = planners({ coins: many, policy: { feeCapSatPerVb: 40 } })
    expect(await plan({ feeRateSatPerVb: 41 })).toMatchObject({
      refusal: { code: 'FEE_OVER_CAP', data: { fee: '41', cap: '40', asset: 'sat/vB' } },
    })
    const relative = planners({ coins: many, policy: { feeCapOfAmount: 0.001 } })
    expect(await relative.plan({})).toMatchObject({
      refusal: { code: 'FEE_OVER_CAP', data: { cap: '0.00000400', asset: 'BTC' } },
    })
    const rich = [coin(10_000_000_000n, 0, 3, 100)]
    const absolute = planners({
      coins: rich,
      policy: { feeCapSatPerVb: 10_000, firstPaymentCapUsd: 1e9 },
    })
    expect(await absolute.plan({ amount: '50', feeRateSatPerVb: 9_000 })).toMatchObject({
      refusal: { code: 'FEE_OVER_CAP', data: { cap: '0.01000000', asset: 'BTC' } },
    })
  })

  test('is asked for in one way only', async () => {
    const { plan } = planners({ coins: many })
    expect(await plan({ feeRateSatPerVb: 3, feeTarget: 'slow' })).toMatchObject({
      refusal: { code: 'INPUT_INVALID', data: { field: 'feeTarget' } },
    })
  })
})

describe('the coins', () => {
  const strangers = coin(800_000n, 0, 10, null)
  const change = coin(700_000n, 1, 3, 0)
  /** A payment of ours, signed, that made the transaction `txid`. */
  async function signedBefore(txid: string): Promise<Transfer> {
    const plan = planOf(await planners({ coins: many }).plan({}))
    return { ...transferOf(plan), signed: { rawHex: '', txid } }
  }

  test('only what was chosen is read from the chain', async () => {
    const { plan, read } = planners({ coins: many })
    const planned = planOf(await plan({ coins: [outpointOf(many[1] as Coin)] }))
    expect(spentBy(planned)).toEqual([outpointOf(many[1] as Coin)])
    expect(read).toEqual([many[1]?.txid])
  })

  test('of those in the air only change of our own pays, and only when nothing else does', async () => {
    const coins = [strangers, change, coin(450_000n, 0, 11, 100)]
    const transfers = [await signedBefore(change.txid)]
    const small = planOf(await planners({ coins, transfers }).plan({}))
    expect(spentBy(small)).toEqual([outpointOf(coins[2] as Coin)])
    const large = planOf(await planners({ coins, transfers }).plan({ amount: '0.009' }))
    expect(spentBy(large)).toContain(outpointOf(change))
    expect(spentBy(large)).not.toContain(outpointOf(strangers))
    expect(await planners({ coins, transfers }).plan({ amount: '0.015' })).toMatchObject({
      refusal: { code: 'FUNDS_INSUFFICIENT' },
    })
    // A change path alone proves nothing: somebody may have paid to it.
    expect(await planners({ coins }).plan({ amount: '0.009' })).toMatchObject({
      refusal: { code: 'FUNDS_INSUFFICIENT' },
    })
  })

  test('chosen by hand any of ours pays, unless it is frozen', async () => {
    const name = outpointOf(strangers)
    const world = { coins: [strangers, ...many] }
    expect(spentBy(planOf(await planners(world).plan({ coins: [name] })))).toEqual([name])
    const frozen = new Set([name])
    expect(await planners({ ...world, frozen }).plan({ coins: [name] })).toMatchObject({
      refusal: { code: 'COIN_FROZEN', data: { coin: name } },
    })
  })
})

describe('a merge', () => {
  const crumbs = Array.from({ length: 12 }, (_, i) => coin(20_000n + BigInt(i), 0, 20 + i, 100))

  test('brings small coins together in our own change, and says what it saves as an estimate', async () => {
    const plan = planOf(await planners({ coins: crumbs, rate: 2 }).consolidate(4))
    expect(spentBy(plan)).toHaveLength(12)
    expect(plan.recipient).toEqual({ address: own(1, 7).address, label: '', origin: 'vault' })
    expect(plan.warnings?.map(({ key }) => key)).toEqual(['linksAddresses', 'savesLater'])
    // Eleven inputs of 68 vB at 10 sat/vB, less the fee now.
    const saved = 11 * 680 - Number(plan.networkFee.units)
    expect(plan.warnings?.[1]?.values).toMatchObject({
      count: '12',
      rate: '10',
      saved: (saved / 1e8).toFixed(8),
    })
  })

  test('waits for a rate at or below the limit', async () => {
    expect(await planners({ coins: crumbs, rate: 6 }).consolidate(4)).toMatchObject({
      refusal: { code: 'FEE_OVER_CAP', data: { fee: '6', cap: '4', asset: 'sat/vB' } },
    })
  })

  test('needs coins to merge', async () => {
    expect(await planners({ coins: crumbs.slice(0, 1), rate: 2 }).consolidate(4)).toMatchObject({
      refusal: { code: 'PLAN_STATE_WRONG' },
    })
  })
})
