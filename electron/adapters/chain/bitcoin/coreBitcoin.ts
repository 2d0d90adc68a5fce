/** BitcoinPort over the user's own Bitcoin Core (22 or newer). Checked like any other server: transactions are
 *  hashed, values and scripts read out of them, places proved under the headers that we verify. What it cannot
 *  tell is what lies before the wallet's birthday. Values in satoshi, rates in sat/vB. */
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
import { type CoreCall, type CoreLogin, createCoreRpc } from './coreRpc.ts'
import { createCoreWallet, parseCore } from './coreWallet.ts'
import type { Socks5Proxy } from './dial.ts'
import { GENESIS_HASH, type MerkleProof, isHeaderHex } from './header.ts'
import type { HeaderChain } from './headerChain.ts'
import { readMerkleBlock } from './merkleBlock.ts'
import {
  type CoinClaim,
  type KnownTransaction,
  checkClaims,
  claimedCoins,
  createTransactions,
} from './transactions.ts'

export interface CoreBitcoinOptions {
  readonly network: BitcoinNetwork
  /** 'http://127.0.0.1:8332'. */
  readonly url: string
  readonly login: CoreLogin
  /** Null: asked directly. */
  readonly proxy: Socks5Proxy | null
  /** Seconds: the node looks for our payments from here on. */
  readonly birthday: number
  readonly headers: HeaderChain
  readonly clock: Clock
  /** Per question; 20 s unless given. */
  readonly timeoutMs?: number
}

const WALLET = 'bulkhead-watch'
const ALL_CONFIRMATIONS = 9_999_999
/** What it does when it does not know a transaction (RPC_INVALID_ADDRESS_OR_KEY). */
const UNKNOWN = -5

const heightSchema = z.int().nonnegative()
const unspentSchema = z.array(
  z.object({
    txid: hashSchema,
    vout: z.int().nonnegative(),
    scriptPubKey: rawSchema,
    amount: z.number().nonnegative(),
    confirmations: z.int().nonnegative(),
  }),
)
const receivedSchema = z.array(z.object({ address: z.string(), txids: z.array(hashSchema) }))
const walletTransactionSchema = z.object({
  hex: rawSchema,
  confirmations: z.int(),
  blockheight: z.int().nonnegative().optional(),
})
const feeSchema = z.object({ feerate: z.number().positive().optional() })

export function createCoreBitcoin(options: CoreBitcoinOptions): BitcoinPort {
  const { network, clock } = options
  const timeoutMs = options.timeoutMs ?? 20_000
  const rpc = createCoreRpc({ ...options, timeoutMs })
  const wallet = createCoreWallet({
    rpc,
    network,
    name: WALLET,
    birthday: options.birthday,
    now: clock.now,
    waitMs: timeoutMs / 2,
  })
  const transactions = createTransactions()
  let networkChecked = false

  async function checkNetwork(signal: AbortSignal): Promise<ChainResult<null>> {
    if (networkChecked) return ok(null)
    const call = { method: 'getblockhash', params: [0] }
    const answers = await rpc.ask([call], null, signal)
    if (!answers.ok) return answers
    const genesis = parseCore(call, hashSchema, answers.value[0])
    if (!genesis.ok) return genesis
    if (genesis.value !== GENESIS_HASH[network])
      return wrongNetwork(GENESIS_HASH[network], genesis.value)
    networkChecked = true
    return ok(null)
  }

  async function askEach<T>(
    calls: readonly CoreCall[],
    schema: z.ZodType<T>,
    from: 'node' | 'wallet',
    signal: AbortSignal,
  ): Promise<ChainResult<readonly T[]>> {
    const checked = await checkNetwork(signal)
    if (!checked.ok) return checked
    const answers = await rpc.ask(calls, from === 'node' ? null : wallet.name, signal)
    if (!answers.ok) return answers
    const values: T[] = []
    for (const [at, call] of calls.entries()) {
      const value = parseCore(call, schema, answers.value[at])
      if (!value.ok) return value
      values.push(value.value)
    }
    return ok(values)
  }

  async function askOne<T>(
    call: CoreCall,
    schema: z.ZodType<T>,
    from: 'node' | 'wallet',
    signal: AbortSignal,
  ): Promise<ChainResult<T>> {
    const values = await askEach(
      [call],
      schema.transform((value) => [value]),
      from,
      signal,
    )
    if (!values.ok) return values
    const [value] = values.value.flat(1)
    return value === undefined ? malformed(call.method, 'nothing') : ok(value)
  }

  async function readHashes(heights: readonly number[], signal: AbortSignal) {
    return askEach(
      heights.map((height) => ({ method: 'getblockhash', params: [height] })),
      hashSchema,
      'node',
      signal,
    )
  }

  const answers: ChainAnswers = {
    async readTip(signal) {
      const height = await askOne(
        { method: 'getblockcount', params: [] },
        heightSchema,
        'node',
        signal,
      )
      if (!height.ok) return height
      const header = await answers.readHeaders(height.value, 1, signal)
      return header.ok ? ok({ height: height.value, header: header.value }) : header
    },
    async readHeaders(from, count, signal) {
      const hashes = await readHashes(
        Array.from({ length: count }, (_, at) => from + at),
        signal,
      )
      if (!hashes.ok) return hashes
      const calls = hashes.value.map((hash) => ({
        method: 'getblockheader',
        params: [hash, false],
      }))
      const headers = await askEach(calls, z.string().refine(isHeaderHex), 'node', signal)
      return headers.ok ? ok(Buffer.from(headers.value.join(''), 'hex')) : headers
    },
    async readProofs(placed, signal) {
      const hashes = await readHashes(
        placed.map(({ height }) => height),
        signal,
      )
      if (!hashes.ok) return hashes
      const calls = placed.map(({ txid }, at) => ({
        method: 'gettxoutproof',
        params: [[txid], hashes.value[at]],
      }))
      const told = await rpc.ask(calls, null, signal)
      if (!told.ok) return told
      const proofs: MerkleProof[] = []
      for (const [at, { txid, height }] of placed.entries()) {
        const answer = told.value[at]
        if (answer?.kind === 'error') return lied('height', `${txid} at ${height}`, answer.message)
        const text = parseCore({ method: 'gettxoutproof', params: [] }, rawSchema, answer)
        if (!text.ok) return text
        const proof = readMerkleBlock(text.value, txid)
        if (proof === undefined) return lied('merkle', `${txid} at ${height}`, 'no branch')
        proofs.push(proof)
      }
      return ok(proofs)
    },
  }
  const view = createChainView({
    answers,
    headers: options.headers,
    clock,
    onNews: () => undefined,
  })

  const transactionCall = (txid: string) => ({ method: 'gettransaction', params: [txid, true] })

  /** Each transaction of the wallet, hashed, and the height the node gives it. */
  async function readOwn(txids: readonly string[], signal: AbortSignal) {
    const told = await askEach(
      txids.map(transactionCall),
      walletTransactionSchema,
      'wallet',
      signal,
    )
    if (!told.ok) return told
    const known = new Map<string, KnownTransaction & { readonly height: number | null }>()
    for (const [at, txid] of txids.entries()) {
      const { hex = '', confirmations = 0, blockheight } = told.value[at] ?? {}
      const taken = transactions.take(txid, hex, 'gettransaction')
      if (!taken.ok) return taken
      const height = confirmations > 0 ? (blockheight ?? null) : null
      if (confirmations > 0 && height === null)
        return malformed('gettransaction', 'confirmed nowhere')
      known.set(txid, { ...taken.value, height })
    }
    return ok(known)
  }

  async function readClaims(
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly CoinClaim[]>> {
    const checked = await checkNetwork(signal)
    if (!checked.ok) return checked
    const watching = await wallet.watch(scripts, signal)
    if (!watching.ok) return watching
    const addresses = scripts.flatMap((script) => wallet.addressOf(script) ?? [])
    if (addresses.length === 0) return ok([])
    const tip = await askOne({ method: 'getblockcount', params: [] }, heightSchema, 'node', signal)
    if (!tip.ok) return tip
    const call = { method: 'listunspent', params: [0, ALL_CONFIRMATIONS, addresses, true] }
    const rows = await askOne(call, unspentSchema, 'wallet', signal)
    if (!rows.ok) return rows
    return ok(
      rows.value.map(({ txid, vout, scriptPubKey, amount, confirmations }) => ({
        txid,
        vout,
        value: Math.round(amount * 1e8),
        script: scriptPubKey,
        height: confirmations === 0 ? null : tip.value - confirmations + 1,
      })),
    )
  }

  async function readCoinsOnce(
    scripts: readonly string[],
    signal: AbortSignal,
  ): Promise<ChainResult<readonly ScriptCoin[]>> {
    const claims = await readClaims(scripts, signal)
    if (!claims.ok) return claims
    const known = await readOwn([...new Set(claims.value.map(({ txid }) => txid))], signal)
    if (!known.ok) return known
    const foreign = claims.value.find(({ script }) => !scripts.includes(script))
    if (foreign !== undefined) return lied('script', foreign.script, 'not asked for')
    // Heights out of `gettransaction`: a block between two questions shifts what confirmations count to.
    const placed = claims.value.map((claim) => ({
      ...claim,
      height: known.value.get(claim.txid)?.height ?? null,
    }))
    const coins = checkClaims(placed, known.value)
    return coins.ok ? view.prove(coins.value, signal) : coins
  }

  async function isInMempool(txid: string, signal: AbortSignal): Promise<ChainResult<boolean>> {
    const call = { method: 'getmempoolentry', params: [txid] }
    const told = await rpc.ask([call], null, signal)
    if (!told.ok) return told
    const [answer] = told.value
    return answer?.kind === 'error' && answer.code !== UNKNOWN
      ? rejected(answer.message)
      : ok(answer?.kind === 'result')
  }

  async function readConfirmationOnce(
    txid: string,
    signal: AbortSignal,
  ): Promise<ChainResult<Confirmation>> {
    const checked = await checkNetwork(signal)
    if (!checked.ok) return checked
    const watching = await wallet.watch([], signal)
    if (!watching.ok) return watching
    const told = await rpc.ask([transactionCall(txid)], wallet.name, signal)
    if (!told.ok) return told
    const [answer] = told.value
    const isOwn = !(answer?.kind === 'error' && answer.code === UNKNOWN)
    const own = isOwn
      ? parseCore(transactionCall(txid), walletTransactionSchema, answer)
      : ok({ hex: '', confirmations: 0, blockheight: undefined })
    if (!own.ok) return own
    const { confirmations, blockheight: height } = own.value
    if (confirmations <= 0) {
      // The wallet remembers what its mempool dropped, and what lost to another payment.
      const waiting = await isInMempool(txid, signal)
      if (!waiting.ok) return waiting
      return ok({ kind: waiting.value ? 'mempool' : 'unknown' })
    }
    if (height === undefined) return malformed('gettransaction', 'confirmed nowhere')
    const tip = await view.readTip(signal)
    if (!tip.ok) return tip
    if (height > tip.value.height) return lied('height', height, `tip ${tip.value.height}`)
    const proof = await view.proveOne({ txid, height }, signal)
    if (!proof.ok) return proof
    return ok({ kind: 'confirmed', height, confirmations: tip.value.height - height + 1 })
  }

  async function readTransaction(txid: string, signal: AbortSignal): Promise<ChainResult<string>> {
    const known = transactions.get(txid)
    if (known !== undefined) return ok(known.raw)
    const own = await readOwn([txid], signal)
    if (own.ok) return ok(own.value.get(txid)?.raw ?? '')
    if (own.refusal.code !== 'CHAIN_REJECTED') return own
    // Not of the wallet: in the mempool, or wherever a node with a transaction index finds it.
    const call = { method: 'getrawtransaction', params: [txid, false] }
    const raw = await askOne(call, rawSchema, 'node', signal)
    if (!raw.ok) return raw
    const taken = transactions.take(txid, raw.value, call.method)
    return taken.ok ? ok(taken.value.raw) : taken
  }

  return {
    keepsScripts: true,
    source: `Bitcoin Core ${new URL(options.url).hostname}`,
    readTip: (signal) => secondLook(() => view.readTip(signal)),
    readUsedScripts: async (scripts, signal) => {
      const checked = await checkNetwork(signal)
      if (!checked.ok) return checked
      const watching = await wallet.watch(scripts, signal)
      if (!watching.ok) return watching
      // From no confirmations on, without the addresses that received nothing, with those only watched.
      const call = { method: 'listreceivedbyaddress', params: [0, false, true] }
      const rows = await askOne(call, receivedSchema, 'wallet', signal)
      if (!rows.ok) return rows
      const received = new Set(
        rows.value.filter(({ txids }) => txids.length > 0).map(({ address }) => address),
      )
      return ok(new Set(scripts.filter((script) => received.has(wallet.addressOf(script) ?? ''))))
    },
    readClaims: async (scripts, signal) => {
      const claims = await readClaims(scripts, signal)
      return claims.ok ? ok(claimedCoins(claims.value)) : claims
    },
    readCoins: (scripts, signal) => secondLook(() => readCoinsOnce(scripts, signal)),
    readTransaction,
    readFeeRate: async (blocks, signal) => {
      const call = { method: 'estimatesmartfee', params: [blocks] }
      const answer = await askOne(call, feeSchema, 'node', signal)
      if (!answer.ok) return answer
      const { feerate } = answer.value
      // BTC/kvB to sat/vB; a node that has seen too few blocks gives none.
      return feeRate(call.method, feerate && Math.round(feerate * 1e8) / 1_000)
    },
    readConfirmation: (txid, _script, signal) =>
      secondLook(() => readConfirmationOnce(txid, signal)),
    broadcast: async (transaction, signal) => {
      if (!isVerified(transaction) || transaction.kind !== 'bitcoin') {
        return rejected('not verified against an approved plan')
      }
      const { rawHex, txid } = transaction
      const call = { method: 'sendrawtransaction', params: [rawHex] }
      const sent = await askOne(call, hashSchema, 'node', signal)
      if (sent.ok) return sent.value === txid ? ok({ txid }) : lied('txid', sent.value, txid)
      // It may have arrived all the same, now or at an earlier attempt.
      const there = await readConfirmationOnce(txid, signal)
      return there.ok && there.value.kind !== 'unknown' ? ok({ txid }) : sent
    },
    async close() {
      await Promise.all([view.close(), wallet.close(), Promise.resolve(rpc.close())])
    },
  }
}
