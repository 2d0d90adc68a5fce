/** The newest token movements of our accounts, of every contract: fake tokens write such rows too, and have to be seen
 *  to be flagged. A list to look at: nothing is planned or proved on it, and a server may leave out what it likes.
 *  Source: eth_getLogs over the last blocks, ERC-20's Transfer with two indexed addresses. */
import { z } from 'zod'
import { ok } from '../../../../shared/errors/refusal.ts'
import { checksumEvmAddress } from '../../../../shared/vault/evmAddress.ts'
import type { ChainResult, EvmTokenMovement } from '../../../host/ports.ts'
import { countSchema, hashSchema, logSchema } from './answers.ts'
import { erc20 } from './erc20.ts'
import type { EvmNode } from './node.ts'
import { sameText } from './payments.ts'

/** What most servers still answer. */
const BLOCKS = 1_000
/** Spam can be endless. */
const MOST_ROWS = 200

const rowSchema = z.array(
  logSchema.extend({
    transactionHash: hashSchema,
    blockNumber: countSchema,
    logIndex: countSchema,
    removed: z.boolean().default(false),
  }),
)

export async function readTokenMovements(
  node: EvmNode,
  addresses: readonly string[],
  signal: AbortSignal,
): Promise<ChainResult<readonly EvmTokenMovement[]>> {
  if (addresses.length === 0) return ok([])
  const tip = await node.ask('eth_blockNumber', [], countSchema, signal)
  if (!tip.ok) return tip
  const from = Math.max(0, tip.value - BLOCKS + 1)
  const [topic] = erc20.encodeFilterTopics('Transfer', [])
  const ours = addresses.map((address) => `0x${address.slice(2).toLowerCase().padStart(64, '0')}`)
  const range = { fromBlock: `0x${from.toString(16)}`, toBlock: `0x${tip.value.toString(16)}` }
  const read = (topics: readonly unknown[]) =>
    node.ask('eth_getLogs', [{ ...range, topics }], rowSchema, signal)
  const [sent, received] = await Promise.all([read([topic, ours]), read([topic, null, ours])])
  if (!sent.ok) return sent
  if (!received.ok) return received
  const rows = new Map<string, EvmTokenMovement>()
  for (const log of [...sent.value, ...received.value]) {
    const [, a, b] = log.topics
    const [payer, payee] = [addressOf(a), addressOf(b)]
    // NFTs have a fourth topic; what is no ERC-20 transfer says no amount.
    if (log.topics.length !== 3 || log.data.length !== 66 || log.removed) continue
    if (payer === undefined || payee === undefined) continue
    rows.set(`${log.transactionHash} ${log.logIndex}`, {
      txid: log.transactionHash,
      height: log.blockNumber,
      contract: log.address,
      from: payer,
      to: payee,
      units: BigInt(log.data),
    })
  }
  const strange = [...rows.values()].find(
    (row) => !addresses.some((own) => sameText(own, row.from) || sameText(own, row.to)),
  )
  if (strange !== undefined) return node.malformed('eth_getLogs', strange.txid)
  return ok([...rows.values()].sort((a, b) => b.height - a.height).slice(0, MOST_ROWS))
}

function addressOf(topic: string | undefined): string | undefined {
  if (topic === undefined || !/^0x0{24}/.test(topic)) return undefined
  return checksumEvmAddress(Uint8Array.from(Buffer.from(topic.slice(26), 'hex')))
}
