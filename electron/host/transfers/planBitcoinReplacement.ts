/** Bitcoin plans that pay nobody new: replacements (BIP125) that hurry or call back what waits, over the same coins;
 *  a child that pays for its parent; and the merge of small coins into one. Each is a transfer of its own; of all
 *  that share a coin the chain confirms one. */
import { bytesToHex } from '@noble/hashes/utils.js'
import type { CodeOf } from '../../../shared/contract/method.ts'
import type { transfersBoost } from '../../../shared/contract/methods/transfers.ts'
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import { boostBitcoinTransfer } from '../../../shared/transfer/btc/boostBitcoinTransfer.ts'
import { replaceBitcoinTransfer } from '../../../shared/transfer/btc/replaceBitcoinTransfer.ts'
import { type Transfer, currentStep, hasEnded } from '../../../shared/transfer/lifecycle.ts'
import type { BitcoinTransactionPlan, TransferPlan } from '../../../shared/transfer/plan.ts'
import {
  parseBitcoinTransactionHex,
  virtualSizeOf,
} from '../../../shared/transfer/verify/bitcoinTransaction.ts'
import { BTC, amount } from '../../../shared/units/amount.ts'
import type { BitcoinVaultAccount, Coin } from '../../../shared/vault/account.ts'
import type { ChainRefusals } from '../ports.ts'
import {
  type FeeChoice,
  absoluteFeeCap,
  bitcoinMeans,
  planBitcoin,
  readRate,
} from './planBitcoin.ts'
import type { PlanningContext } from './planningContext.ts'

export type BitcoinReplacement =
  | {
      readonly kind: 'speed-up' | 'cancel'
      readonly transfer: Transfer
      readonly fee: FeeChoice
    }
  | {
      readonly kind: 'boost'
      readonly txid: string
      readonly vout: number
      readonly fee: FeeChoice
    }
  | {
      readonly kind: 'consolidate'
      readonly from?: string | undefined
      readonly feeRateLimitSatPerVb: number
    }

type Code = CodeOf<typeof transfersBoost>

const outpointsOf = ({ plan }: Transfer): readonly string[] =>
  plan.execution.kind === 'bitcoin'
    ? plan.execution.inputs.map(({ txid, vout }) => `${txid}:${vout}`)
    : []

/** Sent on bitcoin and still waiting: it may be sped up or called back. */
export function waitsOnBitcoin(transfer: Transfer): boolean {
  return (
    transfer.plan.execution.kind === 'bitcoin' &&
    transfer.signed !== null &&
    transfer.state === 'sent' &&
    currentStep(transfer)?.kind === 'confirm'
  )
}

/** Signed transfers that spend a coin of this one, itself left out. */
export function rivalsOf(
  transfer: Transfer,
  all: readonly Transfer[],
): readonly { readonly id: string; readonly txid: string; readonly script: string }[] {
  const own = new Set(outpointsOf(transfer))
  return all.flatMap((other) => {
    const { execution } = other.plan
    if (other.id === transfer.id || other.signed === null || execution.kind !== 'bitcoin') return []
    if (!outpointsOf(other).some((outpoint) => own.has(outpoint))) return []
    return [{ id: other.id, txid: other.signed.txid, script: execution.outputs[0]?.script ?? '' }]
  })
}

export function createBitcoinReplacementPlanner(
  context: Omit<PlanningContext, 'isGiven'>,
): (request: BitcoinReplacement, signal: AbortSignal) => Promise<Result<TransferPlan, Code>> {
  const { vault, bitcoin, clock } = context

  function envelope(
    execution: BitcoinTransactionPlan,
    rest: Pick<TransferPlan, 'amount' | 'recipient' | 'vaultAccount'> &
      Partial<Pick<TransferPlan, 'replaces' | 'alsoPays'>>,
  ): TransferPlan {
    const now = clock.now()
    const policy = context.policy()
    const quote = context.portfolio.quote(BTC.symbol)
    const fresh = quote !== undefined && now - quote.asOf <= policy.staleAfterMs
    return {
      id: bytesToHex(context.random.bytes(8)),
      purpose: 'withdraw',
      createdAt: now,
      expiresAt: now + policy.planLifetimeMs,
      networkFee: amount(BTC, execution.fee),
      accountId: null,
      before: null,
      after: null,
      prices: fresh ? [quote] : [],
      priceLimitBps: policy.priceLimitBps,
      execution,
      ...rest,
    }
  }

  function accountOf(id: string): Result<BitcoinVaultAccount, 'NOT_FOUND'> {
    const found = vault.bitcoinAccount(id)
    return found === undefined ? refuse('NOT_FOUND', { what: 'account', id }) : ok(found.account)
  }

  const rateOf = (fee: FeeChoice, signal: AbortSignal) =>
    readRate({ bitcoin, policy: context.policy(), fee }, signal)

  const feeCap = () => ({
    absolute: absoluteFeeCap,
    relativeBps: Math.floor(context.policy().feeCapOfAmount * 10_000),
  })

  /** What may be replaced: ours, sent, waiting, and not already replaced or built upon. */
  function waiting(transfer: Transfer): Result<
    {
      readonly execution: BitcoinTransactionPlan
      readonly txid: string
    },
    'PLAN_STATE_WRONG'
  > {
    const { execution } = transfer.plan
    const txid = transfer.signed?.txid
    if (!waitsOnBitcoin(transfer) || execution.kind !== 'bitcoin' || txid === undefined)
      return refuse('PLAN_STATE_WRONG', { state: transfer.state, needed: 'waiting on bitcoin' })
    const live = context.transfers().filter((other) => other.signed !== null && !hasEnded(other))
    const rivals = new Set(rivalsOf(transfer, live).map((rival) => rival.id))
    const newest = live.find(
      (other) => rivals.has(other.id) && other.createdAt >= transfer.createdAt,
    )
    if (newest !== undefined)
      return refuse('PLAN_STATE_WRONG', { state: `replaced by ${newest.id}`, needed: 'the newest' })
    const child = live.find((other) => outpointsOf(other).some((spent) => spent.startsWith(txid)))
    if (child !== undefined)
      return refuse('PLAN_STATE_WRONG', { state: `spent by ${child.id}`, needed: 'unspent' })
    return ok({ execution, txid })
  }

  async function replace(
    request: Extract<BitcoinReplacement, { transfer: Transfer }>,
    signal: AbortSignal,
  ): Promise<Result<TransferPlan, Code>> {
    const { transfer } = request
    const { vaultAccount } = transfer.plan
    const account = accountOf(vaultAccount)
    if (!account.ok) return account
    const original = waiting(transfer)
    if (!original.ok) return original
    const { execution, txid } = original.value
    const script = execution.outputs[0]?.script ?? ''
    const [seen, rate] = await Promise.all([
      bitcoin.readConfirmation(txid, script, signal),
      rateOf(request.fee, signal),
      vault.refresh(),
    ])
    if (!seen.ok) return seen
    if (seen.value.kind === 'confirmed')
      return refuse('PLAN_STATE_WRONG', { state: 'confirmed', needed: 'waiting on bitcoin' })
    if (!rate.ok) return rate
    const change = vault.nextChange(vaultAccount)
    if (change === undefined) return refuse('NOT_FOUND', { what: 'coins', id: 'bitcoin' })
    const planned = replaceBitcoinTransfer({
      account: account.value,
      original: execution,
      how:
        request.kind === 'cancel'
          ? { kind: 'cancel', changeIndex: change.index }
          : { kind: 'speed-up' },
      feeRateSatPerVb: rate.value,
      feeCap: feeCap(),
    })
    if (!planned.ok) return planned
    const { amount: asked, recipient, alsoPays } = transfer.plan
    const others = alsoPays === undefined ? {} : { alsoPays }
    const replaces = { transferId: transfer.id, txid, kind: request.kind }
    return ok(
      request.kind === 'cancel'
        ? { ...toOurselves(planned.value, vaultAccount), replaces }
        : envelope(planned.value, { vaultAccount, amount: asked, recipient, ...others, replaces }),
    )
  }

  /** A plan whose only output is ours. */
  function toOurselves(execution: BitcoinTransactionPlan, vaultAccount: string): TransferPlan {
    const [only] = execution.outputs
    if (only === undefined) throw new Error('a transaction without outputs')
    return envelope(execution, {
      vaultAccount,
      amount: amount(BTC, only.value),
      recipient: { address: only.address, label: '', origin: 'vault' },
    })
  }

  /** Raw transactions that made the parent's coins tell what the parent pays; each is hashed by the port. */
  async function readParent(
    coin: Coin,
    signal: AbortSignal,
  ): Promise<
    Result<
      { readonly raw: string; readonly virtualSize: number; readonly fee: bigint },
      ChainRefusals
    >
  > {
    const raw = await bitcoin.readTransaction(coin.txid, signal)
    if (!raw.ok) return raw
    const parent = parseBitcoinTransactionHex(raw.value)
    if (parent.kind === 'malformed') return malformedParent(parent.problem)
    let fee = -parent.transaction.outputs.reduce((sum, output) => sum + output.value, 0n)
    for (const { txid, vout } of parent.transaction.inputs) {
      const before = await bitcoin.readTransaction(txid, signal)
      if (!before.ok) return before
      const made = parseBitcoinTransactionHex(before.value)
      const spent = made.kind === 'malformed' ? undefined : made.transaction.outputs[vout]
      if (spent === undefined) return malformedParent(`${txid}:${vout} does not exist`)
      fee += spent.value
    }
    return ok({ raw: raw.value, virtualSize: virtualSizeOf(parent.transaction), fee })
  }

  function malformedParent(value: string): Result<never, 'CHAIN_ANSWER_MALFORMED'> {
    return refuse('CHAIN_ANSWER_MALFORMED', { chain: 'bitcoin', field: 'parent', value })
  }

  async function boost(
    request: Extract<BitcoinReplacement, { kind: 'boost' }>,
    signal: AbortSignal,
  ): Promise<Result<TransferPlan, Code>> {
    await vault.refresh()
    const id = `${request.txid}:${request.vout}`
    const found = vault.coin(id)
    if (found === undefined) return refuse('NOT_FOUND', { what: 'coin', id })
    const { account, coin } = found
    const change = vault.nextChange(account.id)
    if (change === undefined) return refuse('NOT_FOUND', { what: 'coins', id: account.id })
    if (context.frozen().has(id)) return refuse('COIN_FROZEN', { coin: id })
    if (coin.height !== null && coin.height > 0)
      return refuse('PLAN_STATE_WRONG', { state: 'confirmed', needed: 'waiting on bitcoin' })
    const [rate, tip, parent] = await Promise.all([
      rateOf(request.fee, signal),
      bitcoin.readTip(signal),
      readParent(coin, signal),
    ])
    if (!rate.ok) return rate
    if (!tip.ok) return tip
    if (!parent.ok) return parent
    const { raw, virtualSize, fee } = parent.value
    const { absolute, relativeBps } = feeCap()
    const relative = (coin.value * BigInt(relativeBps)) / 10_000n
    const planned = boostBitcoinTransfer({
      account,
      coin,
      previousTransactions: new Map([[coin.txid, raw]]),
      parent: { virtualSize, fee },
      feeRateSatPerVb: rate.value,
      feeCap: relative < absolute ? relative : absolute,
      changeIndex: change.index,
      tipHeight: tip.value.height,
      random: context.random,
    })
    return planned.ok ? ok(toOurselves(planned.value, account.id)) : planned
  }

  async function consolidate(
    { from, feeRateLimitSatPerVb: limit }: Extract<BitcoinReplacement, { kind: 'consolidate' }>,
    signal: AbortSignal,
  ): Promise<Result<TransferPlan, Code>> {
    const found = vault.bitcoinAccount(from)
    if (found === undefined)
      return from === undefined
        ? refuse('VAULT_NOT_PAIRED', { chain: 'bitcoin' })
        : refuse('NOT_FOUND', { what: 'account', id: from })
    const { account } = found
    const planned = await planBitcoin(
      {
        ...bitcoinMeans(context),
        account,
        payment: { kind: 'consolidate' },
        fee: { kind: 'target', target: 'slow', limit },
        chosen: null,
      },
      signal,
    )
    if (!planned.ok) return planned
    const { execution, warnings } = planned.value
    const [first, ...rest] = warnings
    const plan = toOurselves(execution, account.id)
    return ok(first === undefined ? plan : { ...plan, warnings: [first, ...rest] })
  }

  return (request, signal) => {
    switch (request.kind) {
      case 'boost':
        return boost(request, signal)
      case 'consolidate':
        return consolidate(request, signal)
      case 'speed-up':
      case 'cancel':
        return replace(request, signal)
    }
  }
}
