/** BitcoinPort over one Esplora REST server (mempool.space's form): per-script questions only, never an xpub.
 *  Checked as with Electrum: raw transactions hashed, each coin's value and script read out of its own
 *  transaction, places proved by a merkle branch to a header with work. Satoshi, sat/vB. */
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
import { type HttpAnswer, createHttpText } from './httpText.ts'
import { GENESIS_HASH, blockHash, hasWork, isHeaderHex, provesPlace } from './header.ts'

export interface EsploraOptions {
  readonly network: BitcoinNetwork
  /** Where the API begins, e.g. 'https://mempool.space/api'. */
  readonly url: string
  readonly clock: Clock
  /** Per question; 15 s unless given. */
  readonly timeoutMs?: number
}

/** Above this a fee rate is a fault or an attack, not a market (sat/vB). */
const ABSURD_FEE_RATE = 10_000
const MINIMUM_FEE_RATE = 1
const MAX_ANSWER_BYTES = 16 * 1024 * 1024
const CACHED_TRANSACTIONS = 2_000
/** Questions under way at once. */
const ABREAST = 8

const hashSchema = z.string().regex(/^[0-9a-f]{64}$/)
const rawSchema = z.string().regex(/^([0-9a-f]{2})+$/)
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
const feesSchema = z.record(z.string(), z.number().positive())

/** Esplora's name for a script: sha256, not reversed. */
function scriptHash(scriptHex: string): string {
  return Buffer.from(crypto.sha256(Buffer.from(scriptHex, 'hex'))).toString('hex')
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
  return refuse('CHAIN_ANSWER_MALFORMED', {
    chain: 'bitcoin',
    field,
    value: String(value).slice(0, 200),
  })
}

function rejected(reason: string): Result<never, 'CHAIN_REJECTED'> {
  return refuse('CHAIN_REJECTED', { chain: 'bitcoin', reason: reason.slice(0, 300) })
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function parseTransaction(raw: string): Transaction | undefined {
  try {
    return Transaction.fromHex(raw)
  } catch {
    return undefined
  }
}

/** Speaks to the server only when asked; each answer is refused unless it has its shape. */
export function createEsploraBitcoin(options: EsploraOptions): BitcoinPort {
  const { network, clock } = options
  const source = `Esplora ${new URL(options.url).hostname}`
  const transactions = new Map<string, string>()
  const http = createHttpText({
    base: options.url.replace(/\/+$/, ''),
    timeoutMs: options.timeoutMs ?? 15_000,
    maxBytes: MAX_ANSWER_BYTES,
    chain: 'bitcoin',
  })
  let networkChecked = false

  /** The first block names the network; asked once, before anything is believed. */
  async function checkNetwork(signal: AbortSignal): Promise<ChainResult<null>> {
    if (networkChecked) return ok(null)
    const genesis = await http.get('/block-height/0', signal)
    if (!genesis.ok) return genesis
    const found = genesis.value.text.trim()
    if (!hashSchema.safeParse(found).success) return malformed('/block-height/0', found)
    if (found !== GENESIS_HASH[network])
      return refuse('CHAIN_WRONG_NETWORK', {
        chain: 'bitcoin',
        expected: GENESIS_HASH[network],
        found,
      })
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

  async function readTransaction(txid: string, signal: AbortSignal): Promise<ChainResult<string>> {
    const known = transactions.get(txid)
    if (known !== undefined) return ok(known)
    const raw = await readText(`/tx/${txid}/hex`, rawSchema, signal)
    if (!raw.ok) return raw
    const actual = parseTransaction(raw.value)?.getId()
    if (actual === undefined) return malformed('transaction', raw.value)
    if (actual !== txid) return lied('transaction', txid, actual)
    const [oldest] = transactions.keys()
    if (transactions.size >= CACHED_TRANSACTIONS && oldest !== undefined)
      transactions.delete(oldest)
    transactions.set(txid, raw.value)
    return raw
  }

  const readHeight = (signal: AbortSignal) => readText('/blocks/tip/height', heightSchema, signal)

  /** The header at a height, which hashes to the block that the server names there. */
  async function readHeader(height: number, signal: AbortSignal): Promise<ChainResult<string>> {
    const hash = await readText(`/block-height/${height}`, hashSchema, signal)
    if (!hash.ok) return hash.refusal.code === 'CHAIN_REJECTED' ? noBlock(height) : hash
    const header = await readText(`/block/${hash.value}/header`, z.string(), signal)
    if (!header.ok) return header
    if (!isHeaderHex(header.value)) return malformed('header', header.value)
    const actual = blockHash(header.value)
    if (actual !== hash.value) return lied('header', hash.value, actual)
    if (height > 0 && !hasWork(header.value, network, height))
      return lied('header', `height ${height}`, 'no work')
    return header
  }

  function noBlock(height: number): Result<never, 'CHAIN_LIED'> {
    return lied('height', height, 'no such block')
  }

  async function provePlace(
    txid: string,
    height: number,
    signal: AbortSignal,
  ): Promise<ChainResult<null>> {
    const header = await readHeader(height, signal)
    if (!header.ok) return header
    const proof = await readJson(`/tx/${txid}/merkle-proof`, proofSchema, signal)
    if (!proof.ok)
      return proof.refusal.code === 'CHAIN_REJECTED'
        ? lied('merkle', `${txid} at ${height}`, 'no branch')
        : proof
    return provesPlace(txid, proof.value, header.value)
      ? ok(null)
      : lied('merkle', `${txid} at ${height}`, 'the branch leads elsewhere')
  }

  async function readScriptCoins(
    script: string,
    signal: AbortSignal,
  ): Promise<ChainResult<readonly ScriptCoin[]>> {
    const path = `/scripthash/${scriptHash(script)}/utxo`
    const rows = await readJson(path, unspentSchema, signal)
    if (!rows.ok) return rows
    const coins: ScriptCoin[] = []
    for (const { txid, vout, value, status } of rows.value) {
      const name = `${txid}:${vout}`
      if (coins.some((coin) => coin.txid === txid && coin.vout === vout))
        return lied('coin', name, 'told twice')
      const raw = await readTransaction(txid, signal)
      if (!raw.ok) return raw
      const output = parseTransaction(raw.value)?.outs[vout]
      if (output === undefined) return lied('coin', name, 'no such output')
      const paid = Buffer.from(output.script).toString('hex')
      if (paid !== script) return lied('script', `${name} ${script}`, paid)
      if (output.value !== BigInt(value)) return lied('value', `${name} ${value}`, output.value)
      const height = status.confirmed ? (status.block_height ?? null) : null
      if (status.confirmed && height === null) return malformed(path, 'confirmed nowhere')
      coins.push({ txid, vout, value: output.value, script, height })
    }
    return ok(coins)
  }

  async function readCoins(
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly ScriptCoin[]>> {
    const lists = await readEach([...new Set(scripts)], (script) => readScriptCoins(script, signal))
    if (!lists.ok) return lists
    const coins = lists.value.flat()
    const placed = coins.flatMap(({ txid, height }) => (height === null ? [] : [{ txid, height }]))
    const places = new Map(placed.map((place) => [`${place.txid}:${place.height}`, place]))
    const proved = await readEach([...places.values()], ({ txid, height }) =>
      provePlace(txid, height, signal),
    )
    return proved.ok ? ok(coins) : proved
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
    const tip = await readHeight(signal)
    if (!tip.ok) return tip
    if (height > tip.value) return lied('height', height, `tip ${tip.value}`)
    const proof = await provePlace(txid, height, signal)
    if (!proof.ok) return proof
    return ok({ kind: 'confirmed', height, confirmations: tip.value - height + 1 })
  }

  /** A reorganisation between two questions looks like a lie; the second look tells them apart. */
  async function secondLook<T>(read: () => Promise<ChainResult<T>>): Promise<ChainResult<T>> {
    const first = await read()
    return first.ok || first.refusal.code !== 'CHAIN_LIED' ? first : read()
  }

  return {
    source,
    readTip: async (signal) => {
      const height = await readHeight(signal)
      if (!height.ok) return height
      const header = await readHeader(height.value, signal)
      return header.ok ? ok({ height: height.value, asOf: clock.now() }) : header
    },
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
    readTransaction,
    readFeeRate: async (blocks, signal) => {
      const fees = await readJson('/fee-estimates', feesSchema, signal)
      if (!fees.ok) return fees
      // The longest wait that is not longer than asked; an empty table is a server without an idea.
      const targets = Object.keys(fees.value)
        .map(Number)
        .filter((target) => target <= blocks)
      const rate = fees.value[String(Math.max(...targets))] ?? MINIMUM_FEE_RATE
      if (rate > ABSURD_FEE_RATE) return malformed('/fee-estimates', rate)
      return ok(Math.max(rate, MINIMUM_FEE_RATE))
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
      transactions.delete(txid)
      if ((await readTransaction(txid, signal)).ok) return ok({ txid })
      return sent.ok ? rejected(sent.value.text) : sent
    },
    close: () => Promise.resolve(),
  }
}
