import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { hex } from '@scure/base'
import { Transaction as ScureTransaction } from '@scure/btc-signer'
import { Psbt as BitcoinjsPsbt, Transaction } from 'bitcoinjs-lib'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { createCurve } from '../../../electron/adapters/chain/bitcoin/curve.ts'
import { createTestWallet } from '../../../electron/simulators/bitcoin/testWallet.ts'
import { verifyBitcoin } from '../verify/bitcoin.ts'
import { FINGERPRINT, makeSource, value } from './psbt.fixture.ts'
import { parsePsbt, parsePsbtText } from './psbt.ts'
import { extractTransaction } from './signedPsbt.ts'
import { writePsbt, writePsbtText } from './writePsbt.ts'

const curve = createCurve()
const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')

for (const kind of ['p2wpkh', 'p2sh-p2wpkh', 'p2tr', 'p2pkh'] as const) {
  describe(`${kind}: a plan goes out as PSBT and comes back signed`, () => {
    const source = makeSource(wallet, kind)

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
        refusal: { code: 'PSBT_NOT_SIGNED', data: { input: 1, inputs: 2 } },
      })
      const peer = ScureTransaction.fromPSBT(writePsbt(source))
      peer.signIdx(wallet.privateKey(source.plan.inputs[0]?.path ?? ''), 0)
      expect(extractTransaction(value(parsePsbt(peer.toPSBT())), kind)).toMatchObject({
        refusal: { code: 'PSBT_NOT_SIGNED', data: { input: 2, inputs: 2 } },
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
    // What each role of BIP174 hands on.
    creator: z.array(z.object({ result: z.string() })),
    updater: z.array(z.object({ result: z.string() })),
    signer: z.array(z.object({ result: z.string() })),
    combiner: z.array(z.object({ result: z.string() })),
    finalizer: z.array(z.object({ result: z.string() })),
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

  it('what creators, updaters, signers, combiners and finalizers hand on is read', () => {
    if (vectors === undefined) return
    const { creator, updater, signer, combiner, finalizer } = vectors
    const rows = [creator, updater, signer, combiner, finalizer].flat()
    expect(rows.length).toBe(19)
    for (const { result } of rows) {
      const psbt = value(parsePsbtText(result))
      const peer = BitcoinjsPsbt.fromBase64(result)
      expect(psbt.inputs.map((input) => input.has('00'))).toEqual(
        peer.data.inputs.map((input) => input.nonWitnessUtxo !== undefined),
      )
      expect(psbt.inputs.map((input) => input.has('08'))).toEqual(
        peer.data.inputs.map((input) => input.finalScriptWitness !== undefined),
      )
    }
  })

  it('invalid ones are refused', () => {
    expect(vectors?.invalid.length).toBe(18)
    for (const row of vectors?.invalid ?? []) {
      const result = parsePsbtText(row.psbt)
      expect(`${row.description}: ${result.ok}`).toBe(`${row.description}: false`)
    }
  })

  it('every other PSBT of the file is read; without outputs, which no transaction is, it is refused', () => {
    const texts: string[] = []
    const collect = (part: unknown): void => {
      if (typeof part === 'string' && part.startsWith('cHNidP')) texts.push(part)
      else if (typeof part === 'object' && part !== null) Object.values(part).forEach(collect)
    }
    collect(JSON.parse(text ?? '{}'))
    const invalid = new Set(vectors?.invalid.map(({ psbt }) => psbt))
    const problems = texts
      .filter((psbt) => !invalid.has(psbt))
      .flatMap((psbt) => {
        const read = parsePsbtText(psbt)
        return read.ok ? [] : [read.refusal.data.problem]
      })
    expect(texts.length).toBeGreaterThan(120)
    expect(new Set(problems)).toEqual(new Set(['transaction: no outputs']))
    expect(problems).toHaveLength(26)
  })

  it('a finalized one is extracted', () => {
    for (const row of vectors?.extractor ?? []) {
      const psbt = value(parsePsbtText(row.psbt))
      expect(value(extractTransaction(psbt, 'p2wpkh'))).toBe(row.transaction)
    }
  })
})
