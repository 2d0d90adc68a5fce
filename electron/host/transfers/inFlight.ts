/** What other transfers already hold: excess that is on its way out, coins and nonces that will be signed or were.
 *  Pure; the transfers are the journal's. Amounts in the asset's base units. */
import { applyTransfer } from '../../../shared/collateral/applyTransfer.ts'
import type { AccountSnapshot } from '../../../shared/collateral/snapshot.ts'
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import { type Transfer, hasEnded } from '../../../shared/transfer/lifecycle.ts'
import type { TransferPlan } from '../../../shared/transfer/plan.ts'
import { amountToDecimal, amountToNumber } from '../../../shared/units/amount.ts'

function stepOf(transfer: Transfer, kind: 'approve' | 'internal-out') {
  return transfer.steps.find((step) => step.kind === kind)
}

/** Approved and neither ended nor still a mere plan. */
export function isUnderWay(transfer: Transfer): boolean {
  return transfer.state !== 'planned' && !hasEnded(transfer)
}

/** First come, first served: of two under way, the one approved first does not wait for the other. */
function comesBefore(other: Transfer, mine: Transfer | undefined): boolean {
  const [first, second] = [stepOf(other, 'approve')?.at, mine && stepOf(mine, 'approve')?.at]
  if (mine === undefined || first == null || second == null) return true
  return first < second || (first === second && other.id < mine.id)
}

/**
 * The account as it will be once the sweeps under way have left it; the same object when there are none.
 * A sweep counts until a snapshot newer than its internal leg shows it.
 * @param planId  this plan's own transfer does not count
 */
export function withoutSweepsUnderWay(
  snapshot: AccountSnapshot,
  transfers: readonly Transfer[],
  planId: string | null,
): AccountSnapshot {
  return sweepsUnderWay(snapshot, transfers, planId).reduce((seen, { plan: { amount } }) => {
    const leaves = amountToDecimal({ ...amount, units: -amount.units })
    return applyTransfer(seen, amount.asset, leaves)
  }, snapshot)
}

/** USD of the same sweeps at the snapshot's own prices; what it holds no more has left it already. */
export function sweepsUnderWayUsd(
  snapshot: AccountSnapshot,
  transfers: readonly Transfer[],
): number {
  return sweepsUnderWay(snapshot, transfers, null).reduce((usd, { plan: { amount } }) => {
    const held = snapshot.collaterals.find(({ asset }) => asset === amount.asset)
    return usd + amountToNumber(amount) * Number(held?.priceUsd ?? 0)
  }, 0)
}

function sweepsUnderWay(
  snapshot: AccountSnapshot,
  transfers: readonly Transfer[],
  planId: string | null,
): readonly Transfer[] {
  const mine = transfers.find((transfer) => transfer.id === planId)
  return transfers.filter((other) => {
    const { purpose, accountId } = other.plan
    if (purpose !== 'sweep' || accountId !== snapshot.accountId) return false
    if (other.id === planId || !isUnderWay(other) || !comesBefore(other, mine)) return false
    const left = stepOf(other, 'internal-out')
    return left?.state !== 'done' || left.at === null || snapshot.asOf <= left.at
  })
}

/** Outpoints `txid:vout` that a transfer under way spends. */
export function coinsUnderWay(transfers: readonly Transfer[]): ReadonlySet<string> {
  return new Set(transfers.filter(isUnderWay).flatMap(({ plan }) => claimsOf(plan)))
}

/** What only one transaction can use: outpoints of bitcoin, the nonce of an EVM account. */
export function claimsOf({ execution }: Pick<TransferPlan, 'execution'>): readonly string[] {
  switch (execution.kind) {
    case 'bitcoin':
      return execution.inputs.map((input) => `${input.txid}:${input.vout}`)
    case 'evm':
      return [`evm:${execution.chainId} ${execution.from} nonce ${execution.nonce}`]
    case 'venue':
      return []
  }
}

/** What this plan takes the place of, and what that took the place of before: their coins are its own. */
function replacedBy(plan: TransferPlan, transfers: readonly Transfer[]): ReadonlySet<string> {
  const replaced = new Set<string>()
  for (let link = plan.replaces; link !== undefined && !replaced.has(link.transferId); ) {
    const { transferId } = link
    replaced.add(transferId)
    link = transfers.find((known) => known.id === transferId)?.plan.replaces
  }
  return replaced
}

/** A replacement shares its nonce with whatever was sent before; its coins only with what it replaces: those of any
 *  other payment may be more than its own, and that payment was not asked about. */
function mayShare(plan: TransferPlan, other: Transfer, replaced: ReadonlySet<string>): boolean {
  if (plan.replaces === undefined || other.signed === null) return false
  return plan.execution.kind === 'evm' || replaced.has(other.id)
}

/** Two signatures over one coin or one nonce: one of the two payments would never happen, or replace the other. */
export function checkConflict(
  plan: TransferPlan,
  transfers: readonly Transfer[],
): Result<void, 'PLAN_CONFLICTS'> {
  const claims = new Set(claimsOf(plan))
  const replaced = replacedBy(plan, transfers)
  for (const other of transfers) {
    if (other.id === plan.id || !isUnderWay(other)) continue
    // One being signed now is still in the way.
    if (mayShare(plan, other, replaced)) continue
    const over = claimsOf(other.plan).find((claim) => claims.has(claim))
    if (over !== undefined) return refuse('PLAN_CONFLICTS', { over, with: other.id })
  }
  return ok(undefined)
}
