/** Transfers out of PSBTs that somebody else made: which account of ours pays, what stands against it, and the plan.
 *  Everything but the transaction itself is read from our own side, at the time of asking. */
import type { CodeOf } from '../../../shared/contract/method.ts'
import type { airGapPlan } from '../../../shared/contract/methods/airgap.ts'
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import type { Policy } from '../../../shared/risk/policy.ts'
import {
  type OwnSide,
  type PsbtDescription,
  describePsbt,
} from '../../../shared/transfer/btc/describePsbt.ts'
import { planForeignPsbt } from '../../../shared/transfer/btc/planForeignPsbt.ts'
import type { Psbt } from '../../../shared/transfer/btc/psbt.ts'
import type { BitcoinTransactionPlan, TransferPlan } from '../../../shared/transfer/plan.ts'
import type { BitcoinVaultAccount } from '../../../shared/vault/account.ts'
import { outpointOf } from '../../../shared/vault/coinNotes.ts'
import type { BitcoinPort } from '../ports.ts'
import type { Vault } from '../vault/vault.ts'
import type { AccountOf } from '../vault/wallets.ts'
import { absoluteFeeCap, readTransactions } from './planBitcoin.ts'
import type { LaidOut } from './planning.ts'

type PlanCode = CodeOf<typeof airGapPlan>

export interface ForeignPlanner {
  plan(
    psbt: Psbt,
    label: string | undefined,
    signal: AbortSignal,
  ): Promise<Result<TransferPlan, PlanCode>>
  /** What it says, seen from the account that would pay; `accountId` null where no coin of ours is in it. */
  describe(
    psbt: Psbt,
  ): Result<PsbtDescription & { readonly accountId: string | null }, 'VAULT_NOT_PAIRED'>
}

export function createForeignPlanner(context: {
  readonly bitcoin: BitcoinPort
  readonly vault: Vault
  readonly policy: () => Policy
  readonly frozen: () => ReadonlySet<string>
  readonly layOut: (laidOut: LaidOut) => Promise<Result<TransferPlan, PlanCode>>
}): ForeignPlanner {
  const { bitcoin, vault } = context

  /** The account of the first coin that is ours. */
  function payerOf(psbt: Psbt): AccountOf<BitcoinVaultAccount> | undefined {
    for (const { txid, vout } of psbt.transaction.inputs) {
      const found = vault.coin(`${txid}:${vout}`)
      if (found !== undefined) return vault.bitcoinAccount(found.account.id)
    }
    return undefined
  }

  function ownSide(account: BitcoinVaultAccount): OwnSide {
    const state = vault.bitcoin(account.id)
    const addresses = [...(state?.receive ?? []), ...(state?.change ?? [])]
    return { account, coins: state?.coins ?? [], addresses }
  }

  /** Frozen and unconfirmed coins pay in no plan, whoever made it; those under way are seen by `layOut`. */
  function checkCoins(
    { inputs }: BitcoinTransactionPlan,
    { coins }: OwnSide,
  ): Result<void, 'COIN_FROZEN' | 'PLAN_STATE_WRONG'> {
    const spent = new Set(inputs.map(outpointOf))
    const mine = coins.filter((coin) => spent.has(outpointOf(coin)))
    const frozen = mine.map(outpointOf).find((outpoint) => context.frozen().has(outpoint))
    if (frozen !== undefined) return refuse('COIN_FROZEN', { coin: frozen })
    const waits = mine.some(({ height }) => height === null || height <= 0)
    return waits
      ? refuse('PLAN_STATE_WRONG', { state: 'unconfirmed', needed: 'a free confirmed coin' })
      : ok(undefined)
  }

  async function plan(
    psbt: Psbt,
    label: string | undefined,
    signal: AbortSignal,
  ): Promise<Result<TransferPlan, PlanCode>> {
    await vault.refresh()
    const doubt = vault.chains().find(({ chain }) => chain === 'bitcoin')?.refusal
    if (doubt != null) return { ok: false, refusal: doubt }
    const payer = payerOf(psbt)
    if (payer === undefined)
      return refuse('PSBT_UNFIT', { field: 'inputs', problem: 'none of its coins is ours' })
    const own = ownSide(payer.account)
    const spent = new Set(psbt.transaction.inputs.map(({ txid }) => txid))
    const mine = own.coins.filter(({ txid }) => spent.has(txid)).map(({ txid }) => txid)
    const [tip, previousTransactions] = await Promise.all([
      bitcoin.readTip(signal),
      readTransactions(bitcoin, new Set(mine), signal),
    ])
    if (!tip.ok) return tip
    if (!previousTransactions.ok) return previousTransactions
    const policy = context.policy()
    const execution = planForeignPsbt({
      ...own,
      psbt,
      fingerprint: payer.wallet.fingerprint,
      previousTransactions: previousTransactions.value,
      feeCap: { absolute: absoluteFeeCap, relativeBps: Math.floor(policy.feeCapOfAmount * 10_000) },
      feeCapSatPerVb: policy.feeCapSatPerVb,
      tipHeight: tip.value.height,
    })
    if (!execution.ok) return execution
    const free = checkCoins(execution.value, own)
    if (!free.ok) return free
    return context.layOut({ execution: execution.value, vaultAccount: payer.account.id, label })
  }

  return {
    plan,
    describe(psbt) {
      const payer = payerOf(psbt)
      const account = payer?.account ?? vault.bitcoinAccount()?.account
      if (account === undefined) return refuse('VAULT_NOT_PAIRED', { chain: 'bitcoin' })
      const said = describePsbt(psbt, ownSide(account))
      return ok({ ...said, accountId: payer?.account.id ?? null })
    },
  }
}
