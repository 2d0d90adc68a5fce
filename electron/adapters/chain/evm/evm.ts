/** An EVM chain through one JSON-RPC server that is not trusted. Wei, gas and token base units.
 *  The chain id is checked before anything else is asked, and again after each lost connection;
 *  each token's code, decimals and symbol before its first balance or transfer.
 *  A single server can still lie about balances and fees: plans cap fees, and a transaction built
 *  on a false balance or nonce fails on the chain without moving anything. */
import { Interface, keccak256, Transaction } from 'ethers'
import type { z } from 'zod'
import type { ChainResult, Clock, Confirmation, EvmPort, EvmToken } from '../../../host/ports.ts'
import { ok, refuse } from '../../../../shared/errors/refusal.ts'
import {
  isVerified,
  type VerifiedTransaction,
} from '../../../../shared/transfer/verify/verified.ts'
import { amount, type Asset } from '../../../../shared/units/amount.ts'
import {
  blockSchema,
  countSchema,
  feeHistorySchema,
  hashSchema,
  hexSchema,
  logsSchema,
  paymentSchema,
  quantitySchema,
  receiptSchema,
  transactionSchema,
  wordSchema,
} from './answers.ts'
import { RpcFailure, RpcProvider, RpcRejection } from './rpcProvider.ts'

const DEFAULT_TIMEOUT_MS = 10_000
/** A transfer between plain accounts costs exactly this; anything else gets a margin. */
const PLAIN_TRANSFER_GAS = 21_000n
const GAS_MARGIN_PERCENT = 20n
const FEE_HISTORY_BLOCKS = 10
/** Of the tips paid in a block, the median. */
const TIP_PERCENTILE = 50
/** 0.01 gwei: on a quiet chain the median tip is zero, and a zero tip may never be mined. */
const MIN_TIP_WEI = 10_000_000n

/** keccak256('Transfer(address,address,uint256)') */
const TRANSFER_TOPIC = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'

const erc20 = new Interface([
  'function transfer(address to, uint256 value) returns (bool)',
  'function balanceOf(address owner) view returns (uint256)',
  'function decimals() view returns (uint8)',
  'function symbol() view returns (string)',
  'error Error(string reason)',
  'error Panic(uint256 code)',
])

/** `chainSymbol` is what the contract itself says where that is not our symbol ('USD₮0' for USDT). */
export interface EvmTokenConfig extends EvmToken {
  readonly chainSymbol?: string
}

export interface EvmOptions {
  readonly chainId: number
  readonly url: string
  /** The chain's coin. */
  readonly coin: Asset
  readonly tokens: readonly EvmTokenConfig[]
  /** Shown as the source of figures; carries no key and no path of the URL. */
  readonly source: string
  readonly clock: Pick<Clock, 'now'>
  readonly timeoutMs?: number
}

export function createEvm(options: EvmOptions): EvmPort {
  const { chainId, coin, tokens, source, clock } = options
  const chain = `evm:${chainId}`
  const provider = new RpcProvider(options.url, chainId, options.timeoutMs ?? DEFAULT_TIMEOUT_MS)
  const checkedTokens = new Set<string>()
  let chainChecked = false
  let closed = false

  const unreachable = (reason: string) => refuse('CHAIN_UNREACHABLE', { chain, reason })
  const malformed = (field: string, value: unknown) =>
    refuse('CHAIN_ANSWER_MALFORMED', { chain, field, value: clip(value) })
  const lied = (field: string, claimed: string, actual: string) =>
    refuse('CHAIN_LIED', { chain, field, claimed: clip(claimed), actual })

  /** One call, its answer parsed. Aborting gives up waiting; the connection ends by its own limit. */
  async function ask<T>(
    method: string,
    params: unknown[],
    schema: z.ZodType<T>,
    signal: AbortSignal,
  ): Promise<ChainResult<T>> {
    if (closed) return unreachable('closed')
    if (signal.aborted) return unreachable('aborted')
    const aborted = whenAborted(signal)
    try {
      const raw: unknown = await Promise.race([provider.send(method, params), aborted.promise])
      const parsed = schema.safeParse(raw)
      return parsed.success ? ok(parsed.data) : malformed(method, raw)
    } catch (error) {
      return refuseAsk(method, error, signal)
    } finally {
      aborted.forget()
    }
  }

  function refuseAsk(method: string, error: unknown, signal: AbortSignal): ChainResult<never> {
    if (error instanceof RpcRejection) {
      return refuse('CHAIN_REJECTED', { chain, reason: revertReason(error) })
    }
    if (closed) return unreachable('closed')
    if (signal.aborted) return unreachable('aborted')
    // Whoever answers next may be another server.
    chainChecked = false
    if (error instanceof RpcFailure && error.kind === 'unreachable')
      return unreachable(error.message)
    return malformed(
      method,
      error instanceof RpcFailure ? error.message : 'no answer for this call',
    )
  }

  async function checkChain(signal: AbortSignal): Promise<ChainResult<void>> {
    if (chainChecked) return ok(undefined)
    const found = await ask('eth_chainId', [], quantitySchema, signal)
    if (!found.ok) return found
    if (found.value !== BigInt(chainId)) {
      const data = { chain, expected: String(chainId), found: String(found.value) }
      return refuse('CHAIN_WRONG_NETWORK', data)
    }
    chainChecked = true
    return ok(undefined)
  }

  const callToken = (token: EvmToken, name: string, values: readonly unknown[]): unknown[] => [
    { to: token.contract, data: erc20.encodeFunctionData(name, [...values]) },
    'latest',
  ]

  /** The contract says it is what we are configured with. A wrong decimal moves a million times too much. */
  async function checkToken(
    token: EvmTokenConfig,
    signal: AbortSignal,
  ): Promise<ChainResult<void>> {
    if (checkedTokens.has(token.contract)) return ok(undefined)
    const { symbol, decimals } = token.asset
    const [code, claimedDecimals, claimedSymbol] = await Promise.all([
      ask('eth_getCode', [token.contract, 'latest'], hexSchema, signal),
      ask('eth_call', callToken(token, 'decimals', []), hexSchema, signal),
      ask('eth_call', callToken(token, 'symbol', []), hexSchema, signal),
    ])
    if (!code.ok) return code
    if (code.value === '0x') return lied(`${symbol}.contract`, 'no code', token.contract)
    if (!claimedDecimals.ok) return claimedDecimals
    if (!claimedSymbol.ok) return claimedSymbol
    const word = wordSchema.safeParse(claimedDecimals.value)
    if (!word.success) return malformed(`${symbol}.decimals`, claimedDecimals.value)
    if (word.data !== BigInt(decimals)) {
      return lied(`${symbol}.decimals`, String(word.data), String(decimals))
    }
    const name = decodeText(claimedSymbol.value)
    if (name === undefined) return malformed(`${symbol}.symbol`, claimedSymbol.value)
    const expected = token.chainSymbol ?? symbol
    if (name !== expected) return lied(`${symbol}.symbol`, name, expected)
    checkedTokens.add(token.contract)
    return ok(undefined)
  }

  async function checkTokens(
    which: readonly EvmTokenConfig[],
    signal: AbortSignal,
  ): Promise<ChainResult<void>> {
    const checks = await Promise.all(which.map((token) => checkToken(token, signal)))
    return checks.find((check) => !check.ok) ?? ok(undefined)
  }

  /** The node's own refusal of a transaction it already has is success: only the hash counts. */
  async function isKnown(txid: string, signal: AbortSignal): Promise<boolean> {
    const found = await ask('eth_getTransactionByHash', [txid], transactionSchema, signal)
    return found.ok && found.value?.hash === txid
  }

  async function readConfirmation(
    txid: string,
    signal: AbortSignal,
  ): Promise<ChainResult<Confirmation>> {
    const checked = await checkChain(signal)
    if (!checked.ok) return checked
    const [receipt, transaction, tip] = await Promise.all([
      ask('eth_getTransactionReceipt', [txid], receiptSchema, signal),
      ask('eth_getTransactionByHash', [txid], transactionSchema, signal),
      ask('eth_blockNumber', [], countSchema, signal),
    ])
    if (!receipt.ok) return receipt
    if (!transaction.ok) return transaction
    if (!tip.ok) return tip
    if (transaction.value !== null && transaction.value.hash !== txid) {
      return lied('transaction.hash', transaction.value.hash, txid)
    }
    if (receipt.value === null) {
      return ok<Confirmation>({ kind: transaction.value === null ? 'unknown' : 'mempool' })
    }
    const { transactionHash, blockHash, blockNumber, status } = receipt.value
    if (transactionHash !== txid) return lied('receipt.transactionHash', transactionHash, txid)
    const number = `0x${blockNumber.toString(16)}`
    const block = await ask('eth_getBlockByNumber', [number, false], blockSchema, signal)
    if (!block.ok) return block
    // Behind the receipt's block, or on another branch by now: not confirmed, not a lie.
    if (block.value === null || block.value.hash !== blockHash || blockNumber > tip.value) {
      return ok<Confirmation>({ kind: 'mempool' })
    }
    if (!block.value.transactions.includes(txid)) {
      return lied('receipt.blockNumber', String(blockNumber), 'the block does not hold it')
    }
    if (status === '0x0') return ok<Confirmation>({ kind: 'failed', reason: 'reverted' })
    const confirmations = tip.value - blockNumber + 1
    return ok<Confirmation>({ kind: 'confirmed', height: blockNumber, confirmations })
  }

  return {
    chainId,
    source,
    tokens,

    async readTip(signal) {
      const checked = await checkChain(signal)
      if (!checked.ok) return checked
      const height = await ask('eth_blockNumber', [], countSchema, signal)
      return height.ok ? ok({ height: height.value, asOf: clock.now() }) : height
    },

    async readBalances(address, signal) {
      const checked = await checkChain(signal)
      if (!checked.ok) return checked
      const known = await checkTokens(tokens, signal)
      if (!known.ok) return known
      const [coins, ...held] = await Promise.all([
        ask('eth_getBalance', [address, 'latest'], quantitySchema, signal),
        ...tokens.map((token) =>
          ask('eth_call', callToken(token, 'balanceOf', [address]), wordSchema, signal),
        ),
      ])
      if (!coins.ok) return coins
      const balances = [amount(coin, coins.value)]
      for (const [i, token] of tokens.entries()) {
        const units = held[i]
        if (units === undefined) throw new Error('a token without an answer')
        if (!units.ok) return units
        balances.push(amount(token.asset, units.value))
      }
      return ok(balances)
    },

    async readNonce(address, signal) {
      const checked = await checkChain(signal)
      if (!checked.ok) return checked
      const [mined, pending] = await Promise.all([
        ask('eth_getTransactionCount', [address, 'latest'], countSchema, signal),
        ask('eth_getTransactionCount', [address, 'pending'], countSchema, signal),
      ])
      if (!mined.ok) return mined
      if (!pending.ok) return pending
      if (pending.value < mined.value) {
        return lied('nonce', String(pending.value), `at least ${mined.value}`)
      }
      return pending
    },

    async readFees(signal) {
      const checked = await checkChain(signal)
      if (!checked.ok) return checked
      const blocks = `0x${FEE_HISTORY_BLOCKS.toString(16)}`
      const params = [blocks, 'latest', [TIP_PERCENTILE]]
      const history = await ask('eth_feeHistory', params, feeHistorySchema, signal)
      if (!history.ok) return history
      // The last entry is the base fee of the next block.
      const baseFeePerGas = history.value.baseFeePerGas.at(-1) ?? 0n
      const tip = median(history.value.reward.map(([reward]) => reward ?? 0n))
      const maxPriorityFeePerGas = tip > MIN_TIP_WEI ? tip : MIN_TIP_WEI
      // Twice the base fee outlasts six full blocks, each of which raises it by an eighth.
      const maxFeePerGas = 2n * baseFeePerGas + maxPriorityFeePerGas
      return ok({ baseFeePerGas, maxFeePerGas, maxPriorityFeePerGas })
    },

    async estimateGas(call, signal) {
      const checked = await checkChain(signal)
      if (!checked.ok) return checked
      const touched = tokens.filter((token) => sameText(token.contract, call.to))
      const known = await checkTokens(touched, signal)
      if (!known.ok) return known
      const { from, to } = call
      const request = { from, to, value: `0x${call.value.toString(16)}`, data: `0x${call.data}` }
      const [simulated, estimated] = await Promise.all([
        ask('eth_call', [request, 'latest'], hexSchema, signal),
        ask('eth_estimateGas', [request], quantitySchema, signal),
      ])
      if (!simulated.ok) return simulated
      if (!estimated.ok) return estimated
      // Some tokens answer false where others revert.
      if (touched.length > 0 && /^0x0{64}$/.test(simulated.value)) {
        return refuse('CHAIN_REJECTED', { chain, reason: 'the token answered false' })
      }
      const gas = estimated.value
      if (gas < PLAIN_TRANSFER_GAS)
        return lied('gas', String(gas), `at least ${PLAIN_TRANSFER_GAS}`)
      if (gas === PLAIN_TRANSFER_GAS && call.data === '') return ok(gas)
      return ok((gas * (100n + GAS_MARGIN_PERCENT) + 99n) / 100n)
    },

    readConfirmation,

    async broadcast(transaction, signal) {
      assertOurs(transaction)
      const { rawHex, txid } = transaction
      const signedFor = Transaction.from(`0x${rawHex}`).chainId
      if (signedFor !== BigInt(chainId)) {
        const data = { chain, expected: String(chainId), found: String(signedFor) }
        return refuse('CHAIN_WRONG_NETWORK', data)
      }
      const checked = await checkChain(signal)
      if (!checked.ok) return checked
      const sent = await ask('eth_sendRawTransaction', [`0x${rawHex}`], hashSchema, signal)
      if (sent.ok) return sent.value === txid ? ok({ txid }) : lied('txid', sent.value, txid)
      return (await isKnown(txid, signal)) ? ok({ txid }) : sent
    },

    async readReceived({ txid, recipient, token }, signal) {
      const confirmation = await readConfirmation(txid, signal)
      if (!confirmation.ok) return confirmation
      if (confirmation.value.kind === 'failed') return ok(0n)
      if (confirmation.value.kind !== 'confirmed') return ok(null)
      if (token === null) {
        const paid = await ask('eth_getTransactionByHash', [txid], paymentSchema, signal)
        if (!paid.ok) return paid
        return ok(
          paid.value.to !== null && sameText(paid.value.to, recipient) ? paid.value.value : 0n,
        )
      }
      const receipt = await ask('eth_getTransactionReceipt', [txid], logsSchema, signal)
      if (!receipt.ok) return receipt
      const { transactionHash, logs } = receipt.value
      if (transactionHash !== txid) return lied('receipt.transactionHash', transactionHash, txid)
      const payee = `0x${recipient.slice(2).toLowerCase().padStart(64, '0')}`
      const received = logs
        .filter(
          (log) =>
            sameText(log.address, token) &&
            log.topics.length === 3 &&
            log.topics[0] === TRANSFER_TOPIC &&
            log.topics[2] === payee &&
            /^0x[0-9a-f]{64}$/.test(log.data),
        )
        .reduce((sum, log) => sum + BigInt(log.data), 0n)
      return ok(received)
    },

    async close() {
      closed = true
      provider.destroy()
    },
  }
}

/** Broken invariants: only the verifier's own result may leave this machine. */
function assertOurs(transaction: VerifiedTransaction): void {
  if (!isVerified(transaction)) throw new Error('broadcast of a transaction nobody verified')
  if (transaction.kind !== 'evm')
    throw new Error(`an EVM chain got a ${transaction.kind} transaction`)
  if (keccak256(`0x${transaction.rawHex}`) !== transaction.txid) {
    throw new Error('the transaction does not hash to its txid')
  }
}

function whenAborted(signal: AbortSignal): {
  readonly promise: Promise<never>
  forget(): void
} {
  let stop: () => void = () => undefined
  const promise = new Promise<never>((_, reject) => {
    stop = () => reject(new RpcFailure('unreachable', 'aborted'))
    signal.addEventListener('abort', stop, { once: true })
  })
  return { promise, forget: () => signal.removeEventListener('abort', stop) }
}

/** The contract's own words where the node passes them on, else the node's. */
function revertReason(rejection: RpcRejection): string {
  const data = hexSchema.safeParse(rejection.data)
  if (data.success && data.data.length >= 10) {
    try {
      const parsed = erc20.parseError(data.data)
      if (parsed !== null) return clip(`${parsed.name}: ${String(parsed.args[0])}`)
    } catch {
      // Not the standard encoding; the node's message says what is known.
    }
  }
  return clip(rejection.message)
}

function decodeText(data: string): string | undefined {
  try {
    return String(erc20.decodeFunctionResult('symbol', data)[0])
  } catch {
    return undefined
  }
}

function median(values: readonly bigint[]): bigint {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return sorted[Math.floor(sorted.length / 2)] ?? 0n
}

function sameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** Foreign text for a refusal: short, on one line. */
function clip(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing')
  return text.replace(/\s+/g, ' ').slice(0, 120)
}
