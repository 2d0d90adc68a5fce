/** What a PSBT that somebody else made says, for reading before anything is done with it. A coin's value is
 *  shown only where a transaction or our own coins prove it: a value beside the bytes is a claim (fee attack). */
import { hex } from '@scure/base'
import type { Coin, PinnedBitcoinAccount } from '../../vault/account.ts'
import { encodeBitcoinAddress } from '../../vault/address.ts'
import type { OwnAddress } from '../../vault/ownAddress.ts'
import { parseBitcoinTransaction } from '../verify/bitcoinTransaction.ts'
import { INPUT_KEY, type Psbt, type PsbtMap } from './psbt.ts'

export interface ForeignInput {
  readonly outpoint: string
  /** Null where the PSBT carries no transaction that proves it. */
  readonly value: bigint | null
  /** Whether one of our coins, where they are given. */
  readonly own: boolean
}

export interface ForeignOutput {
  /** Null for a script without an address form. */
  readonly address: string | null
  readonly script: string
  readonly value: bigint
  readonly own: 'receive' | 'change' | null
}

export interface PsbtDescription {
  readonly txid: string
  readonly version: number
  readonly locktime: number
  readonly inputs: readonly ForeignInput[]
  readonly outputs: readonly ForeignOutput[]
  /** Null while an input's value is not proved. */
  readonly fee: bigint | null
  /** Inputs that carry a signature of any kind. */
  readonly signedInputs: number
}

export interface OwnSide {
  readonly account: PinnedBitcoinAccount
  /** All our unspent coins of that account. */
  readonly coins: readonly Coin[]
  /** The addresses within the gap limit: change anywhere else would be lost to every other wallet. */
  readonly addresses: readonly OwnAddress[]
}

const SIGNATURE_KEYS: ReadonlySet<string> = new Set([
  INPUT_KEY.partialSignature,
  INPUT_KEY.finalScriptSig,
  INPUT_KEY.finalWitness,
  INPUT_KEY.tapKeySignature,
  INPUT_KEY.tapScriptSignature,
])

/** True where an input carries a signature of any kind. */
export const isSigned = (input: PsbtMap) =>
  [...input.keys()].some((key) => SIGNATURE_KEYS.has(key.slice(0, 2)))

/** What a PSBT says, for reading: values proved by the transactions it carries, or by our own coins. */
export function describePsbt(psbt: Psbt, own: OwnSide): PsbtDescription {
  const coins = new Map(own.coins.map((coin) => [`${coin.txid}:${coin.vout}`, coin]))
  const addresses = new Map(own.addresses.map((address) => [address.script, address]))
  const inputs = psbt.transaction.inputs.map(({ txid, vout }, index): ForeignInput => {
    const outpoint = `${txid}:${vout}`
    const coin = coins.get(outpoint)
    const value = coin?.value ?? provenValue(psbt.inputs[index], txid, vout)
    return { outpoint, value, own: coin !== undefined }
  })
  const outputs = psbt.transaction.outputs.map(({ value, script }): ForeignOutput => {
    const text = hex.encode(script)
    const known = addresses.get(text)
    return {
      address: encodeBitcoinAddress(script, own.account.network) ?? null,
      script: text,
      value,
      own: known === undefined ? null : known.branch === 1 ? 'change' : 'receive',
    }
  })
  const paidIn = inputs.reduce<bigint | null>(
    (sum, { value }) => (sum === null || value === null ? null : sum + value),
    0n,
  )
  const { txid, version, locktime } = psbt.transaction
  return {
    txid,
    version,
    locktime,
    inputs,
    outputs,
    fee: paidIn === null ? null : paidIn - outputs.reduce((sum, { value }) => sum + value, 0n),
    signedInputs: psbt.inputs.filter(isSigned).length,
  }
}

function provenValue(input: PsbtMap | undefined, txid: string, vout: number): bigint | null {
  const bytes = input?.get(INPUT_KEY.nonWitnessUtxo)
  if (bytes === undefined) return null
  const parsed = parseBitcoinTransaction(bytes)
  if (parsed.kind === 'malformed' || parsed.transaction.txid !== txid) return null
  return parsed.transaction.outputs[vout]?.value ?? null
}
