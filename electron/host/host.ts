/** The host: everything the app can do, behind one `call`. Plain Node, no Electron, no adapter: the ports are
 *  given, and whether it is the demo is decided by whoever gives them. */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import type { HostEvent, Topic } from '../../shared/contract/event.ts'
import type { CodeOf, ResultOf, ParsedInputOf } from '../../shared/contract/method.ts'
import type { transfersPlan, transfersSpeedUp } from '../../shared/contract/methods/transfers.ts'
import { type Refusal, type Result, ok, refuse } from '../../shared/errors/refusal.ts'
import { type Policy, policySchema } from '../../shared/risk/policy.ts'
import { defaultPolicy } from '../../shared/risk/defaultPolicy.ts'
import { loosensPolicy, policyChanges } from '../../shared/risk/loosens.ts'
import { planDifferences } from '../../shared/transfer/consistency.ts'
import { digestPlan } from '../../shared/transfer/digest.ts'
import type { Transfer } from '../../shared/transfer/lifecycle.ts'
import type { TransferPlan } from '../../shared/transfer/plan.ts'
import { encodePlanFile } from '../../shared/transfer/planFile.ts'
import { encodeCanonical } from '../../shared/units/canonical.ts'
import { createActivityMethod } from './activity.ts'
import { createAirGap } from './airGap.ts'
import { createCoinNotes } from './coinNotes.ts'
import { createConnections } from './connections.ts'
import { createDeviceMethods } from './device.ts'
import { type Handlers, createDispatch } from './dispatch.ts'
import { openDocument } from './documents.ts'
import { createEvmChains } from './evmChains.ts'
import type { Caller, Host } from './host.types.ts'
import { createJournal } from './journal.ts'
import { createMessages } from './messages.ts'
import { createNameMethods } from './names.ts'
import { createOverview } from './overview.ts'
import { exportJournal, journalLine } from './journalExport.ts'
import { createPortfolio } from './portfolio.ts'
import type { HostPorts } from './ports.ts'
import { openServers } from './servers.ts'
import { createTransfers } from './transfers/engine.ts'
import { checkConflict, isUnderWay } from './transfers/inFlight.ts'
import { readFeeChoice } from './transfers/planBitcoin.ts'
import { createBitcoinReplacementPlanner, rivalsOf } from './transfers/planBitcoinReplacement.ts'
import { nonceSiblings, type ReplacementKind } from './transfers/planReplacement.ts'
import { createForeignPlanner } from './transfers/planForeign.ts'
import { createPaymentHints } from './transfers/paymentHints.ts'
import { createPlanner } from './transfers/planning.ts'
import {
  type RecheckContext,
  recheckPayment,
  recheckPlan,
  recheckTerms,
} from './transfers/recheck.ts'
import { createRunStep } from './transfers/steps.ts'
import { viewTransfer } from './transfers/view.ts'
import { createVaultMethods } from './vault/methods.ts'
import { type Vault, createVault } from './vault/vault.ts'

const planTimeoutMs = 60_000
const deviceTimeoutMs = 10 * 60_000
interface Started {
  close(): Promise<void>
}

/** Opens the journal, replays it, and goes on with what was under way. Refuses a store it cannot trust: then, and when
 *  it throws, nothing of the host goes on; the ports stay the caller's to close. */
export function createHost(ports: HostPorts): Result<Host> {
  const started: Started[] = []
  const abandon = () => {
    for (const part of started)
      part.close().catch((error: unknown) => ports.log(`closing broke: ${String(error)}`))
  }
  try {
    const host = assembleHost(ports, started)
    if (!host.ok) abandon()
    return host
  } catch (error) {
    abandon()
    throw error
  }
}

/** @param started  takes each part that runs by itself as soon as it does */
function assembleHost(ports: HostPorts, started: Started[]): Result<Host> {
  const { clock, store } = ports
  const listeners = new Set<(event: HostEvent) => void>()
  const publish = (topic: Topic) => {
    for (const listener of listeners) listener({ topic })
  }

  const checked = store.verifyJournal()
  if (!checked.ok) return checked

  const policyDocument = openDocument(store, 'policy', policySchema)
  const storedPolicy = policyDocument.read()
  if (!storedPolicy.ok) return storedPolicy
  let policy: Policy = storedPolicy.value ?? defaultPolicy

  const journal = createJournal({ store, clock, onRecord: () => publish('journal') })

  const portfolio = createPortfolio({
    log: ports.log,
    venues: ports.venues,
    clock,
    policy: () => policy,
    onChange() {
      overview.noteNetWorth()
      publish('portfolio')
      publish('status')
    },
  })

  started.push(portfolio)

  const evmChains = createEvmChains({
    given: ports.evm,
    openEvm: ports.openEvm,
    store,
    journal,
    onAdd() {
      void vault.refresh()
      publish('settings')
    },
    log: ports.log,
  })

  // Before the vault, which asks its first question at once.
  const openedServers = openServers({
    port: ports.bitcoinServers,
    store,
    journal,
    clock,
    confirm: confirmOutside,
    onChange: () => publish('settings'),
  })
  if (!openedServers.ok) return openedServers
  const servers = openedServers.value

  const openedVault = createVault({
    log: ports.log,
    mode: ports.mode,
    store,
    journal,
    device: ports.device,
    bitcoin: ports.bitcoin,
    evm: evmChains.ports,
    clock,
    math: ports.math,
    onChange() {
      publish('vault')
      publish('status')
    },
  })
  if (!openedVault.ok) return openedVault
  const vault: Vault = openedVault.value
  started.push(vault)

  const openedNotes = createCoinNotes(store, () => publish('vault'))
  if (!openedNotes.ok) return openedNotes
  const coinNotes = openedNotes.value

  const connections = createConnections({
    store,
    journal,
    portfolio,
    clock,
    random: ports.random,
    openVenue: ports.openVenue,
    onChange: () => publish('settings'),
    log: ports.log,
  })

  /** The others were connected at the window's word. */
  const isGiven = (accountId: string) => ports.venues.some((port) => port.accountId === accountId)

  const recheckContext: RecheckContext = {
    portfolio,
    vault,
    policy: () => policy,
    now: () => clock.now(),
    transfers: () => transfers.list(),
    isGiven,
  }

  /** What stands against sending a plan's money now. */
  async function recheck({ plan }: Transfer) {
    const stop = blocked()
    if (stop !== null) return stop
    const free = coinNotes.checkPlan(plan)
    return free.ok ? recheckPlan(plan, recheckContext) : free.refusal
  }

  const runStep = createRunStep({
    clock,
    device: ports.device,
    bitcoin: ports.bitcoin,
    vault,
    curve: ports.curve,
    venue: (accountId) => portfolio.account(accountId)?.port,
    signAirGapped: (transfer, signal) => airGap.sign(transfer, signal),
    recheck,
    recheckTerms: async ({ plan }, signal) =>
      blocked() ?? recheckTerms(plan, recheckContext, signal),
    countedElsewhere: (mine, txid) =>
      transfers
        .list()
        .filter(
          ({ id, plan, steps }) =>
            id !== mine.id &&
            plan.recipient.address === mine.plan.recipient.address &&
            plan.amount.asset === mine.plan.amount.asset &&
            steps.some((step) => step.kind === 'arrive' && step.reference === txid),
        )
        .reduce(
          (sum, { plan }) =>
            sum + (plan.execution.kind === 'venue' ? plan.execution.arrives.units : 0n),
          0n,
        ),
    rivals: (transfer) => rivalsOf(transfer, transfers.list()),
    siblings: (transfer) =>
      nonceSiblings(transfer, transfers.list()).map((sibling) => sibling.txid),
    isReplaced: ({ id }) =>
      transfers
        .list()
        .some((other) => other.plan.replaces?.transferId === id && other.signed !== null),
    isClaimed: (venueId) =>
      transfers
        .list()
        .some((transfer) => transfer.steps.some((step) => step.reference === venueId)),
  })

  const transfers = createTransfers({
    journal,
    clock,
    runStep,
    blocked,
    onChange: () => publish('transfers'),
    log: ports.log,
  })

  const planBitcoinReplacement = createBitcoinReplacementPlanner({
    clock,
    random: ports.random,
    portfolio,
    vault,
    bitcoin: ports.bitcoin,
    policy: () => policy,
    transfers: () => transfers.list(),
    frozen: () => coinNotes.frozen(),
  })

  const planner = createPlanner({
    clock,
    random: ports.random,
    portfolio,
    vault,
    bitcoin: ports.bitcoin,
    policy: () => policy,
    transfers: () => transfers.list(),
    frozen: () => coinNotes.frozen(),
    isGiven,
  })

  const airGap = createAirGap({
    clock,
    curve: ports.curve,
    frames: ports.frames,
    journal,
    vault,
    transfer: (id) => transfers.get(id),
    recheck,
    keepPlan,
    foreign: createForeignPlanner({
      bitcoin: ports.bitcoin,
      vault,
      policy: () => policy,
      frozen: () => coinNotes.frozen(),
      layOut: planner.layOut,
    }),
  })

  const overview = createOverview({
    store,
    clock,
    evm: evmChains.ports,
    portfolio,
    vault,
    policy: () => policy,
    transfers: () => transfers.list(),
  })

  journal.replay((event, at) => {
    if (event.kind.startsWith('transfer.') && 'transferId' in event) transfers.take(event, at)
    else if (event.kind === 'vault.address-shown') vault.takeShown(event.address, at)
  })

  /** Why nothing may move now; null when it may. */
  function blocked(): Refusal<'RECONCILIATION_NEEDED'> | null {
    return store.rollbackSuspected()
      ? {
          code: 'RECONCILIATION_NEEDED',
          data: { reason: 'the store is older than what was last seen' },
        }
      : null
  }

  // ── what changes ────────────────────────────────────────────────────────────

  async function addPlan(
    makePlan: () => Promise<Result<TransferPlan, CodeOf<typeof transfersPlan>>>,
  ): Promise<ResultOf<typeof transfersPlan>> {
    const stop = blocked()
    if (stop !== null) return { ok: false, refusal: stop }
    const planned = await makePlan()
    return planned.ok ? keepPlan(planned.value) : planned
  }

  function keepPlan(plan: TransferPlan) {
    const stop = blocked()
    if (stop !== null) return { ok: false as const, refusal: stop }
    const contradictions = planDifferences(plan)
    if (contradictions.length > 0)
      throw new Error(
        `a plan that contradicts itself: ${contradictions.map(({ field }) => field).join(', ')}`,
      )
    const added = transfers.add({
      kind: 'transfer.planned',
      transferId: plan.id,
      plan,
      digest: digestPlan(plan),
    })
    return added.ok ? ok(viewTransfer(added.value, clock.now())) : added
  }

  async function replace(input: ParsedInputOf<typeof transfersSpeedUp>, kind: ReplacementKind) {
    const { id } = input
    const transfer = transfers.get(id)
    if (transfer === undefined) return refuse('NOT_FOUND', { what: 'transfer', id })
    const signal = AbortSignal.timeout(planTimeoutMs)
    const fee = readFeeChoice(input, 'fast')
    if (!fee.ok) return fee
    return addPlan(() =>
      transfer.plan.execution.kind === 'bitcoin'
        ? planBitcoinReplacement({ kind, transfer, fee: fee.value }, signal)
        : planner.replace(transfer, kind, signal),
    )
  }

  async function approve(id: string, digest: string, caller: Caller) {
    const transfer = transfers.get(id)
    if (transfer === undefined) return refuse('NOT_FOUND', { what: 'transfer', id })
    const stop = blocked()
    if (stop !== null) return { ok: false as const, refusal: stop }
    if (transfer.state !== 'planned')
      return refuse('PLAN_STATE_WRONG', { state: transfer.state, needed: 'planned' })
    const actual = digestPlan(transfer.plan)
    if (planDifferences(transfer.plan).length > 0) throw new Error('a plan that contradicts itself')
    if (digest !== actual || transfer.digest !== actual) {
      return refuse('PLAN_DIGEST_MISMATCH', { approved: digest, actual })
    }
    const moved = await recheckPlan(transfer.plan, recheckContext)
    if (moved !== null) {
      // The plan is void: what changed never refreshes itself under an approval.
      const voided = transfers.refuseApproval(id, moved)
      return voided.ok ? { ok: false as const, refusal: moved } : voided
    }
    const again = transfers.get(id)
    if (again?.state !== 'planned') {
      return refuse('PLAN_STATE_WRONG', { state: again?.state ?? 'gone', needed: 'planned' })
    }
    // Nothing is awaited from here on: of two approvals over one coin, nonce or cap the second sees the first.
    const free = checkConflict(transfer.plan, transfers.list())
    if (!free.ok) return free
    const thawed = coinNotes.checkPlan(transfer.plan)
    if (!thawed.ok) return thawed
    const small = recheckPayment(transfer.plan, recheckContext)
    if (!small.ok) return small
    const approved = transfers.approve(id, digest, caller.kind)
    return approved.ok ? ok(viewTransfer(approved.value, clock.now())) : approved
  }

  /** A yes from outside the renderer: the shell's own prompt, else the device's button under our first address. */
  async function confirmOutside(request: {
    readonly title: string
    readonly lines: readonly string[]
    readonly digest: string
    /** Written down before the device is asked, so that its button answers for something in the journal. */
    readonly onDevice?: () => Result<unknown, 'STORE_WRITE_FAILED'>
  }) {
    const answer = await ports.confirmation.confirm(request, AbortSignal.timeout(deviceTimeoutMs))
    if (answer === 'confirmed') return ok('shell' as const)
    const found = vault.bitcoinAccount()
    if (answer === 'declined' || found === undefined)
      return refuse('CONFIRMATION_REQUIRED', { what: request.title, where: answer })
    const noted = request.onDevice?.() ?? ok(null)
    if (!noted.ok) return noted
    const { id: accountId, path } = found.account
    const shown = await vault.showAddress(
      { accountId, chain: 'bitcoin', path: `${path}/0/0` },
      AbortSignal.timeout(deviceTimeoutMs),
    )
    return shown.ok ? ok('device' as const) : shown
  }

  async function reconcile() {
    const refusal = blocked()
    if (refusal === null)
      return refuse('PLAN_STATE_WRONG', { state: 'not blocked', needed: 'blocked' })
    const confirmed = await confirmOutside({
      title: 'reconcile',
      lines: ['Release all movements: venues and chains agree with this journal'],
      digest: store.journalHead().hash,
    })
    if (!confirmed.ok) return confirmed
    const confirmedBy = confirmed.value
    // The block is lifted last: whatever fails before leaves everything blocked.
    const recorded = journal.record({ kind: 'system.reconciled', confirmedBy })
    if (!recorded.ok) return recorded
    const distrusted = transfers.distrust(refusal)
    if (!distrusted.ok) return distrusted
    const settled = store.settleRollback()
    if (!settled.ok) return settled
    publish('status')
    return ok({ confirmedBy })
  }

  async function writePolicy(next: Policy) {
    const before = policy
    const loosens = loosensPolicy(before, next)
    let confirmation: 'not-needed' | 'confirmed' | 'device' = 'not-needed'
    const digest = bytesToHex(sha256(utf8ToBytes(encodeCanonical(next))))
    if (loosens) {
      const changes = policyChanges(before, next)
      const confirmed = await confirmOutside({
        title: 'policy',
        // What is said yes to, in full: the window may have shown something else.
        lines: ['Loosen the risk policy', ...changes],
        digest,
        onDevice: () => journal.record({ kind: 'policy.asked', digest, changes }),
      })
      if (!confirmed.ok) return confirmed
      // The differences that were confirmed are those from a policy that no longer stands.
      if (policy !== before)
        return refuse('CONFIRMATION_REQUIRED', { what: 'policy', where: 'changed meanwhile' })
      confirmation = confirmed.value === 'device' ? 'device' : 'confirmed'
    }
    const recorded = journal.record({
      kind: 'policy.changed',
      before,
      after: next,
      confirmation,
      ...(loosens ? { digest } : {}),
    })
    if (!recorded.ok) return recorded
    const written = policyDocument.write(next)
    if (!written.ok) return written
    policy = next
    publish('settings')
    publish('portfolio')
    return ok(next)
  }

  /** What a second server said of this chain; null where there is none. */
  function agreementOn(chain: string) {
    const port =
      chain === 'bitcoin'
        ? ports.bitcoin
        : evmChains.ports.find(({ chainId }) => `evm:${chainId}` === chain)
    return port?.agreement?.() ?? null
  }

  const handlers: Handlers = {
    'status.read': () =>
      ok({
        mode: ports.mode,
        version: ports.version,
        now: clock.now(),
        venues: portfolio.accounts().map(({ port, snapshot, refusal }) => ({
          accountId: port.accountId,
          venue: port.venue,
          label: port.label,
          asOf: snapshot?.asOf ?? null,
          staleAfterMs: policy.staleAfterMs,
          clockSkewMs: port.health().clockSkewMs,
          refusal,
        })),
        chains: vault.chains().map(({ chain, source, tip, refusal }) => ({
          chain,
          // Who answers may have changed since the chain was last read.
          source: chain === 'bitcoin' ? ports.bitcoin.source : source,
          crossCheck: agreementOn(chain),
          height: tip?.height ?? null,
          asOf: tip?.asOf ?? null,
          refusal,
        })),
        device: ports.device.state(),
        simulatedDeviceUrl: ports.simulatedDeviceUrl,
        journalCount: store.journalHead().count,
        blocked: blocked(),
      }),
    'portfolio.read': () => ok(overview.read()),
    'portfolio.refresh': async ({ accountId }) => {
      const refreshed = await portfolio.refresh(accountId)
      return refreshed.ok ? ok({ refreshed: refreshed.value }) : refreshed
    },
    ...createVaultMethods({
      vault,
      coinNotes,
      evm: evmChains.ports,
      transfers: () => transfers.list(),
    }),
    ...createPaymentHints({
      bitcoin: ports.bitcoin,
      vault,
      policy: () => policy,
      transfers: () => transfers.list(),
    }),
    ...airGap.methods,
    ...createMessages({
      clock,
      curve: ports.curve,
      device: ports.device,
      journal,
      vault,
      mode: ports.mode,
      blocked,
    }),
    ...createNameMethods(evmChains.ports),
    ...createActivityMethod({
      evm: evmChains.ports,
      own: () => vault.ownAddresses(),
      transfers: () => transfers.list(),
    }),
    ...createDeviceMethods(ports.device),
    'transfers.list': () =>
      ok({ transfers: transfers.list().map((transfer) => viewTransfer(transfer, clock.now())) }),
    'transfers.read': ({ id }) => {
      const transfer = transfers.get(id)
      return transfer === undefined
        ? refuse('NOT_FOUND', { what: 'transfer', id })
        : ok(viewTransfer(transfer, clock.now()))
    },
    'transfers.plan': (input) =>
      addPlan(() => planner.plan(input, AbortSignal.timeout(planTimeoutMs))),
    'transfers.speedUp': (input) => replace(input, 'speed-up'),
    'transfers.cancelOnChain': (input) => replace(input, 'cancel'),
    'transfers.boost': async (input) => {
      const { txid, vout } = input
      const fee = readFeeChoice(input, 'fast')
      return fee.ok
        ? addPlan(() =>
            planBitcoinReplacement(
              { kind: 'boost', txid, vout, fee: fee.value },
              AbortSignal.timeout(planTimeoutMs),
            ),
          )
        : fee
    },
    'transfers.consolidate': (input) =>
      addPlan(() =>
        planBitcoinReplacement(
          { kind: 'consolidate', ...input },
          AbortSignal.timeout(planTimeoutMs),
        ),
      ),
    'transfers.approve': ({ id, digest }, caller) => approve(id, digest, caller),
    'transfers.cancel': async ({ id }) => {
      const cancelled = await transfers.cancel(id)
      return cancelled.ok ? ok(viewTransfer(cancelled.value, clock.now())) : cancelled
    },
    'transfers.resolve': async ({ id, decision }) => {
      const resolved = await transfers.resolve(id, decision)
      return resolved.ok ? ok(viewTransfer(resolved.value, clock.now())) : resolved
    },
    'transfers.export': ({ id }) => {
      const transfer = transfers.get(id)
      if (transfer === undefined) return refuse('NOT_FOUND', { what: 'transfer', id })
      const paying = vault.account(transfer.plan.vaultAccount)
      if (paying === undefined)
        return refuse('VAULT_NOT_PAIRED', { chain: transfer.plan.execution.kind })
      return ok({
        filename: `bulkhead-plan-${id}.json`,
        text: encodePlanFile(transfer.plan, transfer.digest, paying.account),
      })
    },
    'journal.list': ({ beforeSeq, limit }) => {
      const { count } = store.journalHead()
      const last = Math.min(count, (beforeSeq ?? count + 1) - 1)
      const fromSeq = Math.max(1, last - limit + 1)
      const page = store.readJournal({ fromSeq, limit: Math.max(0, last - fromSeq + 1) })
      return ok({ total: count, entries: page.map(journalLine).reverse() })
    },
    'journal.verify': () => {
      const verified = store.verifyJournal()
      return verified.ok ? ok({ count: verified.value.count, head: verified.value.hash }) : verified
    },
    'journal.export': ({ format }) => exportJournal(store, format),
    'system.reconcile': () => reconcile(),
    'settings.read': () =>
      ok({
        policy,
        connections: connections.list(),
        chains: vault.chains().map(({ chain, source }) => {
          const added = chain.startsWith('evm:') && evmChains.isAdded(Number(chain.slice(4)))
          return { chain, source, added }
        }),
      }),
    'settings.writePolicy': ({ policy: next }) => writePolicy(next),
    'evm.addChain': (input) => evmChains.add(input, confirmOutside),
    'evm.removeChain': ({ chainId }) => evmChains.remove(chainId),
    'servers.read': servers.read,
    'servers.write': servers.write,
    'servers.check': servers.check,
    'venues.connect': (input) => connections.connect(input),
    'venues.disconnect': ({ accountId }) => {
      const busy = transfers
        .list()
        .find((transfer) => transfer.plan.accountId === accountId && isUnderWay(transfer))
      return busy === undefined
        ? connections.disconnect(accountId)
        : refuse('PLAN_STATE_WRONG', { state: busy.state, needed: 'ended' })
    },
  }

  const dispatch = createDispatch({
    handlers,
    log: ports.log,
    reference: () => bytesToHex(ports.random.bytes(4)),
  })
  const forgetDevice = ports.device.onState(() => publish('status'))
  const forgetLate = ports.device.onLateSignature(({ what }) => {
    const recorded = journal.record({ kind: 'device.late-signature', what })
    if (!recorded.ok) ports.log(`a late ${what} signature was dropped and could not be journalled`)
  })

  connections.open()
  transfers.resume()
  void connections.audit()

  return ok({
    call: dispatch,
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    async close() {
      forgetDevice()
      forgetLate()
      await transfers.close()
      await Promise.all([
        portfolio.close(),
        vault.close(),
        ports.device.close(),
        ports.bitcoin.close(),
      ])
      await evmChains.close()
      store.close()
    },
  })
}
