import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Transaction } from 'bitcoinjs-lib'
import { Wallet } from 'ethers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeTransferCall } from '../../../shared/transfer/evm/erc20.ts'
import { digestPlan } from '../../../shared/transfer/digest.ts'
import { planBitcoinTransfer } from '../../../shared/transfer/btc/planBitcoinTransfer.ts'
import type {
  BitcoinTransactionPlan,
  EvmTransactionPlan,
  TransferPlan,
} from '../../../shared/transfer/plan.ts'
import { encodePlanFile, parsePlanFile } from '../../../shared/transfer/planFile.ts'
import { BTC, ETH, USDC, type Asset, amount } from '../../../shared/units/amount.ts'
import { decimalSchema } from '../../../shared/units/decimal.ts'
import { encodeCanonical } from '../../../shared/units/canonical.ts'
import type { BitcoinVaultAccount, EvmVaultAccount } from '../../../shared/vault/account.ts'
import { deriveBitcoinAddress, deriveEvmAddress } from '../../../shared/vault/ownAddress.ts'
import { createCurve } from '../../adapters/chain/bitcoin/curve.ts'
import { createTestWallet } from '../../simulators/bitcoin/testWallet.ts'
import { verifyTransfer } from './transferVerify.ts'

const words = `${'abandon '.repeat(11)}about`
const regtest = createTestWallet(words, 'regtest')
const mainnet = createTestWallet(words, 'mainnet')
const evmPath = "m/44'/60'/0'/0/0"
const recipient = '0x00000000000000000000000000000000000000A1'
const contract = '0x00000000000000000000000000000000000000C0'
const curve = createCurve()
const btcPrice = decimalSchema.parse('60000.5')

function value<T>(
  result:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly refusal: object },
): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

const evmXpub = mainnet.xpub("m/44'/60'/0'")
const evmAddress = value(deriveEvmAddress(evmXpub))
const vault: { readonly bitcoin: BitcoinVaultAccount; readonly evm: EvmVaultAccount } = {
  bitcoin: {
    chain: 'bitcoin',
    id: 'bitcoin:0',
    network: 'regtest',
    path: "m/84'/1'/0'",
    xpub: regtest.xpub("m/84'/1'/0'"),
    scriptType: 'p2wpkh',
    label: '',
  },
  evm: { chain: 'evm', label: '', id: 'evm:0', path: evmPath, xpub: evmXpub, address: evmAddress },
}

function envelope(
  execution: TransferPlan['execution'],
  moved: { readonly asset: Asset; readonly units: bigint; readonly to: string },
  fee: { readonly asset: Asset; readonly units: bigint },
): TransferPlan {
  return {
    id: '0011223344556677',
    purpose: 'withdraw',
    createdAt: 1_700_000_000_000,
    expiresAt: 1_700_000_600_000,
    amount: amount(moved.asset, moved.units),
    networkFee: amount(fee.asset, fee.units),
    recipient: { address: moved.to, label: 'desk', origin: 'address-book' },
    vaultAccount: 'vault',
    accountId: null,
    before: null,
    after: null,
    prices: [{ asset: 'BTC', usd: btcPrice, source: 'venue', asOf: 1_700_000_000_000 }],
    priceLimitBps: 100,
    execution,
  }
}

const paid = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

function bitcoinExecution(): BitcoinTransactionPlan {
  const previousTransactions = new Map<string, string>()
  const coins = [400_000n, 500_000n].map((sats, index) => {
    const own = value(deriveBitcoinAddress(vault.bitcoin, { branch: 0, index }))
    const previous = new Transaction()
    previous.version = 2
    previous.addInput(new Uint8Array(32).fill(index + 1), 0)
    previous.addOutput(Buffer.from(own.script, 'hex'), sats)
    previousTransactions.set(previous.getId(), previous.toHex())
    return { ...own, txid: previous.getId(), vout: 0, value: sats, height: 9 }
  })
  return value(
    planBitcoinTransfer({
      account: vault.bitcoin,
      coins,
      previousTransactions,
      payment: { kind: 'pay', recipients: [{ address: paid, value: 700_000n }] },
      feeRateSatPerVb: 4,
      feeCap: { absolute: 100_000n, relativeBps: 1_000 },
      changeIndex: 2,
      tipHeight: 120,
      random: { bytes: (length) => new Uint8Array(length).fill(3) },
    }),
  )
}

function signBitcoin(
  execution: BitcoinTransactionPlan,
  change: (transaction: Transaction) => void = () => undefined,
): string {
  const transaction = new Transaction()
  transaction.version = execution.version
  transaction.locktime = execution.locktime
  for (const input of execution.inputs)
    transaction.addInput(Buffer.from(input.txid, 'hex').reverse(), input.vout, input.sequence)
  for (const output of execution.outputs)
    transaction.addOutput(Buffer.from(output.script, 'hex'), output.value)
  change(transaction)
  regtest.sign(transaction, execution.inputs)
  return transaction.toHex()
}

function evmExecution(token: string | null): EvmTransactionPlan {
  return {
    kind: 'evm',
    chainId: 31_337,
    type: 2,
    from: evmAddress,
    path: evmPath,
    nonce: 4,
    to: token ?? recipient,
    value: token === null ? 250_000_000_000_000_000n : 0n,
    data: token === null ? '' : encodeTransferCall(recipient, 5_000_000n),
    gasLimit: 65_000n,
    maxFeePerGas: 30_000_000_000n,
    maxPriorityFeePerGas: 1_000_000_000n,
    token,
  }
}

function signEvm(execution: EvmTransactionPlan, change: object = {}): Promise<string> {
  const { chainId, type, nonce, to, gasLimit, maxFeePerGas, maxPriorityFeePerGas } = execution
  const signer = new Wallet(`0x${Buffer.from(mainnet.privateKey(evmPath)).toString('hex')}`)
  const fields = { chainId, type, nonce, to, gasLimit, maxFeePerGas, maxPriorityFeePerGas }
  const { value: wei, data } = execution
  return signer.signTransaction({ ...fields, value: wei, data: `0x${data}`, ...change })
}

const bitcoin = bitcoinExecution()
const bitcoinPlan = envelope(
  bitcoin,
  { asset: BTC, units: 700_000n, to: paid },
  { asset: BTC, units: bitcoin.fee },
)
const evmFee = { asset: ETH, units: 65_000n * 30_000_000_000n }
const coin = evmExecution(null)
const coinPlan = envelope(coin, { asset: ETH, units: coin.value, to: recipient }, evmFee)
const token = evmExecution(contract)
const tokenPlan = envelope(token, { asset: USDC, units: 5_000_000n, to: recipient }, evmFee)

const file = (plan: TransferPlan) =>
  encodePlanFile(plan, digestPlan(plan), plan.execution.kind === 'evm' ? vault.evm : vault.bitcoin)

function check(planText: string, rawHex: string) {
  const checked = verifyTransfer(planText, rawHex, curve)
  const answer: { verdict?: string; differences?: { field: string }[] } = JSON.parse(checked.json)
  return {
    exitCode: checked.exitCode,
    verdict: answer.verdict,
    fields: (answer.differences ?? []).map(({ field }) => field),
  }
}

const match = { exitCode: 0, verdict: 'match', fields: [] }

describe('what was approved and signed matches', () => {
  it('bitcoin P2WPKH', () => {
    expect(check(file(bitcoinPlan), signBitcoin(bitcoin))).toEqual(match)
  })
  it('EVM type 2, the coin, with and without 0x', async () => {
    const raw = await signEvm(coin)
    expect(check(file(coinPlan), raw)).toEqual(match)
    expect(check(file(coinPlan), raw.slice(2))).toEqual(match)
  })
  it('EVM type 2, a token', async () => {
    expect(check(file(tokenPlan), await signEvm(token))).toEqual(match)
  })
  it('a file that was laid out for reading', () => {
    const pretty = JSON.stringify(JSON.parse(file(coinPlan)), null, 2)
    expect(value(parsePlanFile(pretty)).digest).toBe(digestPlan(coinPlan))
  })
})

describe('other bytes, signed with the right key, do not', () => {
  it.each([
    {
      name: 'one satoshi moved',
      field: 'outputs[0].value',
      change: (transaction: Transaction) => {
        const [first, second] = transaction.outs
        if (first !== undefined) first.value += 1n
        if (second !== undefined) second.value -= 1n
      },
    },
    {
      name: 'another locktime',
      field: 'locktime',
      change: (transaction: Transaction) => {
        transaction.locktime += 1
      },
    },
    {
      name: 'an output more',
      field: 'outputs.length',
      change: (transaction: Transaction) => {
        transaction.addOutput(Buffer.from(`0014${'99'.repeat(20)}`, 'hex'), 1_000n)
      },
    },
    {
      name: 'outputs in another order',
      field: 'outputs[0].script',
      change: (transaction: Transaction) => {
        transaction.outs.reverse()
      },
    },
  ])('bitcoin: $name', ({ field, change }) => {
    const checked = check(file(bitcoinPlan), signBitcoin(bitcoin, change))
    expect(checked).toMatchObject({ exitCode: 1, verdict: 'mismatch' })
    expect(checked.fields).toContain(field)
  })

  it('bitcoin: every bit of the first and the last twenty bytes', () => {
    const raw = Buffer.from(signBitcoin(bitcoin), 'hex')
    const bits = raw.length * 8
    for (let bit = 0; bit < bits; bit += bit === 159 ? bits - 319 : 1) {
      const flipped = Buffer.from(raw)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(check(file(bitcoinPlan), flipped.toString('hex')).exitCode).toBe(1)
    }
  }, 60_000)

  it.each([
    ['nonce', { nonce: 5 }],
    ['chainId', { chainId: 1 }],
    ['to', { to: contract }],
    ['value', { value: 1n }],
    ['maxFeePerGas', { maxFeePerGas: 30_000_000_001n }],
    ['gasLimit', { gasLimit: 65_001n }],
    ['data', { data: '0x00' }],
    ['accessList', { accessList: [{ address: contract, storageKeys: [] }] }],
  ])('EVM: another %s', async (field, change) => {
    const checked = check(file(coinPlan), await signEvm(coin, change))
    expect(checked).toMatchObject({ exitCode: 1, verdict: 'mismatch' })
    expect(checked.fields).toContain(field)
  })

  it.each(['', 'zz', 'abc', `${signBitcoin(bitcoin)}00`])('bytes %#', (raw) => {
    expect(check(file(bitcoinPlan), raw)).toMatchObject({ exitCode: 1, verdict: 'mismatch' })
  })
})

describe('the file itself is not believed', () => {
  const edited = (change: (document: Record<string, unknown>) => void) => {
    const document: Record<string, unknown> = JSON.parse(file(coinPlan))
    change(document)
    return JSON.stringify(document)
  }

  it('another digest, or a plan changed under its digest, is a mismatch', async () => {
    const raw = await signEvm(coin)
    expect(
      check(
        edited((document) => (document['digest'] = '00'.repeat(32))),
        raw,
      ),
    ).toEqual({
      exitCode: 1,
      verdict: 'mismatch',
      fields: ['digest'],
    })
    const changed = encodePlanFile(
      { ...coinPlan, priceLimitBps: 9 },
      digestPlan(coinPlan),
      vault.evm,
    )
    expect(check(changed, raw).fields).toEqual(['digest'])
  })

  it('a plan whose amount is not what its transaction pays is a mismatch', async () => {
    const lying = { ...coinPlan, amount: amount(ETH, 1n) }
    expect(check(file(lying), await signEvm(coin)).fields).toEqual(['plan.amount'])
  })

  it('a signer that is not the account of the file is a mismatch', async () => {
    const other = { ...vault.evm, xpub: mainnet.xpub("m/44'/60'/1'") }
    const text = encodePlanFile(coinPlan, digestPlan(coinPlan), other)
    expect(check(text, await signEvm(coin)).fields).toEqual(['account.address'])
  })

  it('the account of another chain cannot check anything', async () => {
    const text = edited((document) => (document['account'] = vault.bitcoin))
    expect(check(text, await signEvm(coin)).exitCode).toBe(2)
  })

  it.each([
    ['not JSON', 'plan'],
    ['another document', '{"a":1}'],
    ['a plan alone', encodeCanonical(coinPlan)],
    ['a later version', edited((document) => (document['version'] = 2))],
    ['a field beside the plan', edited((document) => (document['more'] = 1))],
    [
      'a field inside the plan',
      file(coinPlan).replace('"priceLimitBps"', '"addendum":1,"priceLimitBps"'),
    ],
  ])('%s is refused', (_, text) => {
    expect(verifyTransfer(text, '', curve)).toMatchObject({
      exitCode: 2,
      json: expect.stringContaining('INPUT_INVALID'),
    })
  })
})

describe('in a terminal, without a data directory', () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'bulkhead-verify-'))
    writeFileSync(join(folder, 'plan.json'), file(coinPlan))
    writeFileSync(join(folder, 'broken.json'), '{')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function run(...args: string[]) {
    return spawnSync(
      process.execPath,
      ['electron/shells/cli/main.ts', 'transfer', 'verify', ...args],
      { cwd: root, encoding: 'utf8', timeout: 60_000 },
    )
  }

  it('says match, mismatch, and refuses what it cannot read', async () => {
    const plan = join(folder, 'plan.json')
    const good = run('--plan', plan, '--tx', await signEvm(coin), '--json')
    expect([good.status, good.stdout]).toEqual([0, '{"verdict":"match","differences":[]}\n'])
    const bad = run('--plan', plan, '--tx', await signEvm(coin, { nonce: 5 }), '--json')
    expect(bad.status).toBe(1)
    expect(JSON.parse(bad.stdout)).toEqual({
      verdict: 'mismatch',
      differences: [{ field: 'nonce', approved: '4', returned: '5' }],
    })
    const broken = run('--plan', join(folder, 'broken.json'), '--tx', '00')
    expect([broken.status, broken.stdout]).toEqual([2, ''])
    expect(broken.stderr).toContain('not a plan')
    expect(run('--plan', join(folder, 'absent.json'), '--tx', '00').status).toBe(2)
    expect(run('--plan', plan).status).toBe(64)
  }, 120_000)
})
