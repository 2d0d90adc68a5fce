/** Sizes of transactions before they exist, in weight units (BIP141), never below what comes back:
 *  signatures are counted at their longest. Dust limits in satoshi, as nodes relay by default. */
import type { AccountScriptType, OutputScriptKind } from './script.ts'

/** Outpoint, sequence and an empty scriptSig's length. */
const INPUT_BASE_BYTES = 41
/** Count, then a 72-byte DER signature with its hash type and a 33-byte key, each with its length. */
const KEY_HASH_WITNESS_BYTES = 1 + 1 + 72 + 1 + 33
/** scriptSig that pushes the 22-byte redeem script. */
const NESTED_PUSH_BYTES = 23
/** scriptSig of signature and key. */
const KEY_HASH_PUSHES_BYTES = 1 + 72 + 1 + 33
/** Count, length, 64-byte Schnorr signature. */
const KEY_PATH_WITNESS_BYTES = 1 + 1 + 64

/** Weight of an input that spends an output of this type of ours. */
export const INPUT_WEIGHT: { readonly [T in AccountScriptType]: number } = {
  p2wpkh: 4 * INPUT_BASE_BYTES + KEY_HASH_WITNESS_BYTES,
  'p2sh-p2wpkh': 4 * (INPUT_BASE_BYTES + NESTED_PUSH_BYTES) + KEY_HASH_WITNESS_BYTES,
  p2tr: 4 * INPUT_BASE_BYTES + KEY_PATH_WITNESS_BYTES,
  p2pkh: 4 * (INPUT_BASE_BYTES + KEY_HASH_PUSHES_BYTES),
}

const SCRIPT_BYTES: { readonly [K in OutputScriptKind]: number } = {
  p2pkh: 25,
  p2sh: 23,
  p2wpkh: 22,
  p2wsh: 34,
  p2tr: 34,
}

/** Value, script length, script. */
export function outputWeight(kind: OutputScriptKind): number {
  return 4 * (8 + 1 + SCRIPT_BYTES[kind])
}

function compactSizeBytes(count: number): number {
  return count < 0xfd ? 1 : count <= 0xffff ? 3 : 5
}

/** Version, locktime and the two counts; with a witness, marker and flag. */
export function overheadWeight(isSegwit: boolean, inputCount: number, outputCount: number): number {
  const counts = compactSizeBytes(inputCount) + compactSizeBytes(outputCount)
  return 4 * (4 + 4 + counts) + (isSegwit ? 2 : 0)
}

/** Upper bound of the signed size of a transaction that spends and pays these, in virtual bytes (BIP141). */
export function estimateVirtualSize(
  inputs: readonly AccountScriptType[],
  outputs: readonly OutputScriptKind[],
): number {
  let bare = 0
  let weight = 0
  for (const type of inputs) {
    weight += INPUT_WEIGHT[type]
    if (type === 'p2pkh') bare++
  }
  for (const kind of outputs) weight += outputWeight(kind)
  const isSegwit = bare < inputs.length
  // Beside a segwit input each other one says in a byte that it has no witness (BIP144).
  if (isSegwit) weight += bare
  return Math.ceil((weight + overheadWeight(isSegwit, inputs.length, outputs.length)) / 4)
}

/** Satoshi for a size at a rate, rounded up. */
export function feeAtRate(virtualSize: number, feeRateSatPerVb: number): bigint {
  // The product of a rate like 1.1 may land a hair above the whole satoshi it means.
  return BigInt(Math.ceil(virtualSize * feeRateSatPerVb - 1e-6))
}

/** Outputs below this are not relayed: 3 sat/vB for the output and the input that would spend it. */
export const DUST_LIMIT: { readonly [K in OutputScriptKind]: bigint } = {
  p2pkh: 546n,
  p2sh: 540n,
  p2wpkh: 294n,
  p2wsh: 330n,
  p2tr: 330n,
}

/** The output kind that an account of this type pays its change to. */
export const ACCOUNT_OUTPUT_KIND: { readonly [T in AccountScriptType]: OutputScriptKind } = {
  p2wpkh: 'p2wpkh',
  'p2sh-p2wpkh': 'p2sh',
  p2tr: 'p2tr',
  p2pkh: 'p2pkh',
}
