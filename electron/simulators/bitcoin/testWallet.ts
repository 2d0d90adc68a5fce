/** A wallet with keys in memory, for tests and benches only: it signs whatever transaction it is
 *  given, honest or not, with the right key and any hash type. Derives with @scure/bip32, signs with
 *  tiny-secp256k1 over bitcoinjs-lib's digests: none of it is the product's code. */
import { HDKey } from '@scure/bip32'
import { mnemonicToSeedSync } from '@scure/bip39'
import { type Transaction, crypto, script } from 'bitcoinjs-lib'
import * as ecc from 'tiny-secp256k1'
import { concat, fromHex } from './bytes.ts'
import { scriptKind } from './scriptCheck.ts'

const VERSIONS = {
  mainnet: { private: 0x0488ade4, public: 0x0488b21e },
  regtest: { private: 0x04358394, public: 0x043587cf },
}

/** One spent output and the path of the key that owns it. */
export interface WalletSpend {
  readonly script: string
  readonly value: bigint
  readonly path: string
}

export interface TestWallet {
  /** xpub or tpub at an account path. */
  xpub(path: string): string
  publicKey(path: string): Uint8Array
  privateKey(path: string): Uint8Array
  /** Signs every input in place. The hash type is SIGHASH_ALL, or default for taproot, unless given. */
  sign(transaction: Transaction, spends: readonly WalletSpend[], hashType?: number): void
}

export function createTestWallet(mnemonic: string, network: 'mainnet' | 'regtest'): TestWallet {
  const root = HDKey.fromMasterSeed(mnemonicToSeedSync(mnemonic), VERSIONS[network])

  /** Derived once: mutation proofs sign with the same keys thousands of times. */
  const derived = new Map<string, HDKey>()

  function keyAt(path: string): HDKey {
    const key = derived.get(path) ?? root.derive(path)
    derived.set(path, key)
    return key
  }

  function privateKey(path: string): Uint8Array {
    const key = keyAt(path).privateKey
    if (key === null) throw new Error(`no private key at ${path}`)
    return key
  }

  function publicKey(path: string): Uint8Array {
    const key = keyAt(path).publicKey
    if (key === null) throw new Error(`no key at ${path}`)
    return key
  }

  return {
    xpub: (path) => root.derive(path).publicExtendedKey,
    publicKey,
    privateKey,
    sign: (transaction, spends, hashType) => {
      for (const [index, spend] of spends.entries()) {
        const key = privateKey(spend.path)
        signInput({ transaction, index, spends, key, publicKey: publicKey(spend.path), hashType })
      }
    },
  }
}

interface Signing {
  readonly transaction: Transaction
  readonly index: number
  readonly spends: readonly WalletSpend[]
  readonly key: Uint8Array
  readonly publicKey: Uint8Array
  readonly hashType: number | undefined
}

function p2pkhOf(publicKey: Uint8Array): Uint8Array {
  return concat([fromHex('76a914'), crypto.hash160(publicKey), fromHex('88ac')])
}

function signInput(signing: Signing): void {
  const { transaction, index, spends, key, publicKey, hashType = 1 } = signing
  const spend = spends[index]
  if (spend === undefined) throw new RangeError(`no spend ${index}`)
  const spentScript = fromHex(spend.script)
  const encode = (digest: Uint8Array): Uint8Array =>
    script.signature.encode(ecc.sign(digest, key), hashType)
  const segwit = (): Uint8Array[] => [
    encode(transaction.hashForWitnessV0(index, p2pkhOf(publicKey), spend.value, hashType)),
    publicKey,
  ]
  switch (scriptKind(spentScript)) {
    case 'p2wpkh':
      transaction.setWitness(index, segwit())
      return
    case 'p2sh': {
      const redeem = concat([fromHex('0014'), crypto.hash160(publicKey)])
      transaction.setInputScript(index, concat([Uint8Array.of(redeem.length), redeem]))
      transaction.setWitness(index, segwit())
      return
    }
    case 'p2pkh': {
      const signature = encode(transaction.hashForSignature(index, spentScript, hashType))
      transaction.setInputScript(index, script.compile([signature, publicKey]))
      return
    }
    case 'p2tr':
      transaction.setWitness(index, [signKeyPath(signing)])
      return
    default:
      throw new TypeError(`cannot sign for ${spend.script}`)
  }
}

function signKeyPath({
  transaction,
  index,
  spends,
  key,
  publicKey,
  hashType = 0,
}: Signing): Uint8Array {
  const even = publicKey[0] === 3 ? ecc.privateNegate(key) : key
  const tweak = crypto.taggedHash('TapTweak', publicKey.slice(1))
  const tweaked = ecc.privateAdd(even, tweak)
  if (tweaked === null) throw new Error('tweak above the group order')
  const digest = transaction.hashForWitnessV1(
    index,
    spends.map((spend) => fromHex(spend.script)),
    spends.map((spend) => spend.value),
    hashType,
  )
  const signature = ecc.signSchnorr(digest, tweaked)
  return hashType === 0 ? signature : concat([signature, Uint8Array.of(hashType)])
}
