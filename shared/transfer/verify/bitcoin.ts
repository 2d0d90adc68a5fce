/** The check between the device and the network: are these bytes, field by field, the approved plan,
 *  signed by our keys and by nothing weaker? Every field is compared; a case without a rule is a
 *  mismatch. Amounts in satoshi; input values come only from previous transactions hashed here,
 *  so that neither the chain server nor the device can misstate the fee (the segwit fee attack). */
import { bytesToHex } from '@noble/hashes/utils.js'
import { type Result, ok, refuse } from '../../errors/refusal.ts'
import type { PinnedBitcoinAccount } from '../../vault/account.ts'
import { accountScript, decodeBitcoinAddress } from '../../vault/address.ts'
import { type AccountKeys, accountStep, openAccount } from '../../vault/derive.ts'
import type { BitcoinInput, BitcoinOutput, BitcoinTransactionPlan, Difference } from '../plan.ts'
import { type SpentOutput, bitcoinDigests } from './bitcoinDigest.ts'
import { type SigningKey, inputSignatureDifferences } from './bitcoinInput.ts'
import {
  type ParsedInput,
  type ParsedTransaction,
  parseBitcoinTransactionHex,
  virtualSizeOf,
} from './bitcoinTransaction.ts'
import type { Curve } from './curve.ts'
import { type VerifiedTransaction, markVerified } from './verified.ts'

export interface BitcoinVerification {
  readonly plan: BitcoinTransactionPlan
  /** Digest of the approved plan, carried into the result. */
  readonly digest: string
  /** What came back from the device. */
  readonly rawHex: string
  /** The pinned account that every input and every change output must belong to. */
  readonly account: PinnedBitcoinAccount
  readonly curve: Curve
  /** This very account, opened before; opened here unless given. */
  readonly keys?: AccountKeys
}

/**
 * Compares returned bytes with the approved plan.
 * @returns the only kind of transaction that may be broadcast | SIGNED_MISMATCH naming each difference
 */
export function verifyBitcoin(
  request: BitcoinVerification,
): Result<VerifiedTransaction, 'SIGNED_MISMATCH'> {
  const parsed = parseBitcoinTransactionHex(request.rawHex)
  if (parsed.kind === 'malformed') {
    return mismatch([differ('encoding', 'one bitcoin transaction', parsed.problem)])
  }
  const { transaction } = parsed
  const { account } = request
  const keys = request.keys === undefined ? openAccount(account) : ok(request.keys)
  if (!keys.ok) {
    return mismatch([differ('account', 'a sound account key', keys.refusal.data.problem)])
  }
  const foreign = keyDifferences(account, keys.value)
  if (foreign.length > 0) return mismatch(foreign)
  const differences = [
    ...headerDifferences(request, transaction),
    ...outputDifferences(request, transaction, keys.value),
    ...inputDifferences(request, transaction, keys.value),
  ]
  if (differences.length > 0) return mismatch(differences)
  return ok(
    markVerified({
      kind: 'bitcoin',
      digest: request.digest,
      rawHex: request.rawHex.toLowerCase(),
      txid: transaction.txid,
    }),
  )
}

function mismatch(differences: readonly Difference[]): Result<never, 'SIGNED_MISMATCH'> {
  return refuse('SIGNED_MISMATCH', { differences })
}

function differ(field: string, approved: unknown, returned: unknown): Difference {
  return {
    field,
    approved: String(approved).slice(0, 200),
    returned: String(returned).slice(0, 200),
  }
}

function compare(field: string, approved: unknown, returned: unknown): readonly Difference[] {
  return approved === returned ? [] : [differ(field, approved, returned)]
}

/** Keys of another account would make another's coins and change ours. */
function keyDifferences(
  { xpub, path, network, scriptType }: PinnedBitcoinAccount,
  { account: opened }: AccountKeys,
): readonly Difference[] {
  return [
    ...compare('account', xpub, opened.xpub),
    ...compare('account', path, opened.path),
    ...compare('account', network, opened.network),
    ...compare('account', scriptType, opened.scriptType),
  ]
}

function headerDifferences(
  { plan, account }: BitcoinVerification,
  transaction: ParsedTransaction,
): readonly Difference[] {
  const segwit = account.scriptType !== 'p2pkh'
  const outpoints = transaction.inputs.map((input) => `${input.txid}:${input.vout}`)
  const size = virtualSizeOf(transaction)
  return [
    ...compare('network', account.network, plan.network),
    ...compare('version', plan.version, transaction.version),
    ...compare('locktime', plan.locktime, transaction.locktime),
    ...compare('inputs.length', plan.inputs.length, transaction.inputs.length),
    ...compare('outputs.length', plan.outputs.length, transaction.outputs.length),
    ...compare('segwit', segwit, transaction.hasWitness),
    ...compare('inputs.distinct', outpoints.length, new Set(outpoints).size),
    // A larger transaction than planned would pay a lower rate than approved.
    ...(size > plan.virtualSize ? [differ('virtualSize', plan.virtualSize, size)] : []),
  ]
}

function outputDifferences(
  { plan, account }: BitcoinVerification,
  transaction: ParsedTransaction,
  keys: AccountKeys,
): readonly Difference[] {
  return plan.outputs.flatMap((planned, i) => {
    const returned = transaction.outputs[i]
    const name = `outputs[${i}]`
    if (returned === undefined) return [differ(name, planned.address, 'absent')]
    const address = decodeBitcoinAddress(planned.address, account.network)
    return [
      ...compare(`${name}.script`, planned.script, bytesToHex(returned.script)),
      ...compare(`${name}.value`, planned.value, returned.value),
      // The address is what the user read; it must be the script that was signed.
      ...compare(
        `${name}.address`,
        planned.script,
        address.ok ? address.value.script : address.refusal.code,
      ),
      ...ownershipDifferences(name, planned, account, keys),
    ]
  })
}

/** Change must be derived here, on the change branch, to the very script; a recipient claims no path. */
function ownershipDifferences(
  name: string,
  planned: BitcoinOutput,
  account: PinnedBitcoinAccount,
  keys: AccountKeys,
): readonly Difference[] {
  if (planned.role === 'recipient') return compare(`${name}.path`, null, planned.path)
  const step = accountStep(account.path, planned.path ?? '')
  if (step === undefined || step.branch !== 1) {
    return [differ(`${name}.path`, `${account.path}/1/…`, planned.path)]
  }
  const own = bytesToHex(accountScript(account.scriptType, keys.publicKey(step), keys.math))
  return compare(`${name}.change`, own, planned.script)
}

function inputDifferences(
  request: BitcoinVerification,
  transaction: ParsedTransaction,
  keys: AccountKeys,
): readonly Difference[] {
  const { plan, account, curve } = request
  // Lists of different lengths cannot be compared pairwise; inputs.length names that already.
  if (plan.inputs.length !== transaction.inputs.length) return []
  const expected = plan.inputs.map((planned) => expectInput(planned, account, keys))
  const differences = plan.inputs.flatMap((planned, i) => {
    const returned = transaction.inputs[i]
    const own = expected[i]
    if (returned === undefined || own === undefined) throw new Error('lists differ in length')
    return inputFieldDifferences(`inputs[${i}]`, planned, returned, own)
  })
  const spent = expected.flatMap(({ spends }) => (spends.kind === 'output' ? [spends] : []))
  // Without every spent output there is no digest to check a signature against.
  if (spent.length !== expected.length) return differences
  const digests = bitcoinDigests(transaction, spent)
  const signatures = expected.flatMap(({ key }, index) => {
    const returned = transaction.inputs[index]
    if (returned === undefined || key === undefined) return []
    const { scriptType } = account
    return inputSignatureDifferences({ scriptType, index, returned, key, digests, curve })
  })
  return [...differences, ...signatures, ...feeDifferences(plan, transaction, spent)]
}

interface ExpectedInput {
  readonly spends: SpentOutcome
  /** Re-derived from the pinned account, with the script it owns; undefined when the path is not the account's. */
  readonly key: SigningKey | undefined
}

function expectInput(
  planned: BitcoinInput,
  account: PinnedBitcoinAccount,
  keys: AccountKeys,
): ExpectedInput {
  const step = accountStep(account.path, planned.path)
  if (step === undefined) return { spends: provenOutput(planned), key: undefined }
  const publicKey = keys.publicKey(step)
  const script = accountScript(account.scriptType, publicKey, keys.math)
  return { spends: provenOutput(planned), key: { publicKey, script, full: keys.fullKey(step) } }
}

function inputFieldDifferences(
  name: string,
  planned: BitcoinInput,
  returned: ParsedInput,
  { spends, key }: ExpectedInput,
): readonly Difference[] {
  return [
    ...compare(`${name}.txid`, planned.txid, returned.txid),
    ...compare(`${name}.vout`, planned.vout, returned.vout),
    ...compare(`${name}.sequence`, planned.sequence, returned.sequence),
    ...(spends.kind === 'output'
      ? [
          ...compare(`${name}.value`, planned.value, spends.value),
          ...compare(`${name}.script`, planned.script, bytesToHex(spends.script)),
        ]
      : [differ(`${name}.previousTransaction`, planned.txid, spends.problem)]),
    ...(key === undefined
      ? [differ(`${name}.path`, 'a path of the account', planned.path)]
      : [
          ...compare(`${name}.publicKey`, bytesToHex(key.publicKey), planned.publicKey),
          ...compare(`${name}.owner`, bytesToHex(key.script), planned.script),
        ]),
  ]
}

function feeDifferences(
  plan: BitcoinTransactionPlan,
  transaction: ParsedTransaction,
  spent: readonly SpentOutput[],
): readonly Difference[] {
  const paidIn = spent.reduce((sum, output) => sum + output.value, 0n)
  const paidOut = transaction.outputs.reduce((sum, output) => sum + output.value, 0n)
  return compare('fee', plan.fee, paidIn - paidOut)
}

type SpentOutcome =
  | ({ readonly kind: 'output' } & SpentOutput)
  | { readonly kind: 'unproved'; readonly problem: string }

/** Value and script of the coin, proved by the txid of the transaction that made it. */
function provenOutput(planned: BitcoinInput): SpentOutcome {
  const parsed = parseBitcoinTransactionHex(planned.previousTransaction)
  if (parsed.kind === 'malformed') return { kind: 'unproved', problem: parsed.problem }
  if (parsed.transaction.txid !== planned.txid) {
    return { kind: 'unproved', problem: `hashes to ${parsed.transaction.txid}` }
  }
  const output = parsed.transaction.outputs[planned.vout]
  if (output === undefined) return { kind: 'unproved', problem: `has no output ${planned.vout}` }
  return { kind: 'output', value: output.value, script: output.script }
}
