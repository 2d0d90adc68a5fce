import { schnorr, secp256k1 } from '@noble/curves/secp256k1.js'
import { RawTx } from '@scure/btc-signer'
import { Transaction, script as bitcoinScript } from 'bitcoinjs-lib'
import fc from 'fast-check'
import * as ecc from 'tiny-secp256k1'
import { describe, expect, it, vi } from 'vitest'
import {
  createCurve,
  createDerivationMath,
} from '../../../electron/adapters/chain/bitcoin/curve.ts'
import { createTestWallet } from '../../../electron/simulators/bitcoin/testWallet.ts'
import type { PinnedBitcoinAccount } from '../../vault/account.ts'
import { decodeBitcoinAddress } from '../../vault/address.ts'
import { type AccountKeys, openAccount } from '../../vault/derive.ts'
import { deriveBitcoinAddress, ownAddress } from '../../vault/ownAddress.ts'
import { type AccountScriptType, p2wpkhScript } from '../../vault/script.ts'
import { planBitcoinTransfer } from '../btc/planBitcoinTransfer.ts'
import type { BitcoinTransactionPlan } from '../plan.ts'
import { type BitcoinVerification, verifyBitcoin } from './bitcoin.ts'
import { parseBitcoinTransactionHex, virtualSizeOf } from './bitcoinTransaction.ts'
import type { Curve } from './curve.ts'
import { isVerified } from './verified.ts'

const RUNS = process.env.BULKHEAD_DEEP === '1' ? 200 : 5
vi.setConfig({ testTimeout: Math.max(20_000, RUNS * 2_000) })
const DIGEST = 'cd'.repeat(32)
const wallet = createTestWallet(`${'abandon '.repeat(11)}about`, 'regtest')
const stranger = createTestWallet(`${'abandon '.repeat(11)}about`, 'mainnet')

/** The curve of these tests; the app's own are compared with it in the adapter's tests. */
const nobleCurve: Curve = {
  verifyEcdsa: (hash, publicKey, signature) => {
    try {
      return secp256k1.verify(signature, hash, publicKey, { lowS: true, prehash: false })
    } catch {
      return false
    }
  },
  recoverEcdsa: () => null,
  verifySchnorr: (message, publicKey, signature) => {
    try {
      return schnorr.verify(signature, message, publicKey)
    } catch {
      return false
    }
  },
}

/** The bit flips need tens of thousands of checks: the fastest curve of the machine. */
const fastCurve = createCurve()
const fastDerivation = createDerivationMath()

const KINDS: readonly AccountScriptType[] = ['p2wpkh', 'p2sh-p2wpkh', 'p2tr', 'p2pkh']
const PURPOSE = { p2pkh: 44, 'p2sh-p2wpkh': 49, p2wpkh: 84, p2tr: 86 }
const PAID = [
  'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
  'mipcBbFg9gMiCh81Kj8tqqdgoZub1ZJRfn',
  'bcrt1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqc8gma6',
]

function value<T>(
  result:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly refusal: object },
): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

function accountOf(scriptType: AccountScriptType): PinnedBitcoinAccount {
  const path = `m/${PURPOSE[scriptType]}'/1'/0'`
  const xpub = wallet.xpub(path)
  return { chain: 'bitcoin', id: scriptType, network: 'regtest', path, xpub, scriptType }
}

function bytes(text: string): Buffer {
  return Buffer.from(text, 'hex')
}

/** A transaction that pays `script` among other outputs, as a coin's origin. */
function previousTransaction(
  script: string,
  sats: bigint,
  salt: number,
  vout: number,
): Transaction {
  const previous = new Transaction()
  previous.version = 2
  previous.addInput(new Uint8Array(32).fill(salt + 1), salt, 0xfffffffe)
  previous.setWitness(0, [new Uint8Array(71).fill(7), new Uint8Array(33).fill(2)])
  for (let i = 0; i < vout; i++) previous.addOutput(bytes('0014'.padEnd(44, 'a')), 1_000n)
  previous.addOutput(bytes(script), sats)
  return previous
}

const opened = new Map<string, AccountKeys>()

/** Accounts are opened once, as the vault does; one that does not open is left to the verifier. */
function keysOf(account: PinnedBitcoinAccount): { readonly keys?: AccountKeys } {
  const name = JSON.stringify(account)
  const known = opened.get(name)
  if (known !== undefined) return { keys: known }
  const keys = openAccount(account, fastDerivation)
  if (!keys.ok) return {}
  opened.set(name, keys.value)
  return { keys: keys.value }
}

interface Scenario {
  readonly shape: Shape
  readonly account: PinnedBitcoinAccount
  readonly plan: BitcoinTransactionPlan
}

interface Shape {
  readonly values: readonly number[]
  readonly share: number
  readonly recipients: number
  readonly rate: number
  readonly seed: number
}

/** Deterministic bytes, so that a failing case can be replayed. */
function seeded(seed: number): { bytes(length: number): Uint8Array } {
  let state = seed >>> 0
  return {
    bytes: (length) =>
      Uint8Array.from({ length }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        return state >>> 24
      }),
  }
}

function makeScenario(scriptType: AccountScriptType, shape: Shape): Scenario {
  const account = accountOf(scriptType)
  const previousTransactions = new Map<string, string>()
  const { keys = value(openAccount(account)) } = keysOf(account)
  const coins = shape.values.map((sats, i) => {
    const own = ownAddress(account, keys, { branch: i % 2 === 0 ? 0 : 1, index: i })
    const previous = previousTransaction(own.script, BigInt(sats), i, i % 3)
    previousTransactions.set(previous.getId(), previous.toHex())
    const { path, address, script } = own
    const coin = { txid: previous.getId(), vout: i % 3, value: BigInt(sats) }
    return { ...coin, path, address, script, height: 100 }
  })
  const total = shape.values.reduce((sum, sats) => sum + sats, 0)
  const each = BigInt(Math.floor((total * shape.share) / shape.recipients))
  const recipients = PAID.slice(0, shape.recipients).map((address) => ({ address, value: each }))
  const plan = planBitcoinTransfer({
    account,
    coins,
    previousTransactions,
    payment: { kind: 'pay', recipients },
    feeRateSatPerVb: shape.rate,
    feeCap: { absolute: 10_000_000n, relativeBps: 10_000 },
    changeIndex: 3,
    tipHeight: 500,
    random: seeded(shape.seed),
    keys,
  })
  return { shape, account, plan: value(plan) }
}

const shapes = fc.record({
  values: fc.array(fc.integer({ min: 200_000, max: 3_000_000 }), { minLength: 1, maxLength: 3 }),
  share: fc.double({ min: 0.2, max: 0.85, noNaN: true }),
  recipients: fc.integer({ min: 1, max: 3 }),
  rate: fc.double({ min: 1, max: 40, noNaN: true }),
  seed: fc.integer(),
})

/** Coins of much the same size, all of which are needed, and change left over: every mutation has something to
 *  bite on. */
const fullShapes = fc.record({
  values: fc.array(fc.integer({ min: 600_000, max: 1_000_000 }), { minLength: 2, maxLength: 3 }),
  share: fc.double({ min: 0.8, max: 0.88, noNaN: true }),
  recipients: fc.integer({ min: 1, max: 3 }),
  rate: fc.double({ min: 1, max: 20, noNaN: true }),
  seed: fc.integer(),
})

const random = new Map<AccountScriptType, readonly Scenario[]>()

/** As many random transactions of a kind as this run asks for; the same ones for every mutation. */
function randomScenarios(kind: AccountScriptType): readonly Scenario[] {
  const known =
    random.get(kind) ?? fc.sample(fullShapes, RUNS).map((shape) => makeScenario(kind, shape))
  random.set(kind, known)
  return known
}

/** Tries a mutation on each of them; a failure names the shape it failed on. */
function onRandom(kind: AccountScriptType, check: (scenario: Scenario) => void): void {
  for (const scenario of randomScenarios(kind)) {
    try {
      check(scenario)
    } catch (error) {
      throw new Error(`on ${JSON.stringify(scenario.shape)}`, { cause: error })
    }
  }
}

/** Two inputs and change: every mutation has something to bite on. */
const FULL: Shape = { values: [600_000, 700_000], share: 0.85, recipients: 1, rate: 5, seed: 7 }

function unsigned(plan: BitcoinTransactionPlan): Transaction {
  const transaction = new Transaction()
  transaction.version = plan.version
  transaction.locktime = plan.locktime
  for (const input of plan.inputs) {
    transaction.addInput(bytes(input.txid).reverse(), input.vout, input.sequence)
  }
  for (const output of plan.outputs) transaction.addOutput(bytes(output.script), output.value)
  return transaction
}

function signed(plan: BitcoinTransactionPlan, hashType?: number): Transaction {
  const transaction = unsigned(plan)
  wallet.sign(transaction, plan.inputs, hashType)
  return transaction
}

function verify(
  scenario: Omit<Scenario, 'shape'>,
  rawHex: string,
  changes: Partial<BitcoinVerification> = {},
): ReturnType<typeof verifyBitcoin> {
  const { plan, account } = scenario
  return verifyBitcoin({
    plan,
    account,
    digest: DIGEST,
    rawHex,
    curve: fastCurve,
    ...keysOf(account),
    ...changes,
  })
}

function differencesOf(result: ReturnType<typeof verifyBitcoin>): readonly string[] {
  return result.ok ? [] : result.refusal.data.differences.map((difference) => difference.field)
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index]
  if (found === undefined) throw new Error(`nothing at ${index}`)
  return found
}

for (const kind of KINDS) {
  describe(`${kind}: what was approved passes`, () => {
    it(`${RUNS} random transactions, never larger than planned, with every curve`, {
      timeout: RUNS * 5_000,
    }, () => {
      fc.assert(
        fc.property(shapes, (shape) => {
          const scenario = makeScenario(kind, shape)
          const transaction = signed(scenario.plan)
          for (const means of [
            { curve: nobleCurve, keys: value(openAccount(scenario.account)) },
            { curve: fastCurve },
          ]) {
            const result = verify(scenario, transaction.toHex(), means)
            const verified = value(result)
            expect(verified.txid).toBe(transaction.getId())
            expect(verified.digest).toBe(DIGEST)
            expect(isVerified(verified)).toBe(true)
          }
          expect(transaction.virtualSize()).toBeLessThanOrEqual(scenario.plan.virtualSize)
          // Signatures are at most three bytes shorter than counted.
          const slack = scenario.plan.inputs.length
          expect(transaction.virtualSize()).toBeGreaterThanOrEqual(
            scenario.plan.virtualSize - 2 * slack - 1,
          )
        }),
        { numRuns: RUNS },
      )
    })

    it('@scure/btc-signer reads the same bytes to the same fields', {
      timeout: RUNS * 5_000,
    }, () => {
      fc.assert(
        fc.property(shapes, (shape) => {
          const transaction = signed(makeScenario(kind, shape).plan)
          const read = parseBitcoinTransactionHex(transaction.toHex())
          if (read.kind === 'malformed') throw new Error(read.problem)
          const ours = read.transaction
          const peer = RawTx.decode(bytes(transaction.toHex()))
          expect(ours.version).toBe(peer.version)
          expect(ours.locktime).toBe(peer.lockTime)
          expect(virtualSizeOf(ours)).toBe(transaction.virtualSize())
          expect(ours.txid).toBe(transaction.getId())
          expect(ours.inputs.map(({ txid, vout, sequence }) => ({ txid, vout, sequence }))).toEqual(
            peer.inputs.map((input) => ({
              txid: Buffer.from(input.txid).toString('hex'),
              vout: input.index,
              sequence: input.sequence,
            })),
          )
          expect(ours.inputs.map((input) => Buffer.from(input.scriptSig).toString('hex'))).toEqual(
            peer.inputs.map((input) => Buffer.from(input.finalScriptSig).toString('hex')),
          )
          const hexes = (stack: readonly Uint8Array[]): readonly string[] =>
            stack.map((item) => Buffer.from(item).toString('hex'))
          if (ours.hasWitness) {
            expect(ours.inputs.map((input) => hexes(input.witness))).toEqual(
              (peer.witnesses ?? []).map((stack) => hexes([...stack])),
            )
          }
          expect(
            ours.outputs.map((output) => [
              output.value,
              Buffer.from(output.script).toString('hex'),
            ]),
          ).toEqual(
            peer.outputs.map((output) => [
              output.amount,
              Buffer.from(output.script).toString('hex'),
            ]),
          )
        }),
        { numRuns: RUNS },
      )
    })
  })

  describe(`${kind}: every single-bit flip is refused`, () => {
    it(`${RUNS} random transactions`, { timeout: RUNS * 120_000 }, () => {
      fc.assert(
        fc.property(shapes, (shape) => {
          const small = { ...shape, values: shape.values.slice(0, 1), recipients: 1, share: 0.5 }
          const scenario = makeScenario(kind, small)
          const raw = bytes(signed(scenario.plan).toHex())
          expect(verify(scenario, raw.toString('hex')).ok).toBe(true)
          for (let bit = 0; bit < raw.length * 8; bit++) {
            const flipped = Buffer.from(raw)
            flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
            const result = verify(scenario, flipped.toString('hex'))
            if (result.ok) throw new Error(`bit ${bit} of ${raw.toString('hex')}`)
          }
        }),
        { numRuns: RUNS },
      )
    })
  })

  describe(`${kind}: another transaction with valid signatures is refused`, () => {
    const own = accountOf(kind)
    const script = (branch: 0 | 1, index: number): string =>
      value(deriveBitcoinAddress(own, { branch, index })).script

    /** Each changes the unsigned transaction; it is then signed with the right keys. */
    const honestlySigned: readonly {
      readonly name: string
      readonly field: string
      readonly change: (transaction: Transaction, plan: BitcoinTransactionPlan) => void
    }[] = [
      {
        name: 'another recipient',
        field: 'script',
        change: (tx, plan) => {
          const index = plan.outputs.findIndex((output) => output.role === 'recipient')
          at(tx.outs, index).script = bytes(`0014${'99'.repeat(20)}`)
        },
      },
      { name: 'outputs swapped', field: 'script', change: (tx) => tx.outs.reverse() },
      {
        name: 'one satoshi moved from change to recipient',
        field: 'value',
        change: (tx) => {
          at(tx.outs, 0).value += 1n
          at(tx.outs, 1).value -= 1n
        },
      },
      {
        name: 'one satoshi more to the miner',
        field: 'fee',
        change: (tx) => {
          at(tx.outs, 1).value -= 1n
        },
      },
      {
        name: 'change to another change address of ours',
        field: 'script',
        change: (tx, plan) => {
          const index = plan.outputs.findIndex((output) => output.role === 'change')
          at(tx.outs, index).script = bytes(script(1, 4))
        },
      },
      {
        name: 'change to a receive address of ours',
        field: 'script',
        change: (tx, plan) => {
          const index = plan.outputs.findIndex((output) => output.role === 'change')
          at(tx.outs, index).script = bytes(script(0, 3))
        },
      },
      {
        name: 'an extra output',
        field: 'outputs.length',
        change: (tx) => {
          at(tx.outs, 1).value -= 1_000n
          tx.addOutput(bytes(`0014${'99'.repeat(20)}`), 1_000n)
        },
      },
      { name: 'an output left out', field: 'outputs.length', change: (tx) => tx.outs.pop() },
      { name: 'another locktime', field: 'locktime', change: (tx) => (tx.locktime -= 1) },
      {
        name: 'no locktime',
        field: 'locktime',
        change: (tx) => (tx.locktime = 0),
      },
      { name: 'another version', field: 'version', change: (tx) => (tx.version = 1) },
      {
        name: 'a final sequence',
        field: 'sequence',
        change: (tx) => (at(tx.ins, 0).sequence = 0xffffffff),
      },
      {
        name: 'a relative timelock in the sequence',
        field: 'sequence',
        change: (tx) => (at(tx.ins, 1).sequence = 144),
      },
      {
        name: 'another output of the same previous transaction',
        field: 'vout',
        change: (tx) => (at(tx.ins, 0).index += 1),
      },
      {
        name: 'another previous transaction',
        field: 'txid',
        change: (tx) => (at(tx.ins, 0).hash = new Uint8Array(32).fill(9)),
      },
      {
        name: 'inputs swapped',
        field: 'txid',
        change: (tx) => tx.ins.reverse(),
      },
    ]
    for (const { name, field, change } of honestlySigned) {
      it(name, () => {
        onRandom(kind, (scenario) => {
          const transaction = unsigned(scenario.plan)
          change(transaction, scenario.plan)
          // Keys follow the outpoints, so that a swapped pair is validly signed too.
          const spends = transaction.ins.map((input, i) => {
            const txid = Buffer.from(input.hash).reverse().toString('hex')
            return (
              scenario.plan.inputs.find((row) => row.txid === txid) ?? at(scenario.plan.inputs, i)
            )
          })
          wallet.sign(transaction, spends)
          const result = verify(scenario, transaction.toHex())
          expect(result.ok).toBe(false)
          expect(differencesOf(result).some((name) => name.includes(field))).toBe(true)
        })
      })
    }

    it('an extra input of ours, and a duplicated one', () => {
      onRandom(kind, (scenario) => {
        for (const extra of [
          { ...at(scenario.plan.inputs, 0), vout: 5 },
          at(scenario.plan.inputs, 0),
        ]) {
          const transaction = unsigned(scenario.plan)
          transaction.addInput(bytes(extra.txid).reverse(), extra.vout, extra.sequence)
          wallet.sign(transaction, [...scenario.plan.inputs, extra])
          const fields = differencesOf(verify(scenario, transaction.toHex()))
          expect(fields).toContain('inputs.length')
        }
      })
    })

    it('a plan that itself spends one coin twice', () => {
      onRandom(kind, ({ plan, account }) => {
        const first = at(plan.inputs, 0)
        const doubled = {
          ...plan,
          inputs: [first, first],
          fee: first.value * 2n - plan.outputs.reduce((sum, output) => sum + output.value, 0n),
        }
        const fields = differencesOf(verify({ plan: doubled, account }, signed(doubled).toHex()))
        expect(fields).toContain('inputs.distinct')
      })
    })

    const hashTypes = kind === 'p2tr' ? [1, 2, 3, 0x81, 0x82, 0x83] : [2, 3, 0x81, 0x82, 0x83]
    for (const hashType of hashTypes) {
      it(`hash type 0x${hashType.toString(16)}, validly signed`, () => {
        onRandom(kind, (scenario) => {
          const { inputs, outputs } = scenario.plan
          // SINGLE signs the output beside the input: taproot has no such signature where there is none (BIP341).
          if (kind === 'p2tr' && (hashType & 3) === 3 && inputs.length > outputs.length) return
          const result = verify(scenario, signed(scenario.plan, hashType).toHex())
          // Taproot writes a type other than its default in a byte more, which may also be too large.
          expect(differencesOf(result).filter((field) => field !== 'virtualSize')).toEqual(
            inputs.map((_, index) => `inputs[${index}].hashType`),
          )
        })
      })
    }

    it('trailing bytes', () => {
      onRandom(kind, (scenario) => {
        expect(differencesOf(verify(scenario, `${signed(scenario.plan).toHex()}00`))).toEqual([
          'encoding',
        ])
      })
    })

    it('a length written longer than needed', () => {
      onRandom(kind, (scenario) => {
        const raw = signed(scenario.plan).toHex()
        const countAt = kind === 'p2pkh' ? 8 : 12
        const count = raw.slice(countAt, countAt + 2)
        expect(Number.parseInt(count, 16)).toBe(scenario.plan.inputs.length)
        const longer = `${raw.slice(0, countAt)}fd${count}00${raw.slice(countAt + 2)}`
        expect(differencesOf(verify(scenario, longer))).toEqual(['encoding'])
      })
    })

    it('signatures over a false input value (the segwit fee attack)', () => {
      onRandom(kind, (scenario) => {
        const [first, ...rest] = scenario.plan.inputs
        if (first === undefined) throw new Error('no input')
        const plan = {
          ...scenario.plan,
          inputs: [{ ...first, value: first.value - 50_000n }, ...rest],
          fee: scenario.plan.fee - 50_000n,
        }
        const fields = differencesOf(verify({ ...scenario, plan }, signed(plan).toHex()))
        expect(fields).toContain('inputs[0].value')
        expect(fields).toContain('fee')
      })
    })
  })

  describe(`${kind}: a plan that does not hold together is refused although validly signed`, () => {
    type Change = (plan: BitcoinTransactionPlan) => BitcoinTransactionPlan
    const firstInput =
      (change: object): Change =>
      (plan) => ({
        ...plan,
        inputs: plan.inputs.map((input, i) => (i === 0 ? { ...input, ...change } : input)),
      })
    const changeOutput =
      (change: object): Change =>
      (plan) => ({
        ...plan,
        outputs: plan.outputs.map((output) =>
          output.role === 'change' ? { ...output, ...change } : output,
        ),
      })
    const recipientOutput =
      (change: object): Change =>
      (plan) => ({
        ...plan,
        outputs: plan.outputs.map((output) =>
          output.role === 'recipient' ? { ...output, ...change } : output,
        ),
      })
    const own = accountOf(kind)
    const rows: readonly {
      readonly name: string
      readonly field: string
      readonly change: Change
    }[] = [
      {
        name: 'change paid to a stranger',
        field: 'change',
        change: changeOutput({
          script: `0014${'99'.repeat(20)}`,
          address: 'bcrt1qnxvenxvenxvenxvenxvenxvenxvenxve5v2n8a',
        }),
      },
      {
        name: 'change on the receive branch',
        field: 'path',
        change: (plan) => {
          const { path, script, address } = value(
            deriveBitcoinAddress(own, { branch: 0, index: 3 }),
          )
          return changeOutput({ path, script, address })(plan)
        },
      },
      {
        name: 'change of another account',
        field: 'path',
        change: changeOutput({ path: "m/84'/1'/9'/1/3" }),
      },
      { name: 'change without a path', field: 'path', change: changeOutput({ path: null }) },
      {
        name: 'an address that is not the script that is paid',
        field: 'address',
        change: recipientOutput({ address: 'bcrt1q6rz28mcfaxtmd6v789l9rrlrusdprr9pz3cppk' }),
      },
      {
        name: 'an address of mainnet',
        field: 'address',
        change: recipientOutput({ address: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4' }),
      },
      {
        name: 'a recipient that claims to be ours',
        field: 'path',
        change: recipientOutput({ path: `${own.path}/1/3` }),
      },
      {
        name: 'a previous transaction with another txid',
        field: 'previousTransaction',
        change: firstInput({
          previousTransaction: previousTransaction('51', 5_000_000n, 44, 2).toHex(),
        }),
      },
      {
        name: 'a coin that pays another script than planned',
        field: '.script',
        change: (plan) => {
          const first = at(plan.inputs, 0)
          const foreign = previousTransaction(`0014${'77'.repeat(20)}`, first.value, 9, first.vout)
          const coin = { txid: foreign.getId(), previousTransaction: foreign.toHex() }
          return firstInput(coin)(plan)
        },
      },
      {
        name: 'a coin of a stranger, planned as such',
        field: '.owner',
        change: (plan) => {
          const first = at(plan.inputs, 0)
          const script = `0014${'77'.repeat(20)}`
          const foreign = previousTransaction(script, first.value, 9, first.vout)
          const coin = { txid: foreign.getId(), previousTransaction: foreign.toHex(), script }
          return firstInput(coin)(plan)
        },
      },
      {
        name: 'an output that the previous transaction does not have',
        field: 'previousTransaction',
        change: firstInput({ vout: 40 }),
      },
      {
        name: 'a previous transaction that is no transaction',
        field: 'previousTransaction',
        change: firstInput({ previousTransaction: '00' }),
      },
      {
        name: 'an input path outside the account',
        field: 'path',
        change: firstInput({ path: 'm/0' }),
      },
      {
        name: 'another public key',
        field: 'publicKey',
        change: firstInput({ publicKey: `02${'11'.repeat(32)}` }),
      },
      {
        name: 'a fee that does not add up',
        field: 'fee',
        change: (plan) => ({ ...plan, fee: 1n }),
      },
      {
        name: 'a size smaller than the transaction',
        field: 'virtualSize',
        change: (plan) => ({ ...plan, virtualSize: 100 }),
      },
      {
        name: 'the other network',
        field: 'network',
        change: (plan) => ({ ...plan, network: 'mainnet' }),
      },
    ]
    for (const { name, field, change } of rows) {
      it(name, () => {
        onRandom(kind, ({ account, plan }) => {
          const changed = change(plan)
          const transaction = unsigned(changed)
          wallet.sign(transaction, plan.inputs)
          const fields = differencesOf(verify({ account, plan: changed }, transaction.toHex()))
          expect(fields.some((name) => name.includes(field))).toBe(true)
        })
      })
    }

    it('an account key of another wallet', () => {
      onRandom(kind, (scenario) => {
        const path = scenario.account.path.replace("1'/0'", "1'/1'")
        const account = { ...scenario.account, path, xpub: wallet.xpub(path) }
        expect(verify({ ...scenario, account }, signed(scenario.plan).toHex()).ok).toBe(false)
      })
    })

    it('keys that were opened of another account', () => {
      onRandom(kind, (scenario) => {
        const path = scenario.account.path.replace("1'/0'", "1'/1'")
        const other = { ...scenario.account, path, xpub: wallet.xpub(path) }
        const fields = differencesOf(verify(scenario, signed(scenario.plan).toHex(), keysOf(other)))
        expect(fields).toEqual(['account', 'account'])
      })
    })

    it('an account key of the other network', () => {
      onRandom(kind, (scenario) => {
        const account = { ...scenario.account, xpub: stranger.xpub(scenario.account.path) }
        expect(
          differencesOf(verify({ ...scenario, account }, signed(scenario.plan).toHex())),
        ).toEqual(['account'])
      })
    })
  })
}

for (const kind of KINDS.filter((other) => other !== 'p2pkh')) {
  describe(`${kind}: what is added around a valid signature is refused`, () => {
    it('an extra witness item, an annex, a missing witness', () => {
      onRandom(kind, (scenario) => {
        for (const mutate of [
          (stack: Uint8Array[]) => [...stack, new Uint8Array(0)],
          (stack: Uint8Array[]) => [...stack, Uint8Array.of(0x50, 1, 2)],
          (stack: Uint8Array[]) => [new Uint8Array(0), ...stack],
          (): Uint8Array[] => [],
        ]) {
          const transaction = signed(scenario.plan)
          transaction.setWitness(1, mutate(at(transaction.ins, 1).witness))
          const fields = differencesOf(verify(scenario, transaction.toHex()))
          expect(fields).toContain('inputs[1].witness.length')
        }
      })
    })

    it('a scriptSig with something added', () => {
      onRandom(kind, (scenario) => {
        const transaction = signed(scenario.plan)
        const first = at(transaction.ins, 0)
        transaction.setInputScript(0, Buffer.concat([first.script, Uint8Array.of(0x51)]))
        const fields = differencesOf(verify(scenario, transaction.toHex()))
        expect(fields).toContain('inputs[0].scriptSig')
      })
    })
  })
}

for (const kind of ['p2tr'] as const) {
  describe(`${kind}: a witness of the script path is refused`, () => {
    it('whatever leaf and control block it names', () => {
      onRandom(kind, (scenario) => {
        const transaction = signed(scenario.plan)
        const key = bytes(at(scenario.plan.inputs, 0).publicKey).subarray(1)
        const leaf = Buffer.concat([Uint8Array.of(0x20), key, Uint8Array.of(0xac)])
        const control = Buffer.concat([Uint8Array.of(0xc0), key])
        const [signature = new Uint8Array(64)] = at(transaction.ins, 0).witness
        for (const stack of [
          [signature, leaf, control],
          [leaf, control],
          [signature, leaf, control, Uint8Array.of(0x50)],
        ]) {
          transaction.setWitness(0, stack)
          const fields = differencesOf(verify(scenario, transaction.toHex()))
          expect(fields).toContain('inputs[0].witness.length')
        }
      })
    })
  })
}

for (const kind of ['p2pkh'] as const) {
  describe(`${kind}: what is added around a valid signature is refused`, () => {
    it('a non-minimal push of the signature', () => {
      onRandom(kind, (scenario) => {
        const transaction = signed(scenario.plan)
        const { script: scriptSig } = at(transaction.ins, 0)
        transaction.setInputScript(0, Buffer.concat([Uint8Array.of(0x4c), scriptSig]))
        const fields = differencesOf(verify(scenario, transaction.toHex()))
        expect(fields).toContain('inputs[0].scriptSig')
      })
    })

    it('a witness beside the scriptSig', () => {
      onRandom(kind, (scenario) => {
        const transaction = signed(scenario.plan)
        transaction.setWitness(0, [new Uint8Array(1)])
        const fields = differencesOf(verify(scenario, transaction.toHex()))
        expect(fields).toContain('inputs[0].witness.length')
      })
    })
  })
}

for (const kind of ['p2sh-p2wpkh'] as const) {
  describe(`${kind}: the redeem script in another push is refused`, () => {
    it('no redeem script at all, or that of another key of ours', () => {
      onRandom(kind, (scenario) => {
        const other = p2wpkhScript(wallet.publicKey(`${scenario.account.path}/0/19`))
        for (const push of [Buffer.alloc(0), Buffer.concat([Uint8Array.of(other.length), other])]) {
          const transaction = signed(scenario.plan)
          transaction.setInputScript(0, push)
          expect(differencesOf(verify(scenario, transaction.toHex()))).toEqual([
            'inputs[0].scriptSig',
          ])
        }
      })
    })

    it('a non-minimal push of the redeem script', () => {
      onRandom(kind, (scenario) => {
        const transaction = signed(scenario.plan)
        const { script: scriptSig } = at(transaction.ins, 0)
        transaction.setInputScript(0, Buffer.concat([Uint8Array.of(0x4c), scriptSig]))
        const fields = differencesOf(verify(scenario, transaction.toHex()))
        expect(fields).toContain('inputs[0].scriptSig')
      })
    })
  })
}

for (const kind of KINDS.filter((other) => other !== 'p2tr')) {
  describe(`${kind}: other ECDSA signatures are refused`, () => {
    const own = accountOf(kind)
    it('high S, which is the same signature to the curve', () => {
      onRandom(kind, (scenario) => {
        const transaction = signed(scenario.plan)
        const malleate = (encoded: Uint8Array): Uint8Array => {
          const { signature, hashType } = bitcoinScript.signature.decode(encoded)
          const s = signature.slice(32).reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
          const high = (secp256k1.Point.Fn.ORDER - s).toString(16).padStart(64, '0')
          const flipped = Buffer.concat([signature.slice(0, 32), bytes(high)])
          return bitcoinScript.signature.encode(flipped, hashType)
        }
        if (kind === 'p2pkh') {
          const chunks = bitcoinScript.decompile(at(transaction.ins, 0).script) ?? []
          const [signature, key] = chunks
          if (!(signature instanceof Uint8Array) || !(key instanceof Uint8Array)) throw new Error()
          transaction.setInputScript(0, bitcoinScript.compile([malleate(signature), key]))
        } else {
          const [signature, key] = at(transaction.ins, 0).witness
          if (signature === undefined || key === undefined) throw new Error()
          transaction.setWitness(0, [malleate(signature), key])
        }
        const lax: Curve = {
          ...fastCurve,
          verifyEcdsa: (hash, publicKey, signature) =>
            ecc.verify(hash, publicKey, signature, false),
        }
        expect(differencesOf(verify(scenario, transaction.toHex(), { curve: lax }))).toContain(
          'inputs[0].signature',
        )
      })
    })

    it('a valid signature by another key of ours', () => {
      onRandom(kind, (scenario) => {
        const transaction = unsigned(scenario.plan)
        const path = `${own.path}/0/19`
        const spends = scenario.plan.inputs.map((input) => ({ ...input, path }))
        wallet.sign(transaction, spends)
        expect(differencesOf(verify(scenario, transaction.toHex()))).toContain('inputs[0].signedBy')
      })
    })
  })
}

describe('bytes that are no transaction', () => {
  const scenario = makeScenario('p2wpkh', FULL)
  const raw = signed(scenario.plan).toHex()
  const rows = [
    ['nothing', ''],
    ['text', 'not hex'],
    ['half a byte', raw.slice(0, -1)],
    ['half a transaction', raw.slice(0, 100)],
    ['two transactions', raw + raw],
    ['another flag', `${raw.slice(0, 10)}02${raw.slice(12)}`],
    ['a count beyond its bytes', `02000000fdffff${'00'.repeat(60)}`],
    ['a count of four thousand million', `02000000feffffffff${'00'.repeat(60)}`],
  ] as const
  for (const [name, text] of rows) {
    it(name, () => {
      expect(verify(scenario, text).ok).toBe(false)
    })
  }

  it('a segwit transaction without its witnesses says so', () => {
    const fields = differencesOf(verify(scenario, unsigned(scenario.plan).toHex()))
    expect(fields).toEqual(['segwit', 'inputs[0].witness.length', 'inputs[1].witness.length'])
  })

  it('random bytes never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (random) => {
        expect(verify(scenario, Buffer.from(random).toString('hex')).ok).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('the address of the scenario is real', () => {
    for (const address of PAID) expect(decodeBitcoinAddress(address, 'regtest').ok).toBe(true)
  })
})
