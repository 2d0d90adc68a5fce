/** Bitcoin signing end to end on the software device, P2WPKH on regtest. What comes back is read with
 *  bitcoinjs-lib and its signatures are checked with tiny-secp256k1: neither is used by the device or by
 *  the SDK. A lying device must return a valid signature over something else. */
import { Transaction, address as addresses, networks, payments, script } from 'bitcoinjs-lib'
import { BIP32Factory } from 'bip32'
import * as tiny from 'tiny-secp256k1'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { BitcoinTransactionPlan } from '../../../../shared/transfer/plan.ts'
import type { DevicePort, WalletRef } from '../../../host/ports.ts'
import { pressThrough } from '../../../simulators/onekey/rehearse.ts'
import { type SoftwareOneKey, serveSoftwareOneKey } from '../../../simulators/onekey/serve.ts'
import { createOneKeyDevice } from './device.ts'

const MNEMONIC =
  'abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about'
const TIMEOUT = 20_000
const ACCOUNT = "m/84'/1'/0'"
const RECIPIENT = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const SIGHASH_ALL = 1
const { regtest } = networks

let software: SoftwareOneKey
let device: DevicePort
let wallet: WalletRef
let account: ReturnType<ReturnType<typeof BIP32Factory>['fromBase58']>

beforeAll(async () => {
  software = await serveSoftwareOneKey({ mnemonic: MNEMONIC })
  const { deviceId } = software.condition()
  wallet = { deviceId, fingerprint: '73c5da0a', passphrase: false }
  device = createOneKeyDevice({ link: { kind: 'tcp', port: software.linkPort } })
  const read = { paths: [ACCOUNT], network: 'regtest', passphrase: false } as const
  const keys = await device.readKeys(read, never())
  if (!keys.ok) throw new Error(keys.refusal.code)
  account = BIP32Factory(tiny).fromBase58(keys.value.xpubs[0] ?? '', regtest)
}, 60_000)

afterEach(() => {
  software.fail(null)
  software.pressAutomatically(null)
})

afterAll(async () => {
  await device?.close()
  await software?.close()
})

function never(): AbortSignal {
  return new AbortController().signal
}

function ours(chain: number, index: number) {
  const { publicKey } = account.derive(chain).derive(index)
  const { address = '', output = new Uint8Array() } = payments.p2wpkh({
    pubkey: publicKey,
    network: regtest,
  })
  return { path: `${ACCOUNT}/${chain}/${index}`, publicKey, address, script: output }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** A coin of ours, made by a transaction with or without witness, at output `vout`. */
function coin(index: number, value: bigint, made: 'segwit' | 'legacy', vout: number) {
  const owner = ours(0, index)
  const previous = new Transaction()
  previous.version = 2
  previous.locktime = 100 + index
  previous.addInput(Buffer.alloc(32, index + 1), index, 0xfffffffd, Buffer.from([0x51]))
  if (made === 'segwit') previous.setWitness(0, [Buffer.alloc(71, 7), Buffer.alloc(33, 2)])
  for (let i = 0; i < vout; i++) previous.addOutput(Buffer.from([0x51, i]), 1_000n)
  previous.addOutput(owner.script, value)
  return {
    txid: previous.getId(),
    vout,
    value,
    script: hex(owner.script),
    path: owner.path,
    publicKey: hex(owner.publicKey),
    sequence: 0xfffffffd,
    previousTransaction: previous.toHex(),
  }
}

function planOf(
  inputs: BitcoinTransactionPlan['inputs'],
  payment: bigint,
  fee: bigint,
): BitcoinTransactionPlan {
  const total = inputs.reduce((sum, input) => sum + input.value, 0n)
  const change = ours(1, 17)
  return {
    kind: 'bitcoin',
    network: 'regtest',
    version: 2,
    locktime: 0,
    inputs,
    outputs: [
      {
        role: 'recipient',
        address: RECIPIENT,
        script: hex(addresses.toOutputScript(RECIPIENT, regtest)),
        value: payment,
        path: null,
      },
      {
        role: 'change',
        address: change.address,
        script: hex(change.script),
        value: total - payment - fee,
        path: change.path,
      },
    ],
    fee,
    feeRateSatPerVb: 12,
    virtualSize: 141,
  }
}

/** Checks every signature against the transaction it stands in; answers what was signed. */
function readSigned(plan: BitcoinTransactionPlan, rawHex: string) {
  const tx = Transaction.fromHex(rawHex)
  const hashTypes = tx.ins.map((input, i) => {
    const [signature = new Uint8Array(), publicKey = new Uint8Array()] = input.witness
    const asked = plan.inputs[i]
    const { output: code = new Uint8Array() } = payments.p2pkh({ pubkey: publicKey })
    const decoded = script.signature.decode(signature)
    const hash = tx.hashForWitnessV0(i, code, asked?.value ?? 0n, decoded.hashType)
    expect(hex(publicKey)).toBe(asked?.publicKey)
    expect(tiny.verify(hash, publicKey, decoded.signature, true)).toBe(true)
    return decoded.hashType
  })
  return {
    hashTypes,
    version: tx.version,
    locktime: tx.locktime,
    inputs: tx.ins.map((input) => ({
      txid: Buffer.from(input.hash).reverse().toString('hex'),
      vout: input.index,
      sequence: input.sequence,
    })),
    outputs: tx.outs.map((output) => ({ script: hex(output.script), value: output.value })),
  }
}

function askedFor(plan: BitcoinTransactionPlan) {
  return {
    hashTypes: plan.inputs.map(() => SIGHASH_ALL),
    version: plan.version,
    locktime: plan.locktime,
    inputs: plan.inputs.map(({ txid, vout, sequence }) => ({ txid, vout, sequence })),
    outputs: plan.outputs.map((output) => ({ script: output.script, value: output.value })),
  }
}

async function signed(plan: BitcoinTransactionPlan) {
  software.pressAutomatically('confirm')
  const answer = await device.signBitcoin({ plan, wallet }, never())
  if (!answer.ok) throw new Error(JSON.stringify(answer.refusal))
  return readSigned(plan, answer.value.rawHex)
}

describe('signing bitcoin', () => {
  it(
    'signs one input into a payment and change, after one screen for the payment and one for the total',
    async () => {
      const plan = planOf([coin(0, 10_000_000n, 'segwit', 1)], 5_000_000n, 1_692n)
      const signing = device.signBitcoin({ plan, wallet }, never())
      const screens = await pressThrough(software, 'confirm', 2)
      const answer = await signing
      expect(answer.ok && readSigned(plan, answer.value.rawHex)).toEqual(askedFor(plan))
      expect(screens).toEqual([
        {
          kind: 'showing',
          title: 'Regtest Transaction',
          lines: [
            { label: 'Amount', value: '0.05 REGTEST' },
            { label: 'To', value: RECIPIENT },
          ],
        },
        {
          kind: 'showing',
          title: 'Confirm Transaction',
          lines: [
            { label: 'Total Amount', value: '0.05001692 REGTEST' },
            { label: 'Fee', value: '0.00001692 REGTEST' },
          ],
        },
      ])
    },
    TIMEOUT,
  )

  it(
    'signs many inputs from previous transactions with and without witness, with a locktime',
    async () => {
      const coins = Array.from({ length: 12 }, (_, i) =>
        coin(i, 1_000_000n + BigInt(i), i % 2 === 0 ? 'segwit' : 'legacy', i % 3),
      )
      const plan = { ...planOf(coins, 11_000_000n, 9_000n), locktime: 812_345 }
      expect(await signed(plan)).toEqual(askedFor(plan))
    },
    TIMEOUT,
  )

  it(
    'signs two coins of the same previous transaction and an amount over 2^32',
    async () => {
      const owner = ours(0, 3)
      const previous = new Transaction()
      previous.addInput(Buffer.alloc(32, 9), 0)
      previous.addOutput(owner.script, 2n ** 40n)
      previous.addOutput(owner.script, 50_000n)
      const twins = [0, 1].map((vout) => ({
        ...coin(3, vout === 0 ? 2n ** 40n : 50_000n, 'segwit', 0),
        txid: previous.getId(),
        vout,
        previousTransaction: previous.toHex(),
      }))
      const plan = planOf(twins, 2n ** 39n + 1n, 700n)
      expect(await signed(plan)).toEqual(askedFor(plan))
    },
    TIMEOUT,
  )

  it(
    'shows a change address of another account as a payment',
    async () => {
      const plan = planOf([coin(0, 10_000_000n, 'segwit', 0)], 5_000_000n, 1_000n)
      const [payment, change] = plan.outputs
      if (payment === undefined || change === undefined) throw new Error('two outputs')
      const foreign = { ...plan, outputs: [payment, { ...change, path: "m/84'/1'/9'/1/17" }] }
      const signing = device.signBitcoin({ plan: foreign, wallet }, never())
      const screens = await pressThrough(software, 'confirm', 3)
      expect(screens[1]?.lines[1]?.value).toBe("m/84'/1'/9'/1/17")
      expect(await signing).toMatchObject({ ok: true })
    },
    TIMEOUT,
  )
})

describe('a device that lies', () => {
  const plan = () => planOf([coin(0, 10_000_000n, 'segwit', 1)], 5_000_000n, 1_692n)

  it.each(['recipient', 'change'] as const)(
    'signs validly for another script: %s',
    async (about) => {
      software.fail({ kind: 'lie', about })
      const asked = askedFor(plan())
      const got = await signed(plan())
      const changed = about === 'recipient' ? 0 : 1
      expect(got.hashTypes).toEqual(asked.hashTypes)
      expect(got.outputs[changed]?.script).not.toBe(asked.outputs[changed]?.script)
      expect(got.outputs[1 - changed]).toEqual(asked.outputs[1 - changed])
    },
    TIMEOUT,
  )

  it(
    'signs validly for another amount',
    async () => {
      software.fail({ kind: 'lie', about: 'amount' })
      expect((await signed(plan())).outputs.map((o) => o.value)).toEqual([5_001_000n, 4_997_308n])
    },
    TIMEOUT,
  )

  it(
    'signs validly with a hash type that leaves the outputs open',
    async () => {
      software.fail({ kind: 'lie', about: 'hash-type' })
      const got = await signed(plan())
      expect(got.hashTypes).toEqual([0x82])
      expect(got.outputs).toEqual(askedFor(plan()).outputs)
    },
    TIMEOUT,
  )
})

describe('what the device refuses by itself', () => {
  it(
    'a false input amount, since the previous transaction says otherwise',
    async () => {
      software.pressAutomatically('confirm')
      const honest = coin(0, 10_000_000n, 'segwit', 1)
      const plan = planOf([{ ...honest, value: 10_000_001n }], 5_000_000n, 1_692n)
      expect(await device.signBitcoin({ plan, wallet }, never())).toMatchObject({
        ok: false,
        refusal: {
          code: 'DEVICE_FAILED',
          data: { deviceMessage: expect.stringContaining('Invalid amount') },
        },
      })
    },
    TIMEOUT,
  )

  it(
    'a previous transaction that does not hash to its id',
    async () => {
      software.pressAutomatically('confirm')
      const honest = coin(0, 10_000_000n, 'segwit', 1)
      const other = coin(1, 10_000_000n, 'segwit', 1)
      const input = { ...honest, previousTransaction: other.previousTransaction }
      expect(
        await device.signBitcoin({ plan: planOf([input], 1_000n, 100n), wallet }, never()),
      ).toMatchObject({
        ok: false,
        refusal: { data: { deviceMessage: expect.stringContaining('invalid prevhash') } },
      })
    },
    TIMEOUT,
  )

  it('a plan whose previous transaction is cut short never reaches the device', async () => {
    const whole = coin(0, 10_000_000n, 'segwit', 1)
    const cut = { ...whole, previousTransaction: whole.previousTransaction.slice(0, -2) }
    expect(
      await device.signBitcoin({ plan: planOf([cut], 1_000n, 100n), wallet }, never()),
    ).toMatchObject({
      refusal: { data: { deviceMessage: 'inputs.0.previousTransaction' } },
    })
  })
})

describe('stopping in the middle', () => {
  const plan = () => planOf([coin(0, 10_000_000n, 'segwit', 1)], 5_000_000n, 1_692n)

  it(
    'reports a device that was unplugged while it signed, and signs once it is back',
    async () => {
      software.pressAutomatically('confirm')
      software.fail({ kind: 'unplug', at: 'signing' })
      expect(await device.signBitcoin({ plan: plan(), wallet }, never())).toEqual({
        ok: false,
        refusal: { code: 'DEVICE_UNPLUGGED', data: { what: 'sign-bitcoin' } },
      })
      await software.plug()
      const deadline = Date.now() + 5_000
      while (device.state().kind !== 'ready' && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      expect(await signed(plan())).toEqual(askedFor(plan()))
    },
    TIMEOUT,
  )

  it(
    'reports a rejection of the total',
    async () => {
      const signing = device.signBitcoin({ plan: plan(), wallet }, never())
      await pressThrough(software, 'confirm', 1)
      await pressThrough(software, 'reject', 1)
      expect(await signing).toMatchObject({ refusal: { code: 'DEVICE_REJECTED' } })
    },
    TIMEOUT,
  )

  it(
    'cancels between two screens within a second',
    async () => {
      const controller = new AbortController()
      const signing = device.signBitcoin({ plan: plan(), wallet }, controller.signal)
      await pressThrough(software, 'confirm', 1)
      const from = Date.now()
      controller.abort()
      expect(await signing).toMatchObject({ refusal: { code: 'DEVICE_CANCELLED' } })
      expect(Date.now() - from).toBeLessThan(1_000)
      expect(await signed(plan())).toEqual(askedFor(plan()))
    },
    TIMEOUT,
  )

  it('can be cancelled at any moment, and the next call works', async () => {
    for (let delayMs = 0; delayMs <= 45; delayMs += 3) {
      software.pressAutomatically('confirm')
      const controller = new AbortController()
      setTimeout(() => controller.abort(), delayMs)
      const answer = await device.signBitcoin({ plan: plan(), wallet }, controller.signal)
      if (!answer.ok) expect(answer.refusal.code).toBe('DEVICE_CANCELLED')
      expect(await signed(plan())).toEqual(askedFor(plan()))
    }
  }, 60_000)
})
