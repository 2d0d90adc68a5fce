import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Lie } from '../../electron/simulators/onekey/fault.ts'
import type { TransferView } from '../../shared/contract/methods/transfers.ts'
import { openScene, type Scene, settlePortfolio, until, untilState } from './demoHost.ts'
import {
  approve,
  binanceAccount,
  bitcoinRecipient,
  confirmOnDevice,
  evmRecipient,
  holdings,
  plan,
  type PlanInput,
  planRefusal,
} from './play.ts'

let scene: Scene
let before: Awaited<ReturnType<typeof holdings>>

const bitcoinPayment: PlanInput = {
  purpose: 'withdraw',
  chain: 'bitcoin',
  asset: 'BTC',
  amount: '0.004',
  address: bitcoinRecipient,
}
const usdcPayment: PlanInput = {
  purpose: 'withdraw',
  chain: 'evm:31337',
  asset: 'USDC',
  amount: '100',
  address: evmRecipient,
}
const sweep: PlanInput = {
  purpose: 'sweep',
  accountId: binanceAccount,
  asset: 'USDC',
  amount: '9000',
}

/** A world of its own for each part: a venue allows only so many questions a minute, to one client. */
function useOwnScene(): void {
  beforeAll(async () => {
    scene = await openScene()
  }, 60_000)

  afterAll(async () => {
    await scene?.close()
  })
}

beforeEach(async () => {
  before = await holdings(scene)
})

/** Nothing changed and nothing lost, by the outside world's own books; and no invariant broke on the way. */
afterEach(async () => {
  scene.world.device.fail(null)
  scene.world.venues.binance.faults.clear()
  scene.world.evmLines.first.setFault(null)
  scene.world.evmLines.second.setFault(null)
  expect(await holdings(scene)).toEqual(before)
  expect(scene.log.filter((line) => line.includes('broken invariant'))).toEqual([])
})

async function play(input: PlanInput): Promise<TransferView> {
  const planned = await plan(scene, input)
  await approve(scene, planned)
  await confirmOnDevice(scene, planned.id)
  return untilState(scene, planned.id, ['refused', 'cancelled', 'sent', 'done', 'unknown'])
}

describe('on the device', () => {
  useOwnScene()

  test.each([
    { name: 'bitcoin', input: bitcoinPayment },
    { name: 'USDC', input: usdcPayment },
    { name: 'a sweep', input: sweep },
  ])('$name rejected with the button is refused', async ({ input }) => {
    scene.world.device.fail({ kind: 'reject' })
    expect(await play(input)).toMatchObject({
      state: 'refused',
      refusal: { code: 'DEVICE_REJECTED' },
    })
  })

  test.each([
    { name: 'bitcoin', input: bitcoinPayment },
    { name: 'USDC', input: usdcPayment },
  ])(
    '$name unplugged while signing is refused, and works again after plugging in',
    async ({ input }) => {
      scene.world.device.fail({ kind: 'unplug', at: 'signing' })
      expect(await play(input)).toMatchObject({
        state: 'refused',
        refusal: { code: 'DEVICE_UNPLUGGED' },
      })
      await scene.world.device.plug()
      await until(async () => {
        const status = await scene.client.call('status.read', {})
        return status.ok && status.value.device.kind === 'ready' ? true : undefined
      }, 'the device to be back')
    },
  )

  const bitcoinLies: readonly { lie: Lie; field: RegExp }[] = [
    { lie: 'recipient', field: /output/ },
    { lie: 'amount', field: /output|fee/ },
    { lie: 'change', field: /output/ },
    { lie: 'hash-type', field: /hashType|sighash|hash type/i },
  ]
  test.each(bitcoinLies)(
    'a validly signed bitcoin transaction with another $lie is refused',
    async ({ lie, field }) => {
      scene.world.device.fail({ kind: 'lie', about: lie })
      const refused = await play(bitcoinPayment)
      expect(refused).toMatchObject({ state: 'refused', refusal: { code: 'SIGNED_MISMATCH' } })
      const differences =
        refused.refusal?.code === 'SIGNED_MISMATCH' ? refused.refusal.data.differences : []
      expect(differences.map((difference) => difference.field).join(' ')).toMatch(field)
      expect(refused.txid).toBeNull()
    },
  )

  test.each(['evm-recipient', 'evm-amount', 'evm-chain-id', 'evm-nonce'] as const)(
    'a validly signed EVM transaction with another %s is refused',
    async (lie) => {
      scene.world.device.fail({ kind: 'lie', about: lie })
      expect(await play(usdcPayment)).toMatchObject({
        state: 'refused',
        refusal: { code: 'SIGNED_MISMATCH' },
      })
    },
  )

  test('another address than ours shown for a sweep is refused', async () => {
    scene.world.device.fail({ kind: 'lie', about: 'address-returned' })
    expect(await play(sweep)).toMatchObject({
      state: 'refused',
      refusal: { code: 'DEVICE_ADDRESS_MISMATCH' },
    })
  })
})

describe('one of two EVM servers', () => {
  useOwnScene()

  const word = 64
  /** Of many balances in one answer the last; a single word as a whole. */
  const raisedLast = (honest: unknown) => {
    const hex = String(honest)
    return hex.length <= 2 + word
      ? raised(honest)
      : `${hex.slice(0, -word)}${(BigInt(`0x${hex.slice(-word)}`) + 3n).toString(16).padStart(word, '0')}`
  }
  const raised = (honest: unknown) => `0x${(BigInt(String(honest)) + 3n).toString(16)}`

  test.each([
    { what: 'a balance', methods: ['eth_getBalance', 'eth_call'], result: raisedLast },
    { what: 'a nonce', methods: ['eth_getTransactionCount'], result: raised },
    {
      what: 'fees',
      methods: ['eth_feeHistory'],
      result: () => ({ baseFeePerGas: ['0x174876e800', '0x174876e800'], reward: [['0x1']] }),
    },
  ])('that lies about $what is caught before there is a plan', async ({ methods, result }) => {
    scene.world.evmLines.first.setFault({ kind: 'lie', methods, result })
    expect(await planRefusal(scene, usdcPayment)).toMatchObject({ code: 'CHAIN_LIED' })
  })

  test('being away is said where the figures stand', async () => {
    scene.world.evmLines.second.setFault({ kind: 'drop' })
    await until(async () => {
      const status = await scene.client.call('status.read', {})
      const chain = status.ok
        ? status.value.chains.find((known) => known.chain === 'evm:31337')
        : undefined
      return chain?.source.includes('one source') ? true : undefined
    }, 'the source to say so')
    await plan(scene, usdcPayment)
  })
})

describe('a window that says yes by itself', () => {
  useOwnScene()

  test.each([
    { name: 'a sweep', input: sweep, waits: 'confirming' as const },
    { name: 'a withdrawal', input: usdcPayment, waits: 'signing' as const },
  ])('gets $name no further than the device, which nobody presses', async ({ input, waits }) => {
    const planned = await plan(scene, input)
    await approve(scene, planned)
    await until(
      async () => (scene.world.device.screen().kind !== 'idle' ? true : undefined),
      'the device to ask',
    )
    await new Promise((resolve) => setTimeout(resolve, 300))
    const view = await scene.client.call('transfers.read', { id: planned.id })
    expect(view).toMatchObject({ ok: true, value: { state: waits } })
    expect(await holdings(scene)).toEqual(before)
    const cancelled = await scene.client.call('transfers.cancel', { id: planned.id })
    expect(cancelled).toMatchObject({ ok: true, value: { state: 'cancelled' } })
  })

  test('with another digest is refused', async () => {
    const planned = await plan(scene, usdcPayment)
    const approved = await scene.client.call('transfers.approve', {
      id: planned.id,
      digest: 'ab'.repeat(32),
    })
    expect(approved).toMatchObject({ ok: false, refusal: { code: 'PLAN_DIGEST_MISMATCH' } })
  })

  test('cannot loosen the policy', async () => {
    const settings = await scene.client.call('settings.read', {})
    if (!settings.ok) throw new Error(settings.refusal.code)
    const { policy } = settings.value
    const looser = { ...policy, bufferOfMaintenance: 0, firstPaymentCapUsd: 1e9 }
    const asked = scene.client.call('settings.writePolicy', { policy: looser })
    // It gets as far as the device, and stays there for as long as nobody presses its button.
    await until(async () => {
      const status = await scene.client.call('status.read', {})
      return status.ok && status.value.device.kind === 'waiting' ? true : undefined
    }, 'the device to ask')
    expect(await scene.client.call('settings.read', {})).toMatchObject({ value: { policy } })
    scene.world.device.press('reject')
    expect(await asked).toMatchObject({ ok: false, refusal: { code: 'DEVICE_REJECTED' } })
    expect(await scene.client.call('settings.read', {})).toMatchObject({ value: { policy } })
    const journal = await scene.client.call('journal.list', { limit: 5 })
    if (!journal.ok) throw new Error('the journal expected')
    expect(journal.value.entries.map(({ kind }) => kind)).toContain('policy.asked')
    expect(journal.value.entries.map(({ kind }) => kind)).not.toContain('policy.changed')
    const tightened = await scene.client.call('settings.writePolicy', {
      policy: { ...policy, minimumSweepUsd: policy.minimumSweepUsd },
    })
    expect(tightened.ok).toBe(true)
  })
})

describe('a policy', () => {
  useOwnScene()

  test('the device’s button loosens the policy that was asked for, under its digest', async () => {
    const settings = await scene.client.call('settings.read', {})
    if (!settings.ok) throw new Error(settings.refusal.code)
    const { policy } = settings.value
    const asked = scene.client.call('settings.writePolicy', {
      policy: { ...policy, coolOffHours: 0 },
    })
    let waiting = true
    void asked.finally(() => (waiting = false))
    await until(async () => {
      scene.world.device.press('confirm')
      return waiting ? undefined : true
    }, 'the device to be done')
    expect(await asked).toMatchObject({ ok: true, value: { coolOffHours: 0 } })
    const journal = await scene.client.call('journal.list', { limit: 3 })
    if (!journal.ok) throw new Error('the journal expected')
    const digests = journal.value.entries.flatMap(({ kind, body }) =>
      kind.startsWith('policy.') ? [/"digest":"([0-9a-f]{64})"/.exec(body)?.[1]] : [],
    )
    expect(digests).toHaveLength(2)
    expect(digests[0]).toBe(digests[1])
    expect((await scene.client.call('settings.writePolicy', { policy })).ok).toBe(true)
  }, 60_000)
})

describe('a plan', () => {
  useOwnScene()

  test('for more than the excess is refused with both numbers', async () => {
    const refusal = await planRefusal(scene, { ...sweep, amount: '115000' })
    expect(refusal).toMatchObject({
      code: 'AMOUNT_OVER_EXCESS',
      data: { asked: '115000.000000', asset: 'USDC' },
    })
  })

  test.each([
    {
      name: 'a mainnet address on regtest',
      change: { address: 'bc1qcr8te4kr609gcawutmrza0j4xv80jy8z306fyu' },
      code: 'NETWORK_MISMATCH',
    },
    {
      name: 'an EVM address for bitcoin',
      change: { address: evmRecipient },
      code: 'ADDRESS_INVALID',
    },
    {
      name: 'a broken checksum',
      change: { address: bitcoinRecipient.replace(/x$/, 'y') },
      code: 'ADDRESS_INVALID',
    },
    {
      name: 'more than a first payment may be',
      change: { amount: '0.5' },
      code: 'FIRST_PAYMENT_OVER_CAP',
    },
    { name: 'more than there is', change: { amount: '50' }, code: 'FUNDS_INSUFFICIENT' },
    { name: 'nothing', change: { amount: '0' }, code: 'AMOUNT_INVALID' },
    { name: 'half a satoshi', change: { amount: '0.000000005' }, code: 'AMOUNT_INVALID' },
    { name: 'dust', change: { amount: '0.00000100' }, code: 'AMOUNT_UNDER_MINIMUM' },
    { name: 'USDC over bitcoin', change: { asset: 'USDC' }, code: 'NETWORK_MISMATCH' },
  ])('with $name is refused', async ({ change, code }) => {
    expect(await planRefusal(scene, { ...bitcoinPayment, ...change } as PlanInput)).toMatchObject({
      code,
    })
  })

  test('under the first payment’s cap alone is refused while another to that address is under way', async () => {
    const payment: PlanInput = { ...usdcPayment, amount: '600' }
    const first = await plan(scene, payment)
    await approve(scene, first)
    try {
      expect(await planRefusal(scene, payment)).toMatchObject({
        code: 'FIRST_PAYMENT_OVER_CAP',
        data: { asked: '600.000000', address: evmRecipient },
      })
    } finally {
      await scene.client.call('transfers.cancel', { id: first.id })
    }
  })

  test('is void when a price moved under the approval', async () => {
    const planned = await plan(scene, sweep)
    const { path } = scene.world.venues
    path.shock({ BTC: -0.03 })
    try {
      const approved = await scene.client.call('transfers.approve', {
        id: planned.id,
        digest: planned.digest,
      })
      expect(approved).toMatchObject({
        ok: false,
        refusal: { code: 'PLAN_PRICES_MOVED', data: { asset: 'BTC', limitBps: 100 } },
      })
      const view = await scene.client.call('transfers.read', { id: planned.id })
      expect(view).toMatchObject({ ok: true, value: { state: 'refused', canApprove: false } })
    } finally {
      path.shock({ BTC: 1 / 0.97 - 1 })
      await scene.client.call('portfolio.refresh', {})
    }
  })

  test.each([
    {
      name: 'raised its fee',
      set: { path: '*.networkList.*.withdrawFee', value: '40' },
      refusal: { code: 'VENUE_TERMS_CHANGED', data: { after: '40.000000', asset: 'USDC' } },
    },
    {
      name: 'suspended the network',
      set: { path: '*.networkList.*.withdrawEnable', value: false },
      refusal: { code: 'NETWORK_SUSPENDED' },
    },
    {
      name: 'raised its minimum',
      set: { path: '*.networkList.*.withdrawMin', value: '9000.01' },
      refusal: { code: 'AMOUNT_UNDER_MINIMUM' },
    },
  ])('for a sweep is void when the venue $name meanwhile', async ({ set, refusal }) => {
    const { id, digest } = await plan(scene, sweep)
    scene.world.venues.binance.faults.add({
      endpoint: '/sapi/v1/capital/config/getall',
      fault: { kind: 'set', ...set },
    })
    const approved = await scene.client.call('transfers.approve', { id, digest })
    expect(approved).toMatchObject({ ok: false, refusal })
    const view = await scene.client.call('transfers.read', { id })
    expect(view).toMatchObject({ ok: true, value: { state: 'refused', refusal } })
  })

  test('for a sweep whose venue’s fee is over the policy’s share of it is refused', async () => {
    scene.world.venues.binance.faults.add({
      endpoint: '/sapi/v1/capital/config/getall',
      fault: { kind: 'set', path: '*.networkList.*.withdrawFee', value: '450.01' },
    })
    expect(await planRefusal(scene, sweep)).toMatchObject({
      code: 'FEE_OVER_CAP',
      data: { fee: '450.010000', cap: '450.000000' },
    })
  })

  test('on a price that another venue contradicts is refused with both', async () => {
    scene.world.venues.hyperliquid.faults.add({
      endpoint: 'metaAndAssetCtxs',
      fault: { kind: 'set', path: '1.*.markPx', value: '20000' },
    })
    await scene.client.call('portfolio.refresh', {})
    expect(await planRefusal(scene, bitcoinPayment)).toMatchObject({
      code: 'PRICES_DISAGREE',
      data: { asset: 'BTC', low: '20000' },
    })
    // Were the lower price believed, a new address would get several times the cap.
    expect(await planRefusal(scene, { ...bitcoinPayment, amount: '0.04' })).toMatchObject({
      code: 'FIRST_PAYMENT_OVER_CAP',
    })
    scene.world.venues.hyperliquid.faults.clear()
    await scene.client.call('portfolio.refresh', {})
    await plan(scene, bitcoinPayment)
  })

  test('for a top-up below what the venue credits is refused, and warned of where it does not say', async () => {
    const topUp: PlanInput = { ...sweep, purpose: 'top-up', amount: '100' }
    const { faults } = scene.world.venues.binance
    const endpoint = '/sapi/v1/capital/config/getall'
    const path = '*.networkList.*.depositDust'
    expect('warnings' in (await plan(scene, topUp)).plan).toBe(false)
    faults.add({ endpoint, fault: { kind: 'set', path, value: '100.01' } })
    expect(await planRefusal(scene, topUp)).toMatchObject({
      code: 'AMOUNT_UNDER_MINIMUM',
      data: { asked: '100.000000', minimum: '100.010000' },
    })
    faults.clear()
    faults.add({ endpoint, fault: { kind: 'omit', path } })
    expect((await plan(scene, topUp)).plan.warnings).toMatchObject([
      { key: 'depositMinimumUnknown' },
    ])
  })

  test('on a top-up address that the venue tells differently the second time is refused', async () => {
    scene.world.venues.binance.faults.add({
      endpoint: '/sapi/v1/capital/deposit/address/list',
      fault: { kind: 'wrong-deposit-address', address: evmRecipient },
    })
    const refusal = await planRefusal(scene, {
      ...sweep,
      purpose: 'top-up',
      amount: '100',
    } as PlanInput)
    expect(refusal?.code).toBe('ADDRESS_ANSWERS_DIFFER')
  })
})

describe('a venue answer', () => {
  useOwnScene()

  test.each([
    {
      name: 'that is not JSON',
      fault: { kind: 'html' } as const,
      codes: ['VENUE_ANSWER_MALFORMED', 'VENUE_UNREACHABLE'],
    },
    {
      name: 'without balances',
      fault: { kind: 'omit', path: 'assets' } as const,
      codes: ['VENUE_ANSWER_MALFORMED'],
    },
    { name: 'that never comes', fault: { kind: 'drop' } as const, codes: ['VENUE_UNREACHABLE'] },
  ])('$name refuses the plan and leaves the last snapshot standing', async ({ fault, codes }) => {
    await settlePortfolio(scene)
    scene.world.venues.binance.faults.add({ endpoint: '*', fault })
    const refusal = await planRefusal(scene, sweep)
    expect(codes).toContain(refusal?.code)
    const view = await scene.client.call('portfolio.read', {})
    const account = view.ok ? view.value.accounts[0] : undefined
    expect(account?.refusal).not.toBeNull()
    expect(account?.snapshot).not.toBeNull()
  })

  test('with an old date makes the account stale: no plan, no suggestion', async () => {
    scene.world.venues.binance.faults.add({
      endpoint: '*',
      fault: { kind: 'stale', ms: 3_600_000 },
    })
    const refusal = await planRefusal(scene, sweep)
    expect(refusal?.code).toBe('SNAPSHOT_STALE')
    const view = await scene.client.call('portfolio.read', {})
    if (!view.ok) throw new Error(view.refusal.code)
    expect(view.value.accounts[0]?.report?.state).toBe('stale')
    expect(view.value.suggestions.filter(({ kind }) => kind === 'sweep')).toEqual([])
    scene.world.venues.binance.faults.clear()
    scene.world.evmLines.first.setFault(null)
    scene.world.evmLines.second.setFault(null)
    await scene.client.call('portfolio.refresh', {})
  })
})
