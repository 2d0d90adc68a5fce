/** Partially signed transactions (BIP174, version 0) for signers that are not plugged in: a plan goes
 *  out with its full previous transactions and key paths, signatures come back. Nothing read here is
 *  believed: what is assembled goes to verifyBitcoin like any device's answer. */
import { base64, hex } from '@scure/base'
import { type Result, ok, refuse } from '../../errors/refusal.ts'
import type { PinnedBitcoinAccount } from '../../vault/account.ts'
import { concatBytes } from '../../vault/hash.ts'
import { p2wpkhScript } from '../../vault/script.ts'
import type { BitcoinInput, BitcoinOutput, BitcoinTransactionPlan } from '../plan.ts'
import { compactSize } from '../verify/bitcoinDigest.ts'
import { type ParsedTransaction, parseBitcoinTransaction } from '../verify/bitcoinTransaction.ts'
import { ByteReader, MalformedBytes } from '../verify/byteReader.ts'

/** One map of a PSBT: hex of the whole key (type and data) → value. */
export type PsbtMap = ReadonlyMap<string, Uint8Array>

export interface Psbt {
  readonly transaction: ParsedTransaction
  readonly global: PsbtMap
  readonly inputs: readonly PsbtMap[]
  readonly outputs: readonly PsbtMap[]
}

const MAGIC = hex.decode('70736274ff')
const GLOBAL_UNSIGNED = '00'
const IN_NON_WITNESS_UTXO = '00'
const IN_WITNESS_UTXO = '01'
const IN_PARTIAL_SIGNATURE = '02'
const IN_SIGHASH_TYPE = '03'
const IN_REDEEM_SCRIPT = '04'
const IN_BIP32 = '06'
const IN_FINAL_SCRIPT_SIG = '07'
const IN_FINAL_WITNESS = '08'
const IN_TAP_KEY_SIGNATURE = '13'
const IN_TAP_BIP32 = '16'
const IN_TAP_INTERNAL_KEY = '17'
const OUT_REDEEM_SCRIPT = '00'
const OUT_BIP32 = '02'
const OUT_TAP_INTERNAL_KEY = '05'
const OUT_TAP_BIP32 = '07'

/** Key types that carry no key data; anything after the type byte makes them malformed (BIP174). */
const BARE_INPUT_KEYS = new Set([
  IN_NON_WITNESS_UTXO,
  IN_WITNESS_UTXO,
  IN_SIGHASH_TYPE,
  IN_REDEEM_SCRIPT,
  '05',
  IN_FINAL_SCRIPT_SIG,
  IN_FINAL_WITNESS,
  IN_TAP_KEY_SIGNATURE,
  IN_TAP_INTERNAL_KEY,
])
const BARE_OUTPUT_KEYS = new Set([OUT_REDEEM_SCRIPT, '01', OUT_TAP_INTERNAL_KEY])
const PUBLIC_KEY_KEYS = new Set([IN_PARTIAL_SIGNATURE, IN_BIP32])

// ── writing ───────────────────────────────────────────────────────────────────

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value, true)
  return bytes
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value, true)
  return bytes
}

function sized(bytes: Uint8Array): Uint8Array {
  return concatBytes([compactSize(bytes.length), bytes])
}

function entry(key: string, value: Uint8Array): Uint8Array {
  return concatBytes([sized(hex.decode(key)), sized(value)])
}

const END_OF_MAP = Uint8Array.of(0)

function serialize(
  version: number,
  locktime: number,
  inputs: readonly Uint8Array[],
  outputs: readonly Uint8Array[],
  witnesses: readonly Uint8Array[] = [],
): Uint8Array {
  return concatBytes([
    u32(version),
    witnesses.length > 0 ? Uint8Array.of(0, 1) : new Uint8Array(0),
    compactSize(inputs.length),
    ...inputs,
    compactSize(outputs.length),
    ...outputs,
    ...witnesses,
    u32(locktime),
  ])
}

function inputBytes(
  txid: string,
  vout: number,
  scriptSig: Uint8Array,
  sequence: number,
): Uint8Array {
  return concatBytes([hex.decode(txid).reverse(), u32(vout), sized(scriptSig), u32(sequence)])
}

function outputBytes(value: bigint, script: Uint8Array): Uint8Array {
  return concatBytes([u64(value), sized(script)])
}

const NOTHING = new Uint8Array(0)

/** The unsigned transaction of a plan, without witnesses. */
export function unsignedTransaction(plan: BitcoinTransactionPlan): Uint8Array {
  return serialize(
    plan.version,
    plan.locktime,
    plan.inputs.map((row) => inputBytes(row.txid, row.vout, NOTHING, row.sequence)),
    plan.outputs.map((row) => outputBytes(row.value, hex.decode(row.script))),
  )
}

/** Fingerprint and path as BIP174 writes them: 4 bytes, then each step as u32. */
function keyOrigin(fingerprint: string, path: string): Uint8Array {
  const steps = path.split('/').slice(1)
  return concatBytes([
    hex.decode(fingerprint),
    ...steps.map((step) => {
      const hardened = step.endsWith("'")
      return u32(Number(hardened ? step.slice(0, -1) : step) + (hardened ? 0x80000000 : 0))
    }),
  ])
}

export interface PsbtSource {
  readonly plan: BitcoinTransactionPlan
  readonly account: PinnedBitcoinAccount
  /** Master key fingerprint, 8 hex digits. */
  readonly fingerprint: string
  /** Compressed public key (hex) of each change output by its path. */
  readonly changeKeys: ReadonlyMap<string, string>
}

/** A plan as PSBT bytes, ready for an air-gapped signer. */
export function writePsbt(source: PsbtSource): Uint8Array {
  const { plan } = source
  return concatBytes([
    MAGIC,
    entry(GLOBAL_UNSIGNED, unsignedTransaction(plan)),
    END_OF_MAP,
    ...plan.inputs.flatMap((input) => [...inputEntries(source, input), END_OF_MAP]),
    ...plan.outputs.flatMap((output) => [...outputEntries(source, output), END_OF_MAP]),
  ])
}

/** The same as base64 text, as files and clipboards carry it. */
export function writePsbtText(source: PsbtSource): string {
  return base64.encode(writePsbt(source))
}

function inputEntries(
  { account, fingerprint }: PsbtSource,
  input: BitcoinInput,
): readonly Uint8Array[] {
  const origin = keyOrigin(fingerprint, input.path)
  const script = hex.decode(input.script)
  // The full previous transaction always goes along: a signer need not trust our amounts (fee attack).
  const previous = entry(IN_NON_WITNESS_UTXO, hex.decode(input.previousTransaction))
  const witnessUtxo = entry(IN_WITNESS_UTXO, outputBytes(input.value, script))
  const keyPath = entry(IN_BIP32 + input.publicKey, origin)
  switch (account.scriptType) {
    case 'p2pkh':
      return [previous, keyPath]
    case 'p2wpkh':
      return [previous, witnessUtxo, keyPath]
    case 'p2sh-p2wpkh': {
      const redeem = p2wpkhScript(hex.decode(input.publicKey))
      return [previous, witnessUtxo, entry(IN_REDEEM_SCRIPT, redeem), keyPath]
    }
    case 'p2tr': {
      const internalKey = input.publicKey.slice(2)
      const noLeaves = Uint8Array.of(0)
      return [
        previous,
        witnessUtxo,
        entry(IN_TAP_BIP32 + internalKey, concatBytes([noLeaves, origin])),
        entry(IN_TAP_INTERNAL_KEY, hex.decode(internalKey)),
      ]
    }
  }
}

function outputEntries(
  { account, fingerprint, changeKeys }: PsbtSource,
  output: BitcoinOutput,
): readonly Uint8Array[] {
  if (output.path === null) return []
  const publicKey = changeKeys.get(output.path)
  if (publicKey === undefined) return []
  const origin = keyOrigin(fingerprint, output.path)
  if (account.scriptType === 'p2tr') {
    const internalKey = publicKey.slice(2)
    return [
      entry(OUT_TAP_INTERNAL_KEY, hex.decode(internalKey)),
      entry(OUT_TAP_BIP32 + internalKey, concatBytes([Uint8Array.of(0), origin])),
    ]
  }
  const keyPath = entry(OUT_BIP32 + publicKey, origin)
  return account.scriptType === 'p2sh-p2wpkh'
    ? [entry(OUT_REDEEM_SCRIPT, p2wpkhScript(hex.decode(publicKey))), keyPath]
    : [keyPath]
}

// ── reading ───────────────────────────────────────────────────────────────────

/** Reads PSBT bytes strictly: no unknown structure, no duplicate keys, no signatures in the transaction. */
export function parsePsbt(bytes: Uint8Array): Result<Psbt, 'INPUT_INVALID'> {
  try {
    return ok(readPsbt(bytes))
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error
    return refuse('INPUT_INVALID', { field: 'psbt', problem: error.message })
  }
}

/** The same from base64 or hex text. */
export function parsePsbtText(text: string): Result<Psbt, 'INPUT_INVALID'> {
  const trimmed = text.trim()
  if (/^70736274ff([0-9a-fA-F]{2})*$/.test(trimmed)) return parsePsbt(hex.decode(trimmed))
  try {
    return parsePsbt(base64.decode(trimmed))
  } catch {
    return refuse('INPUT_INVALID', { field: 'psbt', problem: 'neither base64 nor hex' })
  }
}

function readPsbt(bytes: Uint8Array): Psbt {
  const reader = new ByteReader(bytes)
  if (hex.encode(reader.take(MAGIC.length)) !== hex.encode(MAGIC)) {
    throw new MalformedBytes('not a PSBT')
  }
  const global = readMap(reader)
  const unsigned = global.get(GLOBAL_UNSIGNED)
  if (unsigned === undefined) throw new MalformedBytes('no unsigned transaction')
  const parsed = parseBitcoinTransaction(unsigned)
  if (parsed.kind === 'malformed') throw new MalformedBytes(`transaction: ${parsed.problem}`)
  const { transaction } = parsed
  if (transaction.hasWitness || transaction.inputs.some((input) => input.scriptSig.length > 0)) {
    throw new MalformedBytes('the unsigned transaction is signed')
  }
  const inputs = transaction.inputs.map(() => checkInput(readMap(reader)))
  const outputs = transaction.outputs.map(() => checkOutput(readMap(reader)))
  if (reader.at !== bytes.length) throw new MalformedBytes('bytes after the end')
  return { transaction, global, inputs, outputs }
}

function readMap(reader: ByteReader): PsbtMap {
  const map = new Map<string, Uint8Array>()
  for (;;) {
    const length = reader.compactSize()
    if (length === 0) return map
    const key = hex.encode(reader.take(length))
    if (map.has(key)) throw new MalformedBytes(`key ${key.slice(0, 20)} twice`)
    map.set(key, reader.take(reader.compactSize()))
  }
}

function checkInput(map: PsbtMap): PsbtMap {
  for (const [key, value] of map) {
    const type = key.slice(0, 2)
    if (BARE_INPUT_KEYS.has(type) && key.length > 2) {
      throw new MalformedBytes(`input key ${type} with data`)
    }
    if (PUBLIC_KEY_KEYS.has(type)) checkPublicKey(key.slice(2))
    if (type === IN_SIGHASH_TYPE && value.length !== 4) throw new MalformedBytes('hash type size')
  }
  return map
}

function checkOutput(map: PsbtMap): PsbtMap {
  for (const key of map.keys()) {
    const type = key.slice(0, 2)
    if (BARE_OUTPUT_KEYS.has(type) && key.length > 2) {
      throw new MalformedBytes(`output key ${type} with data`)
    }
    if (type === OUT_BIP32) checkPublicKey(key.slice(2))
  }
  return map
}

function checkPublicKey(key: string): void {
  if (!/^(0[23].{64}|04.{128})$/.test(key)) throw new MalformedBytes('a key that is no public key')
}

// ── assembling ────────────────────────────────────────────────────────────────

/**
 * The raw transaction out of a signed PSBT: final fields where the signer finalized, else its one
 * signature per input. For verifyBitcoin only; no signature is checked here.
 */
export function extractTransaction(
  psbt: Psbt,
  scriptType: PinnedBitcoinAccount['scriptType'],
): Result<string, 'INPUT_INVALID'> {
  const { transaction } = psbt
  const unlocked = psbt.inputs.map((input) => unlockInput(input, scriptType))
  const missing = unlocked.indexOf(undefined)
  if (missing >= 0) {
    return refuse('INPUT_INVALID', { field: 'psbt', problem: `input ${missing} is not signed` })
  }
  const found = unlocked.filter((input) => input !== undefined)
  const segwit = found.some((input) => input.witness.length > 1 || input.witness[0] !== 0)
  const bytes = serialize(
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
  const finalScriptSig = input.get(IN_FINAL_SCRIPT_SIG)
  const finalWitness = input.get(IN_FINAL_WITNESS)
  if (finalScriptSig !== undefined || finalWitness !== undefined) {
    return { scriptSig: finalScriptSig ?? NOTHING, witness: finalWitness ?? NO_WITNESS }
  }
  if (scriptType === 'p2tr') {
    const signature = input.get(IN_TAP_KEY_SIGNATURE)
    return signature && { scriptSig: NOTHING, witness: stack([signature]) }
  }
  const signatures = [...input].filter(([key]) => key.startsWith(IN_PARTIAL_SIGNATURE))
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
