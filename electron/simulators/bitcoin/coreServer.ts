/** Bitcoin Core's JSON-RPC over the same chain, on loopback: batches, basic authentication, one node and its
 *  watch-only wallets of single addresses, error codes as Core 28 answers them. Misbehaves when asked; fault
 *  methods are RPC names. Amounts in BTC, fees in BTC/kvB. */
import { randomBytes } from 'node:crypto'
import { type IncomingMessage, type ServerResponse, createServer } from 'node:http'
import { Transaction, address as addresses, networks } from 'bitcoinjs-lib'
import { toHex } from './bytes.ts'
import { type BitcoinChain, type ChainCoin, scriptHash } from './chain.ts'
import { addressChecksum } from './descriptorChecksum.ts'
import type { Faults } from './faults.ts'
import { merkleBlock } from './merkleBlock.ts'

export interface CoreContext {
  readonly chain: BitcoinChain
  readonly faults: Faults
  /** sat/vB; null is a node that has seen too little. */
  readonly feeRate: () => number | null
}

export interface CoreServer {
  readonly url: string
  /** What the node writes into `.cookie`. */
  cookie(): string
  /** As a restart of the node does. */
  renewCookie(): void
  /** Bodies of every request, newest last. */
  received(): readonly string[]
  /** Holds every import until called again with false. */
  scanSlowly(slow: boolean): void
  close(): Promise<void>
}

interface Watched {
  readonly address: string
  readonly script: Uint8Array
  /** Seconds: what lies in older blocks was not looked for. */
  readonly from: number
}

interface Wallet {
  readonly descriptors: Map<string, Watched>
  /** Address → label. */
  readonly labels: Map<string, string>
  readonly privateKeys: boolean
  loaded: boolean
}

class RpcError extends Error {
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

type Params = readonly unknown[]

const MAX_BODY = 33_554_432
const btc = (sats: bigint): number => Number(sats) / 1e8

export async function startCoreServer(context: CoreContext): Promise<CoreServer> {
  const { chain, faults } = context
  const wallets = new Map<string, Wallet>()
  const bodies: string[] = []
  const waiting: (() => void)[] = []
  let slow = false
  let cookie = newCookie()

  function walletOf(name: string | undefined): Wallet {
    const wallet = name === undefined ? undefined : wallets.get(name)
    if (wallet?.loaded !== true)
      throw new RpcError(-18, 'Requested wallet does not exist or is not loaded')
    return wallet
  }

  function heightOf(hash: unknown): number {
    for (let height = chain.height(); height >= 0; height--)
      if (chain.blockHash(height) === hash) return height
    throw new RpcError(-5, 'Block not found')
  }

  function coinsOf(
    wallet: Wallet,
    wanted: ReadonlySet<string>,
  ): readonly (ChainCoin & { at: string })[] {
    return [...wallet.descriptors.values()]
      .filter(({ address }) => wanted.size === 0 || wanted.has(address))
      .flatMap(({ address, script, from }) =>
        chain
          .coins(scriptHash(script))
          .filter((coin) => wasLookedThrough(coin.height, from))
          .map((coin) => ({ ...coin, at: address })),
      )
  }

  /** As Core does: two hours before the time asked for, and everything since. */
  function wasLookedThrough(height: number, from: number): boolean {
    const header = height > 0 ? chain.header(height) : undefined
    if (header === undefined) return true
    const view = new DataView(header.buffer, header.byteOffset, header.byteLength)
    return view.getUint32(68, true) >= from - 7_200
  }

  function isOwn(wallet: Wallet, txid: string): boolean {
    return [...wallet.descriptors.values()].some(({ script, from }) =>
      chain
        .history(scriptHash(script))
        .some((row) => row.txid === txid && wasLookedThrough(row.height, from)),
    )
  }

  function confirmationsOf(height: number): number {
    return height > 0 ? chain.height() - height + 1 : 0
  }

  async function importDescriptors(wallet: Wallet, requests: unknown): Promise<unknown> {
    if (!Array.isArray(requests)) throw new RpcError(-3, 'Expected an array')
    const results = requests.map(
      (request: { desc?: string; timestamp?: unknown; label?: string }) => {
        const desc = request.desc ?? ''
        const address = /^addr\(([0-9A-Za-z]+)\)#/.exec(desc)?.[1]
        const problem = wallet.privateKeys
          ? 'Cannot import descriptor without private keys to a wallet with private keys enabled'
          : address === undefined
            ? 'only addr() here'
            : desc !== `addr(${address})#${addressChecksum(`addr(${address})`)}`
              ? 'Provided checksum does not match computed checksum'
              : typeof request.timestamp !== 'number' && request.timestamp !== 'now'
                ? 'Missing required timestamp field for key'
                : undefined
        if (problem !== undefined || address === undefined)
          return { success: false, error: { code: -5, message: problem } }
        const script = addresses.toOutputScript(address, networks.regtest)
        const { timestamp } = request
        const asked = typeof timestamp === 'number' ? timestamp : Math.floor(Date.now() / 1_000)
        // Known from before: what was looked through stays looked through.
        const from = Math.min(asked, wallet.descriptors.get(desc)?.from ?? asked)
        wallet.descriptors.set(desc, { address, script, from })
        wallet.labels.set(address, request.label ?? '')
        return { success: true }
      },
    )
    if (slow) await new Promise<void>((resolve) => waiting.push(resolve))
    return results
  }

  function transactionAnswer(wallet: Wallet, params: Params): unknown {
    const txid = String(params[0])
    const found = chain.transaction(txid)
    if (found === undefined || !isOwn(wallet, txid))
      throw new RpcError(-5, 'Invalid or non-wallet transaction id')
    const lift = faults.take('lie-height', 'gettransaction')?.by ?? 0
    const raw =
      faults.take('lie-transaction', 'gettransaction') === undefined
        ? found.rawHex
        : withOneSatoshiMore(found.rawHex)
    const height = lift === 0 ? found.height : Math.max(found.height, 1) + lift
    return {
      txid,
      hex: raw,
      confirmations: Math.max(confirmationsOf(height), height > 0 ? 1 : 0),
      ...(height > 0 ? { blockheight: height, blockhash: chain.blockHash(height) ?? '' } : {}),
      details: [],
    }
  }

  function unspentAnswer(wallet: Wallet, params: Params): unknown {
    if (faults.take('omit-coins', 'listunspent') !== undefined) return []
    const wanted = new Set(Array.isArray(params[2]) ? params[2].map(String) : [])
    const by = faults.take('lie-value', 'listunspent')?.by ?? 0
    const again = faults.take('repeat-coins', 'listunspent') !== undefined
    const coins = coinsOf(wallet, wanted)
    return [...coins, ...(again ? coins : [])].map((coin) => ({
      txid: coin.txid,
      vout: coin.vout,
      address: coin.at,
      label: 'bulkhead',
      scriptPubKey: toHex(coin.script),
      amount: btc(coin.value + BigInt(by)),
      confirmations: confirmationsOf(coin.height),
      spendable: false,
      solvable: false,
      safe: coin.height > 0,
    }))
  }

  function proofAnswer(params: Params): string {
    const [wanted] = params
    const txid = String(Array.isArray(wanted) ? wanted[0] : wanted)
    const height = heightOf(params[1])
    const place = chain.place(txid)
    if (place?.height !== height)
      throw new RpcError(-5, 'Not all transactions found in specified or retrieved block')
    const txids: string[] = []
    for (let at = 0; ; at++) {
      const found = chain.transactionAt(height, at)
      if (found === undefined) break
      txids.push(found)
    }
    const lies = faults.take('lie-merkle', 'gettxoutproof') !== undefined
    return merkleBlock(
      chain.header(height) ?? new Uint8Array(80),
      lies ? txids.map((id) => (id === txid ? id : '11'.repeat(32))) : txids,
      place.position,
    )
  }

  const node: Readonly<Record<string, (params: Params) => unknown>> = {
    getblockcount: () =>
      Math.max(0, chain.height() - (faults.take('lagging', 'getblockcount')?.blocks ?? 0)),
    getblockhash: ([height]) => {
      if (height === 0 && faults.take('wrong-network', 'getblockhash') !== undefined)
        return '000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f'
      const hash = typeof height === 'number' ? chain.blockHash(height) : undefined
      if (hash === undefined) throw new RpcError(-8, 'Block height out of range')
      return hash
    },
    getblockheader: ([hash, verbose]) => {
      if (verbose !== false) throw new RpcError(-3, 'only raw headers here')
      if (faults.take('idle-tip', 'getblockheader') !== undefined) return '00'.repeat(80)
      return toHex(chain.header(heightOf(hash)) ?? new Uint8Array(80))
    },
    gettxoutproof: proofAnswer,
    getmempoolentry: ([txid]) => {
      const entry = chain.mempool().find((known) => known.txid === txid)
      if (entry === undefined) throw new RpcError(-5, 'Transaction not in mempool')
      return { vsize: entry.virtualSize, fees: { base: btc(entry.fee) } }
    },
    getrawtransaction: ([txid]) => {
      const found = chain.transaction(String(txid))
      if (found === undefined || found.height > 0)
        throw new RpcError(-5, 'No such mempool transaction. Use -txindex')
      return found.rawHex
    },
    sendrawtransaction: ([raw]) => {
      const refusal = faults.take('reject-broadcast', 'sendrawtransaction')
      if (refusal !== undefined) throw new RpcError(-26, refusal.reason)
      const outcome = chain.accept(String(raw))
      if (outcome.kind === 'rejected')
        throw new RpcError(outcome.reason === 'txn-already-known' ? -27 : -26, outcome.reason)
      return faults.take('lie-txid', 'sendrawtransaction') === undefined
        ? outcome.txid
        : '00'.repeat(32)
    },
    estimatesmartfee: ([blocks]) => {
      const lie = faults.take('lie-fee', 'estimatesmartfee')
      const rate =
        lie?.btcPerKb ?? (context.feeRate() === null ? null : (context.feeRate() ?? 0) / 100_000)
      return rate === null
        ? { errors: ['Insufficient data or no feerate found'], blocks }
        : { feerate: rate, blocks }
    },
    loadwallet: ([name]) => {
      const wallet = wallets.get(String(name))
      if (wallet === undefined)
        throw new RpcError(-18, 'Wallet file verification failed. Path does not exist.')
      if (wallet.loaded) throw new RpcError(-35, `Wallet "${String(name)}" is already loaded.`)
      wallet.loaded = true
      return { name }
    },
    createwallet: ([name, withoutKeys]) => {
      if (wallets.has(String(name))) throw new RpcError(-4, 'Database already exists.')
      const wallet = {
        descriptors: new Map(),
        labels: new Map(),
        privateKeys: withoutKeys !== true,
        loaded: true,
      }
      wallets.set(String(name), wallet)
      return { name }
    },
  }

  const ofWallet: Readonly<Record<string, (wallet: Wallet, params: Params) => unknown>> = {
    getwalletinfo: ({ privateKeys }) => ({
      private_keys_enabled: privateKeys,
      descriptors: true,
      scanning: waiting.length > 0 ? { duration: 1, progress: 0.34 } : false,
    }),
    listdescriptors: ({ descriptors }) => ({
      descriptors: [...descriptors.keys()].map((desc) => ({ desc, timestamp: 0, active: false })),
    }),
    importdescriptors: (wallet, [requests]) => importDescriptors(wallet, requests),
    listreceivedbyaddress: (wallet) =>
      [...wallet.descriptors.values()].flatMap(({ address, script, from }) => {
        const txids = chain
          .history(scriptHash(script))
          .filter((row) => wasLookedThrough(row.height, from))
          .map((row) => row.txid)
          .filter((txid) => paysTo(chain, txid, script))
        return txids.length === 0 ? [] : [{ address, txids, involvesWatchonly: true }]
      }),
    listlabels: ({ labels }) => [...new Set(labels.values())].sort(),
    setlabel: ({ labels }, [address, label]) => {
      if (!labels.has(String(address))) throw new RpcError(-5, 'Invalid address')
      labels.set(String(address), String(label))
      return null
    },
    listunspent: unspentAnswer,
    gettransaction: transactionAnswer,
  }

  async function answerOne(request: unknown, walletName: string | undefined): Promise<unknown> {
    const { id, method, params } = { id: null, method: '', params: [], ...Object(request) }
    const list: Params = Array.isArray(params) ? params : []
    try {
      const fault = faults.take('error', method)
      if (fault !== undefined) throw new RpcError(-28, fault.message)
      const wallet = ofWallet[method]
      const run = node[method]
      const result = wallet !== undefined ? await wallet(walletOf(walletName), list) : run?.(list)
      if (wallet === undefined && run === undefined) throw new RpcError(-32601, 'Method not found')
      const shape = faults.take('wrong-shape', method)
      return { result: shape === undefined ? result : { surprise: [null] }, error: null, id }
    } catch (error) {
      if (!(error instanceof RpcError)) throw error
      return { result: null, error: { code: error.code, message: error.message }, id }
    }
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request)
    const { authorization = '' } = request.headers
    if (authorization !== `Basic ${Buffer.from(cookie).toString('base64')}`) {
      response.writeHead(401, { 'www-authenticate': 'Basic realm="jsonrpc"' }).end()
      return
    }
    bodies.push(body)
    const parsed: unknown = JSON.parse(body)
    const batch: unknown[] = Array.isArray(parsed) ? parsed : [parsed]
    const methods = batch.map((call) => String(Object(call).method))
    const has = (kind: 'hang' | 'drop' | 'garbage') =>
      methods.some((method) => faults.take(kind, method) !== undefined)
    if (has('hang')) return
    if (has('drop')) {
      request.socket.destroy()
      return
    }
    const name = /^\/wallet\/([^/]+)$/.exec(request.url ?? '')?.[1]
    const answers = await Promise.all(batch.map((call) => answerOne(call, name)))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(
      has('garbage')
        ? '<html>busy</html>'
        : JSON.stringify(Array.isArray(parsed) ? answers : answers[0]),
    )
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const bound = server.address()
  const port = typeof bound === 'object' ? (bound?.port ?? 0) : 0
  return {
    url: `http://127.0.0.1:${port}`,
    cookie: () => cookie,
    renewCookie: () => {
      cookie = newCookie()
    },
    received: () => bodies,
    scanSlowly: (next) => {
      slow = next
      if (!slow) for (const release of waiting.splice(0)) release()
    },
    close: async () => {
      for (const release of waiting.splice(0)) release()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function newCookie(): string {
  return `__cookie__:${randomBytes(32).toString('hex')}`
}

function paysTo(chain: BitcoinChain, txid: string, script: Uint8Array): boolean {
  const found = chain.transaction(txid)
  return (
    found !== undefined &&
    Transaction.fromHex(found.rawHex).outs.some(
      (output) => Buffer.compare(output.script, script) === 0,
    )
  )
}

function withOneSatoshiMore(rawHex: string): string {
  const transaction = Transaction.fromHex(rawHex)
  const [first] = transaction.outs
  if (first !== undefined) first.value += 1n
  return transaction.toHex()
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk)
    size += bytes.length
    if (size > MAX_BODY) throw new RangeError('a body without end')
    chunks.push(bytes)
  }
  return Buffer.concat(chunks).toString('utf8')
}
