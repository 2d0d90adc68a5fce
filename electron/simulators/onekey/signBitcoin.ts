/** The SignTx conversation for P2WPKH inputs: every input, every output with its button, the total,
 *  then each full previous transaction, hashed to its id and its amount compared, as the firmware does
 *  (that is what defeats false amounts), then inputs and outputs once more, held to what was confirmed.
 *  Amounts in satoshi. Other script types are refused with DataError. */
import { sha256 } from '@noble/hashes/sha256'
import { z } from 'zod'
import {
  type PrevTxInput,
  type TxInput,
  type TxOutput,
  p2wpkhScript,
  scriptOfAddress,
  serializeBody,
  signDer,
  signatureHash,
  transactionId,
  witness,
} from './bitcoin.ts'
import { equalBytes, join, u32 } from './bytes.ts'
import type { Lie } from './fault.ts'
import { type CoinRules, type DeviceSeed, coinByName, keyAt, pathText } from './keys.ts'
import { type DeviceScreen, decimalText } from './screen.ts'
import { DeviceFailure, type Session } from './session.ts'

const bytes = z.instanceof(Uint8Array)
const amount = z.string().regex(/^\d+$/).transform(BigInt)
const SHA_ALL = 0x01
const SHA_NONE_ANYONE = 0x82
const HARDENED = 0x80000000

const signTxSchema = z.object({
  inputs_count: z.int().min(1),
  outputs_count: z.int().min(1),
  coin_name: z.string(),
  version: z.int(),
  lock_time: z.int(),
})

const inputAck = z.object({
  tx: z.object({
    inputs: z.tuple([
      z.object({
        address_n: z.array(z.int()),
        prev_hash: bytes,
        prev_index: z.int(),
        script_sig: bytes,
        sequence: z.int(),
        script_type: z.string(),
        amount: amount.optional(),
      }),
    ]),
  }),
})

const outputAck = z.object({
  tx: z.object({
    outputs: z.tuple([
      z.object({
        address: z.string().optional(),
        address_n: z.array(z.int()),
        amount,
        script_type: z.string(),
      }),
    ]),
  }),
})

const metaAck = z.object({
  tx: z.object({
    version: z.int(),
    lock_time: z.int(),
    inputs_cnt: z.int(),
    outputs_cnt: z.int(),
  }),
})

const previousOutputAck = z.object({
  tx: z.object({ bin_outputs: z.tuple([z.object({ amount, script_pubkey: bytes })]) }),
})

interface SpentInput extends TxInput {
  readonly path: readonly number[]
  readonly amount: bigint
}

interface AskedOutput extends TxOutput {
  /** Null for an output that is not ours. */
  readonly path: readonly number[] | null
  readonly role: 'recipient' | 'change'
  readonly shown: string
}

interface Request {
  readonly type: 'TXINPUT' | 'TXOUTPUT' | 'TXMETA'
  readonly index: number
  readonly of?: Uint8Array
  readonly serialized?: Record<string, unknown>
}

function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
  const result = schema.safeParse(body)
  if (!result.success) throw new DeviceFailure('Failure_DataError', 'Invalid message')
  return result.data
}

async function request<T>(session: Session, schema: z.ZodType<T>, ask: Request): Promise<T> {
  const details = { request_index: ask.index, ...(ask.of === undefined ? {} : { tx_hash: ask.of }) }
  const reply = await session.ask(
    'TxRequest',
    {
      request_type: ask.type,
      details,
      ...(ask.serialized === undefined ? {} : { serialized: ask.serialized }),
    },
    'TxAck',
  )
  return parsed(schema, reply.body)
}

function sameAccount(a: readonly number[], b: readonly number[]): boolean {
  return a.length === 5 && b.length === 5 && [0, 1, 2].every((i) => a[i] === b[i])
}

async function readInput(
  session: Session,
  index: number,
  serialized?: Record<string, unknown>,
): Promise<SpentInput> {
  const { tx } = await request(session, inputAck, {
    type: 'TXINPUT',
    index,
    ...(serialized === undefined ? {} : { serialized }),
  })
  const [input] = tx.inputs
  if (input.script_type !== 'SPENDWITNESS' || input.address_n[0] !== 84 + HARDENED) {
    throw new DeviceFailure('Failure_DataError', 'Only native segwit inputs are supported')
  }
  if (input.amount === undefined || input.prev_hash.length !== 32) {
    throw new DeviceFailure('Failure_DataError', 'Invalid input')
  }
  return {
    path: input.address_n,
    prevHash: input.prev_hash,
    prevIndex: input.prev_index,
    sequence: input.sequence,
    amount: input.amount,
  }
}

async function readOutput(
  session: Session,
  index: number,
  wallet: {
    readonly seed: DeviceSeed
    readonly coin: CoinRules
    readonly account: readonly number[]
  },
): Promise<AskedOutput> {
  const { tx } = await request(session, outputAck, { type: 'TXOUTPUT', index })
  const [output] = tx.outputs
  if (output.address_n.length > 0) {
    if (output.script_type !== 'PAYTOWITNESS') {
      throw new DeviceFailure('Failure_DataError', 'Output script type does not match its path')
    }
    const script = p2wpkhScript(keyAt(wallet.seed, output.address_n).publicKey)
    const own = sameAccount(output.address_n, wallet.account)
    return {
      script,
      amount: output.amount,
      path: output.address_n,
      role: own ? 'change' : 'recipient',
      shown: pathText(output.address_n),
    }
  }
  const address = output.address ?? ''
  const script = scriptOfAddress(wallet.coin, address)
  if (script === null) throw new DeviceFailure('Failure_DataError', 'Invalid address')
  return { script, amount: output.amount, path: null, role: 'recipient', shown: address }
}

/** Reads the whole transaction that made a coin; refuses when it does not hash to its id. */
async function readPrevious(session: Session, hash: Uint8Array): Promise<readonly TxOutput[]> {
  const meta = (await request(session, metaAck, { type: 'TXMETA', index: 0, of: hash })).tx
  const inputs: PrevTxInput[] = []
  for (let index = 0; index < meta.inputs_cnt; index++) {
    const { tx } = await request(
      session,
      z.object({
        tx: z.object({
          inputs: z.tuple([
            z.object({
              prev_hash: bytes,
              prev_index: z.int(),
              script_sig: bytes,
              sequence: z.int(),
            }),
          ]),
        }),
      }),
      { type: 'TXINPUT', index, of: hash },
    )
    const [input] = tx.inputs
    inputs.push({
      prevHash: input.prev_hash,
      prevIndex: input.prev_index,
      scriptSig: input.script_sig,
      sequence: input.sequence,
    })
  }
  const outputs: TxOutput[] = []
  for (let index = 0; index < meta.outputs_cnt; index++) {
    const { tx } = await request(session, previousOutputAck, { type: 'TXOUTPUT', index, of: hash })
    const [output] = tx.bin_outputs
    outputs.push({ amount: output.amount, script: output.script_pubkey })
  }
  const id = transactionId({ version: meta.version, lockTime: meta.lock_time }, inputs, outputs)
  if (!equalBytes(id, hash)) {
    throw new DeviceFailure('Failure_DataError', 'Encountered invalid prevhash')
  }
  return outputs
}

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
