/** What a bitcoin signature signs, for SIGHASH_ALL and taproot's default: legacy, BIP143, BIP341.
 *  The parts shared by all inputs are hashed once, so that checking n inputs is linear in n. */
import { sha256 } from '@noble/hashes/sha2.js'
import { hexToBytes } from '@noble/hashes/utils.js'
import { concatBytes, sha256d, taggedHash } from '../../vault/hash.ts'
import { writeOutputScript } from '../../vault/script.ts'
import type { ParsedTransaction } from './bitcoinTransaction.ts'

/** The output an input spends, from its previous transaction. */
export interface SpentOutput {
  readonly value: bigint
  readonly script: Uint8Array
}

/** 0x00 is the default, which signs all and is written without a byte; 0x01 says the same aloud. */
export type TaprootHashType = 0x00 | 0x01

export interface BitcoinDigests {
  /** BIP143 for the key hash of P2WPKH, bare or inside P2SH. */
  segwitKeyHash(index: number, keyHash: Uint8Array): Uint8Array
  /** BIP341 key path, no annex. */
  taprootKeyPath(index: number, hashType: TaprootHashType): Uint8Array
  /** The digest of the first releases, for P2PKH. */
  legacy(index: number): Uint8Array
}

function writeU32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  writeU32(bytes, 0, value)
  return bytes
}

/** Satoshi: the parser lets none above the supply pass, which a number holds exactly. */
function u64(value: bigint): Uint8Array {
  const sats = Number(value)
  if (!Number.isSafeInteger(sats) || sats < 0) throw new RangeError(`not an amount: ${value}`)
  const bytes = new Uint8Array(8)
  writeU32(bytes, 0, sats % 2 ** 32)
  writeU32(bytes, 4, Math.floor(sats / 2 ** 32))
  return bytes
}

export function compactSize(value: number): Uint8Array {
  if (value < 0xfd) return Uint8Array.of(value)
  if (value <= 0xffff) return Uint8Array.of(0xfd, value & 0xff, value >> 8)
  return concatBytes([Uint8Array.of(0xfe), u32(value)])
}

function sized(bytes: Uint8Array): Uint8Array {
  return concatBytes([compactSize(bytes.length), bytes])
}

const SIGHASH_ALL = u32(1)
const EMPTY = new Uint8Array(0)
/** BIP143: after version and two hashes, the input's outpoint, script of a key hash, value and sequence. */
const OWN_AT = 4 + 32 + 32
const OWN_LENGTH = 36 + 1 + 25 + 8 + 4

/** Digests over a parsed transaction and the outputs it spends, in input order. */
export function bitcoinDigests(
  transaction: ParsedTransaction,
  spent: readonly SpentOutput[],
): BitcoinDigests {
  const { inputs, outputs } = transaction
  if (spent.length !== inputs.length) throw new TypeError('one spent output per input')
  const version = new Uint8Array(4)
  new DataView(version.buffer).setInt32(0, transaction.version, true)
  const locktime = u32(transaction.locktime)
  const outpoints = inputs.map((input) =>
    concatBytes([hexToBytes(input.txid).reverse(), u32(input.vout)]),
  )
  const sequences = inputs.map((input) => u32(input.sequence))
  const allOutpoints = concatBytes(outpoints)
  const allSequences = concatBytes(sequences)
  const allOutputs = concatBytes(
    outputs.flatMap((output) => [u64(output.value), sized(output.script)]),
  )

  function part<T>(list: readonly T[], index: number): T {
    const found = list[index]
    if (found === undefined) throw new RangeError(`no input ${index}`)
    return found
  }

  /** The message of BIP143 with all that the inputs share; each input then writes its own part into it. */
  const segwit = lazy(() =>
    concatBytes([
      version,
      sha256d(allOutpoints),
      sha256d(allSequences),
      new Uint8Array(OWN_LENGTH),
      sha256d(allOutputs),
      locktime,
      SIGHASH_ALL,
    ]),
  )
  const taproot = lazy(() =>
    concatBytes([
      version,
      locktime,
      sha256(allOutpoints),
      sha256(concatBytes(spent.map((output) => u64(output.value)))),
      sha256(concatBytes(spent.map((output) => sized(output.script)))),
      sha256(allSequences),
      sha256(allOutputs),
      Uint8Array.of(0x00), // spend type: key path, no annex
    ]),
  )

  return {
    segwitKeyHash: (index, keyHash) => {
      const message = segwit()
      let at = OWN_AT
      for (const field of [
        part(outpoints, index),
        sized(writeOutputScript('p2pkh', keyHash)),
        u64(part(spent, index).value),
        part(sequences, index),
      ]) {
        message.set(field, at)
        at += field.length
      }
      return sha256d(message)
    },
    taprootKeyPath: (index, hashType) => {
      const epoch = 0x00
      const parts = [Uint8Array.of(epoch, hashType), taproot(), u32(index)]
      return taggedHash('TapSighash', concatBytes(parts))
    },
    legacy: (index) =>
      sha256d(
        concatBytes([
          version,
          compactSize(inputs.length),
          ...outpoints.flatMap((outpoint, i) => [
            outpoint,
            sized(i === index ? part(spent, index).script : EMPTY),
            part(sequences, i),
          ]),
          compactSize(outputs.length),
          allOutputs,
          locktime,
          SIGHASH_ALL,
        ]),
      ),
  }
}

function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
