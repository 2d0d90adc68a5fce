/** Bitcoin as the device knows it: scripts, serialisation, BIP143 signature hashes.
 *  Amounts in satoshi. Hashes are in the order of the wire message (the order people read). */
import { secp256k1 } from '@noble/curves/secp256k1'
import { sha256 } from '@noble/hashes/sha256'
import { bech32, bech32m, createBase58check } from '@scure/base'
import { compactSize, join, reversed, sized, u32, u64 } from './bytes.ts'
import { type CoinRules, type DerivedKey, hash160 } from './keys.ts'

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

export function p2wpkhScript(publicKey: Uint8Array): Uint8Array {
  return join(Uint8Array.of(0x00, 0x14), hash160(publicKey))
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
  const p2sh = coin.name === 'Bitcoin' ? 0x05 : 0xc4
  if (payload[0] === coin.p2pkh) {
    return join(Uint8Array.of(0x76, 0xa9, 0x14), hash, Uint8Array.of(0x88, 0xac))
  }
  if (payload[0] === p2sh) return join(Uint8Array.of(0xa9, 0x14), hash, Uint8Array.of(0x87))
  return null
}

function outpoint(input: TxInput): Uint8Array {
  return join(reversed(input.prevHash), u32(input.prevIndex))
}

function outputBytes(output: TxOutput): Uint8Array {
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

/** Marker, flag, inputs with empty scriptSig, outputs: all that stands before the witnesses. */
export function serializeBody(
  header: TxHeader,
  inputs: readonly TxInput[],
  outputs: readonly TxOutput[],
): Uint8Array {
  return join(
    u32(header.version),
    Uint8Array.of(0x00, 0x01),
    compactSize(inputs.length),
    ...inputs.map((i) => join(outpoint(i), Uint8Array.of(0), u32(i.sequence))),
    compactSize(outputs.length),
    ...outputs.map(outputBytes),
  )
}

const ANYONE_CAN_PAY = 0x80
const NONE = 0x02
const SINGLE = 0x03

/** BIP143 hash of one P2WPKH input, for any hash type. */
export function signatureHash(
  tx: {
    readonly header: TxHeader
    readonly inputs: readonly TxInput[]
    readonly outputs: readonly TxOutput[]
  },
  index: number,
  spent: { readonly publicKey: Uint8Array; readonly amount: bigint },
  hashType: number,
): Uint8Array {
  const zero = new Uint8Array(32)
  const base = hashType & 0x1f
  const alone = (hashType & ANYONE_CAN_PAY) !== 0
  const input = tx.inputs[index]
  if (input === undefined) throw new Error('no such input')
  const hashOutputs = (): Uint8Array => {
    if (base === NONE) return zero
    if (base !== SINGLE) return hash256(join(...tx.outputs.map(outputBytes)))
    const output = tx.outputs[index]
    return output === undefined ? zero : hash256(outputBytes(output))
  }
  const hidesSequence = alone || base === NONE || base === SINGLE
  return hash256(
    join(
      u32(tx.header.version),
      alone ? zero : hash256(join(...tx.inputs.map(outpoint))),
      hidesSequence ? zero : hash256(join(...tx.inputs.map((i) => u32(i.sequence)))),
      outpoint(input),
      sized(
        join(Uint8Array.of(0x76, 0xa9, 0x14), hash160(spent.publicKey), Uint8Array.of(0x88, 0xac)),
      ),
      u64(spent.amount),
      u32(input.sequence),
      hashOutputs(),
      u32(tx.header.lockTime),
      u32(hashType),
    ),
  )
}

/** DER, low-S, without the hash type. */
export function signDer(hash: Uint8Array, key: DerivedKey): Uint8Array {
  return secp256k1.sign(hash, key.privateKey, { lowS: true }).toBytes('der')
}

export function witness(der: Uint8Array, hashType: number, publicKey: Uint8Array): Uint8Array {
  return join(Uint8Array.of(2), sized(join(der, Uint8Array.of(hashType))), sized(publicKey))
}
