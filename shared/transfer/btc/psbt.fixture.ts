/** A plan of two inputs, a recipient and change for each kind of account; the wallet that can sign it is the
 *  test's. Change goes to index 2 of the change branch. */
import { hex } from '@scure/base'
import type { Result } from '../../errors/refusal.ts'
import type { Coin, PinnedBitcoinAccount } from '../../vault/account.ts'
import { deriveBitcoinAddress } from '../../vault/ownAddress.ts'
import type { AccountScriptType } from '../../vault/script.ts'
import { parseBitcoinTransaction } from '../verify/bitcoinTransaction.ts'
import { planBitcoinTransfer } from './planBitcoinTransfer.ts'
import { inputBytes, outputBytes, serializeTransaction } from './transactionBytes.ts'

const PURPOSE = { p2pkh: 44, 'p2sh-p2wpkh': 49, p2wpkh: 84, p2tr: 86 }
/** Of the mnemonic that all test vectors share. */
export const FINGERPRINT = '73c5da0a'

export function value<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.refusal))
  return result.value
}

export function makeSource(
  wallet: { xpub(path: string): string },
  scriptType: AccountScriptType = 'p2wpkh',
) {
  const path = `m/${PURPOSE[scriptType]}'/1'/0'`
  const account: PinnedBitcoinAccount = {
    chain: 'bitcoin',
    id: scriptType,
    network: 'regtest',
    path,
    xpub: wallet.xpub(path),
    scriptType,
  }
  const own = (branch: 0 | 1, index: number) =>
    value(deriveBitcoinAddress(account, { branch, index }))
  const previousTransactions = new Map<string, string>()
  const coins = [0, 1].map((index): Coin => {
    const { address, script, path: coinPath } = own(0, index)
    const foreign = inputBytes(`0${index + 1}`.repeat(32), 0, new Uint8Array(0), 0xffffffff)
    const raw = serializeTransaction(2, 0, [foreign], [outputBytes(300_000n, hex.decode(script))])
    const made = parseBitcoinTransaction(raw)
    if (made.kind === 'malformed') throw new Error(made.problem)
    const { txid } = made.transaction
    previousTransactions.set(txid, hex.encode(raw))
    return { txid, vout: 0, value: 300_000n, height: 5, script, address, path: coinPath }
  })
  const recipients = [{ address: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', value: 400_000n }]
  const plan = value(
    planBitcoinTransfer({
      account,
      coins,
      previousTransactions,
      payment: { kind: 'pay', recipients },
      feeRateSatPerVb: 3,
      feeCap: { absolute: 50_000n, relativeBps: 1_000 },
      changeIndex: 2,
      tipHeight: 500,
      random: { bytes: (length) => new Uint8Array(length).fill(0x11) },
    }),
  )
  const change = own(1, 2)
  const changeKeys = new Map([[change.path, change.publicKey]])
  return { plan, account, fingerprint: FINGERPRINT, changeKeys, coins, previousTransactions, own }
}
