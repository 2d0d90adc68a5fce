/** The caps of an EVM fee by the user's policy, in wei of the chain's coin. Pure.
 *  Prices are quotes that the caller knows to be fresh. */
import type { Quote } from '../../../shared/market/quote.ts'
import type { Policy } from '../../../shared/risk/policy.ts'
import type { EvmFeeCaps } from '../../../shared/transfer/evm/plan.ts'
import { type Amount, type Asset, ETH, amountToDecimal } from '../../../shared/units/amount.ts'

const gwei = 1_000_000_000n
/** A fee below this is never refused for its share of the amount: small first payments must stay possible. */
const relativeFloorWei = 2_000_000_000_000_000n

export interface FeeCapRequest {
  readonly policy: Policy
  readonly gasLimit: bigint
  readonly coin: Asset
  readonly moved: Amount
  readonly freshQuote: (asset: string) => Quote | undefined
}

export function evmFeeCaps(request: FeeCapRequest): EvmFeeCaps {
  const { policy } = request
  return {
    absoluteWei: capWei(request),
    relativeBps: Math.floor(policy.feeCapOfAmount * 10_000),
    relativeFloorWei,
    movedWei: movedWei(request),
  }
}

/** The policy's cap is in gwei of ether. A cheaper coin's gwei is worth less, so its cap is as many more as its
 *  price says; without both prices it is not raised. */
function capWei({ policy, gasLimit, coin, freshQuote }: FeeCapRequest): bigint {
  const cap = gasLimit * BigInt(Math.floor(policy.feeCapGwei)) * gwei
  if (coin.symbol === ETH.symbol) return cap
  const times = Number(freshQuote(ETH.symbol)?.usd) / Number(freshQuote(coin.symbol)?.usd)
  return Number.isFinite(times) && times > 1 ? cap * BigInt(Math.floor(times)) : cap
}

/** What is moved, worth in wei at fresh prices; null when a price is missing. */
function movedWei({ moved, coin, freshQuote }: FeeCapRequest): bigint | null {
  if (moved.asset === coin.symbol) return moved.units
  const [own, paid] = [Number(freshQuote(moved.asset)?.usd), Number(freshQuote(coin.symbol)?.usd)]
  if (!(own > 0) || !(paid > 0)) return null
  return BigInt(Math.floor(((Number(amountToDecimal(moved)) * own) / paid) * 1e9)) * gwei
}
