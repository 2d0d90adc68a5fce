/** A plan as PSBT for a signer that is not plugged in: with its full previous transactions, so that the signer
 *  need not trust our amounts (fee attack), and the key paths by which it knows its own inputs and change. */
import { base64, hex } from '@scure/base'
import type { PinnedBitcoinAccount } from '../../vault/account.ts'
import { concatBytes } from '../../vault/hash.ts'
import { p2wpkhScript } from '../../vault/script.ts'
import type { BitcoinInput, BitcoinOutput, BitcoinTransactionPlan } from '../plan.ts'
import { GLOBAL_KEY, INPUT_KEY, MAGIC, OUTPUT_KEY } from './psbt.ts'
import { outputBytes, sized, u32, unsignedTransaction } from './transactionBytes.ts'

const END_OF_MAP = Uint8Array.of(0)

function entry(key: string, value: Uint8Array): Uint8Array {
  return concatBytes([sized(hex.decode(key)), sized(value)])
}

/** Fingerprint and path as BIP174 writes them: 4 bytes, then each step as u32. An account whose master key is not
 *  known is its own root: two steps below it. */
function keyOrigin({ fingerprint, origin }: PsbtSource, path: string): Uint8Array {
  const steps = path.split('/').slice(origin === 'account' ? -2 : 1)
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
  /** 8 hex digits: of the master key, or of the account's own key where nobody knows that one. */
  readonly fingerprint: string
  /** What the fingerprint is of, and paths begin at; 'master' unless given. */
  readonly origin?: 'master' | 'account'
  /** Compressed public key (hex) of each change output by its path. */
  readonly changeKeys: ReadonlyMap<string, string>
}

/** A plan as PSBT bytes, ready for an air-gapped signer. */
export function writePsbt(source: PsbtSource): Uint8Array {
  const { plan } = source
  return concatBytes([
    MAGIC,
    entry(GLOBAL_KEY.unsigned, unsignedTransaction(plan)),
    END_OF_MAP,
    ...plan.inputs.flatMap((input) => [...inputEntries(source, input), END_OF_MAP]),
    ...plan.outputs.flatMap((output) => [...outputEntries(source, output), END_OF_MAP]),
  ])
}

/** The same as base64 text, as files and clipboards carry it. */
export function writePsbtText(source: PsbtSource): string {
  return base64.encode(writePsbt(source))
}

function inputEntries(source: PsbtSource, input: BitcoinInput): readonly Uint8Array[] {
  const origin = keyOrigin(source, input.path)
  const script = hex.decode(input.script)
  // The full previous transaction always goes along: a signer need not trust our amounts (fee attack).
  const previous = entry(INPUT_KEY.nonWitnessUtxo, hex.decode(input.previousTransaction))
  const witnessUtxo = entry(INPUT_KEY.witnessUtxo, outputBytes(input.value, script))
  const keyPath = entry(INPUT_KEY.bip32 + input.publicKey, origin)
  switch (source.account.scriptType) {
    case 'p2pkh':
      return [previous, keyPath]
    case 'p2wpkh':
      return [previous, witnessUtxo, keyPath]
    case 'p2sh-p2wpkh': {
      const redeem = p2wpkhScript(hex.decode(input.publicKey))
      return [previous, witnessUtxo, entry(INPUT_KEY.redeemScript, redeem), keyPath]
    }
    case 'p2tr': {
      const internalKey = input.publicKey.slice(2)
      const noLeaves = Uint8Array.of(0)
      return [
        previous,
        witnessUtxo,
        entry(INPUT_KEY.tapBip32 + internalKey, concatBytes([noLeaves, origin])),
        entry(INPUT_KEY.tapInternalKey, hex.decode(internalKey)),
      ]
    }
  }
}

function outputEntries(source: PsbtSource, output: BitcoinOutput): readonly Uint8Array[] {
  const { account, changeKeys } = source
  if (output.path === null) return []
  const publicKey = changeKeys.get(output.path)
  if (publicKey === undefined) return []
  const origin = keyOrigin(source, output.path)
  if (account.scriptType === 'p2tr') {
    const internalKey = publicKey.slice(2)
    return [
      entry(OUTPUT_KEY.tapInternalKey, hex.decode(internalKey)),
      entry(OUTPUT_KEY.tapBip32 + internalKey, concatBytes([Uint8Array.of(0), origin])),
    ]
  }
  const keyPath = entry(OUTPUT_KEY.bip32 + publicKey, origin)
  return account.scriptType === 'p2sh-p2wpkh'
    ? [entry(OUTPUT_KEY.redeemScript, p2wpkhScript(hex.decode(publicKey))), keyPath]
    : [keyPath]
}
