/** What a SignTx conversation asks the host for: inputs, outputs, and the whole previous transactions.
 *  Every answer is read here once; amounts in satoshi. Inputs and change are of
 *  one of the four single-key kinds, by the purpose of their path. */
import { z } from 'zod'
import {
  type PrevTxInput,
  type TxInput,
  type TxOutput,
  scriptOfAddress,
  transactionId,
} from './bitcoin.ts'
import { equalBytes } from './bytes.ts'
import { type CoinRules, type DeviceSeed, keyAt, pathText } from './keys.ts'
import { type ScriptKind, kindNamed, kindOfOutput, kindOfPath, scriptOf } from './scriptKind.ts'
import { DeviceFailure, type Session } from './session.ts'

const bytes = z.instanceof(Uint8Array)
const amount = z.string().regex(/^\d+$/).transform(BigInt)

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

export interface SpentInput extends TxInput {
  readonly path: readonly number[]
  readonly amount: bigint
  readonly kind: ScriptKind
}

export interface AskedOutput extends TxOutput {
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

export function parsed<T>(schema: z.ZodType<T>, body: unknown): T {
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

export function sameAccount(a: readonly number[], b: readonly number[]): boolean {
  return a.length === 5 && b.length === 5 && [0, 1, 2].every((i) => a[i] === b[i])
}

export async function readInput(
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
  const kind = kindNamed(input.script_type)
  if (kind === null || kind !== kindOfPath(input.address_n)) {
    throw new DeviceFailure('Failure_DataError', 'Script type does not match the path')
  }
  if (input.amount === undefined || input.prev_hash.length !== 32) {
    throw new DeviceFailure('Failure_DataError', 'Invalid input')
  }
  return {
    kind,
    path: input.address_n,
    prevHash: input.prev_hash,
    prevIndex: input.prev_index,
    sequence: input.sequence,
    amount: input.amount,
  }
}

export async function readOutput(
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
    const kind = kindOfOutput(output.script_type)
    if (kind === null || kind !== kindOfPath(output.address_n)) {
      throw new DeviceFailure('Failure_DataError', 'Output script type does not match its path')
    }
    const script = scriptOf(kind, keyAt(wallet.seed, output.address_n).publicKey)
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
export async function readPrevious(
  session: Session,
  hash: Uint8Array,
): Promise<readonly TxOutput[]> {
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
