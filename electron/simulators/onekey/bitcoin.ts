/** Bitcoin as the device knows it: scripts of addresses, ids and serialisation of transactions.
 *  Amounts in satoshi. Hashes are in the order of the wire message (the order people read). */
import { secp256k1 } from '@noble/curves/secp256k1'
import { sha256 } from '@noble/hashes/sha256'
import { bech32, bech32m, createBase58check } from '@scure/base'
import { compactSize, join, reversed, sized, u32, u64 } from './bytes.ts'
import type { CoinRules, DerivedKey } from './keys.ts'

const base58check = createBase58check(sha256)

export interface TxInput {
  readonly prevHash: Uint8Array
  readonly prevIndex: number
  readonly sequence: number
}

export interface PrevTxInput extends TxInput {
  readonly scriptSig: Uint8Array
}

export interface TxOutput {
  readonly amount: bigint
  readonly script: Uint8Array
}

export interface TxHeader {
  readonly version: number
  readonly lockTime: number
}

export function hash256(data: Uint8Array): Uint8Array {
  return sha256(sha256(data))
}

/** scriptPubKey of an address of this coin; null when the firmware would call it invalid. */
export function scriptOfAddress(coin: CoinRules, address: string): Uint8Array | null {
  return segwitScript(coin, address) ?? legacyScript(coin, address)
}

function segwitScript(coin: CoinRules, address: string): Uint8Array | null {
  for (const [codec, versions] of [
    [bech32, (v: number) => v === 0],
    [bech32m, (v: number) => v > 0 && v <= 16],
  ] as const) {
    const decoded = codec.decodeUnsafe(address)
    if (decoded === undefined || decoded.prefix !== coin.hrp) continue
    const [version, ...words] = decoded.words
    if (version === undefined || !versions(version)) continue
    const program = codec.fromWordsUnsafe(words)
    if (program === undefined || program.length < 2 || program.length > 40) continue
    return join(Uint8Array.of(version === 0 ? 0 : 0x50 + version, program.length), program)
  }
  return null
}

function legacyScript(coin: CoinRules, address: string): Uint8Array | null {
  let payload: Uint8Array
  try {
    payload = base58check.decode(address)
  } catch {
    return null
  }
  if (payload.length !== 21) return null
  const hash = payload.subarray(1)
  if (payload[0] === coin.p2pkh) {
    return join(Uint8Array.of(0x76, 0xa9, 0x14), hash, Uint8Array.of(0x88, 0xac))
  }
  if (payload[0] === coin.p2sh) return join(Uint8Array.of(0xa9, 0x14), hash, Uint8Array.of(0x87))
  return null
}

export function outpoint(input: TxInput): Uint8Array {
  return join(reversed(input.prevHash), u32(input.prevIndex))
}

export function outputBytes(output: TxOutput): Uint8Array {
  return join(u64(output.amount), sized(output.script))
}

/** Id of a transaction without its witness, in the order people read. */
export function transactionId(
  header: TxHeader,
  inputs: readonly PrevTxInput[],
  outputs: readonly TxOutput[],
): Uint8Array {
  return reversed(
    hash256(
      join(
        u32(header.version),
        compactSize(inputs.length),
        ...inputs.map((i) => join(outpoint(i), sized(i.scriptSig), u32(i.sequence))),
        compactSize(outputs.length),
        ...outputs.map(outputBytes),
        u32(header.lockTime),
      ),
    ),
  )
}

/** How one input is spent: its scriptSig and its witness stack, either of which may be empty. */
export interface Unlocking {
  readonly scriptSig: Uint8Array
  readonly witness: readonly Uint8Array[]
}

/** The whole transaction; with marker and witnesses only where some input has a witness (BIP144). */
export function serializeTransaction(
  header: TxHeader,
  inputs: readonly TxInput[],
  outputs: readonly TxOutput[],
  unlocking: readonly Unlocking[],
): Uint8Array {
  const segwit = unlocking.some(({ witness }) => witness.length > 0)
  return join(
    u32(header.version),
    segwit ? Uint8Array.of(0x00, 0x01) : new Uint8Array(0),
    compactSize(inputs.length),
    ...inputs.map((input, i) =>
      join(
        outpoint(input),
        sized(unlocking[i]?.scriptSig ?? new Uint8Array(0)),
        u32(input.sequence),
      ),
    ),
    compactSize(outputs.length),
    ...outputs.map(outputBytes),
    ...(segwit ? unlocking.map(({ witness }) => stackBytes(witness)) : []),
    u32(header.lockTime),
  )
}

export function stackBytes(stack: readonly Uint8Array[]): Uint8Array {
  return join(compactSize(stack.length), ...stack.map(sized))
}

/** DER, low-S, without the hash type. */
export function signDer(hash: Uint8Array, key: DerivedKey): Uint8Array {
  return secp256k1.sign(hash, key.privateKey, { lowS: true }).toBytes('der')
}
