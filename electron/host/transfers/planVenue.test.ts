import { expect, test } from 'vitest'
import { ok } from '../../../shared/errors/refusal.ts'
import type { VenueWithdrawalPlan } from '../../../shared/transfer/plan.ts'
import { amount, USDC } from '../../../shared/units/amount.ts'
import type { EvmPort, VenueNetwork, VenuePort } from '../ports.ts'
import type { Vault } from '../vault/vault.ts'
import { checkDeposit, checkTerms } from './planVenue.ts'

const contract = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
const usdc = (whole: number) => amount(USDC, BigInt(whole * 1_000_000))

const network: VenueNetwork = {
  asset: USDC,
  network: 'ETH',
  chain: 'evm:1',
  withdrawEnabled: true,
  depositEnabled: true,
  fee: usdc(1),
  minimum: usdc(10),
  maximum: usdc(100_000),
  step: amount(USDC, 1n),
  contract,
  confirmations: 1,
}

const plan: VenueWithdrawalPlan = {
  kind: 'venue',
  venue: 'binance-usdm',
  accountId: 'x',
  network: 'ETH',
  chain: 'evm:1',
  internal: null,
  amount: usdc(20),
  venueFee: usdc(1),
  arrives: usdc(19),
  address: 'a',
  addressPath: 'm',
  clientIds: { internal: 'i', withdrawal: 'w' },
}

const evm: Partial<EvmPort> = { chainId: 1, tokens: [{ asset: USDC, contract }] }
const vault: Partial<Vault> = { evmPort: () => evm as EvmPort }

function check(change: Partial<VenueNetwork>, feeCapOfAmount = 0.5) {
  const venue: Partial<VenuePort> = {
    label: 'Binance',
    readNetworks: () => Promise.resolve(ok([{ ...network, ...change }])),
  }
  const { signal } = new AbortController()
  return checkTerms(plan, venue as VenuePort, vault as Vault, feeCapOfAmount, signal)
}

test('terms that still are those of the plan stand', async () => {
  expect((await check({})).ok).toBe(true)
  expect((await check({ confirmations: 12, depositEnabled: false })).ok).toBe(true)
})

test.each([
  { name: 'a higher fee', change: { fee: usdc(1.1) }, code: 'VENUE_TERMS_CHANGED' },
  { name: 'a lower fee', change: { fee: usdc(0.9) }, code: 'VENUE_TERMS_CHANGED' },
  { name: 'a coarser step', change: { step: usdc(7) }, code: 'VENUE_TERMS_CHANGED' },
  { name: 'a higher minimum', change: { minimum: usdc(21) }, code: 'AMOUNT_UNDER_MINIMUM' },
  { name: 'a lower maximum', change: { maximum: usdc(19) }, code: 'AMOUNT_OVER_MAXIMUM' },
  { name: 'a suspension', change: { withdrawEnabled: false }, code: 'NETWORK_SUSPENDED' },
  { name: 'another name', change: { network: 'ETH2' }, code: 'NETWORK_MISMATCH' },
  { name: 'another chain', change: { chain: 'evm:10' }, code: 'NETWORK_MISMATCH' },
  { name: 'another contract', change: { contract: null }, code: 'NETWORK_MISMATCH' },
])('$name voids the plan', async ({ change, code }) => {
  expect(await check(change)).toMatchObject({ ok: false, refusal: { code } })
})

test('the fee may be no more than the policy’s share of the amount', async () => {
  expect((await check({}, 0.05)).ok).toBe(true)
  expect(await check({}, 0.0499)).toMatchObject({
    refusal: {
      code: 'FEE_OVER_CAP',
      data: { fee: '1.000000', cap: '0.998000', asset: 'USDC' },
    },
  })
})

test.each([
  { name: 'the least that is credited', minimum: usdc(20), result: { ok: true, value: [] } },
  {
    name: 'one unit less',
    minimum: amount(USDC, 20_000_001n),
    result: {
      ok: false,
      refusal: {
        code: 'AMOUNT_UNDER_MINIMUM',
        data: { asked: '20.000000', minimum: '20.000001', asset: 'USDC' },
      },
    },
  },
  {
    name: 'a venue that does not say',
    minimum: null,
    result: {
      ok: true,
      value: [{ key: 'depositMinimumUnknown', values: { venue: 'Binance' } }],
    },
  },
])('a top-up of 20 USDC and $name', ({ minimum, result }) => {
  expect(checkDeposit(usdc(20), { ...network, depositMinimum: minimum }, 'Binance')).toEqual(result)
})
