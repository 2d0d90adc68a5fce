import { Transaction } from 'bitcoinjs-lib'
import { afterEach, describe, expect, it } from 'vitest'
import { createCurve } from '../../../electron/adapters/chain/bitcoin/curve.ts'
import { startBitcoinSimulator } from '../../../electron/simulators/bitcoin/simulator.ts'
import { createTestWallet } from '../../../electron/simulators/bitcoin/testWallet.ts'
import type { PinnedBitcoinAccount } from '../../vault/account.ts'
import { deriveBitcoinAddress } from '../../vault/ownAddress.ts'
import { verifyBitcoin } from '../verify/bitcoin.ts'
import { type BitcoinBoostRequest, boostBitcoinTransfer } from './boostBitcoinTransfer.ts'

const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')
const account: PinnedBitcoinAccount = {
  chain: 'bitcoin',
  id: 'vault',
  network: 'regtest',
  path: "m/84'/1'/0'",
  xpub: wallet.xpub("m/84'/1'/0'"),
  scriptType: 'p2wpkh',
}
const cleanup: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of cleanup.splice(0)) await close()
})

/** A stranger's payment to us that waits in the mempool at its sender's rate. */
async function waiting(sats: bigint) {
  const simulator = await startBitcoinSimulator()
  cleanup.push(simulator.close)
  const own = deriveBitcoinAddress(account, { branch: 0, index: 0 })
  if (!own.ok) throw new Error(own.refusal.code)
  const { address, script, path } = own.value
  const txid = simulator.fund(address, sats)
  const raw = simulator.transaction(txid)?.rawHex ?? ''
  const parent = Transaction.fromHex(raw)
  const vout = parent.outs.findIndex(
    (output) => Buffer.from(output.script).toString('hex') === script,
  )
  const request: BitcoinBoostRequest = {
    account,
    coin: { txid, vout, value: sats, script, address, path, height: null },
    previousTransactions: new Map([[txid, raw]]),
    parent: { virtualSize: parent.virtualSize(), fee: 300n },
    feeRateSatPerVb: 30,
    feeCap: 20_000n,
    changeIndex: 3,
    tipHeight: simulator.height(),
    random: { bytes: (length) => new Uint8Array(length).fill(0x11) },
  }
  return { simulator, request, parent }
}

describe('child pays for parent', () => {
  it('brings both together to the rate; signed and verified, the node takes it', async () => {
    const { simulator, request, parent } = await waiting(500_000n)
    const result = boostBitcoinTransfer(request)
    if (!result.ok) throw new Error(JSON.stringify(result.refusal))
    const plan = result.value
    const together = parent.virtualSize() + plan.virtualSize
    expect(plan.fee + 300n).toBe(BigInt(30 * together))
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
    const curve = createCurve()
    expect(verifyBitcoin({ plan, digest: '', rawHex, account, curve }).ok).toBe(true)
    expect(simulator.accept(rawHex).kind).toBe('accepted')
    simulator.mine(1)
    expect(simulator.transaction(transaction.getId())?.height).toBe(111)
  })

  it('pays its own way when the parent already pays more', async () => {
    const { request } = await waiting(500_000n)
    const parent = { ...request.parent, fee: 1_000_000n }
    const result = boostBitcoinTransfer({ ...request, parent })
    expect(result).toMatchObject({ ok: true, value: { fee: BigInt(30 * 110) } })
  })

  const rows = [
    ['a fee over its cap', { feeCap: 1_000n }, 'FEE_OVER_CAP'],
    ['no rate', { feeRateSatPerVb: 0 }, 'INPUT_INVALID'],
    ['a coin without its transaction', { previousTransactions: new Map() }, 'INPUT_INVALID'],
  ] as const
  for (const [name, change, code] of rows) {
    it(`refuses ${name}`, async () => {
      const { request } = await waiting(500_000n)
      expect(boostBitcoinTransfer({ ...request, ...change })).toMatchObject({
        ok: false,
        refusal: { code },
      })
    })
  }

  it('refuses a coin too small to pay for both, and one worth less than claimed', async () => {
    const small = await waiting(5_000n)
    expect(boostBitcoinTransfer(small.request)).toMatchObject({
      refusal: { code: 'FUNDS_INSUFFICIENT', data: { available: '0.00005000' } },
    })
    const { request } = await waiting(500_000n)
    const coin = { ...request.coin, value: 600_000n }
    expect(boostBitcoinTransfer({ ...request, coin })).toMatchObject({
      refusal: { code: 'CHAIN_LIED' },
    })
  })
})
