/** Esplora's REST over the same chain as the Electrum server, on loopback: paths, status codes and texts as
 *  blockstream's esplora answers them. Misbehaves when asked; fault methods are path shapes, e.g.
 *  '/scripthash/:hash/utxo'. Values in satoshi, fees in sat/vB. */
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { Transaction } from 'bitcoinjs-lib'
import { reverse, toHex } from './bytes.ts'
import type { BitcoinChain, ChainCoin } from './chain.ts'
import type { Faults } from './faults.ts'

export interface EsploraContext {
  readonly chain: BitcoinChain
  readonly faults: Faults
  /** sat/vB; null leaves the table of estimates empty. */
  readonly feeRate: () => number | null
}

export interface EsploraServer {
  readonly url: string
  received(): readonly string[]
  close(): Promise<void>
}

interface Answer {
  readonly status: number
  readonly body: string
}

type Route = (context: EsploraContext, parts: readonly string[], body: string) => Answer

const text = (body: string): Answer => ({ status: 200, body })
const json = (value: unknown): Answer => text(JSON.stringify(value))
const notFound = (body: string): Answer => ({ status: 404, body })
const MAX_BODY = 1_000_000
const BLOCKS_A_PAGE = 10
const ESTIMATED_TARGETS = [1, 2, 3, 6, 12, 24, 144, 1008]

/** Electrum's name of a script is the same hash in reverse. */
function electrumName(scriptHash: string): string {
  return Buffer.from(scriptHash, 'hex').reverse().toString('hex')
}

function statusOf({ chain }: EsploraContext, height: number) {
  return height > 0
    ? { confirmed: true, block_height: height, block_hash: chain.blockHash(height), block_time: 0 }
    : { confirmed: false }
}

function shownHeight({ chain, faults }: EsploraContext): number {
  return Math.max(0, chain.height() - (faults.take('lagging', '/blocks/tip/height')?.blocks ?? 0))
}

function withOneSatoshiMore(rawHex: string): string {
  const transaction = Transaction.fromHex(rawHex)
  const [first] = transaction.outs
  if (first !== undefined) first.value += 1n
  return transaction.toHex()
}

function utxo(context: EsploraContext, hash: string): Answer {
  const method = '/scripthash/:hash/utxo'
  const { chain, faults } = context
  const by = faults.take('lie-value', method)?.by ?? 0
  const lift = faults.take('lie-height', method)?.by ?? 0
  if (faults.take('omit-coins', method) !== undefined) return json([])
  const row = ({ txid, vout, value, height }: ChainCoin) => ({
    txid,
    vout,
    status: statusOf(context, lift === 0 ? height : Math.max(height, 1) + lift),
    value: Number(value) + by,
  })
  return json(chain.coins(electrumName(hash)).map(row))
}

/** A block by its header's fields, as `/blocks` tells it. */
function blockAnswer(chain: BitcoinChain, height: number): object | undefined {
  const header = chain.header(height)
  if (header === undefined) return undefined
  const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
  return {
    id: chain.blockHash(height),
    height,
    version: view.getInt32(0, true),
    previousblockhash: height === 0 ? null : reverse(header.subarray(4, 36)),
    merkle_root: reverse(header.subarray(36, 68)),
    timestamp: view.getUint32(68, true),
    bits: view.getUint32(72, true),
    nonce: view.getUint32(76, true),
  }
}

const ROUTES: Readonly<Record<string, Route>> = {
  'GET /blocks/tip/height': (context) => text(String(shownHeight(context))),
  'GET /blocks/tip/hash': ({ chain }) => text(chain.blockHash(chain.height()) ?? ''),
  'GET /block-height/:height': ({ chain, faults }, [height = '']) => {
    if (faults.take('wrong-network', '/block-height/:height') !== undefined)
      return text('000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f')
    const hash = chain.blockHash(Number(height))
    return hash === undefined ? notFound('Block not found') : text(hash)
  },
  'GET /blocks/:height': ({ chain }, [top = '']) => {
    const heights = Array.from({ length: BLOCKS_A_PAGE }, (_, at) => Number(top) - at)
    return json(heights.flatMap((height) => blockAnswer(chain, height) ?? []))
  },
  'GET /block/:hash/header': ({ chain }, [hash]) => {
    for (let height = chain.height(); height >= 0; height--) {
      const header = chain.header(height)
      if (header !== undefined && chain.blockHash(height) === hash) return text(toHex(header))
    }
    return notFound('Block not found')
  },
  'GET /scripthash/:hash': ({ chain, faults }, [hash = '']) => {
    const hidden = faults.take('omit-coins', '/scripthash/:hash') !== undefined
    const rows = hidden ? [] : chain.history(electrumName(hash))
    const confirmed = rows.filter((row) => row.height > 0).length
    return json({
      scripthash: hash,
      chain_stats: { tx_count: confirmed },
      mempool_stats: { tx_count: rows.length - confirmed },
    })
  },
  'GET /scripthash/:hash/utxo': (context, [hash = '']) => utxo(context, hash),
  'GET /tx/:hash/hex': ({ chain, faults }, [txid = '']) => {
    const found = chain.transaction(txid)
    if (found === undefined) return notFound('Transaction not found')
    const lies = faults.take('lie-transaction', '/tx/:hash/hex') !== undefined
    return text(lies ? withOneSatoshiMore(found.rawHex) : found.rawHex)
  },
  'GET /tx/:hash/status': (context, [txid = '']) => {
    const lift = context.faults.take('lie-height', '/tx/:hash/status')?.by ?? 0
    const height = context.chain.transaction(txid)?.height ?? 0
    return json(statusOf(context, lift === 0 ? height : Math.max(height, 1) + lift))
  },
  'GET /tx/:hash/merkle-proof': ({ chain, faults }, [txid = '']) => {
    const place = chain.place(txid)
    if (place === undefined) return notFound('Transaction not found or is unconfirmed')
    const lies = faults.take('lie-merkle', '/tx/:hash/merkle-proof') !== undefined
    return json({
      block_height: place.height,
      merkle: lies ? [...place.branch.slice(1), '11'.repeat(32)] : place.branch,
      pos: place.position,
    })
  },
  'GET /fee-estimates': ({ faults, feeRate }) => {
    const lie = faults.take('lie-fee', '/fee-estimates')
    const rate = lie === undefined ? feeRate() : lie.btcPerKb * 100_000
    if (rate === null || faults.take('no-fee', '/fee-estimates') !== undefined) return json({})
    return json(Object.fromEntries(ESTIMATED_TARGETS.map((target) => [String(target), rate])))
  },
  'POST /tx': ({ chain, faults }, _parts, body) => {
    const refusal = faults.take('reject-broadcast', '/tx')
    const outcome =
      refusal === undefined
        ? chain.accept(body.trim())
        : { kind: 'rejected' as const, reason: refusal.reason }
    if (outcome.kind === 'accepted')
      return text(faults.take('lie-txid', '/tx') === undefined ? outcome.txid : '00'.repeat(32))
    const message = JSON.stringify({ code: -26, message: outcome.reason })
    return { status: 400, body: `sendrawtransaction RPC error: ${message}` }
  },
}

/** '/tx/ab…/hex' → its shape and what stands in its places. */
function shapeOf(path: string): { readonly shape: string; readonly parts: readonly string[] } {
  const parts: string[] = []
  const shape = path
    .split('/')
    .map((word, at, words) => {
      if (/^[0-9a-f]{64}$/.test(word)) parts.push(word)
      else if (/^blocks?(-height)?$/.test(words[at - 1] ?? '') && /^\d{1,9}$/.test(word))
        parts.push(word)
      else return word
      return /^\d{1,9}$/.test(word) ? ':height' : ':hash'
    })
    .join('/')
  return { shape, parts }
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > MAX_BODY) return ''
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}

async function answer(
  context: EsploraContext,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request)
  const { shape, parts } = shapeOf((request.url ?? '/').split('?')[0] ?? '/')
  const { faults } = context
  if (faults.take('hang', shape) !== undefined) return
  if (faults.take('drop', shape) !== undefined) {
    request.socket.destroy()
    return
  }
  const huge = faults.take('huge-line', shape)
  const route = ROUTES[`${request.method ?? 'GET'} ${shape}`]
  const answered =
    faults.take('garbage', shape) !== undefined
      ? text('<html>502 Bad Gateway</html>')
      : huge !== undefined
        ? text('0'.repeat(huge.bytes))
        : (route?.(context, parts, body) ?? notFound('endpoint does not exist'))
  response.writeHead(answered.status, { 'content-type': 'text/plain' })
  response.end(answered.body)
}

/** Listens on loopback until closed. */
export async function startEsploraServer(context: EsploraContext): Promise<EsploraServer> {
  const received: string[] = []
  const server = createServer((request, response) => {
    received.push(`${request.method ?? ''} ${request.url ?? ''}`)
    answer(context, request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no TCP port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    received: () => received,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}
