/** What became of a transaction, and what it paid. A receipt must lie in the block it names; what a
 *  transaction says about itself must hash to its id. Events of a receipt are the server's word only:
 *  a second source or a receipts proof is what would check them. */
import { Signature, toBeHex, Transaction } from 'ethers'
import { ok } from '../../../../shared/errors/refusal.ts'
import type { ChainResult, Confirmation, EvmPort } from '../../../host/ports.ts'
import {
  blockSchema,
  countSchema,
  logsSchema,
  paymentSchema,
  type Payment,
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

/** Base units paid to `recipient`; null while unconfirmed, or where a contract may have paid the
 *  coin in a way that no transaction field shows. */
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
    ? readReceivedCoin(node, query.txid, query.recipient, signal)
    : readReceivedToken(node, query.txid, query.recipient, query.token, signal)
}

async function readReceivedCoin(
  node: EvmNode,
  txid: string,
  recipient: string,
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
  return ok(input === '0x' ? 0n : null)
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
