/** What a node says would move if this transaction ran at once, against what the plan says moves. Pure; base units.
 *  An estimate of one moment by a server that may lie: it can stop a plan, it never makes one safer than its bytes.
 *  Refuses (SIMULATION_DIFFERS) a transaction that fails, moves anything else of ours, pays the recipient another
 *  amount (tokens that take a part on the way), or gives somebody leave to spend ours. */
import { ok, type Result, refuse } from '../../errors/refusal.ts'
import { parseEvmAddress } from './address.ts'
import { decodeTransferCall } from './erc20.ts'
import type { EvmTransactionPlan } from '../plan.ts'

/** One movement of the coin (`contract` null) or a token; NFTs count one. Addresses in any case. */
export interface SimulatedMove {
  readonly contract: string | null
  readonly from: string
  readonly to: string
  readonly units: bigint
}

export type EvmSimulation =
  | {
      readonly kind: 'moves'
      readonly moves: readonly SimulatedMove[]
      /** Approvals given, by contract. */
      readonly grants: readonly {
        readonly contract: string
        readonly owner: string
        readonly spender: string
      }[]
    }
  /** The server only says that the call goes through: it does not know eth_simulateV1. */
  | { readonly kind: 'goes-through' }
  | { readonly kind: 'fails'; readonly reason: string }

export type SimulationPreview = NonNullable<EvmTransactionPlan['simulation']>

type Execution = Pick<EvmTransactionPlan, 'from' | 'to' | 'value' | 'data' | 'token'>

/** @param source  the server, as figures name it */
export function checkSimulation(
  plan: Execution,
  simulation: EvmSimulation,
  source: string,
): Result<SimulationPreview, 'SIMULATION_DIFFERS'> {
  switch (simulation.kind) {
    case 'fails':
      return differs('outcome', 'goes through', simulation.reason)
    case 'goes-through':
      return ok({ source, method: 'eth_call', changes: [] })
    case 'moves':
      return checkMoves(plan, simulation, source)
  }
}

function checkMoves(
  plan: Execution,
  { moves, grants }: Extract<EvmSimulation, { kind: 'moves' }>,
  source: string,
): Result<SimulationPreview, 'SIMULATION_DIFFERS'> {
  const call = plan.token === null ? undefined : decodeTransferCall(plan.data)
  const expected = {
    contract: plan.token,
    from: plan.from,
    to: call?.recipient ?? plan.to,
    units: call?.units ?? plan.value,
  }
  // Not every server traces the coin: then all it says is that the call goes through.
  if (plan.token === null && moves.length === 0 && grants.length === 0) {
    return ok({ source, method: 'eth_call', changes: [] })
  }
  const mine = (address: string) => same(address, plan.from)
  const grant = grants.find(({ owner }) => mine(owner))
  if (grant !== undefined)
    return differs('allowance', 'none', `${grant.spender} by ${grant.contract}`)
  const ours = moves.filter(({ from, to, units }) => units > 0n && mine(from) !== mine(to))
  const strange = ours.find(
    (move) =>
      !sameContract(move.contract, expected.contract) ||
      !same(move.from, expected.from) ||
      !same(move.to, expected.to),
  )
  if (strange !== undefined) return differs('moved', textOf(expected), textOf(strange))
  const paid = ours.reduce((sum, { units }) => sum + units, 0n)
  if (paid !== expected.units) {
    return differs('moved', textOf(expected), textOf({ ...expected, units: paid }))
  }
  const change = (address: string, units: bigint) => ({
    address: parsed(address),
    contract: plan.token,
    units,
  })
  return ok({
    source,
    method: 'eth_simulateV1',
    changes: [change(plan.from, -paid), change(expected.to, paid)],
  })
}

function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function sameContract(a: string | null, b: string | null): boolean {
  return a === null || b === null ? a === b : same(a, b)
}

function parsed(address: string): string {
  const checked = parseEvmAddress(address)
  return checked.ok ? checked.value : address
}

function textOf({ contract, to, units }: SimulatedMove): string {
  return `${units} of ${contract ?? 'the coin'} to ${to}`
}

function differs(
  field: string,
  planned: string,
  simulated: string,
): Result<never, 'SIMULATION_DIFFERS'> {
  return refuse('SIMULATION_DIFFERS', { field, planned, simulated: simulated.slice(0, 200) })
}
