/** Plans what a venue executes or receives: a sweep to an address of ours, or where a top-up must be sent.
 *  Asset, network and contract must all be what we know; anything the venue did not say is refused. */
import { type Result, ok, refuse } from '../../../shared/errors/refusal.ts'
import type { PlanWarning, VenueWithdrawalPlan } from '../../../shared/transfer/plan.ts'
import {
  type Amount,
  type Asset,
  amountToDecimal,
  compareAmounts,
  subtractAmounts,
} from '../../../shared/units/amount.ts'
import type { DepositAddress, EvmPort, VenueNetwork, VenuePort, VenueResult } from '../ports.ts'
import type { Vault } from '../vault/vault.ts'

type NetworkRefusals = 'NETWORK_MISMATCH' | 'NETWORK_SUSPENDED'
type LimitRefusals = 'AMOUNT_UNDER_MINIMUM' | 'AMOUNT_OVER_MAXIMUM' | 'FEE_OVER_CAP'

/** The contract of `asset` on one of our chains must be the one the venue names; the coin has none on either side. */
function isOurs(network: VenueNetwork, evm: EvmPort | undefined): boolean {
  if (network.chain === 'bitcoin') return network.contract === null
  if (evm === undefined) return false
  const token = evm.tokens.find((known) => known.asset.symbol === network.asset.symbol)
  if (token === undefined)
    return network.contract === null && network.asset.symbol === evm.coin.symbol
  return network.contract?.toLowerCase() === token.contract.toLowerCase()
}

/** The cheapest way out first. */
function byFee(a: VenueNetwork, b: VenueNetwork): number {
  return compareAmounts(a.fee, b.fee)
}

/** In from the chain on which the vault holds most of it. */
function byHolding(vault: Vault): (a: VenueNetwork, b: VenueNetwork) => number {
  const held = ({ chain, asset }: VenueNetwork): bigint =>
    vault
      .balances()
      .filter((balance) => balance.chain === chain && balance.amount.asset === asset.symbol)
      .reduce((sum, balance) => sum + balance.amount.units, 0n)
  return (a, b) => (held(a) === held(b) ? 0 : held(a) > held(b) ? -1 : 1)
}

/** The network over which `asset` moves between this venue and our vault. */
export async function findNetwork(
  venue: VenuePort,
  asset: string,
  direction: 'out' | 'in',
  vault: Vault,
  signal: AbortSignal,
): Promise<VenueResult<VenueNetwork> | Result<never, NetworkRefusals>> {
  const read = await venue.readNetworks(asset, signal)
  if (!read.ok) return read
  const ours = read.value.filter(
    (network) => network.chain !== null && isOurs(network, vault.evmPort(network.chain)),
  )
  const open = ours.filter((network) =>
    direction === 'out' ? network.withdrawEnabled : network.depositEnabled,
  )
  const [best] = [...open].sort(direction === 'out' ? byFee : byHolding(vault))
  if (best !== undefined) return ok(best)
  const [suspended] = ours
  if (suspended !== undefined) {
    return refuse('NETWORK_SUSPENDED', { venue: venue.label, asset, network: suspended.network })
  }
  return refuse('NETWORK_MISMATCH', {
    asset,
    asked: read.value.map((network) => network.network).join(', ') || 'none',
    expected: vault
      .chains()
      .map((chain) => chain.chain)
      .join(', '),
  })
}

function limits(
  asked: Amount,
  network: VenueNetwork,
  feeCapOfAmount: number,
): Result<Amount, LimitRefusals> {
  // Whole steps only, rounded down: the venue refuses the rest.
  const step = network.step.units > 0n ? network.step.units : 1n
  const leaves = { ...asked, units: asked.units - (asked.units % step) }
  const data = { asked: amountToDecimal(leaves), asset: asked.asset }
  // The fee is taken out of it: at least one unit must arrive.
  const least = { ...network.fee, units: network.fee.units + 1n }
  const minimum = compareAmounts(network.minimum, least) > 0 ? network.minimum : least
  if (compareAmounts(leaves, minimum) < 0)
    return refuse('AMOUNT_UNDER_MINIMUM', { ...data, minimum: amountToDecimal(minimum) })
  if (compareAmounts(leaves, network.maximum) > 0)
    return refuse('AMOUNT_OVER_MAXIMUM', { ...data, maximum: amountToDecimal(network.maximum) })
  const cap = {
    ...leaves,
    units: (leaves.units * BigInt(Math.floor(feeCapOfAmount * 1e4))) / 10_000n,
  }
  if (compareAmounts(network.fee, cap) > 0) {
    const [fee, most] = [amountToDecimal(network.fee), amountToDecimal(cap)]
    return refuse('FEE_OVER_CAP', { fee, cap: most, asset: asked.asset })
  }
  return ok(leaves)
}

/** Where on this chain the vault receives: derived here from the pinned key, never typed. */
function vaultDestination(
  vault: Vault,
  chain: string,
): Result<
  { readonly id: string; readonly address: string; readonly path: string },
  'VAULT_NOT_PAIRED'
> {
  if (chain !== 'bitcoin') {
    const evm = vault.evmAccount()
    return evm === undefined ? refuse('VAULT_NOT_PAIRED', { chain }) : ok(evm.account)
  }
  const id = vault.bitcoinAccount()?.account.id
  const next = id === undefined ? undefined : vault.nextReceive(id)
  return id === undefined || next === undefined
    ? refuse('VAULT_NOT_PAIRED', { chain })
    : ok({ id, address: next.address, path: next.path })
}

export async function planVenueWithdrawal(
  request: {
    readonly venue: VenuePort
    readonly amount: Amount
    readonly transferId: string
    readonly vault: Vault
    readonly feeCapOfAmount: number
  },
  signal: AbortSignal,
): Promise<
  | VenueResult<{ readonly execution: VenueWithdrawalPlan; readonly vaultAccount: string }>
  | Result<never, NetworkRefusals | LimitRefusals | 'VAULT_NOT_PAIRED'>
> {
  const { venue, vault, transferId } = request
  const network = await findNetwork(venue, request.amount.asset, 'out', vault, signal)
  if (!network.ok) return network
  const { chain } = network.value
  if (chain === null) throw new Error('a network of ours without a chain')
  const destination = vaultDestination(vault, chain)
  if (!destination.ok) return destination
  const leaves = limits(request.amount, network.value, request.feeCapOfAmount)
  if (!leaves.ok) return leaves
  const execution: VenueWithdrawalPlan = {
    kind: 'venue',
    venue: venue.venue,
    accountId: venue.accountId,
    network: network.value.network,
    chain,
    internal: { from: 'margin', to: 'spot', amount: leaves.value },
    amount: leaves.value,
    venueFee: network.value.fee,
    arrives: subtractAmounts(leaves.value, network.value.fee),
    address: destination.value.address,
    addressPath: destination.value.path,
    clientIds: { internal: `${transferId}i`, withdrawal: `${transferId}w` },
  }
  return ok({ execution, vaultAccount: destination.value.id })
}

/** The venue's terms as they are now: its network, fee and limits must still be those of the plan. */
export async function checkTerms(
  plan: VenueWithdrawalPlan,
  venue: VenuePort,
  vault: Vault,
  feeCapOfAmount: number,
  signal: AbortSignal,
): Promise<
  VenueResult<void> | Result<never, NetworkRefusals | LimitRefusals | 'VENUE_TERMS_CHANGED'>
> {
  const { amount, venueFee, chain } = plan
  const { asset } = amount
  const read = await venue.readNetworks(asset, signal)
  if (!read.ok) return read
  const network = read.value.find(
    (known) =>
      known.network === plan.network &&
      known.chain === chain &&
      isOurs(known, vault.evmPort(chain)),
  )
  if (network === undefined) {
    const asked = read.value.map((known) => known.network).join(', ') || 'none'
    return refuse('NETWORK_MISMATCH', { asset, asked, expected: plan.network })
  }
  if (!network.withdrawEnabled)
    return refuse('NETWORK_SUSPENDED', { venue: venue.label, asset, network: plan.network })
  const changed = (what: 'withdrawal fee' | 'withdrawal step', before: Amount, after: Amount) =>
    refuse('VENUE_TERMS_CHANGED', {
      venue: venue.label,
      what,
      before: amountToDecimal(before),
      after: amountToDecimal(after),
      asset,
    })
  if (compareAmounts(network.fee, venueFee) !== 0)
    return changed('withdrawal fee', venueFee, network.fee)
  const leaves = limits(amount, network, feeCapOfAmount)
  if (!leaves.ok) return leaves
  return compareAmounts(leaves.value, amount) === 0
    ? ok(undefined)
    : changed('withdrawal step', amount, leaves.value)
}

/** A deposit below the venue's minimum would be swallowed. What the venue did not say is for the approver to know. */
export function checkDeposit(
  deposited: Amount,
  network: VenueNetwork,
  label: string,
): Result<readonly PlanWarning[], 'AMOUNT_UNDER_MINIMUM'> {
  const minimum = network.depositMinimum ?? null
  if (minimum === null) return ok([{ key: 'depositMinimumUnknown', values: { venue: label } }])
  if (compareAmounts(deposited, minimum) >= 0) return ok([])
  return refuse('AMOUNT_UNDER_MINIMUM', {
    asked: amountToDecimal(deposited),
    minimum: amountToDecimal(minimum),
    asset: deposited.asset,
  })
}

/** The venue's own address for us, told twice the same, on a chain we hold the asset on. */
export async function findDeposit(
  venue: VenuePort,
  asset: Asset,
  vault: Vault,
  signal: AbortSignal,
): Promise<
  | VenueResult<{
      readonly chain: string
      readonly network: VenueNetwork
      readonly deposit: DepositAddress
    }>
  | Result<never, NetworkRefusals>
> {
  const network = await findNetwork(venue, asset.symbol, 'in', vault, signal)
  if (!network.ok) return network
  const { chain } = network.value
  if (chain === null) throw new Error('a network of ours without a chain')
  const deposit = await venue.readDepositAddress(asset.symbol, network.value.network, signal)
  if (!deposit.ok) return deposit
  if (deposit.value.tag !== null) {
    return refuse('NETWORK_MISMATCH', {
      asset: asset.symbol,
      asked: `tag ${deposit.value.tag}`,
      expected: 'no tag',
    })
  }
  return ok({ chain, network: network.value, deposit: deposit.value })
}
