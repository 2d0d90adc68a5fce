/** Reads what a bitcoin payment needs (coins with their own transactions, a fee rate, the tip) and plans it.
 *  Unconfirmed coins are left alone: whoever sent them can still take them back. */
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import type { Policy } from '../../../shared/risk/policy.ts'
import {
  type BitcoinPlanRefusals,
  planBitcoinTransfer,
} from '../../../shared/transfer/btc/planBitcoinTransfer.ts'
import type { BitcoinTransactionPlan, PlanWarning } from '../../../shared/transfer/plan.ts'
import { type Amount, BTC, amount } from '../../../shared/units/amount.ts'
import type { BitcoinVaultAccount, Coin } from '../../../shared/vault/account.ts'
import { outpointOf } from '../../../shared/vault/coinNotes.ts'
import type { DecodedAddress } from '../../../shared/vault/address.ts'
import type { BitcoinPort, ChainRefusals, ChainResult, Random } from '../ports.ts'
import type { Vault } from '../vault/vault.ts'

/** Blocks until a confirmation is expected. */
export const feeTargets = { fast: 1, normal: 6, slow: 24 } as const
export type FeeTarget = keyof typeof feeTargets

/** No single payment costs more, whatever the rate: 0.01 BTC. */
export const absoluteFeeCap = 1_000_000n

export interface BitcoinRequest {
  readonly bitcoin: BitcoinPort
  readonly vault: Vault
  readonly account: BitcoinVaultAccount
  readonly random: Random
  readonly policy: Policy
  readonly recipient: DecodedAddress
  readonly asked: Amount | 'all'
  readonly feeTarget: keyof typeof feeTargets
  /** Outpoints `txid:vout` of other transfers under way. */
  readonly taken: ReadonlySet<string>
  readonly frozen: ReadonlySet<string>
  /** Only these, when the user chose. */
  readonly chosen: readonly string[] | null
}

/** By txid; each is hashed by the port. */
export async function readTransactions(
  bitcoin: BitcoinPort,
  txids: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<ChainResult<ReadonlyMap<string, string>>> {
  const read = new Map<string, string>()
  for (const txid of txids) {
    const raw = await bitcoin.readTransaction(txid, signal)
    if (!raw.ok) return raw
    read.set(txid, raw.value)
  }
  return ok(read)
}

/** Coins of several addresses in one payment tell everyone that one owner holds them all. */
export function linkWarnings({ inputs }: BitcoinTransactionPlan): readonly PlanWarning[] {
  const count = new Set(inputs.map(({ script }) => script)).size
  return count < 2 ? [] : [{ key: 'linksAddresses', values: { count: String(count) } }]
}

type ChoiceRefusals = 'NOT_FOUND' | 'COIN_FROZEN' | 'PLAN_STATE_WRONG'

/** Confirmed coins that are neither frozen nor spent by another transfer; of a choice, each must be one of them. */
function spendableCoins(
  { taken, frozen, chosen }: BitcoinRequest,
  coins: readonly Coin[],
): Result<readonly Coin[], ChoiceRefusals> {
  const isFree = (coin: Coin) =>
    coin.height !== null && coin.height > 0 && !taken.has(outpointOf(coin))
  if (chosen === null)
    return ok(coins.filter((coin) => isFree(coin) && !frozen.has(outpointOf(coin))))
  const found: Coin[] = []
  for (const outpoint of new Set(chosen)) {
    const coin = coins.find((held) => outpointOf(held) === outpoint)
    if (coin === undefined) return refuse('NOT_FOUND', { what: 'coin', id: outpoint })
    if (frozen.has(outpoint)) return refuse('COIN_FROZEN', { coin: outpoint })
    if (!isFree(coin)) {
      const state = taken.has(outpoint) ? 'in another transfer' : 'unconfirmed'
      return refuse('PLAN_STATE_WRONG', { state, needed: 'a free confirmed coin' })
    }
    found.push(coin)
  }
  return ok(found)
}

export async function planBitcoin(
  request: BitcoinRequest,
  signal: AbortSignal,
): Promise<
  Result<
    { readonly execution: BitcoinTransactionPlan; readonly amount: Amount; readonly fee: Amount },
    BitcoinPlanRefusals | ChainRefusals | ChoiceRefusals
  >
> {
  const { bitcoin, vault, account, policy, recipient, asked } = request
  await vault.refresh()
  // Coins from before a server was caught in a lie are no ground to spend on.
  const doubt = vault.chains().find(({ chain }) => chain === 'bitcoin')?.refusal
  if (doubt != null) return { ok: false, refusal: doubt }
  const state = vault.bitcoin(account.id)
  const change = vault.nextChange(account.id)
  if (state === null || change === undefined)
    return refuse('NOT_FOUND', { what: 'coins', id: 'bitcoin' })
  const spendable = spendableCoins(request, state.coins)
  if (!spendable.ok) return spendable
  const coins = spendable.value
  const [tip, feeRate, previousTransactions] = await Promise.all([
    bitcoin.readTip(signal),
    bitcoin.readFeeRate(feeTargets[request.feeTarget], signal),
    readTransactions(bitcoin, new Set(coins.map((coin) => coin.txid)), signal),
  ])
  if (!tip.ok) return tip
  if (!feeRate.ok) return feeRate
  if (!previousTransactions.ok) return previousTransactions
  if (feeRate.value > policy.feeCapSatPerVb) {
    return refuse('FEE_OVER_CAP', {
      fee: String(feeRate.value),
      cap: String(policy.feeCapSatPerVb),
      asset: 'sat/vB',
    })
  }
  const planned = planBitcoinTransfer({
    account,
    coins,
    previousTransactions: previousTransactions.value,
    payment:
      asked === 'all'
        ? { kind: 'send-all', address: recipient.address }
        : { kind: 'pay', recipients: [{ address: recipient.address, value: asked.units }] },
    feeRateSatPerVb: feeRate.value,
    feeCap: { absolute: absoluteFeeCap, relativeBps: Math.floor(policy.feeCapOfAmount * 10_000) },
    changeIndex: change.index,
    tipHeight: tip.value.height,
    random: request.random,
  })
  if (!planned.ok) return planned
  const sent = planned.value.outputs
    .filter((output) => output.role === 'recipient')
    .reduce((sum, output) => sum + output.value, 0n)
  return ok({
    execution: planned.value,
    amount: amount(BTC, sent),
    fee: amount(BTC, planned.value.fee),
  })
}
