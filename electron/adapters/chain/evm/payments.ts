/** What became of a transaction, and what it paid. A receipt must lie in the block it names; what a
 *  transaction says about itself must hash to its id. Events of a receipt are the server's word only:
 *  a second source or a receipts proof is what would check them.
 *  Coins that a contract pays stand in no field: there the balance over the block counts (`readBlockGain`). */
import { Signature, toBeHex, Transaction } from 'ethers'
import { ok } from '../../../../shared/errors/refusal.ts'
import type { ChainResult, Confirmation, EvmPort } from '../../../host/ports.ts'
import {
  blockSchema,
  countSchema,
  fullBlockSchema,
  logsSchema,
  paymentSchema,
  type Payment,
  quantitySchema,
  receiptSchema,
  transactionSchema,
} from './answers.ts'
import { erc20 } from './erc20.ts'
import type { EvmNode } from './node.ts'

export async function readConfirmation(
  node: EvmNode,
  txid: string,
  signal: AbortSignal,
): Promise<ChainResult<Confirmation>> {
  const checked = await node.checkChain(signal)
  if (!checked.ok) return checked
  const [receipt, transaction, tip] = await Promise.all([
    node.ask('eth_getTransactionReceipt', [txid], receiptSchema, signal),
    node.ask('eth_getTransactionByHash', [txid], transactionSchema, signal),
    node.ask('eth_blockNumber', [], countSchema, signal),
  ])
  if (!receipt.ok) return receipt
  if (!transaction.ok) return transaction
  if (!tip.ok) return tip
  if (transaction.value !== null && transaction.value.hash !== txid) {
    return node.lied('transaction.hash', transaction.value.hash, txid)
  }
  if (receipt.value === null) {
    return ok<Confirmation>({ kind: transaction.value === null ? 'unknown' : 'mempool' })
  }
  const { transactionHash, blockHash, blockNumber, status } = receipt.value
  if (transaction.value === null) {
    return node.lied('receipt', `block ${blockNumber}`, 'there is no such transaction')
  }
  if (transactionHash !== txid) return node.lied('receipt.transactionHash', transactionHash, txid)
  const number = `0x${blockNumber.toString(16)}`
  const block = await node.ask('eth_getBlockByNumber', [number, false], blockSchema, signal)
  if (!block.ok) return block
  // Behind the receipt's block, or on another branch by now: not confirmed, not a lie.
  if (block.value === null || block.value.hash !== blockHash || blockNumber > tip.value) {
    return ok<Confirmation>({ kind: 'mempool' })
  }
  if (!block.value.transactions.includes(txid)) {
    return node.lied('receipt.blockNumber', String(blockNumber), 'the block does not hold it')
  }
  if (status === '0x0') return ok<Confirmation>({ kind: 'failed', reason: 'reverted' })
  const confirmations = tip.value - blockNumber + 1
  return ok<Confirmation>({ kind: 'confirmed', height: blockNumber, confirmations })
}

/** Base units paid to `recipient`; null while unconfirmed, or where what a contract paid cannot be told. */
export async function readReceived(
  node: EvmNode,
  query: Parameters<EvmPort['readReceived']>[0],
  signal: AbortSignal,
): Promise<ChainResult<bigint | null>> {
  const confirmation = await readConfirmation(node, query.txid, signal)
  if (!confirmation.ok) return confirmation
  if (confirmation.value.kind === 'failed') return ok(0n)
  if (confirmation.value.kind !== 'confirmed') return ok(null)
  return query.token === null
    ? readReceivedCoin(node, query, confirmation.value.height, signal)
    : readReceivedToken(node, query.txid, query.recipient, query.token, signal)
}

async function readReceivedCoin(
  node: EvmNode,
  { txid, recipient }: { readonly txid: string; readonly recipient: string },
  height: number,
  signal: AbortSignal,
): Promise<ChainResult<bigint | null>> {
  const paid = await node.ask('eth_getTransactionByHash', [txid], paymentSchema, signal)
  if (!paid.ok) return paid
  const { to, value, input } = paid.value
  // Blob, delegating and the rollups' own types: none of them is a plain payment.
  if (!['0x0', '0x1', '0x2'].includes(paid.value.type)) return ok(null)
  const hash = hashOf(paid.value)
  if (hash === undefined) return node.malformed('transaction', paid.value.hash)
  if (hash !== txid) return node.lied('transaction', hash, txid)
  if (to !== null && sameText(to, recipient)) return ok(value)
  return input === '0x' ? ok(0n) : readBlockGain(node, { txid, recipient }, height, signal)
}

/**
 * What an account gained over the block of a contract call: its balance after it less that before it. Proves that so
 * much reached it in that block by contracts alone; which of the block's calls paid it is the word of whoever named
 * the transaction. Null where anything else may have changed the balance (own transactions, direct payments, rewards,
 * withdrawals), and where the server no longer has the block's state.
 */
async function readBlockGain(
  node: EvmNode,
  { txid, recipient }: { readonly txid: string; readonly recipient: string },
  height: number,
  signal: AbortSignal,
): Promise<ChainResult<bigint | null>> {
  const [at, before] = [height, height - 1].map((block) => `0x${block.toString(16)}`)
  const [block, ...state] = await Promise.all([
    node.ask('eth_getBlockByNumber', [at, true], fullBlockSchema, signal),
    node.ask('eth_getBalance', [recipient, before], quantitySchema, signal),
    node.ask('eth_getBalance', [recipient, at], quantitySchema, signal),
    node.ask('eth_getTransactionCount', [recipient, before], quantitySchema, signal),
    node.ask('eth_getTransactionCount', [recipient, at], quantitySchema, signal),
  ])
  if (!block.ok) return block
  if (block.value === null) return ok(null)
  if (!block.value.transactions.some(({ hash }) => hash === txid)) {
    return node.lied('block.transactions', String(height), 'the block does not hold it')
  }
  const values: bigint[] = []
  for (const read of state) {
    // State of older blocks is often pruned: then nothing is known.
    if (!read.ok) return read.refusal.code === 'CHAIN_REJECTED' ? ok(null) : read
    values.push(read.value)
  }
  const [held = 0n, holds = 0n, nonceBefore, nonceAfter] = values
  const { miner, transactions, withdrawals } = block.value
  const touched =
    nonceBefore !== nonceAfter ||
    sameText(miner, recipient) ||
    withdrawals.some(({ address }) => sameText(address, recipient)) ||
    transactions.some(({ from, to }) => sameText(from, recipient) || sameText(to ?? '', recipient))
  // Less than before without a transaction of its own: code acts for it, and nothing can be told.
  return ok(touched || holds < held ? null : holds - held)
}

async function readReceivedToken(
  node: EvmNode,
  txid: string,
  recipient: string,
  token: string,
  signal: AbortSignal,
): Promise<ChainResult<bigint>> {
  const receipt = await node.ask('eth_getTransactionReceipt', [txid], logsSchema, signal)
  if (!receipt.ok) return receipt
  const { transactionHash, logs } = receipt.value
  if (transactionHash !== txid) return node.lied('receipt.transactionHash', transactionHash, txid)
  const [topic] = erc20.encodeFilterTopics('Transfer', [])
  const payee = `0x${recipient.slice(2).toLowerCase().padStart(64, '0')}`
  const received = logs.filter(
    (log) =>
      sameText(log.address, token) &&
      log.topics.length === 3 &&
      log.topics[0] === topic &&
      log.topics[2] === payee &&
      log.data.length === 66,
  )
  return ok(received.reduce((sum, log) => sum + BigInt(log.data), 0n))
}

/** The id of a transaction with exactly these fields. */
function hashOf(payment: Payment): string | undefined {
  const { type, chainId, nonce, to, value, input, gas, accessList } = payment
  try {
    const legacy = type === '0x0'
    const fees =
      type === '0x2'
        ? {
            maxFeePerGas: payment.maxFeePerGas ?? null,
            maxPriorityFeePerGas: payment.maxPriorityFeePerGas ?? null,
          }
        : { gasPrice: payment.gasPrice ?? null }
    const r = toBeHex(payment.r, 32)
    const s = toBeHex(payment.s, 32)
    const transaction = Transaction.from({
      type: Number(type),
      ...(chainId === undefined ? {} : { chainId }),
      nonce,
      to,
      value,
      data: input,
      gasLimit: gas,
      ...fees,
      ...(legacy ? {} : { accessList: accessList ?? [] }),
      signature: Signature.from({ r, s, v: legacy ? payment.v : 27n + (payment.v & 1n) }),
    })
    return transaction.hash ?? undefined
  } catch {
    return undefined
  }
}

export function sameText(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
