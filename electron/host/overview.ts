/** Exposure and risk of everything at one instant, put together from what was read last: what Overview, Collateral and
 *  Risk show. Sums of USD are unknown as soon as one part of them is; nothing missing counts as zero. */
import { z } from 'zod'
import type { AccountSnapshot } from '../../shared/collateral/snapshot.ts'
import type { OutputOf } from '../../shared/contract/method.ts'
import type { portfolioRead } from '../../shared/contract/methods/portfolio.ts'
import { defaultBetas } from '../../shared/market/betas.ts'
import type { Policy } from '../../shared/risk/policy.ts'
import type { Measure } from '../../shared/risk/report.ts'
import { suggest, whyNoSuggestion } from '../../shared/suggestion/suggest.ts'
import type { Transfer } from '../../shared/transfer/lifecycle.ts'
import { type Asset, BTC, addAmounts, amountToNumber } from '../../shared/units/amount.ts'
import type { VaultBalance } from '../../shared/vault/account.ts'
import { openDocument } from './documents.ts'
import type { AccountState, AssessFacts, Portfolio } from './portfolio.ts'
import type { Clock, EvmPort, StorePort } from './ports.ts'
import { sweepsUnderWayUsd, withoutSweepsUnderWay } from './transfers/inFlight.ts'
import type { Vault } from './vault/vault.ts'

/** Net worth is kept once a minute for a day. */
const historyEveryMs = 60_000
const historyLength = 1_440
const historySchema = z.array(
  z.object({ at: z.int(), venuesUsd: z.number(), vaultUsd: z.number() }).readonly(),
)

export interface Overview {
  read(): OutputOf<typeof portfolioRead>
  /** Keeps a point of net worth when the last one is old enough and both figures are known. */
  noteNetWorth(): void
}

/** One row for each chain and asset, as old as its oldest part. */
function sumOverAccounts(balances: readonly VaultBalance[]): readonly VaultBalance[] {
  const sums = new Map<string, VaultBalance>()
  for (const { accountId: _, ...balance } of balances) {
    const key = `${balance.chain} ${balance.amount.asset}`
    const sum = sums.get(key)
    if (sum === undefined) {
      sums.set(key, balance)
      continue
    }
    const unconfirmed =
      sum.unconfirmed === null || balance.unconfirmed === null
        ? null
        : addAmounts(sum.unconfirmed, balance.unconfirmed)
    const asOf = Math.min(sum.asOf, balance.asOf)
    const [first, second] = [sum.unproven, balance.unproven].filter((part) => part !== undefined)
    sums.set(key, {
      ...sum,
      amount: addAmounts(sum.amount, balance.amount),
      unconfirmed,
      ...(first === undefined
        ? {}
        : { unproven: second === undefined ? first : addAmounts(first, second) }),
      asOf,
    })
  }
  return [...sums.values()]
}

export function createOverview(context: {
  readonly store: StorePort
  readonly clock: Clock
  readonly evm: readonly EvmPort[]
  readonly portfolio: Portfolio
  readonly vault: Vault
  readonly policy: () => Policy
  readonly transfers: () => readonly Transfer[]
}): Overview {
  const historyDocument = openDocument(context.store, 'history', historySchema)
  const stored = historyDocument.read()
  let history = stored.ok ? (stored.value ?? []) : []

  const unknown = (missing: readonly string[]): Measure => ({ kind: 'unknown', missing })

  function venuesUsd(): Measure {
    const missing: string[] = []
    let total = 0
    for (const account of context.portfolio.accounts()) {
      const report = account.snapshot === null ? null : context.portfolio.report(account.snapshot)
      if (report?.equityUsd.kind === 'known') total += report.equityUsd.value
      else missing.push(account.port.label)
    }
    return missing.length > 0 ? unknown(missing) : { kind: 'known', value: total }
  }

  function vaultUsd(): Measure {
    if (context.vault.record().wallets.length === 0) return { kind: 'known', value: 0 }
    const missing = context.vault
      .chains()
      .flatMap((chain) => (chain.refusal === null ? [] : [chain.chain]))
    if (context.vault.balances().length === 0) missing.push('vault')
    let total = 0
    for (const { amount } of context.vault.balances()) {
      const price = Number(context.portfolio.quote(amount.asset)?.usd)
      if (amount.units === 0n) continue
      if (price > 0) total += amountToNumber(amount) * price
      else missing.push(amount.asset)
    }
    return missing.length > 0 ? unknown(missing) : { kind: 'known', value: total }
  }

  function noteNetWorth(): void {
    const now = context.clock.now()
    const last = history.at(-1)
    if (last !== undefined && now - last.at < historyEveryMs) return
    const [hot, cold] = [venuesUsd(), vaultUsd()]
    if (hot.kind !== 'known' || cold.kind !== 'known') return
    history = [...history, { at: now, venuesUsd: hot.value, vaultUsd: cold.value }].slice(
      -historyLength,
    )
    historyDocument.write([...history])
  }

  /** The account as suggestions may count on it: what is on its way out is not suggested a second time. */
  function settled(snapshot: AccountSnapshot) {
    const left = withoutSweepsUnderWay(snapshot, context.transfers(), null)
    return { snapshot: left, report: context.portfolio.report(left) }
  }

  function whyNot({ report, snapshot }: ReturnType<typeof settled>) {
    return whyNoSuggestion(report, snapshot, suggestOptions())
  }

  function carriedOutBy(accountId: string) {
    return context.portfolio.account(accountId)?.port.movers === 'api' ? 'bulkhead' : 'hand'
  }

  function shownFacts({ now, betas, liquidity, correlations, inFlightUsd }: AssessFacts) {
    return { now, betas, liquidity, correlations, inFlightUsd }
  }

  function accountView(account: AccountState) {
    const { port, snapshot, refusal } = account
    const assessed =
      snapshot === null
        ? null
        : context.portfolio.assessed(snapshot, sweepsUnderWayUsd(snapshot, context.transfers()))
    const report = assessed?.report ?? null
    return {
      accountId: port.accountId,
      label: port.label,
      snapshot,
      report,
      facts: assessed === null ? null : shownFacts(assessed.facts),
      refusal,
      withheld: report === null || snapshot === null ? null : (whyNot(settled(snapshot)) ?? null),
    }
  }

  /** What can cross the wall: the assets of the vault's chains. */
  function movableAssets(): readonly Asset[] {
    const everywhere = context.evm.flatMap(({ coin, tokens }) => [
      coin,
      ...tokens.map((token) => token.asset),
    ])
    // The same asset on several chains is one asset: assets are told apart by symbol.
    return [...new Map([BTC, ...everywhere].map((asset) => [asset.symbol, asset])).values()]
  }

  /** What a top-up would be paid from: the accounts that it is planned on by itself. */
  function payingBalances(): readonly VaultBalance[] {
    const { bitcoin, evm } = context.vault.record().destinations
    return context.vault
      .balances()
      .filter(({ accountId }) => accountId === bitcoin || accountId === evm)
  }

  function suggestOptions() {
    return {
      policy: context.policy(),
      betas: defaultBetas,
      now: context.clock.now(),
      vault: payingBalances().map((balance) => balance.amount),
      assets: movableAssets(),
    }
  }

  function read(): OutputOf<typeof portfolioRead> {
    const accounts = context.portfolio.accounts().map(accountView)
    const known = accounts.flatMap(({ snapshot }) => (snapshot === null ? [] : [settled(snapshot)]))
    return {
      now: context.clock.now(),
      accounts,
      suggestions: suggest(
        known.map(({ report }) => report),
        known.map(({ snapshot }) => snapshot),
        suggestOptions(),
      ).map((suggestion) => ({ ...suggestion, by: carriedOutBy(suggestion.accountId) })),
      quotes: context.portfolio.quotes(),
      vaultPaired: context.vault.record().wallets.length > 0,
      vaultBalances: sumOverAccounts(context.vault.balances()),
      venuesUsd: venuesUsd(),
      vaultUsd: vaultUsd(),
      history,
      policy: context.policy(),
    }
  }

  return { read, noteNetWorth }
}
