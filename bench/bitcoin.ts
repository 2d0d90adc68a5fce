/** What a wallet does most with bitcoin and EVM keys, beside the libraries it would otherwise use: building and
 *  verifying a payment of 500 P2WPKH inputs, and deriving addresses from an account key. */
import { BIP32Factory } from 'bip32'
import { Psbt, Transaction, networks, payments } from 'bitcoinjs-lib'
import { HDNodeWallet } from 'ethers'
import * as tiny from 'tiny-secp256k1'
import {
  createCurve,
  createDerivationMath,
  createNativeCurve,
  createWasmDerivationMath,
} from '../electron/adapters/chain/bitcoin/curve.ts'
import { createTestWallet } from '../electron/simulators/bitcoin/testWallet.ts'
import type { Result } from '../shared/errors/refusal.ts'
import { planBitcoinTransfer } from '../shared/transfer/btc/planBitcoinTransfer.ts'
import { writePsbt } from '../shared/transfer/btc/writePsbt.ts'
import type { BitcoinTransactionPlan } from '../shared/transfer/plan.ts'
import { verifyBitcoin } from '../shared/transfer/verify/bitcoin.ts'
import type { Coin, PinnedBitcoinAccount } from '../shared/vault/account.ts'
import { type DerivationMath, openAccount } from '../shared/vault/derive.ts'
import { openEvmAccount, ownAddress } from '../shared/vault/ownAddress.ts'
import { type BenchLine, line, medianPair } from './line.ts'

/** The mnemonic that all test vectors share: nobody keeps money there. */
const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'mainnet')
const FINGERPRINT = '73c5da0a'
const PATH = "m/84'/0'/0'"
const EVM_PATH = "m/44'/60'/0'"
const RECIPIENT = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
const INPUTS = 500
const account: PinnedBitcoinAccount = {
  chain: 'bitcoin',
  id: 'bench',
  network: 'mainnet',
  path: PATH,
  xpub: wallet.xpub(PATH),
  scriptType: 'p2wpkh',
}

function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(result.refusal.code)
  return result.value
}

const bytes = (text: string) => Buffer.from(text, 'hex')

/** Five hundred coins on addresses of their own, each out of a transaction of its own. */
function planOfMany(): BitcoinTransactionPlan {
  const keys = value(openAccount(account, createDerivationMath()))
  const previousTransactions = new Map<string, string>()
  const coins = Array.from({ length: INPUTS }, (_, index): Coin => {
    const { address, script, path } = ownAddress(account, keys, { branch: 0, index })
    const previous = new Transaction()
    previous.version = 2
    previous.addInput(new Uint8Array(32).fill(1 + (index % 250)), index, 0xfffffffd)
    previous.addOutput(bytes(script), 100_000n)
    previous.addOutput(bytes(`0014${'77'.repeat(20)}`), 55_000n)
    previousTransactions.set(previous.getId(), previous.toHex())
    return { txid: previous.getId(), vout: 0, value: 100_000n, script, address, path, height: 1 }
  })
  return value(
    planBitcoinTransfer({
      account,
      coins,
      previousTransactions,
      payment: { kind: 'pay', recipients: [{ address: RECIPIENT, value: 49_800_000n }] },
      feeRateSatPerVb: 5,
      feeCap: { absolute: 10_000_000n, relativeBps: 5_000 },
      changeIndex: 0,
      tipHeight: 900_000,
      random: { bytes: (length) => new Uint8Array(length).fill(0x5a) },
      maxInputs: INPUTS,
    }),
  )
}

function buildWithBitcoinjs(plan: BitcoinTransactionPlan): Psbt {
  const psbt = new Psbt({ network: networks.bitcoin })
  psbt.setVersion(plan.version)
  psbt.setLocktime(plan.locktime)
  for (const input of plan.inputs) {
    psbt.addInput({
      hash: input.txid,
      index: input.vout,
      sequence: input.sequence,
      nonWitnessUtxo: bytes(input.previousTransaction),
      witnessUtxo: { script: bytes(input.script), value: input.value },
      bip32Derivation: [
        { masterFingerprint: bytes(FINGERPRINT), path: input.path, pubkey: bytes(input.publicKey) },
      ],
    })
  }
  for (const { script, value: sats } of plan.outputs)
    psbt.addOutput({ script: bytes(script), value: sats })
  return psbt
}

function signedBy(plan: BitcoinTransactionPlan): Transaction {
  const transaction = new Transaction()
  transaction.version = plan.version
  transaction.locktime = plan.locktime
  for (const { txid, vout, sequence } of plan.inputs)
    transaction.addInput(bytes(txid).reverse(), vout, sequence)
  for (const { script, value: sats } of plan.outputs) transaction.addOutput(bytes(script), sats)
  wallet.sign(transaction, plan.inputs)
  return transaction
}

function manyInputs(): readonly BenchLine[] {
  const plan = planOfMany()
  if (plan.inputs.length !== INPUTS) throw new Error(`${plan.inputs.length} inputs`)
  const source = { plan, account, fingerprint: FINGERPRINT, changeKeys: new Map<string, string>() }
  const [build, buildPeer] = medianPair(
    { work: () => writePsbt(source), repeats: 10 },
    { work: () => buildWithBitcoinjs(plan), repeats: 1 },
    5,
  )

  const signed = signedBy(plan)
  const rawHex = signed.toHex()
  const answer = Psbt.fromBuffer(writePsbt(source))
  for (const [index, { witness }] of signed.ins.entries()) {
    const [signature, pubkey] = witness
    if (signature === undefined || pubkey === undefined) throw new Error('not signed')
    answer.updateInput(index, { partialSig: [{ signature, pubkey }] })
  }
  const answerHex = answer.toHex()
  const curve = createCurve()
  // As the vault holds it: its addresses were derived when the account was read.
  const keys = value(openAccount(account, createDerivationMath()))
  const [verify, verifyPeer] = medianPair(
    {
      work: () => value(verifyBitcoin({ plan, digest: '', rawHex, account, curve, keys })),
      repeats: 3,
    },
    {
      work: () => {
        // From bytes like ours; the same object again would answer out of its caches.
        const psbt = Psbt.fromHex(answerHex)
        const valid = psbt.validateSignaturesOfAllInputs((pubkey, hash, signature) =>
          tiny.verify(hash, pubkey, signature),
        )
        if (!valid) throw new Error('the peer does not agree')
      },
      repeats: 1,
    },
  )
  return [
    line(`build a PSBT of ${INPUTS} P2WPKH inputs`, 'ms', build / 1_000, {
      name: 'bitcoinjs-lib 7.0.5 addInput',
      value: buildPeer / 1_000,
    }),
    line(`verify ${INPUTS} signed P2WPKH inputs of an opened account`, 'ms', verify / 1_000, {
      name: 'bitcoinjs-lib 7.0.5 + tiny-secp256k1',
      value: verifyPeer / 1_000,
    }),
  ]
}

const ADDRESSES = 200

/** Never the same address twice: an opened account remembers its keys. */
function counted(derive: (index: number) => unknown): () => void {
  let next = 0
  return () => {
    for (let n = 0; n < ADDRESSES; n++) derive(next++)
  }
}

function bitcoinAddresses(): readonly BenchLine[] {
  const branch = BIP32Factory(tiny).fromBase58(account.xpub).derive(0)
  const peer = counted(
    (index) => payments.p2wpkh({ pubkey: branch.derive(index).publicKey }).address,
  )
  const lineOf = (name: string, math: DerivationMath): BenchLine => {
    const keys = value(openAccount(account, math))
    const [ours, theirs] = medianPair(
      { work: counted((index) => ownAddress(account, keys, { branch: 0, index })), repeats: 3 },
      { work: peer, repeats: 3 },
    )
    return line(`derive a P2WPKH address, ${name}`, 'µs', ours / ADDRESSES, {
      name: 'bip32 5.0.1 + tiny-secp256k1',
      value: theirs / ADDRESSES,
    })
  }
  return [
    ...(createNativeCurve() === null ? [] : [lineOf('native library', createDerivationMath())]),
    lineOf('without the native library', createWasmDerivationMath()),
  ]
}

function evmAddresses(): readonly BenchLine[] {
  const xpub = wallet.xpub(EVM_PATH)
  const own = value(openEvmAccount(xpub, createDerivationMath()))
  const branch = HDNodeWallet.fromExtendedKey(xpub).deriveChild(0)
  const first = branch.deriveChild(0).address
  if (own(0) !== first) throw new Error(`${own(0)} is not ${first}`)
  const [ours, theirs] = medianPair(
    { work: counted(own), repeats: 3 },
    { work: counted((index) => branch.deriveChild(index).address), repeats: 1 },
  )
  return [
    line('derive an EVM address', 'µs', ours / ADDRESSES, {
      name: 'ethers 6.17.0',
      value: theirs / ADDRESSES,
    }),
  ]
}

export function benchBitcoin(): readonly BenchLine[] {
  return [...manyInputs(), ...bitcoinAddresses(), ...evmAddresses()]
}
