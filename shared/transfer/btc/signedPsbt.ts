/** What an air-gapped signer hands back, on its way to the verifier: a PSBT of exactly the approved
 *  transaction with one signature an input, or the finished transaction itself. Whatever passes here is
 *  still only bytes: verifyBitcoin decides. Refusals name what differs or which signature is missing. */
import { hex } from '@scure/base'
import { type Result, ok, refuse } from '../../errors/refusal.ts'
import type { PinnedBitcoinAccount } from '../../vault/account.ts'
import { concatBytes } from '../../vault/hash.ts'
import { p2wpkhScript } from '../../vault/script.ts'
import type { BitcoinTransactionPlan, Difference } from '../plan.ts'
import { type BitcoinVerification, verifyBitcoin } from '../verify/bitcoin.ts'
import { compactSize } from '../verify/bitcoinDigest.ts'
import type { Curve } from '../verify/curve.ts'
import { INPUT_KEY, type Psbt, type PsbtMap, parsePsbtText } from './psbt.ts'
import {
  NOTHING,
  inputBytes,
  outputBytes,
  serializeTransaction,
  sized,
  unsignedTransaction,
} from './transactionBytes.ts'

export interface SignedAnswer {
  /** base64 or hex of a PSBT, or hex of a finished transaction. */
  readonly text: string
  readonly plan: BitcoinTransactionPlan
  readonly digest: string
  readonly account: PinnedBitcoinAccount
  readonly curve: Curve
}

export type AnswerRefusals = 'INPUT_INVALID' | 'PSBT_NOT_SIGNED' | 'SIGNED_MISMATCH'

/**
 * Reads the signer's answer to one approved plan.
 * @returns the raw transaction, hex, for verifyBitcoin | INPUT_INVALID: no PSBT | SIGNED_MISMATCH: of another
 *   transaction, or told to sign less than all of it | PSBT_NOT_SIGNED: a signature is missing
 */
export function readSignedAnswer(answer: SignedAnswer): Result<string, AnswerRefusals> {
  const text = answer.text.trim()
  if (/^(0[12]000000)([0-9a-f]{2})+$/i.test(text)) return ok(text.toLowerCase())
  const psbt = parsePsbtText(text)
  if (!psbt.ok) return psbt
  const differences = [...transactionDifferences(answer, psbt.value), ...hashTypes(psbt.value)]
  if (differences.length > 0) return refuse('SIGNED_MISMATCH', { differences })
  return extractTransaction(psbt.value, answer.account.scriptType)
}

/** Differences that a missing signature makes by itself. */
const ofSignatures = /^(segwit|inputs\[\d+\]\.(witness|scriptSig|signature|hashType|signedBy).*)$/

/** Another transaction than the approved one, said by the verifier itself, field by field. */
function transactionDifferences(
  { plan, digest, account, curve }: SignedAnswer,
  psbt: Psbt,
): readonly Difference[] {
  const { version, locktime, inputs, outputs } = psbt.transaction
  const rawHex = hex.encode(
    serializeTransaction(
      version,
      locktime,
      inputs.map(({ txid, vout, sequence }) => inputBytes(txid, vout, NOTHING, sequence)),
      outputs.map(({ value, script }) => outputBytes(value, script)),
    ),
  )
  if (rawHex === hex.encode(unsignedTransaction(plan))) return []
  const request: BitcoinVerification = { plan, digest, account, curve, rawHex }
  const verified = verifyBitcoin(request)
  if (verified.ok) throw new Error('an unsigned transaction was verified')
  return verified.refusal.data.differences.filter(({ field }) => !ofSignatures.test(field))
}

/** A PSBT may ask for a weaker hash type; the signature's own byte is checked again by the verifier. */
function hashTypes(psbt: Psbt): readonly Difference[] {
  return psbt.inputs.flatMap((input, index) => {
    const asked = input.get(INPUT_KEY.sighashType)
    const value =
      asked === undefined ? 1 : new DataView(asked.buffer, asked.byteOffset).getUint32(0, true)
    if (value <= 1) return []
    const returned = `0x${value.toString(16).padStart(2, '0')}`
    return [{ field: `inputs[${index}].hashType`, approved: 'ALL or DEFAULT', returned }]
  })
}

/**
 * The raw transaction out of a signed PSBT: final fields where the signer finalized, else its one
 * signature per input. For verifyBitcoin only; no signature is checked here.
 */
export function extractTransaction(
  psbt: Psbt,
  scriptType: PinnedBitcoinAccount['scriptType'],
): Result<string, 'PSBT_NOT_SIGNED'> {
  const { transaction } = psbt
  const unlocked = psbt.inputs.map((input) => unlockInput(input, scriptType))
  const missing = unlocked.indexOf(undefined)
  if (missing >= 0) {
    return refuse('PSBT_NOT_SIGNED', { input: missing + 1, inputs: psbt.inputs.length })
  }
  const found = unlocked.filter((input) => input !== undefined)
  const segwit = found.some((input) => input.witness.length > 1 || input.witness[0] !== 0)
  const bytes = serializeTransaction(
    transaction.version,
    transaction.locktime,
    transaction.inputs.map(({ txid, vout, sequence }, i) =>
      inputBytes(txid, vout, found[i]?.scriptSig ?? NOTHING, sequence),
    ),
    transaction.outputs.map(({ value, script }) => outputBytes(value, script)),
    segwit ? found.map((input) => input.witness) : [],
  )
  return ok(hex.encode(bytes))
}

interface Unlocked {
  readonly scriptSig: Uint8Array
  /** The stack with its count, as it is serialized; a lone 0 when empty. */
  readonly witness: Uint8Array
}

const NO_WITNESS = Uint8Array.of(0)

function unlockInput(
  input: PsbtMap,
  scriptType: PinnedBitcoinAccount['scriptType'],
): Unlocked | undefined {
  const finalScriptSig = input.get(INPUT_KEY.finalScriptSig)
  const finalWitness = input.get(INPUT_KEY.finalWitness)
  if (finalScriptSig !== undefined || finalWitness !== undefined) {
    return { scriptSig: finalScriptSig ?? NOTHING, witness: finalWitness ?? NO_WITNESS }
  }
  if (scriptType === 'p2tr') {
    const signature = input.get(INPUT_KEY.tapKeySignature)
    return signature && { scriptSig: NOTHING, witness: stack([signature]) }
  }
  const signatures = [...input].filter(([key]) => key.startsWith(INPUT_KEY.partialSignature))
  const [only] = signatures
  if (only === undefined || signatures.length > 1) return undefined
  const [key, signature] = only
  const publicKey = hex.decode(key.slice(2))
  switch (scriptType) {
    case 'p2wpkh':
      return { scriptSig: NOTHING, witness: stack([signature, publicKey]) }
    case 'p2sh-p2wpkh':
      return { scriptSig: push(p2wpkhScript(publicKey)), witness: stack([signature, publicKey]) }
    case 'p2pkh':
      return { scriptSig: concatBytes([push(signature), push(publicKey)]), witness: NO_WITNESS }
  }
}

function stack(items: readonly Uint8Array[]): Uint8Array {
  return concatBytes([compactSize(items.length), ...items.map(sized)])
}

/** A direct push; signatures, keys and key-hash scripts are all below 76 bytes. */
function push(bytes: Uint8Array): Uint8Array {
  return concatBytes([Uint8Array.of(bytes.length), bytes])
}
