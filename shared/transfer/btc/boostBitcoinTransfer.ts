/** Child pays for parent: a waiting transaction that we cannot replace (somebody else's payment to us,
 *  or a final sequence) is pulled along by spending our output of it at a fee for both. Satoshi, sat/vB. */
import { type Result, ok, refuse } from '../../errors/refusal.ts'
import { BTC, amount, amountToDecimal } from '../../units/amount.ts'
import type { Coin, PinnedBitcoinAccount } from '../../vault/account.ts'
import { openAccount } from '../../vault/derive.ts'
import { ownAddress } from '../../vault/ownAddress.ts'
import type { RandomBytes } from '../../vault/random.ts'
import {
  ACCOUNT_OUTPUT_KIND,
  DUST_LIMIT,
  estimateVirtualSize,
  feeAtRate,
} from '../../vault/weight.ts'
import type { BitcoinTransactionPlan } from '../plan.ts'
import { antiFeeSnipingLocktime, planInput } from './planInput.ts'

export interface BitcoinBoostRequest {
  readonly account: PinnedBitcoinAccount
  /** Our unconfirmed output of the waiting transaction. */
  readonly coin: Coin
  readonly previousTransactions: ReadonlyMap<string, string>
  /** The waiting transaction: what it weighs and what it already pays. */
  readonly parent: { readonly virtualSize: number; readonly fee: bigint }
  /** Rate that parent and child together are to reach. */
  readonly feeRateSatPerVb: number
  /** Most that the child may pay. */
  readonly feeCap: bigint
  readonly changeIndex: number
  readonly tipHeight: number
  readonly random: RandomBytes
}

type BoostRefusals = 'FUNDS_INSUFFICIENT' | 'FEE_OVER_CAP' | 'INPUT_INVALID' | 'CHAIN_LIED'

function decimal(units: bigint): string {
  return amountToDecimal(amount(BTC, units))
}

/** Plans the child: one input, one output to our own change address, the fee of the whole package. */
export function boostBitcoinTransfer(
  request: BitcoinBoostRequest,
): Result<BitcoinTransactionPlan, BoostRefusals> {
  const { account, coin, parent, feeRateSatPerVb: rate, feeCap } = request
  if (!Number.isFinite(rate) || rate <= 0) {
    return refuse('INPUT_INVALID', { field: 'feeRate', problem: `${rate} sat/vB` })
  }
  const keys = openAccount(account)
  if (!keys.ok) return keys
  const input = planInput(request, keys.value, coin)
  if (!input.ok) return input
  const kind = ACCOUNT_OUTPUT_KIND[account.scriptType]
  const virtualSize = estimateVirtualSize([account.scriptType], [kind])
  const forBoth = feeAtRate(parent.virtualSize + virtualSize, rate) - parent.fee
  const alone = feeAtRate(virtualSize, rate)
  // A parent that already pays more than the rate must not make the child pay less than it.
  const fee = forBoth > alone ? forBoth : alone
  if (fee > feeCap) {
    return refuse('FEE_OVER_CAP', { fee: decimal(fee), cap: decimal(feeCap), asset: 'BTC' })
  }
  const value = coin.value - fee
  if (value < DUST_LIMIT[kind]) {
    return refuse('FUNDS_INSUFFICIENT', {
      needed: decimal(fee + DUST_LIMIT[kind]),
      available: decimal(coin.value),
      asset: 'BTC',
    })
  }
  const own = ownAddress(account, keys.value, { branch: 1, index: request.changeIndex })
  const { address, script, path } = own
  return ok({
    kind: 'bitcoin',
    network: account.network,
    version: 2,
    locktime: antiFeeSnipingLocktime(request.tipHeight, request.random),
    inputs: [input.value],
    outputs: [{ role: 'change', address, script, path, value }],
    fee,
    feeRateSatPerVb: Number(fee) / virtualSize,
    virtualSize,
  })
}
