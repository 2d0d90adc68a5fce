/** The coin selectors that ours is measured against, each behind the same question: which of these
 *  P2WPKH coins pay this P2WPKH recipient? What a peer needs of a coin is prepared before the clock runs. */
import { coinselect as bitcoinerlab } from '@bitcoinerlab/coinselect'
import onekey from '@onekeyfe/coinselect/witness.js'
import { selectUTXO } from '@scure/btc-signer/utxo.js'
import coinselect from 'coinselect'
import { selectCoins } from '../shared/vault/selection.ts'
import { INPUT_WEIGHT, outputWeight } from '../shared/vault/weight.ts'

export interface BenchCoin {
  readonly id: number
  readonly value: number
}

export interface Chosen {
  readonly ids: readonly number[]
  /** 0 for none. */
  readonly change: number
  readonly fee: number
}

export interface Selector {
  readonly name: string
  /** Prepares the coins; the result answers one payment, or undefined where it finds nothing. */
  prepare(
    coins: readonly BenchCoin[],
  ): (target: number, feeRateSatPerVb: number) => Chosen | undefined
}

export const LONG_TERM_RATE = 10
const RECIPIENT = 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4'
const CHANGE = 'bc1q8c6fshw2dlwun7ekn9qwf37cu2rn755upcp6el'
const OWN_SCRIPT = Uint8Array.of(0x00, 0x14, ...new Uint8Array(20).fill(7))

function txidOf(id: number): string {
  return id.toString(16).padStart(64, '0')
}

/** Cheap bytes: every selector draws from what its host offers, so that none pays for a slow generator. */
function seededBytes(): { bytes(length: number): Uint8Array } {
  let state = 12_345
  return {
    bytes: (length) =>
      Uint8Array.from({ length }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        return state >>> 24
      }),
  }
}

export const ours: Selector = {
  name: 'bulkhead',
  prepare(coins) {
    const own = coins.map(({ id, value }) => ({ id, value: BigInt(value) }))
    const random = seededBytes()
    return (target, feeRateSatPerVb) => {
      const chosen = selectCoins({
        coins: own,
        scriptTypeOf: () => 'p2wpkh',
        changeType: 'p2wpkh',
        target: BigInt(target),
        recipientKinds: ['p2wpkh'],
        feeRateSatPerVb,
        longTermFeeRateSatPerVb: LONG_TERM_RATE,
        maxInputs: 60,
        random,
      })
      if (!chosen.ok) return undefined
      const { inputs, change, fee } = chosen.value
      return { ids: inputs.map(({ id }) => id), change: Number(change ?? 0n), fee: Number(fee) }
    }
  },
}

export const plainCoinselect: Selector = {
  name: 'coinselect 3.1.13',
  prepare(coins) {
    // Beyond its 41 bytes of every input: what the witness counts for, a quarter of 109 weight units.
    const own = coins.map((coin) => ({ ...coin, script: { length: INPUT_WEIGHT.p2wpkh / 4 - 41 } }))
    return (target, rate) => {
      const outputs = [{ value: target, script: { length: 22 } }]
      const chosen = coinselect(own, outputs, rate)
      if (chosen.inputs === undefined) return undefined
      return {
        ids: chosen.inputs.map(({ id }) => id),
        change: chosen.outputs?.[1]?.value ?? 0,
        fee: chosen.fee,
      }
    }
  },
}

export const onekeyCoinselect: Selector = {
  name: '@onekeyfe/coinselect 3.1.17',
  prepare(coins) {
    const own = coins.map(({ id, value }) => ({
      vout: 0,
      txid: txidOf(id),
      amount: String(value),
      coinbase: false,
      own: true,
      confirmations: 10,
    }))
    return (target, feeRate) => {
      const chosen = onekey({
        utxos: own,
        outputs: [{ type: 'payment', address: RECIPIENT, amount: String(target) }],
        feeRate,
        changeAddress: { address: CHANGE, path: "m/84'/0'/0'/1/0" },
        network: MAINNET,
        txType: 'p2wpkh',
        dustThreshold: 294,
      })
      const change = chosen.outputs.find(({ type }) => type === 'change')
      return {
        ids: chosen.inputs.map(({ txid }) => Number.parseInt(txid, 16)),
        change: Number(change?.amount ?? 0),
        fee: Number(chosen.fee),
      }
    }
  },
}

/** As @trezor/utxo-lib, which that package carries, describes it. */
const MAINNET = {
  messagePrefix: '\x18Bitcoin Signed Message:\n',
  bech32: 'bc',
  bip32: { public: 0x0488b21e, private: 0x0488ade4 },
  pubKeyHash: 0x00,
  scriptHash: 0x05,
  wif: 0x80,
}

/** What that package asks of a descriptor's output; fixed sizes answer faster than descriptors would. */
const KEY_HASH_OUTPUT = {
  isSegwit: () => true,
  inputWeight: () => INPUT_WEIGHT.p2wpkh,
  outputWeight: () => outputWeight('p2wpkh'),
}

export const bitcoinerlabCoinselect: Selector = {
  name: '@bitcoinerlab/coinselect 1.3.4',
  prepare(coins) {
    const own = coins.map((coin) => ({ ...coin, output: KEY_HASH_OUTPUT }))
    return (target, feeRate) => {
      const chosen = bitcoinerlab({
        utxos: own,
        targets: [{ output: KEY_HASH_OUTPUT, value: target }],
        remainder: KEY_HASH_OUTPUT,
        feeRate,
      })
      if (chosen === undefined) return undefined
      return {
        ids: chosen.utxos.map(({ id }) => id),
        change: chosen.targets[1]?.value ?? 0,
        fee: chosen.fee,
      }
    }
  },
}

export const scureSelect: Selector = {
  name: '@scure/btc-signer 2.4.1',
  prepare(coins) {
    const own = coins.map(({ id, value }) => ({
      txid: txidOf(id),
      index: 0,
      witnessUtxo: { amount: BigInt(value), script: OWN_SCRIPT },
    }))
    return (target, feeRate) => {
      const chosen = selectUTXO(own, [{ address: RECIPIENT, amount: BigInt(target) }], 'default', {
        feePerByte: BigInt(Math.ceil(feeRate)),
        changeAddress: CHANGE,
        createTx: false,
      })
      if (chosen?.fee === undefined) return undefined
      const paidIn = chosen.inputs.reduce(
        (sum, input) => sum + (input.witnessUtxo?.amount ?? 0n),
        0n,
      )
      const change = chosen.change ? paidIn - BigInt(target) - chosen.fee : 0n
      const ids = chosen.inputs.map(({ txid }) =>
        Number.parseInt(Buffer.from(txid ?? []).toString('hex'), 16),
      )
      return { ids, change: Number(change), fee: Number(chosen.fee) }
    }
  },
}
