/** Asks a server what would move if a call ran at once: eth_simulateV1 where it has it, with the coin's own
 *  movements as logs; where it has not, whether the call goes through at all. Base units, an estimate.
 *  Source: ethereum/execution-apis, eth_simulateV1; the coin's logs come from 0xeeee…ee. */
import { Interface } from 'ethers'
import { z } from 'zod'
import { ok } from '../../../../shared/errors/refusal.ts'
import type { EvmSimulation } from '../../../../shared/transfer/evm/simulation.ts'
import type { ChainResult, EvmPort } from '../../../host/ports.ts'
import { hexSchema, logSchema } from './answers.ts'
import { erc20 } from './erc20.ts'
import type { EvmNode } from './node.ts'
import { sameText } from './payments.ts'

const COIN = '0xeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee'
const events = new Interface([
  'event Transfer(address indexed from, address indexed to, uint256 value)',
  'event Approval(address indexed owner, address indexed spender, uint256 value)',
  'event ApprovalForAll(address indexed owner, address indexed operator, bool approved)',
])
const topics = {
  transfer: events.getEvent('Transfer')?.topicHash,
  approval: events.getEvent('Approval')?.topicHash,
  approvalForAll: events.getEvent('ApprovalForAll')?.topicHash,
}

const simulatedSchema = z
  .array(
    z.object({
      calls: z
        .array(
          z.object({
            status: z.enum(['0x0', '0x1']),
            returnData: hexSchema,
            logs: z.array(logSchema).default([]),
            error: z.object({ message: z.string() }).optional(),
          }),
        )
        .length(1),
    }),
  )
  .length(1)
type SimulatedCall = z.infer<typeof simulatedSchema>[number]['calls'][number]

export async function simulateCall(
  node: EvmNode,
  call: Parameters<EvmPort['simulate']>[0],
  signal: AbortSignal,
): Promise<ChainResult<EvmSimulation>> {
  const request = {
    from: call.from,
    to: call.to,
    value: `0x${call.value.toString(16)}`,
    data: `0x${call.data}`,
  }
  const block = { blockStateCalls: [{ calls: [request] }], traceTransfers: true, validation: false }
  const said = await node.ask('eth_simulateV1', [block, 'latest'], simulatedSchema, signal)
  if (said.ok) {
    const simulated = said.value[0]?.calls[0]
    return simulated === undefined
      ? node.malformed('eth_simulateV1', '')
      : readCall(node, simulated)
  }
  // Reverts are in its answer: a no to the call itself means that the server does not know or allow it.
  if (said.refusal.code !== 'CHAIN_REJECTED') return said
  const plain = await node.ask('eth_call', [request, 'latest'], hexSchema, signal)
  if (plain.ok) return ok<EvmSimulation>({ kind: 'goes-through' })
  return plain.refusal.code === 'CHAIN_REJECTED'
    ? ok<EvmSimulation>({ kind: 'fails', reason: plain.refusal.data.reason })
    : plain
}

function readCall(node: EvmNode, call: SimulatedCall): ChainResult<EvmSimulation> {
  if (call.status === '0x0') {
    return ok<EvmSimulation>({ kind: 'fails', reason: reasonOf(call) })
  }
  const moves: Extract<EvmSimulation, { kind: 'moves' }>['moves'][number][] = []
  const grants: Extract<EvmSimulation, { kind: 'moves' }>['grants'][number][] = []
  for (const log of call.logs) {
    const [topic, first, second, third] = log.topics
    const [a, b] = [addressOf(first), addressOf(second)]
    if (a === undefined || b === undefined) continue
    if (topic === topics.transfer) {
      // An NFT's number is a topic and its data empty.
      const units = third === undefined ? unitsOf(log.data) : 1n
      if (units === undefined) return node.malformed('eth_simulateV1', log.data)
      const contract = sameText(log.address, COIN) ? null : log.address
      moves.push({ contract, from: a, to: b, units })
    }
    const given = /[1-9a-f]/.test(log.data.slice(2)) || third !== undefined
    if ((topic === topics.approval || topic === topics.approvalForAll) && given) {
      grants.push({ contract: log.address, owner: a, spender: b })
    }
  }
  return ok<EvmSimulation>({ kind: 'moves', moves, grants })
}

function reasonOf({ returnData, error }: SimulatedCall): string {
  try {
    const parsed = erc20.parseError(returnData)
    if (parsed !== null) return `${parsed.name}: ${String(parsed.args[0])}`.slice(0, 120)
  } catch {
    // Not the standard encoding.
  }
  return (error?.message ?? 'reverted').slice(0, 120)
}

function addressOf(topic: string | undefined): string | undefined {
  return topic !== undefined && /^0x0{24}/.test(topic) ? `0x${topic.slice(26)}` : undefined
}

function unitsOf(data: string): bigint | undefined {
  return data.length === 66 ? BigInt(data) : undefined
}
