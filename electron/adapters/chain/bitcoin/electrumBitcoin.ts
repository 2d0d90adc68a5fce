/** BitcoinPort over one Electrum server. What can be checked is: every coin's value and script against
 *  its own transaction, every txid by hashing, every confirmation by a merkle branch to a header of the chain
 *  that we verify. What cannot: that the server told us of every coin. Values in satoshi, rates in sat/vB. */
import { z } from 'zod'
import { ok } from '../../../../shared/errors/refusal.ts'
import { isVerified } from '../../../../shared/transfer/verify/verified.ts'
import type { BitcoinNetwork } from '../../../../shared/vault/account.ts'
import type {
  BitcoinPort,
  ChainResult,
  Clock,
  Confirmation,
  ScriptCoin,
} from '../../../host/ports.ts'
import { feeRate, hashSchema, lied, malformed, rawSchema, rejected } from './answers.ts'
import { type ChainAnswers, createChainView, secondLook } from './chainView.ts'
import type { Endpoint } from './dial.ts'
import { type ElectrumCall, createElectrumClient } from './electrumClient.ts'
import { createElectrumScripts, electrumScriptHash, parseAnswer } from './electrumScripts.ts'
import { GENESIS_HASH, type MerkleProof, isHeaderHex } from './header.ts'
import type { HeaderChain } from './headerChain.ts'
import { createListeners } from './listeners.ts'
import {
  type KnownTransaction,
  checkClaims,
  claimedCoins,
  createTransactions,
} from './transactions.ts'

export interface ElectrumBitcoinOptions {
  readonly network: BitcoinNetwork
  readonly endpoint: Endpoint
  /** Of this network; may be shared with other servers. */
  readonly headers: HeaderChain
  readonly clock: Clock
  /** Per batch of questions; 15 s unless given. */
  readonly timeoutMs?: number
  /** How often an idle connection says that it is alive; a minute unless given. */
  readonly pingEveryMs?: number
  /** Longest line taken from the server; 16 MiB unless given. */
  readonly maxLineBytes?: number
}

const tipSchema = z.object({ hex: z.string(), height: z.int().nonnegative() })
const historySchema = z.array(z.object({ tx_hash: hashSchema, height: z.int() }))
const merkleSchema = z.object({ merkle: z.array(hashSchema), pos: z.int().nonnegative() })
const headersSchema = z.object({ hex: z.string().regex(/^([0-9a-f]{160})*$/) })

/** Connects lazily; the first call that needs the server dials it. Close it to release the socket. */
export function createElectrumBitcoin(options: ElectrumBitcoinOptions): BitcoinPort {
  const { network, endpoint, clock } = options
  const transactions = createTransactions()
  const news = createListeners()
  const client = createElectrumClient({
    endpoint,
    clock,
    timeoutMs: options.timeoutMs ?? 15_000,
    pingEveryMs: options.pingEveryMs ?? 60_000,
    maxLineBytes: options.maxLineBytes ?? 16 * 1024 * 1024,
    genesisHash: GENESIS_HASH[network],
    onConnect: () => scripts.forget(),
    onLost: () => {
      scripts.forget()
      news.tell()
    },
    onNotification: (method, params) => {
      if (method !== 'blockchain.scripthash.subscribe' || scripts.note(params)) news.tell()
    },
  })
  const scripts = createElectrumScripts(client.ask)

  async function askOne<T>(
    call: ElectrumCall,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<ChainResult<T>> {
    const answers = await client.ask([call], signal)
    return answers.ok ? parseAnswer(call.method, schema, answers.value[0]) : answers
  }

  const answers: ChainAnswers = {
    async readTip(signal) {
      const call = { method: 'blockchain.headers.subscribe', params: [] }
      const tip = await askOne(call, tipSchema, signal)
      if (!tip.ok) return tip
      const { hex, height } = tip.value
      return isHeaderHex(hex)
        ? ok({ height, header: Buffer.from(hex, 'hex') })
        : malformed(call.method, hex)
    },
    async readHeaders(from, count, signal) {
      const call = { method: 'blockchain.block.headers', params: [from, count] }
      const read = await askOne(call, headersSchema, signal)
      return read.ok ? ok(Buffer.from(read.value.hex.slice(0, count * 160), 'hex')) : read
    },
    async readProofs(placed, signal) {
      const method = 'blockchain.transaction.get_merkle'
      const calls = placed.map(({ txid, height }) => ({ method, params: [txid, height] }))
      const told = await client.ask(calls, signal, 'short')
      if (!told.ok) return told
      const proofs: MerkleProof[] = []
      for (const [at, { txid, height }] of placed.entries()) {
        const answer = told.value[at]
        // A server that claims a height and then has no proof for it did not tell the truth.
        if (answer?.kind === 'error') return lied('height', `${txid} at ${height}`, answer.message)
        const proof = parseAnswer(method, merkleSchema, answer)
        if (!proof.ok) return proof
        proofs.push(proof.value)
      }
      return ok(proofs)
    },
  }
  const view = createChainView({ answers, headers: options.headers, clock, onNews: news.tell })

  /** Raw transactions by txid, each hashed here; from the cache where already known. */
  async function readTransactions(
    txids: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<ReadonlyMap<string, KnownTransaction>>> {
    const method = 'blockchain.transaction.get'
    const found = new Map<string, KnownTransaction>()
    const missing: string[] = []
    for (const txid of new Set(txids)) {
      const known = transactions.get(txid)
      if (known === undefined) missing.push(txid)
      else found.set(txid, known)
    }
    const told = await client.ask(
      missing.map((txid) => ({ method, params: [txid] })),
      signal,
    )
    if (!told.ok) return told
    for (const [at, txid] of missing.entries()) {
      const raw = parseAnswer(method, rawSchema, told.value[at])
      if (!raw.ok) return raw
      const taken = transactions.take(txid, raw.value, method)
      if (!taken.ok) return taken
      found.set(txid, taken.value)
    }
    return ok(found)
  }

  async function readCoinsOnce(
    asked: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly ScriptCoin[]>> {
    const claims = await scripts.readClaims(asked, signal)
    if (!claims.ok) return claims
    const txids = claims.value.map(({ txid }) => txid)
    const known = await readTransactions(txids, signal)
    if (!known.ok) return known
    const coins = checkClaims(claims.value, known.value)
    return coins.ok ? view.prove(coins.value, signal) : coins
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
    const { height } = row
    const tip = await view.readTip(signal)
    if (!tip.ok) return tip
    if (height > tip.value.height) return lied('height', height, `tip ${tip.value.height}`)
    const proof = await view.proveOne({ txid, height }, signal)
    if (!proof.ok) return proof
    return ok({ kind: 'confirmed', height, confirmations: tip.value.height - height + 1 })
  }

  async function isKnown(txid: string, signal: AbortSignal): Promise<boolean> {
    const method = 'blockchain.transaction.get'
    const raw = await askOne({ method, params: [txid] }, rawSchema, signal)
    return raw.ok && transactions.take(txid, raw.value, method).ok
  }

  return {
    source: `Electrum ${endpoint.host}`,
    readTip: (signal) => secondLook(() => view.readTip(signal)),
    readUsedScripts: scripts.readUsed,
    readClaims: async (asked, signal) => {
      const claims = await scripts.readClaims(asked, signal)
      return claims.ok ? ok(claimedCoins(claims.value)) : claims
    },
    readCoins: (asked, signal) => secondLook(() => readCoinsOnce(asked, signal)),
    readTransaction: async (txid, signal) => {
      const found = await readTransactions([txid], signal)
      return found.ok ? ok(found.value.get(txid)?.raw ?? '') : found
    },
    readFeeRate: async (blocks, signal) => {
      const call = { method: 'blockchain.estimatefee', params: [blocks] }
      const answer = await askOne(call, z.number(), signal)
      if (!answer.ok) return answer
      // BTC/kB to sat/vB; −1 says that the server cannot estimate.
      const { value } = answer
      return feeRate(call.method, value < 0 ? undefined : Math.round(value * 1e8) / 1_000)
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
    onNews: news.listen,
    async close() {
      await view.close()
      await client.close()
    },
  }
}
