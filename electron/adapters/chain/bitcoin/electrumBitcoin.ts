/** BitcoinPort over one Electrum server. What can be checked is: every coin's value and script against
 *  its own transaction, every txid by hashing, every confirmation by a merkle branch to a header with
 *  work. What cannot: that the server told us of every coin. Values in satoshi, rates in sat/vB. */
import { Transaction, crypto } from 'bitcoinjs-lib'
import { z } from 'zod'
import { type Result, ok, refuse } from '../../../../shared/errors/refusal.ts'
import { isVerified } from '../../../../shared/transfer/verify/verified.ts'
import type { BitcoinNetwork } from '../../../../shared/vault/account.ts'
import type {
  BitcoinPort,
  ChainResult,
  Clock,
  Confirmation,
  ScriptCoin,
} from '../../../host/ports.ts'
import {
  type ElectrumAnswer,
  type ElectrumCall,
  type ElectrumTls,
  createElectrumClient,
} from './electrumClient.ts'
import { GENESIS_HASH, hasWork, isHeaderHex, provesPlace } from './header.ts'

export interface ElectrumBitcoinOptions {
  readonly network: BitcoinNetwork
  readonly host: string
  readonly port: number
  readonly tls: ElectrumTls
  readonly clock: Clock
  /** Per batch of questions; 15 s unless given. */
  readonly timeoutMs?: number
  /** Longest line taken from the server; 16 MiB unless given. */
  readonly maxLineBytes?: number
}

/** Above this a fee rate is a fault or an attack, not a market (sat/vB). */
const ABSURD_FEE_RATE = 10_000
const MINIMUM_FEE_RATE = 1
const CACHED_TRANSACTIONS = 2_000

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/)
const tipSchema = z.object({ hex: z.string(), height: z.int().nonnegative() })
const unspentSchema = z.array(
  z.object({
    tx_hash: hashSchema,
    tx_pos: z.int().nonnegative(),
    value: z.int().nonnegative(),
    height: z.int(),
  }),
)
const historySchema = z.array(z.object({ tx_hash: hashSchema, height: z.int() }))
const merkleSchema = z.object({ merkle: z.array(hashSchema), pos: z.int().nonnegative() })
const rawSchema = z.string().regex(/^([0-9a-f]{2})+$/)

interface PlacedTransaction {
  readonly txid: string
  readonly height: number
}

/** The Electrum protocol's name for a script: sha256, reversed. */
export function electrumScriptHash(scriptHex: string): string {
  return Buffer.from(crypto.sha256(Buffer.from(scriptHex, 'hex')))
    .reverse()
    .toString('hex')
}

function lied(field: string, claimed: unknown, actual: unknown): Result<never, 'CHAIN_LIED'> {
  return refuse('CHAIN_LIED', {
    chain: 'bitcoin',
    field,
    claimed: String(claimed).slice(0, 200),
    actual: String(actual).slice(0, 200),
  })
}

function malformed(field: string, value: unknown): Result<never, 'CHAIN_ANSWER_MALFORMED'> {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return refuse('CHAIN_ANSWER_MALFORMED', { chain: 'bitcoin', field, value: text.slice(0, 200) })
}

function rejected(reason: string): Result<never, 'CHAIN_REJECTED'> {
  return refuse('CHAIN_REJECTED', { chain: 'bitcoin', reason })
}

function parseAnswer<T>(
  field: string,
  schema: z.ZodType<T>,
  answer: ElectrumAnswer | undefined,
): Result<T, 'CHAIN_ANSWER_MALFORMED' | 'CHAIN_REJECTED'> {
  if (answer === undefined) return malformed(field, 'nothing')
  if (answer.kind === 'error') return rejected(answer.message)
  const parsed = schema.safeParse(answer.value)
  return parsed.success ? ok(parsed.data) : malformed(field, answer.value)
}

/** Connects lazily; the first call that needs the server dials it. Close it to release the socket. */
export function createElectrumBitcoin(options: ElectrumBitcoinOptions): BitcoinPort {
  const { network, host, port, clock } = options
  /** Raw transactions whose txid was recomputed: they can never change. */
  const transactions = new Map<string, string>()
  /** 'txid:height' proved under the chain that this connection last told of. */
  const proved = new Set<string>()
  let knownHeight = 0
  const client = createElectrumClient({
    host,
    port,
    tls: options.tls,
    clock,
    timeoutMs: options.timeoutMs ?? 15_000,
    maxLineBytes: options.maxLineBytes ?? 16 * 1024 * 1024,
    genesisHash: GENESIS_HASH[network],
    onConnect: () => proved.clear(),
    onNotification: (method, params) => {
      if (method !== 'blockchain.headers.subscribe') return
      const tip = tipSchema.safeParse(params[0])
      if (tip.success) noteTip(tip.data.height)
    },
  })

  /** A tip that is not above the last one means blocks were replaced: proofs must be made again. */
  function noteTip(height: number): void {
    if (height <= knownHeight) proved.clear()
    knownHeight = height
  }

  async function askOne<T>(
    call: ElectrumCall,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<ChainResult<T>> {
    const answers = await client.ask([call], signal)
    return answers.ok ? parseAnswer(call.method, schema, answers.value[0]) : answers
  }

  async function askEach<T>(
    calls: readonly ElectrumCall[],
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<ChainResult<readonly T[]>> {
    const answers = await client.ask(calls, signal)
    if (!answers.ok) return answers
    const values: T[] = []
    for (const [at, call] of calls.entries()) {
      const value = parseAnswer(call.method, schema, answers.value[at])
      if (!value.ok) return value
      values.push(value.value)
    }
    return ok(values)
  }

  async function readTipHeight(signal: AbortSignal): Promise<ChainResult<number>> {
    const call = { method: 'blockchain.headers.subscribe', params: [] }
    const tip = await askOne(call, tipSchema, signal)
    if (!tip.ok) return tip
    const { hex, height } = tip.value
    if (!isHeaderHex(hex)) return malformed(call.method, hex)
    if (height > 0 && !hasWork(hex, network, height))
      return lied('header', `height ${height}`, 'no work')
    if (height !== knownHeight) noteTip(height)
    return ok(height)
  }

  /** Raw transactions by txid, each hashed here; from the cache where already known. */
  async function readTransactions(
    txids: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<ReadonlyMap<string, string>>> {
    const found = new Map<string, string>()
    const missing: string[] = []
    for (const txid of new Set(txids)) {
      const raw = transactions.get(txid)
      if (raw === undefined) missing.push(txid)
      else found.set(txid, raw)
    }
    const calls = missing.map((txid) => ({ method: 'blockchain.transaction.get', params: [txid] }))
    const answers = await askEach(calls, rawSchema, signal)
    if (!answers.ok) return answers
    for (const [at, txid] of missing.entries()) {
      const raw = answers.value[at] ?? ''
      const actual = txidOf(raw)
      if (actual === undefined) return malformed('blockchain.transaction.get', raw)
      if (actual !== txid) return lied('transaction', txid, actual)
      found.set(txid, raw)
      keepTransaction(txid, raw)
    }
    return ok(found)
  }

  function keepTransaction(txid: string, raw: string): void {
    const [oldest] = transactions.keys()
    if (transactions.size >= CACHED_TRANSACTIONS && oldest !== undefined)
      transactions.delete(oldest)
    transactions.set(txid, raw)
  }

  /** Checks that each transaction lies in a block with work at the claimed height. */
  async function provePlaces(
    placed: readonly PlacedTransaction[],
    signal: AbortSignal,
  ): Promise<ChainResult<null>> {
    const open = placed.filter(({ txid, height }) => !proved.has(`${txid}:${height}`))
    const heights = [...new Set(open.map((row) => row.height))]
    const headerCalls = heights.map((h) => ({ method: 'blockchain.block.header', params: [h] }))
    const proofCalls = open.map(({ txid, height }) => ({
      method: 'blockchain.transaction.get_merkle',
      params: [txid, height],
    }))
    const answers = await client.ask([...headerCalls, ...proofCalls], signal)
    if (!answers.ok) return answers
    const headers = new Map<number, string>()
    for (const [at, height] of heights.entries()) {
      const answer = answers.value[at]
      if (answer?.kind === 'error') return lied('height', height, answer.message)
      if (answer === undefined || !isHeaderHex(answer.value)) return malformed('header', answer)
      if (!hasWork(answer.value, network, height))
        return lied('header', `height ${height}`, 'no work')
      headers.set(height, answer.value)
    }
    for (const [at, { txid, height }] of open.entries()) {
      const answer = answers.value[heights.length + at]
      // A server that claims a height and then has no proof for it did not tell the truth.
      if (answer?.kind === 'error') return lied('height', `${txid} at ${height}`, answer.message)
      const proof = parseAnswer('blockchain.transaction.get_merkle', merkleSchema, answer)
      if (!proof.ok) return proof
      if (!provesPlace(txid, proof.value, headers.get(height) ?? '')) {
        return lied('merkle', `${txid} at ${height}`, 'the branch leads elsewhere')
      }
      proved.add(`${txid}:${height}`)
    }
    return ok(null)
  }

  async function readCoinsOnce(
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly ScriptCoin[]>> {
    const asked = [...new Set(scripts)]
    const calls = asked.map((script) => ({
      method: 'blockchain.scripthash.listunspent',
      params: [electrumScriptHash(script)],
    }))
    const lists = await askEach(calls, unspentSchema, signal)
    if (!lists.ok) return lists
    const claims = asked.flatMap((script, at) =>
      (lists.value[at] ?? []).map((row) => ({ script, ...row })),
    )
    const raws = await readTransactions(
      claims.map((claim) => claim.tx_hash),
      signal,
    )
    if (!raws.ok) return raws
    const coins: ScriptCoin[] = []
    const seen = new Set<string>()
    for (const { script, tx_hash: txid, tx_pos: vout, value, height } of claims) {
      const name = `${txid}:${vout}`
      if (seen.has(name)) return lied('coin', name, 'told twice')
      seen.add(name)
      const output = Transaction.fromHex(raws.value.get(txid) ?? '').outs[vout]
      if (output === undefined) return lied('coin', name, 'no such output')
      const actualScript = Buffer.from(output.script).toString('hex')
      if (actualScript !== script) return lied('script', `${name} ${script}`, actualScript)
      if (output.value !== BigInt(value)) return lied('value', `${name} ${value}`, output.value)
      coins.push({ txid, vout, value: output.value, script, height: height > 0 ? height : null })
    }
    const placed = coins.flatMap(({ txid, height }) => (height === null ? [] : [{ txid, height }]))
    const proof = await provePlaces(placed, signal)
    return proof.ok ? ok(coins) : proof
  }

  /** A reorganisation between two questions looks like a lie; the second look tells them apart. */
  async function secondLook<T>(read: () => Promise<ChainResult<T>>): Promise<ChainResult<T>> {
    const first = await read()
    return first.ok || first.refusal.code !== 'CHAIN_LIED' ? first : read()
  }

  async function readConfirmationOnce(
    txid: string,
    script: string,
    signal: AbortSignal,
  ): Promise<ChainResult<Confirmation>> {
    const call = {
      method: 'blockchain.scripthash.get_history',
      params: [electrumScriptHash(script)],
    }
    const history = await askOne(call, historySchema, signal)
    if (!history.ok) return history
    const row = history.value.find((entry) => entry.tx_hash === txid)
    if (row === undefined) return ok({ kind: 'unknown' })
    if (row.height <= 0) return ok({ kind: 'mempool' })
    const tip = await readTipHeight(signal)
    if (!tip.ok) return tip
    if (row.height > tip.value) return lied('height', row.height, `tip ${tip.value}`)
    const proof = await provePlaces([{ txid, height: row.height }], signal)
    if (!proof.ok) return proof
    const confirmations = tip.value - row.height + 1
    return ok({ kind: 'confirmed', height: row.height, confirmations })
  }

  async function isKnown(txid: string, signal: AbortSignal): Promise<boolean> {
    const call = { method: 'blockchain.transaction.get', params: [txid] }
    const raw = await askOne(call, rawSchema, signal)
    return raw.ok && txidOf(raw.value) === txid
  }

  return {
    source: `Electrum ${host}`,
    readTip: async (signal) => {
      const height = await readTipHeight(signal)
      return height.ok ? ok({ height: height.value, asOf: clock.now() }) : height
    },
    readUsedScripts: async (scripts, signal) => {
      const asked = [...new Set(scripts)]
      const calls = asked.map((script) => ({
        method: 'blockchain.scripthash.get_history',
        params: [electrumScriptHash(script)],
      }))
      const histories = await askEach(calls, historySchema, signal)
      if (!histories.ok) return histories
      return ok(new Set(asked.filter((_, at) => (histories.value[at] ?? []).length > 0)))
    },
    readCoins: (scripts, signal) => secondLook(() => readCoinsOnce(scripts, signal)),
    readTransaction: async (txid, signal) => {
      const found = await readTransactions([txid], signal)
      if (!found.ok) return found
      return ok(found.value.get(txid) ?? '')
    },
    readFeeRate: async (blocks, signal) => {
      const call = { method: 'blockchain.estimatefee', params: [blocks] }
      const answer = await askOne(call, z.number(), signal)
      if (!answer.ok) return answer
      // BTC/kB to sat/vB; −1 says that the server cannot estimate.
      const rate = answer.value < 0 ? MINIMUM_FEE_RATE : Math.round(answer.value * 1e8) / 1_000
      if (rate > ABSURD_FEE_RATE) return malformed(call.method, answer.value)
      return ok(Math.max(rate, MINIMUM_FEE_RATE))
    },
    readConfirmation: (txid, script, signal) =>
      secondLook(() => readConfirmationOnce(txid, script, signal)),
    broadcast: async (transaction, signal) => {
      if (!isVerified(transaction) || transaction.kind !== 'bitcoin') {
        return rejected('not verified against an approved plan')
      }
      const { rawHex, txid } = transaction
      const call = { method: 'blockchain.transaction.broadcast', params: [rawHex] }
      const sent = await askOne(call, hashSchema, signal)
      if (sent.ok) return sent.value === txid ? ok({ txid }) : lied('txid', sent.value, txid)
      // It may have arrived all the same, now or at an earlier attempt.
      return (await isKnown(txid, signal)) ? ok({ txid }) : sent
    },
    close: client.close,
  }
}

function txidOf(raw: string): string | undefined {
  try {
    return Transaction.fromHex(raw).getId()
  } catch {
    return undefined
  }
}
