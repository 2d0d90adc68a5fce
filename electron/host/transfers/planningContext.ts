/** What every planner reads: balances, prices, chains and the policy, as they are now. */
import type { Policy } from '../../../shared/risk/policy.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import type { BitcoinPort, Clock, Random } from '../ports.ts'
import type { Portfolio } from '../portfolio.ts'
import type { Vault } from '../vault/vault.ts'

export interface PlanningContext {
  readonly clock: Clock
  readonly random: Random
  readonly portfolio: Portfolio
  readonly vault: Vault
  readonly bitcoin: BitcoinPort
  readonly policy: () => Policy
  readonly transfers: () => readonly Transfer[]
  /** Outpoints `txid:vout` that the user froze. */
  readonly frozen: () => ReadonlySet<string>
  /** True for an account that was there from the start; others were connected at the window's word. */
  readonly isGiven: (accountId: string) => boolean
}
