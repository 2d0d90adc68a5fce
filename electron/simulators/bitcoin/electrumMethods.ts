/** The Electrum protocol 1.4, method by method, over a chain. Pure request → answer; the socket,
 *  subscriptions and transport faults are in electrumServer.ts. Values in satoshi, fees in BTC/kB. */
import { createHash } from 'node:crypto'
import { Transaction } from 'bitcoinjs-lib'
import { toHex } from './bytes.ts'
import type { BitcoinChain, ChainCoin, HistoryRow } from './chain.ts'
import type { Faults } from './faults.ts'

export const PROTOCOL_VERSION = '1.4'
const SERVER_NAME = 'Bulkhead regtest 1.0'
const MAX_HEADERS = 2016
const MIN_FEE_BTC_PER_KB = 0.00001

export class ProtocolError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export interface MethodContext {
  readonly chain: BitcoinChain
  readonly faults: Faults
  /** sat/vB that estimatefee answers; null is the protocol's −1. */
  readonly feeRate: () => number | null
}

type Params = readonly unknown[]
type Method = (context: MethodContext, params: Params) => unknown

function bad(message: string): never {
  throw new ProtocolError(1, message)
}

function hash(params: Params, at: number): string {
  const value = params[at]
  return typeof value === 'string' && /^[0-9a-f]{64}$/.test(value)
    ? value
    : bad(`${String(value)} should be a hash`)
}

function count(params: Params, at: number, otherwise?: number): number {
  const value = params[at] ?? otherwise
  return typeof value === 'number' && Number.isInteger(value) && value >= 0
    ? value
    : bad(`${String(value)} should be a non-negative integer`)
}

/** The height this server admits to. */
export function shownHeight({ chain, faults }: MethodContext, method: string): number {
  return Math.max(0, chain.height() - (faults.take('lagging', method)?.blocks ?? 0))
}

export function tipAnswer(context: MethodContext): { hex: string; height: number } {
  const height = shownHeight(context, 'blockchain.headers.subscribe')
  const idle = context.faults.take('idle-tip', 'blockchain.headers.subscribe') !== undefined
  const header = idle ? undefined : context.chain.header(height)
  return { hex: toHex(header ?? new Uint8Array(80)), height }
}

/** sha256 over 'txid:height:' of each history row; null without history. */
export function statusOf(rows: readonly HistoryRow[]): string | null {
  if (rows.length === 0) return null
  const text = rows.map((row) => `${row.txid}:${row.height}:`).join('')
  return createHash('sha256').update(text).digest('hex')
}

function historyAnswer(context: MethodContext, method: string, scriptHash: string): unknown[] {
  const lift = context.faults.take('lie-height', method)?.by ?? 0
  return context.chain.history(scriptHash).map((row) => ({
    tx_hash: row.txid,
    height: lift === 0 ? row.height : Math.max(row.height, 1) + lift,
    ...(row.fee === undefined || lift > 0 ? {} : { fee: Number(row.fee) }),
  }))
}

function coinsAnswer(context: MethodContext, scriptHash: string): unknown[] {
  const method = 'blockchain.scripthash.listunspent'
  const { chain, faults } = context
  const by = faults.take('lie-value', method)?.by ?? 0
  const lift = faults.take('lie-height', method)?.by ?? 0
  if (faults.take('omit-coins', method) !== undefined) return []
  const foreign = faults.take('lie-script', method) === undefined ? [] : foreignCoins(chain)
  const shift = faults.take('lie-position', method)?.by ?? 0
  const own = chain.coins(scriptHash)
  const again = faults.take('repeat-coins', method) === undefined ? [] : own
  return [...own, ...again, ...foreign].map((coin) => ({
    tx_hash: coin.txid,
    tx_pos: coin.vout + shift,
    value: Number(coin.value) + by,
    height: lift === 0 ? coin.height : Math.max(coin.height, 1) + lift,
  }))
}

/** Outputs that belong to whoever mined the first block. */
function foreignCoins(chain: BitcoinChain): readonly ChainCoin[] {
  const txid = chain.transactionAt(1, 0)
  return txid === undefined
    ? []
    : [{ txid, vout: 0, value: 5_000_000_000n, script: new Uint8Array(0), height: 1 }]
}

function balanceAnswer({ chain }: MethodContext, scriptHash: string): unknown {
  const coins = chain.coins(scriptHash)
  const sum = (list: readonly ChainCoin[]): number =>
    Number(list.reduce((total, coin) => total + coin.value, 0n))
  // Spends of confirmed coins that wait in the mempool lower `unconfirmed`; this server counts what is left.
  return {
    confirmed: sum(coins.filter((coin) => coin.height > 0)),
    unconfirmed: sum(coins.filter((coin) => coin.height === 0)),
  }
}

function transactionAnswer(context: MethodContext, params: Params): string {
  const method = 'blockchain.transaction.get'
  const found = context.chain.transaction(hash(params, 0))
  if (found === undefined) {
    throw new ProtocolError(2, 'daemon error: No such mempool or blockchain transaction.')
  }
  if (params[1] === true) bad('verbose transactions are not supported')
  if (context.faults.take('bad-transaction', method) !== undefined) return '00ff'
  if (context.faults.take('lie-transaction', method) === undefined) return found.rawHex
  return withOneSatoshiMore(found.rawHex)
}

function withOneSatoshiMore(rawHex: string): string {
  const transaction = Transaction.fromHex(rawHex)
  const [first] = transaction.outs
  if (first !== undefined) first.value += 1n
  return transaction.toHex()
}

function broadcastAnswer({ chain, faults }: MethodContext, params: Params): string {
  const method = 'blockchain.transaction.broadcast'
  const raw = params[0]
  if (typeof raw !== 'string') return bad('raw transaction should be hex')
  const refusal = faults.take('reject-broadcast', method)
  if (refusal !== undefined) {
    throw new ProtocolError(
      1,
      `the transaction was rejected by network rules.\n\n${refusal.reason}`,
    )
  }
  const outcome = chain.accept(raw)
  if (outcome.kind === 'rejected') {
    throw new ProtocolError(
      1,
      `the transaction was rejected by network rules.\n\n${outcome.reason}\n[${raw}]`,
    )
  }
  if (faults.take('forget-broadcast', method) !== undefined) chain.forget(outcome.txid)
  return faults.take('lie-txid', method) === undefined ? outcome.txid : '00'.repeat(32)
}

function merkleAnswer({ chain, faults }: MethodContext, params: Params): unknown {
  const place = chain.place(hash(params, 0))
  const height = count(params, 1)
  if (place === undefined || place.height !== height) {
    return bad(`tx ${String(params[0])} not in block at height ${height}`)
  }
  const lie = faults.take('lie-merkle', 'blockchain.transaction.get_merkle') !== undefined
  return {
    block_height: height,
    pos: place.position,
    merkle: lie ? [...place.branch.slice(1), '11'.repeat(32)] : place.branch,
  }
}

function headerAnswer(context: MethodContext, params: Params): unknown {
  const height = count(params, 0)
  const upTo = count(params, 1, 0)
  const header = context.chain.header(height)
  if (header === undefined) return bad(`height ${height} out of range`)
  const wrong = context.faults.take('wrong-network', 'blockchain.block.header') !== undefined
  const hex = wrong ? MAINNET_GENESIS_HEADER : toHex(header)
  if (upTo === 0) return hex
  const proof = context.chain.headerBranch(height, upTo)
  return proof === undefined ? bad('header proof out of range') : { header: hex, ...proof }
}

const MAINNET_GENESIS_HEADER =
  '0100000000000000000000000000000000000000000000000000000000000000000000003ba3edfd7a7b12b27ac72c3e67768f617fc81bc3888a51323a9fb8aa4b1e5e4a29ab5f49ffff001d1dac2b7c'

function headersAnswer({ chain }: MethodContext, params: Params): unknown {
  const start = count(params, 0)
  const wanted = Math.min(count(params, 1), MAX_HEADERS)
  const upTo = count(params, 2, 0)
  const headers: string[] = []
  for (let height = start; height < start + wanted; height++) {
    const header = chain.header(height)
    if (header === undefined) break
    headers.push(toHex(header))
  }
  const proof = upTo > 0 ? chain.headerBranch(start + headers.length - 1, upTo) : undefined
  return { hex: headers.join(''), count: headers.length, max: MAX_HEADERS, ...proof }
}

function positionAnswer({ chain }: MethodContext, params: Params): unknown {
  const height = count(params, 0)
  const txid = chain.transactionAt(height, count(params, 1))
  if (txid === undefined)
    return bad(`no tx at position ${String(params[1])} in block at height ${height}`)
  return params[2] === true ? { tx_hash: txid, merkle: chain.place(txid)?.branch ?? [] } : txid
}

/** Virtual size of the mempool by falling fee rate. */
function feeHistogram({ chain }: MethodContext): readonly (readonly [number, number])[] {
  const bySize = new Map<number, number>()
  for (const entry of chain.mempool()) {
    const rate = Math.floor(Number(entry.fee) / entry.virtualSize)
    bySize.set(rate, (bySize.get(rate) ?? 0) + entry.virtualSize)
  }
  return [...bySize].sort(([a], [b]) => b - a)
}

function featuresAnswer({ chain }: MethodContext): unknown {
  return {
    genesis_hash: chain.blockHash(0),
    hosts: {},
    protocol_max: PROTOCOL_VERSION,
    protocol_min: PROTOCOL_VERSION,
    pruning: null,
    server_version: SERVER_NAME,
    hash_function: 'sha256',
  }
}

export const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>([
  ['server.version', () => [SERVER_NAME, PROTOCOL_VERSION]],
  ['server.banner', () => 'A regtest chain of our own.'],
  ['server.donation_address', () => ''],
  ['server.features', featuresAnswer],
  ['server.ping', () => null],
  ['server.peers.subscribe', () => []],
  ['server.add_peer', () => false],
  ['blockchain.block.header', headerAnswer],
  ['blockchain.block.headers', headersAnswer],
  ['blockchain.headers.subscribe', (context) => tipAnswer(context)],
  [
    'blockchain.estimatefee',
    ({ faults, feeRate }, params) => {
      count(params, 0)
      const lie = faults.take('lie-fee', 'blockchain.estimatefee')
      const rate = feeRate()
      return lie?.btcPerKb ?? (rate === null ? -1 : rate / 100_000)
    },
  ],
  ['blockchain.relayfee', () => MIN_FEE_BTC_PER_KB],
  ['mempool.get_fee_histogram', feeHistogram],
  [
    'blockchain.scripthash.subscribe',
    ({ chain }, params) => statusOf(chain.history(hash(params, 0))),
  ],
  ['blockchain.scripthash.unsubscribe', (_, params) => hash(params, 0) !== ''],
  [
    'blockchain.scripthash.get_history',
    (context, params) =>
      historyAnswer(context, 'blockchain.scripthash.get_history', hash(params, 0)),
  ],
  [
    'blockchain.scripthash.get_mempool',
    ({ chain }, params) =>
      chain
        .history(hash(params, 0))
        .filter((row) => row.height <= 0)
        .map((row) => ({ tx_hash: row.txid, height: row.height, fee: Number(row.fee ?? 0n) })),
  ],
  [
    'blockchain.scripthash.get_balance',
    (context, params) => balanceAnswer(context, hash(params, 0)),
  ],
  ['blockchain.scripthash.listunspent', (context, params) => coinsAnswer(context, hash(params, 0))],
  ['blockchain.transaction.get', transactionAnswer],
  ['blockchain.transaction.get_merkle', merkleAnswer],
  ['blockchain.transaction.id_from_pos', positionAnswer],
  ['blockchain.transaction.broadcast', broadcastAnswer],
])
