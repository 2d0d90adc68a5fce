/** BitcoinPort over one Esplora REST server (mempool.space's form): per-script questions only, never an xpub.
 *  Checked as with Electrum: raw transactions hashed, each coin's value and script read out of its own
 *  transaction, places proved by a merkle branch to a header with work. Satoshi, sat/vB. */
import { hash } from 'node:crypto'
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
import {
  feeRate,
  hashSchema,
  lied,
  malformed,
  rawSchema,
  rejected,
  wrongNetwork,
} from './answers.ts'
import { type ChainAnswers, createChainView, secondLook } from './chainView.ts'
import type { Socks5Proxy } from './dial.ts'
import { GENESIS_HASH, blockHash, encodeHeader, isHeaderHex } from './header.ts'
import type { HeaderChain } from './headerChain.ts'
import { type HttpAnswer, createHttpText } from './httpText.ts'
import { createListeners } from './listeners.ts'
import {
  type CoinClaim,
  type KnownTransaction,
  checkClaims,
  claimedCoins,
  createTransactions,
} from './transactions.ts'

export interface EsploraOptions {
  readonly network: BitcoinNetwork
  /** Where the API begins, e.g. 'https://mempool.space/api'. */
  readonly url: string
  /** Null: asked directly. */
  readonly proxy: Socks5Proxy | null
  /** Of this network; may be shared with other servers. */
  readonly headers: HeaderChain
  readonly clock: Clock
  /** Per question; 15 s unless given. */
  readonly timeoutMs?: number
}

const MAX_ANSWER_BYTES = 16 * 1024 * 1024
/** Blocks in one answer of `/blocks`. */
const PAGE = 10
/** Questions under way at once. */
const ABREAST = 8

const heightSchema = z
  .string()
  .regex(/^\d{1,9}$/)
  .transform(Number)
const statusSchema = z.object({
  confirmed: z.boolean(),
  block_height: z.int().nonnegative().optional(),
})
const unspentSchema = z.array(
  z.object({
    txid: hashSchema,
    vout: z.int().nonnegative(),
    value: z.int().nonnegative(),
    status: statusSchema,
  }),
)
const countSchema = z.object({ tx_count: z.int().nonnegative() })
const statsSchema = z.object({ chain_stats: countSchema, mempool_stats: countSchema })
const proofSchema = z.object({ merkle: z.array(hashSchema), pos: z.int().nonnegative() })
const uint32 = z.int().nonnegative().max(0xffffffff)
const blocksSchema = z.array(
  z
    .object({
      height: z.int().nonnegative(),
      version: z.int().min(-0x80000000).max(0xffffffff),
      previousblockhash: hashSchema.nullish(),
      merkle_root: hashSchema,
      timestamp: uint32,
      bits: uint32,
      nonce: uint32,
    })
    .transform(({ previousblockhash, merkle_root, timestamp, ...rest }) => ({
      ...rest,
      previousHash: previousblockhash ?? '00'.repeat(32),
      merkleRoot: merkle_root,
      time: timestamp,
    })),
)
const feesSchema = z.record(z.string(), z.number().positive())

/** Esplora's name for a script: sha256, not reversed. */
function scriptHash(scriptHex: string): string {
  return hash('sha256', Buffer.from(scriptHex, 'hex'), 'hex')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Speaks to the server only when asked; each answer is refused unless it has its shape. */
export function createEsploraBitcoin(options: EsploraOptions): BitcoinPort {
  const { network, clock } = options
  const source = `Esplora ${new URL(options.url).hostname}`
  const transactions = createTransactions()
  const news = createListeners()
  const http = createHttpText({
    base: options.url.replace(/\/+$/, ''),
    timeoutMs: options.timeoutMs ?? 15_000,
    maxBytes: MAX_ANSWER_BYTES,
    proxy: options.proxy,
  })
  let networkChecked = false

  /** The first block names the network; asked once, before anything is believed. */
  async function checkNetwork(signal: AbortSignal): Promise<ChainResult<null>> {
    if (networkChecked) return ok(null)
    const genesis = await http.get('/block-height/0', signal)
    if (!genesis.ok) return genesis
    const found = genesis.value.text.trim()
    if (!hashSchema.safeParse(found).success) return malformed('/block-height/0', found)
    if (found !== GENESIS_HASH[network]) return wrongNetwork(GENESIS_HASH[network], found)
    networkChecked = true
    return ok(null)
  }

  async function ask(path: string, signal: AbortSignal): Promise<ChainResult<HttpAnswer>> {
    const checked = await checkNetwork(signal)
    return checked.ok ? http.get(path, signal) : checked
  }

  async function readText<T>(
    path: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<ChainResult<T>> {
    const answer = await ask(path, signal)
    if (!answer.ok) return answer
    const { status, text } = answer.value
    if (status !== 200) return rejected(`${path}: ${status} ${text}`)
    const parsed = schema.safeParse(text.trim())
    return parsed.success ? ok(parsed.data) : malformed(path, text)
  }

  async function readJson<T>(
    path: string,
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<ChainResult<T>> {
    const answer = await ask(path, signal)
    if (!answer.ok) return answer
    const { status, text } = answer.value
    if (status !== 200) return rejected(`${path}: ${status} ${text}`)
    const parsed = schema.safeParse(parseJson(text))
    return parsed.success ? ok(parsed.data) : malformed(path, text)
  }

  /** Asks for each, a few abreast; the first refusal ends it. */
  async function readEach<K, T>(
    keys: readonly K[],
    read: (key: K) => Promise<ChainResult<T>>,
  ): Promise<ChainResult<readonly T[]>> {
    const values: T[] = []
    for (let at = 0; at < keys.length; at += ABREAST) {
      for (const answer of await Promise.all(keys.slice(at, at + ABREAST).map(read))) {
        if (!answer.ok) return answer
        values.push(answer.value)
      }
    }
    return ok(values)
  }

  async function readTransaction(
    txid: string,
    signal: AbortSignal,
  ): Promise<ChainResult<KnownTransaction>> {
    const known = transactions.get(txid)
    if (known !== undefined) return ok(known)
    const raw = await readText(`/tx/${txid}/hex`, rawSchema, signal)
    return raw.ok ? transactions.take(txid, raw.value, 'transaction') : raw
  }

  const readHeight = (signal: AbortSignal) => readText('/blocks/tip/height', heightSchema, signal)

  /** The header of the block that the server names at a height: it hashes to that name. */
  async function readHeader(height: number, signal: AbortSignal): Promise<ChainResult<Uint8Array>> {
    const named = await readText(`/block-height/${height}`, hashSchema, signal)
    if (!named.ok)
      return named.refusal.code === 'CHAIN_REJECTED'
        ? lied('height', height, 'no such block')
        : named
    const header = await readText(`/block/${named.value}/header`, z.string(), signal)
    if (!header.ok) return header
    if (!isHeaderHex(header.value)) return malformed('header', header.value)
    const actual = blockHash(header.value)
    return actual === named.value
      ? ok(Buffer.from(header.value, 'hex'))
      : lied('header', named.value, actual)
  }

  const answers: ChainAnswers = {
    async readTip(signal) {
      const height = await readHeight(signal)
      if (!height.ok) return height
      const header = await readHeader(height.value, signal)
      return header.ok ? ok({ height: height.value, header: header.value }) : header
    },
    /** Ten at a time, downwards from a height, put together again from their fields. */
    async readHeaders(from, count, signal) {
      const tops = Array.from(
        { length: Math.ceil(count / PAGE) },
        (_, at) => Math.min(from + (at + 1) * PAGE, from + count) - 1,
      )
      const pages = await readEach(tops, (top) => readJson(`/blocks/${top}`, blocksSchema, signal))
      if (!pages.ok) return pages
      const byHeight = new Map(pages.value.flat().map((block) => [block.height, block]))
      const headers: Uint8Array[] = []
      for (let height = from; height < from + count; height++) {
        const block = byHeight.get(height)
        if (block === undefined) break
        headers.push(encodeHeader(block))
      }
      return ok(Buffer.concat(headers))
    },
    readProofs: (placed, signal) =>
      readEach(placed, async ({ txid, height }) => {
        const proof = await readJson(`/tx/${txid}/merkle-proof`, proofSchema, signal)
        return !proof.ok && proof.refusal.code === 'CHAIN_REJECTED'
          ? lied('merkle', `${txid} at ${height}`, 'no branch')
          : proof
      }),
  }
  const view = createChainView({ answers, headers: options.headers, clock, onNews: news.tell })

  async function readClaims(
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly CoinClaim[]>> {
    const lists = await readEach([...new Set(scripts)], async (script) => {
      const path = `/scripthash/${scriptHash(script)}/utxo`
      const rows = await readJson(path, unspentSchema, signal)
      if (!rows.ok) return rows
      const claims: CoinClaim[] = []
      for (const { txid, vout, value, status } of rows.value) {
        const height = status.confirmed ? (status.block_height ?? null) : null
        if (status.confirmed && height === null) return malformed(path, 'confirmed nowhere')
        claims.push({ txid, vout, value, script, height })
      }
      return ok(claims)
    })
    return lists.ok ? ok(lists.value.flat()) : lists
  }

  async function readCoins(
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly ScriptCoin[]>> {
    const claims = await readClaims(scripts, signal)
    if (!claims.ok) return claims
    const txids = [...new Set(claims.value.map(({ txid }) => txid))]
    const known = await readEach(txids, (txid) => readTransaction(txid, signal))
    if (!known.ok) return known
    const byTxid = new Map(known.value.map((found, at) => [txids[at] ?? '', found]))
    const coins = checkClaims(claims.value, byTxid)
    return coins.ok ? view.prove(coins.value, signal) : coins
  }

  async function readConfirmation(
    txid: string,
    signal: AbortSignal,
  ): Promise<ChainResult<Confirmation>> {
    const answer = await ask(`/tx/${txid}/status`, signal)
    if (!answer.ok) return answer
    if (answer.value.status === 404) return ok({ kind: 'unknown' })
    const status = statusSchema.safeParse(parseJson(answer.value.text))
    if (!status.success) return malformed(`/tx/${txid}/status`, answer.value.text)
    const { confirmed, block_height: height } = status.data
    if (!confirmed) {
      // Esplora answers `confirmed: false` for what it has never seen, too.
      const raw = await readTransaction(txid, signal)
      if (raw.ok) return ok({ kind: 'mempool' })
      return raw.refusal.code === 'CHAIN_REJECTED' ? ok({ kind: 'unknown' }) : raw
    }
    if (height === undefined) return malformed(`/tx/${txid}/status`, answer.value.text)
    const tip = await view.readTip(signal)
    if (!tip.ok) return tip
    if (height > tip.value.height) return lied('height', height, `tip ${tip.value.height}`)
    const proof = await view.proveOne({ txid, height }, signal)
    if (!proof.ok) return proof
    return ok({ kind: 'confirmed', height, confirmations: tip.value.height - height + 1 })
  }

  return {
    source,
    readTip: (signal) => secondLook(() => view.readTip(signal)),
    readUsedScripts: async (scripts, signal) => {
      const asked = [...new Set(scripts)]
      const stats = await readEach(asked, (script) =>
        readJson(`/scripthash/${scriptHash(script)}`, statsSchema, signal),
      )
      if (!stats.ok) return stats
      const isUsed = (at: number) => {
        const found = stats.value[at]
        return found !== undefined && found.chain_stats.tx_count + found.mempool_stats.tx_count > 0
      }
      return ok(new Set(asked.filter((_, at) => isUsed(at))))
    },
    readCoins: (scripts, signal) => secondLook(() => readCoins(scripts, signal)),
    readClaims: async (scripts, signal) => {
      const claims = await readClaims(scripts, signal)
      return claims.ok ? ok(claimedCoins(claims.value)) : claims
    },
    readTransaction: async (txid, signal) => {
      const found = await readTransaction(txid, signal)
      return found.ok ? ok(found.value.raw) : found
    },
    readFeeRate: async (blocks, signal) => {
      const fees = await readJson('/fee-estimates', feesSchema, signal)
      if (!fees.ok) return fees
      // The longest wait that is not longer than asked; an empty table is a server without an idea.
      const targets = Object.keys(fees.value)
        .map(Number)
        .filter((target) => target <= blocks)
      return feeRate('/fee-estimates', fees.value[String(Math.max(...targets))])
    },
    readConfirmation: (txid, _script, signal) => secondLook(() => readConfirmation(txid, signal)),
    broadcast: async (transaction, signal) => {
      if (!isVerified(transaction) || transaction.kind !== 'bitcoin') {
        return rejected('not verified against an approved plan')
      }
      const { rawHex, txid } = transaction
      const checked = await checkNetwork(signal)
      if (!checked.ok) return checked
      const sent = await http.post('/tx', rawHex, signal)
      if (sent.ok && sent.value.status === 200) {
        const answer = sent.value.text.trim()
        return answer === txid ? ok({ txid }) : lied('txid', answer, txid)
      }
      // It may have arrived all the same, now or at an earlier attempt; a kept copy of ours proves nothing.
      transactions.forget(txid)
      if ((await readTransaction(txid, signal)).ok) return ok({ txid })
      return sent.ok ? rejected(sent.value.text) : sent
    },
    async close() {
      await view.close()
      http.close()
    },
  }
}
