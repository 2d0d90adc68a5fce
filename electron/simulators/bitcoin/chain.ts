/** A regtest chain that checks what a node checks: signatures, values, double spends, locktimes,
 *  relay policy and replacement (BIP125); blocks on demand, reorganisations on demand.
 *  Coinbase maturity is not enforced. Values in satoshi, times in ms at the port, seconds in headers. */
import { type Block, Transaction, crypto } from 'bitcoinjs-lib'
import { genesisBlock, headerOf, merkleBranch, mineBlock } from './blocks.ts'
import { reverse } from './bytes.ts'
import { checkPolicy, minimumFee } from './policy.ts'
import { type SpentCoin, checkInput } from './scriptCheck.ts'

export type Acceptance =
  | { readonly kind: 'accepted'; readonly txid: string }
  | { readonly kind: 'rejected'; readonly reason: string }

export interface ChainCoin extends SpentCoin {
  readonly txid: string
  readonly vout: number
  /** 0 while in the mempool. */
  readonly height: number
}

export interface HistoryRow {
  readonly txid: string
  /** 0 in the mempool, −1 there with unconfirmed parents. */
  readonly height: number
  /** Of mempool transactions only. */
  readonly fee?: bigint
}

export interface Reorganisation {
  readonly depth: number
  /** What becomes of the transactions of the lost blocks. */
  readonly lost: 'to-mempool' | 'forgotten'
  /** Raw transactions for the first new block, e.g. a double spend. */
  readonly include?: readonly string[]
}

export interface BitcoinChain {
  height(): number
  blockHash(height: number): string | undefined
  header(height: number): Uint8Array | undefined
  headerBranch(
    height: number,
    upTo: number,
  ): { branch: readonly string[]; root: string } | undefined
  accept(rawHex: string): Acceptance
  /** Mines everything in the mempool into the first of these blocks. */
  mine(count: number): void
  reorganise(how: Reorganisation): void
  /** Drops a transaction and its descendants from the mempool, as a node that restarts would. */
  forget(txid: string): void
  transaction(txid: string): { readonly rawHex: string; readonly height: number } | undefined
  place(
    txid: string,
  ):
    | { readonly height: number; readonly position: number; readonly branch: readonly string[] }
    | undefined
  transactionAt(height: number, position: number): string | undefined
  history(scriptHash: string): readonly HistoryRow[]
  coins(scriptHash: string): readonly ChainCoin[]
  /** Fee rate (sat/vB) and size of each mempool transaction. */
  mempool(): readonly {
    readonly txid: string
    readonly fee: bigint
    readonly virtualSize: number
  }[]
  onChange(listener: () => void): () => void
}

export interface ChainOptions {
  /** ms since the epoch. */
  readonly now: () => number
  /** Where block rewards go. */
  readonly rewardScript: Uint8Array
}

interface MempoolEntry {
  readonly transaction: Transaction
  readonly fee: bigint
  readonly virtualSize: number
}

interface Ledger {
  readonly coins: Map<string, ChainCoin>
  readonly coinsByScript: Map<string, Set<string>>
  readonly histories: Map<string, HistoryRow[]>
  readonly places: Map<string, { readonly height: number; readonly position: number }>
}

/** sha256 of the script, reversed: the Electrum protocol's name for a script. */
export function scriptHash(script: Uint8Array): string {
  return reverse(crypto.sha256(script))
}

function outpoint(hash: Uint8Array, vout: number): string {
  return `${reverse(hash)}:${vout}`
}

function emptyLedger(): Ledger {
  return { coins: new Map(), coinsByScript: new Map(), histories: new Map(), places: new Map() }
}

function addTo<K, V>(map: Map<K, Set<V>>, key: K, value: V): void {
  const set = map.get(key)
  if (set === undefined) map.set(key, new Set([value]))
  else set.add(value)
}

function connect(ledger: Ledger, block: Block, height: number): void {
  for (const [position, transaction] of (block.transactions ?? []).entries()) {
    const txid = transaction.getId()
    const touched = new Set<string>()
    for (const input of transaction.ins) {
      const spent = ledger.coins.get(outpoint(input.hash, input.index))
      if (spent === undefined) continue // the coinbase's own input
      const hash = scriptHash(spent.script)
      touched.add(hash)
      ledger.coinsByScript.get(hash)?.delete(`${spent.txid}:${spent.vout}`)
      ledger.coins.delete(`${spent.txid}:${spent.vout}`)
    }
    for (const [vout, { value, script }] of transaction.outs.entries()) {
      if (script[0] === 0x6a) continue
      const hash = scriptHash(script)
      touched.add(hash)
      ledger.coins.set(`${txid}:${vout}`, { txid, vout, value, script, height })
      addTo(ledger.coinsByScript, hash, `${txid}:${vout}`)
    }
    for (const hash of touched) {
      const rows = ledger.histories.get(hash)
      if (rows === undefined) ledger.histories.set(hash, [{ txid, height }])
      else rows.push({ txid, height })
    }
    ledger.places.set(txid, { height, position })
  }
}

export function createBitcoinChain(options: ChainOptions): BitcoinChain {
  const blocks: Block[] = [genesisBlock()]
  const mempool = new Map<string, MempoolEntry>()
  /** Outpoint → mempool transaction that spends it. */
  const spentInMempool = new Map<string, string>()
  const listeners = new Set<() => void>()
  let ledger = emptyLedger()
  let extraNonce = 0

  function changed(): void {
    for (const listener of listeners) listener()
  }

  function coinOf(key: string): ChainCoin | undefined {
    const confirmed = ledger.coins.get(key)
    if (confirmed !== undefined) return confirmed
    const [txid = '', vout = ''] = key.split(':')
    const output = mempool.get(txid)?.transaction.outs[Number(vout)]
    return output && { txid, vout: Number(vout), ...output, height: 0 }
  }

  function descendants(txid: string): Set<string> {
    const found = new Set([txid])
    for (const id of found) {
      for (const [vout] of (mempool.get(id)?.transaction.outs ?? []).entries()) {
        const spender = spentInMempool.get(`${id}:${vout}`)
        if (spender !== undefined) found.add(spender)
      }
    }
    return found
  }

  function evict(txids: Iterable<string>): void {
    for (const txid of txids) {
      const entry = mempool.get(txid)
      mempool.delete(txid)
      for (const input of entry?.transaction.ins ?? []) {
        const key = outpoint(input.hash, input.index)
        if (spentInMempool.get(key) === txid) spentInMempool.delete(key)
      }
    }
  }

  function rejected(reason: string): Acceptance {
    return { kind: 'rejected', reason }
  }

  function admit(transaction: Transaction): Acceptance {
    const txid = transaction.getId()
    if (ledger.places.has(txid)) return rejected('txn-already-known')
    if (mempool.has(txid)) return rejected('txn-already-in-mempool')
    if (transaction.ins.length === 0) return rejected('bad-txns-vin-empty')
    if (transaction.outs.length === 0) return rejected('bad-txns-vout-empty')
    if (transaction.isCoinbase()) return rejected('coinbase')
    const keys = transaction.ins.map((input) => outpoint(input.hash, input.index))
    if (new Set(keys).size !== keys.length) return rejected('bad-txns-inputs-duplicate')
    const policy = checkPolicy(transaction)
    if (policy !== null) return rejected(policy)
    if (!isFinal(transaction)) return rejected('non-final')
    const spent = keys.map(coinOf).filter((coin) => coin !== undefined)
    if (spent.length !== keys.length) return rejected('bad-txns-inputs-missingorspent')
    const fee =
      spent.reduce((sum, coin) => sum + coin.value, 0n) -
      transaction.outs.reduce((sum, output) => sum + output.value, 0n)
    if (fee < 0n) return rejected('bad-txns-in-belowout')
    const virtualSize = transaction.virtualSize()
    if (fee < minimumFee(virtualSize)) return rejected('min relay fee not met')
    for (const index of keys.keys()) {
      const problem = checkInput(transaction, index, spent)
      if (problem !== null) return rejected(problem)
    }
    const conflicts = new Set(keys.flatMap((key) => spentInMempool.get(key) ?? []))
    const refusal = replacementProblem(conflicts, fee, virtualSize, transaction)
    if (refusal !== null) return rejected(refusal)
    for (const conflict of conflicts) evict(descendants(conflict))
    mempool.set(txid, { transaction, fee, virtualSize })
    for (const key of keys) spentInMempool.set(key, txid)
    return { kind: 'accepted', txid }
  }

  /** BIP125 rules 1, 3 and 4, in short. */
  function replacementProblem(
    conflicts: ReadonlySet<string>,
    fee: bigint,
    virtualSize: number,
    replacement: Transaction,
  ): string | null {
    if (conflicts.size === 0) return null
    const evicted = [...conflicts].flatMap((txid) => [...descendants(txid)])
    for (const txid of conflicts) {
      const signals = mempool
        .get(txid)
        ?.transaction.ins.some((input) => input.sequence < 0xfffffffe)
      if (!signals) return 'txn-mempool-conflict'
    }
    if (replacement.ins.some((input) => evicted.includes(reverse(input.hash)))) {
      return 'bad-txns-spends-conflicting-tx'
    }
    const replacedFees = [...new Set(evicted)].reduce(
      (sum, txid) => sum + (mempool.get(txid)?.fee ?? 0n),
      0n,
    )
    return fee < replacedFees + minimumFee(virtualSize) ? 'insufficient fee' : null
  }

  function isFinal(transaction: Transaction): boolean {
    if (transaction.locktime === 0) return true
    if (transaction.ins.every((input) => input.sequence === 0xffffffff)) return true
    const limit =
      transaction.locktime < 500_000_000 ? blocks.length : Math.floor(options.now() / 1000)
    return transaction.locktime < limit
  }

  function tip(): Block {
    const last = blocks[blocks.length - 1]
    if (last === undefined) throw new Error('a chain has a genesis block')
    return last
  }

  function mineOne(transactions: readonly Transaction[], fees: bigint, timestamp: number): void {
    extraNonce += 1
    const height = blocks.length
    const block = mineBlock({
      previous: tip(),
      height,
      transactions,
      fees,
      rewardScript: options.rewardScript,
      timestamp,
      extraNonce,
    })
    blocks.push(block)
    connect(ledger, block, height)
  }

  function mine(count: number): void {
    const nowSeconds = Math.floor(options.now() / 1000)
    for (let i = 0; i < count; i++) {
      // Insertion order is topological: a parent is always admitted before its child.
      const entries = [...mempool.values()]
      mempool.clear()
      spentInMempool.clear()
      const fees = entries.reduce((sum, entry) => sum + entry.fee, 0n)
      // A run of blocks is dated back, ten minutes apart, so that the last one is now.
      const timestamp = nowSeconds - (count - 1 - i) * 600
      mineOne(
        entries.map((entry) => entry.transaction),
        fees,
        timestamp,
      )
    }
    changed()
  }

  function reorganise({ depth, lost, include = [] }: Reorganisation): void {
    if (depth < 1 || depth >= blocks.length) throw new RangeError(`cannot undo ${depth} blocks`)
    const removed = blocks.splice(blocks.length - depth)
    ledger = emptyLedger()
    for (const [height, block] of blocks.entries()) if (height > 0) connect(ledger, block, height)
    const waiting = [...mempool.values()].map((entry) => entry.transaction)
    mempool.clear()
    spentInMempool.clear()
    for (const raw of include) {
      const outcome = admit(Transaction.fromHex(raw))
      if (outcome.kind === 'rejected') throw new Error(`cannot include: ${outcome.reason}`)
    }
    const nowSeconds = Math.floor(options.now() / 1000)
    const entries = [...mempool.values()]
    mempool.clear()
    spentInMempool.clear()
    const fees = entries.reduce((sum, entry) => sum + entry.fee, 0n)
    mineOne(
      entries.map((entry) => entry.transaction),
      fees,
      nowSeconds,
    )
    for (let i = 0; i < depth; i++) mineOne([], 0n, nowSeconds)
    const returning =
      lost === 'to-mempool' ? removed.flatMap((block) => (block.transactions ?? []).slice(1)) : []
    for (const transaction of [...returning, ...waiting]) admit(transaction)
    changed()
  }

  function touchesScript(entry: MempoolEntry, hash: string): boolean {
    return (
      entry.transaction.outs.some((output) => scriptHash(output.script) === hash) ||
      entry.transaction.ins.some((input) => {
        const coin = coinOf(outpoint(input.hash, input.index))
        return coin !== undefined && scriptHash(coin.script) === hash
      })
    )
  }

  return {
    height: () => blocks.length - 1,
    blockHash: (height) => blocks[height]?.getId(),
    header: (height) => {
      const block = blocks[height]
      return block && headerOf(block)
    },
    headerBranch: (height, upTo) => {
      if (height > upTo || upTo >= blocks.length) return undefined
      const leaves = blocks.slice(0, upTo + 1).map((block) => block.getHash())
      const { branch, root } = merkleBranch(leaves, height)
      return { branch, root: reverse(root) }
    },
    accept: (rawHex) => {
      let transaction: Transaction
      try {
        transaction = Transaction.fromHex(rawHex)
        if (transaction.toHex() !== rawHex.toLowerCase()) throw new Error('not canonical')
      } catch {
        return rejected('TX decode failed')
      }
      const outcome = admit(transaction)
      if (outcome.kind === 'accepted') changed()
      return outcome
    },
    mine,
    reorganise,
    forget: (txid) => {
      evict(descendants(txid))
      changed()
    },
    transaction: (txid) => {
      const waiting = mempool.get(txid)
      if (waiting !== undefined) return { rawHex: waiting.transaction.toHex(), height: 0 }
      const place = ledger.places.get(txid)
      const found = place && blocks[place.height]?.transactions?.[place.position]
      return place && found && { rawHex: found.toHex(), height: place.height }
    },
    place: (txid) => {
      const place = ledger.places.get(txid)
      if (place === undefined) return undefined
      const leaves = (blocks[place.height]?.transactions ?? []).map((t) => t.getHash())
      return { ...place, branch: merkleBranch(leaves, place.position).branch }
    },
    transactionAt: (height, position) => blocks[height]?.transactions?.[position]?.getId(),
    history: (hash) => [
      ...(ledger.histories.get(hash) ?? []),
      ...[...mempool.entries()]
        .filter(([, entry]) => touchesScript(entry, hash))
        .map(([txid, entry]) => ({
          txid,
          height: entry.transaction.ins.some((input) => mempool.has(reverse(input.hash))) ? -1 : 0,
          fee: entry.fee,
        })),
    ],
    coins: (hash) => {
      const confirmed = [...(ledger.coinsByScript.get(hash) ?? [])].flatMap(
        (key) => ledger.coins.get(key) ?? [],
      )
      const waiting = [...mempool.entries()].flatMap(([txid, entry]) =>
        entry.transaction.outs.flatMap((output, vout) =>
          scriptHash(output.script) === hash ? [{ txid, vout, ...output, height: 0 }] : [],
        ),
      )
      return [...confirmed, ...waiting].filter(
        (coin) => !spentInMempool.has(`${coin.txid}:${coin.vout}`),
      )
    },
    mempool: () =>
      [...mempool.entries()].map(([txid, { fee, virtualSize }]) => ({ txid, fee, virtualSize })),
    onChange: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
