import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ETH, USDC } from '../../units/amount.ts'
import { evmTransactionPlanSchema } from '../plan.ts'
import { checksumEvmAddress } from '../../vault/evmAddress.ts'
import { decodeTransferCall } from './erc20.ts'
import { type EvmTransferRequest, planEvmTransfer } from './plan.ts'

const ether = 10n ** 18n
const gwei = 10n ** 9n
const address = (byte: number): string => checksumEvmAddress(new Uint8Array(20).fill(byte))
const [from, recipient, contract] = [address(1), address(2), address(3)]
const token = { asset: USDC, contract }

const base: EvmTransferRequest = {
  chainId: 31337,
  from,
  path: "m/44'/60'/0'/0/0",
  recipient,
  coin: ETH,
  token: null,
  amount: { kind: 'exact', units: ether },
  balances: { coin: 2n * ether, token: 1_000_000_000n },
  nonce: 7,
  gasLimit: 21_000n,
  maxFeePerGas: 20n * gwei,
  maxPriorityFeePerGas: gwei,
  dataFeeWei: 0n,
  caps: {
    absoluteWei: ether / 10n,
    relativeBps: 500,
    relativeFloorWei: ether / 1_000n,
    movedWei: null,
  },
  knownContracts: [contract],
}
/** 21000 × 20 gwei. */
const fee = 420_000n * gwei

function plan(change: Partial<EvmTransferRequest>) {
  return planEvmTransfer({ ...base, ...change })
}

describe('what is planned', () => {
  test('the coin', () => {
    expect(plan({})).toEqual({
      ok: true,
      value: {
        execution: {
          kind: 'evm',
          chainId: 31337,
          type: 2,
          from,
          path: "m/44'/60'/0'/0/0",
          nonce: 7,
          to: recipient,
          value: ether,
          data: '',
          gasLimit: 21_000n,
          maxFeePerGas: 20n * gwei,
          maxPriorityFeePerGas: gwei,
          token: null,
        },
        units: ether,
        maxFeeWei: fee,
      },
    })
  })

  test('a token: the contract is called, no coin moves', () => {
    const planned = plan({ token, amount: { kind: 'exact', units: 5n }, gasLimit: 60_000n })
    if (!planned.ok) throw new Error(planned.refusal.code)
    const { execution, units } = planned.value
    expect(execution).toMatchObject({ to: contract, value: 0n, token: contract })
    expect(decodeTransferCall(execution.data)).toEqual({ recipient, units: 5n })
    expect(units).toBe(5n)
  })

  test('all of the coin is the balance less the largest fee', () => {
    const planned = plan({ amount: { kind: 'all' } })
    expect(planned).toMatchObject({ ok: true, value: { units: 2n * ether - fee } })
  })

  test('all of a token is its whole balance', () => {
    const planned = plan({ token, amount: { kind: 'all' } })
    expect(planned).toMatchObject({ ok: true, value: { units: 1_000_000_000n } })
  })

  test('addresses in lower case come out with their checksum', () => {
    const lower = '0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed'
    const planned = plan({ recipient: lower })
    expect(planned).toMatchObject({
      value: { execution: { to: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed' } },
    })
  })

  test('exactly the balance with its fee is enough', () => {
    const units = 2n * ether - fee
    expect(plan({ amount: { kind: 'exact', units } }).ok).toBe(true)
  })
})

describe('what is refused', () => {
  const addressRows: readonly [string, Partial<EvmTransferRequest>, string][] = [
    ['the zero address', { recipient: `0x${'0'.repeat(40)}` }, 'burn-address'],
    ['a precompiled contract', { recipient: `0x${'0'.repeat(39)}9` }, 'burn-address'],
    [
      'the customary burn address',
      { recipient: '0x000000000000000000000000000000000000dEaD' },
      'burn-address',
    ],
    [
      'the token’s own contract',
      { recipient: contract, token, knownContracts: [] },
      'token-contract',
    ],
    ['the coin to a token’s contract', { recipient: contract.toLowerCase() }, 'token-contract'],
    ['oneself', { recipient: from }, 'own-address'],
    ['a wrong checksum', { recipient: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD' }, 'checksum'],
    ['text', { recipient: 'vault.eth' }, 'malformed'],
    ['a malformed sender', { from: 'me' }, 'malformed'],
    [
      'a malformed contract',
      { token: { asset: USDC, contract: '0x' }, amount: { kind: 'all' } },
      'malformed',
    ],
  ]
  test.each(addressRows)('recipient: %s', (_, change, reason) => {
    expect(plan(change)).toMatchObject({
      refusal: { code: 'ADDRESS_INVALID', data: { reason } },
    })
  })

  const rows: readonly [string, Partial<EvmTransferRequest>, object][] = [
    [
      'an amount of nothing',
      { amount: { kind: 'exact', units: 0n } },
      { code: 'AMOUNT_INVALID', data: { amount: '0.000000000000000000', asset: 'ETH' } },
    ],
    [
      'a negative amount',
      { token, amount: { kind: 'exact', units: -1n } },
      { code: 'AMOUNT_INVALID', data: { amount: '-0.000001', asset: 'USDC' } },
    ],
    [
      'more coin than the balance less the fee, by one wei',
      { amount: { kind: 'exact', units: 2n * ether - fee + 1n } },
      {
        code: 'FUNDS_INSUFFICIENT',
        data: { needed: '2.000000000000000001', available: '2.000000000000000000', asset: 'ETH' },
      },
    ],
    [
      'all of a coin balance that the fee eats',
      { amount: { kind: 'all' }, balances: { coin: fee, token: null } },
      {
        code: 'FUNDS_INSUFFICIENT',
        data: { needed: '0.000420000000000001', available: '0.000420000000000000', asset: 'ETH' },
      },
    ],
    [
      'more tokens than there are',
      { token, amount: { kind: 'exact', units: 1_000_000_001n } },
      {
        code: 'FUNDS_INSUFFICIENT',
        data: { needed: '1000.000001', available: '1000.000000', asset: 'USDC' },
      },
    ],
    [
      'all of no tokens',
      { token, amount: { kind: 'all' }, balances: { coin: ether, token: 0n } },
      {
        code: 'FUNDS_INSUFFICIENT',
        data: { needed: '0.000001', available: '0.000000', asset: 'USDC' },
      },
    ],
    [
      'tokens without coin for gas',
      { token, amount: { kind: 'exact', units: 5n }, balances: { coin: fee - 1n, token: 5n } },
      {
        code: 'FUNDS_INSUFFICIENT',
        data: { needed: '0.000420000000000000', available: '0.000419999999999999', asset: 'ETH' },
      },
    ],
    [
      'a token balance nobody read',
      { token, balances: { coin: ether, token: null } },
      { code: 'INPUT_INVALID', data: { field: 'balances.token' } },
    ],
    [
      'a fee over the absolute cap, before the balance is looked at',
      { maxFeePerGas: ether, balances: { coin: 0n, token: null } },
      {
        code: 'FEE_OVER_CAP',
        data: { fee: '21000.000000000000000000', cap: '0.100000000000000000', asset: 'ETH' },
      },
    ],
    [
      'a fee over its part of the amount',
      { amount: { kind: 'exact', units: ether / 25n }, gasLimit: 110_000n },
      { code: 'FEE_OVER_CAP', data: { fee: '0.002200000000000000', cap: '0.002000000000000000' } },
    ],
    [
      'a fee over its part of the tokens’ value',
      {
        token,
        amount: { kind: 'exact', units: 5n },
        gasLimit: 110_000n,
        caps: { ...base.caps, movedWei: ether / 25n },
      },
      { code: 'FEE_OVER_CAP', data: { cap: '0.002000000000000000' } },
    ],
    ['gas below any transaction', { gasLimit: 20_999n }, { data: { field: 'gasLimit' } }],
    ['gas above any transaction', { gasLimit: 16_777_217n }, { data: { field: 'gasLimit' } }],
    ['no fee', { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n }, { data: { field: 'maxFeePerGas' } }],
    [
      'a tip over the fee',
      { maxPriorityFeePerGas: 21n * gwei },
      { data: { field: 'maxPriorityFeePerGas' } },
    ],
    ['a negative tip', { maxPriorityFeePerGas: -1n }, { data: { field: 'maxPriorityFeePerGas' } }],
    ['a negative nonce', { nonce: -1 }, { code: 'INPUT_INVALID', data: { field: 'nonce' } }],
    ['a fractional nonce', { nonce: 0.5 }, { code: 'INPUT_INVALID', data: { field: 'nonce' } }],
    ['chain 0', { chainId: 0 }, { code: 'INPUT_INVALID', data: { field: 'chainId' } }],
    [
      'a cap that is no number',
      { caps: { ...base.caps, relativeBps: Number.NaN } },
      { code: 'INPUT_INVALID', data: { field: 'caps.relativeBps' } },
    ],
  ]
  test.each(rows)('%s', (_, change, refusal) => {
    expect(plan(change)).toMatchObject({ ok: false, refusal })
  })

  test('a small payment passes below the floor of the relative cap', () => {
    const units = ether / 1_000n
    expect(plan({ amount: { kind: 'exact', units } }).ok).toBe(true)
  })
})

describe('properties', () => {
  const wei = fc.bigInt({ min: -1n, max: 10n * ether })
  test('whatever is planned can be paid, is under its caps, and is a plan', () => {
    fc.assert(
      fc.property(
        wei,
        wei,
        fc.bigInt({ min: -1n, max: 10n ** 12n }),
        fc.bigInt({ min: 0n, max: 1000n * gwei }),
        fc.bigInt({ min: 0n, max: 200_000n }),
        fc.boolean(),
        fc.boolean(),
        (units, coin, held, maxFeePerGas, gasLimit, all, asToken) => {
          const planned = plan({
            token: asToken ? token : null,
            amount: all ? { kind: 'all' } : { kind: 'exact', units },
            balances: { coin, token: held },
            maxFeePerGas,
            maxPriorityFeePerGas: 0n,
            gasLimit,
          })
          if (!planned.ok) return
          const { execution, maxFeeWei } = planned.value
          expect(evmTransactionPlanSchema.parse(execution)).toEqual(execution)
          expect(planned.value.units).toBeGreaterThan(0n)
          expect(execution.value + maxFeeWei).toBeLessThanOrEqual(coin)
          expect(maxFeeWei).toBe(execution.gasLimit * execution.maxFeePerGas)
          expect(maxFeeWei).toBeLessThanOrEqual(base.caps.absoluteWei)
          if (asToken) expect(planned.value.units).toBeLessThanOrEqual(held)
          else expect(execution.value).toBe(planned.value.units)
        },
      ),
      { numRuns: 3_000 },
    )
  })
})

describe('a rollup’s data fee', () => {
  const dataFeeWei = ether / 2_000n

  test('stands in the plan as an estimate and counts as fee', () => {
    expect(plan({ dataFeeWei })).toMatchObject({
      value: { execution: { dataFeeEstimate: dataFeeWei }, maxFeeWei: fee + dataFeeWei },
    })
  })

  test('is left over when all of the coin moves', () => {
    expect(plan({ dataFeeWei, amount: { kind: 'all' } })).toMatchObject({
      value: { units: 2n * ether - fee - dataFeeWei },
    })
  })

  test.each([
    ['absolute', { absoluteWei: fee + dataFeeWei - 1n }],
    ['relative', { relativeBps: 0, relativeFloorWei: fee + dataFeeWei - 1n }],
  ])('is under the %s cap with the rest', (_, caps) => {
    expect(plan({ dataFeeWei: dataFeeWei - 1n, caps: { ...base.caps, ...caps } }).ok).toBe(true)
    expect(plan({ dataFeeWei, caps: { ...base.caps, ...caps } })).toMatchObject({
      refusal: { code: 'FEE_OVER_CAP' },
    })
  })

  test('below zero is no fee', () => {
    expect(plan({ dataFeeWei: -1n })).toMatchObject({ refusal: { code: 'INPUT_INVALID' } })
  })
})
