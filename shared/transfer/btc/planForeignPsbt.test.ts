import { base64, hex } from '@scure/base'
import { Transaction as ScureTransaction } from '@scure/btc-signer'
import { describe, expect, it } from 'vitest'
import { createCurve } from '../../../electron/adapters/chain/bitcoin/curve.ts'
import { createTestWallet } from '../../../electron/simulators/bitcoin/testWallet.ts'
import { verifyBitcoin } from '../verify/bitcoin.ts'
import { describePsbt } from './describePsbt.ts'
import { type ForeignPsbtRequest, planForeignPsbt } from './planForeignPsbt.ts'
import { FINGERPRINT, makeSource, value } from './psbt.fixture.ts'
import { parsePsbt } from './psbt.ts'
import { readSignedAnswer } from './signedPsbt.ts'
import { writePsbt } from './writePsbt.ts'

const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')
const source = makeSource(wallet)
const { account, coins, previousTransactions, own } = source
const addresses = [0, 1].flatMap((branch) =>
  Array.from({ length: 20 }, (_, index) => own(branch === 0 ? 0 : 1, index)),
)
const RECIPIENT = `0014${'75'.repeat(20)}`

interface Draft {
  readonly inputs?: readonly {
    readonly txid: string
    readonly index: number
    readonly sequence?: number
  }[]
  readonly outputs?: readonly { readonly script: string; readonly amount: bigint }[]
  readonly version?: number
  readonly locktime?: number
  readonly change?: (transaction: ScureTransaction) => void
}

const spends = coins.map(({ txid, vout }) => ({ txid, index: vout, sequence: 0xfffffffd }))
const change = own(1, 3)
const pays = [
  { script: RECIPIENT, amount: 400_000n },
  { script: change.script, amount: 199_000n },
]

/** A PSBT as some other program makes it. */
function make(draft: Draft = {}) {
  const transaction = new ScureTransaction({
    version: draft.version ?? 2,
    lockTime: draft.locktime ?? 0,
    allowUnknownOutputs: true,
  })
  for (const input of draft.inputs ?? spends) {
    const raw = previousTransactions.get(input.txid)
    transaction.addInput({
      ...input,
      ...(raw === undefined ? {} : { nonWitnessUtxo: hex.decode(raw) }),
    })
  }
  for (const { script, amount } of draft.outputs ?? pays)
    transaction.addOutput({ script: hex.decode(script), amount })
  draft.change?.(transaction)
  return value(parsePsbt(transaction.toPSBT()))
}

function plan(draft: Draft = {}, rest: Partial<ForeignPsbtRequest> = {}) {
  return planForeignPsbt({
    psbt: make(draft),
    account,
    coins,
    addresses,
    fingerprint: FINGERPRINT,
    previousTransactions,
    feeCap: { absolute: 50_000n, relativeBps: 1_000 },
    feeCapSatPerVb: 300,
    tipHeight: 500,
    ...rest,
  })
}

const origin = (...steps: readonly number[]) => ({
  fingerprint: Number.parseInt(FINGERPRINT, 16),
  path: steps.map((step, i) => (i < 3 ? step + 0x80000000 : step)),
})

describe('a foreign PSBT that fits', () => {
  it('becomes a plan of exactly its transaction, which is then signed and verified like any other', () => {
    const planned = value(plan({ locktime: 480 }))
    expect(planned).toMatchObject({
      version: 2,
      locktime: 480,
      fee: 1_000n,
      inputs: coins.map(({ txid, path }) => ({ txid, path, sequence: 0xfffffffd })),
      outputs: [
        { role: 'recipient', value: 400_000n, path: null },
        { role: 'change', value: 199_000n, path: change.path },
      ],
    })
    const psbt = writePsbt({ ...source, plan: planned })
    const peer = ScureTransaction.fromPSBT(psbt)
    for (const [i, { path }] of planned.inputs.entries()) peer.signIdx(wallet.privateKey(path), i)
    const request = { plan: planned, account, digest: '', curve: createCurve() }
    const rawHex = value(readSignedAnswer({ ...request, text: base64.encode(peer.toPSBT()) }))
    expect(verifyBitcoin({ ...request, rawHex }).ok).toBe(true)
  })

  it('may pay several', () => {
    const second = { script: `0014${'76'.repeat(20)}`, amount: 500n }
    const planned = value(plan({ outputs: [...pays, second] }))
    expect(planned.outputs.map(({ role }) => role)).toEqual(['recipient', 'change', 'recipient'])
    expect(planned.fee).toBe(500n)
  })

  it('may send everything without change, and may move a coin to our own change', () => {
    expect(
      value(plan({ outputs: [{ script: RECIPIENT, amount: 599_000n }] })).outputs,
    ).toHaveLength(1)
    expect(
      value(plan({ outputs: [{ script: change.script, amount: 599_000n }] })).outputs,
    ).toMatchObject([{ role: 'change' }])
  })
})

const input = spends.slice(0, 1)
const one = (amount: bigint) => ({ inputs: input, outputs: [{ script: RECIPIENT, amount }] })

describe('a foreign PSBT that does not fit is refused with the reason', () => {
  it.each<readonly [string, Draft, Partial<ForeignPsbtRequest>, object]>([
    [
      'a coin that is not ours',
      { inputs: [...spends, { txid: 'ee'.repeat(32), index: 0 }] },
      {},
      {
        code: 'PSBT_UNFIT',
        data: { field: 'inputs[2]', problem: `${'ee'.repeat(32)}:0 is no coin of ours` },
      },
    ],
    [
      'a relative lock',
      { inputs: spends.map((each) => ({ ...each, sequence: 5 })) },
      {},
      { code: 'PSBT_UNFIT', data: { field: 'inputs[0].sequence', problem: '5' } },
    ],
    [
      'a version of the future',
      { version: 3 },
      {},
      { code: 'PSBT_UNFIT', data: { field: 'version', problem: '3' } },
    ],
    [
      'a locktime in the future',
      { locktime: 501 },
      {},
      {
        code: 'PSBT_UNFIT',
        data: { field: 'locktime', problem: 'not before 501; the chain is at 500' },
      },
    ],
    [
      'a locktime in seconds',
      { locktime: 1_700_000_000 },
      {},
      {
        code: 'PSBT_UNFIT',
        data: { field: 'locktime', problem: 'not before 1700000000; the chain is at 500' },
      },
    ],
    [
      'more recipients than anyone compares',
      { outputs: Array.from({ length: 21 }, () => ({ script: RECIPIENT, amount: 20_000n })) },
      {},
      {
        code: 'PSBT_UNFIT',
        data: { field: 'outputs', problem: '21 recipients, at most 20' },
      },
    ],
    [
      'change in two pieces and no recipient',
      {
        outputs: [
          { script: change.script, amount: 300_000n },
          { script: own(1, 4).script, amount: 299_000n },
        ],
      },
      {},
      { code: 'PSBT_UNFIT', data: { field: 'outputs', problem: 'pays only our own change' } },
    ],
    [
      'an output that pays nobody',
      { outputs: [{ script: '6a0568656c6c6f', amount: 1_000n }] },
      {},
      { code: 'PSBT_UNFIT', data: { field: 'outputs[0]', problem: 'pays no address' } },
    ],
    [
      'dust',
      { outputs: [{ script: RECIPIENT, amount: 293n }] },
      {},
      {
        code: 'AMOUNT_UNDER_MINIMUM',
        data: { asked: '0.00000293', minimum: '0.00000294', asset: 'BTC' },
      },
    ],
    [
      'a fee below what is passed on',
      one(299_950n),
      {},
      { code: 'PSBT_UNFIT', data: { field: 'fee', problem: '0.45 sat/vB would not be passed on' } },
    ],
    [
      'a rate above the cap',
      one(200_000n),
      {},
      { code: 'FEE_OVER_CAP', data: { fee: '909.09', cap: '300', asset: 'sat/vB' } },
    ],
    [
      'a fee above the cap of the amount',
      one(270_000n),
      {},
      { code: 'FEE_OVER_CAP', data: { fee: '0.00030000', cap: '0.00027000', asset: 'BTC' } },
    ],
    [
      'a fee above the absolute cap',
      one(299_000n),
      { feeCap: { absolute: 999n, relativeBps: 1_000 } },
      { code: 'FEE_OVER_CAP', data: { fee: '0.00001000', cap: '0.00000999', asset: 'BTC' } },
    ],
    [
      'paying out more than it takes in',
      one(300_001n),
      {},
      { code: 'PSBT_UNFIT', data: { field: 'fee', problem: 'pays out more than it takes in' } },
    ],
    [
      'change beyond the addresses that are looked at',
      {
        outputs: [
          pays[0] ?? { script: '', amount: 0n },
          { script: own(1, 25).script, amount: 199_000n },
        ],
        change: (transaction) =>
          transaction.updateOutput(1, {
            bip32Derivation: [[hex.decode(own(1, 25).publicKey), origin(84, 1, 0, 1, 25)]],
          }),
      },
      {},
      {
        code: 'PSBT_UNFIT',
        data: { field: 'outputs[1]', problem: 'says it is our change and is not' },
      },
    ],
    [
      'a stranger’s output under our key path',
      {
        change: (transaction) =>
          transaction.updateOutput(0, {
            bip32Derivation: [[hex.decode(change.publicKey), origin(84, 1, 0, 1, 0)]],
          }),
      },
      {},
      {
        code: 'PSBT_UNFIT',
        data: { field: 'outputs[0]', problem: 'says it is our change and is not' },
      },
    ],
    [
      'keys of another network',
      {
        change: (transaction) =>
          transaction.updateInput(0, {
            bip32Derivation: [[hex.decode(own(0, 0).publicKey), origin(84, 0, 0, 0, 0)]],
          }),
      },
      {},
      {
        code: 'NETWORK_MISMATCH',
        data: { asset: 'BTC', asked: 'keys of coin type 0', expected: 'bitcoin regtest' },
      },
    ],
    [
      'less than all to be signed',
      { change: (transaction) => transaction.updateInput(1, { sighashType: 0x83 }) },
      {},
      {
        code: 'PSBT_UNFIT',
        data: { field: 'inputs[1].sighash', problem: 'asks for less than all to be signed' },
      },
    ],
    [
      'a signature',
      { change: (transaction) => transaction.signIdx(wallet.privateKey(coins[0]?.path ?? ''), 0) },
      {},
      { code: 'PSBT_UNFIT', data: { field: 'inputs[0]', problem: 'signed already' } },
    ],
    [
      'a coin without its transaction',
      {},
      { previousTransactions: new Map() },
      { code: 'INPUT_INVALID' },
    ],
  ])('%s', (_, draft, rest, refusal) => {
    expect(plan(draft, rest)).toMatchObject({ ok: false, refusal })
  })

  it('a coin whose value it misstates (the fee attack)', () => {
    const lying = make()
    const script = hex.decode(coins[0]?.script ?? '')
    const claimed = Uint8Array.of(...new Uint8Array(8).fill(1), script.length, ...script)
    const inputs = lying.inputs.map((map, i) =>
      i === 0 ? new Map([...map, ['01', claimed]]) : map,
    )
    expect(plan({}, { psbt: { ...lying, inputs } })).toMatchObject({
      refusal: {
        code: 'PSBT_UNFIT',
        data: { field: 'inputs[0].value', problem: 'says 72340172838076673, is 300000' },
      },
    })
    const swapped = lying.inputs.map(
      (map, i) => new Map([...map, ['00', lying.inputs[1 - i]?.get('00') ?? new Uint8Array()]]),
    )
    expect(plan({}, { psbt: { ...lying, inputs: swapped } })).toMatchObject({
      refusal: { code: 'PSBT_UNFIT', data: { problem: 'says another transaction, is 300000' } },
    })
  })
})

describe('what a PSBT says', () => {
  it('names its coins and outputs, ours and others, and the fee once every value is proved', () => {
    expect(describePsbt(make(), { account, coins, addresses })).toMatchObject({
      fee: 1_000n,
      signedInputs: 0,
      inputs: [
        { own: true, value: 300_000n },
        { own: true, value: 300_000n },
      ],
      outputs: [
        { own: null, value: 400_000n, address: expect.stringMatching(/^bcrt1q/) },
        { own: 'change', value: 199_000n, address: change.address },
      ],
    })
  })

  it('believes no value that only stands beside a coin of others', () => {
    const foreign = { inputs: [{ txid: 'ee'.repeat(32), index: 0 }] }
    const told = describePsbt(make(foreign), { account, coins: [], addresses: [] })
    expect(told).toMatchObject({ fee: null, inputs: [{ own: false, value: null }] })
    expect(describePsbt(make(), { account, coins: [], addresses: [] }).fee).toBe(1_000n)
  })

  it('counts the inputs that are signed', () => {
    const signed = make({
      change: (transaction) => transaction.signIdx(wallet.privateKey(coins[0]?.path ?? ''), 0),
    })
    expect(describePsbt(signed, { account, coins, addresses }).signedInputs).toBe(1)
  })
})
