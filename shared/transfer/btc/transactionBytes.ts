/** A bitcoin transaction's own bytes from its parts (BIP144 where there are witnesses). Satoshi. */
import { hex } from '@scure/base'
import { concatBytes } from '../../vault/hash.ts'
import type { BitcoinTransactionPlan } from '../plan.ts'
import { compactSize } from '../verify/bitcoinDigest.ts'

export function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4)
  bytes[0] = value
  bytes[1] = value >>> 8
  bytes[2] = value >>> 16
  bytes[3] = value >>> 24
  return bytes
}

function u64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, value, true)
  return bytes
}

export function sized(bytes: Uint8Array): Uint8Array {
  return concatBytes([compactSize(bytes.length), bytes])
}

export function serializeTransaction(
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

export function inputBytes(
  txid: string,
  vout: number,
  scriptSig: Uint8Array,
  sequence: number,
): Uint8Array {
  return concatBytes([hex.decode(txid).reverse(), u32(vout), sized(scriptSig), u32(sequence)])
}

export function outputBytes(value: bigint, script: Uint8Array): Uint8Array {
  return concatBytes([u64(value), sized(script)])
}

export const NOTHING = new Uint8Array(0)

/** The unsigned transaction of a plan, without witnesses. */
export function unsignedTransaction(plan: BitcoinTransactionPlan): Uint8Array {
  return serializeTransaction(
    plan.version,
    plan.locktime,
    plan.inputs.map((row) => inputBytes(row.txid, row.vout, NOTHING, row.sequence)),
    plan.outputs.map((row) => outputBytes(row.value, hex.decode(row.script))),
  )
}
