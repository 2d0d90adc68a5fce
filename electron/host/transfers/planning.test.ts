import { expect, test } from 'vitest'
import { ok } from '../../../shared/errors/refusal.ts'
import type { AccountSnapshot } from '../../../shared/collateral/snapshot.ts'
import { defaultPolicy } from '../../../shared/risk/defaultPolicy.ts'
import { amount, ETH, USDC } from '../../../shared/units/amount.ts'
import type { Decimal } from '../../../shared/units/decimal.ts'
import type { EvmVaultAccount, Wallet } from '../../../shared/vault/account.ts'
import type { Portfolio } from '../portfolio.ts'
import type { BitcoinPort, EvmPort, VenuePort } from '../ports.ts'
import type { Vault } from '../vault/vault.ts'
import { createPlanner } from './planning.ts'

const contract = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
const deposit = '0x00000000000000000000000000000000DeaDBeef'
const policy = { ...defaultPolicy, firstPaymentCapUsd: 200 }

const venue: Partial<VenuePort> = {
  accountId: 'binance-usdm:1',
  label: 'Binance USD-M',
  readNetworks: () =>
    Promise.resolve(
      ok([
        {
          asset: USDC,
          network: 'ETH',
          chain: 'evm:1',
          withdrawEnabled: true,
          depositEnabled: true,
          fee: amount(USDC, 0n),
          minimum: amount(USDC, 0n),
          maximum: amount(USDC, 10n ** 12n),
          step: amount(USDC, 1n),
          contract,
          confirmations: 1,
        },
      ]),
    ),
  readDepositAddress: () => Promise.resolve(ok({ address: deposit, network: 'ETH', tag: null })),
}

const evm: Partial<EvmPort> = {
  chainId: 1,
  coin: ETH,
  tokens: [{ asset: USDC, contract }],
  readNonce: () => Promise.resolve(ok(0)),
  readFees: () =>
    Promise.resolve(ok({ baseFeePerGas: 1n, maxFeePerGas: 2n, maxPriorityFeePerGas: 1n })),
  readBalances: () => Promise.resolve(ok([amount(ETH, 10n ** 18n), amount(USDC, 10_000_000_000n)])),
  estimateGas: () => Promise.resolve(ok(60_000n)),
  readDataFee: () => Promise.resolve(ok(0n)),
  readCode: () => Promise.resolve(ok('0x')),
  simulate: () => Promise.resolve(ok({ kind: 'goes-through' })),
}

const account: EvmVaultAccount = {
  chain: 'evm',
  id: 'evm:0',
  path: "m/44'/60'/0'/0/0",
  xpub: '',
  address: '0x9858EfFD232B4033E47d90003D41EC34EcaEda94',
  label: '',
}

const vault: Partial<Vault> = {
  evmAccount: () => ({ wallet: {} as Wallet, account }),
  ownAddresses: () => [account.address],
  trustedAddresses: () => [account.address],
  chains: () => [{ chain: 'evm:1', source: 'test', tip: null, refusal: null }],
  evmPort: () => evm as EvmPort,
}

const quoteOf = (asset: string, usd: string) => ({
  asset,
  usd: usd as Decimal,
  source: 'test',
  asOf: 0,
})

function topUp(amountText: string, isGiven: boolean, prices: readonly string[] = ['1']) {
  const portfolio: Partial<Portfolio> = {
    refresh: () => Promise.resolve(ok(1)),
    account: () => ({
      port: venue as VenuePort,
      snapshot: { accountId: 'binance-usdm:1' } as AccountSnapshot,
      refusal: null,
    }),
    quote: (asset) => quoteOf(asset, '1'),
    quotesOf: (asset) => prices.map((usd) => quoteOf(asset, usd)),
    // What is assessed comes after every refusal this file is about.
    report: () => {
      throw new Error('past the checks')
    },
  }
  const planner = createPlanner({
    clock: { now: () => 0, sleep: () => Promise.resolve() },
    random: { bytes: (length) => new Uint8Array(length) },
    portfolio: portfolio as Portfolio,
    vault: vault as Vault,
    bitcoin: {} as BitcoinPort,
    policy: () => policy,
    transfers: () => [],
    frozen: () => new Set<string>(),
    isGiven: () => isGiven,
  })
  const request = { accountId: 'binance-usdm:1', asset: 'USDC', amount: amountText } as const
  return planner.plan({ purpose: 'top-up', ...request }, new AbortController().signal)
}

test('an account connected through the window gets no more at first than any stranger', async () => {
  expect(await topUp('200.000001', false)).toMatchObject({
    ok: false,
    refusal: { code: 'FIRST_PAYMENT_OVER_CAP', data: { cap: '200.000000', address: deposit } },
  })
  await expect(topUp('200', false)).rejects.toThrow('past the checks')
})

test('a price that one venue tells too low does not widen the cap', async () => {
  expect(await topUp('200.000001', false, ['0.5', '1'])).toMatchObject({
    refusal: { code: 'FIRST_PAYMENT_OVER_CAP', data: { cap: '200.000000' } },
  })
})

test('an account that was there from the start is topped up at once', async () => {
  await expect(topUp('5000', true)).rejects.toThrow('past the checks')
})
