import { base64, hex } from '@scure/base'
import { Transaction as ScureTransaction } from '@scure/btc-signer'
import { Transaction } from 'bitcoinjs-lib'
import { describe, expect, it } from 'vitest'
import { createCurve } from '../../../electron/adapters/chain/bitcoin/curve.ts'
import { createTestWallet } from '../../../electron/simulators/bitcoin/testWallet.ts'
import type { BitcoinTransactionPlan } from '../plan.ts'
import { verifyBitcoin } from '../verify/bitcoin.ts'
import { makeSource } from './psbt.fixture.ts'
import { readSignedAnswer } from './signedPsbt.ts'
import { unsignedTransaction } from './transactionBytes.ts'
import { writePsbt } from './writePsbt.ts'

const curve = createCurve()
const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')

/** The stand-in for an air-gapped wallet: signs what it is given. */
function signElsewhere(psbt: Uint8Array, paths: readonly string[]): ScureTransaction {
  const peer = ScureTransaction.fromPSBT(psbt)
  for (const [i, path] of paths.entries()) peer.signIdx(wallet.privateKey(path), i)
  return peer
}

function read(source: ReturnType<typeof makeSource>, text: string) {
  const { plan, account } = source
  return readSignedAnswer({ text, plan, account, digest: '', curve })
}

/** Fields that differ, or the code of another refusal, or 'ok' when the verifier takes it. */
function verdict(source: ReturnType<typeof makeSource>, text: string): string {
  const answer = read(source, text)
  const { plan, account } = source
  const checked = answer.ok
    ? verifyBitcoin({ plan, account, digest: '', rawHex: answer.value, curve })
    : answer
  if (checked.ok) return 'ok'
  return checked.refusal.code === 'SIGNED_MISMATCH'
    ? checked.refusal.data.differences.map(({ field }) => field).join(' ')
    : checked.refusal.code
}

const first = <T>(rows: readonly T[]): T => {
  const [row] = rows
  if (row === undefined) throw new Error('empty')
  return row
}

for (const kind of ['p2wpkh', 'p2sh-p2wpkh', 'p2tr', 'p2pkh'] as const) {
  describe(`${kind}: the answer to a plan`, () => {
    const source = makeSource(wallet, kind)
    const paths = source.plan.inputs.map((input) => input.path)
    const answer = (plan: BitcoinTransactionPlan = source.plan) =>
      signElsewhere(writePsbt({ ...source, plan }), paths)
    const text = (peer: ScureTransaction) => base64.encode(peer.toPSBT())

    it('is read as base64, as hex, finalized or not, and as a finished transaction', () => {
      const peer = answer()
      expect(verdict(source, text(peer))).toBe('ok')
      expect(verdict(source, hex.encode(peer.toPSBT()))).toBe('ok')
      peer.finalize()
      expect(verdict(source, ` ${text(peer)}\n`)).toBe('ok')
      expect(verdict(source, peer.hex)).toBe('ok')
      expect(verdict(source, peer.hex.toUpperCase())).toBe('ok')
    })

    it.each<readonly [string, Partial<BitcoinTransactionPlan>, string]>([
      [
        'a satoshi moved from change to the recipient',
        {
          outputs: source.plan.outputs.map((output) => ({
            ...output,
            value: output.value + (output.role === 'recipient' ? 1n : -1n),
          })),
        },
        'outputs[0].value outputs[1].value',
      ],
      [
        'another recipient',
        {
          outputs: source.plan.outputs.map((output) =>
            output.role === 'recipient' ? { ...output, script: `0014${'11'.repeat(20)}` } : output,
          ),
        },
        `outputs[${source.plan.outputs.findIndex(({ role }) => role === 'recipient')}].script`,
      ],
      [
        'one input fewer',
        {
          inputs: source.plan.inputs.slice(0, 1),
          outputs: source.plan.outputs.map((output) => ({ ...output, value: 1_000n })),
        },
        'inputs.length',
      ],
      [
        'one output fewer',
        { outputs: source.plan.outputs.slice(0, 1) },
        'outputs.length outputs[1]',
      ],
      ['another locktime', { locktime: 7 }, 'locktime'],
      [
        'another sequence',
        { inputs: source.plan.inputs.map((input) => ({ ...input, sequence: 0xfffffffe })) },
        'inputs[0].sequence inputs[1].sequence',
      ],
      ['another version', { version: 1 }, 'version'],
    ])('is refused when it signs %s', (_, change, fields) => {
      const changed = { ...source.plan, ...change }
      const peer = signElsewhere(
        writePsbt({ ...source, plan: changed }),
        changed.inputs.map((input) => input.path),
      )
      expect(verdict(source, text(peer)).startsWith(fields)).toBe(true)
      peer.finalize()
      expect(verdict(source, peer.hex).split(' ')).toEqual(
        expect.arrayContaining(fields.split(' ')),
      )
    })

    it('is refused while a signature is missing, and names the first', () => {
      const peer = ScureTransaction.fromPSBT(writePsbt(source))
      peer.signIdx(wallet.privateKey(first(paths)), 0)
      expect(read(source, text(peer))).toMatchObject({
        refusal: { code: 'PSBT_NOT_SIGNED', data: { input: 2, inputs: 2 } },
      })
    })

    it('of another transaction is told as such, signed or not', () => {
      const other = { ...source, plan: { ...source.plan, locktime: 7 } }
      expect(verdict(source, base64.encode(writePsbt(other)))).toBe('locktime')
    })

    it('that asks for less than everything is told as such, signed or not', () => {
      const peer = ScureTransaction.fromPSBT(writePsbt(source))
      peer.updateInput(1, { sighashType: 0x83 }, true)
      expect(verdict(source, text(peer))).toBe('inputs[1].hashType')
    })

    it('is refused when it is signed with less than everything', () => {
      const peer = ScureTransaction.fromPSBT(writePsbt(source), { allowUnknownOutputs: true })
      const weak = 0x81
      for (const [i, path] of paths.entries()) {
        peer.updateInput(i, { sighashType: weak })
        peer.signIdx(wallet.privateKey(path), i, [weak])
      }
      expect(verdict(source, text(peer))).toBe('inputs[0].hashType inputs[1].hashType')
      peer.finalize()
      expect(verdict(source, peer.hex)).toContain('inputs[0].hashType')
    })

    it('is refused when another key signed', () => {
      const transaction = Transaction.fromHex(hex.encode(unsignedTransaction(source.plan)))
      const path = `${source.account.path}/0/19`
      const spends = source.plan.inputs.map(({ script, value }) => ({ script, value, path }))
      wallet.sign(transaction, spends)
      expect(verdict(source, transaction.toHex())).toMatch(
        kind === 'p2tr' ? /^inputs\[0\]\.signature/ : /inputs\[0\]\.signedBy/,
      )
    })
  })
}

describe('what is no answer', () => {
  const source = makeSource(wallet)
  it.each(['', 'hello', '70736274ff', '70736274ff00', 'cHNidP8=', '{"psbt":1}', '02000000'])(
    '%j is refused as malformed',
    (text) => {
      expect(verdict(source, text)).toBe('INPUT_INVALID')
    },
  )

  it('a transaction that is cut off is a mismatch of its encoding', () => {
    expect(verdict(source, '0200000001')).toBe('encoding')
  })

  it('any single flipped bit of a signed PSBT is refused or changes nothing that is sent', () => {
    const paths = source.plan.inputs.map((input) => input.path)
    const bytes = signElsewhere(writePsbt(source), paths).toPSBT()
    const good = read(source, base64.encode(bytes))
    for (let at = 0; at < bytes.length; at += process.env['BULKHEAD_DEEP'] === '1' ? 1 : 7) {
      const flipped = bytes.slice()
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
      const answer = read(source, base64.encode(flipped))
      if (answer.ok && answer.value === (good.ok ? good.value : '')) continue
      expect(verdict(source, base64.encode(flipped))).not.toBe('ok')
    }
  })
})
