/** Turns an intent into a plan whose every field is known, or refuses. Nothing moves here: reads only.
 *  The caller keeps the plan; approving it later means approving exactly its digest. */
import { bytesToHex } from '@noble/hashes/utils.js'
import { applyTransfer } from '../../../shared/collateral/applyTransfer.ts'
import type { CodeOf, ParsedInputOf } from '../../../shared/contract/method.ts'
import type { transfersPlan } from '../../../shared/contract/methods/transfers.ts'
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import type { Quote } from '../../../shared/market/quote.ts'
import { standingOf } from '../../../shared/risk/standing.ts'
import type { BitcoinPayment } from '../../../shared/transfer/btc/chooseCoins.ts'
import { parseEvmAddress } from '../../../shared/transfer/evm/address.ts'
import type { EvmFeeCaps } from '../../../shared/transfer/evm/plan.ts'
import type { Transfer } from '../../../shared/transfer/lifecycle.ts'
import type {
  BitcoinTransactionPlan,
  Payment,
  PlanWarning,
  TransferPlan,
} from '../../../shared/transfer/plan.ts'
import {
  type Amount,
  type Asset,
  BTC,
  amount,
  amountFromDecimal,
  amountToDecimal,
} from '../../../shared/units/amount.ts'
import type { BitcoinVaultAccount, EvmVaultAccount } from '../../../shared/vault/account.ts'
import { decodeBitcoinAddress } from '../../../shared/vault/address.ts'
import { ageOf, freshOf, highestOf } from '../quotes.ts'
import type { EvmPort } from '../ports.ts'
import { checkConflict, withoutSweepsUnderWay } from './inFlight.ts'
import { evmFeeCaps } from './evmFees.ts'
import { bitcoinMeans, linkWarnings, planBitcoin, readFeeChoice } from './planBitcoin.ts'
import { assetOn, planEvm, readEvmWarnings } from './planEvm.ts'
import type { PlanningContext } from './planningContext.ts'
import { type ReplacementKind, planReplacement } from './planReplacement.ts'
import { checkDeposit, findDeposit, planVenueWithdrawal } from './planVenue.ts'
import { checkLookAlike, checkPayment, knownRecipients } from './recipients.ts'
import { checkAgreed, checkSweep, excessIn } from './recheck.ts'

export type PlanInput = ParsedInputOf<typeof transfersPlan>

type PlanCode = CodeOf<typeof transfersPlan>
type Planned = Promise<Result<TransferPlan, PlanCode>>

/** A bitcoin transaction that is complete already, out of a PSBT that somebody else made. */
export interface LaidOut {
  readonly execution: BitcoinTransactionPlan
  readonly vaultAccount: string
  readonly label: string | undefined
}

export interface Planner {
  /** The same rules for a transaction that was not laid out here. */
  layOut(laidOut: LaidOut): Planned
  plan(input: PlanInput, signal: AbortSignal): Planned
  /** What takes the place of a sent transaction that waits. */
  replace(transfer: Transfer, kind: ReplacementKind, signal: AbortSignal): Planned
}

export function createPlanner(context: PlanningContext): Planner {
  const { portfolio, vault } = context

  function freshQuote(asset: string): Quote | undefined {
    const quote = portfolio.quote(asset)
    return quote !== undefined &&
      ageOf(quote.asOf, context.clock.now()) <= context.policy().staleAfterMs
      ? quote
      : undefined
  }

  /** What a cap counts by: a price told too low would make it wider. */
  function highestQuote(asset: string): Quote | undefined {
    const { staleAfterMs } = context.policy()
    return highestOf(freshOf(portfolio.quotesOf(asset), context.clock.now(), staleAfterMs))
  }

  function envelope(
    fields: Pick<
      TransferPlan,
      | 'id'
      | 'purpose'
      | 'amount'
      | 'networkFee'
      | 'recipient'
      | 'accountId'
      | 'before'
      | 'after'
      | 'execution'
      | 'replaces'
      | 'alsoPays'
      | 'vaultAccount'
    > & { readonly warnings?: readonly PlanWarning[] | undefined },
    pricedAssets: readonly string[],
  ): TransferPlan {
    const now = context.clock.now()
    const policy = context.policy()
    const { warnings, ...said } = fields
    return {
      ...said,
      ...(warnings === undefined || warnings.length === 0 ? {} : { warnings }),
      createdAt: now,
      expiresAt: now + policy.planLifetimeMs,
      prices: pricedAssets.flatMap((asset) => freshQuote(asset) ?? []),
      priceLimitBps: policy.priceLimitBps,
    }
  }

  const newId = () => bytesToHex(context.random.bytes(8))

  function parseAmount(asset: Asset, text: string): Result<Amount | 'all', 'AMOUNT_INVALID'> {
    if (text === 'all') return ok('all')
    const parsed = amountFromDecimal(asset, text, 'exact')
    return parsed === undefined || parsed.units <= 0n
      ? refuse('AMOUNT_INVALID', { amount: text.slice(0, 60), asset: asset.symbol })
      : ok(parsed)
  }

  const noAccount = (chain: string, id: string | undefined) =>
    id === undefined
      ? refuse('VAULT_NOT_PAIRED', { chain })
      : refuse('NOT_FOUND', { what: 'account', id })

  /** The account that pays: the named one, else the one that sweeps go to. */
  function bitcoinPayer(
    id: string | undefined,
  ): Result<BitcoinVaultAccount, 'VAULT_NOT_PAIRED' | 'NOT_FOUND'> {
    const found = vault.bitcoinAccount(id)
    return found === undefined ? noAccount('bitcoin', id) : ok(found.account)
  }

  function evmPayer(
    chain: string,
    id: string | undefined,
  ): Result<EvmVaultAccount, 'VAULT_NOT_PAIRED' | 'NOT_FOUND'> {
    const found = vault.evmAccount(id)
    return found === undefined ? noAccount(chain, id) : ok(found.account)
  }

  // ── from the vault ──────────────────────────────────────────────────────────

  function caps(gasLimit: bigint, moved: Amount, { coin }: EvmPort): EvmFeeCaps {
    return evmFeeCaps({ policy: context.policy(), gasLimit, coin, moved, freshQuote })
  }

  /** A look-alike is refused; an address that was never paid, or only just, gets little. */
  function checkRecipient(
    chain: string,
    address: string,
    asked: Amount,
  ): Result<'known' | 'new', 'ADDRESS_INVALID' | 'FIRST_PAYMENT_OVER_CAP'> {
    const known = knownRecipients(context.transfers())
    const familiar = [...vault.ownAddresses(), ...known.map((recipient) => recipient.address)]
    const alike = checkLookAlike(address, familiar)
    if (!alike.ok) return alike
    return checkPayment(
      { id: null, chain, address, asked, claims: [] },
      {
        transfers: context.transfers(),
        quoteOf: highestQuote,
        policy: context.policy(),
        now: context.clock.now(),
      },
    )
  }

  function recipientOf(
    payerId: string,
    chain: string,
    address: string,
    label: string | undefined,
    asked: Amount,
  ): Result<TransferPlan['recipient'], 'ADDRESS_INVALID' | 'FIRST_PAYMENT_OVER_CAP'> {
    if (vault.trustedAddresses(payerId).includes(address))
      return ok({ address, label: label ?? '', origin: 'vault' })
    const checked = checkRecipient(chain, address, asked)
    if (!checked.ok) return checked
    const known = knownRecipients(context.transfers())
    const before = known.find((recipient) => recipient.address === address)
    return ok({
      address,
      label: label ?? before?.label ?? '',
      origin: checked.value === 'known' ? 'address-book' : 'new',
    })
  }

  async function planBitcoinWithdrawal(
    input: Extract<PlanInput, { purpose: 'withdraw' }>,
    signal: AbortSignal,
  ): Planned {
    if (input.asset !== BTC.symbol) {
      return refuse('NETWORK_MISMATCH', {
        asset: input.asset,
        asked: 'bitcoin',
        expected: 'an EVM chain',
      })
    }
    const payer = bitcoinPayer(input.from)
    if (!payer.ok) return payer
    const payment = readPayment(input, payer.value.network)
    if (!payment.ok) return payment
    const fee = readFeeChoice(input, 'normal')
    if (!fee.ok) return fee
    const planned = await planBitcoin(
      {
        ...bitcoinMeans(context),
        account: payer.value,
        payment: payment.value,
        fee: fee.value,
        chosen: input.coins ?? null,
      },
      signal,
    )
    if (!planned.ok) return planned
    const { execution, warnings } = planned.value
    const labels = new Map<string, string | undefined>()
    for (const { address, label } of [input, ...(input.also ?? [])]) {
      const decoded = decodeBitcoinAddress(address.trim(), payer.value.network)
      if (decoded.ok) labels.set(decoded.value.address, label)
    }
    return planPaid(execution, payer.value.id, warnings, (address) => labels.get(address))
  }

  async function layOut({ execution, vaultAccount, label }: LaidOut): Planned {
    return planPaid(execution, vaultAccount, linkWarnings(execution), (_, place) =>
      place === 0 ? label : undefined,
    )
  }

  /** The plan around a transaction that is laid out: every recipient looked up and named once, in the order of the
   *  outputs, as the device will ask about them. */
  function planPaid(
    execution: BitcoinTransactionPlan,
    vaultAccount: string,
    warnings: readonly PlanWarning[],
    labelOf: (address: string, place: number) => string | undefined,
  ): Result<TransferPlan, 'ADDRESS_INVALID' | 'FIRST_PAYMENT_OVER_CAP'> {
    const recipients = execution.outputs.filter(({ role }) => role === 'recipient')
    const sums = new Map<string, bigint>()
    for (const { address, value } of recipients.length > 0 ? recipients : execution.outputs)
      sums.set(address, (sums.get(address) ?? 0n) + value)
    const payments: Payment[] = []
    for (const [address, units] of sums) {
      const share = amount(BTC, units)
      const recipient = recipientOf(
        vaultAccount,
        'bitcoin',
        address,
        labelOf(address, payments.length),
        share,
      )
      if (!recipient.ok) return recipient
      payments.push({ recipient: recipient.value, amount: share })
    }
    const [first, ...others] = payments
    if (first === undefined) throw new Error('a transaction without outputs')
    return ok(
      envelope(
        {
          id: newId(),
          purpose: 'withdraw',
          amount: amount(
            BTC,
            payments.reduce((sum, paid) => sum + paid.amount.units, 0n),
          ),
          networkFee: amount(BTC, execution.fee),
          recipient: first.recipient,
          ...(others.length === 0 ? {} : { alsoPays: others }),
          accountId: null,
          before: null,
          after: null,
          vaultAccount,
          warnings,
          execution,
        },
        [BTC.symbol],
      ),
    )
  }

  /** Whom to pay how much. 'all' goes to one recipient alone: what is left for a second nobody can say. */
  function readPayment(
    { address, amount: text, also = [] }: Extract<PlanInput, { purpose: 'withdraw' }>,
    network: BitcoinVaultAccount['network'],
  ): Result<BitcoinPayment, 'AMOUNT_INVALID' | 'ADDRESS_INVALID' | 'NETWORK_MISMATCH'> {
    const recipients: { readonly address: string; readonly value: bigint }[] = []
    for (const asked of [{ address, amount: text }, ...also]) {
      const parsed = parseAmount(BTC, asked.amount)
      if (!parsed.ok) return parsed
      const decoded = decodeBitcoinAddress(asked.address.trim(), network)
      if (!decoded.ok) return decoded
      if (parsed.value !== 'all')
        recipients.push({ address: decoded.value.address, value: parsed.value.units })
      else if (also.length === 0) return ok({ kind: 'send-all', address: decoded.value.address })
      else return refuse('AMOUNT_INVALID', { amount: 'all', asset: BTC.symbol })
    }
    return ok({ kind: 'pay', recipients })
  }

  async function planWithdrawal(
    input: Extract<PlanInput, { purpose: 'withdraw' }>,
    signal: AbortSignal,
  ): Planned {
    if (input.chain === 'bitcoin') return planBitcoinWithdrawal(input, signal)
    const payer = evmPayer(input.chain, input.from)
    if (!payer.ok) return payer
    for (const field of ['coins', 'also', 'feeRateSatPerVb'] as const)
      if (input[field] !== undefined)
        return refuse('INPUT_INVALID', { field, problem: 'only bitcoin has this' })
    const port = vault.evmPort(input.chain)
    if (port === undefined) return refuse('NOT_FOUND', { what: 'chain', id: input.chain })
    const held = assetOn(port, input.asset)
    if (held === undefined) return refuse('NOT_FOUND', { what: 'asset', id: input.asset })
    const asked = parseAmount(held.asset, input.amount)
    if (!asked.ok) return asked
    const planned = await planEvm(
      {
        port,
        from: payer.value,
        caps,
        transfers: context.transfers(),
        asset: held.asset,
        contract: held.contract,
        recipient: input.address.trim(),
        units: asked.value,
      },
      signal,
    )
    if (!planned.ok) return planned
    const address = parseEvmAddress(input.address.trim())
    if (!address.ok) return address
    const recipient = recipientOf(
      payer.value.id,
      input.chain,
      address.value,
      input.label,
      planned.value.amount,
    )
    if (!recipient.ok) return recipient
    return ok(
      envelope(
        {
          id: newId(),
          purpose: 'withdraw',
          amount: planned.value.amount,
          networkFee: planned.value.fee,
          vaultAccount: payer.value.id,
          warnings: planned.value.warnings,
          recipient: recipient.value,
          accountId: null,
          before: null,
          after: null,
          execution: planned.value.execution,
        },
        [...new Set([held.asset.symbol, port.coin.symbol])],
      ),
    )
  }

  // ── across the wall ─────────────────────────────────────────────────────────

  async function readFreshAccount(accountId: string) {
    const refreshed = await portfolio.refresh(accountId)
    if (!refreshed.ok) return refreshed
    const account = portfolio.account(accountId)
    if (account === undefined) return refuse('NOT_FOUND', { what: 'account', id: accountId })
    if (account.refusal !== null) return { ok: false as const, refusal: account.refusal }
    if (account.snapshot === null) return refuse('SNAPSHOT_MISSING', { venue: account.port.label })
    return ok({ port: account.port, snapshot: account.snapshot })
  }

  /** Decimals of an asset on the chain where it arrives or leaves; the venue's own count may be finer. */
  function assetBySymbol(symbol: string): Asset | undefined {
    if (symbol === BTC.symbol) return BTC
    for (const chain of vault.chains()) {
      const port = vault.evmPort(chain.chain)
      const found = port === undefined ? undefined : assetOn(port, symbol)
      if (found !== undefined) return found.asset
    }
    return undefined
  }

  async function planSweep(
    input: Extract<PlanInput, { purpose: 'sweep' }>,
    signal: AbortSignal,
  ): Planned {
    const account = await readFreshAccount(input.accountId)
    if (!account.ok) return account
    const { port, snapshot } = account.value
    const asset = assetBySymbol(input.asset)
    if (asset === undefined) return refuse('NOT_FOUND', { what: 'asset', id: input.asset })
    const asked = parseAmount(asset, input.amount)
    if (!asked.ok) return asked
    const settled = withoutSweepsUnderWay(snapshot, context.transfers(), null)
    const leaves =
      asked.value === 'all' ? excessIn(settled, portfolio.report(settled), asset) : ok(asked.value)
    if (!leaves.ok) return leaves
    const checked = checkSweep(
      snapshot,
      leaves.value,
      portfolio,
      context.policy(),
      context.clock.now(),
      settled,
    )
    if (!checked.ok) return checked
    const id = newId()
    const execution = await planVenueWithdrawal(
      {
        venue: port,
        amount: leaves.value,
        transferId: id,
        vault,
        feeCapOfAmount: context.policy().feeCapOfAmount,
      },
      signal,
    )
    if (!execution.ok) return execution
    const { execution: destination, vaultAccount } = execution.value
    const onChain = vault.evmPort(destination.chain)
    const warnings =
      onChain === undefined
        ? ok([])
        : await readEvmWarnings(onChain, destination.address, destination.address, signal)
    if (!warnings.ok) return warnings
    return ok(
      envelope(
        {
          id,
          warnings: warnings.value,
          purpose: 'sweep',
          vaultAccount,
          amount: destination.amount,
          networkFee: destination.venueFee,
          recipient: { address: destination.address, label: '', origin: 'vault' },
          accountId: input.accountId,
          before: standingOf(checked.value.before),
          after: standingOf(checked.value.after),
          execution: destination,
        },
        [...new Set([asset.symbol, ...snapshot.positions.map((position) => position.base)])],
      ),
    )
  }

  async function planTopUp(
    input: Extract<PlanInput, { purpose: 'top-up' }>,
    signal: AbortSignal,
  ): Planned {
    const account = await readFreshAccount(input.accountId)
    if (!account.ok) return account
    const { port, snapshot } = account.value
    const asset = assetBySymbol(input.asset)
    if (asset === undefined) return refuse('NOT_FOUND', { what: 'asset', id: input.asset })
    const found = await findDeposit(port, asset, vault, signal)
    if (!found.ok) return found
    const { chain, network, deposit } = found.value
    const evm = vault.evmPort(chain)
    if (evm === undefined) {
      return refuse('VENUE_UNSUPPORTED', { venue: port.label, action: `top-up over ${chain}` })
    }
    const payer = evmPayer(chain, input.from)
    if (!payer.ok) return payer
    const asked = parseAmount(asset, input.amount)
    if (!asked.ok) return asked
    const planned = await planEvm(
      {
        port: evm,
        from: payer.value,
        caps,
        transfers: context.transfers(),
        asset,
        contract: assetOn(evm, asset.symbol)?.contract ?? null,
        recipient: deposit.address,
        units: asked.value,
      },
      signal,
    )
    if (!planned.ok) return planned
    const creditable = checkDeposit(planned.value.amount, network, port.label)
    if (!creditable.ok) return creditable
    const address = parseEvmAddress(deposit.address)
    if (!address.ok) return address
    // Whoever holds the window can connect an account of their own: its deposit address is a stranger's until paid.
    if (!context.isGiven(input.accountId)) {
      const trusted = checkRecipient(chain, address.value, planned.value.amount)
      if (!trusted.ok) return trusted
    }
    const before = portfolio.report(snapshot)
    return ok(
      envelope(
        {
          id: newId(),
          purpose: 'top-up',
          amount: planned.value.amount,
          networkFee: planned.value.fee,
          vaultAccount: payer.value.id,
          warnings: [...planned.value.warnings, ...creditable.value],
          recipient: { address: address.value, label: port.label, origin: 'venue-deposit' },
          accountId: input.accountId,
          before: standingOf(before),
          after: standingOf(
            portfolio.report(
              applyTransfer(snapshot, asset.symbol, amountToDecimal(planned.value.amount)),
            ),
          ),
          execution: planned.value.execution,
        },
        [...new Set([asset.symbol, evm.coin.symbol])],
      ),
    )
  }

  /** A nonce that another transfer holds would make this one its replacement. */
  async function unlessTaken(plan: Planned): Planned {
    const planned = await plan
    if (!planned.ok) return planned
    const free = checkConflict(planned.value, context.transfers())
    return free.ok ? planned : free
  }

  /** No plan stands on a price that another venue contradicts. */
  async function ifAgreed(plan: Planned): Planned {
    const planned = await plan
    if (!planned.ok) return planned
    const { policy, clock } = context
    const agreed = await checkAgreed(
      planned.value,
      portfolio,
      () => policy().staleAfterMs,
      () => clock.now(),
    )
    return agreed.ok ? planned : agreed
  }

  async function replace(transfer: Transfer, kind: ReplacementKind, signal: AbortSignal): Planned {
    const transfers = context.transfers()
    const { evmPort } = vault
    const planned = await planReplacement({ transfer, kind, transfers, evmPort, caps }, signal)
    if (!planned.ok) return planned
    const { accountId, before, after, vaultAccount } = transfer.plan
    const standing =
      kind === 'cancel'
        ? { accountId: null, before: null, after: null }
        : { accountId, before, after }
    const { amount: moved, networkFee } = planned.value
    // A cancel pays only ourselves.
    const warnings = transfer.plan.warnings?.filter(
      ({ key }) => kind === 'speed-up' || key.startsWith('ownAccount'),
    )
    return ok(
      envelope({ ...planned.value, ...standing, warnings, id: newId(), vaultAccount }, [
        ...new Set([moved.asset, networkFee.asset]),
      ]),
    )
  }

  return {
    plan(input, signal) {
      switch (input.purpose) {
        case 'withdraw':
          return ifAgreed(unlessTaken(planWithdrawal(input, signal)))
        case 'sweep':
          return ifAgreed(planSweep(input, signal))
        case 'top-up':
          return ifAgreed(unlessTaken(planTopUp(input, signal)))
      }
    },
    layOut: (laidOut) => ifAgreed(unlessTaken(layOut(laidOut))),
    replace: (transfer, kind, signal) => ifAgreed(unlessTaken(replace(transfer, kind, signal))),
  }
}
