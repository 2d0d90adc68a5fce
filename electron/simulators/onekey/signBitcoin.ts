/** The SignTx conversation for P2WPKH inputs: every input, every output with its button, the total,
 *  then each full previous transaction, hashed to its id and its amount compared, as the firmware does
 *  (that is what defeats false amounts), then inputs and outputs once more, held to what was confirmed.
 *  Amounts in satoshi. Other script types are refused with DataError. */
import { sha256 } from '@noble/hashes/sha256'
import { z } from 'zod'
import {
  type TxOutput,
  p2wpkhScript,
  serializeBody,
  signDer,
  signatureHash,
  witness,
} from './bitcoin.ts'
import { equalBytes, join, u32 } from './bytes.ts'
import type { Lie } from './fault.ts'
import { type CoinRules, type DeviceSeed, coinByName, keyAt } from './keys.ts'
import { type DeviceScreen, decimalText } from './screen.ts'
import { DeviceFailure, type Session } from './session.ts'
import {
  type AskedOutput,
  type SpentInput,
  parsed,
  readInput,
  readOutput,
  readPrevious,
  sameAccount,
} from './transactionRequests.ts'

const SHA_ALL = 0x01
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
const THIEF = p2wpkhScript(sha256(new TextEncoder().encode('not the recipient')))
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

const BITCOIN_LIES: readonly Lie[] = ['recipient', 'amount', 'change', 'hash-type']

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

  for (const input of inputs) {
    const previous = (await readPrevious(session, input.prevHash))[input.prevIndex]
    if (previous === undefined || previous.amount !== input.amount) {
      throw new DeviceFailure('Failure_DataError', 'Invalid amount specified')
    }
    const expected = p2wpkhScript(keyAt(device.seed, input.path).publicKey)
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
  const hashType = lie === 'hash-type' ? SHA_NONE_ANYONE : SHA_ALL
  for (const [i, confirmed] of tx.outputs.entries()) {
    const again = await readOutput(session, i, { seed, coin: tx.coin, account: tx.account })
    if (again.amount !== confirmed.amount || !equalBytes(again.script, confirmed.script)) {
      throw new DeviceFailure('Failure_ProcessError', 'Transaction has changed during signing')
    }
  }
  let pending: Record<string, unknown> = {
    serialized_tx: serializeBody(tx.header, tx.inputs, tx.signed),
  }
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
    const key = keyAt(seed, confirmed.path)
    const hash = signatureHash(
      { header: tx.header, inputs: tx.inputs, outputs: tx.signed },
      i,
      { publicKey: key.publicKey, amount: confirmed.amount },
      hashType,
    )
    const der = signDer(hash, key)
    const last = i === tx.inputs.length - 1
    const tail = last ? u32(tx.header.lockTime) : new Uint8Array(0)
    pending = {
      signature_index: i,
      signature: der,
      serialized_tx: join(witness(der, hashType, key.publicKey), tail),
    }
    if (i === 0) await session.strike('signing')
  }
  session.answer('TxRequest', { request_type: 'TXFINISHED', serialized: pending })
}
