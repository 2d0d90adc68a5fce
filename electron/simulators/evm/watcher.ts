/** Tells who asked about coins and dollars that arrived in mined blocks, each once, in order.
 *  Looks for new blocks itself; counts plain value transfers and the token's Transfer events. */
import { z } from 'zod'
import { type Ask, hexQuantity, quantitySchema } from './rpc.ts'

export interface ObservedTransfer {
  readonly asset: 'ETH' | 'USDC'
  readonly from: string
  /** Lower case, as are all addresses here. */
  readonly to: string
  /** Wei, or 1e-6 USDC. */
  readonly units: bigint
  readonly txid: string
  readonly height: number
}

type Listener = (transfer: ObservedTransfer) => void

/** keccak256('Transfer(address,address,uint256)') */
const TRANSFER_TOPIC = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

const blockSchema = z
  .object({
    transactions: z.array(
      z.object({
        hash: z.string(),
        from: z.string(),
        to: z.string().nullable(),
        value: quantitySchema,
      }),
    ),
  })
  .nullable()
const receiptSchema = z.object({ status: z.string() }).nullable()
const logsSchema = z.array(
  z.object({
    transactionHash: z.string(),
    topics: z.array(z.string()),
    data: z.string(),
  }),
)

export interface TransferWatcher {
  watch(address: string, listener: Listener): () => void
  close(): Promise<void>
}

/** Starts at the block after `height`. `onTrouble` gets errors other than those of closing. */
export function createTransferWatcher(
  ask: Ask,
  options: {
    readonly token: string
    readonly height: number
    readonly intervalMs: number
    readonly onTrouble: (error: unknown) => void
  },
): TransferWatcher {
  const listeners = new Map<string, Set<Listener>>()
  let done = options.height
  let closed = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  const tell = (transfer: ObservedTransfer): void => {
    for (const listener of listeners.get(transfer.to) ?? []) listener(transfer)
  }
  const look = async (): Promise<void> => {
    const tip = Number(await ask('eth_blockNumber', [], quantitySchema))
    while (done < tip && !closed) {
      for (const transfer of await readBlock(ask, options.token, done + 1)) tell(transfer)
      done += 1
    }
  }
  const next = (): void => {
    if (closed) return
    timer = setTimeout(() => {
      running = look()
        .catch((error: unknown) => {
          if (!closed) options.onTrouble(error)
        })
        .then(next)
    }, options.intervalMs)
  }
  next()

  return {
    watch(address, listener) {
      const key = address.toLowerCase()
      const known = listeners.get(key) ?? new Set<Listener>()
      listeners.set(key, known.add(listener))
      return () => known.delete(listener)
    },
    async close() {
      closed = true
      clearTimeout(timer)
      await running
    },
  }
}

async function readBlock(
  ask: Ask,
  token: string,
  height: number,
): Promise<readonly ObservedTransfer[]> {
  const number = hexQuantity(height)
  const found: ObservedTransfer[] = []
  const block = await ask('eth_getBlockByNumber', [number, true], blockSchema)
  for (const { hash, from, to, value } of block?.transactions ?? []) {
    if (to === null || value === 0n) continue
    const receipt = await ask('eth_getTransactionReceipt', [hash], receiptSchema)
    if (receipt?.status !== '0x1') continue
    found.push({ asset: 'ETH', from, to: to.toLowerCase(), units: value, txid: hash, height })
  }
  const filter = { fromBlock: number, toBlock: number, address: token, topics: [TRANSFER_TOPIC] }
  for (const log of await ask('eth_getLogs', [filter], logsSchema)) {
    const [, from = '', to = ''] = log.topics
    found.push({
      asset: 'USDC',
      from: `0x${from.slice(26)}`,
      to: `0x${to.slice(26)}`.toLowerCase(),
      units: BigInt(log.data),
      txid: log.transactionHash,
      height,
    })
  }
  return found
}
