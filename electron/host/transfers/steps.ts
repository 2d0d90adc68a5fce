/** What each step does outside, and what it can prove afterwards. A call that may have had its effect and whose
 *  answer was lost is answered from evidence or as `unknown`; silence of a history proves nothing. */
import { type Refusal, refuse } from '../../../shared/errors/refusal.ts'
import { assembleSigned } from '../../../shared/transfer/evm/encode.ts'
import type { StepKind } from '../../../shared/transfer/event.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import type { VenueWithdrawalPlan } from '../../../shared/transfer/plan.ts'
import { verifyBitcoin } from '../../../shared/transfer/verify/bitcoin.ts'
import type { Curve } from '../../../shared/transfer/verify/curve.ts'
import { verifyEvm } from '../../../shared/transfer/verify/evm.ts'
import type { VerifiedTransaction } from '../../../shared/transfer/verify/verified.ts'
import type { Amount } from '../../../shared/units/amount.ts'
import type { Result } from '../../../shared/errors/refusal.ts'
import type {
  BitcoinPort,
  Clock,
  Confirmation,
  DevicePort,
  EvmPort,
  VenueLegState,
  VenuePort,
  VenueResult,
} from '../ports.ts'
import { type Vault, signerOf } from '../vault/vault.ts'
import type { RunStep, StepResult } from './engine.ts'
import { simulatePlan } from './planEvm.ts'

/** Soon at first, then at ease: venues weigh some of these questions heavily (Binance's withdrawal history
 *  allows about ten a minute). */
const firstPauseMs = 1_500
const longestPauseMs = 12_000
const slower = (pauseMs: number) => Math.min(pauseMs * 1.5, longestPauseMs)
const callTimeoutMs = 30_000
/** How long we look for evidence of a call whose answer was lost before calling it unknown. */
const evidenceForMs = 20_000
/** A server that no longer knows what it was sent gets it again: after this long at first, then at ever longer pauses. */
const forgottenAfterMs = 60_000
const longestResendMs = 10 * 60_000

export interface StepContext {
  readonly clock: Clock
  readonly device: DevicePort
  readonly bitcoin: BitcoinPort
  readonly vault: Vault
  readonly curve: Curve
  readonly venue: (accountId: string) => VenuePort | undefined
  /** Raw transaction, hex, once it was brought back. */
  readonly signAirGapped: (transfer: Transfer, signal: AbortSignal) => Promise<Result<string>>
  /** Checks the plan against the world right before money is ordered to move: prices, age, risk afterwards. */
  readonly recheck: (transfer: Transfer, signal: AbortSignal) => Promise<Refusal | null>
  /** The venue's own terms alone: what is asked between the two legs of a sweep. */
  readonly recheckTerms: (transfer: Transfer, signal: AbortSignal) => Promise<Refusal | null>
  /** True once we signed what takes this one's place. */
  readonly isReplaced: (transfer: Transfer) => boolean
  /** Signed transfers that spend a coin of this one: at most one of them all can be confirmed. */
  readonly rivals: (
    transfer: Transfer,
  ) => readonly { readonly txid: string; readonly script: string }[]
  /** Internal moves other transfers already claimed as theirs. */
  readonly isClaimed: (venueId: string) => boolean
  /** Signed transactions of ours with the same account and nonce. */
  readonly siblings: (transfer: Transfer) => readonly string[]
  /** Base units of this arrival that other sweeps already count as theirs. */
  readonly countedElsewhere: (transfer: Transfer, txid: string) => bigint
}

interface StepInput {
  readonly transfer: Transfer
  readonly resumed: boolean
  readonly signal: AbortSignal
}

export function createRunStep(context: StepContext): RunStep {
  const { clock } = context
  /** Internal moves found just now, by transfer: two that look at once must not both take the one for theirs. */
  const found = new Map<string, string>()

  const done = (reference: string | null): StepResult => ({ kind: 'done', reference })
  const refused = (refusal: Refusal): StepResult => ({ kind: 'refused', refusal })
  const unknown = (step: StepKind, since: number): StepResult => ({
    kind: 'unknown',
    refusal: { code: 'OUTCOME_UNKNOWN', data: { step, since } },
  })

  function withTimeout(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, AbortSignal.timeout(callTimeoutMs)])
  }

  /** Asks until there is an answer; a chain or venue that is away is asked again, for as long as we run. */
  async function until<T>(signal: AbortSignal, ask: () => Promise<T | null>): Promise<T | null> {
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = slower(pauseMs)) {
      const answer = await ask()
      if (answer !== null) return answer
      await clock.sleep(pauseMs, signal).catch(() => undefined)
    }
    return null
  }

  const stopped: StepResult = {
    kind: 'unknown',
    refusal: { code: 'HOST_STOPPED', data: { reason: 'stopped while waiting' } },
  }

  // ── vault side ──────────────────────────────────────────────────────────────

  function verify(
    transfer: Transfer,
    rawHex: string,
  ): Result<VerifiedTransaction, 'SIGNED_MISMATCH'> {
    const { execution, vaultAccount } = transfer.plan
    const { curve } = context
    const { digest } = transfer
    switch (execution.kind) {
      case 'bitcoin': {
        const paying = context.vault.bitcoinAccount(vaultAccount)
        if (paying === undefined) throw new Error(`no such account: ${vaultAccount}`)
        const { account } = paying
        const keys = context.vault.bitcoinKeys(account)
        return verifyBitcoin({ plan: execution, digest, rawHex, account, keys, curve })
      }
      case 'evm':
        return verifyEvm({ plan: execution, digest, rawHex, curve })
      case 'venue':
        throw new Error('nothing to verify')
    }
  }

  /** By the device that holds the wallet's keys, or by whoever a PSBT is carried to. */
  async function askSigner(transfer: Transfer, signal: AbortSignal): Promise<Result<string>> {
    const { execution, vaultAccount } = transfer.plan
    const paying = context.vault.account(vaultAccount)
    if (paying === undefined) return refuse('VAULT_NOT_PAIRED', { chain: execution.kind })
    const wallet = signerOf(paying)
    if (wallet === null) return context.signAirGapped(transfer, signal)
    if (execution.kind === 'bitcoin') {
      const signed = await context.device.signBitcoin({ plan: execution, wallet }, signal)
      return signed.ok ? { ok: true, value: signed.value.rawHex } : signed
    }
    if (execution.kind === 'evm') {
      const signed = await context.device.signEvm({ plan: execution, wallet }, signal)
      return signed.ok ? assembleSigned(execution, signed.value) : signed
    }
    throw new Error('a venue withdrawal is not signed')
  }

  async function sign({ transfer, signal }: StepInput): Promise<StepResult> {
    const moved = await context.recheck(transfer, signal)
    if (moved !== null) return refused(moved)
    const { execution } = transfer.plan
    const port = chainOf(transfer)
    if (execution.kind === 'evm' && 'chainId' in port) {
      // Contracts can be changed between the plan and now.
      const simulated = await simulatePlan(execution, port, withTimeout(signal))
      if (!simulated.ok) return refused(simulated.refusal)
    }
    const signed = await askSigner(transfer, signal)
    if (!signed.ok)
      return {
        ...refused(signed.refusal),
        ...(signed.refusal.code === 'SIGNED_MISMATCH' ? { step: 'verify' as const } : {}),
      }
    const verified = verify(transfer, signed.value)
    if (!verified.ok) return { kind: 'refused', step: 'verify', refusal: verified.refusal }
    return { kind: 'signed', rawHex: verified.value.rawHex, txid: verified.value.txid }
  }

  function chainOf(transfer: Transfer): BitcoinPort | EvmPort {
    const { execution } = transfer.plan
    if (execution.kind === 'bitcoin') return context.bitcoin
    const chain = execution.kind === 'evm' ? `evm:${execution.chainId}` : execution.chain
    if (chain === 'bitcoin') return context.bitcoin
    const port = context.vault.evmPort(chain)
    if (port === undefined) throw new Error(`no such chain: ${chain}`)
    return port
  }

  /** The same bytes again are the same transaction, so after a crash sending is repeated safely, verified anew. */
  async function broadcast({ transfer, signal }: StepInput): Promise<StepResult> {
    if (transfer.signed === null) throw new Error('broadcast without signed bytes')
    const verified = verify(transfer, transfer.signed.rawHex)
    if (!verified.ok) return refused(verified.refusal)
    const sent = await until(signal, async () => {
      const answer = await chainOf(transfer).broadcast(verified.value, withTimeout(signal))
      if (answer.ok) return done(verified.value.txid)
      switch (answer.refusal.code) {
        case 'CHAIN_UNREACHABLE':
        case 'CHAIN_ANSWER_MALFORMED':
        case 'CHAIN_STALE':
          return null
        case 'CHAIN_WRONG_NETWORK':
          return refused(answer.refusal)
        case 'CHAIN_REJECTED':
        case 'CHAIN_LIED': {
          const rival = await confirmedRival(transfer, signal)
          if (rival !== null) return rival
          const look = await lookForReplacement(transfer, withTimeout(signal))
          if (look.kind === 'replaced') return refused(look.refusal)
          // It has the signed bytes: its no does not prove that nobody else gets them.
          return { kind: 'unknown' as const, refusal: answer.refusal }
        }
      }
    })
    return sent ?? stopped
  }

  /** Script of the address of ours that a sweep goes to. */
  function sweptScript({ plan }: Transfer): string | undefined {
    const state = context.vault.bitcoin(plan.vaultAccount)
    return state?.receive.find((own) => own.address === plan.recipient.address)?.script
  }

  function readConfirmation(transfer: Transfer, txid: string, signal: AbortSignal) {
    const { execution } = transfer.plan
    const port = chainOf(transfer)
    if ('chainId' in port) return port.readConfirmation(txid, signal)
    const script =
      execution.kind === 'bitcoin' ? execution.outputs[0]?.script : sweptScript(transfer)
    return port.readConfirmation(txid, script ?? '', signal)
  }

  function confirmationResult(
    transfer: Transfer,
    txid: string,
    confirmation: Confirmation,
  ): StepResult | null {
    switch (confirmation.kind) {
      case 'confirmed':
        return done(txid)
      case 'failed':
        return refused({
          code: 'CHAIN_REJECTED',
          data: { chain: transfer.plan.execution.kind, reason: confirmation.reason },
        })
      case 'mempool':
      case 'unknown':
        return null
    }
  }

  /** Only a block says which of two payments with the same coins was made; until then both wait. */
  async function confirmedRival(
    transfer: Transfer,
    signal: AbortSignal,
  ): Promise<StepResult | null> {
    const txid = transfer.signed?.txid ?? ''
    for (const { txid: by, script } of context.rivals(transfer)) {
      const read = await context.bitcoin.readConfirmation(by, script, withTimeout(signal))
      if (read.ok && read.value.kind === 'confirmed')
        return refused({ code: 'TRANSACTION_REPLACED', data: { chain: 'bitcoin', txid, by } })
    }
    return null
  }

  async function confirm({ transfer, signal }: StepInput): Promise<StepResult> {
    const txid = transfer.signed?.txid
    if (txid === undefined) throw new Error('confirm without a transaction')
    let usedUpSince: number | null = null
    let [unknownSince, resendAfterMs] = [clock.now(), forgottenAfterMs]
    const answer = await until(signal, async () => {
      const read = await readConfirmation(transfer, txid, withTimeout(signal))
      if (!read.ok) return null
      const result = confirmationResult(transfer, txid, read.value)
      if (result !== null) return result
      const rival = await confirmedRival(transfer, signal)
      if (rival !== null) return rival
      const look = await lookForReplacement(transfer, withTimeout(signal))
      if (look.kind === 'replaced') return refused(look.refusal)
      if (look.kind === 'open') usedUpSince = null
      if (read.value.kind === 'mempool') unknownSince = clock.now()
      if (look.kind !== 'used-up') {
        if (clock.now() - unknownSince < resendAfterMs) return null
        unknownSince = clock.now()
        resendAfterMs = Math.min(resendAfterMs * 2, longestResendMs)
        return sendAgain(transfer, signal)
      }
      // A server may lag behind itself: the nonce is gone and our transaction nowhere, for a while, before we say so.
      usedUpSince ??= clock.now()
      return clock.now() - usedUpSince >= evidenceForMs ? refused(look.refusal) : null
    })
    return answer ?? stopped
  }

  /** The same verified bytes once more; null while there is nothing to say. What we replaced ourselves stays buried,
   *  and a refusal says nothing new: the first sending was taken. */
  async function sendAgain(transfer: Transfer, signal: AbortSignal): Promise<StepResult | null> {
    if (transfer.signed === null || context.isReplaced(transfer)) return null
    const verified = verify(transfer, transfer.signed.rawHex)
    if (!verified.ok) return { kind: 'unknown', refusal: verified.refusal }
    await chainOf(transfer).broadcast(verified.value, withTimeout(signal))
    return null
  }

  /** Was another transaction with this one's nonce mined? `replaced` by one of ours that is in a block, `used-up` by
   *  some other, `open` while the nonce is free. */
  async function lookForReplacement(
    transfer: Transfer,
    signal: AbortSignal,
  ): Promise<
    | { readonly kind: 'replaced' | 'used-up'; readonly refusal: Refusal<'TRANSACTION_REPLACED'> }
    | { readonly kind: 'open' | 'unknown' }
  > {
    const { execution } = transfer.plan
    const port = chainOf(transfer)
    if (execution.kind !== 'evm' || !('chainId' in port) || transfer.signed === null)
      return { kind: 'unknown' }
    const { txid } = transfer.signed
    const chain = `evm:${execution.chainId}`
    const mined = await port.readMinedNonce(execution.from, signal)
    if (!mined.ok) return { kind: 'unknown' }
    if (mined.value <= execution.nonce) return { kind: 'open' }
    const replacedBy = (by: string | null): Refusal<'TRANSACTION_REPLACED'> => ({
      code: 'TRANSACTION_REPLACED',
      data: { chain, txid, by },
    })
    for (const sibling of context.siblings(transfer)) {
      const found = await port.readConfirmation(sibling, signal)
      if (found.ok && (found.value.kind === 'confirmed' || found.value.kind === 'failed'))
        return { kind: 'replaced', refusal: replacedBy(sibling) }
    }
    return { kind: 'used-up', refusal: replacedBy(null) }
  }

  // ── venue side ──────────────────────────────────────────────────────────────

  function venueOf(transfer: Transfer): VenuePort {
    const { accountId } = transfer.plan
    const port = accountId === null ? undefined : context.venue(accountId)
    if (port === undefined) throw new Error(`no such account: ${accountId}`)
    return port
  }

  function venuePlan(transfer: Transfer): VenueWithdrawalPlan {
    const { execution } = transfer.plan
    if (execution.kind !== 'venue') throw new Error('not a venue withdrawal')
    return execution
  }

  /** The address again, on the device's own screen: nobody who only holds the window can say this yes. */
  async function confirmAddress({ transfer, signal }: StepInput): Promise<StepResult> {
    const { chain, address, addressPath } = venuePlan(transfer)
    const { vaultAccount: accountId } = transfer.plan
    const shown = await context.vault.showAddress({ accountId, chain, path: addressPath }, signal)
    if (!shown.ok) return refused(shown.refusal)
    return shown.value.address === address
      ? done(address)
      : refused({
          code: 'DEVICE_ADDRESS_MISMATCH',
          data: { expected: address, shown: shown.value.address },
        })
  }

  /** Refusals that a venue gives before doing anything; every other failure may hide an effect. */
  function provesNothingHappened(refusal: Refusal): boolean {
    return (
      refusal.code === 'VENUE_REJECTED' ||
      refusal.code === 'VENUE_KEY_REJECTED' ||
      refusal.code === 'VENUE_UNSUPPORTED' ||
      refusal.code === 'VENUE_RATE_LIMITED'
    )
  }

  async function lookForInternal(
    transfer: Transfer,
    move: { readonly amount: Amount; readonly direction: 'to-spot' | 'to-margin' },
    since: number,
    signal: AbortSignal,
  ): Promise<StepResult | null> {
    const read = await venueOf(transfer).readInternalMoves({ ...move, since }, withTimeout(signal))
    if (!read.ok) return null
    const unclaimed = read.value.filter(
      ({ venueId }) =>
        !context.isClaimed(venueId) && (found.get(venueId) ?? transfer.id) === transfer.id,
    )
    const [only] = unclaimed
    // Two alike could be anybody's: not evidence.
    if (only === undefined || unclaimed.length > 1) return null
    found.set(only.venueId, transfer.id)
    return legResult(only.state, only.venueId)
  }

  function legResult(state: VenueLegState, reference: string): StepResult | null {
    switch (state.kind) {
      case 'done':
        return done(state.txid ?? reference)
      case 'failed':
        return refused({
          code: 'VENUE_REJECTED',
          data: { venue: reference, venueCode: 'failed', venueMessage: state.reason },
        })
      case 'absent':
      case 'pending':
        return null
    }
  }

  /** Looks for `evidenceForMs`; null when nothing was found. */
  async function lookAround(
    signal: AbortSignal,
    look: () => Promise<StepResult | null>,
  ): Promise<StepResult | null> {
    const until = clock.now() + evidenceForMs
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = slower(pauseMs)) {
      const found = await look()
      if (found !== null || clock.now() >= until) return found
      await clock.sleep(Math.min(pauseMs, until - clock.now()), signal).catch(() => undefined)
    }
    return null
  }

  async function moveInternal(
    { transfer, resumed, signal }: StepInput,
    step: 'internal-out' | 'internal-in',
    move: {
      readonly amount: Amount
      readonly direction: 'to-spot' | 'to-margin'
      readonly clientId: string
    },
  ): Promise<StepResult> {
    const venue = venueOf(transfer)
    const since = transfer.steps.find((known) => known.kind === step)?.at ?? clock.now()
    if (!resumed) {
      const asked: VenueResult<{ readonly venueId: string }> = await venue.moveInternal(
        move,
        withTimeout(signal),
      )
      if (asked.ok) return done(asked.value.venueId)
      if (provesNothingHappened(asked.refusal)) return refused(asked.refusal)
    }
    const found = await lookAround(signal, () => lookForInternal(transfer, move, since, signal))
    return found ?? (signal.aborted ? stopped : unknown(step, since))
  }

  async function internalOut(input: StepInput): Promise<StepResult> {
    const { internal, clientIds } = venuePlan(input.transfer)
    if (internal === null) return done(null)
    if (!input.resumed) {
      const moved = await context.recheck(input.transfer, input.signal)
      if (moved !== null) return refused(moved)
    }
    return moveInternal(input, 'internal-out', {
      amount: internal.amount,
      direction: 'to-spot',
      clientId: clientIds.internal,
    })
  }

  /** What still stands against ordering the withdrawal. The money has left the margin account already: a venue that
   *  is away is asked again for a while. */
  async function termsAgainst(transfer: Transfer, signal: AbortSignal): Promise<StepResult | null> {
    if (venuePlan(transfer).internal === null) {
      const moved = await context.recheck(transfer, signal)
      return moved === null ? null : refused(moved)
    }
    const until = clock.now() + evidenceForMs
    for (let pauseMs = firstPauseMs; ; pauseMs = slower(pauseMs)) {
      const against = await context.recheckTerms(transfer, withTimeout(signal))
      if (against === null) return null
      const away = against.code === 'VENUE_UNREACHABLE' || against.code === 'VENUE_RATE_LIMITED'
      if (!away || signal.aborted || clock.now() >= until) return refused(against)
      await clock.sleep(Math.min(pauseMs, until - clock.now()), signal).catch(() => undefined)
    }
  }

  async function venueWithdraw({ transfer, resumed, signal }: StepInput): Promise<StepResult> {
    const plan = venuePlan(transfer)
    const venue = venueOf(transfer)
    const since = transfer.steps.find((known) => known.kind === 'venue-withdraw')?.at ?? clock.now()
    if (!resumed) {
      const against = await termsAgainst(transfer, signal)
      if (against !== null) return signal.aborted ? stopped : against
      const asked = await venue.withdraw(
        {
          amount: plan.amount,
          network: plan.network,
          address: plan.address,
          clientId: plan.clientIds.withdrawal,
        },
        withTimeout(signal),
      )
      if (asked.ok) return done(asked.value.venueId)
      if (provesNothingHappened(asked.refusal)) return refused(asked.refusal)
    }
    const query = { asset: plan.amount.asset, clientId: plan.clientIds.withdrawal, since }
    const found = await lookAround(signal, async () => {
      const read = await venue.readWithdrawal(query, withTimeout(signal))
      if (!read.ok || read.value.kind === 'absent') return null
      return read.value.kind === 'pending'
        ? done(plan.clientIds.withdrawal)
        : legResult(read.value, plan.clientIds.withdrawal)
    })
    return found ?? (signal.aborted ? stopped : unknown('venue-withdraw', since))
  }

  /** The venue names its transaction, then the chain itself must show that it paid us. */
  async function arrive({ transfer, signal }: StepInput): Promise<StepResult> {
    const plan = venuePlan(transfer)
    const venue = venueOf(transfer)
    const since =
      transfer.steps.find((known) => known.kind === 'venue-withdraw')?.at ?? transfer.createdAt
    const sent = await until(signal, async () => {
      const read = await venue.readWithdrawal(
        { asset: plan.amount.asset, clientId: plan.clientIds.withdrawal, since },
        withTimeout(signal),
      )
      if (!read.ok) return null
      if (read.value.kind === 'failed') return legResult(read.value, plan.clientIds.withdrawal)
      return read.value.kind === 'done' && read.value.txid !== null ? done(read.value.txid) : null
    })
    if (sent === null) return stopped
    if (sent.kind !== 'done' || sent.reference === null) return sent
    const txid = sent.reference
    const arrived = await until(signal, async () => {
      const received = await readReceived(transfer, txid, withTimeout(signal))
      if (!received.ok || received.value === null) return null
      // The venue may name an old payment of its own: one payment is one sweep's arrival. And the money has left it,
      // so this is not a refusal.
      const needed = plan.arrives.units + context.countedElsewhere(transfer, txid)
      if (received.value >= needed) return done(txid)
      const [claimed, actual] = [String(needed), String(received.value)]
      const data = { chain: plan.chain, field: 'received', claimed, actual }
      return { kind: 'unknown' as const, refusal: { code: 'CHAIN_LIED' as const, data } }
    })
    // Not waited for: until the arrival is journalled, another sweep could count the same payment.
    if (arrived?.kind === 'done') void context.vault.refresh().catch(() => undefined)
    return arrived ?? stopped
  }

  /** Base units that this confirmed transaction paid to the plan's address; null while it is not confirmed. */
  async function readReceived(
    transfer: Transfer,
    txid: string,
    signal: AbortSignal,
  ): Promise<Result<bigint | null>> {
    const plan = venuePlan(transfer)
    const port = chainOf(transfer)
    if ('chainId' in port) {
      const token = port.tokens.find((known) => known.asset.symbol === plan.arrives.asset)
      return port.readReceived(
        { txid, recipient: plan.address, token: token?.contract ?? null },
        signal,
      )
    }
    const confirmation = await readConfirmation(transfer, txid, signal)
    if (!confirmation.ok) return confirmation
    if (confirmation.value.kind !== 'confirmed') return { ok: true, value: null }
    const script = sweptScript(transfer)
    const coins = await port.readCoins(script === undefined ? [] : [script], signal)
    if (!coins.ok) return coins
    const paid = coins.value.filter((coin) => coin.txid === txid)
    return {
      ok: true,
      value: paid.length === 0 ? null : paid.reduce((sum, coin) => sum + coin.value, 0n),
    }
  }

  async function venueCredit({ transfer, signal }: StepInput): Promise<StepResult> {
    const txid = transfer.signed?.txid
    if (txid === undefined) throw new Error('credit without a transaction')
    const credited = await until(signal, async () => {
      const read = await venueOf(transfer).readDeposit(
        { asset: transfer.plan.amount.asset, txid, since: transfer.createdAt },
        withTimeout(signal),
      )
      return read.ok ? legResult(read.value, txid) : null
    })
    return credited ?? stopped
  }

  async function internalIn(input: StepInput): Promise<StepResult> {
    return moveInternal(input, 'internal-in', {
      amount: input.transfer.plan.amount,
      direction: 'to-margin',
      clientId: `${input.transfer.id}-in`,
    })
  }

  return async (transfer, step, { resumed, signal }) => {
    const input: StepInput = { transfer, resumed, signal }
    switch (step) {
      case 'sign':
        return sign(input)
      case 'broadcast':
        return broadcast(input)
      case 'confirm':
        return confirm(input)
      case 'confirm-address':
        return confirmAddress(input)
      case 'internal-out':
        return internalOut(input)
      case 'venue-withdraw':
        return venueWithdraw(input)
      case 'arrive':
        return arrive(input)
      case 'venue-credit':
        return venueCredit(input)
      case 'internal-in':
        return internalIn(input)
      case 'approve':
      case 'verify':
        throw new Error(`${step} is not run by itself`)
    }
  }
}
