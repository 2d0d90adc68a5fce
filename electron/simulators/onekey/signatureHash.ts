/** What each kind of input signs, for any hash type, and how the signature stands in the transaction.
 *  Amounts in satoshi. Source: BIP143, BIP341 (key path, no annex), the original scheme for P2PKH. */
import { schnorr } from '@noble/curves/secp256k1'
import { sha256 } from '@noble/hashes/sha256'
import {
  type TxHeader,
  type TxInput,
  type TxOutput,
  type Unlocking,
  hash256,
  outpoint,
  outputBytes,
  signDer,
} from './bitcoin.ts'
import { compactSize, join, sized, u32, u64 } from './bytes.ts'
import type { DerivedKey } from './keys.ts'
import { type ScriptKind, keyHashScript, taprootSecret, witnessProgram } from './scriptKind.ts'

const ANYONE_CAN_PAY = 0x80
const NONE = 0x02
const SINGLE = 0x03
const EMPTY = new Uint8Array(0)

/** An input with what it spends. */
export interface SignedInput extends TxInput {
  readonly kind: ScriptKind
  readonly amount: bigint
  readonly script: Uint8Array
}

export interface SignedTransaction {
  readonly header: TxHeader
  readonly inputs: readonly SignedInput[]
  readonly outputs: readonly TxOutput[]
}

function inputAt(tx: SignedTransaction, index: number): SignedInput {
  const input = tx.inputs[index]
  if (input === undefined) throw new Error('no such input')
  return input
}

function segwitHash(
  tx: SignedTransaction,
  index: number,
  publicKey: Uint8Array,
  hashType: number,
): Uint8Array {
  const zero = new Uint8Array(32)
  const base = hashType & 0x1f
  const alone = (hashType & ANYONE_CAN_PAY) !== 0
  const input = inputAt(tx, index)
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
      sized(keyHashScript(publicKey)),
      u64(input.amount),
      u32(input.sequence),
      hashOutputs(),
      u32(tx.header.lockTime),
      u32(hashType),
    ),
  )
}

/** ALL and NONE, each with and without ANYONECANPAY; the device signs with no other. */
function legacyHash(tx: SignedTransaction, index: number, hashType: number): Uint8Array {
  const none = (hashType & 0x1f) === NONE
  const alone = (hashType & ANYONE_CAN_PAY) !== 0
  const own = inputAt(tx, index)
  const inputs = alone ? [own] : tx.inputs
  const outputs = none ? [] : tx.outputs
  return hash256(
    join(
      u32(tx.header.version),
      compactSize(inputs.length),
      ...inputs.map((input) =>
        join(
          outpoint(input),
          sized(input === own ? own.script : EMPTY),
          u32(none && input !== own ? 0 : input.sequence),
        ),
      ),
      compactSize(outputs.length),
      ...outputs.map(outputBytes),
      u32(tx.header.lockTime),
      u32(hashType),
    ),
  )
}

function taprootHash(tx: SignedTransaction, index: number, hashType: number): Uint8Array {
  const none = (hashType & 0x03) === NONE
  const alone = (hashType & ANYONE_CAN_PAY) !== 0
  const own = inputAt(tx, index)
  const all = (part: (input: SignedInput) => Uint8Array) => sha256(join(...tx.inputs.map(part)))
  return schnorr.utils.taggedHash(
    'TapSighash',
    join(
      Uint8Array.of(0, hashType),
      u32(tx.header.version),
      u32(tx.header.lockTime),
      ...(alone
        ? []
        : [
            all(outpoint),
            all((input) => u64(input.amount)),
            all((input) => sized(input.script)),
            all((input) => u32(input.sequence)),
          ]),
      none ? EMPTY : sha256(join(...tx.outputs.map(outputBytes))),
      Uint8Array.of(0),
      alone
        ? join(outpoint(own), u64(own.amount), sized(own.script), u32(own.sequence))
        : u32(index),
    ),
  )
}

/** Signs one input. `hashType` null is the kind's usual one: ALL, or taproot's default. */
export function unlock(
  tx: SignedTransaction,
  index: number,
  key: DerivedKey,
  hashType: number | null,
): { readonly signature: Uint8Array; readonly unlocking: Unlocking } {
  const { kind } = inputAt(tx, index)
  if (kind === 'SPENDTAPROOT') {
    const type = hashType ?? 0
    const bare = schnorr.sign(taprootHash(tx, index, type), taprootSecret(key), new Uint8Array(32))
    const signature = type === 0 ? bare : join(bare, Uint8Array.of(type))
    return { signature: bare, unlocking: { scriptSig: EMPTY, witness: [signature] } }
  }
  const type = hashType ?? 1
  const hash =
    kind === 'SPENDADDRESS'
      ? legacyHash(tx, index, type)
      : segwitHash(tx, index, key.publicKey, type)
  const der = signDer(hash, key)
  const stack = [join(der, Uint8Array.of(type)), key.publicKey]
  if (kind === 'SPENDADDRESS') {
    return {
      signature: der,
      unlocking: { scriptSig: join(...stack.map(sized)), witness: [] },
    }
  }
  const nested = kind === 'SPENDP2SHWITNESS'
  const scriptSig = nested ? sized(witnessProgram(key.publicKey)) : EMPTY
  return { signature: der, unlocking: { scriptSig, witness: stack } }
}
