/** A bitcoin payment out of the vault, complete before anyone approves it. Satoshi and sat/vB.
 *  Inputs and outputs are put in random order, so that change cannot be told by its place (BIP69's
 *  fixed order marks the wallets that use it). Every coin is proved by its own transaction first.
 *  Change is of the paying account's own script type, whatever the recipient's is: in another account's it
 *  would join the two on the chain, and the verifier proves change out of the key that pays. */
import { type Result, ok } from '../../errors/refusal.ts'
import { type AccountKeys, openAccount } from '../../vault/derive.ts'
import { ownAddress } from '../../vault/ownAddress.ts'
import { shuffled } from '../../vault/random.ts'
import type { BitcoinInput, BitcoinOutput, BitcoinTransactionPlan } from '../plan.ts'
import { type CoinChoice, type CoinRefusals, type CoinRequest, chooseCoins } from './chooseCoins.ts'
import { antiFeeSnipingLocktime, planInput } from './planInput.ts'

export interface BitcoinTransferRequest extends CoinRequest {
  /** Raw transaction hex by txid, for every coin that is spent. */
  readonly previousTransactions: ReadonlyMap<string, string>
  /** First unused index of the change branch. */
  readonly changeIndex: number
  readonly tipHeight: number
  /** The account, opened before; opened here unless given. */
  readonly keys?: AccountKeys
}

export type BitcoinPlanRefusals = CoinRefusals | 'CHAIN_LIED'

const VERSION = 2

/**
 * Plans a transfer out of coins whose transactions are all at hand.
 * @returns the whole unsigned transaction, or the first reason against it
 */
export function planBitcoinTransfer(
  request: BitcoinTransferRequest,
): Result<BitcoinTransactionPlan, BitcoinPlanRefusals> {
  const chosen = chooseCoins(request)
  return chosen.ok ? buildBitcoinTransfer(request, chosen.value) : chosen
}

/** The whole unsigned transaction over a choice of coins; change derived, every coin proved. */
export function buildBitcoinTransfer(
  request: Omit<BitcoinTransferRequest, 'coins' | 'payment' | 'feeRateSatPerVb' | 'feeCap'>,
  { selection, paid }: CoinChoice,
): Result<BitcoinTransactionPlan, 'INPUT_INVALID' | 'CHAIN_LIED'> {
  const { account, random } = request
  const keys = request.keys === undefined ? openAccount(account) : ok(request.keys)
  if (!keys.ok) return keys
  const inputs: BitcoinInput[] = []
  for (const coin of shuffled(selection.inputs, random)) {
    const input = planInput(request, keys.value, coin)
    if (!input.ok) return input
    inputs.push(input.value)
  }
  return ok({
    kind: 'bitcoin',
    network: account.network,
    version: VERSION,
    locktime: antiFeeSnipingLocktime(request.tipHeight, random),
    inputs,
    outputs: planOutputs(request, keys.value, paid, selection.change),
    fee: selection.fee,
    feeRateSatPerVb: Number(selection.fee) / selection.virtualSize,
    virtualSize: selection.virtualSize,
  })
}

function planOutputs(
  {
    account,
    changeIndex,
    random,
  }: Pick<BitcoinTransferRequest, 'account' | 'changeIndex' | 'random'>,
  keys: AccountKeys,
  paid: CoinChoice['paid'],
  change: bigint | null,
): readonly BitcoinOutput[] {
  const outputs: BitcoinOutput[] = paid.map(({ address, value }) => ({
    role: 'recipient',
    address: address.address,
    script: address.script,
    value,
    path: null,
  }))
  if (change !== null) {
    const { address, script, path } = ownAddress(account, keys, { branch: 1, index: changeIndex })
    outputs.push({ role: 'change', address, script, value: change, path })
  }
  return shuffled(outputs, random)
}
