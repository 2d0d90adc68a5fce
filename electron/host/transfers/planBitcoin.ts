/** Reads what a bitcoin payment needs (a fee rate, the tip, the chosen coins' own transactions) and plans it.
 *  Unconfirmed coins of strangers are left alone, as whoever sent them can still take them back; change of our
 *  own pays when nothing else does. Chosen by hand, either may. */
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import type { Policy } from '../../../shared/risk/policy.ts'
import {
  type BitcoinPayment,
  type CoinChoice,
  type CoinRefusals,
  type CoinRequest,
  LONG_TERM_RATE,
  chooseCoins,
  mergeSaving,
} from '../../../shared/transfer/btc/chooseCoins.ts'
import { buildBitcoinTransfer } from '../../../shared/transfer/btc/planBitcoinTransfer.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import type { BitcoinTransactionPlan, PlanWarning } from '../../../shared/transfer/plan.ts'
import { type Amount, BTC, amount, amountToDecimal } from '../../../shared/units/amount.ts'
import type { BitcoinVaultAccount, Coin } from '../../../shared/vault/account.ts'
import { outpointOf } from '../../../shared/vault/coinNotes.ts'
import { accountStep } from '../../../shared/vault/derive.ts'
import type { BitcoinPort, ChainRefusals, ChainResult, Random } from '../ports.ts'
import type { Vault } from '../vault/vault.ts'
import { coinsUnderWay } from './inFlight.ts'

/** Blocks until a confirmation is expected. */
export const feeTargets = { fast: 1, normal: 6, slow: 24 } as const
export type FeeTarget = keyof typeof feeTargets

/** Blocks to wait, or a rate in sat/vB. `limit`: dearer than that it is not to be. */
export type FeeChoice =
  | { readonly kind: 'target'; readonly target: FeeTarget; readonly limit?: number }
  | { readonly kind: 'rate'; readonly satPerVb: number }

/** What was asked for, in one of the two ways. */
export function readFeeChoice(
  asked: {
    readonly feeTarget?: FeeTarget | undefined
    readonly feeRateSatPerVb?: number | undefined
  },
  otherwise: FeeTarget,
): Result<FeeChoice, 'INPUT_INVALID'> {
  if (asked.feeRateSatPerVb === undefined)
    return ok({ kind: 'target', target: asked.feeTarget ?? otherwise })
  return asked.feeTarget === undefined
    ? ok({ kind: 'rate', satPerVb: asked.feeRateSatPerVb })
    : refuse('INPUT_INVALID', { field: 'feeTarget', problem: 'beside a rate' })
}

/** No single payment costs more, whatever the rate: 0.01 BTC. */
export const absoluteFeeCap = 1_000_000n

export interface BitcoinRequest {
  readonly bitcoin: BitcoinPort
  readonly vault: Vault
  readonly account: BitcoinVaultAccount
  readonly random: Random
  readonly policy: Policy
  readonly payment: BitcoinPayment
  readonly fee: FeeChoice
  /** Transactions that we signed: their change is ours before it is confirmed. */
  readonly ownTransactions: ReadonlySet<string>
  /** Outpoints `txid:vout` of other transfers under way. */
  readonly taken: ReadonlySet<string>
  readonly frozen: ReadonlySet<string>
  /** Only these, when the user chose. */
  readonly chosen: readonly string[] | null
}

interface BitcoinContext {
  readonly bitcoin: BitcoinPort
  readonly vault: Vault
  readonly random: Random
  readonly policy: () => Policy
  readonly transfers: () => readonly Transfer[]
  readonly frozen: () => ReadonlySet<string>
}

/** What every bitcoin plan starts from: the ports, the policy, and the coins that are not free. */
export function bitcoinMeans(
  context: BitcoinContext,
): Omit<BitcoinRequest, 'account' | 'payment' | 'fee' | 'chosen'> {
  const transfers = context.transfers()
  return {
    bitcoin: context.bitcoin,
    vault: context.vault,
    random: context.random,
    policy: context.policy(),
    taken: coinsUnderWay(transfers),
    frozen: context.frozen(),
    ownTransactions: new Set(transfers.flatMap(({ signed }) => signed?.txid ?? [])),
  }
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

const isConfirmed = (coin: Coin) => coin.height !== null && coin.height > 0

/** Sets of coins to try, the better first. None is frozen or spent by another transfer; of a choice, each must be free. */
function coinSets(
  { account, taken, frozen, chosen, ownTransactions }: BitcoinRequest,
  coins: readonly Coin[],
): Result<readonly (readonly Coin[])[], ChoiceRefusals> {
  if (chosen === null) {
    const free = coins.filter(
      (coin) => !taken.has(outpointOf(coin)) && !frozen.has(outpointOf(coin)),
    )
    const isOwnChange = (coin: Coin) =>
      ownTransactions.has(coin.txid) && accountStep(account.path, coin.path)?.branch === 1
    return ok([
      free.filter(isConfirmed),
      free.filter((coin) => isConfirmed(coin) || isOwnChange(coin)),
    ])
  }
  const found: Coin[] = []
  for (const outpoint of new Set(chosen)) {
    const coin = coins.find((held) => outpointOf(held) === outpoint)
    if (coin === undefined) return refuse('NOT_FOUND', { what: 'coin', id: outpoint })
    if (frozen.has(outpoint)) return refuse('COIN_FROZEN', { coin: outpoint })
    if (taken.has(outpoint))
      return refuse('PLAN_STATE_WRONG', { state: 'in another transfer', needed: 'a free coin' })
    found.push(coin)
  }
  return ok([found])
}

/** The rate to pay, within the policy's cap and the asker's limit. */
export async function readRate(
  { bitcoin, policy, fee }: Pick<BitcoinRequest, 'bitcoin' | 'policy' | 'fee'>,
  signal: AbortSignal,
): Promise<Result<number, ChainRefusals | 'FEE_OVER_CAP'>> {
  const rate =
    fee.kind === 'rate'
      ? ok(fee.satPerVb)
      : await bitcoin.readFeeRate(feeTargets[fee.target], signal)
  const limit = fee.kind === 'target' ? fee.limit : undefined
  const cap = Math.min(policy.feeCapSatPerVb, limit ?? Number.POSITIVE_INFINITY)
  return !rate.ok || rate.value <= cap
    ? rate
    : refuse('FEE_OVER_CAP', { fee: String(rate.value), cap: String(cap), asset: 'sat/vB' })
}

export interface PlannedBitcoin {
  readonly execution: BitcoinTransactionPlan
  /** What the recipients get together; of a merge, what comes back. */
  readonly amount: Amount
  readonly fee: Amount
  readonly warnings: readonly PlanWarning[]
}

export async function planBitcoin(
  request: BitcoinRequest,
  signal: AbortSignal,
): Promise<Result<PlannedBitcoin, CoinRefusals | ChainRefusals | ChoiceRefusals>> {
  const { bitcoin, vault, account, policy, payment, random } = request
  await vault.refresh()
  // Coins from before a server was caught in a lie are no ground to spend on.
  const doubt = vault.chains().find(({ chain }) => chain === 'bitcoin')?.refusal
  if (doubt != null) return { ok: false, refusal: doubt }
  const state = vault.bitcoin(account.id)
  const change = vault.nextChange(account.id)
  if (state === null || change === undefined)
    return refuse('NOT_FOUND', { what: 'coins', id: 'bitcoin' })
  const sets = coinSets(request, state.coins)
  if (!sets.ok) return sets
  const [tip, rate] = await Promise.all([bitcoin.readTip(signal), readRate(request, signal)])
  if (!tip.ok) return tip
  if (!rate.ok) return rate
  // A merge is held to its rate: of small coins its fee is a large part, and dearer later.
  const relativeBps =
    payment.kind === 'consolidate' ? 10_000 : Math.floor(policy.feeCapOfAmount * 10_000)
  const asked = {
    account,
    payment,
    feeRateSatPerVb: rate.value,
    feeCap: { absolute: absoluteFeeCap, relativeBps },
    random,
  }
  const chosen = chooseAmong(sets.value, asked)
  if (!chosen.ok) return chosen
  const { inputs } = chosen.value.selection
  const previousTransactions = await readTransactions(
    bitcoin,
    new Set(inputs.map((coin) => coin.txid)),
    signal,
  )
  if (!previousTransactions.ok) return previousTransactions
  const planned = buildBitcoinTransfer(
    {
      account,
      random,
      previousTransactions: previousTransactions.value,
      changeIndex: change.index,
      tipHeight: tip.value.height,
      keys: vault.bitcoinKeys(account),
    },
    chosen.value,
  )
  if (!planned.ok) return planned
  const role = payment.kind === 'consolidate' ? 'change' : 'recipient'
  const sent = planned.value.outputs
    .filter((output) => output.role === role)
    .reduce((sum, output) => sum + output.value, 0n)
  return ok({
    execution: planned.value,
    amount: amount(BTC, sent),
    fee: amount(BTC, planned.value.fee),
    warnings: [
      ...linkWarnings(planned.value),
      ...(payment.kind === 'consolidate' ? savingWarnings(chosen.value, asked) : []),
    ],
  })
}

/** The first set that can pay; the reason against the last when none can. */
function chooseAmong(
  sets: readonly (readonly Coin[])[],
  asked: Omit<CoinRequest, 'coins'>,
): Result<CoinChoice, CoinRefusals> {
  const [coins = [], ...rest] = sets
  const chosen = chooseCoins({ ...asked, coins })
  const isShort = !chosen.ok && chosen.refusal.code === 'FUNDS_INSUFFICIENT'
  return isShort && rest.length > 0 ? chooseAmong(rest, asked) : chosen
}

function savingWarnings(
  choice: CoinChoice,
  asked: Omit<CoinRequest, 'coins'>,
): readonly PlanWarning[] {
  const saved = mergeSaving(choice, asked)
  const values = {
    count: String(choice.selection.inputs.length),
    rate: String(LONG_TERM_RATE),
    saved: amountToDecimal(amount(BTC, BigInt(Math.floor(saved)))),
  }
  return saved > 0 ? [{ key: 'savesLater', values }] : []
}
