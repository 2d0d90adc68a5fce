/** Bitcoin transactions out of bytes, read here and by nobody else's code: strict compact sizes,
 *  BIP144 marker and flag, no trailing bytes, amounts within the supply. Values in satoshi.
 *  Text of txids is in the usual reversed order. */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { concatBytes, sha256d } from '../../vault/hash.ts'
import { ByteReader, MAX_BYTES, MalformedBytes } from './byteReader.ts'

export interface ParsedInput {
  /** Reversed, as explorers write it. */
  readonly txid: string
  readonly vout: number
  readonly scriptSig: Uint8Array
  readonly sequence: number
  readonly witness: readonly Uint8Array[]
}

export interface ParsedOutput {
  readonly value: bigint
  readonly script: Uint8Array
}

export interface ParsedTransaction {
  readonly version: number
  readonly locktime: number
  readonly inputs: readonly ParsedInput[]
  readonly outputs: readonly ParsedOutput[]
  /** True when marker, flag and witnesses are present (BIP144). */
  readonly hasWitness: boolean
  readonly txid: string
  /** Bytes with and without witnesses; weight is 3·stripped + total. */
  readonly totalSize: number
  readonly strippedSize: number
}

export type ParseOutcome =
  | { readonly kind: 'transaction'; readonly transaction: ParsedTransaction }
  | { readonly kind: 'malformed'; readonly problem: string }

export const MAX_MONEY = 2_100_000_000_000_000n
/** Reverses a 32-byte hash for display, or back. */
export function reverseHex(bytes: Uint8Array): string {
  const reversed = new Uint8Array(bytes.length)
  for (let at = 0; at < bytes.length; at++) reversed[at] = bytes[bytes.length - 1 - at] ?? 0
  return bytesToHex(reversed)
}

function readOutpoint(reader: ByteReader): Omit<ParsedInput, 'witness'> {
  return {
    txid: reverseHex(reader.take(32)),
    vout: reader.u32(),
    scriptSig: reader.take(reader.compactSize()),
    sequence: reader.u32(),
  }
}

function readOutput(reader: ByteReader): ParsedOutput {
  const value = reader.u64()
  if (value > MAX_MONEY) throw new MalformedBytes('an output above the whole supply')
  return { value, script: reader.take(reader.compactSize()) }
}

function readTransaction(bytes: Uint8Array): ParsedTransaction {
  if (bytes.length > MAX_BYTES) throw new MalformedBytes('larger than a block')
  const reader = new ByteReader(bytes)
  const version = reader.i32()
  // An input count of zero reads as the marker: a transaction without inputs never passes here.
  const hasWitness = bytes[reader.at] === 0
  if (hasWitness) {
    reader.u8()
    if (reader.u8() !== 1) throw new MalformedBytes('unknown flag after the marker')
  }
  const bodyStart = reader.at
  const outpoints = reader.list(() => readOutpoint(reader))
  const outputs = reader.list(() => readOutput(reader))
  const bodyEnd = reader.at
  const witnesses = hasWitness
    ? outpoints.map(() => reader.list(() => reader.take(reader.compactSize())))
    : outpoints.map(() => [])
  if (hasWitness && witnesses.every((witness) => witness.length === 0)) {
    throw new MalformedBytes('marked as segwit without any witness')
  }
  const locktimeStart = reader.at
  const locktime = reader.u32()
  if (reader.at !== bytes.length) throw new MalformedBytes('bytes after the end')
  if (outputs.length === 0) throw new MalformedBytes('no outputs')
  // Without a witness the bytes are their own stripped form: version, inputs, outputs, locktime.
  const stripped = hasWitness
    ? concatBytes([
        bytes.subarray(0, 4),
        bytes.subarray(bodyStart, bodyEnd),
        bytes.subarray(locktimeStart),
      ])
    : bytes
  return {
    version,
    locktime,
    inputs: outpoints.map((outpoint, i) => ({ ...outpoint, witness: witnesses[i] ?? [] })),
    outputs,
    hasWitness,
    txid: reverseHex(sha256d(stripped)),
    totalSize: bytes.length,
    strippedSize: stripped.length,
  }
}

/** Reads one whole transaction; anything but exactly one is malformed. */
export function parseBitcoinTransaction(bytes: Uint8Array): ParseOutcome {
  try {
    return { kind: 'transaction', transaction: readTransaction(bytes) }
  } catch (error) {
    if (error instanceof MalformedBytes) return { kind: 'malformed', problem: error.message }
    throw error
  }
}

/** A witness stack on its own, as BIP322 sends it; undefined unless it is exactly one. */
export function readWitnessStack(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const reader = new ByteReader(bytes)
  try {
    const stack = reader.list(() => reader.take(reader.compactSize()))
    return reader.at === bytes.length ? stack : undefined
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

/** A transaction from hex text of either case. */
export function parseBitcoinTransactionHex(text: string): ParseOutcome {
  if (text.length > 2 * MAX_BYTES) return { kind: 'malformed', problem: 'larger than a block' }
  let bytes: Uint8Array
  try {
    bytes = hexToBytes(text)
  } catch {
    return { kind: 'malformed', problem: 'not hex' }
  }
  return parseBitcoinTransaction(bytes)
}

/** BIP141: weight / 4, rounded up. */
export function virtualSizeOf(transaction: ParsedTransaction): number {
  return Math.ceil((3 * transaction.strippedSize + transaction.totalSize) / 4)
}
