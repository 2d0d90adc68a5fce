/** The segwit fee attack over two signings: a device is shown a coin's amount falsely twice, each time with
 *  another coin told right, and the two halves make one transaction that pays all to the miner. No coin's amount
 *  ever changes, so a second request over it with another amount is an attack or a broken source. Satoshi. */
import { type Result, ok, refuse } from '../../errors/refusal.ts'
import { BTC, amount, amountToDecimal } from '../../units/amount.ts'
import type { Transfer } from '../lifecycle.ts'
import type { BitcoinInput, TransferPlan } from '../plan.ts'

/** What the signer was asked to sign for, whether it answered or not: its answer may have been seen by others. */
function askedInputs(transfer: Transfer): readonly BitcoinInput[] {
  const { execution } = transfer.plan
  const wasAsked = transfer.steps.some((step) => step.kind === 'sign' && step.state !== 'waiting')
  return execution.kind === 'bitcoin' && wasAsked ? execution.inputs : []
}

/**
 * Compares a plan's coins with every earlier request to sign in the journal; a replacement by fee, which spends the
 * same coins at the same amounts, passes.
 * @returns COIN_AMOUNT_CHANGED with both amounts and the transfer that was asked before
 */
export function checkInputAmounts(
  plan: TransferPlan,
  transfers: readonly Transfer[],
): Result<void, 'COIN_AMOUNT_CHANGED'> {
  if (plan.execution.kind !== 'bitcoin') return ok(undefined)
  const now = new Map(plan.execution.inputs.map((input) => [`${input.txid}:${input.vout}`, input]))
  for (const other of transfers) {
    if (other.id === plan.id) continue
    for (const before of askedInputs(other)) {
      const coin = `${before.txid}:${before.vout}`
      const again = now.get(coin)
      if (again === undefined || again.value === before.value) continue
      return refuse('COIN_AMOUNT_CHANGED', {
        coin,
        before: amountToDecimal(amount(BTC, before.value)),
        now: amountToDecimal(amount(BTC, again.value)),
        asset: BTC.symbol,
        with: other.id,
      })
    }
  }
  return ok(undefined)
}
