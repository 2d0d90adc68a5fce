import { Transaction } from 'bitcoinjs-lib'
import { afterEach, describe, expect, it } from 'vitest'
import { createCurve } from '../../../electron/adapters/chain/bitcoin/curve.ts'
import {
  type BitcoinSimulator,
  startBitcoinSimulator,
} from '../../../electron/simulators/bitcoin/simulator.ts'
import { createTestWallet } from '../../../electron/simulators/bitcoin/testWallet.ts'
import type { PinnedBitcoinAccount } from '../../vault/account.ts'
import { deriveBitcoinAddress } from '../../vault/ownAddress.ts'
import type { BitcoinTransactionPlan } from '../plan.ts'
import { verifyBitcoin } from '../verify/bitcoin.ts'
import { planBitcoinTransfer } from './planBitcoinTransfer.ts'
import { type BitcoinReplacementRequest, replaceBitcoinTransfer } from './replaceBitcoinTransfer.ts'

const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')
const account: PinnedBitcoinAccount = {
  chain: 'bitcoin',
  id: 'vault',
  network: 'regtest',
  path: "m/84'/1'/0'",
  xpub: wallet.xpub("m/84'/1'/0'"),
  scriptType: 'p2wpkh',
}
const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'
const curve = createCurve()
const cleanup: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of cleanup.splice(0)) await close()
})

function value<T>(
  result:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly refusal: object },
): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

function own(branch: 0 | 1, index: number) {
  return value(deriveBitcoinAddress(account, { branch, index }))
}

/** A payment out of one coin of `sats`, planned and accepted by the regtest chain's mempool. */
async function waiting(sats: bigint, paid: bigint) {
  const simulator = await startBitcoinSimulator()
  cleanup.push(simulator.close)
  const { address, script, path } = own(0, 0)
  const txid = simulator.fund(address, sats)
  simulator.mine(1)
  const raw = simulator.transaction(txid)?.rawHex ?? ''
  const vout = Transaction.fromHex(raw).outs.findIndex(
    (output) => Buffer.from(output.script).toString('hex') === script,
  )
  const original = value(
    planBitcoinTransfer({
      account,
      coins: [{ txid, vout, value: sats, script, address, path, height: 111 }],
      previousTransactions: new Map([[txid, raw]]),
      payment: { kind: 'pay', recipients: [{ address: STRANGER, value: paid }] },
      feeRateSatPerVb: 2,
      feeCap: { absolute: 100_000n, relativeBps: 10_000 },
      changeIndex: 0,
      tipHeight: 111,
      random: { bytes: (length) => new Uint8Array(length).fill(0x11) },
    }),
  )
  expect(send(simulator, original)).toMatchObject({ kind: 'accepted' })
  return { simulator, original }
}

/** Signs, verifies and hands to the node. */
function send(simulator: BitcoinSimulator, plan: BitcoinTransactionPlan) {
  const transaction = new Transaction()
  transaction.version = plan.version
  transaction.locktime = plan.locktime
  for (const input of plan.inputs) {
    transaction.addInput(Buffer.from(input.txid, 'hex').reverse(), input.vout, input.sequence)
  }
  for (const output of plan.outputs) {
    transaction.addOutput(Buffer.from(output.script, 'hex'), output.value)
  }
  wallet.sign(transaction, plan.inputs)
  const rawHex = transaction.toHex()
  value(verifyBitcoin({ plan, digest: '', rawHex, account, curve }))
  return simulator.accept(rawHex)
}

function request(
  original: BitcoinTransactionPlan,
  change: Partial<BitcoinReplacementRequest> = {},
): BitcoinReplacementRequest {
  return {
    account,
    original,
    how: { kind: 'speed-up' },
    feeRateSatPerVb: 20,
    feeCap: { absolute: 100_000n, relativeBps: 1_000 },
    ...change,
  }
}

describe('a waiting payment', () => {
  it('is sped up: same recipients, less change, and the node takes it in place of the first', async () => {
    const { simulator, original } = await waiting(1_000_000n, 400_000n)
    const faster = value(replaceBitcoinTransfer(request(original)))
    expect(faster.feeRateSatPerVb).toBe(20)
    expect(faster.outputs.filter((output) => output.role === 'recipient')).toEqual(
      original.outputs.filter((output) => output.role === 'recipient'),
    )
    expect(send(simulator, faster).kind).toBe('accepted')
    expect(send(simulator, original)).toMatchObject({ reason: 'insufficient fee' })
  })

  it('at a hardly higher rate still pays what a node asks for', async () => {
    const { simulator, original } = await waiting(1_000_000n, 400_000n)
    const faster = value(replaceBitcoinTransfer(request(original, { feeRateSatPerVb: 2.1 })))
    expect(faster.fee).toBe(original.fee + BigInt(faster.virtualSize))
    expect(send(simulator, faster).kind).toBe('accepted')
  })

  it('is cancelled: everything returns to a change address of ours', async () => {
    const { simulator, original } = await waiting(1_000_000n, 400_000n)
    const how = { kind: 'cancel', changeIndex: 5 } as const
    const back = value(replaceBitcoinTransfer(request(original, { how })))
    expect(back.outputs).toEqual([
      {
        role: 'change',
        address: own(1, 5).address,
        script: own(1, 5).script,
        path: own(1, 5).path,
        value: 1_000_000n - back.fee,
      },
    ])
    expect(send(simulator, back).kind).toBe('accepted')
  })

  it('gives up its change when the fee leaves only dust of it', async () => {
    const { simulator, original } = await waiting(403_000n, 400_000n)
    expect(original.outputs).toHaveLength(2)
    const faster = value(replaceBitcoinTransfer(request(original)))
    expect(faster.outputs).toHaveLength(1)
    expect(faster.fee).toBe(3_000n)
    expect(send(simulator, faster).kind).toBe('accepted')
  })
})

describe('a replacement that is refused', () => {
  it('when the coins cannot pay the higher fee', async () => {
    const { original } = await waiting(403_000n, 400_000n)
    expect(replaceBitcoinTransfer(request(original, { feeRateSatPerVb: 60 }))).toMatchObject({
      refusal: { code: 'FUNDS_INSUFFICIENT', data: { available: '0.00403000' } },
    })
  })

  it('when cancelling would leave nothing', async () => {
    const { original } = await waiting(403_000n, 400_000n)
    const how = { kind: 'cancel', changeIndex: 5 } as const
    const asked = request(original, { how, feeRateSatPerVb: 5_000 })
    expect(replaceBitcoinTransfer(asked)).toMatchObject({ refusal: { code: 'FUNDS_INSUFFICIENT' } })
  })

  it('when the fee passes its cap', async () => {
    const { original } = await waiting(1_000_000n, 400_000n)
    const feeCap = { absolute: 2_000n, relativeBps: 10_000 }
    expect(replaceBitcoinTransfer(request(original, { feeCap }))).toMatchObject({
      refusal: { code: 'FEE_OVER_CAP', data: { cap: '0.00002000' } },
    })
  })

  it('when the original never said that it may be replaced', async () => {
    const { original } = await waiting(1_000_000n, 400_000n)
    const inputs = original.inputs.map((input) => ({ ...input, sequence: 0xffffffff }))
    expect(replaceBitcoinTransfer(request({ ...original, inputs }))).toMatchObject({
      refusal: { code: 'INPUT_INVALID' },
    })
  })

  it('when the rate is no rate', async () => {
    const { original } = await waiting(1_000_000n, 400_000n)
    expect(replaceBitcoinTransfer(request(original, { feeRateSatPerVb: -1 }))).toMatchObject({
      refusal: { code: 'INPUT_INVALID' },
    })
  })
})
