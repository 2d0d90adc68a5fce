import { expect, test } from 'vitest'
import { ok, refuse } from '../../../shared/errors/refusal.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import type { EvmTransactionPlan } from '../../../shared/transfer/plan.ts'
import { ETH, amount } from '../../../shared/units/amount.ts'
import type { EvmPort } from '../ports.ts'
import { planEvm } from './planEvm.ts'

const from = { address: '0x9858EfFD232B4033E47d90003D41EC34EcaEda94', path: "m/44'/60'/0'/0/0" }
const recipient = '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB'
const stranger = '0x1111111111111111111111111111111111111111'
const ether = 10n ** 18n
const gwei = 10n ** 9n

function plan(change: Partial<EvmPort> = {}, transfers: readonly Transfer[] = []) {
  const port: Partial<EvmPort> = {
    chainId: 1,
    coin: ETH,
    source: 'node',
    tokens: [],
    readNonce: () => Promise.resolve(ok(4)),
    readFees: () =>
      Promise.resolve(
        ok({ baseFeePerGas: gwei, maxFeePerGas: 3n * gwei, maxPriorityFeePerGas: gwei }),
      ),
    readBalances: () => Promise.resolve(ok([amount(ETH, ether)])),
    estimateGas: () => Promise.resolve(ok(21_000n)),
    readDataFee: () => Promise.resolve(ok(0n)),
    readCode: () => Promise.resolve(ok('0x')),
    simulate: ({ from: payer, to, value: units }) =>
      Promise.resolve(
        ok({ kind: 'moves', moves: [{ contract: null, from: payer, to, units }], grants: [] }),
      ),
    ...change,
  }
  return planEvm(
    {
      port: port as EvmPort,
      from,
      asset: ETH,
      contract: null,
      recipient,
      units: amount(ETH, 5n),
      caps: () => ({
        absoluteWei: ether,
        relativeBps: 100,
        relativeFloorWei: ether,
        movedWei: null,
      }),
      transfers,
    },
    new AbortController().signal,
  )
}

function mined(execution: Partial<EvmTransactionPlan>, state: Transfer['state'] = 'done') {
  const plan = { execution: { kind: 'evm', chainId: 1, from: from.address, ...execution } }
  return { state, plan } as unknown as Transfer
}

test('the plan holds what the chain says would move', async () => {
  expect(await plan()).toMatchObject({
    value: {
      execution: {
        simulation: {
          source: 'node',
          method: 'eth_simulateV1',
          changes: [
            { address: from.address, contract: null, units: -5n },
            { address: recipient, contract: null, units: 5n },
          ],
        },
      },
    },
  })
})

test('what would move anything else is no plan; a simulation that did not come is no yes', async () => {
  const other: Partial<EvmPort> = {
    simulate: ({ from: payer }) =>
      Promise.resolve(
        ok({
          kind: 'moves',
          moves: [{ contract: null, from: payer, to: stranger, units: 5n }],
          grants: [],
        }),
      ),
  }
  expect(await plan(other)).toMatchObject({
    refusal: { code: 'SIMULATION_DIFFERS', data: { field: 'moved' } },
  })
  const away = refuse('CHAIN_UNREACHABLE', { chain: 'evm:1', reason: 'away' })
  expect(await plan({ simulate: () => Promise.resolve(away) })).toMatchObject({
    refusal: { code: 'CHAIN_UNREACHABLE' },
  })
})

test.each([
  ['that one of ours used up', mined({ nonce: 4 }), 'CHAIN_LIED'],
  ['below one of ours', mined({ nonce: 9 }), 'CHAIN_LIED'],
  ['above all of ours', mined({ nonce: 3 }), null],
  ['of another chain', mined({ nonce: 9, chainId: 10 }), null],
  ['of another account', mined({ nonce: 9, from: stranger }), null],
  ['of one that was never mined', mined({ nonce: 9 }, 'cancelled'), null],
])('a nonce %s', async (_, transfer, code) => {
  const planned = await plan({}, [transfer])
  expect(planned.ok ? null : planned.refusal.code).toBe(code)
})
