/** Plans on chains whose coin is not ether, that charge for data, or that a venue can reach by several ways. */
import { expect, test } from 'vitest'
import { ok } from '../../../shared/errors/refusal.ts'
import { defaultPolicy } from '../../../shared/risk/defaultPolicy.ts'
import { type Asset, ETH, USDC, amount } from '../../../shared/units/amount.ts'
import type { Decimal } from '../../../shared/units/decimal.ts'
import type { EvmVaultAccount, VaultBalance, Wallet } from '../../../shared/vault/account.ts'
import type { Portfolio } from '../portfolio.ts'
import type { BitcoinPort, EvmPort, VenueNetwork, VenuePort } from '../ports.ts'
import type { Vault } from '../vault/vault.ts'
import { createPlanner } from './planning.ts'
import { findNetwork } from './planVenue.ts'
import { viewTransfer } from './view.ts'
import { applyTransferEvent } from '../../../shared/transfer/lifecycle.ts'
import { digestPlan } from '../../../shared/transfer/digest.ts'

const calm = new AbortController().signal
const POL: Asset = { symbol: 'POL', decimals: 18 }
const ether = 10n ** 18n
const gwei = 10n ** 9n
const prices: Readonly<Record<string, string>> = { ETH: '2000', POL: '0.5', USDC: '1' }
const recipient = '0x00000000000000000000000000000000DeaDBeef'
const contract = '0x3c499c542cEF5E3811e1192ce70d8cC03d5c3359'
const account: EvmVaultAccount = {
  chain: 'evm',
  id: 'evm:0',
  path: "m/44'/60'/0'/0/0",
  xpub: '',
  address: '0x9858EfFD232B4033E47d90003D41EC34EcaEda94',
  label: '',
}

function chain(chainId: number, change: Partial<EvmPort>): Partial<EvmPort> {
  return {
    chainId,
    coin: ETH,
    tokens: [{ asset: USDC, contract }],
    readNonce: () => Promise.resolve(ok(4)),
    readFees: () =>
      Promise.resolve(
        ok({ baseFeePerGas: gwei, maxFeePerGas: 3n * gwei, maxPriorityFeePerGas: gwei }),
      ),
    readBalances: () =>
      Promise.resolve(ok([amount(change.coin ?? ETH, ether), amount(USDC, 100_000_000n)])),
    estimateGas: () => Promise.resolve(ok(21_000n)),
    readDataFee: () => Promise.resolve(ok(0n)),
    readCode: () => Promise.resolve(ok('0x')),
    simulate: () => Promise.resolve(ok({ kind: 'goes-through' })),
    ...change,
  }
}

function withdraw(port: Partial<EvmPort>, asset: string, text: string) {
  const vault: Partial<Vault> = {
    evmAccount: () => ({ wallet: {} as Wallet, account }),
    ownAddresses: () => [account.address],
    trustedAddresses: () => [account.address],
    evmPort: () => port as EvmPort,
  }
  const quoteOf: Portfolio['quote'] = (symbol) =>
    symbol in prices
      ? { asset: symbol, usd: prices[symbol] as Decimal, source: 'test', asOf: 0 }
      : undefined
  const portfolio: Partial<Portfolio> = {
    quote: quoteOf,
    quotesOf: (symbol) => [quoteOf(symbol) ?? []].flat(),
  }
  const planner = createPlanner({
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    random: { bytes: (length) => new Uint8Array(length) },
    portfolio: portfolio as Portfolio,
    vault: vault as Vault,
    bitcoin: {} as BitcoinPort,
    policy: () => ({ ...defaultPolicy, firstPaymentCapUsd: 5_000 }),
    transfers: () => [],
    frozen: () => new Set<string>(),
    isGiven: () => true,
  })
  const chainName = `evm:${port.chainId}`
  return planner.plan(
    { purpose: 'withdraw', chain: chainName, asset, amount: text, address: recipient },
    calm,
  )
}

test('on a chain with another coin that coin moves, and pays the fee', async () => {
  const planned = await withdraw(chain(137, { coin: POL }), 'POL', '0.25')
  expect(planned).toMatchObject({
    ok: true,
    value: {
      amount: { asset: 'POL', units: ether / 4n },
      networkFee: { asset: 'POL', units: 21_000n * 3n * gwei },
      execution: { chainId: 137, value: ether / 4n, token: null },
      prices: [{ asset: 'POL' }],
    },
  })
  expect(await withdraw(chain(137, { coin: POL }), 'ETH', '0.25')).toMatchObject({
    ok: false,
    refusal: { code: 'NOT_FOUND' },
  })
})

test('a token there is priced against that coin', async () => {
  expect(await withdraw(chain(137, { coin: POL }), 'USDC', '10')).toMatchObject({
    ok: true,
    value: { execution: { token: contract }, prices: [{ asset: 'USDC' }, { asset: 'POL' }] },
  })
})

test('a rollup’s data fee is part of the network fee, and of what the device cannot show', async () => {
  const dataFee = 4_000n * gwei
  const port = chain(10, { readDataFee: () => Promise.resolve(ok(dataFee)) })
  const planned = await withdraw(port, 'ETH', 'all')
  if (!planned.ok) throw new Error(planned.refusal.code)
  const signed = 21_000n * 3n * gwei
  expect(planned.value).toMatchObject({
    networkFee: { units: signed + dataFee },
    amount: { units: ether - signed - dataFee },
    execution: { dataFeeEstimate: dataFee },
  })
  const plan = planned.value
  const transfer = applyTransferEvent(
    undefined,
    { kind: 'transfer.planned', transferId: plan.id, plan, digest: digestPlan(plan) },
    0,
  )
  const line = viewTransfer(transfer, 0).deviceLines.find(({ key }) => key === 'max-fee')
  expect(line).toMatchObject({ device: '0.000063 ETH' })
})

test('a data fee over the cap is refused, and one that nobody can read is not zero', async () => {
  const dear = chain(10, { readDataFee: () => Promise.resolve(ok(ether / 10n)) })
  expect(await withdraw(dear, 'ETH', '0.1')).toMatchObject({ refusal: { code: 'FEE_OVER_CAP' } })
  const silent = chain(10, {
    readDataFee: () =>
      Promise.resolve({
        ok: false,
        refusal: { code: 'CHAIN_UNREACHABLE', data: { chain: 'evm:10', reason: 'test' } },
      }),
  })
  expect(await withdraw(silent, 'ETH', '0.1')).toMatchObject({
    refusal: { code: 'CHAIN_UNREACHABLE' },
  })
})

const delegate = '0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B'
const own = account.address

test('plain accounts at both ends: the plan has no warnings at all', async () => {
  const planned = await withdraw(chain(1, {}), 'USDC', '10')
  expect(planned.ok && 'warnings' in planned.value).toBe(false)
})

test('a recipient with code and an own account that is delegated are warned of, under the digest', async () => {
  const codes: Readonly<Record<string, string>> = {
    [recipient]: '0x6080',
    [own]: `0xef0100${delegate.slice(2).toLowerCase()}`,
  }
  const port = chain(1, { readCode: (address) => Promise.resolve(ok(codes[address] ?? '0x')) })
  const planned = await withdraw(port, 'USDC', '10')
  if (!planned.ok) throw new Error(planned.refusal.code)
  expect(planned.value.warnings).toEqual([
    { key: 'ownAccountDelegated', values: { address: own, delegate } },
    { key: 'recipientContract', values: { address: recipient } },
  ])
  const { warnings: _, ...silenced } = planned.value
  expect(digestPlan(silenced)).not.toBe(digestPlan(planned.value))
})

test('code that nobody can read is no all-clear', async () => {
  const readCode: EvmPort['readCode'] = (address) =>
    Promise.resolve(
      address === own
        ? ok('0x')
        : {
            ok: false,
            refusal: { code: 'CHAIN_UNREACHABLE', data: { chain: 'evm:1', reason: 'test' } },
          },
    )
  expect(await withdraw(chain(1, { readCode }), 'USDC', '10')).toMatchObject({
    ok: false,
    refusal: { code: 'CHAIN_UNREACHABLE' },
  })
})

function network(name: string, chainName: string, fee: bigint): VenueNetwork {
  return {
    asset: USDC,
    network: name,
    chain: chainName,
    withdrawEnabled: true,
    depositEnabled: true,
    fee: amount(USDC, fee),
    minimum: amount(USDC, 0n),
    maximum: amount(USDC, 10n ** 12n),
    step: amount(USDC, 1n),
    contract,
    confirmations: 1,
  }
}

test('of several ways the cheapest leads out, and the chain that holds most leads in', async () => {
  const held = (chainName: string, units: bigint): VaultBalance => ({
    amount: amount(USDC, units),
    chain: chainName,
    unconfirmed: null,
    asOf: 0,
    source: 'test',
  })
  const vault: Partial<Vault> = {
    evmPort: (name) => chain(Number(name.slice(4)), {}) as EvmPort,
    balances: () => [held('evm:1', 5n), held('evm:10', 7n), held('evm:137', 6n)],
  }
  const venue: Partial<VenuePort> = {
    readNetworks: () =>
      Promise.resolve(
        ok([
          network('ETH', 'evm:1', 3_000_000n),
          network('OPTIMISM', 'evm:10', 90_000n),
          network('MATIC', 'evm:137', 50_000n),
        ]),
      ),
  }
  const find = (direction: 'out' | 'in') =>
    findNetwork(venue as VenuePort, 'USDC', direction, vault as Vault, calm)
  expect(await find('out')).toMatchObject({ ok: true, value: { network: 'MATIC' } })
  expect(await find('in')).toMatchObject({ ok: true, value: { network: 'OPTIMISM' } })
})
