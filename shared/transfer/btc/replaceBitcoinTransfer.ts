/** Replacing a payment that waits too long (BIP125): the same coins at a higher fee, either to the same
 *  recipients or, to cancel, all back to us. Satoshi and sat/vB. No coin is added: every replacement
 *  conflicts with the original in each input, so the two can never both confirm. */
import { hex } from '@scure/base'
import { type Result, ok, refuse } from '../../errors/refusal.ts'
import { BTC, amount, amountToDecimal } from '../../units/amount.ts'
import type { PinnedBitcoinAccount } from '../../vault/account.ts'
import { openAccount } from '../../vault/derive.ts'
import { ownAddress } from '../../vault/ownAddress.ts'
import { type OutputScriptKind, readOutputScript } from '../../vault/script.ts'
import {
  ACCOUNT_OUTPUT_KIND,
  DUST_LIMIT,
  estimateVirtualSize,
  feeAtRate,
} from '../../vault/weight.ts'
import type { BitcoinOutput, BitcoinTransactionPlan } from '../plan.ts'

export interface BitcoinReplacementRequest {
  readonly account: PinnedBitcoinAccount
  /** What was sent and still waits. */
  readonly original: BitcoinTransactionPlan
  readonly how:
    | { readonly kind: 'speed-up' }
    /** `changeIndex`: where on the change branch everything returns to. */
    | { readonly kind: 'cancel'; readonly changeIndex: number }
  readonly feeRateSatPerVb: number
  readonly feeCap: { readonly absolute: bigint; readonly relativeBps: number }
}

export type BitcoinReplacementRefusals = 'FUNDS_INSUFFICIENT' | 'FEE_OVER_CAP' | 'INPUT_INVALID'

/** What nodes ask for relaying once more, on top of the fee replaced (sat/vB). */
const INCREMENTAL_RELAY_RATE = 1
const FIRST_FINAL_SEQUENCE = 0xfffffffe

/**
 * Plans the replacement of a waiting payment.
 * @returns a plan over the same inputs with a fee that nodes accept in its place, or why there is none
 */
export function replaceBitcoinTransfer(
  request: BitcoinReplacementRequest,
): Result<BitcoinTransactionPlan, BitcoinReplacementRefusals> {
  const { original, how, feeRateSatPerVb: rate } = request
  if (!Number.isFinite(rate) || rate <= 0) return invalid('feeRate', `${rate} sat/vB`)
  if (!original.inputs.some((input) => input.sequence < FIRST_FINAL_SEQUENCE)) {
    return invalid('original', 'does not signal that it may be replaced')
  }
  const total = original.inputs.reduce((sum, input) => sum + input.value, 0n)
  const outputs = how.kind === 'cancel' ? returned(request, how.changeIndex) : ok(original.outputs)
  if (!outputs.ok) return outputs
  const settled = settle(request, total, outputs.value)
  if (!settled.ok) return settled
  const over = feeOverCap(request, settled.value)
  if (over !== undefined) return over
  const { fee, virtualSize } = settled.value
  return ok({
    ...original,
    outputs: settled.value.outputs,
    fee,
    virtualSize,
    feeRateSatPerVb: Number(fee) / virtualSize,
  })
}

interface Settled {
  readonly outputs: readonly BitcoinOutput[]
  readonly fee: bigint
  readonly virtualSize: number
}

function invalid(field: string, problem: string): Result<never, 'INPUT_INVALID'> {
  return refuse('INPUT_INVALID', { field, problem })
}

function decimal(units: bigint): string {
  return amountToDecimal(amount(BTC, units))
}

/** One change output that takes everything; its value is settled with the fee. */
function returned(
  { account }: BitcoinReplacementRequest,
  changeIndex: number,
): Result<readonly BitcoinOutput[], 'INPUT_INVALID'> {
  const keys = openAccount(account)
  if (!keys.ok) return keys
  const own = ownAddress(account, keys.value, { branch: 1, index: changeIndex })
  const { address, script, path } = own
  return ok([{ role: 'change', address, script, path, value: 0n }])
}

function kindOf(output: BitcoinOutput): OutputScriptKind {
  const kind = readOutputScript(hex.decode(output.script))?.kind
  if (kind === undefined) throw new Error('a planned output without a template')
  return kind
}

/** Gives change what is left after the recipients and the new fee; drops it when that is dust. */
function settle(
  request: BitcoinReplacementRequest,
  total: bigint,
  outputs: readonly BitcoinOutput[],
): Result<Settled, 'FUNDS_INSUFFICIENT'> {
  const { account, original } = request
  const recipients = outputs.filter((output) => output.role === 'recipient')
  const paid = recipients.reduce((sum, output) => sum + output.value, 0n)
  const sizeOf = (list: readonly BitcoinOutput[]): number =>
    estimateVirtualSize(
      original.inputs.map(() => account.scriptType),
      list.map(kindOf),
    )
  const withChange = sizeOf(outputs)
  const fee = leastFee(request, withChange)
  const change = total - paid - fee
  if (
    outputs.length > recipients.length &&
    change >= DUST_LIMIT[ACCOUNT_OUTPUT_KIND[account.scriptType]]
  ) {
    const kept = outputs.map((output) =>
      output.role === 'change' ? { ...output, value: change } : output,
    )
    return ok({ outputs: kept, fee, virtualSize: withChange })
  }
  const bareSize = sizeOf(recipients)
  const needed = leastFee(request, bareSize)
  if (recipients.length === 0 || total - paid < needed) {
    return refuse('FUNDS_INSUFFICIENT', {
      needed: decimal(paid + needed),
      available: decimal(total),
      asset: 'BTC',
    })
  }
  return ok({ outputs: recipients, fee: total - paid, virtualSize: bareSize })
}

/** The rate asked for, but never under what lets a node take it in the original's place. */
function leastFee({ original, feeRateSatPerVb }: BitcoinReplacementRequest, size: number): bigint {
  const asked = feeAtRate(size, feeRateSatPerVb)
  const replacing = original.fee + feeAtRate(size, INCREMENTAL_RELAY_RATE)
  return asked > replacing ? asked : replacing
}

/** Relative to what the recipients get; to what comes back when cancelling. */
function feeOverCap(
  { feeCap }: BitcoinReplacementRequest,
  { outputs, fee }: Settled,
): Result<never, 'FEE_OVER_CAP'> | undefined {
  const recipients = outputs.filter((output) => output.role === 'recipient')
  const base = recipients.length > 0 ? recipients : outputs
  const sent = base.reduce((sum, output) => sum + output.value, 0n)
  const relative = (sent * BigInt(feeCap.relativeBps)) / 10_000n
  const cap = relative < feeCap.absolute ? relative : feeCap.absolute
  if (fee <= cap) return undefined
  return refuse('FEE_OVER_CAP', { fee: decimal(fee), cap: decimal(cap), asset: 'BTC' })
}
