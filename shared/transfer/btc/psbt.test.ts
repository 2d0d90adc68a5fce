import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hex } from '@scure/base'
import { Transaction as ScureTransaction } from '@scure/btc-signer'
import { Psbt as BitcoinjsPsbt, Transaction } from 'bitcoinjs-lib'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCurve } from '../../../electron/adapters/chain/bitcoin/curve.ts'
import { createTestWallet } from '../../../electron/simulators/bitcoin/testWallet.ts'
import type { Coin, PinnedBitcoinAccount } from '../../vault/account.ts'
import { deriveBitcoinAddress } from '../../vault/ownAddress.ts'
import type { AccountScriptType } from '../../vault/script.ts'
import { verifyBitcoin } from '../verify/bitcoin.ts'
import { planBitcoinTransfer } from './planBitcoinTransfer.ts'
import { extractTransaction, parsePsbt, parsePsbtText, writePsbt, writePsbtText } from './psbt.ts'

const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')
const curve = createCurve()
const PURPOSE = { p2pkh: 44, 'p2sh-p2wpkh': 49, p2wpkh: 84, p2tr: 86 }
const FINGERPRINT = '73c5da0a'

function value<T>(
  result:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly refusal: object },
): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

/** A plan of two inputs and change, for one kind of account. */
function makeSource(scriptType: AccountScriptType) {
  const path = `m/${PURPOSE[scriptType]}'/1'/0'`
  const account: PinnedBitcoinAccount = {
    chain: 'bitcoin',
    id: scriptType,
    network: 'regtest',
    path,
    xpub: wallet.xpub(path),
    scriptType,
  }
  const own = (branch: 0 | 1, index: number) =>
    value(deriveBitcoinAddress(account, { branch, index }))
  const previousTransactions = new Map<string, string>()
  const coins = [0, 1].map((index): Coin => {
    const { address, script, path: coinPath } = own(0, index)
    const previous = new Transaction()
    previous.version = 2
    previous.addInput(new Uint8Array(32).fill(index + 1), 0)
    previous.addOutput(Buffer.from(script, 'hex'), 300_000n)
    previousTransactions.set(previous.getId(), previous.toHex())
    const coin = { txid: previous.getId(), vout: 0, value: 300_000n, height: 5 }
    return { ...coin, script, address, path: coinPath }
  })
  const recipients = [{ address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', value: 400_000n }]
  const plan = value(
    planBitcoinTransfer({
      account,
      coins,
      previousTransactions,
      payment: { kind: 'pay', recipients },
      feeRateSatPerVb: 3,
      feeCap: { absolute: 50_000n, relativeBps: 1_000 },
      changeIndex: 2,
      tipHeight: 500,
      random: { bytes: (length) => new Uint8Array(length).fill(0x11) },
    }),
  )
  const change = own(1, 2)
  const changeKeys = new Map([[change.path, change.publicKey]])
  return { plan, account, fingerprint: FINGERPRINT, changeKeys }
}

for (const kind of ['p2wpkh', 'p2sh-p2wpkh', 'p2tr', 'p2pkh'] as const) {
  describe(`${kind}: a plan goes out as PSBT and comes back signed`, () => {
    const source = makeSource(kind)

    it('bitcoinjs-lib reads what was written', () => {
      const peer = BitcoinjsPsbt.fromBuffer(writePsbt(source))
      expect(
        peer.txInputs.map((input) => Buffer.from(input.hash).reverse().toString('hex')),
      ).toEqual(source.plan.inputs.map((input) => input.txid))
      expect(peer.txOutputs.map((output) => output.value)).toEqual(
        source.plan.outputs.map((output) => output.value),
      )
      for (const [i, input] of peer.data.inputs.entries()) {
        const planned = source.plan.inputs[i]
        expect(Buffer.from(input.nonWitnessUtxo ?? []).toString('hex')).toBe(
          planned?.previousTransaction,
        )
        const [origin] =
          kind === 'p2tr' ? (input.tapBip32Derivation ?? []) : (input.bip32Derivation ?? [])
        expect(origin?.path).toBe(planned?.path)
        expect(Buffer.from(origin?.masterFingerprint ?? []).toString('hex')).toBe(FINGERPRINT)
      }
      const changeAt = source.plan.outputs.findIndex((output) => output.role === 'change')
      const change = peer.data.outputs[changeAt]
      const [origin] =
        kind === 'p2tr' ? (change?.tapBip32Derivation ?? []) : (change?.bip32Derivation ?? [])
      expect(origin?.path).toBe(`${source.account.path}/1/2`)
    })

    for (const finalized of ['signed', 'finalized'] as const) {
      it(`@scure/btc-signer signs it, ${finalized}; our verifier accepts the result`, () => {
        const peer = ScureTransaction.fromPSBT(writePsbt(source))
        for (const [i, input] of source.plan.inputs.entries()) {
          peer.signIdx(wallet.privateKey(input.path), i)
        }
        if (finalized === 'finalized') peer.finalize()
        const psbt = value(parsePsbt(peer.toPSBT()))
        const rawHex = value(extractTransaction(psbt, kind))
        const { plan, account } = source
        const result = verifyBitcoin({ plan, account, digest: '', rawHex, curve })
        expect(value(result).txid).toBe(Transaction.fromHex(rawHex).getId())
      })
    }

    it('what was written is read to the same', () => {
      const text = writePsbtText(source)
      const psbt = value(parsePsbtText(text))
      expect(psbt.transaction.inputs).toHaveLength(2)
      expect(value(parsePsbtText(hex.encode(writePsbt(source)))).transaction.txid).toBe(
        psbt.transaction.txid,
      )
    })

    it('unsigned, or signed in part, is refused as such', () => {
      const unsigned = value(parsePsbt(writePsbt(source)))
      expect(extractTransaction(unsigned, kind)).toMatchObject({
        refusal: { code: 'INPUT_INVALID', data: { problem: 'input 0 is not signed' } },
      })
      const peer = ScureTransaction.fromPSBT(writePsbt(source))
      peer.signIdx(wallet.privateKey(source.plan.inputs[0]?.path ?? ''), 0)
      expect(extractTransaction(value(parsePsbt(peer.toPSBT())), kind)).toMatchObject({
        refusal: { code: 'INPUT_INVALID', data: { problem: 'input 1 is not signed' } },
      })
    })
  })
}

const data =
  process.env['BULKHEAD_DATA'] ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url))
const path = `${data}/vectors/bitcoinjs-psbt.json`
const text = existsSync(path) ? readFileSync(path, 'utf8') : undefined
if (text === undefined) console.log(`SKIPPED: no ${path}`)

const rowSchema = z.object({ description: z.string().optional(), psbt: z.string() })
const vectorsSchema = z.object({
  bip174: z.object({
    valid: z.array(rowSchema),
    invalid: z.array(rowSchema),
    extractor: z.array(rowSchema.extend({ transaction: z.string() })),
  }),
})

describe.skipIf(text === undefined)('BIP174 test vectors', () => {
  const vectors = text === undefined ? undefined : vectorsSchema.parse(JSON.parse(text)).bip174

  it('valid ones are read, with as many maps as the transaction has inputs and outputs', () => {
    expect(vectors?.valid.length).toBe(7)
    for (const row of vectors?.valid ?? []) {
      const psbt = value(parsePsbtText(row.psbt))
      const peer = BitcoinjsPsbt.fromBase64(row.psbt)
      expect(psbt.inputs).toHaveLength(peer.inputCount)
      expect(psbt.outputs).toHaveLength(peer.txOutputs.length)
    }
  })

  it('invalid ones are refused', () => {
    expect(vectors?.invalid.length).toBe(18)
    for (const row of vectors?.invalid ?? []) {
      const result = parsePsbtText(row.psbt)
      expect(`${row.description}: ${result.ok}`).toBe(`${row.description}: false`)
    }
  })

  it('a finalized one is extracted', () => {
    for (const row of vectors?.extractor ?? []) {
      const psbt = value(parsePsbtText(row.psbt))
      expect(value(extractTransaction(psbt, 'p2wpkh'))).toBe(row.transaction)
    }
  })
})
