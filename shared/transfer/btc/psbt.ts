/** Partially signed transactions as bytes (BIP174 version 0, BIP371): the format's key types, and a strict
 *  reader. Nothing read here is believed: what is assembled from it goes to verifyBitcoin like any device's
 *  answer. Refuses with INPUT_INVALID naming the structure that is wrong. */
import { base64, hex } from '@scure/base'
import { type Result, ok, refuse } from '../../errors/refusal.ts'
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

export const MAGIC = hex.decode('70736274ff')

/** Key types in hex, by the map they stand in. */
export const GLOBAL_KEY = { unsigned: '00', version: 'fb' } as const
export const INPUT_KEY = {
  nonWitnessUtxo: '00',
  witnessUtxo: '01',
  partialSignature: '02',
  sighashType: '03',
  redeemScript: '04',
  witnessScript: '05',
  bip32: '06',
  finalScriptSig: '07',
  finalWitness: '08',
  tapKeySignature: '13',
  tapScriptSignature: '14',
  tapLeafScript: '15',
  tapBip32: '16',
  tapInternalKey: '17',
  tapMerkleRoot: '18',
} as const
export const OUTPUT_KEY = {
  redeemScript: '00',
  witnessScript: '01',
  bip32: '02',
  tapInternalKey: '05',
  tapTree: '06',
  tapBip32: '07',
} as const

/** Lengths in bytes of what may follow a type in its key, and of its value; null is any. A key whose data is
 *  longer or shorter makes the PSBT malformed (BIP174, BIP371). */
interface Form {
  readonly key: readonly number[] | null
  readonly value: readonly number[] | null
}
const BARE: Form = { key: [0], value: null }
const X_ONLY = [32]
const PUBLIC_KEY = [33, 65]
const INPUT_FORMS: Readonly<Record<string, Form>> = {
  [INPUT_KEY.nonWitnessUtxo]: BARE,
  [INPUT_KEY.witnessUtxo]: BARE,
  [INPUT_KEY.partialSignature]: { key: PUBLIC_KEY, value: null },
  [INPUT_KEY.sighashType]: { key: [0], value: [4] },
  [INPUT_KEY.redeemScript]: BARE,
  [INPUT_KEY.witnessScript]: BARE,
  [INPUT_KEY.bip32]: { key: PUBLIC_KEY, value: null },
  [INPUT_KEY.finalScriptSig]: BARE,
  [INPUT_KEY.finalWitness]: BARE,
  [INPUT_KEY.tapKeySignature]: { key: [0], value: [64, 65] },
  [INPUT_KEY.tapScriptSignature]: { key: [64], value: [64, 65] },
  // A control block: its first byte, the internal key, and up to 128 hashes (BIP341).
  [INPUT_KEY.tapLeafScript]: {
    key: Array.from({ length: 129 }, (_, hashes) => 33 + 32 * hashes),
    value: null,
  },
  [INPUT_KEY.tapBip32]: { key: X_ONLY, value: null },
  [INPUT_KEY.tapInternalKey]: { key: [0], value: X_ONLY },
  [INPUT_KEY.tapMerkleRoot]: { key: [0], value: [32] },
}
const OUTPUT_FORMS: Readonly<Record<string, Form>> = {
  [OUTPUT_KEY.redeemScript]: BARE,
  [OUTPUT_KEY.witnessScript]: BARE,
  [OUTPUT_KEY.bip32]: { key: PUBLIC_KEY, value: null },
  [OUTPUT_KEY.tapInternalKey]: { key: [0], value: X_ONLY },
  [OUTPUT_KEY.tapTree]: BARE,
  [OUTPUT_KEY.tapBip32]: { key: X_ONLY, value: null },
}

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
  const unsigned = global.get(GLOBAL_KEY.unsigned)
  const version = global.get(GLOBAL_KEY.version)
  if (version !== undefined && hex.encode(version) !== '00000000')
    throw new MalformedBytes('a version other than 0')
  if (unsigned === undefined) throw new MalformedBytes('no unsigned transaction')
  const parsed = parseBitcoinTransaction(unsigned)
  if (parsed.kind === 'malformed') throw new MalformedBytes(`transaction: ${parsed.problem}`)
  const { transaction } = parsed
  if (transaction.hasWitness || transaction.inputs.some((input) => input.scriptSig.length > 0)) {
    throw new MalformedBytes('the unsigned transaction is signed')
  }
  const inputs = transaction.inputs.map(() => checkForms(readMap(reader), INPUT_FORMS, 'input'))
  const outputs = transaction.outputs.map(() => checkForms(readMap(reader), OUTPUT_FORMS, 'output'))
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

function checkForms(map: PsbtMap, forms: Readonly<Record<string, Form>>, where: string): PsbtMap {
  for (const [key, value] of map) {
    const type = key.slice(0, 2)
    const form = Object.hasOwn(forms, type) ? forms[type] : undefined
    if (form === undefined) continue
    const length = key.length / 2 - 1
    if (form.key?.includes(length) === false) throw new MalformedBytes(`${where} key ${type}: size`)
    if (form.key === PUBLIC_KEY) checkPublicKey(key.slice(2))
    if (form.value?.includes(value.length) === false)
      throw new MalformedBytes(`${where} value ${type}: size`)
  }
  return map
}

function checkPublicKey(key: string): void {
  if (!/^(0[23].{64}|04.{128})$/.test(key)) throw new MalformedBytes('a key that is no public key')
}
