/** A wallet for the sources' tests: its first regtest account, its addresses, and a payment planned over a port,
 *  signed as told and verified. The keys come from the test. */
import { randomBytes } from 'node:crypto'
import { Transaction } from 'bitcoinjs-lib'
import { planBitcoinTransfer } from '../../../../shared/transfer/btc/planBitcoinTransfer.ts'
import type { BitcoinTransactionPlan } from '../../../../shared/transfer/plan.ts'
import { verifyBitcoin } from '../../../../shared/transfer/verify/bitcoin.ts'
import type { VerifiedTransaction } from '../../../../shared/transfer/verify/verified.ts'
import type { PinnedBitcoinAccount } from '../../../../shared/vault/account.ts'
import { type OwnAddress, deriveBitcoinAddress } from '../../../../shared/vault/ownAddress.ts'
import type { BitcoinPort } from '../../../host/ports.ts'
import { createCurve } from './curve.ts'

/** What holds the keys: the simulator's test wallet. */
interface Keys {
  xpub(path: string): string
  sign(transaction: Transaction, spends: BitcoinTransactionPlan['inputs']): void
}

export const ACCOUNT_PATH = "m/84'/1'/0'"
/** The public test vector. */
export const MNEMONIC = `${'abandon '.repeat(11)}about`
export const STRANGER = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080'

const never = new AbortController().signal
const curve = createCurve()

/** What a Result holds; throws its refusal. */
export function value<T>(
  result:
    | { readonly ok: true; readonly value: T }
    | { readonly ok: false; readonly refusal: object },
): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

export interface PaymentTools {
  readonly account: PinnedBitcoinAccount
  own(branch: 0 | 1, index: number): OwnAddress
  /** Reads coins of our first addresses and plans a payment out of them. */
  planPayment(
    port: BitcoinPort,
    recipient: string,
    sats: bigint,
    feeRateSatPerVb?: number,
  ): Promise<BitcoinTransactionPlan>
  sign(planned: BitcoinTransactionPlan): string
  verified(planned: BitcoinTransactionPlan): VerifiedTransaction
}

export function paymentTools(wallet: Keys): PaymentTools {
  const account: PinnedBitcoinAccount = {
    chain: 'bitcoin',
    id: 'vault',
    network: 'regtest',
    path: ACCOUNT_PATH,
    xpub: wallet.xpub(ACCOUNT_PATH),
    scriptType: 'p2wpkh',
  }

  function own(branch: 0 | 1, index: number): OwnAddress {
    return value(deriveBitcoinAddress(account, { branch, index }))
  }

  async function planPayment(
    port: BitcoinPort,
    recipient: string,
    sats: bigint,
    feeRateSatPerVb?: number,
  ): Promise<BitcoinTransactionPlan> {
    const addresses = [own(0, 0), own(0, 1), own(1, 0)]
    const found = value(
      await port.readCoins(
        addresses.map((address) => address.script),
        never,
      ),
    )
    const coins = found.map((coin) => {
      const owner = addresses.find((address) => address.script === coin.script)
      if (owner === undefined) throw new Error('a coin of nobody')
      return { ...coin, address: owner.address, path: owner.path }
    })
    const previousTransactions = new Map<string, string>()
    for (const { txid } of coins) {
      previousTransactions.set(txid, value(await port.readTransaction(txid, never)))
    }
    return value(
      planBitcoinTransfer({
        account,
        coins,
        previousTransactions,
        payment: { kind: 'pay', recipients: [{ address: recipient, value: sats }] },
        feeRateSatPerVb: feeRateSatPerVb ?? value(await port.readFeeRate(3, never)),
        feeCap: { absolute: 50_000n, relativeBps: 2_000 },
        changeIndex: 0,
        tipHeight: value(await port.readTip(never)).height,
        random: { bytes: (length) => Uint8Array.from(randomBytes(length)) },
      }),
    )
  }

  function sign(planned: BitcoinTransactionPlan): string {
    const transaction = new Transaction()
    transaction.version = planned.version
    transaction.locktime = planned.locktime
    for (const input of planned.inputs) {
      transaction.addInput(Buffer.from(input.txid, 'hex').reverse(), input.vout, input.sequence)
    }
    for (const output of planned.outputs) {
      transaction.addOutput(Buffer.from(output.script, 'hex'), output.value)
    }
    wallet.sign(transaction, planned.inputs)
    return transaction.toHex()
  }

  function verified(planned: BitcoinTransactionPlan): VerifiedTransaction {
    const rawHex = sign(planned)
    return value(verifyBitcoin({ plan: planned, digest: 'ab'.repeat(32), rawHex, account, curve }))
  }

  return { account, own, planPayment, sign, verified }
}
