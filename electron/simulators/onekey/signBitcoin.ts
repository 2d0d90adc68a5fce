/** The SignTx conversation: every input, every output with its button, the total, then (unless all inputs
 *  are taproot, which sign their amounts) each full previous transaction, hashed to its id and its amount
 *  compared, as the firmware does, then inputs and outputs once more, held to what was confirmed.
 *  Amounts in satoshi. */
import { sha256 } from '@noble/hashes/sha256'
import { z } from 'zod'
import { type TxOutput, type Unlocking, serializeTransaction } from './bitcoin.ts'
import { equalBytes } from './bytes.ts'
import type { Lie } from './fault.ts'
import { type CoinRules, type DeviceSeed, coinByName, elsewhere, keyAt } from './keys.ts'
import { type DeviceScreen, decimalText } from './screen.ts'
import { scriptOf, witnessProgram } from './scriptKind.ts'
import { DeviceFailure, type Session } from './session.ts'
import { unlock } from './signatureHash.ts'
import {
  type AskedOutput,
  type SpentInput,
  parsed,
  readInput,
  readOutput,
  readPrevious,
  sameAccount,
} from './transactionRequests.ts'

const SHA_NONE_ANYONE = 0x82

const signTxSchema = z.object({
  inputs_count: z.int().min(1),
  outputs_count: z.int().min(1),
  coin_name: z.string(),
  version: z.int(),
  lock_time: z.int(),
})

function outputScreen(coin: CoinRules, output: AskedOutput): DeviceScreen {
  return {
    kind: 'showing',
    title: { word: 'transaction', of: coin.name },
    lines: [
      { label: 'amount', value: `${decimalText(output.amount, 8)} ${coin.ticker}` },
      { label: 'to', value: output.shown },
    ],
  }
}

function totalScreen(
  coin: CoinRules,
  sums: { readonly spent: bigint; readonly fee: bigint },
  lockTime: number,
): DeviceScreen {
  return {
    kind: 'showing',
    title: { word: 'confirmTransaction' },
    lines: [
      { label: 'total', value: `${decimalText(sums.spent, 8)} ${coin.ticker}` },
      { label: 'fee', value: `${decimalText(sums.fee, 8)} ${coin.ticker}` },
      ...(lockTime === 0 ? [] : [{ label: 'lockTime' as const, value: `${lockTime}` }]),
    ],
  }
}

/** Somebody else's script, the same on every device. */
const THIEF = witnessProgram(sha256(new TextEncoder().encode('not the recipient')))
const MOVED = 1_000n

/** The outputs that a lying device signs in place of those it showed. */
function bend(outputs: readonly AskedOutput[], lie: Lie | null): readonly TxOutput[] {
  const recipient = outputs.findIndex((o) => o.role === 'recipient')
  const change = outputs.findIndex((o) => o.role === 'change')
  return outputs.map((output, i): TxOutput => {
    if (lie === 'recipient' && i === recipient) return { ...output, script: THIEF }
    if (lie === 'change' && i === change) return { ...output, script: THIEF }
    if (lie === 'amount' && i === recipient) return { ...output, amount: output.amount + MOVED }
    if (lie === 'amount' && i === change) return { ...output, amount: output.amount - MOVED }
    return output
  })
}

const BITCOIN_LIES: readonly Lie[] = ['recipient', 'amount', 'change', 'hash-type', 'other-key']

export async function signBitcoin(
  session: Session,
  device: { readonly seed: DeviceSeed; takeLie(among: readonly Lie[]): Lie | null },
  body: unknown,
): Promise<void> {
  const ask = parsed(signTxSchema, body)
  const coin = coinByName(ask.coin_name)
  if (coin === null) throw new DeviceFailure('Failure_DataError', 'Invalid coin')
  const header = { version: ask.version, lockTime: ask.lock_time }

  const inputs: SpentInput[] = []
  for (let i = 0; i < ask.inputs_count; i++) inputs.push(await readInput(session, i))
  const account = inputs[0]?.path ?? []
  const oneAccount = inputs.every((input) => sameAccount(input.path, account))

  const outputs: AskedOutput[] = []
  for (let i = 0; i < ask.outputs_count; i++) {
    const output = await readOutput(session, i, {
      seed: device.seed,
      coin,
      account: oneAccount ? account : [],
    })
    outputs.push(output)
    if (output.role === 'recipient') {
      await session.confirm(outputScreen(coin, output), {
        code: 'ButtonRequest_ConfirmOutput',
        last: 'more',
      })
    }
  }
  const totalIn = inputs.reduce((sum, input) => sum + input.amount, 0n)
  const totalOut = outputs.reduce((sum, output) => sum + output.amount, 0n)
  if (totalIn < totalOut) throw new DeviceFailure('Failure_NotEnoughFunds', 'Not enough funds')
  const kept = outputs.reduce((sum, o) => (o.role === 'change' ? sum + o.amount : sum), 0n)
  const sums = { spent: totalIn - kept, fee: totalIn - totalOut }
  await session.confirm(totalScreen(coin, sums, header.lockTime), {
    code: 'ButtonRequest_SignTx',
    last: 'last',
  })

  const needsPrevious = inputs.some((input) => input.kind !== 'SPENDTAPROOT')
  for (const input of needsPrevious ? inputs : []) {
    const previous = (await readPrevious(session, input.prevHash))[input.prevIndex]
    if (previous === undefined || previous.amount !== input.amount) {
      throw new DeviceFailure('Failure_DataError', 'Invalid amount specified')
    }
    const expected = scriptOf(input.kind, keyAt(device.seed, input.path).publicKey)
    if (!equalBytes(previous.script, expected)) {
      throw new DeviceFailure('Failure_DataError', 'Input does not match scriptPubKey')
    }
  }

  const lie = device.takeLie(BITCOIN_LIES)
  const signed = bend(outputs, lie)
  await sendSigned(session, device.seed, { header, inputs, outputs, signed, coin, account }, lie)
}

/** Asks for every input again, since what is signed must be what was confirmed, and streams the result. */
async function sendSigned(
  session: Session,
  seed: DeviceSeed,
  tx: {
    readonly header: { readonly version: number; readonly lockTime: number }
    readonly inputs: readonly SpentInput[]
    readonly outputs: readonly AskedOutput[]
    readonly signed: readonly TxOutput[]
    readonly coin: CoinRules
    readonly account: readonly number[]
  },
  lie: Lie | null,
): Promise<void> {
  for (const [i, confirmed] of tx.outputs.entries()) {
    const again = await readOutput(session, i, { seed, coin: tx.coin, account: tx.account })
    if (again.amount !== confirmed.amount || !equalBytes(again.script, confirmed.script)) {
      throw new DeviceFailure('Failure_ProcessError', 'Transaction has changed during signing')
    }
  }
  const inputs = tx.inputs.map((input) => ({
    ...input,
    script: scriptOf(input.kind, keyAt(seed, input.path).publicKey),
  }))
  const hashType = lie === 'hash-type' ? SHA_NONE_ANYONE : null
  const unlocking: Unlocking[] = []
  let pending: Record<string, unknown> | undefined
  for (const [i, confirmed] of tx.inputs.entries()) {
    const again = await readInput(session, i, pending)
    if (
      again.amount !== confirmed.amount ||
      again.prevIndex !== confirmed.prevIndex ||
      again.sequence !== confirmed.sequence ||
      !equalBytes(again.prevHash, confirmed.prevHash)
    ) {
      throw new DeviceFailure('Failure_ProcessError', 'Transaction has changed during signing')
    }
    const path = lie === 'other-key' ? elsewhere(confirmed.path) : confirmed.path
    const signed = unlock(
      { header: tx.header, inputs, outputs: tx.signed },
      i,
      keyAt(seed, path),
      hashType,
    )
    unlocking.push(signed.unlocking)
    pending = { signature_index: i, signature: signed.signature }
    if (i === 0) await session.strike('signing')
  }
  const serialized_tx = serializeTransaction(tx.header, tx.inputs, tx.signed, unlocking)
  session.answer('TxRequest', {
    request_type: 'TXFINISHED',
    serialized: { ...pending, serialized_tx },
  })
}
