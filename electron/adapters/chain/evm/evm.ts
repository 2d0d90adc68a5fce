/** An EVM chain through one JSON-RPC server that is not trusted. Wei, gas and token base units.
 *  A single server can still lie about balances, fees and events: plans cap fees, and a transaction
 *  built on a false balance or nonce fails on the chain without moving anything.
 *  Broadcasts nothing but what the verifier made, and only to the chain it was signed for. */
import { keccak256, Transaction } from 'ethers'
import { ok } from '../../../../shared/errors/refusal.ts'
import {
  isVerified,
  type VerifiedTransaction,
} from '../../../../shared/transfer/verify/verified.ts'
import type { Asset } from '../../../../shared/units/amount.ts'
import type { ChainResult, Clock, EvmPort } from '../../../host/ports.ts'
import {
  countSchema,
  feeHistorySchema,
  hashSchema,
  hexSchema,
  quantitySchema,
  transactionSchema,
} from './answers.ts'
import { createBalanceReader } from './balances.ts'
import { GAS_PRICE_ORACLE, readOpStackDataFee } from './dataFee.ts'
import { createNames } from './names.ts'
import { createNode } from './node.ts'
import { readConfirmation, readReceived, sameText } from './payments.ts'
import { simulateCall } from './simulate.ts'
import { readTokenMovements } from './tokenTransfers.ts'
import { createTokenCheck, type EvmTokenConfig } from './tokens.ts'

const DEFAULT_TIMEOUT_MS = 10_000
/** A transfer between plain accounts costs exactly this; anything else gets a margin. */
const PLAIN_TRANSFER_GAS = 21_000n
const GAS_MARGIN_PERCENT = 20n
const FEE_HISTORY_BLOCKS = 10
/** Of the tips paid in a block, the median. */
const TIP_PERCENTILE = 50
/** Of what Arbitrum estimates, most is Ethereum's price of the bytes, which moves by an eighth a block; what is not
 *  used is not paid. */
const IN_GAS_MARGIN_PERCENT = 50n
/** 0.01 gwei: on a quiet chain the median tip is zero, and a zero tip may never be mined. */
const MIN_TIP_WEI = 10_000_000n

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
  /** Absent: asked of the chain, which is of the OP stack when the stack's own oracle lies there. */
  readonly dataFee?: 'none' | 'op-stack' | 'in-gas'
  /** The registry of names (ENS); absent: the chain has none. */
  readonly nameRegistry?: string
  /** Wei; the least tip that the chain's nodes take. */
  readonly leastTip?: bigint
}

export function createEvm(options: EvmOptions): EvmPort {
  const { chainId, url, coin, tokens, source, clock } = options
  const node = createNode({ chainId, url, timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS })
  const checkTokens = createTokenCheck(node)
  const balances = createBalanceReader(node, coin, tokens)

  /** The node's own refusal of a transaction it already has is success: only the hash counts. */
  async function isKnown(txid: string, signal: AbortSignal): Promise<boolean> {
    const found = await node.ask('eth_getTransactionByHash', [txid], transactionSchema, signal)
    return found.ok && found.value?.hash === txid
  }

  /** The chain's id, then the tokens that the call touches. */
  async function check(
    touched: readonly EvmTokenConfig[],
    signal: AbortSignal,
  ): Promise<ChainResult<void>> {
    const checked = await node.checkChain(signal)
    return checked.ok ? checkTokens(touched, signal) : checked
  }

  const readAllBalances: EvmPort['readAllBalances'] = async (addresses, signal) => {
    const checked = await check(tokens, signal)
    return checked.ok ? balances.read(addresses, signal) : checked
  }

  async function readCount(
    address: string,
    at: 'latest' | 'pending',
    signal: AbortSignal,
  ): Promise<ChainResult<number>> {
    const checked = await check([], signal)
    if (!checked.ok) return checked
    return node.ask('eth_getTransactionCount', [address, at], countSchema, signal)
  }

  const readMinedNonce: EvmPort['readMinedNonce'] = (address, signal) =>
    readCount(address, 'latest', signal)

  const { nameRegistry } = options
  return {
    ...(nameRegistry === undefined
      ? {}
      : { names: createNames(node, nameRegistry, (signal) => check([], signal)) }),
    chainId,
    coin,
    source,
    tokens,

    async readTip(signal) {
      const checked = await check([], signal)
      if (!checked.ok) return checked
      const height = await node.ask('eth_blockNumber', [], countSchema, signal)
      return height.ok ? ok({ height: height.value, asOf: clock.now() }) : height
    },

    async readBalances(address, signal) {
      const all = await readAllBalances([address], signal)
      return all.ok ? ok(all.value[0] ?? []) : all
    },

    readAllBalances,

    async readNonce(address, signal) {
      const [mined, pending] = await Promise.all([
        readMinedNonce(address, signal),
        readCount(address, 'pending', signal),
      ])
      if (!mined.ok) return mined
      if (!pending.ok) return pending
      if (pending.value < mined.value) {
        return node.lied('nonce', String(pending.value), `at least ${mined.value}`)
      }
      return pending
    },

    readMinedNonce,

    async readFees(signal) {
      const checked = await check([], signal)
      if (!checked.ok) return checked
      const params = [`0x${FEE_HISTORY_BLOCKS.toString(16)}`, 'latest', [TIP_PERCENTILE]]
      const history = await node.ask('eth_feeHistory', params, feeHistorySchema, signal)
      if (!history.ok) return history
      // The last entry is the base fee of the next block.
      const baseFeePerGas = history.value.baseFeePerGas.at(-1) ?? 0n
      const tip = median(history.value.reward.map(([reward]) => reward ?? 0n))
      const least = options.leastTip ?? MIN_TIP_WEI
      const maxPriorityFeePerGas = tip > least ? tip : least
      // Twice the base fee outlasts five full blocks, each of which raises it by an eighth.
      const maxFeePerGas = 2n * baseFeePerGas + maxPriorityFeePerGas
      return ok({ baseFeePerGas, maxFeePerGas, maxPriorityFeePerGas })
    },

    async estimateGas(call, signal) {
      const touched = tokens.filter((token) => sameText(token.contract, call.to))
      const checked = await check(touched, signal)
      if (!checked.ok) return checked
      const { from, to } = call
      const request = { from, to, value: `0x${call.value.toString(16)}`, data: `0x${call.data}` }
      const [simulated, estimated] = await Promise.all([
        node.ask('eth_call', [request, 'latest'], hexSchema, signal),
        node.ask('eth_estimateGas', [request], quantitySchema, signal),
      ])
      if (!simulated.ok) return simulated
      if (!estimated.ok) return estimated
      // Some tokens answer false where others revert.
      if (touched.length > 0 && /^0x0{64}$/.test(simulated.value)) {
        return node.rejected('the token answered false')
      }
      const gas = estimated.value
      if (gas < PLAIN_TRANSFER_GAS) {
        return node.lied('gas', String(gas), `at least ${PLAIN_TRANSFER_GAS}`)
      }
      if (gas === PLAIN_TRANSFER_GAS && call.data === '') return ok(gas)
      const margin = options.dataFee === 'in-gas' ? IN_GAS_MARGIN_PERCENT : GAS_MARGIN_PERCENT
      return ok((gas * (100n + margin) + 99n) / 100n)
    },

    async simulate(call, signal) {
      const checked = await check([], signal)
      return checked.ok ? simulateCall(node, call, signal) : checked
    },

    async readCode(address, signal) {
      const checked = await check([], signal)
      if (!checked.ok) return checked
      return node.ask('eth_getCode', [address, 'latest'], hexSchema, signal)
    },

    async readDataFee(transaction, signal) {
      const kind = options.dataFee
      if (kind === 'none' || kind === 'in-gas') return ok(0n)
      const checked = await check([], signal)
      if (!checked.ok) return checked
      if (kind === undefined) {
        const code = await node.ask('eth_getCode', [GAS_PRICE_ORACLE, 'latest'], hexSchema, signal)
        if (!code.ok) return code
        if (code.value === '0x') return ok(0n)
      }
      return readOpStackDataFee(node, chainId, transaction, signal)
    },

    async readTokenMovements(addresses, signal) {
      const checked = await check([], signal)
      return checked.ok ? readTokenMovements(node, addresses, signal) : checked
    },

    readConfirmation: (txid, signal) => readConfirmation(node, txid, signal),

    async broadcast(transaction, signal) {
      assertOurs(transaction)
      const { rawHex, txid } = transaction
      const signedFor = Transaction.from(`0x${rawHex}`).chainId
      if (signedFor !== BigInt(chainId)) return node.wrongNetwork(signedFor)
      const checked = await check([], signal)
      if (!checked.ok) return checked
      const sent = await node.ask('eth_sendRawTransaction', [`0x${rawHex}`], hashSchema, signal)
      if (sent.ok) return sent.value === txid ? ok({ txid }) : node.lied('txid', sent.value, txid)
      return (await isKnown(txid, signal)) ? ok({ txid }) : sent
    },

    readReceived: (query, signal) => readReceived(node, query, signal),

    async close() {
      node.close()
    },
  }
}

/** Broken invariants: only the verifier's own result may leave this machine. */
function assertOurs(transaction: VerifiedTransaction): void {
  const { kind, rawHex, txid } = transaction
  if (!isVerified(transaction)) throw new Error('broadcast of a transaction nobody verified')
  if (kind !== 'evm') throw new Error(`an EVM chain got a ${kind} transaction`)
  if (keccak256(`0x${rawHex}`) !== txid) {
    throw new Error('the transaction does not hash to its txid')
  }
}

function median(values: readonly bigint[]): bigint {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return sorted[Math.floor(sorted.length / 2)] ?? 0n
}
