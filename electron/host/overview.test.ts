import { expect, test } from 'vitest'
import { account, cash, decimal, fixtureInstant } from '../../shared/collateral/snapshot.fixture.ts'
import { ok, refuse } from '../../shared/errors/refusal.ts'
import { defaultPolicy } from '../../shared/risk/defaultPolicy.ts'
import type { Step, Transfer } from '../../shared/transfer/lifecycle.ts'
import type { TransferPlan } from '../../shared/transfer/plan.ts'
import { amount, USDC } from '../../shared/units/amount.ts'
import { createOverview } from './overview.ts'
import { createPortfolio } from './portfolio.ts'
import type { StorePort, VenuePort } from './ports.ts'
import type { Vault } from './vault/vault.ts'

const snapshot = account({ collaterals: [cash(10_000, { withdrawable: decimal(10_000) })] })

/** A sweep of 3,000 USDC whose internal leg stands so. */
function sweepUnderWay(state: Step['state'], at: number | null): Transfer {
  const plan: Partial<TransferPlan> = {
    purpose: 'sweep',
    accountId: 'a1',
    amount: amount(USDC, 3_000_000_000n),
  }
  const transfer: Partial<Transfer> = {
    id: 't',
    state: 'sending',
    plan: plan as TransferPlan,
    steps: [{ kind: 'internal-out', state, at, reference: null }],
  }
  return transfer as Transfer
}

async function excessWith(transfers: readonly Transfer[]) {
  const clock = {
    now: () => fixtureInstant,
    sleep: (_: number, signal?: AbortSignal) =>
      new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve())),
  }
  const venue: Partial<VenuePort> = {
    accountId: 'a1',
    label: 'Binance',
    readQuotes: () => Promise.resolve(ok([])),
    readAccount: () => Promise.resolve(ok(snapshot)),
    readCandles: () =>
      Promise.resolve(refuse('VENUE_UNSUPPORTED', { venue: 'x', action: 'candles' })),
    close: () => Promise.resolve(),
  }
  const portfolio = createPortfolio({
    venues: [venue as VenuePort],
    clock,
    policy: () => defaultPolicy,
    onChange: () => undefined,
    log: () => undefined,
  })
  const record = { wallets: [], destinations: { bitcoin: null, evm: null } }
  const vault: Partial<Vault> = { record: () => record, balances: () => [], chains: () => [] }
  const store: Partial<StorePort> = { readDocument: () => ok(null) }
  const overview = createOverview({
    store: store as StorePort,
    clock,
    evm: [],
    portfolio,
    vault: vault as Vault,
    policy: () => defaultPolicy,
    transfers: () => transfers,
  })
  await portfolio.refresh('a1')
  const [shown] = overview.read().accounts
  await portfolio.close()
  return { excess: shown?.report?.excessUsd, facts: shown?.facts?.inFlightUsd }
}

test('what is on its way out of an account is not shown as excess a second time', async () => {
  expect(await excessWith([])).toEqual({ excess: { kind: 'known', value: 10_000 }, facts: 0 })
  expect(await excessWith([sweepUnderWay('active', null)])).toEqual({
    excess: { kind: 'known', value: 7_000 },
    facts: 3_000,
  })
})

test('a sweep that the snapshot no longer holds is not taken off twice', async () => {
  const left = sweepUnderWay('done', fixtureInstant - 1)
  expect(await excessWith([left])).toMatchObject({ excess: { value: 10_000 }, facts: 0 })
  const notYet = sweepUnderWay('done', fixtureInstant + 1)
  expect(await excessWith([notYet])).toMatchObject({ excess: { value: 7_000 }, facts: 3_000 })
})
