import { describe, expect, test } from 'vitest'
import { encodeTransferCall } from './erc20.ts'
import { type EvmSimulation, type SimulatedMove, checkSimulation } from './simulation.ts'

const own = '0x9858EfFD232B4033E47d90003D41EC34EcaEda94'
const payee = '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB'
const stranger = '0x1111111111111111111111111111111111111111'
const token = '0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48'
const coinPlan = { from: own, to: payee, value: 5n, data: '', token: null }
const tokenPlan = { from: own, to: token, value: 0n, data: encodeTransferCall(payee, 7n), token }
const coinMove = { contract: null, from: own.toLowerCase(), to: payee.toLowerCase(), units: 5n }
const tokenMove = { ...coinMove, contract: token.toLowerCase(), units: 7n }

function moves(list: readonly SimulatedMove[]): EvmSimulation {
  return { kind: 'moves', moves: list, grants: [] }
}

function verdict(plan: typeof coinPlan | typeof tokenPlan, simulation: EvmSimulation): string {
  const result = checkSimulation(plan, simulation, 'node')
  return result.ok ? result.value.method : result.refusal.data.field
}

describe('a simulation is compared with the plan', () => {
  const rows: readonly [string, typeof coinPlan | typeof tokenPlan, EvmSimulation, string][] = [
    ['the coin as planned', coinPlan, moves([coinMove]), 'eth_simulateV1'],
    ['a token as planned', tokenPlan, moves([tokenMove]), 'eth_simulateV1'],
    [
      'a contract that passes the coin on',
      coinPlan,
      moves([coinMove, { ...coinMove, from: payee, to: stranger }]),
      'eth_simulateV1',
    ],
    ['a server that traces no coin', coinPlan, moves([]), 'eth_call'],
    ['a server that only calls', tokenPlan, { kind: 'goes-through' }, 'eth_call'],
    [
      'nothing of ours moved beside it',
      tokenPlan,
      moves([tokenMove, { ...tokenMove, to: stranger, units: 0n }]),
      'eth_simulateV1',
    ],
    ['one unit less', tokenPlan, moves([{ ...tokenMove, units: 6n }]), 'moved'],
    ['nothing at all', tokenPlan, moves([]), 'moved'],
    ['twice', tokenPlan, moves([tokenMove, tokenMove]), 'moved'],
    ['another recipient', tokenPlan, moves([{ ...tokenMove, to: stranger }]), 'moved'],
    [
      'a part to another',
      tokenPlan,
      moves([
        { ...tokenMove, units: 6n },
        { ...tokenMove, to: stranger, units: 1n },
      ]),
      'moved',
    ],
    ['another token of ours', coinPlan, moves([coinMove, tokenMove]), 'moved'],
    ['the coin beside the token', tokenPlan, moves([tokenMove, coinMove]), 'moved'],
    [
      'something that comes back',
      coinPlan,
      moves([coinMove, { ...tokenMove, from: payee, to: own }]),
      'moved',
    ],
    ['a failure', tokenPlan, { kind: 'fails', reason: 'Error: paused' }, 'outcome'],
    [
      'leave for a stranger',
      tokenPlan,
      {
        kind: 'moves',
        moves: [tokenMove],
        grants: [{ contract: token, owner: own, spender: stranger }],
      },
      'allowance',
    ],
    [
      'leave that another gives',
      tokenPlan,
      {
        kind: 'moves',
        moves: [tokenMove],
        grants: [{ contract: token, owner: payee, spender: stranger }],
      },
      'eth_simulateV1',
    ],
  ]
  test.each(rows)('%s', (_, plan, simulation, expected) => {
    expect(verdict(plan, simulation)).toBe(expected)
  })

  test('the changes are signed, by checksummed account', () => {
    expect(checkSimulation(tokenPlan, moves([tokenMove]), 'node')).toMatchObject({
      value: {
        source: 'node',
        changes: [
          { address: own, contract: token, units: -7n },
          { address: payee, contract: token, units: 7n },
        ],
      },
    })
  })
})
